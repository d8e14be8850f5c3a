//! What features say, and what is refused.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

mod common;

use common::{bars, config, series, walk};
use model::config::Config;
use model::features::{Declared, Mistake, Pipeline};
use model::folder::Model;
use model::{Dataset, DatasetError, Predictor, Question, Trend, fit};

fn rows(declared: &[Declared], closes: &[f64]) -> Vec<Option<Vec<f64>>> {
    let mut stream = Pipeline::new(declared).unwrap().stream();
    bars(closes).iter().map(|bar| stream.push(bar).unwrap().map(<[f64]>::to_vec)).collect()
}

fn feature(toml: &str) -> Declared {
    toml::from_str(toml).unwrap()
}

#[test]
fn returns_and_lags_are_those_of_their_bars() {
    let declared = [feature("name = \"return\"\nparams = { bars = 2 }\nlags = [0, 3]")];
    let closes = walk(20, 0.0, 2);
    let rows = rows(&declared, &closes);
    assert!(rows[..5].iter().all(Option::is_none));
    let moved = |at: usize| (closes[at] / closes[at - 2]).ln();
    for (at, row) in rows.iter().enumerate().skip(5) {
        let row = row.as_ref().unwrap();
        assert!((row[0] - moved(at)).abs() < 1e-8 && (row[1] - moved(at - 3)).abs() < 1e-8);
    }
}

#[test]
fn longer_bars_are_seen_once_they_have_ended_and_not_before() {
    let closes = walk(40, 0.0, 3);
    let declared = [feature("name = \"return\"\nresolution = \"5Min\"")];
    let rows = rows(&declared, &closes);
    // The bars begin at 14:30, so every fifth ends a longer one, and a return needs two of them.
    assert!(rows[..9].iter().all(Option::is_none));
    for (at, row) in rows.iter().enumerate().skip(9) {
        let last = (at + 1) / 5 * 5 - 1;
        let right = (closes[last] / closes[last - 5]).ln();
        assert!((row.as_ref().unwrap()[0] - right).abs() < 1e-8, "{at}");
    }
}

#[test]
fn a_row_depends_on_no_later_bar_at_any_place() {
    let names = ["ema", "macd", "rsi", "atr", "bollinger", "volume", "range", "time-of-day"];
    let mut declared: Vec<Declared> = names.into_iter().map(Declared::named).collect();
    declared.push(feature("name = \"adx\"\nresolution = \"5Min\"\nlags = [0, 1]"));
    let closes = walk(400, 0.1, 4);
    let whole = rows(&declared, &closes);
    for cut in [150, 250, 399] {
        assert_eq!(rows(&declared, &closes[..cut])[..], whole[..cut]);
    }
    assert!(whole[399].is_some());
}

#[test]
fn every_indicator_but_those_without_bounds_is_a_feature() {
    let closes = walk(3000, 0.1, 5);
    for entry in strategies::indicator::registry() {
        let declared = [Declared::named(entry.name)];
        match Pipeline::new(&declared) {
            Ok(_) => {
                let rows = rows(&declared, &closes);
                assert!(rows.iter().flatten().count() > 2000, "{}", entry.name);
                // Prices have become shares of the close: nothing is of their size but bounded ones.
                let most =
                    rows.iter().flatten().flatten().fold(0.0_f64, |most, x| most.max(x.abs()));
                assert!(most <= 1000.0, "{}: {most}", entry.name);
            }
            Err(mistake) => assert_eq!(mistake, Mistake::WithoutBounds(entry.name.into())),
        }
    }
}

fn refused(change: (&str, &str)) -> String {
    let text = toml::to_string(&config()).unwrap().replacen(change.0, change.1, 1);
    Config::from_toml(&text).unwrap_err().to_string()
}

#[test]
fn a_mistake_is_told_with_its_key_and_what_may_stand_there() {
    for (change, told) in [
        (("hidden =", "hiden ="), "unknown field `hiden`, expected one of `window`, `hidden`"),
        (("hidden = 8", "hidden = 0"), "network.hidden = 0 is out of range: give 1 to 1024"),
        (("horizon = 1", "horizon = 0"), "target.horizon = 0 looks at no bar"),
        (("\"direction\"", "\"sideways\""), "unknown variant `sideways`"),
        (("\"rsi\"", "\"rsy\""), "there is no feature \"rsy\": choose one of return, volume"),
        (("\"rsi\"", "\"obv\""), "obv counts shares from the beginning of the data"),
        (("\"rsi\"", "\"return\""), "there is no parameter period: it has bars"),
        (("period = 5", "period = 0"), "indicator rsi: period = 0 is out of range"),
        (("dropout = 0.1", "dropout = 1.5"), "network.dropout = 1.5 is out of range"),
        (
            ("clip = 1.0", "backend = \"gpu\""),
            "(backend = \"gpu\"): unknown variant `gpu`, expected one of `fused`, `flex`, `wgpu`, `cuda`",
        ),
    ] {
        let said = refused(change);
        assert!(said.contains(told) && !said.contains('\n'), "{change:?}: {said}");
    }
}

#[test]
fn a_device_that_was_not_built_in_is_refused_with_how_to_build_it() {
    for (name, is_built_in) in [
        ("fused", true),
        ("flex", true),
        ("wgpu", cfg!(feature = "wgpu")),
        ("cuda", cfg!(feature = "cuda")),
    ] {
        let given = format!("clip = 1.0\nbackend = \"{name}\"");
        let text = toml::to_string(&config()).unwrap().replacen("clip = 1.0", &given, 1);
        let said = Config::from_toml(&text).map_err(|mistake| mistake.to_string());
        assert_eq!(said.is_ok(), is_built_in, "{said:?}");
        if let Err(said) = said {
            let sentence = format!(
                "training.backend = \"{name}\": this program was built without it; build it with \
                 `cargo build --release --locked --features {name}`, or set \"fused\""
            );
            assert_eq!(said, sentence);
        }
    }
}

#[test]
fn the_file_that_is_trained_by_default_is_good() {
    let config = Config::from_toml(include_str!("../../../config/train.toml")).unwrap();
    assert_eq!(config.network, Default::default());
    assert_eq!(config.training, Default::default());
    assert_eq!(config.split, Default::default());
    assert_eq!(config.pipeline().unwrap().columns().len(), 15);
}

#[test]
fn the_bundled_model_is_whole_and_says_that_it_has_no_edge() {
    let model = Model::bundled().unwrap();
    assert!(model.card().data.synthetic && !model.card().beats_baselines);
    let mut predictor = Predictor::new(std::sync::Arc::new(model));
    let said =
        bars(&walk(100, 0.0, 1)).iter().filter_map(|bar| predictor.observe(bar).unwrap()).count();
    assert!(said > 30, "{said}");
}

#[test]
fn a_card_shows_of_the_baselines_what_it_shows_of_the_model() {
    let model = Model::bundled().unwrap();
    let text = model.card().markdown();
    for who in ["model", "always up", "last move", "logistic regression"] {
        for came in ["down", "flat", "up"] {
            assert!(text.contains(&format!("| {who} | {came} | ")), "{who}, {came}: {text}");
        }
        // The row of a group of predictions begins with their confidence.
        let bins = text.lines().filter_map(|line| line.strip_prefix(&format!("| {who} | ")));
        assert!(bins.filter(|rest| rest.contains(" %")).count() > 0, "{who}: {text}");
    }
}

#[test]
fn too_few_bars_and_constant_series_are_refused_with_a_sentence() {
    let config = config();
    let pipeline = config.pipeline().unwrap();
    let made = |closes: &[f64]| Dataset::new(series(closes), &pipeline, 12, config.target);
    let few = made(&walk(15, 0.0, 1)).unwrap_err();
    assert_eq!(
        few.to_string(),
        "AAA has 15 bars, of which 10 have all features: a window of 12 bars with an answer 1 bars later needs more"
    );
    assert_eq!(made(&[100.0; 300]).unwrap_err(), DatasetError::Constant("AAA".into()));
    // Prices that move only at the end: features are the same in all of the training part.
    let mut closes = vec![100.0; 400];
    closes.extend(walk(100, 0.0, 1));
    let declared = [Declared::named("return")];
    let pipeline = Pipeline::new(&declared).unwrap();
    let dataset = Dataset::new(series(&closes), &pipeline, 12, config.target).unwrap();
    let split = config.split.splits(&dataset.samples, dataset.length).unwrap().remove(0);
    let said = fit(&dataset, &split).unwrap_err().to_string();
    assert!(
        said.starts_with("feature return(bars=1) is 0 in every row of the training part"),
        "{said}"
    );
}

#[test]
fn the_hash_tells_what_decides_the_numbers_and_nothing_else() {
    let hash = |toml: &str| Pipeline::new(&[feature(toml)]).unwrap().hash();
    assert_eq!(hash("name = \"rsi\""), hash("name = \"rsi\"\nparams = { period = 14 }"));
    assert_ne!(hash("name = \"rsi\""), hash("name = \"rsi\"\nparams = { period = 15 }"));
    assert_ne!(hash("name = \"rsi\""), hash("name = \"rsi\"\nlags = [1]"));
    assert_ne!(hash("name = \"rsi\""), hash("name = \"rsi\"\nresolution = \"5m\""));
}

#[test]
fn barriers_are_touched_in_their_order() {
    let closes = |after: &[f64]| bars(&[&[100.0, 100.0], after].concat());
    let question = Question::TripleBarrier { horizon: 4, up_percent: 1.0, down_percent: 1.0 };
    let trend = |after: &[f64]| {
        let bars = closes(after);
        question.answer(&bars[1], &bars[2..]).map(|answer| answer.trend)
    };
    assert_eq!(trend(&[100.5, 101.2, 97.0, 97.0]), Some(Trend::Up));
    assert_eq!(trend(&[99.5, 98.5, 103.0, 103.0]), Some(Trend::Down));
    assert_eq!(trend(&[100.5, 100.5, 99.5, 100.9]), Some(Trend::Flat));
    // A bar from 98 to 102 touches both: nobody knows which came first.
    let mut bars = closes(&[100.0, 100.0, 100.0, 100.0]);
    bars[2].high = bars[2].high.max(kernel::Price::from_nanos(102_000_000_000));
    bars[2].low = bars[2].low.min(kernel::Price::from_nanos(98_000_000_000));
    assert_eq!(question.answer(&bars[1], &bars[2..]).unwrap().trend, Trend::Flat);
    assert_eq!(trend(&[100.0, 100.0, 100.0]), None);
}
