//! Typed, documented parameters of strategies.

use crate::indicator::Period;
use kernel::SymbolId;
use std::collections::BTreeMap;
use std::fmt;

/// What kind of value a parameter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A whole number.
    Integer,
    /// A decimal number.
    Decimal,
    /// One of a few words.
    Choice,
}

/// Which values a parameter takes, bounds included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Range {
    /// Whole numbers from the first to the second.
    Integers(i64, i64),
    /// Decimal numbers from the first to the second.
    Decimals(f64, f64),
    /// These words.
    Words(&'static [&'static str]),
}

/// One parameter of a strategy.
#[derive(Debug, Clone, Copy)]
pub struct ParamSpec {
    /// Its name on the command line and in configuration.
    pub name: &'static str,
    /// What kind of value it takes.
    pub kind: Kind,
    /// The value it has when none is given.
    pub default: &'static str,
    /// Which values it takes.
    pub range: Range,
    /// The unit of the value; empty where it has none.
    pub unit: &'static str,
    /// One sentence for the trader.
    pub doc: &'static str,
}

/// One mistake in the parameters of a strategy, as a sentence.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Mistake {
    /// A name that the strategy does not have.
    #[error("there is no parameter {name}{}: it has {known}", did_you_mean(*nearest))]
    Unknown {
        /// The name given.
        name: String,
        /// The name that looks most like it.
        nearest: Option<&'static str>,
        /// The names there are.
        known: String,
    },
    /// A value of another kind.
    #[error("{name} = {value:?} is not {kind}: give {range}{}", of_unit(unit))]
    WrongType {
        /// The parameter.
        name: &'static str,
        /// The value given.
        value: String,
        /// What it should be.
        kind: Kind,
        /// Which values there are.
        range: Range,
        /// Their unit.
        unit: &'static str,
    },
    /// A value of the right kind that is too small, too large or not among the choices.
    #[error("{name} = {value} is out of range: give {range}{}", of_unit(unit))]
    OutOfRange {
        /// The parameter.
        name: &'static str,
        /// The value given.
        value: String,
        /// Which values there are.
        range: Range,
        /// Their unit.
        unit: &'static str,
    },
    /// Values that do not go together.
    #[error("{0}")]
    Conflict(String),
    /// The strategy asks for a parameter that its entry does not declare: a fault of the strategy.
    #[error("the strategy reads {0}, which its entry does not declare with that kind: declare it")]
    Undeclared(&'static str),
}

#[derive(Debug, Clone, Copy)]
enum Value {
    Integer(i64),
    Decimal(f64),
    Word(&'static str),
}

/// The values of every parameter of a strategy, checked against its specification.
#[derive(Debug, Clone)]
pub struct Params {
    values: BTreeMap<&'static str, Value>,
    symbols: Vec<SymbolId>,
}

impl ParamSpec {
    /// A whole number.
    pub const fn integer(
        name: &'static str,
        default: &'static str,
        (least, most): (i64, i64),
        unit: &'static str,
        doc: &'static str,
    ) -> Self {
        let range = Range::Integers(least, most);
        Self { name, kind: Kind::Integer, default, range, unit, doc }
    }

    /// A decimal number.
    pub const fn decimal(
        name: &'static str,
        default: &'static str,
        (least, most): (f64, f64),
        unit: &'static str,
        doc: &'static str,
    ) -> Self {
        let range = Range::Decimals(least, most);
        Self { name, kind: Kind::Decimal, default, range, unit, doc }
    }

    /// One of a few words.
    pub const fn choice(
        name: &'static str,
        default: &'static str,
        words: &'static [&'static str],
        doc: &'static str,
    ) -> Self {
        Self { name, kind: Kind::Choice, default, range: Range::Words(words), unit: "", doc }
    }

    fn parse(&self, text: &str) -> Result<Value, Mistake> {
        let text = text.trim();
        let (name, value, range, unit) = (self.name, text.to_owned(), self.range, self.unit);
        let wrong_type =
            || Mistake::WrongType { name, value: value.clone(), kind: self.kind, range, unit };
        let (parsed, inside) = match range {
            Range::Integers(least, most) => {
                let number: i64 = text.parse().map_err(|_| wrong_type())?;
                (Value::Integer(number), least <= number && number <= most)
            }
            Range::Decimals(least, most) => {
                let number: f64 = text.parse().map_err(|_| wrong_type())?;
                (Value::Decimal(number), least <= number && number <= most)
            }
            Range::Words(words) => {
                let word = words.iter().find(|word| **word == text).copied();
                (Value::Word(word.unwrap_or_default()), word.is_some())
            }
        };
        if inside { Ok(parsed) } else { Err(Mistake::OutOfRange { name, value, range, unit }) }
    }
}

impl Params {
    /// Reads every value, taking defaults for what is not given.
    ///
    /// # Errors
    /// Every mistake there is, not only the first.
    pub fn resolve(
        specs: &[ParamSpec],
        given: &BTreeMap<String, String>,
    ) -> Result<Self, Vec<Mistake>> {
        let mut mistakes: Vec<Mistake> = given
            .keys()
            .filter(|name| specs.iter().all(|spec| spec.name != **name))
            .map(|name| unknown(name, specs))
            .collect();
        let mut values = BTreeMap::new();
        for spec in specs {
            match spec.parse(given.get(spec.name).map_or(spec.default, String::as_str)) {
                Ok(value) => drop(values.insert(spec.name, value)),
                Err(mistake) => mistakes.push(mistake),
            }
        }
        if mistakes.is_empty() { Ok(Self { values, symbols: Vec::new() }) } else { Err(mistakes) }
    }

    /// The same, for a strategy that trades these symbols.
    pub(crate) fn of(self, symbols: Vec<SymbolId>) -> Self {
        Self { symbols, ..self }
    }

    /// The symbols that the strategy trades: those that its parameter `symbols` names, in that
    /// order, else all of the session.
    pub fn symbols(&self) -> &[SymbolId] {
        &self.symbols
    }

    /// A whole number.
    ///
    /// # Errors
    /// When the strategy's entry does not declare it as one.
    pub fn integer(&self, name: &'static str) -> Result<i64, Mistake> {
        match self.values.get(name) {
            Some(Value::Integer(value)) => Ok(*value),
            _ => Err(Mistake::Undeclared(name)),
        }
    }

    /// A number of bars to look back on.
    ///
    /// # Errors
    /// When the strategy's entry does not declare it as a whole number from 1.
    pub fn period(&self, name: &'static str) -> Result<Period, Mistake> {
        let bars = usize::try_from(self.integer(name)?).ok().and_then(Period::new);
        bars.ok_or(Mistake::Undeclared(name))
    }

    /// A decimal number.
    ///
    /// # Errors
    /// When the strategy's entry does not declare it as one.
    pub fn decimal(&self, name: &'static str) -> Result<f64, Mistake> {
        match self.values.get(name) {
            Some(Value::Decimal(value)) => Ok(*value),
            _ => Err(Mistake::Undeclared(name)),
        }
    }

    /// One of the words of a choice.
    ///
    /// # Errors
    /// When the strategy's entry does not declare it as a choice.
    pub fn choice(&self, name: &'static str) -> Result<&'static str, Mistake> {
        match self.values.get(name) {
            Some(Value::Word(word)) => Ok(word),
            _ => Err(Mistake::Undeclared(name)),
        }
    }

    /// Every parameter and its value as text, defaults included.
    pub fn texts(&self) -> impl Iterator<Item = (&'static str, String)> {
        self.values.iter().map(|(name, value)| (*name, value.to_string()))
    }
}

impl fmt::Display for Value {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Integer(value) => value.fmt(out),
            Value::Decimal(value) => value.fmt(out),
            Value::Word(word) => word.fmt(out),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Kind::Integer => "a whole number",
            Kind::Decimal => "a number",
            Kind::Choice => "one of its words",
        })
    }
}

impl fmt::Display for Range {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Range::Integers(least, most) => write!(out, "{least} to {most}"),
            Range::Decimals(least, most) => write!(out, "{least} to {most}"),
            Range::Words(words) => out.write_str(&words.join(" or ")),
        }
    }
}

fn unknown(name: &str, specs: &[ParamSpec]) -> Mistake {
    let names: Vec<&str> = specs.iter().map(|spec| spec.name).collect();
    let nearest = nearest(name, specs.iter().map(|spec| spec.name));
    Mistake::Unknown { name: name.into(), nearest, known: names.join(", ") }
}

/// The word that a mistyped one was probably meant to be.
pub(crate) fn nearest(
    typed: &str,
    words: impl Iterator<Item = &'static str>,
) -> Option<&'static str> {
    words
        .map(|word| (strsim::damerau_levenshtein(typed, word), word))
        .filter(|(distance, word)| *distance <= word.len().div_ceil(2))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

pub(crate) fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |word| format!(" (did you mean {word}?)"))
}

fn of_unit(unit: &str) -> String {
    if unit.is_empty() { String::new() } else { format!(" {unit}") }
}
