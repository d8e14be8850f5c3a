//! A drawing with its title, labels and legend.

use super::format::tick;
use super::svg::{Scale, WIDTH, escape, rule};

/// A figure with a drawing that is as wide as the page.
pub(super) struct Plot<'a> {
    pub title: &'a str,
    /// What it shows, for those who do not see it.
    pub tells: String,
    /// Class of the key and name of each thing drawn.
    pub legend: Vec<(&'static str, String)>,
    pub height: f64,
    pub drawing: String,
    /// Places as shares from the top.
    pub y_labels: Vec<(f64, String)>,
    /// Places as shares from the left.
    pub x_labels: Vec<(f64, String)>,
    /// What stands below, already escaped.
    pub note: String,
}

impl Plot<'_> {
    pub(super) fn html(&self) -> String {
        let legend: String = self
            .legend
            .iter()
            .map(|(class, name)| format!("<li><i class=\"{class}\"></i>{}</li>", escape(name)))
            .collect();
        let legend =
            if legend.is_empty() { legend } else { format!("<ul class=\"legend\">{legend}</ul>") };
        let y: String = self
            .y_labels
            .iter()
            .map(|(place, text)| {
                format!("<span style=\"top:{:.2}%\">{}</span>", place * 100.0, escape(text))
            })
            .collect();
        let x: String = self
            .x_labels
            .iter()
            .enumerate()
            .map(|(n, (place, text))| {
                let class = if n % 2 == 1 { " class=\"odd\"" } else { "" };
                let left = place * 100.0;
                format!("<span{class} style=\"left:{left:.2}%\">{}</span>", escape(text))
            })
            .collect();
        let x = if x.is_empty() { x } else { format!("<div class=\"x\">{x}</div>") };
        let note = match self.note.as_str() {
            "" => String::new(),
            note => format!("<p class=\"note\">{note}</p>"),
        };
        format!(
            "<figure><figcaption><h3>{}</h3>{legend}</figcaption>\
             <div class=\"plot\"><div class=\"y\">{y}</div>\
             <svg viewBox=\"0 0 {WIDTH} {height}\" style=\"height:{height}px\" \
             preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{}\">{}</svg>{x}</div>{note}</figure>\n",
            escape(self.title),
            escape(&self.tells),
            self.drawing,
            height = self.height,
        )
    }
}

/// Lines across at round values, and their labels; `write` says how a value reads.
pub(super) fn grid(
    scale: &Scale,
    write: impl Fn(f64, f64) -> String,
) -> (String, Vec<(f64, String)>) {
    let ticks = scale.ticks();
    let step = match ticks.as_slice() {
        [first, second, ..] => second - first,
        _ => ticks.first().map_or(1.0, |only| only.abs().max(1e-9)),
    };
    let lines = ticks.iter().map(|value| rule("grid", scale.y(*value))).collect();
    let step_at = |value: f64| if scale.is_log() { value.abs() } else { step };
    let labels = ticks.iter().map(|value| (scale.share(*value), write(*value, step_at(*value))));
    (lines, labels.collect())
}

/// A label in percent.
pub(super) fn percent_tick(value: f64, step: f64) -> String {
    format!("{} %", tick(value * 100.0, step * 100.0))
}

/// The lowest and the highest of some values.
pub(super) fn bounds(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.filter(|value| value.is_finite()).fold(None, |bounds, value| match bounds {
        None => Some((value, value)),
        Some((low, high)) => Some((low.min(value), high.max(value))),
    })
}
