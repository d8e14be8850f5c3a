//! Weights laid out for the products of whole batches.

use super::product::Panels;
use super::{GATES, Shape, Weights};
use crate::simd::WIDE;

/// Sizes in which the units of a layer fill whole wides; what is added is zero and stays zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Padded {
    pub shape: Shape,
    /// Units of a layer.
    pub units: usize,
}

impl Padded {
    pub const fn new(shape: Shape) -> Self {
        Self { shape, units: shape.drawn_units() }
    }

    /// Numbers that a layer takes in at each step.
    pub const fn inputs(&self, layer: usize) -> usize {
        if layer == 0 { self.shape.features } else { self.units }
    }

    /// Rows of a layer's matrix: inputs, bias, outputs of the step before.
    pub const fn rows(&self, layer: usize) -> usize {
        self.inputs(layer) + 1 + self.units
    }

    /// Columns of a layer's matrix.
    pub const fn columns(&self) -> usize {
        GATES * self.units
    }

    /// The row of the weights that a padded row is; none where it was added.
    pub fn row(&self, layer: usize, padded: usize) -> Option<usize> {
        let (inputs, hidden) = (self.inputs(layer), self.shape.hidden);
        let given = self.shape.inputs(layer);
        if padded < inputs {
            (padded < given).then_some(padded)
        } else if padded == inputs {
            Some(given)
        } else {
            let unit = padded - inputs - 1;
            (unit < hidden).then_some(given + 1 + unit)
        }
    }

    /// The first column of the weights that a wide of padded columns holds, and how many of them.
    pub const fn wide(&self, wide: usize) -> (usize, usize) {
        let (gate, unit) = (wide * WIDE / self.units, wide * WIDE % self.units);
        let left = self.shape.hidden.saturating_sub(unit);
        (gate * self.shape.hidden + unit, if left < WIDE { left } else { WIDE })
    }
}

/// A layer's weights, forward and backward.
#[derive(Debug, Clone, Default)]
pub(super) struct PackedLayer {
    /// Rows are the steps: inputs, bias, outputs before.
    pub forward: Panels,
    /// From gates to the outputs before.
    pub to_hidden: Panels,
    /// From gates to the inputs; empty for the first layer, whose inputs have no gradient.
    pub to_inputs: Panels,
}

/// All weights, forward and backward, and the head as it is.
#[derive(Debug, Clone)]
pub(super) struct Packed {
    pub sizes: Padded,
    pub layers: Vec<PackedLayer>,
    pub head: Vec<f32>,
}

impl Packed {
    pub fn new(weights: &Weights) -> Self {
        let sizes = Padded::new(weights.shape);
        let layers = vec![PackedLayer::default(); weights.shape.layers];
        let mut packed = Self { sizes, layers, head: Vec::new() };
        packed.take(weights);
        packed
    }

    /// Takes other weights of the same shape.
    pub fn take(&mut self, weights: &Weights) {
        let sizes = self.sizes;
        for (number, (layer, matrix)) in self.layers.iter_mut().zip(&weights.layers).enumerate() {
            layer.fill_forward(sizes, number, matrix);
            layer.to_hidden = take_transposed(&mut layer.to_hidden, sizes, number, matrix, true);
            if number > 0 {
                layer.to_inputs =
                    take_transposed(&mut layer.to_inputs, sizes, number, matrix, false);
            }
        }
        self.head.clone_from(&weights.head);
    }
}

impl PackedLayer {
    /// What inference needs.
    pub fn fill_forward(&mut self, sizes: Padded, number: usize, matrix: &[f32]) {
        let columns = sizes.shape.columns();
        let wides = sizes.columns() / WIDE;
        self.forward.fill(sizes.rows(number), wides, |padded, wide, to| {
            let (first, count) = sizes.wide(wide);
            let row = sizes.row(number, padded).and_then(|row| {
                let start = row * columns + first;
                matrix.get(start..start + count)
            });
            for (to, from) in to.iter_mut().zip(row.unwrap_or_default()) {
                *to = *from;
            }
        });
    }
}

/// The matrix from gates back to outputs (or inputs): rows are gates.
fn take_transposed(
    panels: &mut Panels,
    sizes: Padded,
    number: usize,
    matrix: &[f32],
    is_hidden: bool,
) -> Panels {
    let mut panels = std::mem::take(panels);
    let (shape, columns) = (sizes.shape, sizes.shape.columns());
    let first = if is_hidden { shape.inputs(number) + 1 } else { 0 };
    // Layers above the first take in `hidden` numbers, as many as they give out.
    panels.fill(sizes.columns(), sizes.units / WIDE, |gate, wide, to| {
        let (kind, unit) = (gate / sizes.units, gate % sizes.units);
        if unit >= shape.hidden {
            return;
        }
        let column = kind * shape.hidden + unit;
        let rows = wide * WIDE..((wide + 1) * WIDE).min(shape.hidden);
        for (to, row) in to.iter_mut().zip(rows) {
            *to = matrix.get((first + row) * columns + column).copied().unwrap_or_default();
        }
    });
    panels
}
