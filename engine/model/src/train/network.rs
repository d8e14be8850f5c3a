//! A network's weights as parameters of burn, so that burn's optimisers change them.

use crate::lstm::{Shape, Weights};
use burn::module::{Module, Param, ParamId};
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::{Bytes, Device, Tensor, TensorData};

/// One matrix for each layer and one for the head, laid out as in [`Weights`].
#[derive(Module, Debug)]
struct Network {
    layers: Vec<Param<Tensor<2>>>,
    head: Param<Tensor<2>>,
}

/// A network while it is trained.
pub(super) struct Learner {
    network: Network,
    optimizer: ModuleOptimizer,
    weights: Weights,
}

/// The optimiser's state could not be written or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the optimiser's state cannot be kept: {0}")]
pub(super) struct StateError(String);

impl Learner {
    /// Begins with weights.
    pub fn new(weights: Weights) -> Self {
        let device = Device::flex().autodiff();
        let mut matrices =
            matrices(&weights, &device).into_iter().enumerate().map(|(at, matrix)| {
                // Numbered by place, so that the state of one run fits the next.
                Param::initialized(ParamId::from(at as u64 + 1), matrix.require_grad())
            });
        let layers = matrices.by_ref().take(weights.shape.layers).collect();
        // There is one matrix more than there are layers; an empty one would fail the first step.
        let empty = || Param::from_tensor(Tensor::zeros([1, 1], &device));
        let head = matrices.next().unwrap_or_else(empty);
        let optimizer = AdamConfig::new().with_epsilon(1e-8).init();
        Self { network: Network { layers, head }, optimizer, weights }
    }

    /// The weights as they are now.
    pub const fn weights(&self) -> &Weights {
        &self.weights
    }

    /// One step of Adam against a gradient.
    pub fn step(&mut self, rate: f64, gradient: &Weights) {
        let mut gradients = GradientsParams::new();
        let params = self.network.layers.iter().chain([&self.network.head]);
        for (param, matrix) in params.zip(matrices(gradient, &Device::flex())) {
            gradients.register(param.id, matrix);
        }
        self.network = self.optimizer.step(rate, self.network.clone(), gradients);
        let params = self.network.layers.iter().chain([&self.network.head]);
        for (param, matrix) in params.zip(self.weights.slices_mut()) {
            // The tensors were made of f32 above, so they are read as such.
            *matrix = param.val().into_data().try_to_vec().unwrap_or_default();
        }
    }

    /// The optimiser's state.
    pub fn state(&self) -> Result<Vec<u8>, StateError> {
        let bytes = self.optimizer.into_bytes().map_err(|error| StateError(error.to_string()))?;
        Ok(bytes.to_vec())
    }

    /// Goes on with a state.
    pub fn with_state(mut self, state: Vec<u8>) -> Result<Self, StateError> {
        if !state.is_empty() {
            let loaded = self.optimizer.from_bytes(Bytes::from_bytes_vec(state));
            self.optimizer = loaded.map_err(|error| StateError(error.to_string()))?;
        }
        Ok(self)
    }
}

fn matrices(weights: &Weights, device: &Device) -> Vec<Tensor<2>> {
    let shape: Shape = weights.shape;
    let columns = |at: usize| if at < shape.layers { shape.columns() } else { shape.outputs };
    let tensor = |(at, matrix): (usize, &[f32])| {
        let sizes = [matrix.len() / columns(at), columns(at)];
        Tensor::from_data(TensorData::new(matrix.to_vec(), sizes), device)
    };
    weights.slices().enumerate().map(tensor).collect()
}
