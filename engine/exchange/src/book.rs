//! Every order there ever was, and which of them are open.

use crate::ids::{digest, place_in};
use crate::matching::Stance;
use crate::matching::trail::Trailing;
use crate::{OrderId, OrderRow};
use kernel::{Cash, Notional, OrderStatus, Price, Rounding, Timestamp};
use std::collections::BTreeMap;

/// An order with what the exchange knows beside what it shows.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub row: OrderRow,
    /// How it stands towards the market now.
    pub stance: Stance,
    /// A trailing stop that has not triggered.
    pub trailing: Option<Trailing>,
    /// From when on the market may fill it; `None` while it is not in the market.
    pub eligible_at: Option<Timestamp>,
    /// Whether no trade has been held against it yet.
    pub fresh: bool,
    /// USD a share that buying power is reduced by while it is open; zero for one that closes.
    pub reserve: Price,
    /// Price times quantity of what has filled.
    pub filled_value: Notional,
    /// The group it belongs to, by its place in the book.
    pub group: Option<usize>,
}

/// Orders that belong together, by their places in the book.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Group {
    /// What must fill wholly before the exits work; an OCO has none.
    pub entry: Option<usize>,
    /// Exits, of which one excludes the other: take-profit before stop-loss.
    pub exits: [Option<usize>; 2],
    /// Whether the exits are in the market.
    pub started: bool,
}

impl Group {
    /// Its orders.
    pub(crate) fn members(&self) -> impl Iterator<Item = usize> + use<> {
        let [first, second] = self.exits;
        [self.entry, first, second].into_iter().flatten()
    }

    /// Puts an order in the place of another.
    fn swap(&mut self, old: usize, new: usize) {
        let [first, second] = &mut self.exits;
        for place in [&mut self.entry, first, second].into_iter().flatten() {
            if *place == old {
                *place = new;
            }
        }
    }
}

impl Entry {
    /// What it keeps off buying power while it is open.
    pub(crate) fn reserved(&self) -> Cash {
        match self.row.notional {
            Some(usd) if self.row.opens => {
                let spent = self.filled_value.to_cash(Rounding::Down).unwrap_or(Cash::ZERO);
                usd.checked_sub(spent).unwrap_or(Cash::ZERO).max(Cash::ZERO)
            }
            Some(_) => Cash::ZERO,
            None => crate::account::value_of(self.reserve, self.row.leaves()),
        }
    }

    /// Whether it waits for another order of its group, and is in no market.
    pub(crate) fn is_held(&self) -> bool {
        self.row.status == OrderStatus::Held && self.eligible_at.is_none()
    }
}

/// All orders, in order of arrival. Orders are never removed: a client id is taken for ever.
#[derive(Debug, Clone, Default)]
pub(crate) struct Book {
    entries: Vec<Entry>,
    /// Places by the digest of their client ids, or the next free number after it.
    by_client_id: BTreeMap<u64, usize>,
    open: Vec<usize>,
    groups: Vec<Group>,
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

    pub(crate) fn add_group(&mut self, group: Group) {
        let number = self.groups.len();
        for member in group.members() {
            if let Some(entry) = self.entries.get_mut(member) {
                entry.group = Some(number);
            }
        }
        self.groups.push(group);
    }

    /// The group of an order.
    pub(crate) fn group_of(&self, place: usize) -> Option<Group> {
        self.groups.get(self.entries.get(place)?.group?).copied()
    }

    /// Notes that the exits of an order's group work.
    pub(crate) fn start_group_of(&mut self, place: usize) {
        let number = self.entries.get(place).and_then(|entry| entry.group);
        if let Some(group) = number.and_then(|number| self.groups.get_mut(number)) {
            group.started = true;
        }
    }

    /// Puts an order where another stands in its group, and in the links between their rows.
    pub(crate) fn take_over_group(&mut self, old: usize, new: usize) {
        let Some(number) = self.entries.get(old).and_then(|entry| entry.group) else {
            return;
        };
        let ids = [old, new].map(|place| self.entries.get(place).map(|entry| entry.row.id));
        let (Some(group), [Some(old_id), Some(new_id)]) = (self.groups.get_mut(number), ids) else {
            return;
        };
        group.swap(old, new);
        let legs = self.entries.get(old).map_or([None; 2], |entry| entry.row.legs);
        if let Some(entry) = self.entries.get_mut(new) {
            (entry.group, entry.row.legs) = (Some(number), legs);
        }
        for member in self.groups.get(number).iter().flat_map(|group| group.members()) {
            let Some(entry) = self.entries.get_mut(member) else { continue };
            let links = entry.row.legs.iter_mut().chain([&mut entry.row.parent]).flatten();
            links.filter(|link| **link == old_id).for_each(|link| *link = new_id);
        }
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
