//! One window at a time, as fast as it goes.
#![allow(
    clippy::indexing_slicing,
    reason = "every buffer is made in `Inference::new` for the very sizes it is cut by"
)]

use super::Weights;
use super::gates::Forward;
use super::packed::{PackedLayer, Padded};
use super::product::{Product, RowProduct};
use crate::simd::{Left, To, WIDE, dispatch};

/// A network ready for single windows; it keeps its memory between them.
#[derive(Debug, Clone)]
pub struct Inference {
    sizes: Padded,
    steps: usize,
    layers: Vec<PackedLayer>,
    head: Vec<f32>,
    /// `[x, 1]` of every step.
    inputs: Vec<f32>,
    /// What each step's gates begin with.
    gates: Vec<f32>,
    /// A layer's outputs, step by step.
    hidden: Vec<f32>,
    cell: [Vec<f32>; 2],
    squashed: Vec<f32>,
}

impl Inference {
    /// For windows of so many steps.
    pub fn new(weights: &Weights, steps: usize) -> Self {
        let sizes = Padded::new(weights.shape);
        let layers = weights.layers.iter().enumerate().map(|(number, matrix)| {
            let mut layer = PackedLayer::default();
            layer.fill_forward(sizes, number, matrix);
            layer
        });
        let widest = (0..weights.shape.layers).map(|layer| sizes.inputs(layer) + 1).max();
        let units = vec![0.0; sizes.units];
        Self {
            sizes,
            steps,
            layers: layers.collect(),
            head: weights.head.clone(),
            inputs: vec![0.0; steps * widest.unwrap_or_default()],
            gates: vec![0.0; steps * sizes.columns()],
            hidden: vec![0.0; steps * sizes.units],
            cell: [units.clone(), units.clone()],
            squashed: units,
        }
    }

    /// The outputs for a window: one row of features a step, the oldest first.
    pub fn run(&mut self, window: &[f32]) -> Vec<f32> {
        for number in 0..self.layers.len() {
            self.take_inputs(number, window);
            self.run_layer(number);
        }
        let shape = self.sizes.shape;
        let last = &self.hidden[(self.steps - 1) * self.sizes.units..][..shape.hidden];
        let (factors, bias) = self.head.split_at(shape.hidden * shape.outputs);
        let mut outputs = bias.to_vec();
        for (unit, factors) in last.iter().zip(factors.chunks(shape.outputs)) {
            for (output, factor) in outputs.iter_mut().zip(factors) {
                *output += unit * factor;
            }
        }
        outputs
    }

    fn take_inputs(&mut self, number: usize, window: &[f32]) {
        let width = self.sizes.inputs(number);
        let from = if number == 0 { window } else { &self.hidden };
        let rows = self.inputs.chunks_mut(width + 1).zip(from.chunks(width));
        for (row, from) in rows.take(self.steps) {
            row[..width].copy_from_slice(from);
            row[width] = 1.0;
        }
    }

    fn run_layer(&mut self, number: usize) {
        let (units, columns) = (self.sizes.units, self.sizes.columns());
        let (steps, rows) = (self.sizes.inputs(number) + 1, self.steps);
        let forward = &self.layers[number].forward;
        let wides = columns / WIDE;
        let left = Left { data: &self.inputs, row: steps, step: 1 };
        let to = To { data: &mut self.gates, row: columns, adds: false };
        dispatch(Product { rows, wides, steps, left, right: forward.right(), to });
        self.cell[0].fill(0.0);
        for step in 0..rows {
            let gates = &mut self.gates[step * columns..][..columns];
            let (before, now) = self.hidden.split_at_mut(step * units);
            if step > 0 {
                let left = &before[(step - 1) * units..];
                let right = forward.right_from(steps);
                dispatch(RowProduct {
                    is_turned: step % 2 == 0,
                    wides,
                    left,
                    right,
                    to: &mut *gates,
                });
            }
            let [one, other] = &mut self.cell;
            let (before, cell) = if step % 2 == 0 { (one, other) } else { (other, one) };
            dispatch(Forward {
                rows: 1,
                units,
                gates,
                gates_row: columns,
                before,
                cell,
                squashed: &mut self.squashed,
                hidden: &mut now[..units],
                hidden_row: units,
            });
        }
    }
}
