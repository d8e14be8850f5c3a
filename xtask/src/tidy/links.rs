//! Links between documents lead somewhere.

use super::Finding;
use super::repository::{File, Repository};
use std::path::{Component, Path, PathBuf};

pub(super) fn check(repository: &Repository) -> Result<Vec<Finding>, String> {
    let documents = repository.files.iter().filter(|file| file.path.ends_with(".md"));
    Ok(documents
        .flat_map(|document| prose(&document.text).map(move |(line, text)| (document, line, text)))
        .flat_map(|(document, line, text)| {
            targets(text).filter_map(move |target| {
                let message = broken(repository, document, target)?;
                Some(Finding::new(&document.path, line, message))
            })
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

fn broken(repository: &Repository, document: &File, target: &str) -> Option<String> {
    if ["http://", "https://", "mailto:"].iter().any(|start| target.starts_with(start)) {
        return None;
    }
    let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
    let path = match path {
        "" => document.path.clone(),
        path => from_root(&document.path, path),
    };
    let folder = format!("{path}/");
    let exists = |file: &&File| file.path == path || file.path.starts_with(&folder);
    let Some(file) = repository.files.iter().find(exists) else {
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
}
