//! Logs on standard error.

use crate::config::Settings;
use crate::exit::{Exit, Failure};
use std::fs::OpenOptions;
use std::io::IsTerminal;
use std::path::Path;
use std::sync::Mutex;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::{FilterExt, filter_fn};
use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

/// Starts logging as the settings say; `RUST_LOG` wins over the level.
pub fn start(settings: &Settings) {
    start_on(settings, std::io::stderr, std::io::stderr().is_terminal());
}

/// Starts logging into a file, while the terminal shows something else.
///
/// # Errors
/// When the file cannot be opened.
pub fn start_in_file(settings: &Settings, path: &Path) -> Result<(), Failure> {
    let file = OpenOptions::new().create(true).append(true).open(path);
    let file = file.map_err(|error| {
        let text = format!("{} cannot be written: {error}", path.display());
        Failure::new(Exit::of_io(&error), text)
    })?;
    start_on(settings, Mutex::new(file), false);
    Ok(())
}

/// Starts logging into a writer of the caller's.
fn start_on<W>(settings: &Settings, writer: W, colours: bool)
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let level = settings.text("log.level");
    let wanted = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    let filter = wanted.and(filter_fn(is_harmless));
    let layer = fmt::layer().with_ansi(colours).with_writer(writer);
    let layer = if settings.text("log.format") == "json" {
        layer.json().with_filter(filter).boxed()
    } else {
        layer.with_target(false).with_filter(filter).boxed()
    };
    // A second start changes nothing; the first one's choice stays.
    let _ = tracing_subscriber::registry().with(layer).try_init();
}

/// Libraries whose finer logs show what goes over the wire, keys included.
const WIRE: [&str; 7] =
    ["tungstenite", "tokio_tungstenite", "hyper", "hyper_util", "h2", "reqwest", "rustls"];

/// Whether a log line cannot hold a secret; neither the configuration nor `RUST_LOG` changes this.
fn is_harmless(metadata: &Metadata<'_>) -> bool {
    let library = metadata.target().split("::").next().unwrap_or("");
    *metadata.level() <= Level::INFO || !WIRE.contains(&library)
}
