//! An order as a person writes it: `buy 10 SPY limit 512.30 gtc`.

use kernel::{
    Cash, NewOrder, OrderKind, OrderSize, Percent, Price, Quantity, Side, Symbols, TimeInForce,
    Trail,
};
use std::fmt::Write;
use std::str::{FromStr, SplitWhitespace};

/// The order that a text means.
///
/// # Errors
/// One sentence that names the word that cannot be.
pub fn parse(text: &str, symbols: &Symbols) -> Result<NewOrder, String> {
    let mut words = Words { words: text.split_whitespace(), text };
    let side = match words.next("buy or sell")? {
        "buy" => Side::Buy,
        "sell" => Side::Sell,
        other => return Err(words.wrong("buy or sell", other)),
    };
    let size = words.size()?;
    let name = words.next("a symbol")?;
    let symbol = symbols.id(name).ok_or_else(|| {
        let traded = symbols.names().collect::<Vec<_>>().join(", ");
        format!("the session does not trade {name}, but {traded}")
    })?;
    let mut order = NewOrder::new(symbol, side, size, OrderKind::Market);
    while let Some(word) = words.words.next() {
        match word {
            "market" => order.kind = OrderKind::Market,
            "limit" => order.kind = OrderKind::Limit { limit: words.value("a price")? },
            "stop" => order.kind = OrderKind::Stop { stop: words.value("a price")? },
            "stop-limit" => {
                let (stop, limit) = (words.value("a stop")?, words.value("a limit")?);
                order.kind = OrderKind::StopLimit { stop, limit };
            }
            "trail" => order.kind = OrderKind::TrailingStop { trail: words.trail()? },
            "extended" => order.extended_hours = true,
            other => {
                let known = time_in_force(other);
                order.time_in_force =
                    known.ok_or_else(|| words.wrong("a kind or a time in force", other))?;
            }
        }
    }
    Ok(order)
}

fn time_in_force(word: &str) -> Option<TimeInForce> {
    const ALL: [TimeInForce; 6] = [
        TimeInForce::Day,
        TimeInForce::Gtc,
        TimeInForce::Opg,
        TimeInForce::Cls,
        TimeInForce::Ioc,
        TimeInForce::Fok,
    ];
    ALL.into_iter().find(|known| known.as_str() == word)
}

struct Words<'a> {
    words: SplitWhitespace<'a>,
    text: &'a str,
}

impl<'a> Words<'a> {
    fn next(&mut self, wanted: &str) -> Result<&'a str, String> {
        self.words.next().ok_or_else(|| format!("order {:?}: it ends before {wanted}", self.text))
    }

    fn wrong(&self, wanted: &str, found: &str) -> String {
        format!(
            "order {:?}: expected {wanted}, found {found:?}; it is written like \"buy 10 SPY limit 512.30\"",
            self.text
        )
    }

    fn value<T: FromStr>(&mut self, wanted: &str) -> Result<T, String> {
        let word = self.next(wanted)?;
        word.parse().map_err(|_| self.wrong(wanted, word))
    }

    fn size(&mut self) -> Result<OrderSize, String> {
        let word = self.next("a quantity")?;
        let size = match word.strip_suffix("usd") {
            Some(usd) => usd.parse::<Cash>().ok().map(OrderSize::Notional),
            None => word.parse::<Quantity>().ok().map(OrderSize::Shares),
        };
        size.ok_or_else(|| self.wrong("a quantity", word))
    }

    fn trail(&mut self) -> Result<Trail, String> {
        let word = self.next("a distance")?;
        let trail = match word.strip_suffix('%') {
            Some(percent) => percent.parse::<Percent>().ok().map(Trail::Percent),
            None => word.parse::<Price>().ok().map(Trail::Price),
        };
        trail.ok_or_else(|| self.wrong("a distance", word))
    }
}

/// The text of an order.
pub fn write(order: &NewOrder, symbols: &Symbols) -> String {
    let side = if order.side == Side::Buy { "buy" } else { "sell" };
    let size = match order.size {
        OrderSize::Shares(shares) => shares.to_string(),
        OrderSize::Notional(usd) => format!("{usd}usd"),
        OrderSize::EquityShare(share) => format!("{share}% of equity"),
    };
    let mut text = format!("{side} {size} {}", symbols.name(order.symbol));
    let kind = match order.kind {
        OrderKind::Market => " market".into(),
        OrderKind::Limit { limit } => format!(" limit {limit}"),
        OrderKind::Stop { stop } => format!(" stop {stop}"),
        OrderKind::StopLimit { stop, limit } => format!(" stop-limit {stop} {limit}"),
        OrderKind::TrailingStop { trail: Trail::Price(price) } => format!(" trail {price}"),
        OrderKind::TrailingStop { trail: Trail::Percent(percent) } => format!(" trail {percent}%"),
    };
    // Writing to a text cannot fail.
    let _ = write!(text, "{kind} {}", order.time_in_force.as_str());
    if order.extended_hours {
        text.push_str(" extended");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn symbols() -> Symbols {
        Symbols::new(["SPY", "BRK.B"]).unwrap()
    }

    #[test]
    fn what_is_written_is_read_again() {
        for text in [
            "buy 10 SPY market day",
            "sell 0.5 BRK.B limit 512.3 gtc",
            "sell 5 SPY stop-limit 500 499.5 gtc",
            "buy 2500usd SPY market day",
            "sell 5 SPY trail 1.5% gtc",
            "sell 5 SPY trail 2.5 day",
            "sell 5 SPY stop 400 day",
            "buy 1 SPY limit 500 day extended",
            "buy 1 SPY market opg",
        ] {
            let order = parse(text, &symbols()).unwrap();
            assert_eq!(write(&order, &symbols()), text);
        }
    }

    #[test]
    fn the_word_that_cannot_be_is_named() {
        for (text, said) in [
            ("hold 10 SPY", "expected buy or sell, found \"hold\""),
            ("buy ten SPY", "expected a quantity, found \"ten\""),
            ("buy 10 QQQ", "does not trade QQQ, but SPY, BRK.B"),
            ("buy 10 SPY limit", "ends before a price"),
            ("buy 10 SPY limit x", "expected a price, found \"x\""),
            ("buy 10 SPY sometimes", "found \"sometimes\""),
            ("", "ends before buy or sell"),
        ] {
            let error = parse(text, &symbols()).unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
