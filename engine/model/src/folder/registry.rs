//! Which models there are, and which of them is in use.

use super::model::{BUNDLED, Model, ModelError, is_id};
use crate::files::{self, FileError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

const STATE: &str = "state.json";
/// The change that makes a model the champion.
const PROMOTED: &str = "promoted";

/// A folder of models.
#[derive(Debug, Clone)]
pub struct Folder {
    root: PathBuf,
}

/// What a model is to the folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// It trades.
    Champion,
    /// It could.
    Candidate,
    /// It no longer may.
    Retired,
}

/// A model of the folder; one that cannot be loaded has its reason instead.
#[derive(Debug)]
pub struct Listed {
    /// Its name.
    pub id: String,
    /// Whether it comes with the program.
    pub bundled: bool,
    /// What it is to the folder.
    pub standing: Standing,
    /// The model.
    pub model: Result<Model, ModelError>,
}

/// A model cannot be given another standing.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// It cannot be used.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The state cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The state is no state.
    #[error("{0} is damaged: remove it, and promote the model that should trade")]
    State(String),
    /// It is retired.
    #[error("model {0} is retired: train another")]
    Retired(String),
    /// It is the one in use.
    #[error("model {0} is the champion: promote another first, or give a reason with --anyway")]
    InUse(String),
    /// It comes with the program.
    #[error(
        "model {0} comes with the program and trades while none is promoted: promote another instead"
    )]
    Bundled(String),
    /// It has shown no edge.
    #[error("model {id} may not trade: {verdict}")]
    NoEdge {
        /// Which.
        id: String,
        /// Its card's first line.
        verdict: String,
    },
    /// It is worse than the one in use.
    #[error(
        "model {id} is not better than the champion {champion}: log loss {own:.4} against {other:.4} on the same samples"
    )]
    Worse {
        /// Which.
        id: String,
        /// The one in use.
        champion: String,
        /// Its log loss.
        own: f64,
        /// That of the one in use.
        other: f64,
    },
    /// The two were judged by other samples.
    #[error(
        "model {id} and the champion {champion} were judged on different data, so neither is known to be better: train it with --parent champion, which judges both on the same"
    )]
    Incomparable {
        /// Which.
        id: String,
        /// The one in use.
        champion: String,
    },
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    champion: Option<String>,
    retired: BTreeSet<String>,
    changes: Vec<Change>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    time: String,
    model: String,
    change: String,
    reason: String,
}

impl Folder {
    /// At a place, which need not be there yet.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Where it is.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A model by its name, or by the beginning of it where no other begins so; the one that comes with
    /// the program is `bundled` as well.
    ///
    /// # Errors
    /// When there is none, or it cannot be used.
    pub fn load(&self, name: &str) -> Result<Model, ModelError> {
        self.read(&self.id(name)?)
    }

    fn read(&self, id: &str) -> Result<Model, ModelError> {
        if id == BUNDLED && !self.root.join(id).is_dir() {
            return Model::bundled();
        }
        Model::load(&self.root, id)
    }

    /// The whole name of a model, by the beginning of it where no other begins so; it need not be usable.
    fn id(&self, name: &str) -> Result<String, ModelError> {
        if name == "bundled" {
            return Ok(BUNDLED.into());
        }
        let mut found = self.ids()?.into_iter().filter(|id| id.starts_with(name));
        match (found.next(), found.next()) {
            (Some(id), None) => Ok(id),
            _ => Err(ModelError::Unknown(name.into())),
        }
    }

    /// The model in use; none when none was promoted.
    ///
    /// # Errors
    /// When it cannot be used, or the folder cannot be read.
    pub fn champion(&self) -> Result<Option<Model>, RegistryError> {
        let champion = self.state()?.champion;
        Ok(champion.map(|id| self.read(&id)).transpose()?)
    }

    /// The models that were promoted before another one, the last of them first, without those that are
    /// retired; none where it was never promoted.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn promoted_before(&self, model: &str) -> Result<Vec<String>, RegistryError> {
        let State { retired, changes, .. } = self.state()?;
        let promoted = changes.into_iter().filter(|change| change.change == PROMOTED);
        let mut ids: Vec<String> = promoted.map(|change| change.model).collect();
        // What was promoted after it is not tried: somebody has gone back from it.
        let last = ids.iter().rposition(|id| id == model);
        ids.truncate(last.unwrap_or_default());
        ids.retain(|id| id != model && !retired.contains(id));
        ids.reverse();
        Ok(ids)
    }

    /// Every model, in the order of names, the one that comes with the program among them.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn list(&self) -> Result<Vec<Listed>, RegistryError> {
        let state = self.state()?;
        let listed = self.ids()?.into_iter().map(|id| Listed {
            bundled: id == BUNDLED,
            standing: state.standing(&id),
            model: self.read(&id),
            id,
        });
        Ok(listed.collect())
    }

    /// Lets a model trade. Without a reason only if its card shows an edge and it is better than the
    /// one in use, on the same samples.
    ///
    /// # Errors
    /// When it may not, or cannot be used.
    pub fn promote(
        &self,
        name: &str,
        time: &str,
        anyway: Option<&str>,
    ) -> Result<Model, RegistryError> {
        let (model, _held) = (self.load(name)?, self.hold()?);
        let mut state = self.state()?;
        let id = model.id().to_string();
        if state.retired.contains(&id) {
            return Err(RegistryError::Retired(id));
        }
        if anyway.is_none() {
            self.gate(&model, state.champion.as_deref())?;
        }
        state.champion = Some(id.clone());
        let reason = anyway.unwrap_or("its card shows an edge");
        self.change(state, time, id, PROMOTED, reason)?;
        Ok(model)
    }

    /// Lets a model trade no more, ever.
    ///
    /// # Errors
    /// When there is none, it comes with the program, or it is the one in use and no reason is given.
    pub fn retire(
        &self,
        name: &str,
        time: &str,
        anyway: Option<&str>,
    ) -> Result<String, RegistryError> {
        // A damaged model can be retired too: its name is enough.
        let (id, _held) = (self.id(name)?, self.hold()?);
        if id == BUNDLED {
            return Err(RegistryError::Bundled(id));
        }
        let mut state = self.state()?;
        if state.champion.as_deref() == Some(&id) {
            if anyway.is_none() {
                return Err(RegistryError::InUse(id));
            }
            state.champion = None;
        }
        state.retired.insert(id.clone());
        self.change(state, time, id.clone(), "retired", anyway.unwrap_or("asked for"))?;
        Ok(id)
    }

    /// Whether a model may take the place of the one in use.
    fn gate(&self, model: &Model, champion: Option<&str>) -> Result<(), RegistryError> {
        let (id, card) = (model.id().to_string(), model.card());
        if !card.beats_baselines {
            return Err(RegistryError::NoEdge { id, verdict: card.verdict.clone() });
        }
        let own = card.model.log_loss;
        let Some(champion) = champion else {
            // The bundled model trades until one is promoted: who was judged beside it has to be better.
            let rival = card.rival.as_ref().filter(|rival| rival.id == BUNDLED);
            let other = rival.map(|rival| rival.judgement.log_loss).filter(|other| own >= *other);
            let worse = |other| RegistryError::Worse { id, champion: BUNDLED.into(), own, other };
            return other.map_or(Ok(()), |other| Err(worse(other)));
        };
        if champion == id {
            return Ok(());
        }
        let other = self.read(champion)?;
        let same = |one: &crate::card::Card| {
            let tests: Vec<_> = one.parts.iter().map(|part| part.test.clone()).collect();
            (one.data.sha256.clone(), tests, one.config.target)
        };
        let beside = card.rival.as_ref().filter(|rival| rival.id == champion);
        let champion = champion.to_owned();
        let other = match beside {
            Some(rival) => rival.judgement.log_loss,
            None if same(card) == same(other.card()) => other.card().model.log_loss,
            None => return Err(RegistryError::Incomparable { id, champion }),
        };
        if own < other { Ok(()) } else { Err(RegistryError::Worse { id, champion, own, other }) }
    }

    fn change(
        &self,
        mut state: State,
        time: &str,
        model: String,
        change: &str,
        reason: &str,
    ) -> Result<(), RegistryError> {
        let (change, reason) = (change.into(), reason.into());
        state.changes.push(Change { time: time.into(), model, change, reason });
        // Texts and lists always have a JSON form.
        let text = serde_json::to_vec_pretty(&state).unwrap_or_default();
        Ok(files::write(&self.root.join(STATE), &text)?)
    }

    /// Waits until nobody else changes the state, which is then this one's until the file is dropped.
    fn hold(&self) -> Result<File, FileError> {
        let (file, path) = files::lock_file(&self.root)?;
        file.lock().map_err(FileError::io(&path))?;
        Ok(file)
    }

    fn state(&self) -> Result<State, RegistryError> {
        let path = self.root.join(STATE);
        let damaged = || RegistryError::State(path.display().to_string());
        match fs::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(State::default()),
            Err(error) => Err(FileError::io(&path)(error).into()),
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|_| damaged()),
        }
    }

    fn ids(&self) -> Result<Vec<String>, ModelError> {
        let entries = match fs::read_dir(&self.root) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            entries => Some(entries.map_err(FileError::io(&self.root))?),
        };
        let entries = entries.into_iter().flatten();
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let ids: BTreeSet<String> =
            names.filter(|name| is_id(name)).chain([BUNDLED.to_owned()]).collect();
        Ok(ids.into_iter().collect())
    }
}

impl State {
    fn standing(&self, id: &str) -> Standing {
        // While none was promoted, the one that comes with the program trades.
        if self.champion.as_deref().unwrap_or(BUNDLED) == id {
            Standing::Champion
        } else if self.retired.contains(id) {
            Standing::Retired
        } else {
            Standing::Candidate
        }
    }
}
