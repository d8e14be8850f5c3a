//! Features one by one: what they take in, and what they say.

use super::declared::{Declared, Mistake};
use super::longer::Longer;
use kernel::{Bar, SCALE, Span, Timestamp};
use marketdata::{calendar, resolution};
use std::collections::VecDeque;
use std::f64::consts::TAU;
use strategies::indicator::{self, AnyIndicator, Candle, Entry, Sample, Unit};

/// What is no indicator, with its one parameter where it has one: name, default.
const OWN: [(&str, Option<i64>); 5] = [
    ("return", Some(1)),
    ("volume", Some(20)),
    ("range", None),
    ("time-of-day", None),
    ("day-of-week", None),
];

const DAY: f64 = 86_400e9;

/// A feature that may say several numbers.
#[derive(Debug, Clone)]
pub(super) struct Feature {
    kind: Kind,
    longer: Option<Longer>,
    /// What it said last, oldest first; as long as the largest lag asks for.
    said: VecDeque<Option<Vec<f64>>>,
    lags: Vec<u16>,
}

#[derive(Debug, Clone)]
enum Kind {
    Indicator {
        indicator: AnyIndicator,
        outputs: Vec<Scale>,
    },
    /// The logarithm of the close over that of so many bars before.
    Return {
        bars: usize,
        closes: VecDeque<f64>,
    },
    /// The logarithm of the volume over the mean of so many bars, this one among them; one share is
    /// added to both, so that a bar without trades has a value.
    Volume {
        bars: usize,
        volumes: VecDeque<f64>,
    },
    /// The logarithm of high over low.
    Range,
    /// Sine and cosine of the time since midnight in New York, at the bar's end.
    TimeOfDay,
    /// Sine and cosine of the day of the week in New York.
    DayOfWeek,
}

/// What makes an output comparable over years: prices become shares of the close.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Scale {
    /// A price: as a share of the close, less one.
    Level,
    /// A difference of prices: as a share of the close.
    Difference,
    /// As it is.
    Plain,
}

impl Feature {
    /// What a declaration means, and the names of its columns.
    pub fn new(declared: &Declared) -> Result<(Self, Vec<String>), Mistake> {
        let (kind, mut names) = kind(declared)?;
        let mut longer = None;
        if let Some(text) = &declared.resolution {
            let length = resolution::parse(text).ok_or_else(|| Mistake::Resolution {
                name: declared.name.clone(),
                resolution: text.clone(),
            })?;
            longer = Some(Longer::new(length));
            names.iter_mut().for_each(|name| *name += &format!(" {}", resolution::name(length)));
        }
        if declared.lags.is_empty() {
            return Err(Mistake::NoLag(declared.name.clone()));
        }
        let lagged = declared.lags.iter().flat_map(|lag| {
            names.iter().map(move |name| match lag {
                0 => name.clone(),
                lag => format!("{name} -{lag}"),
            })
        });
        let names = lagged.collect();
        let feature = Self { kind, longer, said: VecDeque::new(), lags: declared.lags.clone() };
        Ok((feature, names))
    }

    /// Takes a bar and adds its columns to a row; false when one of them has no value. Lags count
    /// bars of the feature's own resolution.
    pub fn push(&mut self, bar: &Bar, row: &mut Vec<f64>) -> bool {
        let ended = match &mut self.longer {
            Some(longer) => longer.push(bar),
            None => [Some(*bar), None],
        };
        let most = usize::from(self.lags.iter().copied().max().unwrap_or_default());
        for bar in ended.into_iter().flatten() {
            self.said.push_back(self.kind.say(&bar));
            if self.said.len() > most + 1 {
                self.said.pop_front();
            }
        }
        for lag in &self.lags {
            let place = self.said.len().checked_sub(1 + usize::from(*lag));
            match place.and_then(|place| self.said.get(place)?.as_deref()) {
                Some(numbers) => row.extend_from_slice(numbers),
                None => return false,
            }
        }
        true
    }
}

impl Kind {
    /// What it says after a bar of its resolution.
    fn say(&mut self, bar: &Bar) -> Option<Vec<f64>> {
        let close = bar.close.to_f64();
        match self {
            Self::Indicator { indicator, outputs } => {
                indicator.update(&Candle::from(bar));
                let values = indicator.values()?;
                let scaled =
                    values.as_slice().iter().zip(outputs).map(|(value, scale)| match scale {
                        Scale::Level => value / close - 1.0,
                        Scale::Difference => value / close,
                        Scale::Plain => *value,
                    });
                Some(scaled.collect())
            }
            Self::Return { bars, closes } => {
                let before = keep(closes, close, *bars + 1)?;
                Some(vec![(close / before).ln()])
            }
            Self::Volume { bars, volumes } => {
                let volume = bar.volume.nanos() as f64 / SCALE as f64;
                keep(volumes, volume, *bars)?;
                let mean = volumes.iter().sum::<f64>() / volumes.len() as f64;
                Some(vec![((volume + 1.0) / (mean + 1.0)).ln()])
            }
            Self::Range => Some(vec![(bar.high.to_f64() / bar.low.to_f64()).ln()]),
            Self::TimeOfDay => Some(around(time_of_day(bar.open_time.plus(bar.length)))),
            Self::DayOfWeek => {
                let date = calendar::date_of(bar.open_time);
                Some(around(f64::from(date.weekday().to_monday_zero_offset()) / 7.0))
            }
        }
    }
}

/// Keeps the last so many numbers; gives the oldest once there are that many.
fn keep(numbers: &mut VecDeque<f64>, number: f64, most: usize) -> Option<f64> {
    numbers.push_back(number);
    if numbers.len() > most {
        numbers.pop_front();
    }
    (numbers.len() == most).then(|| numbers.front().copied()).flatten()
}

/// A share of a circle as a point on it, so that its end is beside its beginning.
fn around(share: f64) -> Vec<f64> {
    let (sine, cosine) = (TAU * share).sin_cos();
    vec![sine, cosine]
}

fn time_of_day(at: Timestamp) -> f64 {
    let midnight = calendar::midnight(calendar::date_of(at));
    at.since(midnight).nanos() as f64 / DAY
}

fn kind(declared: &Declared) -> Result<(Kind, Vec<String>), Mistake> {
    let name = declared.name.as_str();
    if let Some((_, default)) = OWN.iter().find(|(own, _)| *own == name) {
        return own(declared, *default);
    }
    let entry = indicator::find(name)
        .map_err(|_| Mistake::Unknown { name: name.into(), known: known() })?;
    if entry.outputs.iter().any(|output| output.unit == Unit::Shares) {
        return Err(Mistake::WithoutBounds(name.into()));
    }
    let created = entry.create(&declared.texts());
    let (indicator, params) = created.map_err(|error| Mistake::Params(error.to_string()))?;
    let params: Vec<String> = params.texts().map(|(key, value)| format!("{key}={value}")).collect();
    let params = params.join(",");
    let named = entry.outputs.iter().map(|output| match entry.outputs {
        [_] => format!("{name}({params})"),
        _ => format!("{name}({params}).{}", output.name),
    });
    let names = named.collect();
    Ok((Kind::Indicator { indicator, outputs: scales(entry) }, names))
}

/// A feature that is no indicator, and has at most the parameter `bars`.
fn own(declared: &Declared, default: Option<i64>) -> Result<(Kind, Vec<String>), Mistake> {
    let name = declared.name.as_str();
    let wrong = |text: String| Mistake::Params(format!("{name}: {text}"));
    let mut bars = default;
    for (key, value) in declared.texts() {
        if key != "bars" || default.is_none() {
            let has = if default.is_some() { "it has bars" } else { "it has none" };
            return Err(wrong(format!("there is no parameter {key}: {has}")));
        }
        let number = value.parse().ok().filter(|number| (1..=100_000).contains(number));
        let told = || wrong(format!("bars = {value:?} is out of range: give 1 to 100000 bars"));
        bars = Some(number.ok_or_else(told)?);
    }
    let count = bars.and_then(|bars| usize::try_from(bars).ok()).unwrap_or(1);
    let of = bars.map_or_else(|| name.to_owned(), |bars| format!("{name}(bars={bars})"));
    let circle = || vec![format!("{name}.sin"), format!("{name}.cos")];
    Ok(match name {
        "return" => (Kind::Return { bars: count, closes: VecDeque::new() }, vec![of]),
        "volume" => (Kind::Volume { bars: count, volumes: VecDeque::new() }, vec![of]),
        "range" => (Kind::Range, vec![of]),
        "time-of-day" => (Kind::TimeOfDay, circle()),
        _ => (Kind::DayOfWeek, circle()),
    })
}

fn known() -> String {
    let own = OWN.iter().map(|(name, _)| *name);
    let indicators = indicator::registry().iter().map(|entry| entry.name);
    own.chain(indicators).collect::<Vec<_>>().join(", ")
}

/// How each output of an indicator becomes comparable. Which of those in prices are levels and which
/// are differences of levels shows on a made series: only levels move with it when it is lifted.
fn scales(entry: &Entry) -> Vec<Scale> {
    let low = probed(entry, 100.0);
    let lifted = probed(entry, 200.0);
    let of = |(place, output): (usize, &indicator::Output)| {
        if output.unit != Unit::Price {
            return Scale::Plain;
        }
        let at = |values: &Option<indicator::Values>| {
            values.as_ref().and_then(|values| values.as_slice().get(place).copied())
        };
        match (at(&low), at(&lifted)) {
            (Some(low), Some(lifted)) if (lifted - low).abs() < 50.0 => Scale::Difference,
            _ => Scale::Level,
        }
    };
    entry.outputs.iter().enumerate().map(of).collect()
}

/// What an indicator with its defaults says of waves around a price.
fn probed(entry: &Entry, around: f64) -> Option<indicator::Values> {
    let (mut indicator, _) = entry.create(&Default::default()).ok()?;
    for bar in 0..400_i32 {
        let middle = around + f64::from(bar * bar % 13) / 5.0;
        let sample = |by: f64| Sample::new(middle + by).ok();
        indicator.update(&Candle {
            open_time: Timestamp::from_secs(i64::from(bar) * 60).plus(Span::from_secs(36_000)),
            high: sample(0.5)?,
            low: sample(-0.5)?,
            close: sample(0.1)?,
            volume: Sample::new(1000.0).ok()?,
        });
    }
    indicator.values()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_and_differences_are_told_apart() {
        let scale = |name| scales(indicator::find(name).unwrap())[0];
        for name in ["sma", "ema", "vwap", "donchian", "psar", "kama", "linear-regression"] {
            assert_eq!(scale(name), Scale::Level, "{name}");
        }
        for name in ["macd", "atr", "stddev", "momentum", "slope", "true-range"] {
            assert_eq!(scale(name), Scale::Difference, "{name}");
        }
        for name in ["rsi", "natr", "z-score"] {
            assert_eq!(scale(name), Scale::Plain, "{name}");
        }
    }
}
