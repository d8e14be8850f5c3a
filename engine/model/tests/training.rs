//! Training: killed and gone on with, judged, kept, and run again bar by bar.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

mod common;

use common::{bars, config, series, walk};
use kernel::TradingHours;
use model::config::{Backend, Config, Schedule};
use model::folder::{Folder, Model, ModelError, RegistryError, Standing};
use model::lstm::Weights;
use model::train::{Epoch, Made, MakeError, Order, Progress, TrainError, make};
use model::{Dataset, Head, PredictError, Predictor, Question};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

fn made(config: &Config, closes: &[f64], folder: &Path) -> Made {
    told(config, closes, folder, |_| {}).unwrap()
}

/// The same, with a listener to what is told while it trains.
fn told(
    config: &Config,
    closes: &[f64],
    folder: &Path,
    mut tell: impl FnMut(&Progress<'_>),
) -> Result<Made, MakeError> {
    let order = Order {
        config,
        series: series(closes),
        hours: TradingHours::Always,
        synthetic: true,
        parent: None,
        software: "tradewind test",
    };
    let models = folder.join("models");
    make(order, &folder.join("work"), &models, |_, _, progress| tell(progress))
}

/// A model that is meant to take another's place, with a work folder of its own.
fn made_beside(parent: &Model, config: &Config, closes: &[f64]) -> Model {
    let folder = tempfile::tempdir().unwrap();
    let order = Order {
        config,
        series: series(closes),
        hours: TradingHours::Always,
        synthetic: true,
        parent: Some(Arc::new(parent.clone())),
        software: "tradewind test",
    };
    make(order, &folder.path().join("work"), folder.path(), |_, _, _| {}).unwrap().model
}

/// Three layers, dropout and many epochs: everything that a checkpoint must hold.
fn long() -> Config {
    let mut config = config();
    config.network.dropout = 0.2;
    config.network.layers = 2;
    config.training.epochs = 12;
    config.training.patience = 0;
    config
}

const KILLED: &str = "TRADEWIND_TEST_TRAIN_IN";

/// What the killed process runs: only when the test below says where.
#[test]
fn child() {
    if let Some(folder) = std::env::var_os(KILLED) {
        made(&long(), &walk(3000, 0.5, 7), folder.as_ref());
    }
}

#[test]
fn killed_at_any_moment_it_ends_with_the_same_weights() {
    let (whole, cut) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let undisturbed = made(&long(), &walk(3000, 0.5, 7), whole.path());
    let mut kills = 0;
    for wait in (1..400).map(|at| Duration::from_millis(20 + 37 * at % 400)) {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["child", "--exact"])
            .env(KILLED, cut.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(wait);
        // On Unix this is SIGKILL: nothing of the process runs any more.
        child.kill().unwrap();
        let ended = child.wait().unwrap();
        if ended.success() {
            break;
        }
        kills += 1;
    }
    assert!(kills >= 3, "only {kills} kills struck");
    let resumed = made(&long(), &walk(3000, 0.5, 7), cut.path());
    assert_eq!(resumed.model.weights(), undisturbed.model.weights());
    assert_eq!(resumed.model.id(), undisturbed.model.id());
}

#[test]
fn the_number_of_threads_changes_no_weight() {
    let run = |threads| {
        let (folder, mut config) = (tempfile::tempdir().unwrap(), config());
        config.training.threads = threads;
        made(&config, &walk(1000, 0.5, 7), folder.path()).model.weights().clone()
    };
    assert_eq!(run(1), run(3));
}

#[test]
fn a_checkpoint_of_something_else_and_a_damaged_one_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    made(&config(), &walk(1000, 0.5, 7), folder.path());
    let fail =
        |closes: &[f64]| told(&config(), closes, folder.path(), |_| {}).unwrap_err().to_string();
    assert!(fail(&walk(1000, 0.5, 8)).contains("is the checkpoint of another configuration"));
    let path = folder.path().join("work/checkpoint");
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, bytes).unwrap();
    assert!(fail(&walk(1000, 0.5, 7)).contains("is damaged"));
}

#[test]
fn a_second_training_in_one_folder_is_refused_while_the_first_is_at_work() {
    let (folder, config, closes) = (tempfile::tempdir().unwrap(), config(), walk(1000, 0.5, 7));
    let mut refused = None;
    let first = told(&config, &closes, folder.path(), |_| {
        if refused.is_none() {
            refused = told(&config, &closes, folder.path(), |_| {}).err();
        }
    });
    let refused = refused.unwrap();
    assert!(matches!(refused, MakeError::Train(TrainError::Busy(_))), "{refused}");
    let work = folder.path().join("work").display().to_string();
    let sentence = format!(
        "another training of the same configuration and data is at work in {work}: wait until it \
         has ended, or end it"
    );
    assert_eq!(refused.to_string(), sentence);
    let id = first.unwrap().model.id();
    assert_eq!(made(&config, &closes, folder.path()).model.id(), id, "it is free again");
    let alone = tempfile::tempdir().unwrap();
    assert_eq!(made(&config, &closes, alone.path()).model.id(), id, "nothing was disturbed");
}

#[test]
fn with_burns_tensors_it_learns_what_the_fused_network_learns() {
    let run = |backend| {
        let (folder, mut config) = (tempfile::tempdir().unwrap(), config());
        config.network.dropout = 0.2;
        config.training.epochs = 3;
        config.training.backend = backend;
        made(&config, &walk(1000, 0.6, 7), folder.path())
    };
    let (fused, flex) = (run(Backend::Fused), run(Backend::Flex));
    let (fused_epochs, flex_epochs) = (&fused.folds[0].epochs, &flex.folds[0].epochs);
    assert_eq!(flex_epochs.len(), 3);
    for (one, other) in fused_epochs.iter().zip(flex_epochs) {
        assert!((one.train_loss - other.train_loss).abs() < 1e-4, "{one:?} {other:?}");
        assert!((one.validation_loss - other.validation_loss).abs() < 1e-4, "{one:?} {other:?}");
    }
    let first = &fused_epochs[0];
    assert!(fused_epochs[2].train_loss < first.train_loss - 1e-3, "there is something to learn");
    let card = flex.model.card().markdown();
    assert!(card.contains("was the best, gradients by burn's tensors (Flex)"), "{card}");
}

#[test]
fn it_stops_early_with_the_weights_of_the_best_epoch() {
    let mut config = config();
    config.training.schedule = Schedule::Constant;
    config.training.learning_rate = 0.05;
    config.training.epochs = 50;
    config.training.patience = 3;
    let run =
        |config: &Config| made(config, &walk(1500, 0.0, 7), tempfile::tempdir().unwrap().path());
    let stopped = run(&config);
    let model::train::Curve { epochs, best } = &stopped.folds[0];
    assert_eq!(epochs.len(), best + 3, "there is nothing to find in a random walk");
    let losses = epochs.iter().map(|epoch| epoch.validation_loss);
    let least = losses.clone().fold(f64::MAX, f64::min);
    assert_eq!(losses.clone().position(|loss| loss == least), Some(best - 1));
    config.training.epochs = *best;
    assert_eq!(run(&config).model.weights(), stopped.model.weights());
}

#[test]
fn the_learning_rate_follows_its_schedule() {
    let rates = |schedule| {
        let mut config = config();
        config.training.schedule = schedule;
        config.training.epochs = 8;
        config.training.patience = 0;
        let made = made(&config, &walk(400, 0.5, 7), tempfile::tempdir().unwrap().path());
        made.folds[0].epochs.iter().map(|epoch| epoch.learning_rate).collect::<Vec<f64>>()
    };
    let near = |one: f64, other: f64| (one - other).abs() < 1e-12;
    assert!(rates(Schedule::Constant).iter().all(|rate| near(*rate, 0.01)));
    let falling = rates(Schedule::Exponential);
    assert!(falling.windows(2).all(|pair| near(pair[1], 0.9 * pair[0])), "{falling:?}");
    let cosine = rates(Schedule::Cosine);
    for (epoch, rate) in cosine.iter().enumerate() {
        let share = (1.0 + (std::f64::consts::PI * epoch as f64 / 8.0).cos()) / 2.0;
        assert!(near(*rate, 1e-4 + (0.01 - 1e-4) * share), "{cosine:?}");
    }
}

/// What TensorBoard reads of a folder: name, step and value of each scalar.
const READ: &str = "
import sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
read = EventAccumulator(sys.argv[1]).Reload()
for name in sorted(read.Tags()['scalars']):
    for it in read.Scalars(name):
        print(name, it.step, it.value)
";

#[test]
fn tensorboard_reads_the_metrics() {
    let Some(python) = std::env::var_os("TRADEWIND_PYTHON").filter(|python| !python.is_empty())
    else {
        eprintln!("SKIPPED: metrics in TensorBoard: TRADEWIND_PYTHON names no Python that has it");
        return;
    };
    let (folder, mut history) = (tempfile::tempdir().unwrap(), Vec::new());
    told(&config(), &walk(2000, 0.5, 7), folder.path(), |progress| {
        history = progress.history.to_vec();
    })
    .unwrap();
    let work = folder.path().join("work");
    let read = Command::new(python).args(["-c", READ]).arg(work).output().unwrap();
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    let read = String::from_utf8(read.stdout).unwrap();
    let scalars = ["learning_rate", "loss/train", "loss/validation"].map(|name| {
        let value = |epoch: &Epoch| match name {
            "loss/train" => epoch.train_loss,
            "loss/validation" => epoch.validation_loss,
            _ => epoch.learning_rate,
        };
        history.iter().map(|epoch| (name, epoch.number, value(epoch) as f32)).collect::<Vec<_>>()
    });
    let right: Vec<_> = scalars.into_iter().flatten().collect();
    assert_eq!(right.len(), 3 * 4);
    let lines: Vec<Vec<&str>> = read.lines().map(|line| line.split(' ').collect()).collect();
    let found = lines
        .iter()
        .map(|it| (it[0], it[1].parse::<usize>().unwrap(), it[2].parse::<f64>().unwrap() as f32));
    assert_eq!(found.collect::<Vec<_>>(), right);
}

#[test]
fn a_gradient_is_cut_to_its_length() {
    let moved = |clip| {
        let mut config = config();
        config.training.clip = clip;
        config.training.epochs = 1;
        let made = made(&config, &walk(1000, 0.5, 7), tempfile::tempdir().unwrap().path());
        let weights = made.model.weights();
        let fresh = Weights::random(weights.shape, config.training.seed);
        let pairs = weights.slices().flatten().zip(fresh.slices().flatten());
        pairs.fold(0.0_f32, |most, (one, other)| most.max((one - other).abs()))
    };
    // Far below what Adam adds to the root of squares, a step is as small as its gradient.
    assert!(moved(1e-12) < 1e-3 && moved(0.0) > 1e-2);
}

#[test]
fn rare_answers_weigh_as_much_as_frequent_ones_or_as_they_come() {
    let closes = walk(1000, 0.5, 7);
    let weights = |class_weights| {
        let mut config = config();
        config.training.class_weights = class_weights;
        let made = made(&config, &closes, tempfile::tempdir().unwrap().path());
        let Head::Classes { weights } = *made.model.head() else {
            panic!("{:?}", made.model.head())
        };
        weights
    };
    assert_eq!(weights(false), [1.0; 3]);
    let config = config();
    let (pipeline, window) = (config.pipeline().unwrap(), config.network.window);
    let dataset = Dataset::new(series(&closes), &pipeline, window, config.target).unwrap();
    let split = config.split.splits(&dataset.samples, dataset.length).unwrap().remove(0);
    let mut counts = [0.0; 3];
    for sample in &dataset.samples[split.train] {
        counts[sample.trend.class()] += 1.0;
    }
    let all: f64 = counts.iter().sum();
    assert!(counts[1] < 0.7 * counts[0] && counts[1] < 0.7 * counts[2], "{counts:?}");
    for (weight, count) in weights(true).into_iter().zip(counts) {
        assert!((weight * count - all / 3.0).abs() < 1e-3 * all, "{weight} {counts:?}");
    }
}

#[test]
fn what_can_be_foretold_is_and_a_random_walk_claims_no_edge() {
    let mut config = config();
    config.training.epochs = 12;
    config.network.hidden = 16;
    let folder = tempfile::tempdir().unwrap();
    let edge = made(&config, &walk(12_000, 0.6, 3), folder.path());
    let card = edge.model.card();
    assert!(card.beats_baselines || card.model.log_loss < card.baselines[0].judgement.log_loss);
    let always_up = &card.baselines[0];
    assert!(always_up.advantage.unwrap() > 5.0, "{}", card.markdown());
    assert!(card.model.auc.unwrap() > 0.7 && card.model.information_coefficient.unwrap() > 0.4);
    for seed in 1..6 {
        let folder = tempfile::tempdir().unwrap();
        let none = made(&config, &walk(6000, 0.0, seed), folder.path());
        let card = none.model.card();
        assert!(!card.beats_baselines, "{}", card.markdown());
        assert!(card.markdown().starts_with("No edge shown"), "{}", card.markdown());
    }
}

#[test]
fn bar_by_bar_the_model_says_what_it_said_when_it_was_judged() {
    let (folder, config) = (tempfile::tempdir().unwrap(), config());
    let closes = walk(1500, 0.5, 9);
    let made = made(&config, &closes, folder.path());
    let model = Folder::new(folder.path().join("models")).load(&made.model.id()).unwrap();
    let (tests, card) = (model.card().parts[0].test.clone(), model.card().clone());
    let mut predictor = Predictor::new(Arc::new(model));
    let mut said = Vec::new();
    for bar in bars(&closes) {
        said.extend(predictor.observe(&bar).unwrap());
    }
    assert_eq!(said.len(), 1500 - 5 - 11);
    // The judged ones end one bar before the end, where the answer is known.
    let judged = &said[said.len() - 1 - tests.0..said.len() - 1];
    assert_eq!(judged[0].time.to_string(), tests.1);
    let up = judged.iter().filter(|one| one.trend == model::Trend::Up).count();
    let column: usize = card.model.confusion.iter().map(|row| row[2]).sum();
    assert!(up.abs_diff(column) <= 1, "{up} {column}");
    let sum: f64 = said.iter().map(|one| one.probabilities.iter().sum::<f64>()).sum();
    assert!((sum / said.len() as f64 - 1.0).abs() < 1e-9);
    let first = bars(&closes)[0];
    assert!(matches!(predictor.observe(&first), Err(PredictError::Order { .. })));
    let hour = kernel::Bar { length: kernel::Span::from_secs(3600), ..first };
    let said = predictor.observe(&hour).unwrap_err().to_string();
    assert!(said.contains("was trained on bars of 1Min") && said.contains("lasts 1Hour"), "{said}");
}

#[test]
fn a_parent_is_judged_on_the_samples_that_judge_the_new_model() {
    let (folder, config, closes) = (tempfile::tempdir().unwrap(), config(), walk(2000, 0.6, 9));
    let parent = made(&config, &closes[..1500], folder.path()).model;
    assert_eq!(parent.card().rival, None);
    let other_seed = {
        let mut config = config.clone();
        config.training.seed = 2;
        made_beside(&parent, &config, &closes[..1500])
    };
    // Bar by bar it is as good as its own card says.
    let (card, own) = (other_seed.card(), &parent.card().model);
    let rival = card.rival.as_ref().unwrap();
    assert_eq!((&*rival.id, rival.judgement.samples), (&*parent.id(), own.samples));
    assert!((rival.judgement.log_loss - own.log_loss).abs() < 1e-5, "{rival:?} {own:?}");
    assert!(rival.advantage.is_some());
    assert!(card.markdown().contains(&format!("Model {} on the same samples", parent.id())));

    let later = made_beside(&parent, &config, &closes);
    let rival = later.card().rival.as_ref().unwrap();
    assert_eq!(rival.judgement.samples, later.card().model.samples);
    assert!((rival.judgement.log_loss - own.log_loss).abs() > 1e-4, "these are other samples");

    let mut farther = config.clone();
    farther.target = Question::Direction { horizon: 2, band_percent: 0.02 };
    assert_eq!(
        made_beside(&parent, &farther, &closes).card().rival,
        None,
        "it is asked another thing"
    );
}

#[test]
fn returns_and_barriers_train_and_walk_forward_pools_its_folds() {
    for target in [
        "kind = \"return\"\nhorizon = 3",
        "kind = \"triple-barrier\"\nhorizon = 9\nup_percent = 0.2\ndown_percent = 0.2",
    ] {
        let mut config = config();
        config.target = toml::from_str(target).unwrap();
        config.split.folds = 3;
        let folder = tempfile::tempdir().unwrap();
        let made = made(&config, &walk(2000, 0.6, 5), folder.path());
        let card = made.model.card();
        assert_eq!(card.parts.len(), 3);
        assert_eq!(card.model.samples, card.parts.iter().map(|part| part.test.0).sum::<usize>());
        assert!(card.model.auc.unwrap() > 0.5, "{}", card.markdown());
    }
}

#[test]
fn a_damaged_model_or_one_of_other_features_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let made = made(&config(), &walk(1000, 0.5, 7), folder.path());
    let (root, id) = (folder.path().join("models"), made.model.id());
    for entry in fs::read_dir(root.join(&*id)).unwrap() {
        let path = entry.unwrap().path();
        let right = fs::read(&path).unwrap();
        for at in [0, right.len() / 2, right.len() - 1] {
            let mut wrong = right.clone();
            wrong[at] ^= 4;
            fs::write(&path, wrong).unwrap();
            let said = Model::load(&root, &id).unwrap_err();
            assert!(matches!(said, ModelError::Damaged { .. }), "{}: {said}", path.display());
        }
        fs::write(&path, &right[..right.len() / 2]).unwrap();
        assert!(matches!(Model::load(&root, &id), Err(ModelError::Damaged { .. })));
        fs::write(&path, right).unwrap();
    }
    assert!(Model::load(&root, &id).is_ok());
    assert!(matches!(Model::load(&root, "0123456789abcdef"), Err(ModelError::Unknown(_))));
    assert!(matches!(Model::load(&root, "../models"), Err(ModelError::Unknown(_))));
}

#[test]
fn a_model_of_another_feature_pipeline_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let made = made(&config(), &walk(1000, 0.5, 7), folder.path());
    let root = folder.path().join("models");
    let place = root.join(&*made.model.id());
    // As a program would have kept it that computes the same features in another way.
    let text = fs::read_to_string(place.join("manifest.json")).unwrap();
    let (hash, other) = (made.model.pipeline().hash(), hex::encode([7; 32]));
    assert!(text.contains(&hash));
    let text = text.replace(&hash, &other);
    let id = hex::encode(Sha256::digest(&text))[..16].to_owned();
    fs::write(place.join("manifest.json"), text).unwrap();
    fs::rename(&place, root.join(&id)).unwrap();
    let said = Model::load(&root, &id).unwrap_err();
    assert!(matches!(said, ModelError::OtherPipeline { .. }), "{said}");
    assert_eq!(
        said.to_string(),
        format!(
            "model {id} was trained on another feature pipeline than this program computes, so \
             nothing is traded on it: train it again"
        )
    );
}

#[test]
fn changes_of_standing_at_one_time_are_all_kept() {
    let folder = tempfile::tempdir().unwrap();
    let ids: Vec<String> = (0..16_u8).map(|number| hex::encode([number; 8])).collect();
    // A damaged model can be retired, so that names are enough.
    ids.iter().for_each(|id| fs::create_dir(folder.path().join(id)).unwrap());
    let models = Folder::new(folder.path());
    std::thread::scope(|scope| {
        for id in &ids {
            let models = models.clone();
            scope.spawn(move || models.retire(id, "now", None).unwrap());
        }
    });
    let mut listed = models.list().unwrap();
    listed.retain(|one| !one.bundled);
    assert_eq!(listed.len(), ids.len());
    assert!(listed.iter().all(|one| one.standing == Standing::Retired), "{listed:?}");
}

#[test]
fn only_a_model_with_an_edge_is_promoted_and_a_retired_one_never_is() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config();
    let none = made(&config, &walk(1500, 0.0, 7), folder.path());
    config.training.seed = 2;
    fs::remove_dir_all(folder.path().join("work")).unwrap();
    let other = made(&config, &walk(1500, 0.0, 7), folder.path());
    let models = Folder::new(folder.path().join("models"));
    let (one, two) = (none.model.id(), other.model.id());
    let refused = models.promote(&one, "now", None).unwrap_err();
    assert!(matches!(refused, RegistryError::NoEdge { .. }), "{refused}");
    models.promote(&one, "now", Some("a trial")).unwrap();
    assert_eq!(models.champion().unwrap().unwrap().id(), one);
    assert!(matches!(models.retire(&one, "now", None), Err(RegistryError::InUse(_))));
    models.retire(&two[..6], "now", None).unwrap();
    let refused = models.promote(&two, "now", Some("a trial")).unwrap_err();
    assert!(matches!(refused, RegistryError::Retired(_)));
    let listed = models.list().unwrap();
    let standing = |id: &str| listed.iter().find(|one| one.id == id).unwrap().standing;
    assert_eq!((standing(&one), standing(&two)), (Standing::Champion, Standing::Retired));
}
