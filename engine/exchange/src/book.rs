//! Every order there ever was, and which of them are open.

use crate::OrderRow;
use crate::matching::Stance;
use kernel::{Notional, Price, Timestamp};
use std::collections::BTreeMap;

/// An order with what the exchange knows beside what it shows.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub row: OrderRow,
    /// How it stands towards the market now.
    pub stance: Stance,
    /// From when on the market may fill it; `None` while it is not in the market.
    pub eligible_at: Option<Timestamp>,
    /// Whether no trade has been held against it yet.
    pub fresh: bool,
    /// Whether it opens or grows a position.
    pub opens: bool,
    /// USD a share that buying power is reduced by while it is open; zero for one that closes.
    pub reserve: Price,
    /// Price times quantity of what has filled.
    pub filled_value: Notional,
}

/// All orders, in order of arrival. Orders are never removed: a client id is taken for ever.
#[derive(Debug, Clone, Default)]
pub(crate) struct Book {
    entries: Vec<Entry>,
    by_id: BTreeMap<String, usize>,
    by_client_id: BTreeMap<String, usize>,
    open: Vec<usize>,
}

impl Book {
    pub(crate) fn add(&mut self, entry: Entry) -> usize {
        let place = self.entries.len();
        self.by_id.insert(entry.row.id.clone(), place);
        self.by_client_id.insert(entry.row.client_order_id.clone(), place);
        self.open.push(place);
        self.entries.push(entry);
        place
    }

    pub(crate) fn get(&self, place: usize) -> Option<&Entry> {
        self.entries.get(place)
    }

    pub(crate) fn get_mut(&mut self, place: usize) -> Option<&mut Entry> {
        self.entries.get_mut(place)
    }

    pub(crate) fn place(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    pub(crate) fn place_by_client_id(&self, id: &str) -> Option<usize> {
        self.by_client_id.get(id).copied()
    }

    /// Orders that have not ended, in order of arrival.
    pub(crate) fn open(&self) -> impl Iterator<Item = (usize, &Entry)> {
        self.open.iter().filter_map(|&place| Some((place, self.entries.get(place)?)))
    }

    pub(crate) fn has_open(&self) -> bool {
        !self.open.is_empty()
    }

    /// Takes an order that has ended off the open ones.
    pub(crate) fn close(&mut self, place: usize) {
        self.open.retain(|&open| open != place);
    }

    pub(crate) fn rows(&self) -> impl DoubleEndedIterator<Item = &OrderRow> + ExactSizeIterator {
        self.entries.iter().map(|entry| &entry.row)
    }
}
