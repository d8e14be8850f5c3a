//! Forward and backward through time, for one block of windows.
#![allow(
    clippy::indexing_slicing,
    reason = "every buffer is made in `Tape::new` for the very sizes it is cut by"
)]

use super::dropout::Dropout;
use super::gates::{Backward, Forward};
use super::packed::{Packed, Padded};
use super::product::Product;
use super::{Loss, Shape, Weights};
use crate::simd::{Left, Right, To, WIDE, dispatch};

/// Windows that go through together: their tape fits into a second-level cache.
pub(super) const BLOCK: usize = 16;

/// Rows of a product that are summed up at once when weights' gradients are made.
const CHUNK: usize = 128;

/// What a network is shown and what should come out.
#[derive(Debug, Clone, Copy)]
pub struct Example<'a> {
    /// The window: one row of features a step, the oldest first.
    pub window: &'a [f32],
    /// What should come out.
    pub target: Target,
    /// Tells one example from another, whatever batch it is in: dropout is drawn from it.
    pub number: u64,
}

/// What should come out of a window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Target {
    /// One of the classes, by its number.
    Class(usize),
    /// A number.
    Value(f32),
}

/// What one layer remembers of its way forward. Steps are outermost, then rows.
#[derive(Debug)]
struct Layer {
    /// `[x, 1, h]` of each step and one more, whose `h` are the last outputs.
    joined: Vec<f32>,
    joined_row: usize,
    gates: Vec<f32>,
    gates_row: usize,
    /// The cells, begun with zero: one step more.
    cells: Vec<f32>,
    squashed: Vec<f32>,
    /// The factors of dropout on the outputs; empty without.
    kept: Vec<f32>,
    /// The gradient by the outputs that came from above.
    by_outputs: Vec<f32>,
}

/// The memory of one block on its way through.
#[derive(Debug)]
pub(super) struct Tape {
    sizes: Padded,
    steps: usize,
    layers: Vec<Layer>,
    /// The gradients by the outputs and the cells of one step.
    by_hidden: Vec<f32>,
    by_cell: Vec<f32>,
}

/// A block's gradient, in padded sizes, and its loss.
#[derive(Debug, Clone)]
pub(super) struct Gradient {
    layers: Vec<Vec<f32>>,
    head: Vec<f32>,
    pub loss: f64,
}

impl Tape {
    pub fn new(shape: Shape, steps: usize) -> Self {
        let sizes = Padded::new(shape);
        let (units, many) = (sizes.units, steps * BLOCK);
        let layer = |number| {
            // A wide more than needed, so that rows do not all fall into the same lines of a cache.
            let (joined_row, gates_row) = (sizes.rows(number), sizes.columns() + WIDE);
            Layer {
                joined: vec![0.0; (steps + 1) * BLOCK * joined_row],
                joined_row,
                gates: vec![0.0; many * gates_row],
                gates_row,
                cells: vec![0.0; (steps + 1) * BLOCK * units],
                squashed: vec![0.0; many * units],
                kept: Vec::new(),
                by_outputs: vec![0.0; many * units],
            }
        };
        let layers = (0..shape.layers).map(layer).collect();
        let step = vec![0.0; BLOCK * units];
        Self { sizes, steps, layers, by_hidden: step.clone(), by_cell: step }
    }

    /// Runs the windows of at most [`BLOCK`] examples forward, and writes the outputs row by row.
    pub fn forward(
        &mut self,
        packed: &Packed,
        examples: &[Example<'_>],
        dropout: Option<Dropout>,
        outputs: &mut Vec<f32>,
    ) {
        let rows = examples.len();
        for number in 0..self.layers.len() {
            self.take_inputs(number, examples);
            let layer = &mut self.layers[number];
            layer.forward(self.sizes, number, packed, rows, self.steps);
            layer.kept.clear();
            if let Some(dropout) = dropout {
                let all = (number, self.steps, self.sizes.units);
                dropout.draw(examples.iter().map(|example| example.number), all, &mut layer.kept);
            }
        }
        let classes = self.sizes.shape.outputs;
        for row in 0..rows {
            let last = self.last_outputs(rows, row);
            let (factors, bias) = packed.head.split_at(self.sizes.shape.hidden * classes);
            let begin = outputs.len();
            outputs.extend_from_slice(bias);
            for (unit, factors) in factors.chunks(classes).enumerate() {
                for (output, factor) in outputs[begin..].iter_mut().zip(factors) {
                    *output += last(unit) * factor;
                }
            }
        }
    }

    /// The inputs of a layer: features, or the outputs of the layer below as dropout left them.
    fn take_inputs(&mut self, number: usize, examples: &[Example<'_>]) {
        let (rows, inputs, units) = (examples.len(), self.sizes.inputs(number), self.sizes.units);
        let (below, here) = self.layers.split_at_mut(number);
        let layer = &mut here[0];
        let joined_row = layer.joined_row;
        for step in 0..=self.steps {
            for (row, example) in examples.iter().enumerate() {
                let at = step * rows + row;
                let joined = &mut layer.joined[at * joined_row..][..joined_row];
                joined[inputs] = 1.0;
                if step == 0 {
                    joined[inputs + 1..].fill(0.0);
                }
                if step == self.steps {
                    continue;
                }
                let Some(below) = below.last() else {
                    joined[..inputs].copy_from_slice(&example.window[step * inputs..][..inputs]);
                    continue;
                };
                // The outputs of a step stand where the next one looks for them.
                let from = &below.joined[(at + rows) * below.joined_row..][..below.joined_row];
                joined[..inputs].copy_from_slice(&from[below.joined_row - units..]);
                if !below.kept.is_empty() {
                    scale(&mut joined[..inputs], &below.kept[at * units..]);
                }
            }
        }
    }

    /// The last outputs of a row, as dropout left them.
    fn last_outputs(&self, rows: usize, row: usize) -> impl Fn(usize) -> f32 {
        let (top, units) = (&self.layers[self.layers.len() - 1], self.sizes.units);
        let at = (self.steps - 1) * rows + row;
        let last = &top.joined[(at + rows + 1) * top.joined_row - units..][..units];
        let kept = (!top.kept.is_empty()).then(|| &top.kept[at * units..][..units]);
        move |unit| last[unit] * kept.map_or(1.0, |kept| kept[unit])
    }

    /// Forward and backward: adds the examples' losses and their gradient, divided by `count`.
    pub fn gradient(
        &mut self,
        packed: &Packed,
        (examples, count): (&[Example<'_>], usize),
        (loss, dropout): (&Loss, Option<Dropout>),
        into: &mut Gradient,
    ) {
        let (rows, shape) = (examples.len(), self.sizes.shape);
        let mut outputs = Vec::with_capacity(rows * shape.outputs);
        self.forward(packed, examples, dropout, &mut outputs);
        let units = self.sizes.units;
        let top = self.layers.len() - 1;
        self.layers[top].by_outputs[..self.steps * rows * units].fill(0.0);
        for (row, (example, outputs)) in
            examples.iter().zip(outputs.chunks_mut(shape.outputs)).enumerate()
        {
            into.loss += loss.gradient(example.target, outputs);
            let by_outputs: Vec<f32> = outputs.iter().map(|by| by / count as f32).collect();
            let at = ((self.steps - 1) * rows + row) * units;
            for unit in 0..shape.hidden {
                let last = self.last_outputs(rows, row)(unit);
                let factors = &packed.head[unit * shape.outputs..][..shape.outputs];
                let kept = self.layers[top].kept.get(at + unit).copied().unwrap_or(1.0);
                let mut by = 0.0;
                for (class, (factor, by_output)) in factors.iter().zip(&by_outputs).enumerate() {
                    by += factor * by_output;
                    into.head[unit * shape.outputs + class] += last * by_output;
                }
                self.layers[top].by_outputs[at + unit] = by * kept;
            }
            let bias = &mut into.head[shape.hidden * shape.outputs..];
            for (bias, by_output) in bias.iter_mut().zip(by_outputs) {
                *bias += by_output;
            }
        }
        for number in (0..self.layers.len()).rev() {
            self.backward(number, packed, rows);
            let layer = &self.layers[number];
            layer.by_weights(self.sizes, number, rows * self.steps, &mut into.layers[number]);
        }
    }

    /// From the gradient by a layer's outputs to that by its gates, and to the outputs below.
    fn backward(&mut self, number: usize, packed: &Packed, rows: usize) {
        let (units, columns) = (self.sizes.units, self.sizes.columns());
        let (below, here) = self.layers.split_at_mut(number);
        let layer = &mut here[0];
        let (gates_row, many) = (layer.gates_row, rows * units);
        self.by_cell.fill(0.0);
        self.by_hidden.fill(0.0);
        for step in (0..self.steps).rev() {
            for (by, outputs) in
                self.by_hidden[..many].iter_mut().zip(&layer.by_outputs[step * many..])
            {
                *by += outputs;
            }
            let gates = &mut layer.gates[step * rows * gates_row..][..rows * gates_row];
            dispatch(Backward {
                rows,
                units,
                gates: &mut *gates,
                gates_row,
                before: &layer.cells[step * many..][..many],
                squashed: &layer.squashed[step * many..][..many],
                by_hidden: &self.by_hidden,
                by_cell: &mut self.by_cell,
            });
            let left = Left { data: gates, row: gates_row, step: 1 };
            let wides = units / WIDE;
            if step > 0 {
                let to = To { data: &mut self.by_hidden, row: units, adds: false };
                let right = packed.layers[number].to_hidden.right();
                dispatch(Product { rows, wides, steps: columns, left, right, to });
            }
            if let Some(below) = below.last_mut() {
                let by_inputs = &mut below.by_outputs[step * many..][..many];
                let to = To { data: &mut *by_inputs, row: units, adds: false };
                let right = packed.layers[number].to_inputs.right();
                dispatch(Product { rows, wides, steps: columns, left, right, to });
                if !below.kept.is_empty() {
                    scale(by_inputs, &below.kept[step * many..]);
                }
            }
        }
    }
}

impl Layer {
    fn forward(
        &mut self,
        sizes: Padded,
        number: usize,
        packed: &Packed,
        rows: usize,
        steps: usize,
    ) {
        let (units, many) = (sizes.units, rows * sizes.units);
        let (joined_row, gates_row) = (self.joined_row, self.gates_row);
        let forward = &packed.layers[number].forward;
        self.cells[..many].fill(0.0);
        for step in 0..steps {
            let (now, next) = self.joined.split_at_mut((step + 1) * rows * joined_row);
            let gates = &mut self.gates[step * rows * gates_row..][..rows * gates_row];
            let left = Left { data: &now[step * rows * joined_row..], row: joined_row, step: 1 };
            let to = To { data: &mut *gates, row: gates_row, adds: false };
            let (wides, right) = (forward.wides(), forward.right());
            dispatch(Product { rows, wides, steps: forward.rows(), left, right, to });
            let (before, cell) = self.cells.split_at_mut((step + 1) * many);
            dispatch(Forward {
                rows,
                units,
                gates,
                gates_row,
                before: &before[step * many..],
                cell: &mut cell[..many],
                squashed: &mut self.squashed[step * many..][..many],
                hidden: &mut next[sizes.inputs(number) + 1..],
                hidden_row: joined_row,
            });
        }
    }

    /// Adds the gradient by the weights: the joined inputs, turned, times the gates' gradient.
    fn by_weights(&self, sizes: Padded, number: usize, many: usize, into: &mut [f32]) {
        let columns = sizes.columns();
        for first in (0..many).step_by(CHUNK) {
            let steps = CHUNK.min(many - first);
            let joined = &self.joined[first * self.joined_row..];
            let gates = &self.gates[first * self.gates_row..];
            dispatch(Product {
                rows: sizes.rows(number),
                wides: columns / WIDE,
                steps,
                left: Left { data: joined, row: 1, step: self.joined_row },
                right: Right { data: gates, wide: WIDE, step: self.gates_row },
                to: To { data: into, row: columns, adds: true },
            });
        }
    }
}

impl Gradient {
    pub fn new(shape: Shape) -> Self {
        let sizes = Padded::new(shape);
        let layer = |number| vec![0.0; sizes.rows(number) * sizes.columns()];
        let head = vec![0.0; (shape.hidden + 1) * shape.outputs];
        Self { layers: (0..shape.layers).map(layer).collect(), head, loss: 0.0 }
    }

    /// As if just made.
    pub fn clear(&mut self) {
        self.layers.iter_mut().chain([&mut self.head]).for_each(|part| part.fill(0.0));
        self.loss = 0.0;
    }

    /// Adds it to a gradient without padding.
    pub fn add_to(&self, into: &mut Weights) {
        let sizes = Padded::new(into.shape);
        let columns = into.shape.columns();
        for (number, (from, into)) in self.layers.iter().zip(&mut into.layers).enumerate() {
            for (padded, from) in from.chunks(sizes.columns()).enumerate() {
                let Some(row) = sizes.row(number, padded) else { continue };
                for (wide, from) in from.chunks(WIDE).enumerate() {
                    let (first, count) = sizes.wide(wide);
                    add(&mut into[row * columns + first..][..count], from);
                }
            }
        }
        add(&mut into.head, &self.head);
    }
}

fn add(into: &mut [f32], from: &[f32]) {
    into.iter_mut().zip(from).for_each(|(into, from)| *into += from);
}

fn scale(numbers: &mut [f32], factors: &[f32]) {
    numbers.iter_mut().zip(factors).for_each(|(number, factor)| *number *= factor);
}
