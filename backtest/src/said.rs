//! What the models of a run have said, and what became of it.

use crate::forecast::{ModelFacts, ModelPart};
use kernel::{Event, Input, Notice, Timestamp};
use serde::{Deserialize, Serialize};

/// What one model has said in a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelLine {
    /// Its id.
    pub model: String,
    /// What its words are for.
    pub part: ModelPart,
    /// Bars of a symbol that it must see before it says something of it.
    #[serde(default)]
    pub needs: usize,
    /// Words that were traded on.
    pub traded_on: u64,
    /// Words that were noted alone: a challenger's, those of a model that had drifted, and those of one
    /// that stood by.
    pub noted: u64,
    /// Bars after which it should have said something and did not.
    pub missed: u64,
    /// The first of these, and why.
    pub first_missed: Option<Told>,
    /// When it had drifted, and what had moved.
    pub drifted: Option<Told>,
    /// When it took over from a model that had drifted.
    pub took_over: Option<Timestamp>,
}

/// Something that is told of a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// When it happened.
    pub at: Timestamp,
    /// In words.
    pub reason: String,
}

/// What the models of a run have said so far.
pub(crate) struct Said(Vec<ModelLine>);

impl Said {
    /// Nothing yet.
    pub(crate) fn new(models: &[ModelFacts]) -> Self {
        let line = |model: &ModelFacts| ModelLine {
            model: model.id.clone(),
            part: model.part,
            needs: model.needs,
            traded_on: 0,
            noted: 0,
            missed: 0,
            first_missed: None,
            drifted: None,
            took_over: None,
        };
        Self(models.iter().map(line).collect())
    }

    /// Whether there is no model.
    #[inline]
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Counts what an input led to.
    #[cold]
    pub(crate) fn take(&mut self, at: Timestamp, input: &Input, events: &[Event]) {
        if let Input::Notice(Notice::ModelDrifted { model, reason }) = input
            && let Some(line) = self.of(model, false)
        {
            line.drifted = Some(Told { at, reason: reason.to_string() });
        }
        for event in events {
            match event {
                Event::PredictionTaken(said) => {
                    let is_due =
                        said.stands_in_for.as_deref().is_none_or(|other| self.has_drifted(other));
                    if let Some(line) = self.of(&said.model, said.shadow) {
                        line.count(at, is_due && !said.shadow, said.stands_in_for.is_some());
                    }
                }
                Event::PredictionMissed(missed) => {
                    if let Some(line) = self.0.iter_mut().find(|line| *line.model == *missed.model)
                    {
                        line.missed += 1;
                        let told = || Told { at, reason: missed.reason.to_string() };
                        line.first_missed.get_or_insert_with(told);
                    }
                }
                _ => {}
            }
        }
    }

    fn of(&mut self, model: &str, is_challenger: bool) -> Option<&mut ModelLine> {
        let is_it = |line: &&mut ModelLine| {
            *line.model == *model && (line.part == ModelPart::Challenger) == is_challenger
        };
        self.0.iter_mut().find(is_it)
    }

    fn has_drifted(&self, model: &str) -> bool {
        self.0.iter().any(|line| *line.model == *model && line.drifted.is_some())
    }

    /// The lines of the result.
    pub(crate) fn into_lines(self) -> Vec<ModelLine> {
        self.0
    }
}

impl ModelLine {
    fn count(&mut self, at: Timestamp, is_due: bool, stands_in: bool) {
        if !is_due || self.drifted.is_some() {
            self.noted += 1;
            return;
        }
        self.traded_on += 1;
        if stands_in {
            self.took_over.get_or_insert(at);
        }
    }

    /// Its words by what became of them, as a sentence.
    pub fn counts(&self) -> String {
        let Self { model, traded_on, noted, missed, .. } = self;
        let part = match self.part {
            ModelPart::InUse => "",
            ModelPart::StandsIn => " (stands by)",
            ModelPart::Challenger => " (challenger)",
        };
        format!("{model}{part}: {traded_on} words traded on, {noted} noted, {missed} missed")
    }
}

/// Why a model may have said nothing in a whole run.
pub fn silence(model: &str, needs: usize) -> String {
    format!(
        "model {model} said nothing: it must see {needs} bars of a symbol first, and has nothing to say \
         where prices do not move"
    )
}

/// An instant to the second.
fn instant(at: Timestamp) -> String {
    let text = at.to_string();
    text.get(..19).map_or_else(|| text.clone(), |text| format!("{text}Z"))
}

/// What must be known of models to read a result.
pub(crate) fn notes(lines: &[ModelLine]) -> Vec<String> {
    let mut notes = Vec::new();
    let heir = lines.iter().find_map(|line| Some((&line.model, line.took_over?)));
    for line in lines {
        if line.traded_on + line.noted + line.missed == 0 {
            notes.push(format!("model_silent: {}", silence(&line.model, line.needs)));
        }
        if let Some(Told { at, reason }) = &line.drifted {
            let after = match heir {
                Some((heir, since)) if *heir != line.model => {
                    format!("model {heir} was traded on from {}", instant(since))
                }
                _ => "no other took over".into(),
            };
            let at = instant(*at);
            notes.push(format!(
                "model_drifted: model {} had drifted at {at} ({reason}): nothing was traded on its word \
                 after that, {after}",
                line.model
            ));
        }
        if let Some(Told { at, reason }) = &line.first_missed {
            let at = instant(*at);
            let bars = if line.missed == 1 { "bar" } else { "bars" };
            notes.push(format!(
                "prediction_missed: model {} had nothing to say after {} {bars}, first at {at}: {reason}",
                line.model, line.missed
            ));
        }
    }
    notes
}
