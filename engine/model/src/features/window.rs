//! The last rows of features that follow each other without a hole.

/// The last rows, as one slice.
#[derive(Debug, Clone)]
pub struct Window {
    /// Twice as many rows as the window has, so that they are moved once in a window's length.
    numbers: Vec<f32>,
    length: usize,
}

impl Window {
    /// Of so many rows of so many columns.
    pub fn new(rows: usize, columns: usize) -> Self {
        Self { numbers: Vec::with_capacity(2 * rows * columns), length: rows * columns }
    }

    /// Adds a row, written by `write`; gives the window once it is full.
    pub fn push(&mut self, write: impl FnOnce(&mut Vec<f32>)) -> Option<&[f32]> {
        if self.numbers.len() >= 2 * self.length {
            let last = self.numbers.len() - self.length;
            self.numbers.drain(..last);
        }
        write(&mut self.numbers);
        let start = self.numbers.len().checked_sub(self.length)?;
        self.numbers.get(start..)
    }

    /// Begins anew: a row had no value.
    pub fn clear(&mut self) {
        self.numbers.clear();
    }
}
