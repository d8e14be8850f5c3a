//! The newest numbers of a series.

/// The last `capacity` numbers, the oldest falling out.
#[derive(Debug, Clone)]
pub(super) struct Ring {
    slots: Box<[f64]>,
    /// Where the next number goes: the place of the oldest, once all are taken.
    next: usize,
    full: bool,
}

impl Ring {
    pub(super) fn new(capacity: usize) -> Self {
        Self { slots: vec![0.0; capacity].into(), next: 0, full: false }
    }

    /// Takes in the newest number; the one that fell out for it, once it was full.
    #[inline]
    pub(super) fn push(&mut self, number: f64) -> Option<f64> {
        let slot = self.slots.get_mut(self.next)?;
        let oldest = std::mem::replace(slot, number);
        let fell = self.full.then_some(oldest);
        self.next += 1;
        if self.next == self.slots.len() {
            self.next = 0;
            self.full = true;
        }
        fell
    }

    #[inline]
    pub(super) const fn is_full(&self) -> bool {
        self.full
    }

    /// Whether the newest number has taken the last place: every number in it was pushed since the first
    /// place was taken.
    #[inline]
    pub(super) const fn is_at_start(&self) -> bool {
        self.next == 0
    }

    pub(super) const fn capacity(&self) -> usize {
        self.slots.len()
    }

    /// The numbers in it, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = f64> + '_ {
        let count = if self.full { self.slots.len() } else { self.next };
        self.slots.iter().take(count).copied()
    }

    /// Multiplies every number in it.
    pub(super) fn scale(&mut self, factor: f64) {
        self.slots.iter_mut().for_each(|slot| *slot *= factor);
    }
}
