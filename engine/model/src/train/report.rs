//! Training curves as a page that needs nothing else.

use super::Epoch;
use serde::Serialize;
use std::fmt::Write;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 300.0;

/// The epochs of one fold.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Curve {
    /// All of them.
    pub epochs: Vec<Epoch>,
    /// The best, counted from 1.
    pub best: usize,
}

/// The losses of each epoch of every fold as an HTML page, with the card's text under them.
pub fn curves(title: &str, folds: &[Curve], card: &str) -> String {
    let (title, card) = (escaped(title), escaped(card));
    let several = folds.len() > 1;
    let parts = folds.iter().enumerate().map(|(place, fold)| {
        let last = if place + 1 == folds.len() { ": the model" } else { "" };
        let head = format!("<h2>Fold {} of {}{last}</h2>\n", place + 1, folds.len());
        (if several { head } else { String::new() }) + fold.drawn().as_str()
    });
    let drawn: String = parts.collect();
    let tables: String = folds.iter().map(Curve::table).collect();
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\n\
         <style>body{{font:15px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem}}\
         td,th{{padding:.1rem .8rem;text-align:right;font-variant-numeric:tabular-nums}}pre{{white-space:pre-wrap}}\
         polyline{{fill:none;stroke-width:2}}</style></head><body>\n<h1>{title}</h1>\n\
         {drawn}<pre>{card}</pre>\n{tables}</body></html>\n"
    )
}

impl Curve {
    fn drawn(&self) -> String {
        let losses =
            || self.epochs.iter().flat_map(|epoch| [epoch.train_loss, epoch.validation_loss]);
        let (low, high) = (losses().fold(f64::MAX, f64::min), losses().fold(f64::MIN, f64::max));
        let height = (high - low).max(f64::MIN_POSITIVE);
        let last = self.epochs.len().saturating_sub(1).max(1) as f64;
        let x = |at: usize| at as f64 / last * WIDTH;
        let y = |loss: f64| HEIGHT - (loss - low) / height * HEIGHT;
        let line = |of: &dyn Fn(&Epoch) -> f64| {
            let points = self.epochs.iter().enumerate();
            let points = points.map(|(at, epoch)| format!("{:.1},{:.1}", x(at), y(of(epoch))));
            points.collect::<Vec<_>>().join(" ")
        };
        let train = line(&|epoch| epoch.train_loss);
        let validation = line(&|epoch| epoch.validation_loss);
        let (best, mark) = (self.best, x(self.best.saturating_sub(1)));
        format!(
            "<svg viewBox=\"-70 -12 {w} {h}\" role=\"img\" aria-label=\"loss by epoch\">\n\
             <line x1=\"{mark:.1}\" x2=\"{mark:.1}\" y1=\"0\" y2=\"{HEIGHT}\" stroke=\"#999\" stroke-dasharray=\"4\"/>\n\
             <polyline points=\"{train}\" stroke=\"#1f77b4\"/>\n<polyline points=\"{validation}\" stroke=\"#d62728\"/>\n\
             <text x=\"-66\" y=\"8\" font-size=\"13\">{high:.4}</text><text x=\"-66\" y=\"{HEIGHT}\" font-size=\"13\">{low:.4}</text>\n\
             </svg>\n<p><span style=\"color:#1f77b4\">training</span>, \
             <span style=\"color:#d62728\">validation</span>; the dashed line is the best epoch, {best}.</p>\n",
            w = WIDTH + 90.0,
            h = HEIGHT + 30.0,
        )
    }

    fn table(&self) -> String {
        let mut rows = String::new();
        for epoch in &self.epochs {
            // To write into a text never fails.
            let _ = writeln!(
                rows,
                "<tr><td>{}</td><td>{:.6}</td><td>{:.6}</td><td>{:.2e}</td><td>{:.1}</td></tr>",
                epoch.number,
                epoch.train_loss,
                epoch.validation_loss,
                epoch.learning_rate,
                epoch.seconds
            );
        }
        format!(
            "<table><tr><th>epoch</th><th>training</th><th>validation</th><th>rate</th><th>seconds</th></tr>\n{rows}</table>\n"
        )
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_both_curves_a_mark_at_the_best_epoch_and_a_row_for_each() {
        let epoch = |number, train_loss, validation_loss| Epoch {
            number,
            train_loss,
            validation_loss,
            learning_rate: 0.01,
            seconds: 2.0,
        };
        let epochs = vec![epoch(1, 1.0, 0.9), epoch(2, 0.8, 0.5), epoch(3, 0.6, 0.7)];
        let fold = Curve { epochs, best: 2 };
        let page = curves("Model 1", std::slice::from_ref(&fold), "No edge <shown>");
        assert!(!page.contains("<h2>"), "there is one");
        // The highest loss lies at the top, the lowest at the bottom.
        assert!(page.contains("points=\"0.0,0.0 360.0,120.0 720.0,240.0\""), "{page}");
        assert!(page.contains("points=\"0.0,60.0 360.0,300.0 720.0,180.0\""), "{page}");
        assert!(page.contains("<line x1=\"360.0\" x2=\"360.0\""), "{page}");
        assert!(page.contains("No edge &lt;shown&gt;") && page.matches("<tr><td>").count() == 3);
        let two = curves("Model 1", &[fold.clone(), fold], "");
        assert!(two.contains("<h2>Fold 1 of 2</h2>"), "{two}");
        assert!(two.contains("<h2>Fold 2 of 2: the model</h2>"), "{two}");
        assert_eq!((two.matches("<svg").count(), two.matches("<tr><td>").count()), (2, 6));
    }
}
