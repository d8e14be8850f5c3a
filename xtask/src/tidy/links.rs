//! Links between documents, and the paths that documents name, lead somewhere.

use super::Finding;
use super::repository::{File, Repository};
use std::path::{Component, Path, PathBuf};

pub(super) fn check(repository: &Repository) -> Result<Vec<Finding>, String> {
    let documents = repository.files.iter().filter(|file| file.path.ends_with(".md"));
    Ok(documents
        .flat_map(|document| prose(&document.text).map(move |(line, text)| (document, line, text)))
        .flat_map(|(document, line, text)| {
            let broken = targets(text).filter_map(|target| broken(repository, document, target));
            let gone = paths(text)
                .filter(|path| document.path != GUIDE && find(repository, path).is_none())
                .map(|path| format!("`{path}` is not in the repository; correct or remove it"));
            let messages: Vec<String> = broken.chain(gone).collect();
            messages.into_iter().map(move |message| Finding::new(&document.path, line, message))
        })
        .collect())
}

/// The lines outside blocks of code.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut in_code = false;
    (1..).zip(text.lines()).filter(move |(_, line)| {
        let is_fence = line.trim_start().starts_with("```");
        in_code ^= is_fence;
        !in_code && !is_fence
    })
}

/// The targets of the links of a line: `[text](target)` and `[name]: target`.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    let definition = line
        .strip_prefix('[')
        .and_then(|rest| rest.split_once("]: "))
        .and_then(|(_, target)| target.split_whitespace().next());
    // Every other piece between backticks is code.
    let words = line.split('`').step_by(2);
    let inline = words.flat_map(|text| text.split("](").skip(1)).filter_map(|rest| {
        let target = rest.split(')').next()?;
        target.split_whitespace().next()
    });
    definition.into_iter().chain(inline)
}

/// The guide that tells the reader to write a file, which is not there before.
const GUIDE: &str = "docs/STRATEGIES.md";

/// The folders at the root by which a path of the repository can be told.
const FOLDERS: [&str; 7] =
    ["engine/", "strategies/", "backtest/", "cli/", "xtask/", "docs/", "dashboards/"];

/// The paths of the repository that a line names between backticks.
fn paths(line: &str) -> impl Iterator<Item = &str> {
    let code = line.split('`').skip(1).step_by(2);
    code.filter(|text| {
        let is_path = |letter: char| letter.is_alphanumeric() || "/._-".contains(letter);
        FOLDERS.iter().any(|folder| text.starts_with(folder)) && text.chars().all(is_path)
    })
}

/// The file of a path from the root, or one in the folder of that path.
fn find<'a>(repository: &'a Repository, path: &str) -> Option<&'a File> {
    let path = path.trim_end_matches('/');
    let folder = format!("{path}/");
    repository.files.iter().find(|file| file.path == path || file.path.starts_with(&folder))
}

fn broken(repository: &Repository, document: &File, target: &str) -> Option<String> {
    if ["http://", "https://", "mailto:"].iter().any(|start| target.starts_with(start)) {
        return None;
    }
    let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
    let path = match path {
        "" => document.path.clone(),
        path => from_root(&document.path, path),
    };
    let Some(file) = find(repository, &path) else {
        return Some(format!(
            "the link to {target} leads nowhere; {path} is not in the repository: correct or remove it"
        ));
    };
    let has_anchor = anchor.is_empty()
        || !file.path.ends_with(".md")
        || prose(&file.text).any(|(_, line)| is_heading(line, anchor));
    (!has_anchor).then(|| {
        format!(
            "the link to {target} leads nowhere; {path} has no heading for #{anchor}: correct it"
        )
    })
}

/// A path from the root, of a target beside a document.
fn from_root(document: &str, target: &str) -> String {
    let folder = Path::new(document).parent().unwrap_or(Path::new(""));
    let mut path = PathBuf::new();
    for part in folder.join(target).components() {
        match part {
            Component::ParentDir => {
                path.pop();
            }
            Component::Normal(name) => path.push(name),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    path.to_string_lossy().into_owned()
}

/// Whether a line is the heading of an anchor, as GitHub names it.
fn is_heading(line: &str, anchor: &str) -> bool {
    let Some(heading) = line.strip_prefix('#') else {
        return false;
    };
    let heading = heading.trim_start_matches('#').trim().to_lowercase();
    let slug: String = heading
        .chars()
        .filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter))
        .map(|letter| if letter == ' ' { '-' } else { letter })
        .collect();
    slug == anchor
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(text: &str) -> Vec<String> {
        let other = ("docs/adr/0001-a.md", "# A decision: why\n```\n# Not this\n```\n");
        let repository = Repository::of([("docs/a.md", text), other, ("README.md", "")]);
        check(&repository).unwrap().into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn links_that_lead_somewhere_are_let_be() {
        let text = "[a](adr/0001-a.md), [b](adr), [c](../README.md \"title\"), [d](https://x.example/y)\n\
                    [e](adr/0001-a.md#a-decision-why) [f](#here) `[g](nowhere)`\n# Here\n\
                    ```\n[h](nowhere)\n```\n[i]: ../README.md\n";
        assert_eq!(messages(text), [""; 0]);
    }

    #[test]
    fn links_that_lead_nowhere_are_told() {
        let found = messages("[a](b.md)\n[c](adr/0001-a.md#not-this)\n[d]: e.md\n[e](/work)");
        assert_eq!(found.len(), 4, "{found:?}");
        assert!(found[0].starts_with("the link to b.md leads nowhere; docs/b.md is not"));
        assert!(found[1].contains("has no heading for #not-this"));
    }

    #[test]
    fn paths_that_do_not_exist_are_told() {
        assert_eq!(
            messages("`docs/adr/0001-a.md`, `docs/adr/`, `docs`, `docs/<name>`, `a/b.rs`"),
            [""; 0]
        );
        let found = messages("see `docs/adr/0009-b.md`");
        assert_eq!(found, ["`docs/adr/0009-b.md` is not in the repository; correct or remove it"]);
    }
}
