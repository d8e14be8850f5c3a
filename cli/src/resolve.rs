//! From what was typed to checked settings.

use crate::args::{ConfigArgs, DataDirArgs, PlaceArgs, RunArgs, SessionArgs, TradeArgs};
use crate::config::{ConfigError, Layers, Settings};
use std::path::PathBuf;

/// The layers of the defaults, a profile, files and the environment.
pub fn base(args: &ConfigArgs) -> Layers {
    let mut layers = Layers::new();
    if let Some(profile) = &args.profile {
        layers.add_profile(profile);
    }
    for file in &args.config {
        layers.add_file(file);
    }
    add_environment(&mut layers);
    for (key, value) in &args.set {
        layers.set_flag("--set", key, value);
    }
    layers
}

/// Names and values that are no text cannot be ours, unless their name begins as ours do.
fn add_environment(layers: &mut Layers) {
    let texts = std::env::vars_os().map(|(name, value)| {
        (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned())
    });
    layers.add_environment(texts);
}

/// Adds the flag that names the data directory.
pub fn place(layers: &mut Layers, args: &DataDirArgs) {
    if let Some(dir) = &args.data_dir {
        layers.set_flag("--data-dir", "session.data_dir", &dir.to_string_lossy());
    }
}

/// Adds the flags that say what is traded.
pub fn trade(layers: &mut Layers, args: &TradeArgs) {
    let flags = [
        ("--symbols", "session.symbols", &args.symbols),
        ("--session", "session.hours", &args.session),
        ("--seed", "exchange.seed", &args.seed),
    ];
    set_flags(layers, flags);
    strategies(layers, &args.strategy, &args.param);
}

/// Adds the flags that name strategies and their parameters.
pub fn strategies(layers: &mut Layers, names: &[String], params: &[(String, String)]) {
    layers.set_strategies("--strategy", names);
    for (name, value) in params {
        layers.set_param("--param", name, value);
    }
}

fn set_flags<const N: usize>(layers: &mut Layers, flags: [(&str, &str, &Option<String>); N]) {
    for (flag, key, value) in flags {
        if let Some(value) = value {
            layers.set_flag(flag, key, value);
        }
    }
}

/// Adds the flags of a run over market data.
pub fn run(layers: &mut Layers, args: &RunArgs) {
    place(layers, &args.place);
    trade(layers, &args.trade);
    let flags = [
        ("--rules", "backtest.rules", &args.rules),
        ("--calendar", "backtest.calendar", &args.calendar),
        ("--corporate-actions", "backtest.actions", &args.corporate_actions),
        ("--dividends", "backtest.dividends", &args.dividends),
    ];
    set_flags(layers, flags);
}

/// The settings of a session.
///
/// # Errors
/// Every mistake in any layer.
pub fn session(args: &SessionArgs) -> Result<Settings, ConfigError> {
    let mut layers = base(&args.config);
    place(&mut layers, &args.place);
    trade(&mut layers, &args.trade);
    if let Some(speed) = &args.speed {
        layers.set_flag("--speed", "exchange.speed", speed);
    }
    if let Some(policy) = &args.shutdown {
        layers.set_flag("--shutdown", "session.shutdown", policy);
    }
    layers.finish().map(Settings::new)
}

/// The folder of the session that a command means. Nothing else of the configuration matters to
/// it: a session can be halted whatever else is wrong.
///
/// # Errors
/// When a file cannot be read, or the folder's own key is wrong.
pub fn data_dir(args: &PlaceArgs) -> Result<PathBuf, ConfigError> {
    let mut layers = base(&args.config);
    place(&mut layers, &args.dir);
    layers.keep_only("session.data_dir");
    layers.finish().map(|values| Settings::new(values).data_dir())
}
