//! An earlier run, run again.

use crate::args::{BacktestArgs, PlaceArgs};
use crate::commands::data::beside;
use crate::commands::print_text;
use crate::config::Settings;
use crate::exit::{Exit, Failure};
use crate::resolve;
use backtest::BacktestReport;
use marketdata::Facts;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// An earlier run that is run again, perhaps with something changed.
pub struct Earlier {
    report: BacktestReport,
    /// Whether it is to go over the same data.
    same_data: bool,
}

/// What is in force: of an earlier run when `--from` names one, with what else was said on top.
///
/// # Errors
/// When there is no such run, or a mistake in any layer.
pub fn restored(args: &BacktestArgs) -> Result<(BacktestArgs, Settings, Option<Earlier>), Failure> {
    let mut args = args.clone();
    let name = args.run.part.from.take_if(|text| !begins_as_time(text));
    let earlier = name.map(|name| read(&mut args, &name)).transpose()?;
    let mut layers = resolve::base(&args.run.config);
    if let Some(Earlier { report, .. }) = &earlier {
        let config = report.manifest.config.iter();
        layers.add_run(&report.run, config.map(|(name, text)| (name.as_ref(), text.as_ref())));
    }
    resolve::run(&mut layers, &args.run);
    let settings = Settings::new(layers.finish()?);
    Ok((args, settings, earlier))
}

/// A date begins with a year and a hyphen, which the id of a run never does.
fn begins_as_time(text: &str) -> bool {
    let (year, rest) = text.split_at_checked(4).unwrap_or((text, ""));
    year.bytes().all(|byte| byte.is_ascii_digit()) && rest.starts_with('-')
}

/// Reads the run, and takes its data over where none is named.
fn read(args: &mut BacktestArgs, name: &str) -> Result<Earlier, Failure> {
    let place = PlaceArgs { config: args.run.config.clone(), dir: args.run.place.clone() };
    let report =
        crate::commands::runs::read(&resolve::data_dir(&place)?, name).map_err(|error| {
            Failure::new(error.exit, format!("--from: `{name}` is no time; {error}"))
        })?;
    let same_data = args.run.trade.data.is_empty()
        && args.run.store.store.is_none()
        && args.run.trade.symbols.is_none()
        && args.run.part.to.is_none();
    if same_data {
        let chosen = |name: &str| report.data.selection.get(name).cloned();
        args.run.trade.data = report.data.files.iter().map(PathBuf::from).collect();
        if args.run.detail.is_empty() {
            args.run.detail = report.data.detail.iter().map(PathBuf::from).collect();
        }
        args.run.store.store = chosen("store").map(PathBuf::from);
        (args.run.part.from, args.run.part.to) = (chosen("from"), chosen("to"));
        args.run.resolution = chosen("resolution");
        args.run.part.adjustment = report.manifest.adjustment.clone();
        let with = chosen("with").unwrap_or_default();
        args.run.with =
            with.split(',').filter(|kind| !kind.is_empty()).map(str::to_owned).collect();
        if args.run.trade.data.is_empty() {
            args.run.trade.symbols = Some(report.symbols.join(","));
        }
    }
    Ok(Earlier { report, same_data })
}

/// Writes down which data was meant, so that it is found again from any folder.
pub fn note_data(args: &BacktestArgs, report: &mut BacktestReport) {
    let absolute = |path: &Path| {
        let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        path.display().to_string()
    };
    report.data.files = args.run.trade.data.iter().map(|file| absolute(file)).collect();
    let detail = args.run.detail.iter().map(|value| {
        let of_store = beside::names_detail(&args.run, value);
        if of_store { value.display().to_string() } else { absolute(value) }
    });
    report.data.detail = detail.collect();
    let with = (!args.run.with.is_empty()).then(|| args.run.with.join(","));
    let flags = [
        ("store", args.run.store.store.as_deref().map(absolute)),
        ("from", args.run.part.from.clone()),
        ("to", args.run.part.to.clone()),
        ("resolution", args.run.resolution.clone()),
        ("with", with),
    ];
    let set = flags.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?)));
    report.data.selection = set.collect::<BTreeMap<_, _>>();
}

impl Earlier {
    /// Refuses data that is not what it was, unless other data was named.
    ///
    /// # Errors
    /// When it has changed.
    pub fn check_data(&self, facts: &Facts) -> Result<(), Failure> {
        if !self.same_data || facts.content_hash == self.report.data.hash {
            return Ok(());
        }
        let run = &self.report.run;
        Err(Failure::new(
            Exit::CheckFailed,
            format!(
                "the data has changed since run {run}: name it with --data to run over it as it is now"
            ),
        ))
    }

    /// Says whether it led to the same events as before.
    ///
    /// # Errors
    /// When the same run led to others.
    pub fn check_events(&self, report: &BacktestReport, quiet: bool) -> Result<(), Failure> {
        let earlier = &self.report;
        let text = match (earlier.run == report.run, earlier.events_hash == report.events_hash) {
            (true, false) => {
                let text = format!("run {} led to other events than before", report.run);
                return Err(Failure::new(Exit::CheckFailed, text));
            }
            (true, true) => "again     the same events as before\n".to_owned(),
            (false, _) => {
                format!("earlier   tradewind compare {} {}\n", earlier.run, report.run)
            }
        };
        if quiet { Ok(()) } else { print_text(&text) }
    }
}
