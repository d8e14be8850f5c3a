//! What every risk check says of an order, as a table.

use crate::figures::counted;
use kernel::Cash;
use kernel::risk::{Finding, Margin};

/// The checks that look at the order, in their order of precedence: each limit with what is used of it
/// now, what it needs with the order and the margin to that, and the reason of each that stops it.
pub fn table(findings: &[Finding]) -> String {
    let looked: Vec<&Finding> = findings.iter().filter(|finding| finding.applies).collect();
    let margins = || looked.iter().flat_map(|finding| &finding.margins);
    let is_told = |margin: &&Margin| margin.needs.is_some() || margin.used.is_some();
    let mut rows = vec![["limit", "is", "now", "needs", "margin", "unit"].map(String::from)];
    rows.extend(margins().filter(is_told).map(row));
    let mut text = if rows.len() > 1 { aligned(&rows) } else { String::new() };
    let untouched = margins().filter(|margin| margin.limit.is_some() && !is_told(margin));
    let untouched = untouched.map(|margin| {
        let [key, limit, .., unit] = row(margin);
        format!("{key} {limit} {unit}")
    });
    let plain = looked.iter().filter(|finding| finding.margins.is_empty());
    let plain =
        plain.filter(|finding| finding.denial.is_none()).map(|finding| finding.check.into());
    text += &listed("the same whatever the order is", untouched.collect());
    text += &listed("passed without a limit", plain.collect());
    let off = margins().filter(|margin| margin.limit.is_none()).count();
    if off > 0 {
        text += &format!("  {} off\n", counted(off as u64, "limit"));
    }
    let rest = findings.len() - looked.len();
    if rest > 0 {
        text +=
            &format!("  {} of growth do not look at what reduces\n", counted(rest as u64, "check"));
    }
    for finding in looked {
        if let Some(denial) = &finding.denial {
            text += &format!("  DENIED by {}: {denial}\n", finding.check);
        }
    }
    text
}

/// Names after a word, wrapped.
fn listed(word: &str, names: Vec<String>) -> String {
    if names.is_empty() {
        return String::new();
    }
    let mut text = format!("  {word}:");
    let mut width = text.len();
    let last = names.len() - 1;
    for (place, name) in names.iter().enumerate() {
        if width + name.len() > 100 {
            text += "\n   ";
            width = 4;
        }
        let comma = if place < last { "," } else { "" };
        text += &format!(" {name}{comma}");
        width += name.len() + 2;
    }
    text + "\n"
}

fn row(margin: &Margin) -> [String; 6] {
    let shown = |nanos: Option<i64>| match nanos {
        Some(nanos) => Cash::from_nanos(nanos).to_string(),
        None => "-".into(),
    };
    [
        margin.key.clone(),
        shown(margin.limit),
        shown(margin.used),
        shown(margin.needs),
        shown(margin.left()),
        margin.unit.into(),
    ]
}

/// Rows in columns: the first and the last to the left, figures to the right.
fn aligned(rows: &[[String; 6]]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(String::len).max().unwrap_or(0)
    };
    let [key, limit, now, needs, margin] = [0, 1, 2, 3, 4].map(width);
    let lines = rows.iter().map(|[a, b, c, d, e, f]| {
        format!("  {a:key$}  {b:>limit$}  {c:>now$}  {d:>needs$}  {e:>margin$}  {f}\n")
    });
    lines.collect()
}
