//! Every order there ever was, and which of them are open.

use crate::ids::{digest, place_in};
use crate::matching::Stance;
use crate::{OrderId, OrderRow};
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
    /// Places by the digest of their client ids, or the next free number after it.
    by_client_id: BTreeMap<u64, usize>,
    open: Vec<usize>,
}

impl Book {
    pub(crate) fn add(&mut self, entry: Entry) -> usize {
        let place = self.entries.len();
        let mut key = digest(&entry.row.client_order_id);
        while self.by_client_id.contains_key(&key) {
            key = key.wrapping_add(1);
        }
        self.by_client_id.insert(key, place);
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

    /// The place that the next order gets.
    pub(crate) fn next_place(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn place(&self, id: OrderId) -> Option<usize> {
        let place = usize::try_from(place_in(id)).ok()?;
        self.entries.get(place).filter(|entry| entry.row.id == id).map(|_| place)
    }

    pub(crate) fn place_by_client_id(&self, id: &str) -> Option<usize> {
        let mut key = digest(id);
        while let Some(&place) = self.by_client_id.get(&key) {
            if self.entries.get(place).is_some_and(|entry| &*entry.row.client_order_id == id) {
                return Some(place);
            }
            key = key.wrapping_add(1);
        }
        None
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
