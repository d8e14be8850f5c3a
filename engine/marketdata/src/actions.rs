//! What companies do to their shares: splits and cash dividends, exactly.

use crate::calendar::Date;
use crate::{Fault, MarketDataFileError};
use kernel::Price;
use std::collections::BTreeMap;
use std::path::Path;

const NEEDED: &str = "symbol,ex_date,type,ratio_or_cash";
const RATIO: &str = "new shares per old share, a number above zero such as 7 or 0.125";
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

/// The actions of every symbol, by the first day that trades without the dividend or after the
/// split.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CorporateActions {
    by_symbol: BTreeMap<Box<str>, Vec<(Date, Action)>>,
}

impl CorporateActions {
    /// Reads a file with the columns `symbol,ex_date,type,ratio_or_cash`. `type` is `split`, whose
    /// ratio is new shares per old share, or `dividend`.
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
        "split" => split(number(RATIO)?),
        "dividend" => Action::Dividend(number(CASH)?),
        found => {
            let fault = Fault::Word { found: found.into(), expected: "split or dividend" };
            return Err(("type", fault));
        }
    };
    Ok((symbol.into(), day, action))
}

/// A ratio of at most nine digits after the point, as a fraction in lowest terms. A third written
/// in decimals is that many billionths and not a third: no company divides shares so.
fn split(ratio: Price) -> Action {
    let (mut new, mut old) = (ratio.nanos().unsigned_abs(), kernel::SCALE.unsigned_abs());
    let divisor = greatest_common_divisor(new, old);
    (new, old) = (new / divisor, old / divisor);
    Action::Split { new, old }
}

fn greatest_common_divisor(one: u64, other: u64) -> u64 {
    if other == 0 { one.max(1) } else { greatest_common_divisor(other, one % other) }
}
