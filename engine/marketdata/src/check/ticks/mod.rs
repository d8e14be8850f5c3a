//! Quotes and trades: what a market does not do, judged by the pace and the prices of the data itself.

mod by_day;
mod outliers;
mod repeats;
mod tape;

use super::{Finding, Sessions, finding};
use crate::actions::CorporateActions;
use by_day::ByDay;
use kernel::{Price, Quote, Trade};
use outliers::{Outliers, Seen};
use repeats::Repeats;
use tape::Tape;

/// A spread of this part of the price, and of so many usual ones, is no offer to trade.
const WIDE: f64 = 0.10;
const WIDER: f64 = 20.0;
/// How slowly the usual spread follows: the weight of a new one.
const FOLLOWS: f64 = 1.0 / 64.0;

/// Looks through the quotes of one symbol, in the order of time.
pub struct QuoteCheck {
    common: Common,
    crossed: ByDay,
    wide: ByDay,
    empty: ByDay,
    usual_spread: Option<f64>,
}

/// Looks through the trades of one symbol, in the order of time.
pub struct TradeCheck(Common);

/// What quotes and trades are both looked through for.
struct Common {
    symbol: Box<str>,
    tape: Tape,
    repeats: Repeats,
    outliers: Outliers,
}

impl QuoteCheck {
    /// For the quotes of a symbol; known splits explain jumps from one day to the next.
    pub fn new(symbol: &str, sessions: Sessions, actions: Option<&CorporateActions>) -> Self {
        Self {
            common: Common::new("quote", symbol, sessions, actions),
            crossed: ByDay::new("crossed"),
            wide: ByDay::new("wide_spread"),
            empty: ByDay::new("no_side"),
            usual_spread: None,
        }
    }

    /// Takes the next quote with its row.
    pub fn push(&mut self, row: u64, quote: &Quote) {
        let Quote { time, bid, ask, .. } = *quote;
        self.common.tape.push(row, time);
        let sizes = [quote.bid_size.nanos(), quote.ask_size.nanos()];
        self.common.repeats.push(row, time, [bid.nanos(), ask.nanos(), sizes[0], sizes[1]]);
        match (bid.is_zero(), ask.is_zero()) {
            (true, true) => {
                return self.empty.push(row, time, || "neither a bid nor an ask".into());
            }
            (false, false) => {}
            _ => return,
        }
        if bid > ask {
            let text = || format!("the bid {bid} is above the ask {ask}: no session takes it");
            return self.crossed.push(row, time, text);
        }
        let middle = Price::from_nanos(bid.nanos().midpoint(ask.nanos()));
        let spread = (ask.to_f64() - bid.to_f64()) / middle.to_f64();
        let usual = self.usual_spread.unwrap_or(spread);
        if spread > WIDE && self.usual_spread.is_none_or(|usual| spread > WIDER * usual) {
            let text = || format!("{bid} bid and {ask} asked, {:.0} % apart", spread * 100.0);
            return self.wide.push(row, time, text);
        }
        self.usual_spread = Some(usual + (spread - usual) * FOLLOWS);
        self.common.outliers.push(Seen { row, symbol: quote.symbol, time, price: middle });
    }

    /// Everything that was found, in the order of time.
    pub fn finish(self) -> Vec<Finding> {
        let days = [self.crossed, self.wide, self.empty];
        let found = days.into_iter().flat_map(ByDay::finish).collect();
        self.common.finish(found)
    }
}

impl TradeCheck {
    /// For the trades of a symbol; known splits explain jumps from one day to the next.
    pub fn new(symbol: &str, sessions: Sessions, actions: Option<&CorporateActions>) -> Self {
        Self(Common::new("trade", symbol, sessions, actions))
    }

    /// Takes the next trade with its row.
    pub fn push(&mut self, row: u64, trade: &Trade) {
        self.0.tape.push(row, trade.time);
        let facts = [trade.price.nanos(), trade.size.nanos(), 0, 0];
        self.0.repeats.push(row, trade.time, facts);
        let Trade { symbol, time, price, .. } = *trade;
        self.0.outliers.push(Seen { row, symbol, time, price });
    }

    /// Everything that was found, in the order of time.
    pub fn finish(self) -> Vec<Finding> {
        self.0.finish(Vec::new())
    }
}

impl Common {
    fn new(
        what: &'static str,
        symbol: &str,
        sessions: Sessions,
        actions: Option<&CorporateActions>,
    ) -> Self {
        Self {
            symbol: symbol.into(),
            tape: Tape::new(what, sessions),
            repeats: Repeats::new(what),
            outliers: Outliers::new(what, symbol, actions),
        }
    }

    fn finish(self, mut found: Vec<Finding>) -> Vec<Finding> {
        found.extend(self.tape.finish());
        found.extend(self.repeats.finish());
        found.extend(self.outliers.finish());
        found.sort_by_key(|found| (found.time, found.row));
        for finding in &mut found {
            finding.symbol = self.symbol.clone();
        }
        found
    }
}
