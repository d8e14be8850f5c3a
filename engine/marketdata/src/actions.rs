//! What companies do to their shares: splits and cash dividends, exactly.

use crate::calendar::Date;
use crate::{Fault, MarketDataFileError};
use kernel::Price;
use std::collections::BTreeMap;
use std::path::Path;

const NEEDED: &str = "symbol,ex_date,type,ratio_or_cash";
const RATIO: &str = "new shares per old share, a number above zero such as 7, 0.125 or 1/3";
const CASH: &str = "USD per share, a number above zero";

/// What happens to a share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Old shares become new ones: so many new for so many old, in lowest terms.
    Split {
        /// New shares.
        new: u64,
        /// Old shares.
        old: u64,
    },
    /// Cash per share as of that day, not adjusted for later splits.
    Dividend(Price),
}

impl Action {
    /// So many new shares for so many old ones, neither of them zero, in lowest terms.
    pub fn split(new: u64, old: u64) -> Self {
        let divisor = greatest_common_divisor(new, old);
        Action::Split { new: new / divisor, old: old / divisor }
    }

    /// As a file says it: `type` and `ratio_or_cash`.
    fn columns(&self) -> (&'static str, String) {
        match self {
            Action::Dividend(cash) => ("dividend", cash.to_string()),
            Action::Split { new, old } => {
                let nanos = u128::from(*new) * u128::from(kernel::SCALE.unsigned_abs());
                let old = u128::from((*old).max(1));
                // What nine digits after the point do not hold stays a fraction.
                let ratio = i64::try_from(nanos / old).ok().filter(|_| nanos % old == 0);
                let ratio = ratio.map(|ratio| Price::from_nanos(ratio).to_string());
                ("split", ratio.unwrap_or_else(|| format!("{new}/{old}")))
            }
        }
    }
}

/// The actions of every symbol, by the first day that trades without the dividend or after the
/// split.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CorporateActions {
    by_symbol: BTreeMap<Box<str>, Vec<(Date, Action)>>,
}

impl CorporateActions {
    /// Reads a file with the columns `symbol,ex_date,type,ratio_or_cash`. `type` is `split`, whose
    /// ratio is new shares per old share as a number or a fraction, or `dividend`.
    ///
    /// # Errors
    /// The first mistake found, with its row and column.
    pub fn from_csv(path: &Path) -> Result<Self, MarketDataFileError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| MarketDataFileError::file(path, Fault::Unreadable(error)))?;
        let error = |row, column, fault| MarketDataFileError {
            file: path.into(),
            row: Some(row),
            column: Some(column),
            fault,
        };
        let mut lines = (1..).zip(text.lines());
        if lines.next().is_none_or(|(_, header)| header.trim() != NEEDED) {
            let fault = Fault::MissingColumn { kind: "corporate actions", needed: NEEDED };
            return Err(error(1, "symbol", fault));
        }
        let mut actions = Self::default();
        for (row, line) in lines {
            let (symbol, date, action) =
                parse(line).map_err(|(column, fault)| error(row, column, fault))?;
            actions.by_symbol.entry(symbol).or_default().push((date, action));
        }
        actions.by_symbol.values_mut().for_each(|list| list.sort_by_key(|(date, _)| *date));
        Ok(actions)
    }

    /// Adds an action on its ex-day.
    pub fn add(&mut self, symbol: &str, ex_day: Date, action: Action) {
        let list = self.by_symbol.entry(symbol.into()).or_default();
        let place = list.partition_point(|(day, _)| *day <= ex_day);
        list.insert(place, (ex_day, action));
    }

    /// As the file that [`CorporateActions::from_csv`] reads.
    pub fn to_csv(&self) -> String {
        let mut text = format!("{NEEDED}\n");
        for (symbol, list) in &self.by_symbol {
            for (day, action) in list {
                let (kind, value) = action.columns();
                text.push_str(&format!("{symbol},{day},{kind},{value}\n"));
            }
        }
        text
    }

    /// The actions of a symbol in the order of their dates.
    pub fn of(&self, symbol: &str) -> &[(Date, Action)] {
        self.by_symbol.get(symbol).map(Vec::as_slice).unwrap_or_default()
    }

    /// The actions of a symbol on a day.
    pub fn on(&self, symbol: &str, day: Date) -> impl Iterator<Item = Action> + '_ {
        let list = self.of(symbol);
        let from = list.partition_point(|(date, _)| *date < day);
        let rest = list.get(from..).unwrap_or_default();
        rest.iter().take_while(move |(date, _)| *date == day).map(|(_, action)| *action)
    }
}

type Wrong = (&'static str, Fault);

fn parse(line: &str) -> Result<(Box<str>, Date, Action), Wrong> {
    let mut fields = line.split(',');
    let mut field = || fields.next().unwrap_or_default().trim();
    let (symbol, date, kind, value) = (field(), field(), field(), field());
    let day = date.parse().map_err(|_| ("ex_date", Fault::Date(date.into())))?;
    let number = |expected| {
        let parsed = value.parse::<Price>();
        let number = parsed.map_err(|reason| {
            ("ratio_or_cash", Fault::Number { text: value.into(), expected, reason })
        })?;
        match number.is_positive() {
            true => Ok(number),
            false => Err(("ratio_or_cash", Fault::Range { value: value.into(), expected })),
        }
    };
    let action = match kind {
        "split" => match value.split_once('/') {
            Some((new, old)) => fraction(new, old).ok_or_else(|| {
                ("ratio_or_cash", Fault::Range { value: value.into(), expected: RATIO })
            })?,
            None => split(number(RATIO)?),
        },
        "dividend" => Action::Dividend(number(CASH)?),
        found => {
            let fault = Fault::Word { found: found.into(), expected: "split or dividend" };
            return Err(("type", fault));
        }
    };
    Ok((symbol.into(), day, action))
}

/// A ratio of at most nine digits after the point: a third written so is that many billionths.
fn split(ratio: Price) -> Action {
    Action::split(ratio.nanos().unsigned_abs(), kernel::SCALE.unsigned_abs())
}

/// A ratio as a fraction of whole shares.
fn fraction(new: &str, old: &str) -> Option<Action> {
    let (new, old): (u64, u64) = (new.trim().parse().ok()?, old.trim().parse().ok()?);
    (new > 0 && old > 0).then(|| Action::split(new, old))
}

fn greatest_common_divisor(one: u64, other: u64) -> u64 {
    if other == 0 { one.max(1) } else { greatest_common_divisor(other, one % other) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let mut actions = CorporateActions::default();
        let day = |text: &str| text.parse::<Date>().unwrap();
        actions.add("B", day("2021-08-02"), Action::split(1, 8));
        actions.add("A", day("2020-08-31"), Action::split(4_000_000_000, 1_000_000_000));
        actions.add("A", day("2020-08-07"), Action::Dividend("0.82".parse().unwrap()));
        actions.add("A", day("2022-01-03"), Action::split(2, 6));
        let text = "symbol,ex_date,type,ratio_or_cash\nA,2020-08-07,dividend,0.82\n\
                    A,2020-08-31,split,4\nA,2022-01-03,split,1/3\nB,2021-08-02,split,0.125\n";
        assert_eq!(actions.to_csv(), text);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("actions.csv");
        std::fs::write(&file, text).unwrap();
        assert_eq!(CorporateActions::from_csv(&file).unwrap(), actions);
        for wrong in ["1/0", "0/3", "-1/3", "a/b", "1/3/2"] {
            std::fs::write(&file, format!("{NEEDED}\nA,2020-08-07,split,{wrong}\n")).unwrap();
            let error = CorporateActions::from_csv(&file).unwrap_err();
            assert_eq!((error.row, error.column), (Some(2), Some("ratio_or_cash")), "{wrong}");
        }
    }
}
