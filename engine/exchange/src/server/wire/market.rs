//! Market data as Alpaca writes it: JSON numbers, one-letter keys.
//!
//! Our sources know neither the number of trades in a bar nor its mean price, so `n` is 0 and `vw`
//! is the typical price (high + low + close) / 3, which Alpaca's clients only display.

use super::time::WireTime;
use crate::server::faults::BandsChange;
use crate::server::hub::{Element, Item, NewsSent};
use crate::server::newsroom::PieceJson;
use crate::server::stream::subscription::Channel;
use kernel::{Bar, MarketData, Price, Quantity, Quote, SymbolId, Timestamp, Trade, Volume};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

/// A price as a JSON number: the nearest binary float, whose shortest text is the price again up
/// to fifteen digits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Number(pub(crate) f64);

impl From<Price> for Number {
    fn from(price: Price) -> Self {
        Self(price.to_f64())
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_f64(self.0)
    }
}

/// A size or volume: an integer when it is whole, as Alpaca has it, else a float.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shares(u128);

impl From<Quantity> for Shares {
    fn from(quantity: Quantity) -> Self {
        Self(u128::try_from(quantity.nanos()).unwrap_or(0))
    }
}

impl From<Volume> for Shares {
    fn from(volume: Volume) -> Self {
        Self(volume.nanos())
    }
}

impl Serialize for Shares {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        const SCALE: u128 = kernel::SCALE as u128;
        match u64::try_from(self.0 / SCALE) {
            Ok(whole) if self.0.is_multiple_of(SCALE) => out.serialize_u64(whole),
            _ => out.serialize_f64(self.0 as f64 / SCALE as f64),
        }
    }
}

/// A bar of the historical interface, and the body of a bar of the stream.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct BarJson {
    o: Number,
    h: Number,
    l: Number,
    c: Number,
    v: Shares,
    n: u64,
    vw: Number,
    /// When the bar opened.
    t: WireTime,
}

impl From<&Bar> for BarJson {
    fn from(bar: &Bar) -> Self {
        let typical = (i128::from(bar.high.nanos())
            + i128::from(bar.low.nanos())
            + i128::from(bar.close.nanos()))
            / 3;
        let typical = i64::try_from(typical).map_or(bar.close, Price::from_nanos);
        Self {
            o: bar.open.into(),
            h: bar.high.into(),
            l: bar.low.into(),
            c: bar.close.into(),
            v: bar.volume.into(),
            n: 0,
            vw: typical.into(),
            t: WireTime(bar.open_time),
        }
    }
}

/// A quote. Our sources do not name the exchanges of the two sides: `V` (IEX) stands for both.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct QuoteJson {
    bx: &'static str,
    bp: Number,
    bs: Shares,
    ax: &'static str,
    ap: Number,
    #[serde(rename = "as")]
    ask_size: Shares,
    c: [&'static str; 1],
    z: &'static str,
    t: WireTime,
}

impl From<&Quote> for QuoteJson {
    fn from(quote: &Quote) -> Self {
        Self {
            bx: "V",
            bp: quote.bid.into(),
            bs: quote.bid_size.into(),
            ax: "V",
            ap: quote.ask.into(),
            ask_size: quote.ask_size.into(),
            c: ["R"],
            z: "A",
            t: WireTime(quote.time),
        }
    }
}

/// A trade. Our sources do not number trades: the time in nanoseconds stands for the id.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct TradeJson {
    i: i64,
    x: &'static str,
    p: Number,
    s: Shares,
    c: [&'static str; 1],
    z: &'static str,
    t: WireTime,
}

impl From<&Trade> for TradeJson {
    fn from(trade: &Trade) -> Self {
        Self {
            i: trade.time.nanos(),
            x: "V",
            p: trade.price.into(),
            s: trade.size.into(),
            c: ["@"],
            z: "A",
            t: WireTime(trade.time),
        }
    }
}

/// One element of a data frame of the stream. `T` is the first key: Alpaca's Go client reads it
/// before it knows what the rest is.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum StreamItem<'a> {
    Step(StepItem),
    Bar(Named<'a, BarJson>),
    Quote(Named<'a, QuoteJson>),
    Trade(Named<'a, TradeJson>),
    News(NewsItem),
    Written(Written<'a>),
}

/// A message as a map of fields, with `T` first.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Written<'a>(&'a Map<String, Value>);

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let kind = self.0.get_key_value("T");
        let rest = self.0.iter().filter(|(name, _)| *name != "T");
        out.collect_map(kind.into_iter().chain(rest))
    }
}

/// A piece of news.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct NewsItem {
    #[serde(rename = "T")]
    kind: &'static str,
    #[serde(flatten)]
    body: PieceJson,
}

/// What the streams beside that of market data have brought so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sent {
    /// Trade updates sent on the newest order stream that listens.
    pub(crate) trade_updates: u64,
    /// How many order streams have begun to listen.
    pub(crate) order_streams: u64,
    /// Whether none listens now.
    pub(crate) orders_away: bool,
    /// What news came, if there ever was a stream of them.
    pub(crate) news: Option<NewsSent>,
}

/// Opens the frame of one step in lock step: how many trade updates must have arrived before the
/// data that follow may be acted on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct StepItem {
    #[serde(rename = "T")]
    kind: &'static str,
    step: u64,
    time: WireTime,
    trade_updates: u64,
    order_streams: u64,
    orders_away: bool,
    #[serde(flatten)]
    news: Option<NewsCount>,
    end: bool,
}

/// The same of the news stream; a session that has none is not told of any.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct NewsCount {
    news: u64,
    news_streams: u64,
    news_away: bool,
}

/// Market data under its symbol.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Named<'a, Body> {
    #[serde(rename = "T")]
    kind: &'static str,
    #[serde(rename = "S")]
    symbol: &'a str,
    #[serde(flatten)]
    body: Body,
}

impl<'a> StreamItem<'a> {
    pub(crate) fn step(step: u64, time: Timestamp, sent: Sent, end: bool) -> Self {
        let Sent { trade_updates, order_streams, orders_away, news } = sent;
        let news = news.map(|NewsSent { pieces, streams, away }| NewsCount {
            news: pieces,
            news_streams: streams,
            news_away: away,
        });
        let (kind, time) = ("tradewind_step", WireTime(time));
        let item =
            StepItem { kind, step, time, trade_updates, order_streams, orders_away, news, end };
        Self::Step(item)
    }

    /// A piece of news.
    pub(crate) const fn news(body: PieceJson) -> Self {
        Self::News(NewsItem { kind: "n", body })
    }

    pub(crate) fn data(data: &MarketData, symbol: &'a str) -> Self {
        match data {
            MarketData::Bar(bar) => Self::Bar(Named { kind: "b", symbol, body: bar.into() }),
            MarketData::Quote(quote) => {
                Self::Quote(Named { kind: "q", symbol, body: quote.into() })
            }
            MarketData::Trade(trade) => {
                Self::Trade(Named { kind: "t", symbol, body: trade.into() })
            }
        }
    }

    /// A message that is written down already.
    pub(crate) fn written(fields: &'a Map<String, Value>) -> Self {
        Self::Written(Written(fields))
    }

    /// The day's bar so far.
    pub(crate) fn daily_bar(bar: &Bar, symbol: &'a str) -> Self {
        Self::Bar(Named { kind: "d", symbol, body: bar.into() })
    }
}

/// A trading status: halted for news, or trading again, in tape C's codes.
/// Source: Alpaca, "Real-time Stock Data", trading status messages.
pub(crate) fn status(id: SymbolId, symbol: &str, halted: bool, at: Timestamp) -> Element {
    let (code, words, reason, why) = if halted {
        ("H", "Trading Halt", "T1", "Halt News Pending")
    } else {
        ("T", "Trading Resumption", "T3", "News and Resumption Times")
    };
    let fields = json!({
        "T": "s", "S": symbol, "sc": code, "sm": words, "rc": reason, "rm": why,
        "t": WireTime(at), "z": "C",
    });
    let fields = fields.as_object().cloned().unwrap_or_default();
    Element { channel: Channel::Statuses, symbol: id, item: Item::Written(fields) }
}

/// Price bands. Our sources do not say how they were made: the indicator is that of bands between the
/// openings.
/// Source: Alpaca, "Real-time Stock Data", LULD messages.
pub(crate) fn bands(change: &BandsChange, symbol: &str) -> Element {
    let fields = json!({
        "T": "l", "S": symbol, "u": Number::from(change.upper), "d": Number::from(change.lower),
        "i": "B", "t": WireTime(change.at), "z": "C",
    });
    let fields = fields.as_object().cloned().unwrap_or_default();
    Element { channel: Channel::Lulds, symbol: change.symbol, item: Item::Written(fields) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::{Span, Symbols};

    fn bar() -> Bar {
        let price = |text: &str| text.parse().unwrap();
        Bar {
            symbol: Symbols::new(["SPY"]).unwrap().id("SPY").unwrap(),
            open_time: "2021-02-22T19:15:00Z".parse().unwrap(),
            length: Span::from_secs(60),
            open: price("388.985"),
            high: price("389.13"),
            low: price("388.975"),
            close: price("389.12"),
            volume: "49378".parse().unwrap(),
        }
    }

    #[test]
    fn a_bar_has_alpacas_keys_and_exact_numbers() {
        let item = StreamItem::data(&MarketData::Bar(bar()), "SPY");
        let expected = r#"{"T":"b","S":"SPY","o":388.985,"h":389.13,"l":388.975,"c":389.12,"v":49378,"n":0,"vw":389.075,"t":"2021-02-22T19:15:00Z"}"#;
        assert_eq!(serde_json::to_string(&item).unwrap(), expected);
    }

    #[test]
    fn fractional_volumes_are_floats() {
        let volume: Volume = "12.5".parse().unwrap();
        assert_eq!(serde_json::to_string(&Shares::from(volume)).unwrap(), "12.5");
    }

    proptest::proptest! {
        #[test]
        fn prices_survive_their_json_text(nanos in 1_i64..10_000_000_000_000) {
            let price = Price::from_nanos(nanos * 100);
            let text = serde_json::to_string(&Number::from(price)).unwrap();
            proptest::prop_assert_eq!(text.parse::<Price>().unwrap(), price);
        }
    }
}
