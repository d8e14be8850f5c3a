//! `tradewind train` and `tradewind model`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod common;

use common::User;

/// The models of the folder that do not come with the program.
#[cfg(feature = "train")]
fn trained(user: &User) -> Vec<serde_json::Value> {
    let list = user.json(&["model", "list", "--json"]);
    let mut models = list["models"].as_array().unwrap().clone();
    models.retain(|model| model["bundled"] == false);
    models
}

#[test]
fn the_model_that_comes_with_the_program_is_one_of_the_models() {
    let user = User::new();
    let list = user.json(&["model", "list", "--json"]);
    let [only] = list["models"].as_array().unwrap().as_slice() else { panic!("{list:#}") };
    assert_eq!((&only["bundled"], &only["standing"]), (&true.into(), &"champion".into()));
    let id = only["id"].as_str().unwrap();
    let said = user.run(&["model", "list"]).out;
    assert!(said.contains(id) && said.contains("comes with the program"), "{said}");
    for name in ["bundled", "champion", id, &id[..4]] {
        let card = user.run(&["model", "show", name]).out;
        assert!(card.starts_with("No edge shown") && card.contains(", synthetic"), "{card}");
        assert!(card.contains("of 1Min, of regular hours"), "{card}");
        assert_eq!(user.json(&["model", "verify", name, "--json"])["models"], 1, "{name}");
        let same = user.json(&["model", "compare", name, "bundled", "--json"]);
        assert_eq!(same["models"][0]["id"], id, "{name}");
    }
    for name in ["bundled", id] {
        let ended = user.run(&["model", "retire", name, "--anyway", "a trial"]);
        assert_eq!(ended.code, 5);
        assert!(ended.sentence().contains("comes with the program"), "{}", ended.err);
    }
}

#[test]
fn a_model_that_is_not_there_is_not_found() {
    let user = User::new();
    for args in
        [["model", "show", "3f2a"], ["model", "promote", "3f2a"], ["model", "verify", "3f2a"]]
    {
        let ended = user.run(&args);
        assert_eq!((ended.code, ended.out.as_str()), (2, ""));
        assert_eq!(
            ended.sentence(),
            "tradewind: there is no model 3f2a: `tradewind model list` lists them"
        );
    }
}

/// The bundled model was trained on the synthetic market; the test's own bars swing to and fro.
#[test]
fn drift_is_told_with_exit_code_five_and_none_is_quiet() {
    let user = User::new();
    let generate =
        ["data", "generate", "--symbols", "SYNB", "--bars", "3000", "--seed", "8", "--out"];
    let home = user.text("SYNB_2024.csv");
    let made = user.run(&[&generate[..], &[home.as_str()]].concat());
    assert_eq!(made.code, 0, "{}", made.err);
    let ended = user.run(&["model", "drift", "--data", &home]);
    assert_eq!((ended.code, ended.err.as_str()), (0, ""), "{}", ended.out);
    assert!(ended.out.contains("natr(period=14)"), "{}", ended.out);

    let away = common::write_bars(&user, "AAA", 3000);
    let ended = user.run(&["model", "drift", "--data", &away]);
    assert_eq!(ended.code, 5);
    assert!(ended.sentence().contains("features are distributed otherwise than in training"));
    let told = user.run(&["model", "drift", "--data", &away, "--json"]);
    let told: serde_json::Value = serde_json::from_str(&told.out).unwrap();
    assert_eq!(told["features"].as_array().unwrap().len(), 9);
    assert!(!told["drift"].as_array().unwrap().is_empty());

    let short = common::write_bars(&user, "BBB", 1000);
    let few = user.run(&["model", "drift", "--data", &short]);
    assert!(few.out.contains("too few to compare with training: 2000 are needed"), "{}", few.out);
}

#[cfg(not(feature = "train"))]
#[test]
fn without_training_the_command_says_how_to_get_it() {
    let ended = User::new().run(&["train"]);
    assert_eq!(ended.code, 2);
    assert!(ended.sentence().contains("build it with --features train"), "{}", ended.err);
}

#[cfg(not(feature = "train"))]
#[test]
fn without_training_a_session_that_wants_it_does_not_begin() {
    let user = User::new();
    let bars = common::write_bars(&user, "AAA", 10);
    let data = format!("model.retrain.data={bars}");
    for command in [&["paper", "--strategy", "lstm"][..], &["config", "check"]] {
        let set = ["--set", "model.retrain.at=18:00", "--set", &data];
        let ended = user.run(&[command, &set[..]].concat());
        assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{command:?}");
        assert_eq!(
            ended.sentence(),
            "tradewind: flag --set: model.retrain.at: training is not built into this program; build it with `cargo build --release --locked --features train`"
        );
    }
}

#[cfg(feature = "train")]
mod with_training {
    use super::*;
    use std::fs;
    use std::io::{BufRead, BufReader};
    use std::process::Stdio;
    use std::time::Duration;

    const CONFIG: &str = "
        [network]
        window = 12
        hidden = 8
        dropout = 0.2
        [target]
        kind = 'direction'
        horizon = 3
        [training]
        epochs = 60
        patience = 0
        [[features]]
        name = 'return'
        [[features]]
        name = 'rsi'
        params = { period = 5 }
    ";

    fn configured(user: &User) -> String {
        let path = user.text("mine.toml");
        fs::write(&path, CONFIG).unwrap();
        path
    }

    #[test]
    fn a_run_killed_by_the_system_ends_with_the_same_model() {
        let (whole, cut) = (User::new(), User::new());
        let config = configured(&whole);
        let bars = common::write_bars(&whole, "AAA", 3000);
        let args = ["train", "--config", &config, "--data", &bars, "--json"];
        let right = whole.json(&args);
        let mut kills = 0;
        for wait in 0..100 {
            let mut command = cut.command(&args);
            let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            std::thread::sleep(Duration::from_millis(150 + 90 * (wait % 5)));
            child.kill().unwrap();
            if child.wait().unwrap().success() {
                break;
            }
            kills += 1;
        }
        assert!(kills > 1, "{kills} kills struck");
        let gone_on = cut.json(&args);
        assert_eq!(gone_on["model"], right["model"]);
        assert_eq!(gone_on["card"], right["card"]);
    }

    #[test]
    fn a_model_is_listed_shown_promoted_with_a_reason_and_found_damaged() {
        let user = User::new();
        let config = configured(&user);
        fs::write(&config, CONFIG.replace("epochs = 60", "epochs = 2")).unwrap();
        let made = user.run(&["train", "--config", &config]);
        assert_eq!(made.code, 0, "{}", made.err);
        assert!(made.err.lines().next().unwrap().starts_with("epoch 1: training loss"));
        let id = trained(&user)[0]["id"].as_str().unwrap().to_owned();
        assert!(made.out.contains(&id));
        let shown = user.run(&["model", "show", &id[..5]]).out;
        assert!(shown.starts_with("No edge shown") && shown.contains(", synthetic"), "{shown}");
        let refused = user.run(&["model", "promote", &id]);
        assert_eq!(refused.code, 5);
        assert!(refused.sentence().contains("may not trade: No edge shown"), "{}", refused.err);
        let done = user.run(&["model", "promote", &id, "--anyway", "a trial"]);
        assert_eq!(done.code, 0, "{}", done.err);
        assert_eq!(trained(&user)[0]["standing"], "champion");
        assert_eq!(user.run(&["model", "verify"]).code, 0);
        let twice = user.run(&["model", "compare", &id, &id]);
        assert!(twice.out.contains("Judged on the same samples."), "{}", twice.out);
        let path = user.path(&format!(".local/share/tradewind/models/{id}/weights.safetensors"));
        let mut bytes = fs::read(&path).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(&path, bytes).unwrap();
        let ended = user.run(&["model", "verify"]);
        assert_eq!(ended.code, 5);
        assert!(ended.sentence().contains("is damaged: weights.safetensors"), "{}", ended.err);
    }

    #[test]
    fn two_models_are_compared_figure_by_figure() {
        let user = User::new();
        let config = configured(&user);
        let train = |change: (&str, &str)| {
            let text = CONFIG.replace("epochs = 60", "epochs = 2").replace(change.0, change.1);
            fs::write(&config, text).unwrap();
            let made = user.json(&["train", "--config", &config, "--json"]);
            (made["model"].as_str().unwrap().to_owned(), made["card"]["model"].clone())
        };
        let one = train(("", ""));
        let other = train(("hidden = 8", "hidden = 4"));
        let asked_else = train(("horizon = 3", "horizon = 5"));
        let said = user.run(&["model", "compare", &one.0, &other.0]).out;
        let line = |name: &str| -> Vec<&str> {
            let line = said.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or_else(|| panic!("no {name} in {said}")).split_whitespace().collect()
        };
        let figures =
            |name: &str| [&one.1, &other.1].map(|it| format!("{:.4}", it[name].as_f64().unwrap()));
        assert_eq!(said.split_whitespace().take(2).collect::<Vec<_>>(), [&one.0, &other.0]);
        assert_eq!(line("log loss"), figures("log_loss"));
        assert_eq!(line("Brier score"), figures("brier"));
        assert_ne!(figures("log_loss")[0], figures("log_loss")[1]);
        assert!(said.contains("\nJudged on the same samples.\n"), "{said}");
        let json = user.json(&["model", "compare", &one.0, &asked_else.0, "--json"]);
        assert_eq!(json["same_samples"], false);
        assert_eq!(json["models"][1]["card"]["model"], asked_else.1);
        let said = user.run(&["model", "compare", &one.0, &asked_else.0]).out;
        assert!(said.contains("the figures do not say which is better"), "{said}");
    }

    /// Ninety minutes of each day lie outside of the regular session, as in files from elsewhere.
    #[test]
    fn a_model_learns_from_the_bars_that_sessions_show() {
        let user = User::new();
        let config = configured(&user);
        fs::write(&config, CONFIG.replace("epochs = 60", "epochs = 2")).unwrap();
        let bars = user.text("AAA.csv");
        let row = |at: u32| {
            let (day, minute) = (5 + at / 480, 13 * 60 + 30 + at % 480);
            let close = 100 + at * 7 % 11;
            format!(
                "2024-02-{day:02}T{:02}:{:02}:00Z,105,120,90,{close},1000\n",
                minute / 60,
                minute % 60
            )
        };
        let rows: String = (0..5 * 480).map(row).collect();
        fs::write(&bars, format!("timestamp,open,high,low,close,volume\n{rows}")).unwrap();
        let train = ["train", "--config", &config, "--data", &bars, "--json"];
        let card = |hours: &[&str]| user.json(&[&train[..], hours].concat())["card"].clone();
        let cases: [(&[&str], u32); 3] =
            [(&[], 390), (&["--session", "extended"], 480), (&["--session", "always"], 480)];
        for (hours, kept) in cases {
            let data = card(hours)["data"].clone();
            assert_eq!(data["bars"], 5 * kept, "{hours:?}");
            assert_eq!(data["session"], *hours.last().unwrap_or(&"regular"));
        }
    }

    #[test]
    fn what_is_wrong_is_a_sentence() {
        let user = User::new();
        let path = user.text("wrong.toml");
        let few = common::write_bars(&user, "FEW", 12);
        let config = configured(&user);
        for (text, told) in [
            (CONFIG.replace("hidden", "hiden"), "unknown field `hiden`"),
            (CONFIG.replace("patience = 0", "backend = 'gpu'"), "unknown variant `gpu`"),
            (CONFIG.replace("horizon = 3", "horizon = 0"), "target.horizon = 0"),
            (CONFIG.replace("'rsi'", "'rsy'"), "there is no feature \"rsy\""),
        ] {
            fs::write(&path, text).unwrap();
            let ended = user.run(&["train", "--config", &path]);
            assert_eq!(ended.code, 2);
            assert!(ended.sentence().contains(told), "{told}: {}", ended.err);
        }
        let ended = user.run(&["train", "--config", &config, "--data", &few]);
        assert_eq!(ended.code, 2);
        assert!(ended.sentence().contains("FEW has 12 bars"), "{}", ended.err);
        let (still, gap) = (user.text("STILL.csv"), user.text("GAP.csv"));
        let bars = |close: &dyn Fn(u32) -> &'static str| {
            let row = |at: u32| {
                let close = close(at);
                format!("2024-02-05T{:02}:{:02}:00Z,9,9,9,{close},1\n", 14 + at / 60, at % 60)
            };
            let rows: String = (0..300).map(row).collect();
            format!("timestamp,open,high,low,close,volume\n{rows}")
        };
        fs::write(&still, bars(&|_| "9")).unwrap();
        fs::write(&gap, bars(&|at| if at == 200 { "NaN" } else { "9" })).unwrap();
        for (file, told) in [
            (&still, "STILL: every bar closes at the same price, so there is nothing to learn"),
            (&gap, "GAP.csv, row 202, column close: `NaN` is "),
        ] {
            let ended = user.run(&["train", "--config", &config, "--data", file]);
            assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{told}");
            assert_eq!(ended.err.lines().count(), 1, "{}", ended.err);
            assert!(ended.sentence().contains(told), "{}", ended.err);
        }
        assert_eq!(trained(&user), [] as [serde_json::Value; 0]);
        let ended = user.run(&["train", "--config", &config, "--parent", "champion"]);
        assert!(ended.sentence().contains("no model was promoted yet"), "{}", ended.err);
    }

    #[test]
    fn in_the_background_it_comes_last_and_ends_with_who_started_it() {
        let user = User::new();
        let config = configured(&user);
        let bars = common::write_bars(&user, "AAA", 3000);
        let mut command =
            user.command(&["train", "--config", &config, "--data", &bars, "--background"]);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
        assert!(log.next().unwrap().unwrap().starts_with("epoch 1"));
        let pid = rustix::process::Pid::from_child(&child);
        assert_eq!(rustix::process::getpriority_process(Some(pid)), Ok(19));
        drop(child.stdin.take());
        assert!(!child.wait().unwrap().success());
        assert_eq!(trained(&user), [] as [serde_json::Value; 0]);
    }

    /// Runs a session that trains in its background until it says what came of that; gives the line.
    fn trained_beside(user: &User, config: &str, bars: &str) -> String {
        let (data, config) =
            (format!("model.retrain.data={bars}"), format!("model.retrain.config={config}"));
        let settings = ["model.retrain.at=09:40", &data, &config].map(|text| ["--set", text]);
        let args = ["paper", "--json", "--speed", "600"];
        let args = [&args[..], &settings.concat()].concat();
        let ended = user.run(&args);
        assert_eq!(ended.code, 2);
        assert!(ended.sentence().contains("no strategy of this session listens"), "{}", ended.err);
        let mut command = user.command(&[&args[..], &["--strategy", "lstm"]].concat());
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let pid = rustix::process::Pid::from_child(&child);
        let mut told = None;
        for line in lines {
            let ends = ["model_refused", "training_failed", "model_promoted"];
            if ends.iter().any(|end| line.contains(end)) {
                told = Some(line);
                rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
            }
        }
        assert!(child.wait().unwrap().success());
        let log = fs::read_to_string(user.path(".local/share/tradewind/default/retrain.log"));
        assert!(log.unwrap().starts_with("epoch 1: training loss"));
        assert!(user.run(&["journal", "show"]).out.contains("training_begun"));
        told.unwrap()
    }

    /// There is nothing to find in generated bars, so that what is trained on them is refused.
    #[test]
    fn a_session_trains_in_the_background_and_says_what_came_of_it() {
        let user = User::new();
        let config = configured(&user);
        fs::write(&config, CONFIG.replace("epochs = 60", "epochs = 2")).unwrap();
        let bars = user.text("SYNB.csv");
        user.run(&["data", "generate", "--symbols", "SYNB", "--bars", "2000", "--out", &bars]);
        let told = trained_beside(&user, &config, &bars);
        assert!(told.contains("model_refused"), "{told}");
        assert!(told.contains("may not trade: No edge shown"), "{told}");
        assert_eq!(trained(&user)[0]["standing"], "candidate");
    }

    /// Each move is up where the two before it were alike, nine times in ten: no sum of them tells that, so
    /// that the network alone finds it. The bundled model, which trades until then, is asked something else.
    #[test]
    fn what_passes_the_gate_beside_a_session_is_promoted() {
        let user = User::new();
        let config = configured(&user);
        let asked =
            CONFIG.replace("horizon = 3", "horizon = 1").replace("epochs = 60", "epochs = 30");
        fs::write(&config, asked.replace("dropout = 0.2", "dropout = 0.0")).unwrap();
        let bars = user.text("TWO.csv");
        user.run(&["data", "generate", "--symbols", "TWO", "--bars", "3000", "--out", &bars]);
        let times = fs::read_to_string(&bars).unwrap();
        let (mut before, mut seed, mut close) = ((1, -1), 1_u32, 100.0);
        let mut row = |line: &str| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let tossed = if seed >> 16 < 6_554 { -1 } else { 1 };
            let sign = before.0 * before.1 * tossed;
            before = (before.1, sign);
            let open = close;
            close *= 1.0 + 0.001 * f64::from(sign);
            let (high, low, time) =
                (open.max(close), open.min(close), line.split(',').next().unwrap());
            format!("{time},{open:.6},{high:.6},{low:.6},{close:.6},1000\n")
        };
        let rows: String = times.lines().skip(1).map(&mut row).collect();
        fs::write(&bars, format!("timestamp,open,high,low,close,volume\n{rows}")).unwrap();
        let told = trained_beside(&user, &config, &bars);
        assert!(told.contains("model_promoted"), "{told}");
        let champion = trained(&user);
        assert_eq!(champion[0]["standing"], "champion");
        let card = user.run(&["model", "show", champion[0]["id"].as_str().unwrap()]).out;
        assert!(!card.starts_with("No edge"), "{card}");
        let bundled = user.json(&["model", "show", "bundled", "--json"])["id"].clone();
        assert!(card.contains(&format!("parent {}", bundled.as_str().unwrap())), "{card}");
    }
}
