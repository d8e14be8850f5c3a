//! Words that have no place in the repository.

use super::Finding;
use super::repository::Repository;

/// A word, and what to do instead of writing it.
struct Word {
    word: &'static str,
    instead: &'static str,
}

const UNFINISHED: &str =
    "finish it, or leave it out; what is missing stands in CHANGELOG.md or the documents";
const MACHINE: &str = "it is a path of one machine; take it from an argument, the environment or a path from the repository's root";
const HOST: &str = "name the package instead; which registry serves it is the user's setting";
const OURSELVES: &str =
    "the repository speaks of the program, not of how it was made; say what is so, and why";

const WORDS: [Word; 17] = [
    Word { word: "TODO", instead: UNFINISHED },
    Word { word: "FIXME", instead: UNFINISHED },
    Word { word: "HACK:", instead: UNFINISHED },
    Word { word: "todo!(", instead: UNFINISHED },
    Word { word: "unimplemented!(", instead: UNFINISHED },
    Word { word: "dbg!(", instead: "use tracing, or remove it" },
    Word { word: "/root/", instead: MACHINE },
    Word { word: "/work/", instead: MACHINE },
    Word { word: "/home/", instead: MACHINE },
    Word { word: "/Users/", instead: MACHINE },
    Word { word: "pypi.org", instead: HOST },
    Word { word: "pythonhosted.org", instead: HOST },
    Word { word: "index.crates.io", instead: HOST },
    Word { word: "static.crates.io", instead: HOST },
    Word { word: "AI assistant", instead: OURSELVES },
    Word { word: "language model", instead: OURSELVES },
    Word { word: "issue #", instead: OURSELVES },
];

/// This file names them all, and the lock file names its registry.
const EXEMPT: [&str; 2] = ["xtask/src/tidy/words.rs", "Cargo.lock"];

pub(super) fn check(repository: &Repository) -> Result<Vec<Finding>, String> {
    let files = repository.files.iter().filter(|file| !EXEMPT.contains(&file.path.as_str()));
    Ok(files
        .flat_map(|file| file.lines().map(move |(number, line)| (file, number, line)))
        .flat_map(|(file, number, line)| {
            WORDS.iter().filter(|word| contains(line, word.word)).map(move |word| {
                let message = format!("`{}`: {}", word.word, word.instead);
                Finding::new(&file.path, number, message)
            })
        })
        .collect())
}

/// Whether a line contains a word that does not begin in the middle of another, or of a path.
fn contains(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        before.is_none_or(|before| !before.is_alphanumeric() && !"_.~$}".contains(before))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let repository = Repository::of([("docs/a.md", text)]);
        check(&repository).unwrap().into_iter().map(|finding| finding.to_string()).collect()
    }

    #[test]
    fn banned_words_are_told_with_what_to_do() {
        assert_eq!(found("fine\n// TODO later\n"), [format!("docs/a.md:2: `TODO`: {UNFINISHED}")]);
        assert_eq!(
            found("let data = \"/work/data\";"),
            [format!("docs/a.md:1: `/work/`: {MACHINE}")]
        );
    }

    #[test]
    fn words_inside_others_are_let_be() {
        assert_eq!(found("METODO, ./work/data, ~/work/x, $HOME/work/x, doc/root/x"), [""; 0]);
    }

    #[test]
    fn the_list_itself_is_exempt() {
        let repository = Repository::of([("xtask/src/tidy/words.rs", "TODO")]);
        assert_eq!(check(&repository), Ok(Vec::new()));
    }
}
