use super::*;
use crate::config::Layers;
use kernel::{Input, TradingHours};
use model::card::{Card, Judgement, Rival};
use model::folder::Parts;
use runtime::control::{Answer, ControlServer};
use runtime::session::{Stopper, stop_signal};
use std::fs;
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// The bundled model with another card, kept in a folder.
pub fn model_like_the_bundled(root: &Path, log_loss: f64, card_of: impl Fn(&mut Card)) -> Model {
    let bundled = Model::bundled().unwrap();
    let mut card = bundled.card().clone();
    card.beats_baselines = true;
    card.model.log_loss = log_loss;
    card_of(&mut card);
    let parts = Parts {
        weights: bundled.weights().clone(),
        scaler: bundled.scaler().clone(),
        pipeline: bundled.pipeline().clone(),
        reference: bundled.reference().clone(),
        card,
        head: *bundled.head(),
        window: bundled.window(),
        horizon: bundled.horizon(),
        bar_length: bundled.bar_length(),
        lineage: bundled.lineage().clone(),
    };
    Model::save(parts, root).unwrap()
}

/// A model of later bars, beside which the champion was judged.
fn later(root: &Path, log_loss: f64, champion: Option<(&str, f64)>) -> Model {
    model_like_the_bundled(root, log_loss, |card| {
        card.data.sha256 = "later".into();
        card.rival = champion.map(|(id, log_loss)| Rival {
            id: id.into(),
            judgement: Judgement { log_loss, ..card.model.clone() },
            advantage: None,
        });
    })
}

/// A folder of a session, with a folder of models, and a training that a script stands in for.
struct Bench {
    dir: TempDir,
}

const MINUTE: Span = Span::from_secs(60);

impl Bench {
    fn new(script: &str) -> Self {
        let bench = Self { dir: tempfile::tempdir().unwrap() };
        fs::create_dir(bench.models()).unwrap();
        fs::write(bench.models().join("script"), script).unwrap();
        bench
    }

    fn models(&self) -> PathBuf {
        self.dir.path().join("models")
    }

    fn folder(&self) -> Folder {
        Folder::new(self.models())
    }

    fn champion(&self) -> Option<String> {
        self.folder().champion().unwrap().map(|model| model.id().to_string())
    }

    /// Daily at six in the evening.
    fn retraining(&self) -> Retraining {
        let path = |name: &str| self.dir.path().join(name);
        Retraining {
            schedule: Schedule::new(clock_time("18:00").unwrap(), 1),
            training: Training {
                program: Path::new(env!("CARGO_MANIFEST_DIR")).join("src/retrain/stand_in.sh"),
                config: Some("mine.toml".into()),
                data: vec!["AAA.csv".into(), "BBB.csv".into()],
                hours: TradingHours::Extended,
                models: self.models(),
                made: path("retrain.out"),
                log: path("retrain.log"),
            },
            state: path("retrain.json"),
            dir: self.dir.path().to_path_buf(),
            gate: self.gate(),
            succession: Succession::default(),
        }
    }

    fn gate(&self) -> Gate {
        Gate { folder: self.folder(), bar_length: Some(MINUTE) }
    }

    fn outcome(&self) -> Option<String> {
        State::read(&self.dir.path().join("retrain.json"))?.outcome
    }

    /// The lines that the script has written.
    fn lines(&self) -> Vec<String> {
        let text = fs::read_to_string(self.models().join("lines")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}

/// A session that replays data, with a training beside it.
struct Session {
    status: watch::Sender<Status>,
    training: JoinHandle<()>,
    noted: Arc<Mutex<Vec<Notice>>>,
    _control: (ControlServer, Stopper),
}

impl Session {
    fn begin(bench: &Bench, retraining: Retraining, time: &str) -> Self {
        let mut status = Status::starting("embedded", "file");
        status.phase = Phase::Running;
        status.venue_time = Some(time.parse().unwrap());
        let (status, seen) = watch::channel(status);
        let (orders, mut taken) = mpsc::channel::<control::Order>(4);
        let (stopper, stop) = stop_signal();
        let control = control::serve(bench.dir.path(), orders, seen.clone(), stop).unwrap();
        let noted = Arc::new(Mutex::new(Vec::new()));
        let notes = noted.clone();
        tokio::spawn(async move {
            while let Some(order) = taken.recv().await {
                let Input::Notice(notice) = order.input else { panic!("{:?}", order.input) };
                notes.lock().unwrap().push(notice);
                order.answer.send(Answer::done(&())).unwrap();
            }
        });
        let training = tokio::spawn(retraining.stand_by(seen));
        Self { status, training, noted, _control: (control, stopper) }
    }

    fn at(&self, time: &str) {
        self.status.send_modify(|status| status.venue_time = Some(time.parse().unwrap()));
    }

    /// What it was told of its trainings.
    fn steps(&self) -> Vec<TrainingStep> {
        let step = |notice: &Notice| match notice {
            Notice::Training { step, .. } => *step,
            other => panic!("{other:?}"),
        };
        self.noted.lock().unwrap().iter().map(step).collect()
    }

    /// Goes on publishing the status until something is so.
    async fn until(&self, is_so: impl Fn() -> bool) {
        while !is_so() {
            self.status.send_modify(|_| {});
            tokio::task::yield_now().await;
        }
    }

    async fn end(self) {
        drop(self.status);
        self.training.await.unwrap();
    }
}

#[test]
fn only_what_is_better_than_the_champion_and_the_baselines_is_promoted() {
    // Whether the baselines are beaten, the log loss, that of the champion on the same samples if there
    // is a champion and it was judged on them; what is said.
    let cases = [
        (true, 0.5, None, false, ""),
        (true, 0.5, Some(0.6), false, ""),
        (true, 0.6, Some(0.5), false, "is not better than the champion"),
        (false, 0.5, None, false, "may not trade"),
        (true, 0.5, Some(0.6), true, ""),
        (true, 0.6, Some(0.5), true, "is not better than the champion"),
        (true, 0.5, Some(0.5), true, "is not better than the champion"),
        (false, 0.5, Some(0.6), true, "may not trade"),
        (true, 0.5, None, true, "were judged on different data"),
    ];
    for (number, (beats, log_loss, rival, has_champion, refused)) in cases.into_iter().enumerate() {
        let bench = Bench::new("");
        let root = bench.models();
        // Its own card speaks of other samples, and does not count.
        let before = has_champion.then(|| model_like_the_bundled(&root, 0.1, |_| {}));
        let before = before.map(|model| model.id().to_string());
        if let Some(id) = &before {
            bench.folder().promote(id, "then", None).unwrap();
        }
        // Until one is promoted, the bundled model is what trades.
        let bundled = Model::bundled().unwrap().id();
        let rival = rival.map(|loss| (before.as_deref().unwrap_or(&bundled), loss));
        let made = model_like_the_bundled(&root, log_loss, |card| {
            card.beats_baselines = beats;
            let later = later(&root, log_loss, rival);
            (card.data, card.rival) = (later.card().data.clone(), later.card().rival.clone());
        });
        match bench.gate().judge(&made.id()) {
            Outcome::Promoted(model) => {
                assert_eq!((refused, model.id()), ("", made.id()), "case {number}");
                assert_eq!(bench.champion().as_deref(), Some(&*made.id()), "case {number}");
            }
            Outcome::Stays(why) => {
                assert!(!refused.is_empty() && why.contains(refused), "case {number}: {why}");
                assert_eq!(bench.champion(), before, "case {number}");
            }
            Outcome::Failed(why) => panic!("case {number}: {why}"),
        }
    }
}

#[test]
fn the_champion_itself_and_a_model_of_other_bars_change_nothing() {
    let bench = Bench::new("");
    let made = model_like_the_bundled(&bench.models(), 0.5, |_| {});
    let hourly = Gate { bar_length: Some(Span::from_secs(3600)), ..bench.gate() };
    let Outcome::Failed(why) = hourly.judge(&made.id()) else { panic!("it is promoted") };
    assert!(why.contains("is of bars of 1Min"), "{why}");
    assert_eq!(bench.champion(), None);
    assert!(matches!(bench.gate().judge(&made.id()), Outcome::Promoted(_)));
    let Outcome::Stays(why) = bench.gate().judge(&made.id()) else { panic!("it is promoted") };
    assert!(why.contains("which is the champion"), "{why}");
    let Outcome::Failed(why) = bench.gate().judge("0123456789abcdef") else { panic!("no model") };
    assert!(why.contains("there is no model"), "{why}");
}

#[tokio::test]
async fn a_session_trains_when_it_is_due_and_trades_on_what_passes_from_the_next_day_on() {
    let bench = Bench::new("echo \"$@\" >> $5/lines; echo of its own >&2; cat $5/made");
    let root = bench.models();
    let old = model_like_the_bundled(&root, 0.6, |_| {});
    bench.folder().promote(&old.id(), "then", None).unwrap();
    let new = later(&root, 0.5, Some((&old.id(), 0.6)));
    fs::write(root.join("made"), format!("{{\"model\": \"{}\"}}", new.id())).unwrap();

    let retraining = bench.retraining();
    let succession = retraining.succession();
    let session = Session::begin(&bench, retraining, "2026-11-25T15:00:00Z");
    for time in ["2026-11-25T16:00:00Z", "2026-11-25T22:59:59Z"] {
        session.at(time);
        tokio::task::yield_now().await;
        assert_eq!(bench.outcome(), None, "{time}");
        assert!(!root.parent().unwrap().join("retrain.json").exists(), "{time}");
    }
    session.at("2026-11-25T23:00:00Z");
    session.until(|| bench.outcome().is_some()).await;
    assert_eq!(session.steps(), [TrainingStep::Begun, TrainingStep::Promoted]);
    session.end().await;

    let models = root.display();
    assert_eq!(
        bench.lines(),
        [format!(
            "train --json --background --models {models} --data AAA.csv BBB.csv --session extended --config mine.toml --parent {}",
            old.id()
        )]
    );
    let log = fs::read_to_string(bench.dir.path().join("retrain.log")).unwrap();
    assert_eq!(log, "of its own\n");
    assert_eq!(bench.champion().as_deref(), Some(&*new.id()));
    // Thanksgiving lies between.
    let reigning = |time: &str| succession.reigning(time.parse().unwrap()).map(|model| model.id());
    assert_eq!(reigning("2026-11-27T08:59:00Z"), None);
    assert_eq!(reigning("2026-11-27T09:00:00Z"), Some(new.id()));
}

#[tokio::test]
async fn one_at_a_time_is_trained_and_none_outlives_the_session() {
    let bench = Bench::new("echo $$ >> $5/lines; read forever");
    let session = Session::begin(&bench, bench.retraining(), "2026-11-23T15:00:00Z");
    tokio::task::yield_now().await;
    session.at("2026-11-23T23:00:00Z");
    session.until(|| bench.lines().len() == 1).await;
    // The next one is due, and the one after it.
    for (time, left_out) in [("2026-11-24T23:00:00Z", 1), ("2026-11-25T23:00:00Z", 2)] {
        session.at(time);
        session.until(|| session.steps().len() == 1 + left_out).await;
    }
    session.at("2026-11-25T23:30:00Z");
    tokio::task::yield_now().await;
    let left_out = TrainingStep::LeftOut;
    assert_eq!(session.steps(), [TrainingStep::Begun, left_out, left_out]);
    session.end().await;
    let lines = bench.lines();
    assert_eq!(lines.len(), 1);
    let process = rustix::process::Pid::from_raw(lines[0].parse().unwrap()).unwrap();
    assert_eq!(rustix::process::test_kill_process(process), Err(rustix::io::Errno::SRCH));

    // What was cut short goes on with the next session, whatever the time.
    fs::write(bench.models().join("script"), "echo again >> $5/lines; exit 3").unwrap();
    let session = Session::begin(&bench, bench.retraining(), "2026-11-26T02:00:00Z");
    session.until(|| bench.outcome().is_some()).await;
    session.at("2026-11-27T22:59:00Z");
    tokio::task::yield_now().await;
    assert_eq!(session.steps(), [TrainingStep::Begun, TrainingStep::Failed]);
    session.end().await;
    let why = bench.outcome().unwrap();
    assert!(why.starts_with("no model is promoted: exit status: 3: see "), "{why}");
    assert_eq!(bench.lines().len(), 2, "one that failed is not tried again before its time");
    assert_eq!(bench.champion(), None);
}

#[test]
fn what_could_never_be_trained_is_refused_with_its_key() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).display().to_string();
    fs::write(path("AAA.csv"), "").unwrap();
    fs::write(path("wrong.toml"), "[network]\nhiden = 3").unwrap();
    let good = [
        ("model.retrain.at", "18:00".to_owned()),
        ("model.retrain.data", path("AAA.csv")),
        ("exchange.speed", "60".into()),
    ];
    let cases = [
        (None, ""),
        (Some(("model.retrain.data", String::new())), "model.retrain.data"),
        (Some(("model.retrain.data", path("BBB.csv"))), "model.retrain.data"),
        (Some(("model.retrain.config", path("wrong.toml"))), "model.retrain.config"),
        (Some(("model.retrain.config", path("none.toml"))), "model.retrain.config"),
        (Some(("model.name", "bundled".into())), "model.name"),
        (Some(("exchange.speed", "max".into())), "exchange.speed"),
    ];
    for (change, key) in cases {
        let mut layers = Layers::new();
        let changed = change.as_ref().map(|(key, _)| *key);
        let kept = good.iter().filter(|(key, _)| Some(*key) != changed);
        for (key, value) in kept.chain(&change) {
            layers.set_flag("--set", key, value);
        }
        let (values, found) = layers.examine();
        assert_eq!(found, []);
        let mut found = mistakes(&Settings::new(values));
        let build = found.iter().position(|one| one.problem.contains("--features train"));
        assert_eq!(build.is_none(), cfg!(feature = "train"), "{change:?}");
        build.map(|place| found.remove(place));
        let keys: Vec<&str> = found.iter().map(|one| one.key.as_str()).collect();
        let expected: Vec<&str> = [key].into_iter().filter(|key| !key.is_empty()).collect();
        assert_eq!(keys, expected, "{change:?}: {found:?}");
    }
    let (values, _) = Layers::new().examine();
    assert_eq!(mistakes(&Settings::new(values)), [], "it is off unless somebody wants it");
}

#[test]
fn a_schedule_that_is_none_is_refused_with_its_range() {
    for (key, value, range) in [
        ("model.retrain.at", "25:00", "from 00:00 to 23:59"),
        ("model.retrain.at", "daily", "from 00:00 to 23:59"),
        ("model.retrain.every_days", "0", "from 1 to 365"),
        ("model.retrain.every_days", "366", "from 1 to 365"),
    ] {
        let mut layers = Layers::new();
        layers.set_flag("--set", key, value);
        let (_, found) = layers.examine();
        assert_eq!(found.len(), 1, "{key} {value}");
        assert!(
            found[0].to_string().contains(key) && found[0].problem.contains(range),
            "{found:?}"
        );
    }
}
