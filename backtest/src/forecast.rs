//! Models beside the strategies of a run.

use kernel::{Forecaster, Timestamp};
use serde::{Deserialize, Serialize};

/// What says something of each bar of a run.
pub type Forecasters = Vec<Box<dyn Forecaster>>;

/// The models of a run.
#[derive(Default)]
pub struct Models {
    /// What is known of each.
    pub facts: Vec<ModelFacts>,
    /// They themselves, in the same order.
    pub forecasters: Forecasters,
}

/// What a manifest says of a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelFacts {
    /// Its id, which is made from its content.
    pub id: String,
    /// What its words are for.
    pub part: ModelPart,
    /// Whether they count no more once it has drifted.
    pub watched: bool,
    /// Bars of a symbol that it must see before it says something of it.
    #[serde(default)]
    pub needs: usize,
    /// The bars that it was made from, where that is known.
    pub made_from: Option<MadeFrom>,
    /// The digest of the data that it was shown, where the run is over a part of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown: Option<String>,
}

/// What a model's words are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelPart {
    /// They are traded on.
    InUse,
    /// They are once the model in use has drifted.
    StandsIn,
    /// They are noted.
    Challenger,
}

/// The bars that a model was made from: it learned from some, and was chosen and judged by the others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MadeFrom {
    /// Of which symbols.
    pub symbols: Vec<String>,
    /// When the first one opened.
    pub first: Timestamp,
    /// When the last one ended.
    pub last: Timestamp,
    /// Whether they were generated.
    pub synthetic: bool,
}

/// The day of an instant.
fn day_of(time: Timestamp) -> String {
    let text = time.to_string();
    text.get(..10).unwrap_or(&text).to_owned()
}

/// First and last instant of a stretch of data.
type Span = (Timestamp, Timestamp);

/// How a stretch lies to the bars that a model was made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// It shares time with them.
    Within,
    /// It ends before they begin.
    Before,
    /// It begins after they end.
    After,
}

impl MadeFrom {
    fn place(&self, (first, last): Span) -> Place {
        if first >= self.last {
            Place::After
        } else if last <= self.first {
            Place::Before
        } else {
            Place::Within
        }
    }

    fn knows(&self, symbols: &[String]) -> bool {
        self.symbols.iter().any(|name| symbols.contains(name))
    }
}

impl ModelFacts {
    /// From what it was made, as the beginning of a sentence.
    fn origin(&self, made: &MadeFrom) -> String {
        let kind = if made.synthetic { "generated bars" } else { "bars" };
        let (first, last) = (day_of(made.first), day_of(made.last));
        let symbols = made.symbols.join(" ");
        format!("model {} was made from {kind} of {symbols}, {first} to {last}", self.id)
    }
}

/// What must be known of models that were made from the data of a run, or from later data.
pub(crate) fn notes_of_run(models: &[ModelFacts], symbols: &[String], span: Span) -> Vec<String> {
    let note = |model: &ModelFacts| {
        let made = model.made_from.as_ref().filter(|made| made.knows(symbols))?;
        let why = match made.place(span) {
            Place::Within => "the data overlap them, and what it says there is not out of sample",
            Place::Before => "the data end before them, when nobody could have had it",
            Place::After => return None,
        };
        Some(format!("{}: {why}", model.origin(made)))
    };
    models.iter().filter_map(note).collect()
}

/// How the tests of a walk forward lie to what its models were made from; said of each model, since a walk
/// is taken for out of sample.
pub(crate) fn notes_of_tests(
    models: &[ModelFacts],
    symbols: &[String],
    tests: &[Span],
) -> Vec<String> {
    let all = tests.len();
    let note = |model: &ModelFacts| {
        let Some(made) = &model.made_from else {
            return format!("what model {} was made from is not known", model.id);
        };
        let count = |place| tests.iter().filter(|test| made.place(**test) == place).count();
        let (within, before) = (count(Place::Within), count(Place::Before));
        let text = if !made.knows(symbols) {
            "no symbol of the tests is among them".into()
        } else if within + before == 0 {
            format!("all {all} tests come after them; it was not trained anew for any")
        } else {
            let early = match before {
                0 => String::new(),
                _ => format!(", {before} end before them, when nobody could have had it"),
            };
            format!("{within} of {all} tests overlap them and are not out of sample{early}")
        };
        format!("{}: {text}", model.origin(made))
    };
    models.iter().map(note).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model() -> ModelFacts {
        let made_from = MadeFrom {
            symbols: vec!["AAA".into(), "BBB".into()],
            first: "2024-03-01T00:00:00Z".parse().unwrap(),
            last: "2024-04-01T00:00:00Z".parse().unwrap(),
            synthetic: false,
        };
        ModelFacts {
            id: "m1".into(),
            part: ModelPart::InUse,
            watched: true,
            needs: 0,
            made_from: Some(made_from),
            shown: None,
        }
    }

    fn span(first: &str, last: &str) -> Span {
        let day = |day: &str| format!("2024-{day}T00:00:00Z").parse().unwrap();
        (day(first), day(last))
    }

    #[test]
    fn a_run_over_what_a_model_was_made_from_or_before_it_is_told() {
        let symbols = ["BBB".to_owned()];
        let cases = [
            (span("02-01", "03-01"), "end before them"),
            (span("02-01", "03-02"), "not out of sample"),
            (span("03-10", "03-12"), "not out of sample"),
            (span("03-31", "05-01"), "not out of sample"),
        ];
        for (span, words) in cases {
            let notes = notes_of_run(&[model()], &symbols, span);
            let [note] = &notes[..] else { panic!("{notes:?}") };
            assert!(
                note.starts_with("model m1 was made from bars of AAA BBB, 2024-03-01 to"),
                "{note}"
            );
            assert!(note.contains(words), "{note}");
        }
        let later = span("04-01", "05-01");
        assert!(notes_of_run(&[model()], &symbols, later).is_empty());
        let other = ["CCC".to_owned()];
        assert!(notes_of_run(&[model()], &other, span("03-10", "03-12")).is_empty());
    }

    #[test]
    fn a_walk_always_tells_how_its_tests_lie_to_what_a_model_was_made_from() {
        let symbols = ["AAA".to_owned()];
        let tests = [
            span("02-01", "02-20"),
            span("02-20", "03-10"),
            span("03-10", "04-01"),
            span("04-01", "04-20"),
        ];
        let said = |symbols: &[String], tests: &[Span]| notes_of_tests(&[model()], symbols, tests);
        assert!(said(&symbols, &tests)[0].contains("2 of 4 tests overlap them"));
        assert!(said(&symbols, &tests)[0].contains(", 1 end before them"));
        assert!(said(&symbols, &tests[3..])[0].contains("all 1 tests come after them"));
        assert!(said(&["CCC".to_owned()], &tests)[0].contains("no symbol of the tests"));
        let unknown = ModelFacts { made_from: None, ..model() };
        assert!(notes_of_tests(&[unknown], &symbols, &tests)[0].contains("is not known"));
    }
}
