//! The ledger of trials: every try of a strategy over some data, so that luck can be counted.
//!
//! A file for each strategy and data under `runs/trials`, one JSON object a line, only ever appended
//! to, each line with one write. A line that a kill left unfinished is passed over. The same try
//! stands there once: tried again by the same program, it is not run but read.

use super::luck::Tries;
use super::trial::Trial;
use crate::statistics::{Trials, Undefined};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Every try of a strategy over some data.
#[derive(Debug, Default)]
pub struct Ledger {
    /// `None` is a ledger that is not kept.
    path: Option<PathBuf>,
    trials: Vec<Trial>,
    places: BTreeMap<(String, String), usize>,
    file: Option<File>,
}

impl Ledger {
    /// The ledger of a strategy and data in the folder of runs. Nothing is created before the first
    /// trial is added.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(runs: &Path, strategy: &str, data_hash: &str) -> io::Result<Self> {
        let safe = |c: char| if c.is_ascii_alphanumeric() || "-+".contains(c) { c } else { '_' };
        let strategy: String = strategy.chars().map(safe).take(100).collect();
        let data = data_hash.get(..16).unwrap_or(data_hash);
        let path = runs.join("trials").join(format!("{strategy}-{data}.jsonl"));
        let text = match std::fs::read(&path) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error),
        };
        let mut ledger = Self { path: Some(path), ..Self::default() };
        let trials = text.lines().filter_map(|line| serde_json::from_str::<Trial>(line).ok());
        trials.for_each(|trial| ledger.note(trial));
        Ok(ledger)
    }

    /// A ledger that is forgotten with the command.
    pub fn unkept() -> Self {
        Self::default()
    }

    /// The same ledger, in which nothing more is written down.
    #[must_use]
    pub fn read_only(self) -> Self {
        Self { path: None, ..self }
    }

    /// Where it is kept.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Adds a trial, unless the same program has tried the same before.
    ///
    /// # Errors
    /// What the system says.
    pub fn add(&mut self, trial: Trial) -> io::Result<()> {
        if self.find(&trial.id, &trial.program).is_some() {
            return Ok(());
        }
        if let Some(path) = &self.path {
            let file = match &mut self.file {
                Some(file) => file,
                None => self.file.insert(open_to_append(path)?),
            };
            let mut line = serde_json::to_vec(&trial)?;
            line.push(b'\n');
            file.write_all(&line)?;
        }
        self.note(trial);
        Ok(())
    }

    fn note(&mut self, trial: Trial) {
        self.places.insert((trial.id.clone(), trial.program.clone()), self.trials.len());
        self.trials.push(trial);
    }

    /// The trial of this id by a program.
    pub fn find(&self, id: &str, program: &str) -> Option<&Trial> {
        self.trials.get(*self.places.get(&(id.to_owned(), program.to_owned()))?)
    }

    /// Every trial of a program.
    pub fn of_program<'a>(&'a self, program: &'a str) -> impl Iterator<Item = &'a Trial> {
        self.trials.iter().filter(move |trial| trial.program == program)
    }

    /// The trials that differ in what was tried or in what came of it.
    pub fn distinct(&self) -> Vec<&Trial> {
        let mut seen = BTreeSet::new();
        let mut distinct: Vec<&Trial> = self.trials.iter().collect();
        distinct.retain(|trial| seen.insert((trial.id.clone(), trial.events_hash.clone())));
        distinct
    }

    /// How many tries there were, with the variance of the Sharpe ratios of those that have one.
    ///
    /// # Errors
    /// Undefined for fewer than two trials with a ratio.
    pub fn trials(&self) -> Result<Trials, Undefined> {
        self.tries().trials()
    }

    /// The tries that luck is counted by.
    pub(crate) fn tries(&self) -> Tries {
        let distinct = self.distinct();
        let sharpes = distinct.iter().filter_map(|trial| trial.sharpe).collect();
        Tries { count: distinct.len() as u64, sharpes }
    }
}

/// Opens a file at its end, after a line that a kill may have left unfinished.
fn open_to_append(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut file = OpenOptions::new().create(true).append(true).read(true).open(path)?;
    if file.seek(SeekFrom::End(0))? > 0 {
        file.seek(SeekFrom::End(-1))?;
        let mut last = [0];
        file.read_exact(&mut last)?;
        if last != [b'\n'] {
            file.write_all(b"\n")?;
        }
    }
    Ok(file)
}
