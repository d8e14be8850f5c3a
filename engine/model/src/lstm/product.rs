//! Products of matrices whose right factor is a whole number of wides across.

use crate::simd::{Kernel, Left, Right, Simd, To, WIDE};

/// `rows` by `wides * WIDE` entries, each a sum over `steps`.
pub(super) struct Product<'a> {
    pub rows: usize,
    pub wides: usize,
    pub steps: usize,
    pub left: Left<'a>,
    pub right: Right<'a>,
    pub to: To<'a>,
}

impl Kernel for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        match S::TILE_ROWS {
            8 => tiles::<S, 8>(simd, self),
            2 => tiles::<S, 2>(simd, self),
            _ => tiles::<S, 1>(simd, self),
        }
    }
}

/// Tiles of so many rows, and the rows that are left over one by one. The right factor's wides are
/// the outer loop, so that one of them stays in the cache for all rows.
#[inline(always)]
fn tiles<S: Simd, const ROWS: usize>(simd: S, product: Product<'_>) {
    let Product { rows, wides, steps, left, right, to } = product;
    for wide in 0..wides {
        let right = Right { data: from(right.data, wide * right.wide), ..right };
        let mut row = 0;
        while row < rows {
            let left = Left { data: from(left.data, row * left.row), ..left };
            let place = to.data.get_mut(row * to.row + wide * WIDE..).unwrap_or_default();
            let place = To { data: place, row: to.row, adds: to.adds };
            if row + ROWS <= rows {
                simd.tile::<ROWS, 1>(left, right, steps, place);
                row += ROWS;
            } else {
                simd.tile::<1, 1>(left, right, steps, place);
                row += 1;
            }
        }
    }
}

/// A row times a matrix, added to a row: `to += left * right`, several wides at once.
///
/// Turned, it takes the wides from the last to the first: when the same matrix comes again and again,
/// every second time turned, what is still in the cache is used first. The sums are the same.
pub(super) struct RowProduct<'a> {
    pub is_turned: bool,
    pub wides: usize,
    pub left: &'a [f32],
    pub right: Right<'a>,
    pub to: &'a mut [f32],
}

impl Kernel for RowProduct<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        match S::ROW_WIDES {
            4 => wides::<S, 4>(simd, self),
            2 => wides::<S, 2>(simd, self),
            _ => wides::<S, 1>(simd, self),
        }
    }
}

#[inline(always)]
fn wides<S: Simd, const COLUMNS: usize>(simd: S, product: RowProduct<'_>) {
    let RowProduct { is_turned, wides, left, right, to } = product;
    let groups = wides.div_ceil(COLUMNS);
    for group in 0..groups {
        let first = COLUMNS * if is_turned { groups - 1 - group } else { group };
        if first + COLUMNS <= wides {
            strip::<S, COLUMNS>(simd, left, right, to, first);
        } else {
            for wide in first..wides {
                strip::<S, 1>(simd, left, right, to, wide);
            }
        }
    }
}

/// So many wides of a row's product, from one of them on.
#[inline(always)]
fn strip<S: Simd, const COLUMNS: usize>(
    simd: S,
    left: &[f32],
    right: Right<'_>,
    to: &mut [f32],
    first: usize,
) {
    let right = Right { data: from(right.data, first * right.wide), ..right };
    let place = to.get_mut(first * WIDE..).unwrap_or_default();
    let (steps, left) = (left.len(), Left { data: left, row: 0, step: 1 });
    simd.tile::<1, COLUMNS>(left, right, steps, To { data: place, row: 0, adds: true });
}

/// What follows a place; nothing beyond the end, which a tile refuses.
#[inline(always)]
fn from(data: &[f32], place: usize) -> &[f32] {
    data.get(place..).unwrap_or_default()
}

/// A matrix of `rows` rows, each `columns` long, wide by wide: wide `w` of row `r` begins at
/// `(w * rows + r) * WIDE`. What is missing of the last wide is zero.
#[derive(Debug, Clone, Default)]
pub(super) struct Panels {
    data: Vec<f32>,
    rows: usize,
    wides: usize,
}

impl Panels {
    /// Takes a new matrix, wide by wide, into the same memory: `entries` is given the row and the
    /// number of the wide, and writes into zeros.
    pub fn fill(
        &mut self,
        rows: usize,
        wides: usize,
        mut entries: impl FnMut(usize, usize, &mut [f32; WIDE]),
    ) {
        (self.rows, self.wides) = (rows, wides);
        self.data.clear();
        self.data.resize(rows * wides * WIDE, 0.0);
        let (chunks, _) = self.data.as_chunks_mut::<WIDE>();
        for (at, chunk) in chunks.iter_mut().enumerate() {
            entries(at % rows, at / rows, chunk);
        }
    }

    /// As the right factor, its rows being the steps of the sum.
    pub fn right(&self) -> Right<'_> {
        Right { data: &self.data, wide: self.rows * WIDE, step: WIDE }
    }

    /// From a row on.
    pub fn right_from(&self, row: usize) -> Right<'_> {
        Right { data: from(&self.data, row * WIDE), ..self.right() }
    }

    /// Rows.
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// Wides across.
    pub const fn wides(&self) -> usize {
        self.wides
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::{Level, dispatch_at};

    #[test]
    fn a_product_is_the_sum_of_products_whatever_the_level_and_the_number_of_rows() {
        let (steps, columns) = (13, 64);
        let right: Vec<f32> = (0..steps * columns).map(|at| ((at * 7) % 11) as f32 - 5.0).collect();
        let mut panels = Panels::default();
        panels.fill(steps, columns / WIDE, |row, wide, to| {
            to.copy_from_slice(&right[row * columns + wide * WIDE..][..WIDE]);
        });
        for level in [Level::Portable, Level::Avx2, Level::Avx512] {
            for rows in 1..20 {
                let left: Vec<f32> = (0..rows * steps).map(|at| ((at * 5) % 7) as f32).collect();
                let mut out = vec![1.0; rows * columns];
                let to = To { data: &mut out, row: columns, adds: true };
                let left_factor = Left { data: &left, row: steps, step: 1 };
                let (right_factor, wides) = (panels.right(), panels.wides());
                let product =
                    Product { rows, wides, steps, left: left_factor, right: right_factor, to };
                dispatch_at(level, product);
                let mut again = vec![1.0; columns];
                let row = RowProduct {
                    is_turned: rows % 2 == 0,
                    wides,
                    left: &left[..steps],
                    right: right_factor,
                    to: &mut again,
                };
                dispatch_at(level, row);
                assert_eq!(again, out[..columns]);
                for (row, column) in (0..rows).flat_map(|row| (0..columns).map(move |c| (row, c))) {
                    let sum: f32 = (0..steps)
                        .map(|step| left[row * steps + step] * right[step * columns + column])
                        .sum();
                    assert_eq!(out[row * columns + column], 1.0 + sum, "{level:?} {row} {column}");
                }
            }
        }
    }
}
