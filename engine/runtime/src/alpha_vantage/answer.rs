//! An answer: bars, or a sentence about why there are none.
//!
//! Source: Alpha Vantage, "API Documentation", `TIME_SERIES_INTRADAY`. Times are on New York's clock
//! and name a bar's open: the last five minutes of a day that ends at 20:00 are stamped 19:55.

use super::{AlphaVantageError, MINUTE};
use jiff::civil::DateTime;
use kernel::{Bar, Price, Rounding, SymbolId, Timestamp, Volume};
use marketdata::calendar;
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The names under which its zone is known.
const ZONES: [&str; 2] = ["US/Eastern", "America/New_York"];

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(rename = "Note", borrow)]
    note: Option<Cow<'a, str>>,
    #[serde(rename = "Information", borrow)]
    information: Option<Cow<'a, str>>,
    #[serde(rename = "Error Message", borrow)]
    refusal: Option<Cow<'a, str>>,
    #[serde(rename = "Meta Data", borrow)]
    about: Option<About<'a>>,
    #[serde(rename = "Time Series (1min)", borrow)]
    bars: Option<BTreeMap<Cow<'a, str>, BarWire<'a>>>,
}

#[derive(Deserialize)]
struct About<'a> {
    #[serde(rename = "2. Symbol", borrow)]
    symbol: Cow<'a, str>,
    #[serde(rename = "6. Time Zone", borrow)]
    zone: Cow<'a, str>,
}

#[derive(Deserialize)]
struct BarWire<'a> {
    #[serde(rename = "1. open", borrow)]
    open: Cow<'a, str>,
    #[serde(rename = "2. high", borrow)]
    high: Cow<'a, str>,
    #[serde(rename = "3. low", borrow)]
    low: Cow<'a, str>,
    #[serde(rename = "4. close", borrow)]
    close: Cow<'a, str>,
    #[serde(rename = "5. volume", borrow)]
    volume: Cow<'a, str>,
}

/// The bars of an answer, oldest first.
pub(super) fn bars(
    body: &[u8],
    name: &str,
    symbol: SymbolId,
) -> Result<Vec<Bar>, AlphaVantageError> {
    let unreadable = |reason: String| AlphaVantageError::Unreadable { symbol: name.into(), reason };
    let answer: Answer<'_> =
        serde_json::from_slice(body).map_err(|error| unreadable(error.to_string()))?;
    if let Some(error) = said(&answer, name) {
        return Err(error);
    }
    let (Some(about), Some(bars)) = (answer.about, answer.bars) else {
        return Err(unreadable("it has neither minute bars nor a word why".into()));
    };
    if !about.symbol.eq_ignore_ascii_case(name) {
        return Err(unreadable(format!("it is about {}", about.symbol)));
    }
    if !ZONES.contains(&&*about.zone) {
        return Err(unreadable(format!("its times are in {}, not {}", about.zone, ZONES[0])));
    }
    let bar = |(time, wire): (&Cow<'_, str>, &BarWire<'_>)| {
        bar(time, wire, symbol).ok_or_else(|| {
            let (open, close) = (&wire.open, &wire.close);
            unreadable(format!(
                "the bar at {time} from {open} to {close} has a field that is no number or time"
            ))
        })
    };
    // Times are written so that their texts have their order.
    bars.iter().map(bar).collect()
}

/// What it says instead of bars.
fn said(answer: &Answer<'_>, symbol: &str) -> Option<AlphaVantageError> {
    if let Some(said) = &answer.refusal {
        let (symbol, said) = (symbol.into(), said.to_string());
        return Some(AlphaVantageError::Refused { symbol, said });
    }
    if let Some(said) = &answer.note {
        return Some(AlphaVantageError::TooFast { said: said.to_string() });
    }
    let said = answer.information.as_deref()?.to_owned();
    let lower = said.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    // The words about too many at once name the day's limit too.
    Some(if has(&["per second", "per minute", "sparingly"]) {
        AlphaVantageError::TooFast { said }
    } else if has(&["per day", "daily"]) {
        AlphaVantageError::DayUsedUp { said }
    } else {
        AlphaVantageError::NotGiven { said }
    })
}

fn bar(time: &str, wire: &BarWire<'_>, symbol: SymbolId) -> Option<Bar> {
    let price = |text: &str| Price::from_decimal(text, Rounding::HalfEven).ok();
    Some(Bar {
        symbol,
        open_time: instant(time)?,
        length: MINUTE,
        open: price(&wire.open)?,
        high: price(&wire.high)?,
        low: price(&wire.low)?,
        close: price(&wire.close)?,
        volume: Volume::from_decimal(&wire.volume).ok()?,
    })
}

fn instant(text: &str) -> Option<Timestamp> {
    let at: DateTime = text.parse().ok()?;
    Some(calendar::instant(at.date(), at.time()))
}
