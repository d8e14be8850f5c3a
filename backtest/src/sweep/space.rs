//! The parameters that a sweep tries, and which of their combinations.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{RngCore, SeedableRng};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Values of one parameter at most.
const VALUES: usize = 100_000;
/// Combinations that are tried at most.
const MOST: u64 = 1_000_000;

/// A space that cannot be searched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpaceError {
    /// Not a parameter with its values.
    #[error(
        "`{text}` is no range of a parameter: expected NAME=FROM..TO:STEP such as fast=5..50:5, or \
         NAME=A,B,C"
    )]
    Axis {
        /// What was given.
        text: String,
    },
    /// A parameter twice.
    #[error("{name} is given twice: give each parameter one range")]
    Twice {
        /// Which.
        name: String,
    },
    /// Nothing to vary.
    #[error("nothing is varied: give a range such as --grid fast=5..50:5")]
    Empty,
    /// Too much.
    #[error(
        "there are {count} combinations, more than {MOST}: take larger steps, or draw some with \
         --random N"
    )]
    TooMany {
        /// How many.
        count: u128,
    },
}

/// A parameter with the values that it takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Axis {
    /// The parameter.
    pub name: String,
    /// The values, as texts, in order.
    pub values: Vec<String>,
}

impl Axis {
    /// From a name and `FROM..TO:STEP`, both ends included where the steps meet them, or `A,B,C`.
    ///
    /// # Errors
    /// When it is neither.
    pub fn new(name: &str, range: &str) -> Result<Self, SpaceError> {
        let wrong = || SpaceError::Axis { text: format!("{name}={range}") };
        let values = match range.split_once("..") {
            Some((from, rest)) => {
                let (to, step) = rest.split_once(':').unwrap_or((rest, "1"));
                steps(from, to, step)
            }
            None => {
                let values: Vec<String> = range.split(',').map(|text| text.trim().into()).collect();
                values.iter().all(|text| !text.is_empty()).then_some(values)
            }
        };
        let values = values.filter(|_| !name.trim().is_empty()).ok_or_else(wrong)?;
        Ok(Self { name: name.trim().into(), values })
    }
}

impl std::str::FromStr for Axis {
    type Err = SpaceError;

    fn from_str(text: &str) -> Result<Self, SpaceError> {
        let wrong = || SpaceError::Axis { text: text.into() };
        let (name, range) = text.split_once('=').ok_or_else(wrong)?;
        Self::new(name, range)
    }
}

/// Decimal steps, exact: no value is off by what a float rounds away.
fn steps(from: &str, to: &str, step: &str) -> Option<Vec<String>> {
    let digits =
        [from, to, step].map(|text| text.trim().split_once('.').map_or(0, |(_, f)| f.len()));
    let digits = digits.into_iter().max().filter(|digits| *digits <= 9)?;
    let [from, to, step] = [scaled(from, digits)?, scaled(to, digits)?, scaled(step, digits)?];
    if step <= 0 || from > to || (to - from) / step >= VALUES as i128 {
        return None;
    }
    let count = (to - from) / step;
    Some((0..=count).map(|number| unscaled(from + number * step, digits)).collect())
}

fn scaled(text: &str, digits: usize) -> Option<i128> {
    let text = text.trim();
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let all = format!("{whole}{fraction:0<digits$}");
    let is_number = !whole.is_empty() && all.bytes().all(|byte| byte.is_ascii_digit());
    all.parse::<i128>().ok().filter(|_| is_number && all.len() <= 30).map(|value| sign * value)
}

fn unscaled(value: i128, digits: usize) -> String {
    let sign = if value < 0 { "-" } else { "" };
    let text = format!("{:0>width$}", value.unsigned_abs(), width = digits + 1);
    let (whole, fraction) = text.split_at(text.len() - digits);
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

/// Which combinations are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Search {
    /// Every one.
    Grid,
    /// Some, drawn without repetition.
    Random {
        /// How many.
        count: u32,
        /// What chance is seeded with.
        seed: u64,
    },
}

/// The combinations that a sweep tries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Space {
    axes: Vec<Axis>,
    search: Search,
}

impl Space {
    /// From parameters that vary.
    ///
    /// # Errors
    /// When nothing varies, a parameter is given twice, or there are too many combinations.
    pub fn new(axes: Vec<Axis>, search: Search) -> Result<Self, SpaceError> {
        let mut seen = BTreeSet::new();
        if let Some(twice) = axes.iter().find(|axis| !seen.insert(axis.name.as_str())) {
            return Err(SpaceError::Twice { name: twice.name.clone() });
        }
        if axes.is_empty() {
            return Err(SpaceError::Empty);
        }
        let space = Self { axes, search };
        let count = match search {
            Search::Grid => space.combinations(),
            Search::Random { count, .. } => u128::from(count).min(space.combinations()),
        };
        if count > u128::from(MOST) || space.combinations() > u128::from(u64::MAX) {
            return Err(SpaceError::TooMany { count: space.combinations() });
        }
        Ok(space)
    }

    /// The parameters that vary.
    pub fn axes(&self) -> &[Axis] {
        &self.axes
    }

    /// Which combinations are tried.
    pub const fn search(&self) -> Search {
        self.search
    }

    /// All combinations, tried or not.
    pub fn combinations(&self) -> u128 {
        self.axes.iter().fold(1, |all: u128, axis| all.saturating_mul(axis.values.len() as u128))
    }

    /// The combinations that are tried, in order: the first parameter changes slowest.
    pub fn points(&self) -> Vec<BTreeMap<String, String>> {
        let all = u64::try_from(self.combinations()).unwrap_or(u64::MAX);
        let numbers: Vec<u64> = match self.search {
            Search::Random { count, seed } if u64::from(count) < all => draw(count, all, seed),
            Search::Grid | Search::Random { .. } => (0..all).collect(),
        };
        numbers.into_iter().map(|number| self.point(number)).collect()
    }

    fn point(&self, number: u64) -> BTreeMap<String, String> {
        let mut rest = number;
        let choose = |axis: &Axis| {
            let count = (axis.values.len() as u64).max(1);
            let value = axis.values.get((rest % count) as usize).cloned().unwrap_or_default();
            rest /= count;
            (axis.name.clone(), value)
        };
        self.axes.iter().rev().map(choose).collect()
    }
}

/// So many different numbers below a limit, in order; each choice is as likely (Floyd, 1987).
fn draw(count: u32, below: u64, seed: u64) -> Vec<u64> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut drawn = BTreeSet::new();
    for last in below - u64::from(count)..below {
        let number = (u128::from(random.next_u64()) * u128::from(last + 1)) >> 64;
        let number = u64::try_from(number).unwrap_or(last);
        if !drawn.insert(number) {
            drawn.insert(last);
        }
    }
    drawn.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(text: &str) -> Vec<String> {
        text.parse::<Axis>().unwrap().values
    }

    fn space(texts: &[&str], search: Search) -> Result<Space, SpaceError> {
        Space::new(texts.iter().map(|text| text.parse().unwrap()).collect(), search)
    }

    #[test]
    fn ranges_are_exact_and_lists_are_as_given() {
        assert_eq!(axis("fast=5..20:5"), ["5", "10", "15", "20"]);
        assert_eq!(axis("fast=1..4"), ["1", "2", "3", "4"]);
        assert_eq!(axis("x=0.1..0.35:0.1"), ["0.1", "0.2", "0.3"]);
        assert_eq!(axis("x=-1..0:0.5"), ["-1", "-0.5", "0"]);
        assert_eq!(axis("kind=a, b"), ["a", "b"]);
        for wrong in
            ["fast", "=1..2", "x=2..1", "x=1..2:0", "x=1..2:a", "x=1..", "x=a,", "x=1..9e9"]
        {
            assert!(wrong.parse::<Axis>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_grid_is_every_combination_and_the_first_parameter_changes_slowest() {
        let space = space(&["b=1..2", "a=7,8,9"], Search::Grid).unwrap();
        let told: Vec<String> =
            space.points().iter().map(|point| format!("{}{}", point["b"], point["a"])).collect();
        assert_eq!(told, ["17", "18", "19", "27", "28", "29"]);
    }

    #[test]
    fn a_draw_is_without_repetition_and_the_same_for_a_seed() {
        let axes = ["a=1..100", "b=1..100"];
        let random = |count, seed| space(&axes, Search::Random { count, seed }).unwrap().points();
        let drawn = random(500, 3);
        assert_eq!(drawn.iter().collect::<BTreeSet<_>>().len(), 500);
        assert_eq!(drawn, random(500, 3));
        assert_ne!(drawn, random(500, 4));
        assert_eq!(random(20_000, 1).len(), 10_000, "no more than there are");
    }

    #[test]
    fn what_cannot_be_searched_says_why() {
        let why = |texts: &[&str], search| space(texts, search).unwrap_err().to_string();
        assert!(why(&[], Search::Grid).contains("nothing is varied"));
        assert!(why(&["a=1..2", "a=3..4"], Search::Grid).contains("a is given twice"));
        let large = ["a=1..2000", "b=1..2000"];
        assert!(why(&large, Search::Grid).contains("4000000 combinations"));
        assert!(space(&large, Search::Random { count: 10, seed: 1 }).is_ok());
    }
}
