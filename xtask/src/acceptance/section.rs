//! One section of a document, written by a command while the others stay as they are.

use std::fs;
use std::path::Path;

/// Puts a text under a heading of the second level, in place of what is there; a heading that is
/// not there comes last.
pub fn replace(path: &Path, heading: &str, text: &str) -> Result<(), String> {
    let told = |error| format!("{} cannot be written: {error}", path.display());
    let page = fs::read_to_string(path).map_err(told)?;
    fs::write(path, replaced(&page, heading, text)).map_err(told)
}

fn replaced(page: &str, heading: &str, text: &str) -> String {
    let title = format!("## {heading}\n");
    let new = format!("{title}\n{}\n", text.trim_end());
    let Some(begins) = page.find(&title) else {
        return format!("{}\n\n{new}", page.trim_end());
    };
    let (before, old) = page.split_at(begins);
    match old.find("\n\n## ") {
        Some(ends) => format!("{before}{new}{}", old.get(ends + 1..).unwrap_or_default()),
        None => format!("{before}{new}"),
    }
}

#[cfg(test)]
mod tests {
    use super::replaced;

    #[test]
    fn a_section_is_replaced_and_the_others_stay() {
        let page = "# Title\n\nIntro.\n\n## One\n\nold\n\n## Two\n\nkept\n";
        let one = replaced(page, "One", "new\n");
        assert_eq!(one, "# Title\n\nIntro.\n\n## One\n\nnew\n\n## Two\n\nkept\n");
        assert_eq!(replaced(&one, "Two", "last"), one.replace("kept", "last"));
        assert_eq!(replaced(&one, "Three", "more"), format!("{one}\n## Three\n\nmore\n"));
    }
}
