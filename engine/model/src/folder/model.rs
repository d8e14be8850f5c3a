//! One model: everything that is needed to run it, and where it is from.

use super::weights;
use crate::card::Card;
use crate::drift::Reference;
use crate::features::{Declared, Pipeline, Scaler};
use crate::files;
use crate::lstm::{Shape, Weights};
use crate::predict::Head;
use kernel::Span;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

const FORMAT: u32 = 2;
const MANIFEST: &str = "manifest.json";
const WEIGHTS: &str = "weights.safetensors";
const SCALER: &str = "scaler.json";
const PIPELINE: &str = "pipeline.json";
const REFERENCE: &str = "reference.json";
const CARD: &str = "card.json";
const CARD_TEXT: &str = "card.md";
const FILES: [&str; 6] = [WEIGHTS, SCALER, PIPELINE, REFERENCE, CARD, CARD_TEXT];
/// The name of the model that comes with the program; `bundled.toml` says how it was made.
pub(super) const BUNDLED: &str = "77d9df05035dbb59";
/// Hexadecimal digits of a name: enough that no two models ever share one.
const DIGITS: usize = 16;

/// What a model is made of.
#[derive(Debug, Clone)]
pub struct Parts {
    /// Its weights.
    pub weights: Weights,
    /// What brings features to one size.
    pub scaler: Scaler,
    /// The features.
    pub pipeline: Pipeline,
    /// What its features and errors were like.
    pub reference: Reference,
    /// What is known of it.
    pub card: Card,
    /// How outputs become probabilities.
    pub head: Head,
    /// Bars that it sees at once.
    pub window: usize,
    /// Bars that it looks ahead.
    pub horizon: usize,
    /// How long a bar lasts.
    pub bar_length: Span,
    /// Where it is from.
    pub lineage: Lineage,
}

/// Where a model is from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lineage {
    /// The model that it is meant to take the place of.
    pub parent: Option<String>,
    /// The SHA-256 of the data.
    pub data: String,
    /// The SHA-256 of the configuration.
    pub config: String,
}

/// A model as it was loaded.
#[derive(Debug, Clone)]
pub struct Model {
    id: Arc<str>,
    parts: Parts,
}

/// A model cannot be used. Each says which, and why.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// There is none.
    #[error("there is no model {0}: `tradewind model list` lists them")]
    Unknown(String),
    /// A file is missing or cannot be read.
    #[error("model {id} cannot be read: {file}: {source}")]
    Io {
        /// Which model.
        id: String,
        /// Which file.
        file: String,
        /// Why.
        source: std::io::Error,
    },
    /// A file is not what was written.
    #[error(
        "model {id} is damaged: {file} is not what was written there, so nothing is traded on it; train it again or restore the folder"
    )]
    Damaged {
        /// Which model.
        id: String,
        /// Which file.
        file: &'static str,
    },
    /// It was kept in another form.
    #[error(
        "model {id} is kept in format {format}, and this program reads format {FORMAT}: train it again"
    )]
    Format {
        /// Which model.
        id: String,
        /// Its format.
        format: u32,
    },
    /// It was made by a program that computes features in another way.
    #[error(
        "model {id} was trained on another feature pipeline than this program computes, so nothing is traded on it: train it again"
    )]
    OtherPipeline {
        /// Which model.
        id: String,
    },
    /// It could not be written.
    #[error(transparent)]
    File(#[from] files::FileError),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    format: u32,
    files: BTreeMap<String, String>,
    shape: Shape,
    head: Head,
    window: usize,
    horizon: usize,
    bar_nanos: i64,
    pipeline: String,
    lineage: Lineage,
}

impl Model {
    /// The folder's name.
    pub fn id(&self) -> Arc<str> {
        self.id.clone()
    }

    /// The weights.
    pub const fn weights(&self) -> &Weights {
        &self.parts.weights
    }

    /// The scaler.
    pub const fn scaler(&self) -> &Scaler {
        &self.parts.scaler
    }

    /// The features.
    pub const fn pipeline(&self) -> &Pipeline {
        &self.parts.pipeline
    }

    /// What its features and errors were like where it was trained and judged.
    pub const fn reference(&self) -> &Reference {
        &self.parts.reference
    }

    /// The card.
    pub const fn card(&self) -> &Card {
        &self.parts.card
    }

    /// How outputs become probabilities.
    pub const fn head(&self) -> &Head {
        &self.parts.head
    }

    /// Bars that it sees at once.
    pub const fn window(&self) -> usize {
        self.parts.window
    }

    /// Bars that it looks ahead.
    pub const fn horizon(&self) -> usize {
        self.parts.horizon
    }

    /// How long its bars last.
    pub const fn bar_length(&self) -> Span {
        self.parts.bar_length
    }

    /// Where it is from.
    pub const fn lineage(&self) -> &Lineage {
        &self.parts.lineage
    }

    /// Writes a model under a folder of models, in a folder of its own that is whole or not there.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save(parts: Parts, root: &Path) -> Result<Self, ModelError> {
        let contents = contents(&parts);
        let hash = |content: &Vec<u8>| hex::encode(Sha256::digest(content));
        let manifest = Manifest {
            format: FORMAT,
            files: contents.iter().map(|(name, content)| ((*name).into(), hash(content))).collect(),
            shape: parts.weights.shape,
            head: parts.head,
            window: parts.window,
            horizon: parts.horizon,
            bar_nanos: parts.bar_length.nanos(),
            pipeline: parts.pipeline.hash(),
            lineage: parts.lineage.clone(),
        };
        let manifest = json(&manifest);
        let id = id_of(&manifest);
        let (place, beside) = (root.join(&id), root.join(format!("{id}.new")));
        if !place.exists() {
            fs::create_dir_all(&beside).map_err(files::FileError::io(&beside))?;
            for (name, content) in &contents {
                files::write(&beside.join(name), content)?;
            }
            files::write(&beside.join(MANIFEST), &manifest)?;
            fs::rename(&beside, &place).map_err(files::FileError::io(&place))?;
        }
        Ok(Self { id: id.into(), parts })
    }

    /// Loads a model and checks every byte of it.
    ///
    /// # Errors
    /// When it is not there, damaged, or of features that this program computes in another way.
    pub fn load(root: &Path, id: &str) -> Result<Self, ModelError> {
        let place = root.join(id);
        if !is_id(id) || !place.is_dir() {
            return Err(ModelError::Unknown(id.into()));
        }
        Self::assemble(id, |file| {
            let io = |source| ModelError::Io { id: id.into(), file: file.into(), source };
            fs::read(place.join(file)).map_err(io)
        })
    }

    /// The model that comes with the program: small, and trained on the synthetic market, in which
    /// there is nothing to find. Its card says so.
    ///
    /// # Errors
    /// When this program computes its features in another way than the one that trained it.
    pub fn bundled() -> Result<Self, ModelError> {
        Self::assemble(BUNDLED, |file| Ok(bundled(file).to_vec()))
    }

    /// From its files, every byte of which is checked.
    fn assemble(
        id: &str,
        read: impl Fn(&'static str) -> Result<Vec<u8>, ModelError>,
    ) -> Result<Self, ModelError> {
        let damaged = |file| ModelError::Damaged { id: id.into(), file };
        let manifest = read(MANIFEST)?;
        if id_of(&manifest) != id {
            return Err(damaged(MANIFEST));
        }
        let manifest: Manifest = parse(&manifest).ok_or_else(|| damaged(MANIFEST))?;
        if manifest.format != FORMAT {
            return Err(ModelError::Format { id: id.into(), format: manifest.format });
        }
        let mut contents = BTreeMap::new();
        for file in FILES {
            let content = read(file)?;
            let hash = hex::encode(Sha256::digest(&content));
            if manifest.files.get(file) != Some(&hash) {
                return Err(damaged(file));
            }
            contents.insert(file, content);
        }
        let take = |file| contents.get(file).map(Vec::as_slice).unwrap_or_default();
        let weights = weights::from_bytes(take(WEIGHTS), manifest.shape);
        let weights = weights.ok_or_else(|| damaged(WEIGHTS))?;
        let scaler: Scaler = parse(take(SCALER)).ok_or_else(|| damaged(SCALER))?;
        let reference: Reference = parse(take(REFERENCE)).ok_or_else(|| damaged(REFERENCE))?;
        let card: Card = parse(take(CARD)).ok_or_else(|| damaged(CARD))?;
        let declared: Vec<Declared> = parse(take(PIPELINE)).ok_or_else(|| damaged(PIPELINE))?;
        let other = || ModelError::OtherPipeline { id: id.into() };
        let pipeline = Pipeline::new(&declared).map_err(|_| other())?;
        let width = pipeline.columns().len();
        if pipeline.hash() != manifest.pipeline
            || width != manifest.shape.features
            || width != scaler.means.len()
            || width != reference.columns.len()
        {
            return Err(other());
        }
        let parts = Parts {
            weights,
            scaler,
            pipeline,
            reference,
            card,
            head: manifest.head,
            window: manifest.window,
            horizon: manifest.horizon,
            bar_length: Span::from_nanos(manifest.bar_nanos),
            lineage: manifest.lineage,
        };
        Ok(Self { id: id.into(), parts })
    }
}

fn contents(parts: &Parts) -> BTreeMap<&'static str, Vec<u8>> {
    BTreeMap::from([
        (WEIGHTS, weights::to_bytes(&parts.weights)),
        (SCALER, json(&parts.scaler)),
        (PIPELINE, json(&parts.pipeline.declared())),
        (REFERENCE, json(&parts.reference)),
        (CARD, json(&parts.card)),
        (CARD_TEXT, parts.card.markdown().into_bytes()),
    ])
}

fn json(value: &impl Serialize) -> Vec<u8> {
    // Texts, numbers and lists always have a JSON form.
    serde_json::to_vec_pretty(value).unwrap_or_default()
}

fn parse<T: for<'a> Deserialize<'a>>(bytes: &[u8]) -> Option<T> {
    serde_json::from_slice(bytes).ok()
}

/// A file of the bundled model.
fn bundled(file: &str) -> &'static [u8] {
    macro_rules! embedded {
        ($name:literal) => {
            include_bytes!(concat!("../../bundled/", $name))
        };
    }
    match file {
        MANIFEST => embedded!("manifest.json"),
        WEIGHTS => embedded!("weights.safetensors"),
        SCALER => embedded!("scaler.json"),
        PIPELINE => embedded!("pipeline.json"),
        REFERENCE => embedded!("reference.json"),
        CARD => embedded!("card.json"),
        CARD_TEXT => embedded!("card.md"),
        _ => &[],
    }
}

fn id_of(manifest: &[u8]) -> String {
    let mut id = hex::encode(Sha256::digest(manifest));
    id.truncate(DIGITS);
    id
}

/// Whether a text can be the name of a model.
pub(super) fn is_id(text: &str) -> bool {
    text.len() == DIGITS && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
