//! Models on disk: folders named by what is in them, and which of them is in use.
//!
//! A model is a folder with `weights.safetensors`, `scaler.json`, `pipeline.json`, `reference.json`, `card.json`,
//! `card.md` and `manifest.json`. The manifest holds the SHA-256 of each of the others, and the
//! folder's name is the beginning of its own: whoever has the name has the content.

mod model;
mod registry;
mod weights;

pub use model::{Lineage, Model, ModelError, Parts};
pub use registry::{Folder, Listed, RegistryError, Standing};
