//! A long short-term memory network, written out: forward, backward through time, and one window.
//!
//! burn's own LSTM makes some forty-five small tensor operations a step; here a step is one product
//! and one pass over the gates, for a block of windows at once. Gradients are made by hand and checked
//! against finite differences and against burn's automatic ones.

mod batches;
mod dropout;
mod gates;
mod infer;
mod loss;
mod packed;
mod pass;
mod product;
mod weights;

pub use batches::Batches;
pub use dropout::Dropout;
pub use infer::Inference;
pub use loss::{Loss, softmax};
pub use pass::{Example, Target};
pub use weights::{GATES, Shape, Weights};
