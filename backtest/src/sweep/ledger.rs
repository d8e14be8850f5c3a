//! The ledger of trials: every try of a strategy on some symbols, so that luck can be counted.
//!
//! Whoever tries other dates, longer bars or a symbol less picks as much as who tries other
//! parameters: so all tries of a strategy count together in which one of the symbols was traded.
//!
//! A folder for each strategy under `runs/trials`, in it a file for each set of symbols, one JSON
//! object a line, only ever appended to, each line with one write. A line that a kill left
//! unfinished is passed over. The same try stands there once: tried again by the same program, it
//! is not run but read.

use super::luck::Tries;
use super::trial::Trial;
use crate::statistics::{Trials, Undefined};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The longest name of a file that says the symbols themselves.
const LONGEST: usize = 80;

/// Every try of a strategy on some symbols.
#[derive(Debug, Default)]
pub struct Ledger {
    /// `None` is a ledger that is not kept.
    path: Option<PathBuf>,
    trials: Vec<Trial>,
    places: BTreeMap<(String, String), usize>,
    file: Option<File>,
}

impl Ledger {
    /// The ledger of a strategy and symbols in the folder of runs. Nothing is created before the
    /// first trial is added.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(runs: &Path, strategy: &str, symbols: &[String]) -> io::Result<Self> {
        let safe = |c: char| if c.is_ascii_alphanumeric() || "-+".contains(c) { c } else { '_' };
        let strategy: String = strategy.chars().map(safe).take(100).collect();
        let folder = runs.join("trials").join(strategy);
        let mut ledger = Self { path: Some(folder.join(file_name(symbols))), ..Self::default() };
        for file in files_in(&folder)? {
            ledger.read(&file, symbols)?;
        }
        Ok(ledger)
    }

    /// Takes in the trials of a file, unless they are of other symbols.
    fn read(&mut self, file: &Path, symbols: &[String]) -> io::Result<()> {
        for line in BufReader::new(File::open(file)?).split(b'\n') {
            let Ok(trial) = serde_json::from_slice::<Trial>(&line?) else { continue };
            if !trial.symbols.iter().any(|symbol| symbols.contains(symbol)) {
                return Ok(());
            }
            self.note(trial);
        }
        Ok(())
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

    /// Every trial of a program over the data with a digest.
    pub fn over<'a>(
        &'a self,
        data_hash: &'a str,
        program: &'a str,
    ) -> impl Iterator<Item = &'a Trial> {
        let is_over = move |trial: &&Trial| trial.data_hash == data_hash;
        self.trials.iter().filter(is_over).filter(move |trial| trial.program == program)
    }

    /// The trials that differ in what was tried or in what came of it.
    pub fn distinct(&self) -> Vec<&Trial> {
        let mut seen = BTreeSet::new();
        let mut distinct: Vec<&Trial> = self.trials.iter().collect();
        distinct.retain(|trial| seen.insert((trial.id.clone(), trial.events_hash.clone())));
        distinct
    }

    /// How many tries there were, with the variance of the Sharpe ratios of those that have one, as
    /// over so many sessions.
    ///
    /// # Errors
    /// Undefined for fewer than two trials with a ratio.
    pub fn trials(&self, sessions: usize) -> Result<Trials, Undefined> {
        self.tries().trials(sessions as f64)
    }

    /// The tries that luck is counted by.
    pub(crate) fn tries(&self) -> Tries {
        let distinct = self.distinct();
        let ratio = |trial: &&Trial| Some((trial.sharpe?, f64::from(trial.sessions)));
        Tries { count: distinct.len() as u64, sharpes: distinct.iter().filter_map(ratio).collect() }
    }
}

/// The file of a set of symbols: their names, or a digest of them where that makes no file's name.
fn file_name(symbols: &[String]) -> String {
    let mut sorted: Vec<&str> = symbols.iter().map(String::as_str).collect();
    sorted.sort_unstable();
    let names = sorted.join("+");
    let plain = names.chars().all(|c| c.is_ascii_alphanumeric() || "-+._".contains(c));
    if plain && names.len() <= LONGEST {
        return format!("{names}.jsonl");
    }
    let digest = Sha256::digest(names);
    format!("{}.jsonl", hex::encode(digest.get(..16).unwrap_or(&digest)))
}

/// The files of a folder that may not be there, in the order of their names.
fn files_in(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let paths: io::Result<Vec<PathBuf>> = entries.map(|entry| Ok(entry?.path())).collect();
    let mut paths = paths?;
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "jsonl"));
    paths.sort_unstable();
    Ok(paths)
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
