//! What a run is held against: the value of a holding, session by session.

use crate::PriceSketch;
use crate::dates;
use kernel::Price;
use marketdata::calendar::Date;
use marketdata::{Action, CorporateActions};

/// A benchmark by the session: its name, and its value over what it was at the start.
///
/// It begins at the last close before the run's first session, else at the first price. Splits and
/// dividends of the run are in it; a dividend buys more shares at the close of its ex-day, as in an
/// index of total return.
#[derive(Debug, Clone, PartialEq)]
pub struct Benchmark {
    /// What it is.
    pub name: String,
    /// The value at the end of each session of the run.
    pub values: Vec<f64>,
}

impl Benchmark {
    /// Holding every symbol from its first price to the end, each with the same sum at the start.
    pub fn buy_and_hold(
        sketches: &[(String, PriceSketch)],
        dates: &[u32],
        actions: &CorporateActions,
    ) -> Option<Self> {
        if sketches.is_empty() {
            return None;
        }
        let mut values = vec![0.0; dates.len()];
        for (name, sketch) in sketches {
            let share = 1.0 / sketches.len() as f64;
            for (sum, value) in values.iter_mut().zip(held(sketch, dates, actions.of(name))) {
                *sum += value * share;
            }
        }
        let names: Vec<&str> = sketches.iter().map(|(name, _)| name.as_str()).collect();
        Some(Self { name: format!("holding {}", names.join(", ")), values })
    }

    /// One symbol.
    pub fn symbol(
        name: &str,
        sketch: &PriceSketch,
        dates: &[u32],
        actions: &CorporateActions,
    ) -> Self {
        Self { name: name.into(), values: held(sketch, dates, actions.of(name)) }
    }
}

/// What a holding is worth at the end of each of these sessions over what it was worth at their
/// start; 1 before there is a price.
fn held(sketch: &PriceSketch, dates: &[u32], actions: &[(Date, Action)]) -> Vec<f64> {
    let start = dates.first().copied().unwrap_or_default();
    let earlier = sketch.closes.partition_point(|(date, _)| *date < start);
    let before = earlier.checked_sub(1).and_then(|last| sketch.closes.get(last));
    let first = || {
        let date = sketch.closes.first().map_or(u32::MAX, |(date, _)| *date);
        sketch.first.map(|price| (date, price))
    };
    let Some((mut known, base)) = before.copied().or_else(first) else {
        return vec![1.0; dates.len()];
    };
    let mut shares = 1.0 / base.to_f64();
    let mut value = 1.0;
    let mut closes = sketch.closes.iter().skip(earlier).peekable();
    let until = |date: u32| {
        while let Some((session, close)) = closes.next_if(|(session, _)| *session <= date) {
            let is_new = |day: &Date| (known + 1..=*session).contains(&dates::of(*day));
            let new = actions.iter().filter(|(day, _)| is_new(day));
            shares *= new.map(|(_, action)| growth(action, *close)).product::<f64>();
            (known, value) = (*session, shares * close.to_f64());
        }
        value
    };
    dates.iter().copied().map(until).collect()
}

/// How many shares one becomes by what happened on a day that closed at a price.
fn growth(action: &Action, close: Price) -> f64 {
    match action {
        Action::Split { new, old } => *new as f64 / *old as f64,
        Action::Dividend(usd) => 1.0 + usd.to_f64() / close.to_f64(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(text: &str) -> Price {
        text.parse().unwrap()
    }

    fn sketch(first: &str, closes: &[(u32, &str)]) -> PriceSketch {
        let closes = closes.iter().map(|(date, close)| (*date, price(close))).collect();
        PriceSketch { first: Some(price(first)), closes, ..PriceSketch::default() }
    }

    fn values(sketch: &PriceSketch, dates: &[u32], actions: &CorporateActions) -> Vec<f64> {
        Benchmark::symbol("AAA", sketch, dates, actions).values
    }

    const JANUARY: [u32; 3] = [20_240_103, 20_240_104, 20_240_105];

    #[test]
    fn it_begins_with_the_run_and_not_with_its_own_data() {
        let closes =
            [(20_230_103, "50"), (20_240_102, "200"), (20_240_103, "210"), (20_240_105, "180")];
        let told = values(&sketch("10", &closes), &JANUARY, &CorporateActions::default());
        assert_eq!(told, [1.05, 1.05, 0.9]);
    }

    #[test]
    fn without_an_earlier_close_it_begins_at_the_first_price() {
        let told =
            values(&sketch("100", &[(20_240_104, "125")]), &JANUARY, &CorporateActions::default());
        assert_eq!(told, [1.0, 1.25, 1.25], "1 before there is a price");
        let nothing = values(&PriceSketch::default(), &JANUARY, &CorporateActions::default());
        assert_eq!(nothing, [1.0; 3]);
    }

    /// Raw prices with a split and a dividend grow as prices do that were adjusted for both.
    #[test]
    fn a_split_is_no_loss_and_a_dividend_no_fall() {
        let mut actions = CorporateActions::default();
        actions.add("AAA", Date::constant(2024, 1, 4), Action::split(4, 1));
        actions.add("AAA", Date::constant(2024, 1, 5), Action::Dividend(price("1")));
        // What happened up to the first price is in it.
        actions.add("AAA", Date::constant(2024, 1, 3), Action::split(2, 1));
        actions.add("BBB", Date::constant(2024, 1, 4), Action::split(9, 1));
        let closes = [(20_240_103, "100"), (20_240_104, "25"), (20_240_105, "24")];
        let told = values(&sketch("100", &closes), &JANUARY, &actions);
        assert_eq!(told, [1.0, 1.0, 1.0]);
    }

    #[test]
    fn what_happens_on_a_day_without_a_price_is_counted_with_the_next() {
        let mut actions = CorporateActions::default();
        actions.add("AAA", Date::constant(2024, 1, 4), Action::split(2, 1));
        let closes = [(20_240_103, "100"), (20_240_105, "50")];
        let told = values(&sketch("100", &closes), &JANUARY, &actions);
        assert_eq!(told, [1.0, 1.0, 1.0]);
    }
}
