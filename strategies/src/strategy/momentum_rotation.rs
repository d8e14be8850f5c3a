//! Holds what has risen most, and looks again each month.
//!
//! With the first bar of a month its symbols are ranked by how far they have risen over the last
//! bars, up to the last one of the month before. The best are held through the month, the others
//! are sold; one that has not risen is not bought, however good its rank. Assumed is
//!
//! - that what has risen goes on rising: no trend is tested for;
//! - daily bars, for which the default looks back half a year; months are those of UTC;
//! - that the symbols were not chosen because they have risen: a list of today's winners flatters it.

use crate::indicator::{Indicator, RateOfChange};
use crate::{
    Direction, EQUITY_PERCENT, Entry, Mistake, NOTIONAL_USD, ParamSpec, Params, QUANTITY, Size,
    Stance, Trading,
};
use kernel::{Intents, MarketData, Ratio, SCALE, Strategy, SymbolId, Symbols, Timestamp, View};

pub(crate) const ENTRY: Entry = Entry {
    name: "momentum-rotation",
    summary: "Holds the symbols that have risen most, ranked anew each month.",
    params: &[
        ParamSpec::integer(
            "period",
            "126",
            (1, 10_000),
            "bars",
            "Over how many bars the rise counts.",
        ),
        ParamSpec::integer("top", "1", (1, 1_000), "symbols", "How many of the best are held."),
        ParamSpec::decimal(
            "least",
            "0",
            (-100.0, 10_000.0),
            "%",
            "A rise at or below this is not bought.",
        ),
        QUANTITY,
        NOTIONAL_USD,
        EQUITY_PERCENT,
    ],
    build,
};

struct MomentumRotation {
    /// What is remembered of each of its own symbols.
    symbols: Vec<Ranked>,
    /// The month that has been ranked for.
    month: Option<i64>,
    period: usize,
    top: usize,
    least: f64,
    trading: Trading,
}

struct Ranked {
    symbol: SymbolId,
    rise: RateOfChange,
    /// Where it should stand this month; `None` before the first ranking.
    stance: Option<Stance>,
}

fn build(params: &Params, _: &Symbols) -> Result<Box<dyn Strategy>, Mistake> {
    let period = params.period("period")?;
    let ranked = |symbol: &SymbolId| Ranked {
        symbol: *symbol,
        rise: RateOfChange::new(period),
        stance: None,
    };
    Ok(Box::new(MomentumRotation {
        symbols: params.symbols().iter().map(ranked).collect(),
        month: None,
        period: period.get(),
        top: usize::try_from(params.integer("top")?).unwrap_or(usize::MAX),
        least: params.decimal("least")?,
        trading: Trading { size: Size::from_params(params)?, direction: Direction::Long },
    }))
}

impl MomentumRotation {
    /// By the bars before this month; of equals the first in the list.
    fn rank(&mut self) {
        let rises = self.symbols.iter().enumerate();
        let rises = rises.filter_map(|(place, it)| Some((place, it.rise.value()?)));
        let mut rises: Vec<(usize, f64)> = rises.filter(|(_, rise)| *rise > self.least).collect();
        rises.sort_by(|(_, one), (_, other)| other.total_cmp(one));
        rises.truncate(self.top);
        // Before any of them has a rise there is nothing to rank, and nothing to sell for it.
        let known = self.symbols.iter().any(|it| it.rise.value().is_some());
        for (place, it) in self.symbols.iter_mut().enumerate().filter(|_| known) {
            let best = rises.iter().any(|(chosen, _)| *chosen == place);
            it.stance = Some(if best { Stance::Long } else { Stance::Flat });
        }
    }
}

/// The number of a month since the year 0, by Hinnant's algorithm: the year begins in March, so that
/// the leap day is its last.
const fn month(at: Timestamp) -> i64 {
    let days = at.nanos().div_euclid(86_400 * SCALE) + 719_468;
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    (days.div_euclid(146_097) * 400 + year) * 12 + (5 * of_year + 2) / 153
}

impl Strategy for MomentumRotation {
    fn observe(&mut self, data: &MarketData) {
        let MarketData::Bar(bar) = data else { return };
        if self.symbols.iter().all(|it| it.symbol != bar.symbol) {
            return;
        }
        let now = month(bar.open_time);
        if self.month.replace(now).is_some_and(|before| before != now) {
            self.rank();
        }
        if let Some(it) = self.symbols.iter_mut().find(|it| it.symbol == bar.symbol) {
            it.rise.update(bar.close);
        }
    }

    fn propose(&self, data: &MarketData, view: &View<'_>, intents: &mut Intents) {
        let MarketData::Bar(bar) = data else { return };
        let Some(it) = self.symbols.iter().find(|it| it.symbol == bar.symbol) else { return };
        let Some(stance) = it.stance else { return };
        // What is sold pays for what is bought, so it goes first.
        let unsold = self.symbols.iter().any(|it| {
            let held = view.position(it.symbol).quantity.abs().whole();
            it.stance == Some(Stance::Flat) && held.is_positive()
        });
        if stance == Stance::Flat || !unsold {
            self.trading.toward(stance, bar, view, intents);
        }
    }

    fn warmup_bars(&self) -> usize {
        self.period + 1
    }

    fn reset(&mut self) {
        for it in &mut self.symbols {
            it.rise.reset();
            it.stance = None;
        }
        self.month = None;
    }

    fn rebase(&mut self, symbol: SymbolId, ratio: Ratio) {
        if let Some(it) = self.symbols.iter_mut().find(|it| it.symbol == symbol) {
            it.rise.rebase(ratio);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_turn_where_the_calendar_says() {
        let of = |text: &str| month(text.parse().unwrap());
        assert_eq!(of("2024-02-01T00:00:00Z"), of("2024-02-29T23:59:59Z"));
        assert_eq!(of("2024-03-01T00:00:00Z"), of("2024-02-29T23:59:59Z") + 1);
        assert_eq!(of("2023-01-31T12:00:00Z"), of("2022-12-31T12:00:00Z") + 1);
        assert_eq!(of("1969-12-31T23:59:59Z") + 1, of("1970-01-01T00:00:00Z"));
        assert_eq!(of("2024-03-15T00:00:00Z"), of("2023-03-15T00:00:00Z") + 12);
    }
}
