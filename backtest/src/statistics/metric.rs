//! One figure of a report.

use super::measure::{Measure, Undefined};
use std::borrow::Cow;

/// In what a figure is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A share, shown in percent.
    Share,
    /// A bare number.
    Number,
    /// A whole number.
    Count,
    /// US dollars.
    Usd,
    /// Calendar days.
    Days,
    /// Seconds, shown as days, hours and minutes.
    Seconds,
}

/// The part of a report in which a figure stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// What was earned.
    Return,
    /// What was risked.
    Risk,
    /// One for the other.
    Ratio,
    /// Whether it may be luck.
    Luck,
    /// Against the benchmark.
    Benchmark,
    /// Closed trades.
    Trades,
    /// How much was done.
    Activity,
}

impl Group {
    /// Every group, in the order of a report.
    pub const ALL: [Self; 7] = [
        Self::Return,
        Self::Risk,
        Self::Ratio,
        Self::Luck,
        Self::Benchmark,
        Self::Trades,
        Self::Activity,
    ];

    /// Its heading.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Return => "Return",
            Self::Risk => "Risk",
            Self::Ratio => "Return for risk",
            Self::Luck => "Skill or luck",
            Self::Benchmark => "Against the benchmark",
            Self::Trades => "Closed trades",
            Self::Activity => "Activity and costs",
        }
    }
}

/// A figure with its definition.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// The name in JSON.
    pub name: &'static str,
    /// The name for people.
    pub label: &'static str,
    /// Where it stands.
    pub group: Group,
    /// In what it is counted.
    pub unit: Unit,
    /// The formula in words; r returns by the session, b those of the benchmark, m and mb their
    /// means, g the geometric mean, s1 the sample and s0 the population deviation, n their count,
    /// A the sessions of a year, rf the risk-free rate.
    pub formula: Cow<'static, str>,
    /// The figure.
    pub value: Measure,
}

/// Collects the figures of one group.
pub(crate) struct Shelf<'a> {
    pub all: &'a mut Vec<Metric>,
    pub group: Group,
    /// The system whose convention it is, for figures that it does not compute.
    pub system: &'static str,
}

impl Shelf<'_> {
    pub(crate) fn put(
        &mut self,
        (name, label, unit): (&'static str, &'static str, Unit),
        formula: impl Into<Cow<'static, str>>,
        value: Measure,
    ) {
        let (group, formula) = (self.group, formula.into());
        self.all.push(Metric { name, label, group, unit, formula, value });
    }

    /// Puts a figure that the convention may not know.
    pub(crate) fn choose<C: Copy, F: Into<Cow<'static, str>>>(
        &mut self,
        named: (&'static str, &'static str, Unit),
        choice: Option<C>,
        formula: impl Fn(C) -> F,
        value: impl Fn(C) -> Measure,
    ) {
        match choice {
            Some(choice) => self.put(named, formula(choice), value(choice)),
            None => {
                let reason = Cow::Owned(format!("{} does not compute it", self.system));
                self.put(named, "", Err(Undefined(reason)));
            }
        }
    }
}
