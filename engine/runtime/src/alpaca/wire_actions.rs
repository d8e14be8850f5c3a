//! Splits, new names and dividends as the market data interface lists them.

use super::wire::Loose;
use serde::Deserialize;

/// A page of GET `/v1/corporate-actions`, as far as shares are split, renamed or pay.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct ActionsPage<'a> {
    pub corporate_actions: ActionLists<'a>,
    pub next_page_token: Loose<'a>,
}

/// The lists of [`ActionsPage`]; one that is absent or `null` is empty.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct ActionLists<'a> {
    pub forward_splits: Option<Vec<ActionWire<'a>>>,
    pub reverse_splits: Option<Vec<ActionWire<'a>>>,
    pub name_changes: Option<Vec<ActionWire<'a>>>,
    pub cash_dividends: Option<Vec<ActionWire<'a>>>,
}

/// A split, a new name, or cash for each share.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct ActionWire<'a> {
    pub id: Loose<'a>,
    pub symbol: Loose<'a>,
    pub old_symbol: Loose<'a>,
    pub new_symbol: Loose<'a>,
    pub new_rate: Loose<'a>,
    pub old_rate: Loose<'a>,
    pub rate: Loose<'a>,
    pub process_date: Loose<'a>,
    pub ex_date: Loose<'a>,
}
