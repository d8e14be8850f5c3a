//! The repository's files as they stand.

use super::tokens::{self, Token};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A file with its path from the root.
pub(super) struct File {
    pub path: String,
    pub text: String,
}

/// Every file that git tracks or would track.
pub(super) struct Repository {
    pub root: PathBuf,
    pub files: Vec<File>,
}

impl Repository {
    pub(super) fn open(root: &Path) -> Result<Self, String> {
        let listed = Command::new("git")
            .args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"])
            .current_dir(root)
            .output()
            .map_err(|error| format!("git cannot be run ({error}); install git"))?;
        if !listed.status.success() {
            let said = String::from_utf8_lossy(&listed.stderr);
            return Err(format!("git ls-files failed: {}", said.trim()));
        }
        let names = String::from_utf8_lossy(&listed.stdout).into_owned();
        let files = names.split('\0').filter(|name| !name.is_empty()).filter_map(|name| {
            // A file may be deleted and not yet committed so; a binary file holds no text.
            let path = root.join(name);
            path.exists().then(|| File {
                path: name.into(),
                text: std::fs::read_to_string(path).unwrap_or_default(),
            })
        });
        Ok(Self { root: root.into(), files: files.collect() })
    }

    /// The Rust sources as tokens.
    pub(super) fn rust(&self) -> impl Iterator<Item = Result<(&File, Vec<Token>), String>> {
        self.files.iter().filter(|file| file.path.ends_with(".rs")).map(|file| {
            let tokens =
                tokens::of(&file.text).map_err(|error| format!("{}: {error}", file.path))?;
            Ok((file, tokens))
        })
    }

    #[cfg(test)]
    pub(super) fn of<const N: usize>(files: [(&str, &str); N]) -> Self {
        let files = files.map(|(path, text)| File { path: path.into(), text: text.into() });
        Self { root: PathBuf::new(), files: files.into() }
    }
}

impl File {
    /// Whether this is code of a crate itself, not of its tests or benchmarks.
    pub(super) fn is_crate_source(&self) -> bool {
        self.path.ends_with(".rs") && self.path.contains("/src/")
    }

    /// The lines with their numbers.
    pub(super) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        (1..).zip(self.text.lines())
    }
}
