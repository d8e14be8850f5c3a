//! Where training goes on after it was killed.

use super::Epoch;
use crate::files::{self, FileError};
use crate::lstm::Weights;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::path::Path;
use std::{fs, io};

/// Everything that an epoch leaves to the next.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Checkpoint {
    /// What is trained on what: a checkpoint of anything else is refused.
    pub plan: String,
    /// The epochs so far.
    pub history: Vec<Epoch>,
    /// The best epoch, counted from 1.
    pub best: usize,
    /// The weights now.
    pub weights: Weights,
    /// Those of the best epoch.
    pub best_weights: Weights,
    /// The optimiser's.
    pub state: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    plan: String,
    /// Each epoch's numbers as their bits: what decides which epoch is best must not be rounded.
    history: Vec<[u64; 4]>,
    best: usize,
    weights: usize,
}

const FORMAT: &str = "tradewind checkpoint 1";

impl Checkpoint {
    /// Writes it in one step: a kill leaves the one before, or this one.
    pub fn save(&self, path: &Path) -> Result<(), FileError> {
        let head = Head {
            plan: self.plan.clone(),
            history: self.history.iter().map(bits).collect(),
            best: self.best,
            weights: self.weights.shape.parameters(),
        };
        // Texts, numbers and lists always have a JSON form.
        let mut bytes = serde_json::to_vec(&head).unwrap_or_default();
        bytes.push(b'\n');
        for weight in self.weights.slices().chain(self.best_weights.slices()).flatten() {
            bytes.extend_from_slice(&weight.to_le_bytes());
        }
        bytes.extend_from_slice(&self.state);
        write_checked(path, FORMAT, &bytes)
    }

    /// Reads it; none when there is no file. The weights have the shape of `like`.
    pub fn load(path: &Path, like: &Weights) -> Result<Option<Self>, FileError> {
        let Some(bytes) = read_checked(path, FORMAT)? else { return Ok(None) };
        let damaged = || FileError::damaged(path);
        let end = bytes.iter().position(|byte| *byte == b'\n').ok_or_else(damaged)?;
        let (head, rest) = bytes.split_at_checked(end).ok_or_else(damaged)?;
        let head: Head = serde_json::from_slice(head).map_err(|_| damaged())?;
        let count = like.shape.parameters();
        let numbers = rest.get(1..1 + 8 * count).filter(|_| head.weights == count);
        let (numbers, _) = numbers.ok_or_else(damaged)?.as_chunks::<4>();
        let mut numbers = numbers.iter().map(|bytes| f32::from_le_bytes(*bytes));
        let mut take = || {
            let mut weights = like.clone();
            let places = weights.slices_mut().flatten();
            places.zip(numbers.by_ref()).for_each(|(place, number)| *place = number);
            weights
        };
        Ok(Some(Self {
            plan: head.plan,
            history: (1..).zip(head.history).map(epoch).collect(),
            best: head.best,
            weights: take(),
            best_weights: take(),
            state: rest.get(1 + 8 * count..).unwrap_or_default().to_vec(),
        }))
    }
}

fn bits(epoch: &Epoch) -> [u64; 4] {
    [epoch.train_loss, epoch.validation_loss, epoch.learning_rate, epoch.seconds].map(f64::to_bits)
}

fn epoch((number, bits): (usize, [u64; 4])) -> Epoch {
    let [train_loss, validation_loss, learning_rate, seconds] = bits.map(f64::from_bits);
    Epoch { number, train_loss, validation_loss, learning_rate, seconds }
}

/// Writes content under its checksum.
fn write_checked(path: &Path, format: &str, content: &[u8]) -> Result<(), FileError> {
    let sum = hex::encode(Sha256::digest(content));
    let mut bytes = format!("{format} {sum}\n").into_bytes();
    bytes.extend_from_slice(content);
    files::write(path, &bytes)
}

/// Reads what [`write_checked`] wrote; none when there is no file.
fn read_checked(path: &Path, format: &str) -> Result<Option<Vec<u8>>, FileError> {
    let bytes = match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        read => read.map_err(FileError::io(path))?,
    };
    let damaged = || FileError::damaged(path);
    let end = bytes.iter().position(|byte| *byte == b'\n').ok_or_else(damaged)?;
    let (head, content) = bytes.split_at_checked(end + 1).ok_or_else(damaged)?;
    let right = format!("{format} {}\n", hex::encode(Sha256::digest(content)));
    if head == right.as_bytes() { Ok(Some(content.to_vec())) } else { Err(damaged()) }
}
