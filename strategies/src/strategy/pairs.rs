//! Sells the dearer of two symbols and buys the cheaper one when they are far apart.
//!
//! What is watched is the spread: the logarithm of the first price over the second. In standard
//! deviations from its mean of the last bars it is the z-score. Assumed is
//!
//! - that the two belong together, so that what parts comes back: nothing tests it, and the stop is
//!   all that stands against its end;
//! - a ratio of one dollar to one dollar, not one fitted to the past;
//! - that both can be sold short. Where one leg is denied or stopped out, the other is closed.

use crate::indicator::{Indicator, Sample, ZScore};
use crate::{
    Direction, EQUITY_PERCENT, Entry, Mistake, NOTIONAL_USD, ParamSpec, Params, QUANTITY, Size,
    Stance, Trading,
};
use kernel::{Bar, Intents, MarketData, Ratio, Strategy, SymbolId, Symbols, Timestamp, View};

pub(crate) const ENTRY: Entry = Entry {
    name: "pairs",
    summary: "Trades the spread of two symbols back to its mean, the dearer short, the cheaper long.",
    params: &[
        ParamSpec::integer("period", "60", (2, 10_000), "bars", "Bars of the spread's mean."),
        ParamSpec::decimal(
            "entry",
            "2",
            (0.1, 100.0),
            "standard deviations",
            "At or beyond this z-score it enters.",
        ),
        ParamSpec::decimal(
            "exit",
            "0.5",
            (0.0, 100.0),
            "standard deviations",
            "At or within this z-score it closes.",
        ),
        ParamSpec::decimal(
            "stop",
            "4",
            (0.1, 100.0),
            "standard deviations",
            "At or beyond this z-score it gives up, until the spread is back within `exit`.",
        ),
        QUANTITY,
        ParamSpec {
            default: "10000",
            doc: "How much each leg is worth, in whole shares at the last close; 0 takes `quantity` instead, and the legs are not of one size then.",
            ..NOTIONAL_USD
        },
        EQUITY_PERCENT,
    ],
    build,
};

struct Pairs {
    /// The two symbols; none where a session has none and only the parameters are looked at.
    legs: Option<[Leg; 2]>,
    spread: ZScore,
    /// When the last bar of both opened.
    at: Option<Timestamp>,
    /// The spread has gone too far, and has not come back since.
    stopped: bool,
    rules: Rules,
    trading: Trading,
}

struct Leg {
    symbol: SymbolId,
    last: Option<Bar>,
    /// What its splits have taken from the logarithm of its price.
    split: f64,
}

#[derive(Clone, Copy)]
struct Rules {
    period: usize,
    entry: f64,
    exit: f64,
    stop: f64,
}

fn build(params: &Params, symbols: &Symbols) -> Result<Box<dyn Strategy>, Mistake> {
    let rules = Rules {
        period: params.period("period")?.get(),
        entry: params.decimal("entry")?,
        exit: params.decimal("exit")?,
        stop: params.decimal("stop")?,
    };
    let Rules { entry, exit, stop, .. } = rules;
    if !(exit < entry && entry < stop) {
        return Err(Mistake::Conflict(format!(
            "exit ({exit}) must be below entry ({entry}), and that below stop ({stop})"
        )));
    }
    let leg = |symbol| Leg { symbol, last: None, split: 0.0 };
    let legs = match params.symbols() {
        [first, second] => Some([leg(*first), leg(*second)]),
        [] => None,
        several => {
            let names: Vec<&str> = several.iter().map(|symbol| symbols.name(*symbol)).collect();
            return Err(Mistake::Conflict(format!(
                "it trades two symbols, and has {}: name two, as in --param symbols=AAA,BBB",
                names.join(", ")
            )));
        }
    };
    Ok(Box::new(Pairs {
        legs,
        spread: ZScore::new(params.period("period")?),
        at: None,
        stopped: false,
        rules,
        trading: Trading { size: Size::from_params(params)?, direction: Direction::Both },
    }))
}

impl Leg {
    fn level(&self, bar: &Bar) -> f64 {
        bar.close.to_f64().ln() - self.split
    }
}

impl Pairs {
    /// Takes in the spread, once both bars of one time are there.
    fn step(&mut self) {
        let Some([first, second]) = &self.legs else { return };
        let (Some(one), Some(other)) = (&first.last, &second.last) else { return };
        if one.open_time != other.open_time {
            return;
        }
        self.at = Some(one.open_time);
        // A price that is not above zero has no logarithm: it counts for nothing.
        let Ok(spread) = Sample::new(first.level(one) - second.level(other)) else { return };
        self.spread.update(spread);
        let Some(score) = self.spread.value() else { return };
        if score.abs() >= self.rules.stop {
            self.stopped = true;
        } else if score.abs() <= self.rules.exit {
            self.stopped = false;
        }
    }

    /// Where both legs should stand; `None` where what is held is kept.
    fn stances(&self, score: f64) -> Option<[Stance; 2]> {
        if self.stopped || score.abs() <= self.rules.exit {
            Some([Stance::Flat; 2])
        } else if score >= self.rules.entry {
            Some([Stance::Short, Stance::Long])
        } else if score <= -self.rules.entry {
            Some([Stance::Long, Stance::Short])
        } else {
            None
        }
    }
}

impl Strategy for Pairs {
    fn observe(&mut self, data: &MarketData) {
        let (MarketData::Bar(bar), Some(legs)) = (data, &mut self.legs) else { return };
        let Some(leg) = legs.iter_mut().find(|leg| leg.symbol == bar.symbol) else { return };
        leg.last = Some(*bar);
        self.step();
    }

    fn propose(&self, data: &MarketData, view: &View<'_>, intents: &mut Intents) {
        let (MarketData::Bar(bar), Some(legs)) = (data, &self.legs) else { return };
        // It speaks after the second bar of a time, when both are known.
        if self.at != Some(bar.open_time) || legs.iter().all(|leg| leg.symbol != bar.symbol) {
            return;
        }
        if legs.iter().any(|leg| view.has_open_order(leg.symbol)) {
            return;
        }
        let Some(score) = self.spread.value() else { return };
        let held = legs.iter().filter(|leg| !view.position(leg.symbol).quantity.is_zero()).count();
        let stances = self.stances(score).or_else(|| (held == 1).then_some([Stance::Flat; 2]));
        for (leg, stance) in legs.iter().zip(stances.into_iter().flatten()) {
            if let Some(last) = &leg.last {
                self.trading.toward(stance, last, view, intents);
            }
        }
    }

    fn warmup_bars(&self) -> usize {
        self.rules.period
    }

    fn reset(&mut self) {
        for leg in self.legs.iter_mut().flatten() {
            (leg.last, leg.split) = (None, 0.0);
        }
        self.spread.reset();
        (self.at, self.stopped) = (None, false);
    }

    /// In new shares the logarithm of a price is another by a constant, which is kept apart.
    fn rebase(&mut self, symbol: SymbolId, ratio: Ratio) {
        let Some(leg) = self.legs.iter_mut().flatten().find(|leg| leg.symbol == symbol) else {
            return;
        };
        leg.split += (ratio.old_shares() as f64 / ratio.new_shares() as f64).ln();
        leg.last = None;
    }
}
