//! A card as a text for people.

use super::{Card, Judgement, NEEDED, PartFacts};
use crate::config::Backend;
use crate::hours::phrase;
use std::fmt::Write;

impl Card {
    /// The card as Markdown; its first line is the verdict.
    pub fn markdown(&self) -> String {
        let mut text = format!("{}\n\n", self.verdict);
        // To write into a text never fails.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) -> std::fmt::Result {
        self.write_judgements(text)?;
        self.write_tables(text)?;
        self.write_making(text)
    }

    fn write_judgements(&self, text: &mut String) -> std::fmt::Result {
        writeln!(text, "## Out of sample\n")?;
        writeln!(text, "| | model |{} |", self.names(|name| name.to_owned()))?;
        writeln!(text, "|---|---|{}", "---|".repeat(self.baselines.len()))?;
        let row = |text: &mut String, name: &str, of: &dyn Fn(&Judgement) -> String| {
            let others = self.baselines.iter().map(|one| of(&one.judgement)).collect::<Vec<_>>();
            writeln!(text, "| {name} | {} | {} |", of(&self.model), others.join(" | "))
        };
        row(text, "log loss", &|one| format!("{:.4}", one.log_loss))?;
        row(text, "accuracy, 95 % interval", &|one| {
            let share = one.accuracy;
            format!("{} ({} to {})", percent(share.value), percent(share.low), percent(share.high))
        })?;
        row(text, "Brier score", &|one| format!("{:.4}", one.brier))?;
        row(text, "calibration error", &|one| format!("{:.4}", one.calibration_error))?;
        row(text, "AUC, up against down", &|one| figure(one.auc))?;
        row(text, "information coefficient", &|one| figure(one.information_coefficient))?;
        row(text, "turnover", &|one| format!("{:.3}", one.turnover))?;
        let advantages = self.baselines.iter().map(|one| match one.advantage {
            Some(by) => format!("{by:.2}"),
            None => "the same".into(),
        });
        let advantages: Vec<String> = advantages.collect();
        writeln!(text, "| the model's advantage | | {} |\n", advantages.join(" | "))?;
        writeln!(
            text,
            "The advantage is that in log loss, in standard errors; above {NEEDED} over each baseline counts as better.\n\
             {} samples; their answers overlap, so intervals are as wide as if each bar were asked about once.\n",
            self.model.samples
        )?;
        if let Some(rival) = &self.rival {
            writeln!(
                text,
                "Model {} on the same samples: log loss {:.4}, accuracy {}; the advantage over it is {}.\n",
                rival.id,
                rival.judgement.log_loss,
                percent(rival.judgement.accuracy.value),
                rival.advantage.map_or_else(|| "none".into(), |by| format!("{by:.2}"))
            )?;
        }
        Ok(())
    }

    fn write_making(&self, text: &mut String) -> std::fmt::Result {
        let data = &self.data;
        let synthetic = if data.synthetic { ", synthetic" } else { "" };
        writeln!(text, "## What it is made of\n")?;
        writeln!(
            text,
            "- Data: {}, {} bars of {}, {}, from {} to {}{synthetic}, SHA-256 {}",
            data.symbols.join(", "),
            data.bars,
            data.bar,
            phrase(data.hours()),
            data.from,
            data.to,
            data.sha256
        )?;
        for (number, part) in self.parts.iter().enumerate() {
            writeln!(text, "- Split {}: {}", number + 1, of_part(part))?;
        }
        writeln!(text, "- Features: {}", self.features.join(", "))?;
        let (network, training) = (&self.config.network, &self.config.training);
        let gradients = match training.backend {
            Backend::Fused => String::new(),
            other => format!(", gradients by burn's tensors ({other:?})"),
        };
        writeln!(
            text,
            "- Network: {} bars, {} layers of {} units, dropout {}",
            network.window, network.layers, network.hidden, network.dropout
        )?;
        writeln!(text, "- Asked: {}", self.config.target)?;
        let fold = if self.parts.len() > 1 { " of the last fold" } else { "" };
        writeln!(
            text,
            "- Training: batch {}, learning rate {}, seed {}, {} epochs{fold} of which number {} was the best{gradients}",
            training.batch, training.learning_rate, training.seed, self.epochs.0, self.epochs.1
        )?;
        writeln!(text, "- Made by {}", self.software)
    }

    fn write_tables(&self, text: &mut String) -> std::fmt::Result {
        let baselines = self.baselines.iter().map(|one| (one.name.as_str(), &one.judgement));
        let all: Vec<_> = [("model", &self.model)].into_iter().chain(baselines).collect();
        writeln!(text, "| who | came | said down | said flat | said up |\n|---|---|---|---|---|")?;
        for (who, judged) in &all {
            for (name, [down, flat, up]) in ["down", "flat", "up"].iter().zip(judged.confusion) {
                writeln!(text, "| {who} | {name} | {down} | {flat} | {up} |")?;
            }
        }
        writeln!(text, "\n| who | confidence | came true | predictions |\n|---|---|---|---|")?;
        for (who, judged) in &all {
            for bin in &judged.calibration {
                let (confidence, right) = (percent(bin.confidence), percent(bin.right));
                writeln!(text, "| {who} | {confidence} | {right} | {} |", bin.count)?;
            }
        }
        writeln!(text)
    }

    fn names(&self, of: impl Fn(&str) -> String) -> String {
        let names = self.baselines.iter().map(|one| format!(" {}", of(&one.name)));
        names.collect::<Vec<_>>().join(" |")
    }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

fn figure(number: Option<f64>) -> String {
    number.map_or_else(|| "none".into(), |number| format!("{number:.4}"))
}

fn of_part(part: &PartFacts) -> String {
    let of =
        |(count, from, to): &(usize, String, String)| format!("{count} samples, {from} to {to}");
    format!(
        "trained on {}; stopped by {}; judged by {}",
        of(&part.train),
        of(&part.validation),
        of(&part.test)
    )
}
