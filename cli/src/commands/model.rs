//! `tradewind model`: the folder of models.

use super::{drift, print_json, print_text};
use crate::args::models::{
    ChangeArgs, CompareModelsArgs, ListArgs, ModelCommand, ModelsArgs, ShowArgs, VerifyArgs,
};
use crate::config::settings::user_data_dir;
use crate::exit::{Exit, Failure};
use crate::figures::counted;
use crate::models::find;
use model::card::{Card, Judgement};
use model::folder::{Folder, Listed, Model, RegistryError, Standing};
use serde_json::{Value, json};
use std::fmt::Write;

pub fn run(command: &ModelCommand) -> Result<(), Failure> {
    match command {
        ModelCommand::List(args) => list(args),
        ModelCommand::Show(args) => show(args),
        ModelCommand::Compare(args) => compare(args),
        ModelCommand::Promote(args) => promote(args),
        ModelCommand::Retire(args) => retire(args),
        ModelCommand::Verify(args) => verify(args),
        ModelCommand::Drift(args) => drift::run(args),
    }
}

/// The folder that is meant.
pub fn folder(args: &ModelsArgs) -> Folder {
    Folder::new(args.models.clone().unwrap_or_else(|| user_data_dir().join("models")))
}

/// The folder that a configuration names; the user's where it names none.
pub fn folder_at(path: &str) -> Folder {
    folder(&ModelsArgs { models: (!path.is_empty()).then(|| path.into()) })
}

fn load(args: &ModelsArgs, name: &str) -> Result<Model, Failure> {
    find(&folder(args), name)
}

fn list(args: &ListArgs) -> Result<(), Failure> {
    let folder = folder(&args.place);
    let listed = folder.list().map_err(Failure::usage)?;
    if args.json {
        let models: Vec<Value> = listed.iter().map(as_json).collect();
        return print_json(&json!({ "folder": folder.root(), "models": models }));
    }
    let mut text = String::new();
    for one in &listed {
        let standing = format!("{:?}", one.standing).to_lowercase();
        let first = match &one.model {
            Ok(model) => model.card().verdict.clone(),
            Err(error) => error.to_string(),
        };
        // To write into a text never fails.
        let _ = writeln!(text, "{}  {standing:9}  {first}", one.id);
    }
    if let [one] = &listed[..] {
        let place = folder.root().display();
        let _ = writeln!(
            text,
            "\n{} comes with the program; `tradewind train` makes others, kept in {place}",
            one.id
        );
    }
    print_text(&text)
}

fn as_json(listed: &Listed) -> Value {
    let error = listed.model.as_ref().err().map(ToString::to_string);
    let card = listed.model.as_ref().ok().map(|model| model.card());
    json!({
        "id": listed.id,
        "bundled": listed.bundled,
        "standing": listed.standing,
        "verdict": card.map(|card| &card.verdict),
        "beats_baselines": card.map(|card| card.beats_baselines),
        "symbols": card.map(|card| &card.data.symbols),
        "error": error,
    })
}

fn show(args: &ShowArgs) -> Result<(), Failure> {
    let model = load(&args.place, &args.model)?;
    if args.json {
        let (id, lineage) = (model.id(), model.lineage());
        return print_json(&json!({ "id": *id, "lineage": lineage, "card": model.card() }));
    }
    let parent = model.lineage().parent.as_deref().unwrap_or("none");
    print_text(&format!(
        "{}\n- Model {}, parent {parent}\n",
        model.card().markdown().trim_end(),
        model.id()
    ))
}

/// How a figure of a judgement is written.
type Figure = fn(&Judgement) -> String;

fn compare(args: &CompareModelsArgs) -> Result<(), Failure> {
    let one = load(&args.place, &args.one)?;
    let other = load(&args.place, &args.other)?;
    let same = same_samples(one.card(), other.card());
    if args.json {
        return print_json(&json!({
            "same_samples": same,
            "models": [
                { "id": *one.id(), "card": one.card() },
                { "id": *other.id(), "card": other.card() },
            ],
        }));
    }
    let mut text = format!("{:24} {:>20} {:>20}\n", "", one.id(), other.id());
    let figures: [(&str, Figure); 7] = [
        ("log loss", |one| format!("{:.4}", one.log_loss)),
        ("accuracy", |one| format!("{:.1} %", 100.0 * one.accuracy.value)),
        ("Brier score", |one| format!("{:.4}", one.brier)),
        ("calibration error", |one| format!("{:.4}", one.calibration_error)),
        ("AUC", |one| figure(one.auc)),
        ("information coefficient", |one| figure(one.information_coefficient)),
        ("turnover", |one| format!("{:.3}", one.turnover)),
    ];
    for (name, of) in figures {
        let (one, other) = (of(&one.card().model), of(&other.card().model));
        // To write into a text never fails.
        let _ = writeln!(text, "{name:24} {one:>20} {other:>20}");
    }
    text += if same {
        "\nJudged on the same samples.\n"
    } else {
        "\nJudged on different samples: the figures do not say which is better.\n"
    };
    print_text(&text)
}

fn figure(number: Option<f64>) -> String {
    number.map_or_else(|| "none".into(), |number| format!("{number:.4}"))
}

fn same_samples(one: &Card, other: &Card) -> bool {
    let of = |card: &Card| {
        let tests: Vec<_> = card.parts.iter().map(|part| part.test.clone()).collect();
        (card.data.sha256.clone(), tests, card.config.target)
    };
    of(one) == of(other)
}

fn promote(args: &ChangeArgs) -> Result<(), Failure> {
    let done = folder(&args.place).promote(&args.model, &now(), args.anyway.as_deref());
    let model = done.map_err(refused)?;
    print_text(&format!("{} is the champion. {}\n", model.id(), model.card().verdict))
}

fn retire(args: &ChangeArgs) -> Result<(), Failure> {
    let done = folder(&args.place).retire(&args.model, &now(), args.anyway.as_deref());
    print_text(&format!("{} is retired.\n", done.map_err(refused)?))
}

fn refused(error: RegistryError) -> Failure {
    let exit = match &error {
        RegistryError::Model(_) | RegistryError::File(_) | RegistryError::State(_) => Exit::Usage,
        RegistryError::Retired(_)
        | RegistryError::Bundled(_)
        | RegistryError::InUse(_)
        | RegistryError::NoEdge { .. }
        | RegistryError::Worse { .. }
        | RegistryError::Incomparable { .. } => Exit::CheckFailed,
    };
    Failure::new(exit, error.to_string())
}

fn verify(args: &VerifyArgs) -> Result<(), Failure> {
    let mut listed = folder(&args.place).list().map_err(Failure::usage)?;
    if let Some(name) = &args.model {
        listed.retain(|one| match name.as_str() {
            "champion" => one.standing == Standing::Champion,
            "bundled" => one.bundled,
            name => one.id.starts_with(name),
        });
        if listed.is_empty() {
            return Err(Failure::usage(format!(
                "there is no model {name}: `tradewind model list` lists them"
            )));
        }
    }
    let bad: Vec<String> =
        listed.iter().filter_map(|one| Some(one.model.as_ref().err()?.to_string())).collect();
    if args.json {
        print_json(&json!({ "models": listed.len(), "damaged": bad }))?;
    } else if bad.is_empty() {
        print_text(&format!(
            "every byte of {} is as it was written\n",
            counted(listed.len() as u64, "model")
        ))?;
    }
    if bad.is_empty() { Ok(()) } else { Err(Failure::new(Exit::CheckFailed, bad.join("\n"))) }
}

/// Now, as RFC 3339.
fn now() -> String {
    jiff::Timestamp::now().to_string()
}
