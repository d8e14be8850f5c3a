//! News from a file.

use crate::{Fault, MarketDataFileError};
use kernel::Timestamp;
use std::path::Path;

const NEEDED: &str = "time,symbol,headline";

/// A symbol is in the news.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewsItem {
    /// When it was published.
    pub time: Timestamp,
    /// Whom it is about.
    pub symbol: String,
    /// Its headline.
    pub headline: String,
}

/// Reads a CSV file with the columns `time,symbol,headline`, in any order of rows; gives them in the
/// order of time. Times are RFC 3339.
///
/// # Errors
/// The first mistake found, with its row and column.
pub fn read_news(path: &Path) -> Result<Vec<NewsItem>, MarketDataFileError> {
    let unreadable = |error| MarketDataFileError::file(path, Fault::Unreadable(error));
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let error = |row, column, fault| MarketDataFileError {
        file: path.into(),
        row: Some(row),
        column: Some(column),
        fault,
    };
    let mut rows = csv::ReaderBuilder::new().flexible(true).from_reader(file);
    let unfit = |found: &csv::Error| match found.kind() {
        csv::ErrorKind::Io(_) => Fault::Unreadable(std::io::Error::other(found.to_string())),
        _ => Fault::NotText,
    };
    let header = rows.headers().map_err(|found| error(1, "time", unfit(&found)))?;
    if header.iter().map(str::trim).ne(NEEDED.split(',')) {
        return Err(error(1, "time", Fault::MissingColumn { kind: "news", needed: NEEDED }));
    }
    let mut items = Vec::new();
    for (row, record) in (2..).zip(rows.records()) {
        let record = record.map_err(|found| error(row, "time", unfit(&found)))?;
        let mut fields = record.iter().map(str::trim);
        let (Some(time), Some(symbol), Some(headline), None) =
            (fields.next(), fields.next(), fields.next(), fields.next())
        else {
            let fault = Fault::FieldCount { found: record.len(), expected: 3 };
            return Err(error(row, "time", fault));
        };
        let time = time.parse().map_err(|_| error(row, "time", Fault::Time(time.into())))?;
        items.push(NewsItem { time, symbol: symbol.into(), headline: headline.into() });
    }
    items.sort_by_key(|item| item.time);
    Ok(items)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<NewsItem>, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("news.csv");
        std::fs::write(&path, text).unwrap();
        read_news(&path).map_err(|error| error.to_string())
    }

    #[test]
    fn rows_come_in_the_order_of_time_and_headlines_may_have_commas() {
        let items = read(
            "time,symbol,headline\n\
             2026-01-05T15:00:00Z,SPY,\"Rates, again\"\n\
             2026-01-05T09:30:00-05:00,QQQ,Earnings\n",
        );
        let items = items.unwrap();
        let told: Vec<(&str, &str)> =
            items.iter().map(|item| (&*item.symbol, &*item.headline)).collect();
        assert_eq!(told, [("QQQ", "Earnings"), ("SPY", "Rates, again")]);
        assert_eq!(items[0].time, "2026-01-05T14:30:00Z".parse().unwrap());
        assert_eq!(read("time,symbol,headline\n").unwrap(), []);
    }

    #[test]
    fn a_mistake_is_told_with_its_place() {
        for (text, expected) in [
            ("time,headline\n", "need the columns time,symbol,headline"),
            ("time,symbol,headline\n2026-01-05,SPY,x\n", "`2026-01-05` is not a time"),
            ("time,symbol,headline\n2026-01-05T15:00:00Z,SPY\n", "has 2 fields; expected 3"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
        assert!(read_news(Path::new("/nowhere/news.csv")).is_err());
    }
}
