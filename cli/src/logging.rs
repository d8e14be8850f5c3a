//! Logs on standard error.

use crate::config::Settings;
use crate::exit::Failure;
use std::fs::OpenOptions;
use std::io::IsTerminal;
use std::path::Path;
use std::sync::Mutex;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// Starts logging as the settings say; `RUST_LOG` wins over the level.
pub fn start(settings: &Settings) {
    start_on(settings, std::io::stderr);
}

/// Starts logging into a file, while the terminal shows something else.
///
/// # Errors
/// When the file cannot be opened.
pub fn start_in_file(settings: &Settings, path: &Path) -> Result<(), Failure> {
    let file = OpenOptions::new().create(true).append(true).open(path);
    let file = file.map_err(|error| {
        Failure::usage(format!("{} cannot be written: {error}", path.display()))
    })?;
    start_on(settings, Mutex::new(file));
    Ok(())
}

/// Starts logging into a writer of the caller's.
fn start_on<W>(settings: &Settings, writer: W)
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let level = settings.text("log.level").to_owned();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    let ansi = std::io::stderr().is_terminal();
    let builder =
        tracing_subscriber::fmt().with_env_filter(filter).with_ansi(ansi).with_writer(writer);
    // A second start changes nothing; the first one's choice stays.
    let _ = if settings.text("log.format") == "json" {
        builder.json().try_init()
    } else {
        builder.with_target(false).try_init()
    };
}
