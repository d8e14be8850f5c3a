//! The asset object.

use crate::AssetRow;
use serde::Serialize;

/// Where every asset of the venue is listed. Files do not say, and clients need one of the names
/// they know.
pub(crate) const EXCHANGE: &str = "NYSE";

/// An asset. Source: Alpaca, Trading API 2.0.1, `Assets`.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct AssetJson {
    id: String,
    class: &'static str,
    exchange: &'static str,
    symbol: String,
    name: String,
    status: &'static str,
    tradable: bool,
    marginable: bool,
    shortable: bool,
    easy_to_borrow: bool,
    borrow_status: &'static str,
    fractionable: bool,
    attributes: Vec<&'static str>,
}

/// The asset object of a row.
pub(crate) fn asset(row: &AssetRow) -> AssetJson {
    let easy = row.rules.easy_to_borrow;
    AssetJson {
        id: row.id.clone(),
        class: "us_equity",
        exchange: EXCHANGE,
        symbol: row.name.clone(),
        name: row.name.clone(),
        status: "active",
        tradable: row.rules.tradable,
        marginable: row.rules.marginable,
        shortable: row.rules.shortable,
        easy_to_borrow: easy,
        borrow_status: if easy { "easy_to_borrow" } else { "hard_to_borrow" },
        fractionable: row.rules.fractionable,
        attributes: if row.rules.fractional_extended_hours {
            vec!["fractional_eh_enabled"]
        } else {
            Vec::new()
        },
    }
}
