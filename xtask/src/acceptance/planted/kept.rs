//! Verdicts that are kept, so that a run that was broken off, or that missed a bug, goes on where it was.

use super::{Bug, Caught, Judged, LIST, SEEDS, SEEDS_BY_RECORD, read, write};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};

/// The verdicts on one state of the sources.
pub(super) struct Kept {
    folder: PathBuf,
    sources: String,
}

impl Kept {
    /// Those on a copy of the tree. What is no program and no scenario does not count, and of the list
    /// of bugs only the bug itself.
    pub fn of(copy: &Path, place: &Path) -> Result<Self, String> {
        let mut files = Vec::new();
        sources(copy, &mut files)?;
        files.retain(|file| !file.ends_with(LIST));
        files.sort();
        let mut hash = Sha256::new();
        for file in files {
            hash.update(file.to_string_lossy().as_bytes());
            hash.update(read(&file)?);
        }
        Ok(Self { folder: place.join("judged"), sources: hex::encode(hash.finalize()) })
    }

    /// What was found out about a bug.
    pub fn judged(&self, bug: &Bug) -> Option<Judged> {
        let kept: Value = serde_json::from_str(&fs::read_to_string(self.file(bug)).ok()?).ok()?;
        Some((caught(kept.get("watched")?)?, kept.get("recorded").and_then(caught)))
    }

    /// Keeps a verdict.
    pub fn keep(&self, bug: &Bug, judged: Judged) -> Result<Judged, String> {
        fs::create_dir_all(&self.folder)
            .map_err(|error| format!("{} cannot be made: {error}", self.folder.display()))?;
        let said = |caught: &Caught| json!([caught.seed, caught.law, caught.by]);
        let kept = json!({ "watched": said(&judged.0), "recorded": judged.1.as_ref().map(said) });
        write(&self.file(bug), &kept.to_string())?;
        Ok(judged)
    }

    fn file(&self, bug: &Bug) -> PathBuf {
        let mut hash = Sha256::new();
        let seeds = [SEEDS, SEEDS_BY_RECORD, &self.sources, &bug.file, &bug.find, &bug.replace];
        // Which of a scenario's failures counts is chosen by the laws.
        let named =
            bug.scenarios.iter().chain(bug.laws.iter().filter(|_| !bug.scenarios.is_empty()));
        for part in seeds.into_iter().chain(named.map(String::as_str)) {
            hash.update(part.len().to_le_bytes());
            hash.update(part);
        }
        self.folder.join(hex::encode(hash.finalize()) + ".json")
    }
}

fn caught(kept: &Value) -> Option<Caught> {
    let part = |index: usize| kept.get(index)?.as_str().map(ToOwned::to_owned);
    Some(Caught { seed: part(0)?, law: part(1)?, by: part(2)? })
}

/// Every program and every scenario under a folder.
fn sources(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), String> {
    let told = |error| format!("{} cannot be read: {error}", folder.display());
    for entry in fs::read_dir(folder).map_err(told)? {
        let path = entry.map_err(told)?.path();
        let is = |kinds: &[&str]| {
            path.extension().is_some_and(|kind| kinds.iter().any(|known| kind == *known))
        };
        match path.is_dir() {
            true => sources(&path, files)?,
            false if is(&["rs", "toml", "lock"]) => files.push(path),
            false => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bug(find: &str) -> Bug {
        let text = |text: &str| text.to_owned();
        Bug {
            name: text("a name"),
            file: text("a.rs"),
            find: text(find),
            replace: text("b"),
            laws: vec![text("law")],
            scenarios: Vec::new(),
        }
    }

    #[test]
    fn a_verdict_is_of_one_bug_in_one_state_of_the_sources() {
        let place = tempfile::tempdir().unwrap();
        let tree = place.path().join("tree/src");
        fs::create_dir_all(&tree).unwrap();
        let write = |name: &str, text: &str| fs::write(tree.join(name), text).unwrap();
        write("a.rs", "a");
        let kept = || Kept::of(&place.path().join("tree"), place.path()).unwrap();
        let caught = Caught { seed: "7".into(), law: "a law".into(), by: "somebody".into() };
        assert_eq!(kept().judged(&bug("a")), None);
        kept().keep(&bug("a"), (caught.clone(), None)).unwrap();
        write("README.md", "words");
        let renamed = Bug { name: "another name".into(), laws: Vec::new(), ..bug("a") };
        assert_eq!(kept().judged(&renamed), Some((caught.clone(), None)));
        assert_eq!(kept().judged(&bug("b")), None, "another bug");
        write("b.rs", "b");
        assert_eq!(kept().judged(&bug("a")), None, "another tree");
        kept().keep(&bug("a"), (Caught::default(), Some(caught.clone()))).unwrap();
        assert_eq!(kept().judged(&bug("a")), Some((Caught::default(), Some(caught))));
    }
}
