//! What one market data connection wants, and the acknowledgement that lists it.

use crate::server::faults::Point;
use serde::Serialize;
use serde_json::{Map, Value, json};

/// The channels a client can name. `corrections` and `cancelErrors` follow from `trades`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Channel {
    Trades,
    Quotes,
    Bars,
    UpdatedBars,
    DailyBars,
    Statuses,
    Lulds,
    News,
    Corrections,
    CancelErrors,
}

const CHANNELS: [(&str, Channel); 8] = [
    ("trades", Channel::Trades),
    ("quotes", Channel::Quotes),
    ("bars", Channel::Bars),
    ("updatedBars", Channel::UpdatedBars),
    ("dailyBars", Channel::DailyBars),
    ("statuses", Channel::Statuses),
    ("lulds", Channel::Lulds),
    ("news", Channel::News),
];

impl Channel {
    /// What its elements are for a fault script.
    pub(crate) const fn point(self) -> Point {
        match self {
            Channel::Trades => Point::Trade,
            Channel::Quotes => Point::Quote,
            Channel::Bars => Point::Bar,
            Channel::UpdatedBars => Point::UpdatedBar,
            Channel::DailyBars => Point::DailyBar,
            Channel::Statuses => Point::Status,
            Channel::Lulds => Point::Luld,
            Channel::News => Point::News,
            Channel::Corrections => Point::Correction,
            Channel::CancelErrors => Point::CancelError,
        }
    }

    /// The channel that brings it along with its own.
    const fn named(self) -> Self {
        match self {
            Channel::Corrections | Channel::CancelErrors => Channel::Trades,
            channel => channel,
        }
    }
}

/// Why a change of subscriptions is refused; nothing is changed then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SubscribeError {
    /// A value is no list of symbols, or a symbol is badly formatted.
    Syntax,
    /// A channel that this feed does not have.
    Channel,
    /// More symbols than the plan allows.
    SymbolLimit,
}

/// The wanted symbols of each channel, in the order in which they were named.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Subscription {
    wanted: [Vec<String>; CHANNELS.len()],
}

/// The complete state, which every acknowledgement carries.
#[derive(Debug, Serialize)]
pub(crate) struct Acknowledgement<'a> {
    #[serde(rename = "T")]
    kind: &'static str,
    trades: &'a [String],
    quotes: &'a [String],
    bars: &'a [String],
    #[serde(rename = "updatedBars")]
    updated_bars: &'a [String],
    #[serde(rename = "dailyBars")]
    daily_bars: &'a [String],
    statuses: &'a [String],
    lulds: &'a [String],
    corrections: &'a [String],
    #[serde(rename = "cancelErrors")]
    cancel_errors: &'a [String],
}

impl Subscription {
    /// Adds what a `subscribe` message names, on the stream of news or of market data.
    pub(crate) fn add(
        &mut self,
        message: &Map<String, Value>,
        symbol_limit: Option<usize>,
        of_news: bool,
    ) -> Result<(), SubscribeError> {
        let mut next = self.clone();
        for (channel, symbols) in read_channels(message, of_news)? {
            let wanted = next.channel_mut(channel);
            for symbol in symbols {
                if !wanted.contains(&symbol) {
                    wanted.push(symbol);
                }
            }
        }
        // The plan's limit counts trades and quotes together; minute bars are free of it.
        // Source: Alpaca, "Real-time stock data", limits of the Basic plan.
        let counted = next.channel(Channel::Trades).len() + next.channel(Channel::Quotes).len();
        if symbol_limit.is_some_and(|limit| counted > limit) {
            return Err(SubscribeError::SymbolLimit);
        }
        *self = next;
        Ok(())
    }

    /// Takes away what an `unsubscribe` message names.
    pub(crate) fn remove(
        &mut self,
        message: &Map<String, Value>,
        of_news: bool,
    ) -> Result<(), SubscribeError> {
        for (channel, symbols) in read_channels(message, of_news)? {
            self.channel_mut(channel).retain(|held| !symbols.contains(held));
        }
        Ok(())
    }

    /// Whether anything is wanted at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.wanted.iter().all(Vec::is_empty)
    }

    /// Whether this channel is wanted for this symbol.
    pub(crate) fn wants_channel(&self, channel: Channel, symbol: &str) -> bool {
        self.channel(channel).iter().any(|wanted| wanted == symbol || wanted == "*")
    }

    pub(crate) fn acknowledgement(&self) -> Acknowledgement<'_> {
        let trades = self.channel(Channel::Trades);
        Acknowledgement {
            kind: "subscription",
            trades,
            quotes: self.channel(Channel::Quotes),
            bars: self.channel(Channel::Bars),
            updated_bars: self.channel(Channel::UpdatedBars),
            daily_bars: self.channel(Channel::DailyBars),
            statuses: self.channel(Channel::Statuses),
            lulds: self.channel(Channel::Lulds),
            corrections: trades,
            cancel_errors: trades,
        }
    }

    /// The same on the stream of news, which has one channel.
    pub(crate) fn acknowledgement_of_news(&self) -> Value {
        json!({"T": "subscription", "news": self.channel(Channel::News)})
    }

    #[allow(clippy::indexing_slicing, reason = "one place for each variant of the enum")]
    fn channel(&self, channel: Channel) -> &[String] {
        &self.wanted[channel.named() as usize]
    }

    #[allow(clippy::indexing_slicing, reason = "one place for each variant of the enum")]
    fn channel_mut(&mut self, channel: Channel) -> &mut Vec<String> {
        &mut self.wanted[channel.named() as usize]
    }
}

fn read_channels(
    message: &Map<String, Value>,
    of_news: bool,
) -> Result<Vec<(Channel, Vec<String>)>, SubscribeError> {
    let mut channels = Vec::new();
    for (key, value) in message.iter().filter(|(key, _)| *key != "action") {
        // What follows from `trades` may be named, and changes nothing.
        if key == "corrections" || key == "cancelErrors" {
            continue;
        }
        let is_here = |channel: Channel| (channel == Channel::News) == of_news;
        let known = CHANNELS.iter().find(|(name, channel)| name == key && is_here(*channel));
        let (_, channel) = known.ok_or(SubscribeError::Channel)?;
        channels.push((*channel, read_symbols(value)?));
    }
    Ok(channels)
}

fn read_symbols(value: &Value) -> Result<Vec<String>, SubscribeError> {
    let list = match value {
        Value::Null => return Ok(Vec::new()),
        Value::Array(list) => list,
        _ => return Err(SubscribeError::Syntax),
    };
    let symbol = |value: &Value| match value.as_str() {
        Some(text) if is_symbol(text) => Ok(text.to_owned()),
        _ => Err(SubscribeError::Syntax),
    };
    list.iter().map(symbol).collect()
}

fn is_symbol(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || ".-/_".contains(c);
    text == "*" || (1..=24).contains(&text.len()) && text.chars().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    /// Conformance 126.
    #[test]
    fn acknowledgements_list_the_whole_state() {
        let mut subscription = Subscription::default();
        let add = json!({"action": "subscribe", "trades": ["AAPL"], "bars": ["*", "*"]});
        subscription.add(&message(add), None, false).unwrap();
        let remove = message(json!({"action": "unsubscribe", "bars": ["*"]}));
        subscription.remove(&remove, false).unwrap();
        let seen = serde_json::to_value(subscription.acknowledgement()).unwrap();
        let expected = json!({
            "T": "subscription", "trades": ["AAPL"], "quotes": [], "bars": [], "updatedBars": [],
            "dailyBars": [], "statuses": [], "lulds": [], "corrections": ["AAPL"],
            "cancelErrors": ["AAPL"],
        });
        assert_eq!(seen, expected);
    }

    /// Conformance 128.
    #[test]
    fn a_refused_change_changes_nothing() {
        let mut subscription = Subscription::default();
        subscription.add(&message(json!({"quotes": ["A", "B"]})), Some(3), false).unwrap();
        let before = subscription.clone();
        let cases = [
            (json!({"trades": ["A", "B"]}), SubscribeError::SymbolLimit),
            (json!({"trades": ["a b"]}), SubscribeError::Syntax),
            (json!({"trades": "AAPL"}), SubscribeError::Syntax),
            (json!({"bars": ["AAPL"], "orderbooks": ["AAPL"]}), SubscribeError::Channel),
            (json!({"news": ["AAPL"]}), SubscribeError::Channel),
        ];
        for (change, expected) in cases {
            assert_eq!(subscription.add(&message(change), Some(3), false), Err(expected));
            assert_eq!(subscription, before);
        }
    }

    #[test]
    fn the_stream_of_news_has_one_channel() {
        let mut subscription = Subscription::default();
        subscription.add(&message(json!({"news": ["SPY", "*"]})), Some(0), true).unwrap();
        let bars = message(json!({"bars": ["SPY"]}));
        assert_eq!(subscription.add(&bars, None, true), Err(SubscribeError::Channel));
        assert!(subscription.wants_channel(Channel::News, "QQQ"));
        subscription.remove(&message(json!({"news": ["*"]})), true).unwrap();
        assert!(!subscription.wants_channel(Channel::News, "QQQ"));
        let expected = json!({"T": "subscription", "news": ["SPY"]});
        assert_eq!(subscription.acknowledgement_of_news(), expected);
    }
}
