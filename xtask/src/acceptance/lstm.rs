//! The network beside PyTorch and onnxruntime, and on series of which the best predictor is known.

use super::{cargo, date, machine, section};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const SCRIPT: &str = "engine/model/proof/beside.py";
const REQUIREMENTS: &str = "engine/model/proof/requirements.txt";
const EPOCHS: &str = "10";
/// Turns of each program; the best of each counts, because the machine is not idle.
const TURNS: usize = 3;

/// Real minute bars that the cards are asked about.
const FILES: [&str; 3] =
    ["SPY_2011.csv.gz", "GBPUSD_bid_2012-02.csv.gz", "BTC-PERP_2022-01.csv.gz"];

pub fn run(root: &Path) -> Result<(), String> {
    real_bars(root)?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or(root.join("target"), PathBuf::from);
    let known = example(root, &["known_best"])?;
    let python = environment(root, &target)?;
    let data = target.join("lstm-beside.bin");
    let place = data.display().to_string();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        ours.push(example(root, &["beside", "--", &place, EPOCHS])?);
        let script = root.join(SCRIPT);
        theirs.push(said(Command::new(&python).arg(script).args([&place, EPOCHS]))?);
    }
    let most =
        |all: &[Value], key: &str| all.iter().map(|one| number(one, key)).fold(0.0, f64::max);
    let least =
        |all: &[Value], key: &str| all.iter().map(|one| number(one, key)).fold(f64::MAX, f64::min);
    let losses = (least(&ours, "test_loss"), least(&theirs, "test_loss"));
    let rates = (most(&ours, "samples_per_cpu_second"), most(&theirs, "samples_per_cpu_second"));
    let (window, torch) = (least(&ours, "window_us"), least(&theirs, "window_us"));
    let onnx = least(&theirs, "onnxruntime_us");
    let first = |all: &[Value], key: &str| {
        all.first().and_then(|one| one.get(key)?.as_str().map(str::to_owned)).unwrap_or_default()
    };
    let text = format!(
        "Written by `cargo xtask acceptance lstm` on {}, on {}, with {} instructions. Each program ran {TURNS} times, in turns, one\n\
         thread each; the best of each counts. 30,000 windows of 60 x 8, of which 24,000 are learned from, hidden 64, batch 64, Adam at\n\
         0.001, {EPOCHS} epochs of the squared loss; {:.4} of it is noise that nobody can foretell. PyTorch {}. The two\n\
         draw from other generators, so that the same seed gives other first weights and another order of samples.\n\n\
         | | Tradewind | PyTorch | onnxruntime | needed |\n| --- | ---: | ---: | ---: | --- |\n\
         | loss out of sample | {:.5} | {:.5} | | within 2 %: {:+.2} % |\n\
         | training samples a CPU second | {:.0} | {:.0} | | at least as many: {:.2} times |\n\
         | one window, microseconds (median) | {window:.1} | {torch:.1} | {onnx:.1} | faster than onnxruntime: {:.2} times |\n\n\
         On a series whose best predictor is known, its mean square error is {:.4} times the best possible (bound: {}). In {} random\n\
         walks it claimed an edge {} times.\n",
        date()?,
        machine(),
        first(&ours, "level"),
        ours.first().map_or(0.0, |one| number(one, "noise")),
        first(&theirs, "torch"),
        losses.0,
        losses.1,
        100.0 * (losses.0 / losses.1 - 1.0),
        rates.0,
        rates.1,
        rates.0 / rates.1,
        onnx / window,
        number(&known, "error_over_best"),
        number(&known, "bound"),
        number(&known, "walks"),
        number(&known, "claims"),
    );
    println!("{text}");
    let holds = losses.0 <= 1.02 * losses.1 && rates.0 >= rates.1 && window < onnx;
    section::replace(&root.join("docs/MODELS.md"), "Beside PyTorch", &text)?;
    if holds { Ok(()) } else { Err("what is needed is not reached: see docs/MODELS.md".into()) }
}

/// What the cards say of models trained on real bars.
fn real_bars(root: &Path) -> Result<(), String> {
    let data = std::env::var_os("TRADEWIND_TEST_DATA")
        .ok_or("TRADEWIND_TEST_DATA names no folder with market data")?;
    let folder = Path::new(&data).join("bars/1Min");
    let files = FILES.map(|file| folder.join(file).display().to_string());
    let [one, two, three] = &files;
    let cards =
        example(root, &["real_bars", "--", "regular", one, "always", two, "always", three])?;
    let mut text = format!(
        "Written by `cargo xtask acceptance lstm` on {}: `config/train.toml` on files of real minute bars, judged on their last fifth:\n\
         of the shares those of the regular session, of the currencies all.\n\n\
         | file | log loss | best baseline | accuracy | AUC | the card's first line |\n| --- | ---: | ---: | ---: | ---: | --- |\n",
        date()?
    );
    for one in cards.as_array().into_iter().flatten() {
        let card = one.get("card").unwrap_or(&Value::Null);
        let model = card.get("model").unwrap_or(&Value::Null);
        let baselines = card.get("baselines").and_then(Value::as_array).into_iter().flatten();
        let best = baselines
            .filter_map(|one| Some(number(one.get("judgement")?, "log_loss")))
            .fold(f64::MAX, f64::min);
        let word = |of: &Value, key: &str| {
            of.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        text += &format!(
            "| {} | {:.4} | {best:.4} | {:.1} % | {:.4} | {} |\n",
            word(one, "file"),
            number(model, "log_loss"),
            100.0 * model.get("accuracy").map_or(f64::NAN, |share| number(share, "value")),
            number(model, "auc"),
            word(card, "verdict"),
        );
    }
    println!("{text}");
    section::replace(&root.join("docs/MODELS.md"), "On real bars", &text)
}

/// Runs an example of the model crate, which prints one JSON object.
fn example(root: &Path, arguments: &[&str]) -> Result<Value, String> {
    let before =
        ["run", "--release", "--locked", "-q", "-p", "tradewind-model", "--features", "train"];
    let all: Vec<&str> = before.iter().chain(&["--example"]).chain(arguments).copied().collect();
    let (text, holds) = cargo(root, &all)?;
    let value = serde_json::from_str(&text).map_err(|error| format!("{text}\n{error}"))?;
    if holds { Ok(value) } else { Err(format!("{text}\nits bound is not kept")) }
}

/// A Python with PyTorch and onnxruntime, in a folder of its own.
fn environment(root: &Path, target: &Path) -> Result<PathBuf, String> {
    if let Some(python) = std::env::var_os("TRADEWIND_TORCH_PYTHON") {
        return Ok(python.into());
    }
    let folder = target.join("torch");
    let python = folder.join("bin/python");
    if !python.exists() {
        done(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    }
    let requirements = root.join(REQUIREMENTS);
    done(Command::new(&python).args(["-m", "pip", "install", "--quiet", "-r"]).arg(requirements))?;
    Ok(python)
}

fn done(command: &mut Command) -> Result<(), String> {
    let status = command.status().map_err(|error| format!("{command:?} cannot be run: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{command:?} has failed")) }
}

fn said(command: &mut Command) -> Result<Value, String> {
    let output = command.stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| format!("{command:?} cannot be run: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(text.trim()).map_err(|error| format!("{command:?}: {error}: {text}"))
}

fn number(value: &Value, key: &str) -> f64 {
    value.get(key).and_then(Value::as_f64).unwrap_or(f64::NAN)
}
