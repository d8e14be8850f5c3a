//! The network in burn's tensors, for devices that the fused one cannot run on: gradients are burn's
//! automatic ones.
//!
//! It makes some twenty small operations a step and keeps each for the way back, so that on a CPU it is
//! many times slower than the fused network. What is left out by dropout is the same, and so is the
//! gradient up to rounding: a test compares the two.

use crate::config::{Backend, ConfigError};
use crate::lstm::{Dropout, Example, GATES, Loss, Target, Weights};
use burn::tensor::activation::{log_softmax, sigmoid};
use burn::tensor::{Device, Tensor, TensorData};

/// Makes gradients on a device of burn's.
#[derive(Debug)]
pub(super) struct Tensors {
    device: Device,
    steps: usize,
}

/// The weights on the device.
struct Network {
    layers: Vec<Tensor<2>>,
    head: Tensor<2>,
}

/// The device that a backend trains on; none for the fused network, which needs none.
///
/// # Errors
/// When the program was built without it.
pub(super) fn device(backend: Backend) -> Result<Option<Device>, ConfigError> {
    backend.built_in()?;
    Ok(match backend {
        Backend::Flex => Some(Device::flex()),
        #[cfg(feature = "wgpu")]
        Backend::Wgpu => Some(Device::wgpu(burn::tensor::DeviceKind::DefaultDevice)),
        #[cfg(feature = "cuda")]
        Backend::Cuda => Some(Device::cuda(0)),
        _ => None,
    })
}

impl Tensors {
    /// For windows of so many steps.
    pub fn new(device: Device, steps: usize) -> Self {
        Self { device: device.autodiff(), steps }
    }

    /// The sum of the examples' losses, and the gradient of their mean.
    pub fn gradient(
        &self,
        weights: &Weights,
        examples: &[Example<'_>],
        loss: &Loss,
        dropout: Option<Dropout>,
    ) -> (f64, Weights) {
        let network = self.network(weights);
        let outputs = self.outputs(&network, weights, examples, dropout);
        let total = self.loss(outputs, examples, loss);
        let sum = total.clone().into_scalar::<f32>();
        let found = (total / examples.len().max(1) as f32).backward();
        let mut gradient = Weights::zeros(weights.shape);
        let matrices = network.layers.iter().chain([&network.head]);
        for (matrix, slice) in matrices.zip(gradient.slices_mut()) {
            let own = matrix.grad(&found).and_then(|own| own.into_data().try_to_vec().ok());
            // What no loss depends on has no gradient, which is zero.
            if let Some(own) = own {
                *slice = own;
            }
        }
        (f64::from(sum), gradient)
    }

    fn network(&self, weights: &Weights) -> Network {
        let shape = weights.shape;
        let tensor = |numbers: &Vec<f32>, columns: usize| {
            self.tensor(numbers.clone(), [numbers.len() / columns, columns]).require_grad()
        };
        let layers = weights.layers.iter().map(|layer| tensor(layer, shape.columns())).collect();
        Network { layers, head: tensor(&weights.head, shape.outputs) }
    }

    fn tensor<const D: usize>(&self, numbers: Vec<f32>, sizes: [usize; D]) -> Tensor<D> {
        Tensor::from_data(TensorData::new(numbers, sizes), &self.device)
    }

    /// What the network says to each example.
    fn outputs(
        &self,
        network: &Network,
        weights: &Weights,
        examples: &[Example<'_>],
        dropout: Option<Dropout>,
    ) -> Tensor<2> {
        let (rows, shape) = (examples.len(), weights.shape);
        let windows = examples.iter().flat_map(|example| example.window).copied().collect();
        let mut below: Tensor<3> = self.tensor(windows, [rows, self.steps, shape.features]);
        for (number, matrix) in network.layers.iter().enumerate() {
            below = self.layer(matrix, below, shape.hidden);
            if let Some(dropout) = dropout {
                let drawn = shape.drawn_units();
                let (mut kept, sizes) = (Vec::new(), (number, self.steps, drawn));
                dropout.draw(examples.iter().map(|example| example.number), sizes, &mut kept);
                let kept: Tensor<3> = self.tensor(kept, [self.steps, rows, drawn]);
                below = below * kept.narrow(2, 0, shape.hidden).swap_dims(0, 1);
            }
        }
        let last: Tensor<2> = below.narrow(1, self.steps - 1, 1).squeeze_dim(1);
        let factors = network.head.clone().narrow(0, 0, shape.hidden);
        last.matmul(factors) + network.head.clone().narrow(0, shape.hidden, 1)
    }

    /// The outputs of a layer at each step; the rows of its matrix are inputs, bias and own outputs.
    fn layer(&self, matrix: &Tensor<2>, below: Tensor<3>, hidden: usize) -> Tensor<3> {
        let [rows, steps, inputs] = below.dims();
        let part = |first, count| matrix.clone().narrow(0, first, count);
        let given = below.reshape([rows * steps, inputs]).matmul(part(0, inputs));
        let given: Tensor<3> = (given + part(inputs, 1)).reshape([rows, steps, GATES * hidden]);
        let own = part(inputs + 1, hidden);
        let mut output = Tensor::<2>::zeros([rows, hidden], &self.device);
        let mut cell = output.clone();
        let mut outputs = Vec::with_capacity(steps);
        for step in 0..steps {
            let given: Tensor<2> = given.clone().narrow(1, step, 1).squeeze_dim(1);
            let sums = given + output.matmul(own.clone());
            let gate = |number: usize| sums.clone().narrow(1, number * hidden, hidden);
            cell = sigmoid(gate(1)) * cell + sigmoid(gate(0)) * gate(2).tanh();
            output = sigmoid(gate(3)) * cell.clone().tanh();
            outputs.push(output.clone());
        }
        Tensor::stack(outputs, 1)
    }

    /// The sum of all losses. A target of another kind than the loss costs nothing.
    fn loss(&self, outputs: Tensor<2>, examples: &[Example<'_>], loss: &Loss) -> Tensor<1> {
        let [rows, columns] = outputs.dims();
        let (mut right, mut counts) = (vec![0.0; rows * columns], vec![0.0; rows]);
        for (row, (example, counted)) in examples.iter().zip(&mut counts).enumerate() {
            let (column, value) = match (loss, example.target) {
                (Loss::CrossEntropy { weights }, Target::Class(class)) => {
                    (class, weights.get(class).copied().unwrap_or(1.0))
                }
                (Loss::Squared, Target::Value(value)) => (0, value),
                (Loss::CrossEntropy { .. } | Loss::Squared, _) => continue,
            };
            *counted = 1.0;
            if let Some(place) = right.get_mut(row * columns + column) {
                *place = value;
            }
        }
        let right: Tensor<2> = self.tensor(right, [rows, columns]);
        match loss {
            Loss::CrossEntropy { .. } => (log_softmax(outputs, 1) * right).sum().neg(),
            Loss::Squared => {
                let counted: Tensor<2> = self.tensor(counts, [rows, 1]);
                let off = (outputs - right) * counted;
                (off.clone() * off).sum()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lstm::{Batches, Shape};
    use std::num::NonZeroUsize;

    const STEPS: usize = 7;
    const ROWS: usize = 19;

    fn compare(outputs: usize, loss: &Loss, target: impl Fn(usize) -> Target) {
        let shape = Shape { features: 5, hidden: 12, layers: 2, outputs };
        let weights = Weights::random(shape, 4);
        let windows: Vec<f32> = (0..ROWS * STEPS * shape.features)
            .map(|at| ((at * at * 29 + at * 13) % 1999) as f32 / 999.5 - 1.0)
            .collect();
        let examples: Vec<Example<'_>> = windows
            .chunks(STEPS * shape.features)
            .enumerate()
            .map(|(row, window)| Example { window, target: target(row), number: row as u64 })
            .collect();
        let tensors = Tensors::new(device(Backend::Flex).unwrap().unwrap(), STEPS);
        let mut fused = Batches::new(&weights, STEPS, NonZeroUsize::MIN);
        for dropout in [None, Some(Dropout { rate: 0.3, seed: 7 })] {
            let (one, ours) = fused.gradient(&examples, loss, dropout);
            let (other, theirs) = tensors.gradient(&weights, &examples, loss, dropout);
            assert!((one - other).abs() <= 1e-5 * one.abs(), "{one} {other} {dropout:?}");
            for (ours, theirs) in ours.slices().zip(theirs.slices()) {
                let scale = ours.iter().fold(0.0_f32, |most, number| most.max(number.abs()));
                assert!(scale > 0.0 && ours.len() == theirs.len());
                let off = |(one, other): (&f32, &f32)| (one - other).abs() <= 3e-5 * scale;
                assert!(ours.iter().zip(theirs).all(off), "{dropout:?}");
            }
        }
    }

    #[test]
    fn gradients_are_those_of_the_fused_network() {
        let weights = vec![1.0, 0.5, 2.0];
        compare(3, &Loss::CrossEntropy { weights }, |row| Target::Class(row * 7 % 3));
        compare(1, &Loss::Squared, |row| Target::Value(row as f32 / 10.0 - 0.8));
    }
}
