//! What keys hold, and which values are taken for them.

use crate::retrain::clock_time;
use kernel::risk::Window;
use toml::Value;

/// What a key holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// Any text.
    Text,
    /// A text that is never printed.
    Secret,
    /// An address that may hold a password, which is not printed.
    Url,
    /// `host:port,host:port`; empty for none.
    Hosts,
    /// One of these texts.
    Choice(&'static [&'static str]),
    /// A list of texts.
    List,
    /// A list of some of these texts.
    SomeOf(&'static [&'static str]),
    /// `true` or `false`.
    Bool,
    /// A whole number in a range.
    Integer(i64, i64),
    /// One of these whole numbers.
    OneOf(&'static [i64]),
    /// A decimal number in a range, exact.
    Decimal(&'static str, &'static str),
    /// A decimal number in a range, or `"off"`.
    Limit(&'static str, &'static str),
    /// `"max"` or a decimal number of venue seconds per second.
    Speed,
    /// An address such as `127.0.0.1:9464`, or `"off"`.
    Address,
    /// A table of the strategy's own parameters.
    Params,
    /// A time of the day in New York such as `18:00`, or `"off"`.
    Clock,
    /// Hours of the day in New York, such as `09:45-15:30`.
    Windows,
    /// A table of names with a list of symbols each.
    Groups,
    /// A table of names with limits each.
    Layers,
}

impl Kind {
    /// What it holds, in words.
    pub fn expected(&self) -> String {
        match self {
            Kind::Text | Kind::Secret => "a text".into(),
            Kind::Url => "an address such as https://host".into(),
            Kind::Hosts => "a list host:port,host:port".into(),
            Kind::Choice(choices) => format!("one of {}", choices.join(", ")),
            Kind::List => "a list of texts such as [\"SPY\", \"AAPL\"]".into(),
            Kind::SomeOf(choices) => format!("a list of some of {}", choices.join(", ")),
            Kind::Bool => "true or false".into(),
            Kind::Integer(low, high) if *high == i64::MAX => format!("a whole number from {low}"),
            Kind::Integer(low, high) => format!("a whole number from {low} to {high}"),
            Kind::OneOf(numbers) => {
                let texts: Vec<String> = numbers.iter().map(ToString::to_string).collect();
                format!("one of {}", texts.join(", "))
            }
            Kind::Decimal(low, high) => format!("a number from {low} to {high}"),
            Kind::Limit(low, high) => format!("a number from {low} to {high}, or \"off\""),
            Kind::Speed => "\"max\", or a number above 0 such as 60".into(),
            Kind::Address => "an address such as 127.0.0.1:9464, or \"off\"".into(),
            Kind::Params => "a table of parameters".into(),
            Kind::Clock => {
                "a time in New York from 00:00 to 23:59 such as 18:00, or \"off\"".into()
            }
            Kind::Windows => "a list of hours such as [\"09:45-15:30\"]".into(),
            Kind::Groups => "a table of names with lists of symbols".into(),
            Kind::Layers => "a table of names with limits".into(),
        }
    }

    /// A text from the environment or a flag as a value of this kind; what does not fit stays
    /// text and is found by the check.
    pub fn parse(&self, text: &str) -> Value {
        match self {
            Kind::List | Kind::SomeOf(_) | Kind::Windows => {
                let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
                Value::Array(parts.map(|part| Value::String(part.into())).collect())
            }
            Kind::Bool => text.parse().map_or_else(|_| Value::String(text.into()), Value::Boolean),
            Kind::Integer(..) | Kind::OneOf(_) => {
                text.parse().map_or_else(|_| Value::String(text.into()), Value::Integer)
            }
            Kind::Text
            | Kind::Secret
            | Kind::Url
            | Kind::Hosts
            | Kind::Choice(_)
            | Kind::Decimal(..)
            | Kind::Limit(..)
            | Kind::Speed
            | Kind::Address
            | Kind::Clock
            | Kind::Params
            | Kind::Groups
            | Kind::Layers => Value::String(text.into()),
        }
    }

    /// Whether a value is of this kind and in its range.
    pub fn accepts(&self, value: &Value) -> bool {
        match self {
            Kind::Text | Kind::Secret | Kind::Url => value.is_str(),
            Kind::Hosts => value.as_str().is_some_and(is_list_of_hosts),
            Kind::Choice(choices) => value.as_str().is_some_and(|text| choices.contains(&text)),
            Kind::List => value.as_array().is_some_and(|list| list.iter().all(Value::is_str)),
            Kind::SomeOf(choices) => value.as_array().is_some_and(|list| {
                list.iter().all(|part| part.as_str().is_some_and(|part| choices.contains(&part)))
            }),
            Kind::Bool => value.is_bool(),
            Kind::Integer(low, high) => {
                value.as_integer().is_some_and(|number| *low <= number && number <= *high)
            }
            Kind::OneOf(numbers) => {
                value.as_integer().is_some_and(|number| numbers.contains(&number))
            }
            Kind::Decimal(low, high) => in_range(value, low, high),
            Kind::Limit(low, high) => value.as_str() == Some("off") || in_range(value, low, high),
            Kind::Speed => value.as_str() == Some("max") || in_range(value, "0.000001", "1000000"),
            Kind::Address => value
                .as_str()
                .is_some_and(|text| text == "off" || text.parse::<std::net::SocketAddr>().is_ok()),
            Kind::Clock => {
                value.as_str().is_some_and(|text| text == "off" || clock_time(text).is_some())
            }
            Kind::Params | Kind::Groups | Kind::Layers => value.is_table(),
            Kind::Windows => value.as_array().is_some_and(|list| {
                list.iter()
                    .all(|part| part.as_str().is_some_and(|text| Window::parse(text).is_some()))
            }),
        }
    }
}

/// The exact text of a number: as written in a string or an integer; a TOML float prints as the
/// shortest decimal that reads back the same, which is what its author typed.
pub fn number_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Float(number) if number.is_finite() => Some(number.to_string()),
        Value::Float(_)
        | Value::Boolean(_)
        | Value::Datetime(_)
        | Value::Array(_)
        | Value::Table(_) => None,
    }
}

fn is_list_of_hosts(text: &str) -> bool {
    let is_host = |part: &str| {
        let (host, port) = part.rsplit_once(':').unwrap_or((part, ""));
        !host.is_empty()
            && !part.contains(['@', '/'])
            && !part.contains(char::is_whitespace)
            && port.parse::<u16>().is_ok_and(|port| port > 0)
    };
    text.is_empty() || text.split(',').map(str::trim).all(is_host)
}

fn in_range(value: &Value, low: &str, high: &str) -> bool {
    let read = |text: &str| text.parse::<kernel::Cash>().ok();
    match (number_text(value).and_then(|text| read(&text)), read(low), read(high)) {
        (Some(number), Some(low), Some(high)) => low <= number && number <= high,
        _ => false,
    }
}
