//! Weights in the safetensors format: the length of a JSON header, the header, and the numbers.
//!
//! Source: the description of the format that comes with its library, safetensors 0.4.

use crate::lstm::{Shape, Weights};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Serialize, Deserialize)]
struct Tensor {
    dtype: String,
    shape: [usize; 2],
    data_offsets: [usize; 2],
}

fn matrices(shape: Shape) -> impl Iterator<Item = (String, [usize; 2])> {
    let layers = (0..shape.layers)
        .map(move |layer| (format!("lstm.{layer}"), [shape.rows(layer), shape.columns()]));
    layers.chain([("head".to_owned(), [shape.hidden + 1, shape.outputs])])
}

/// The bytes of a file of weights.
pub(super) fn to_bytes(weights: &Weights) -> Vec<u8> {
    let (mut header, mut numbers) = (BTreeMap::new(), Vec::new());
    for ((name, shape), matrix) in matrices(weights.shape).zip(weights.slices()) {
        let start = numbers.len();
        numbers.extend(matrix.iter().flat_map(|number| number.to_le_bytes()));
        let data_offsets = [start, numbers.len()];
        header.insert(name, Tensor { dtype: "F32".into(), shape, data_offsets });
    }
    // Texts and numbers always have a JSON form.
    let mut text = serde_json::to_vec(&header).unwrap_or_default();
    text.resize(text.len().next_multiple_of(8), b' ');
    let mut bytes = (text.len() as u64).to_le_bytes().to_vec();
    bytes.extend(text);
    bytes.extend(numbers);
    bytes
}

/// The weights of a shape in the bytes of a file; none where they are not those.
pub(super) fn from_bytes(bytes: &[u8], shape: Shape) -> Option<Weights> {
    let (length, rest) = bytes.split_first_chunk::<8>()?;
    let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
    let (header, numbers) = rest.split_at_checked(length)?;
    let header: BTreeMap<String, Tensor> = serde_json::from_slice(header).ok()?;
    let mut weights = Weights::zeros(shape);
    for ((name, sizes), matrix) in matrices(shape).zip(weights.slices_mut()) {
        let tensor = header.get(&name)?;
        let [start, end] = tensor.data_offsets;
        let (found, rest) = numbers.get(start..end)?.as_chunks::<4>();
        let is_right = tensor.dtype == "F32" && tensor.shape == sizes && rest.is_empty();
        if !is_right || found.len() != matrix.len() {
            return None;
        }
        for (to, number) in matrix.iter_mut().zip(found) {
            *to = f32::from_le_bytes(*number);
        }
    }
    weights.is_finite().then_some(weights)
}
