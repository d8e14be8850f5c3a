//! The numbers that training finds, and their layout.

use crate::simd::WIDE;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{RngCore, SeedableRng};
use serde::{Deserialize, Serialize};

/// How large a network is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shape {
    /// Numbers that each bar of the window brings.
    pub features: usize,
    /// Units of each layer.
    pub hidden: usize,
    /// Layers, each fed with the outputs of the one before.
    pub layers: usize,
    /// Numbers that come out: one for each class, or one.
    pub outputs: usize,
}

/// The gates of a cell, in the order in which they stand side by side.
pub const GATES: usize = 4;

/// Every parameter of a network; a gradient is one too.
///
/// A layer is one matrix of `inputs + 1 + hidden` rows and `4 * hidden` columns, row by row. Its rows
/// are the layer's inputs, the bias, and its own outputs of the step before; its columns are the input
/// gate, the forget gate, the cell's candidate and the output gate, each `hidden` wide. With
/// `z = [x, 1, h]` the gates before their curves are `z * W`. The head has `hidden + 1` rows, the last
/// of them its bias, and `outputs` columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Weights {
    /// The sizes.
    pub shape: Shape,
    /// One matrix for each layer, from the one that sees the features upwards.
    pub layers: Vec<Vec<f32>>,
    /// From the last layer's last outputs to the outputs.
    pub head: Vec<f32>,
}

impl Shape {
    /// Numbers that a layer takes in at each step.
    pub const fn inputs(&self, layer: usize) -> usize {
        if layer == 0 { self.features } else { self.hidden }
    }

    /// Rows of a layer's matrix.
    pub const fn rows(&self, layer: usize) -> usize {
        self.inputs(layer) + 1 + self.hidden
    }

    /// Units of a layer with those that fill its last wide: dropout is drawn for all of them.
    pub(crate) const fn drawn_units(&self) -> usize {
        self.hidden.next_multiple_of(WIDE)
    }

    /// Columns of a layer's matrix.
    pub const fn columns(&self) -> usize {
        GATES * self.hidden
    }

    /// Parameters in all.
    pub fn parameters(&self) -> usize {
        let layers: usize = (0..self.layers).map(|layer| self.rows(layer) * self.columns()).sum();
        layers + (self.hidden + 1) * self.outputs
    }
}

impl Weights {
    /// All zero.
    pub fn zeros(shape: Shape) -> Self {
        let layers =
            (0..shape.layers).map(|layer| vec![0.0; shape.rows(layer) * shape.columns()]).collect();
        Self { shape, layers, head: vec![0.0; (shape.hidden + 1) * shape.outputs] }
    }

    /// Uniform between plus and minus `1 / sqrt(hidden)`, as PyTorch begins; the same for the same
    /// seed on every machine.
    pub fn random(shape: Shape, seed: u64) -> Self {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let bound = (shape.hidden as f32).sqrt().recip();
        let mut weights = Self::zeros(shape);
        for weight in weights.slices_mut().flatten() {
            // Twenty-four bits are what a float holds exactly.
            let unit = (random.next_u64() >> 40) as f32 / 16_777_216.0;
            *weight = bound * (2.0 * unit - 1.0);
        }
        weights
    }

    /// Every matrix, layers first.
    pub fn slices(&self) -> impl Iterator<Item = &[f32]> {
        self.layers.iter().chain([&self.head]).map(Vec::as_slice)
    }

    /// Every matrix, to be changed.
    pub fn slices_mut(&mut self) -> impl Iterator<Item = &mut Vec<f32>> {
        self.layers.iter_mut().chain([&mut self.head])
    }

    /// Whether every number is finite.
    pub fn is_finite(&self) -> bool {
        self.slices().flatten().all(|weight| weight.is_finite())
    }

    /// The length of all parameters as one vector.
    pub fn norm(&self) -> f64 {
        let squares = self.slices().flatten().map(|weight| f64::from(*weight).powi(2));
        squares.sum::<f64>().sqrt()
    }

    /// Multiplies every parameter.
    pub fn scale(&mut self, factor: f32) {
        for weight in self.slices_mut().flatten() {
            *weight *= factor;
        }
    }
}
