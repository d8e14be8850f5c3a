//! What sweeps, walk-forward and the search for look-ahead share: the settings, the data in memory
//! once, the rules, the ledger.

use super::data::beside;
use super::data::run::{RunData, Selection};
use crate::args::{Priority, RunArgs, SpaceArgs};
use crate::config::{ChosenStrategy, Settings};
use crate::exit::{Exit, Failure};
use crate::models::Cast;
use crate::{assemble, logging, resolve};
use backtest::sweep::{Axis, Bench, Ledger, Search, Space, SweepError};
use backtest::{BacktestConfig, Chosen, Detail, Observer, Progress, Words};
use exchange::ExchangeConfig;
use marketdata::{CorporateActions, Facts, Feed};
use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, UNIX_EPOCH};

/// What is run, and over what.
pub struct Desk {
    pub settings: Settings,
    /// The strategy that is looked at.
    strategy: ChosenStrategy,
    pub feed: Feed,
    pub facts: Facts,
    pub config: BacktestConfig,
    /// This build of the program, as the ledger knows it.
    pub program: String,
}

impl Desk {
    /// Reads the data into memory, once.
    ///
    /// # Errors
    /// A mistake in any layer, or data that is not good.
    pub fn open(args: &RunArgs) -> Result<Self, Failure> {
        let mut layers = resolve::base(&args.config);
        resolve::run(&mut layers, args);
        let settings = Settings::new(layers.finish()?);
        let strategy = the_strategy(&settings)?;
        logging::start(&settings);
        let feed = match RunData::open(&Selection::of(args, false), &settings.symbols())? {
            RunData::Memory(feed) => feed,
            RunData::Streamed(mut source) => {
                Feed::collect(source.as_mut()).map_err(Failure::usage)?
            }
        };
        let facts = feed.facts();
        if facts.span.is_none() {
            return Err(Failure::from(&backtest::BacktestError::NoData));
        }
        let config = config(&settings, &facts, args)?;
        Ok(Self { settings, strategy, feed, facts, config, program: program() })
    }

    /// The strategy's name.
    pub fn strategy(&self) -> &str {
        &self.strategy.name
    }

    /// The strategy with some parameters in place of those of the settings.
    pub fn build(&self, params: &BTreeMap<String, String>) -> Result<Chosen, String> {
        let mut all = self.strategy.params.clone();
        all.extend(params.iter().map(|(name, value)| (name.clone(), value.clone())));
        strategies::build(&self.strategy.name, &all, &self.feed.symbols)
            .map_err(|error| error.to_string())
    }

    /// The models of the strategy, where it listens to any.
    ///
    /// # Errors
    /// When one cannot be used.
    pub fn cast(&self) -> Result<Option<Cast>, Failure> {
        let built = self.build(&BTreeMap::new());
        let listens = built.is_ok_and(|(strategy, _)| strategy.listens_to_models());
        listens.then(|| Cast::of(&self.settings, self.facts.bar_length)).transpose()
    }

    /// What models say of the data, where a combination of parameters makes a strategy that listens.
    ///
    /// # Errors
    /// When a model cannot be used, or the data fail.
    pub fn words(&self, space: &Space) -> Result<Option<Arc<Words>>, Failure> {
        let listens = |params| {
            // What lacks parameters is told where it is tried.
            self.build(params).is_ok_and(|(strategy, _)| strategy.listens_to_models())
        };
        if !space.points().iter().any(listens) {
            return Ok(None);
        }
        let models = Cast::of(&self.settings, self.facts.bar_length)?.models(None);
        let mut line = Hearing(ProgressLine::new("rows"));
        let data = (&self.feed.data[..], &self.facts);
        let words = Words::hear(&self.config, data, models, &mut line);
        line.0.clear();
        words.map(Arc::new).map(Some).map_err(|error| Failure::from(&error))
    }

    /// What every trial shares.
    pub fn bench<'a>(&'a self, by: &'a str, words: Option<&'a Arc<Words>>) -> Bench<'a> {
        let (config, data, facts) = (&self.config, &self.feed.data[..], &self.facts);
        Bench { config, data, facts, program: &self.program, by, words }
    }

    /// The symbols of the data.
    pub fn symbols(&self) -> Vec<String> {
        self.facts.symbols.names().map(Into::into).collect()
    }

    /// The ledger of the strategy on the symbols of the data.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn ledger(&self, keep: bool) -> Result<Ledger, Failure> {
        ledger(&self.settings, self.strategy(), &self.symbols(), keep)
    }
}

/// The rules of every run over some data: the venue's, risk's, what happens to shares and at the
/// end.
///
/// # Errors
/// When the file of corporate actions or the detail cannot be used.
pub fn config(
    settings: &Settings,
    facts: &Facts,
    args: &RunArgs,
) -> Result<BacktestConfig, Failure> {
    let adjustment = args.part.adjustment.as_str();
    let (limits, hours) = assemble::limits_and_hours(settings, facts.bar_length);
    let exchange =
        ExchangeConfig { rules: settings.venue_rules(), ..assemble::exchange_config(settings) };
    let config = BacktestConfig {
        exchange,
        limits,
        fees: assemble::fee_rates(settings, true),
        hours,
        shutdown: settings.shutdown(),
        close_at_last_open: settings.is_on("backtest.close_at_last_open"),
        actions: corporate_actions(settings, adjustment)?,
        dividends: settings.dividends(),
        detail: detail(args, facts)?,
        config: settings.for_journal(),
        labels: settings.strategies().into_iter().map(|one| one.label).collect(),
        adjustment: adjustment.to_owned(),
        ..BacktestConfig::for_data(facts)
    };
    if !settings.never_closes() {
        return Ok(config);
    }
    if !config.limits.scopes.windows.is_empty() {
        return Err(Failure::usage(
            "risk.trading_windows: hours of New York, which a market with backtest.calendar = always does not go by",
        ));
    }
    Ok(config.around_the_clock(facts))
}

/// The finer data that orders are filled on.
fn detail(args: &RunArgs, facts: &Facts) -> Result<Option<Arc<Detail>>, Failure> {
    let named = &args.detail;
    let of_store = named.iter().filter(|value| beside::names_detail(args, value)).count();
    let wrong = |error: &dyn std::fmt::Display| {
        Failure::usage(format!("--detail {}: {error}", assemble::names_of(named)))
    };
    let feed = match of_store {
        _ if named.is_empty() => return Ok(None),
        0 => assemble::read_feed(named, &[])?,
        count if count == named.len() => beside::detail(args, facts)?,
        _ => return Err(wrong(&"name files, or data of the store, not both")),
    };
    let detail = Detail::new(&feed, facts);
    detail.map(Arc::new).map(Some).map_err(|error| wrong(&error))
}

/// The splits and dividends that happen in a run. Prices that were adjusted for them have them
/// already.
fn corporate_actions(settings: &Settings, adjustment: &str) -> Result<CorporateActions, Failure> {
    let Some(path) = settings.corporate_actions() else {
        return Ok(CorporateActions::default());
    };
    if adjustment != "raw" {
        return Err(Failure::usage(format!(
            "backtest.actions: prices with adjustment {adjustment} have splits and dividends in them already; take raw ones, or no actions"
        )));
    }
    CorporateActions::from_csv(&path).map_err(Failure::usage)
}

/// The ledger of a strategy on some symbols.
///
/// # Errors
/// When it cannot be read.
pub fn ledger(
    settings: &Settings,
    strategy: &str,
    symbols: &[String],
    keep: bool,
) -> Result<Ledger, Failure> {
    let data_dir = settings.data_dir();
    if keep {
        assemble::create_private(&data_dir)?;
    }
    let runs = backtest::runs_folder(&data_dir);
    let ledger = Ledger::open(&runs, strategy, symbols).map_err(|error| {
        let text = format!("the ledger of trials in {} cannot be read: {error}", runs.display());
        Failure::new(Exit::of_io(&error), text)
    })?;
    Ok(if keep { ledger } else { ledger.read_only() })
}

/// The only strategy of a command that looks at one.
fn the_strategy(settings: &Settings) -> Result<ChosenStrategy, Failure> {
    let mut all = settings.strategies();
    match (all.pop(), all.is_empty()) {
        (Some(only), true) => Ok(only),
        _ => Err(Failure::usage(format!(
            "this command looks at one strategy, and {} are named: name one with --strategy NAME",
            settings.strategy_names()
        ))),
    }
}

/// This build of the program: a strategy that was changed and compiled again tries again.
pub fn program() -> String {
    let file = std::env::current_exe().and_then(std::fs::metadata);
    let stamp = file.ok().map(|file| {
        let since = |time: std::time::SystemTime| time.duration_since(UNIX_EPOCH).ok();
        let built = file.modified().ok().and_then(since).unwrap_or_default();
        format!("-{:x}-{:x}", file.len(), built.as_nanos())
    });
    format!("{}{}", env!("CARGO_PKG_VERSION"), stamp.unwrap_or_default())
}

/// Lets every other program come first.
pub fn give_way(priority: Priority) {
    if priority == Priority::Low {
        // Where it is not allowed the work is done as any other.
        let _ = rustix::process::setpriority_process(None, 19);
    }
}

/// Threads to work on.
pub fn threads(args: &SpaceArgs) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    args.threads.map_or_else(cores, usize::from)
}

/// What is varied: of the file, with the flags on top.
///
/// # Errors
/// When the file cannot be read, or the space cannot be searched.
pub fn space(args: &SpaceArgs) -> Result<Space, Failure> {
    let (mut axes, mut random, mut seed) = match &args.space {
        Some(file) => read_space(file)?,
        None => (Vec::new(), None, None),
    };
    axes.retain(|axis| args.grid.iter().all(|flag| flag.name != axis.name));
    axes.extend(args.grid.iter().cloned());
    random = args.random.or(random);
    seed = args.draw_seed.or(seed);
    let search =
        random.map_or(Search::Grid, |count| Search::Random { count, seed: seed.unwrap_or(1) });
    Space::new(axes, search).map_err(Failure::usage)
}

type Varied = (Vec<Axis>, Option<u32>, Option<u64>);

fn read_space(file: &Path) -> Result<Varied, Failure> {
    let place = file.display();
    let wrong = |error: &dyn std::fmt::Display| Failure::usage(format!("{place}: {error}"));
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::usage(format!("{place} cannot be read: {error}")))?;
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| wrong(&error))?;
    if let Some(key) = table.keys().find(|key| !["grid", "random", "seed"].contains(&key.as_str()))
    {
        return Err(wrong(&format!("{key} is no key of a space: grid, random and seed are")));
    }
    let whole = |name: &str| {
        let value =
            table.get(name).map(|value| value.as_integer().and_then(|n| u64::try_from(n).ok()));
        value
            .map(|value| value.ok_or_else(|| wrong(&format!("{name} is no whole number"))))
            .transpose()
    };
    let random = whole("random")?.map(|count| u32::try_from(count).unwrap_or(u32::MAX));
    let seed = whole("seed")?;
    let grid = table.get("grid").and_then(toml::Value::as_table);
    let axes = grid.into_iter().flatten().map(|(name, value)| {
        let range = match value {
            toml::Value::Array(values) => values.iter().map(bare).collect::<Vec<_>>().join(","),
            value => bare(value),
        };
        Axis::new(name, &range).map_err(|error| wrong(&error))
    });
    Ok((axes.collect::<Result<_, _>>()?, random, seed))
}

/// A value without quotation marks.
fn bare(value: &toml::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

impl From<&SweepError> for Failure {
    fn from(error: &SweepError) -> Self {
        match error {
            SweepError::Run(error) => error.into(),
            SweepError::NothingToTry { .. } => Failure::usage(error),
            SweepError::Ledger(source) => Failure::new(Exit::of_io(source), error.to_string()),
        }
    }
}

/// Shows how far models are.
struct Hearing(ProgressLine);

impl Observer for Hearing {
    fn progress(&mut self, progress: &Progress) {
        self.0.show("models: ", progress);
    }
}

/// How far the work is, on a terminal only.
pub struct ProgressLine {
    noun: &'static str,
    shown: Option<Instant>,
}

impl ProgressLine {
    /// Of something that is counted.
    pub fn new(noun: &'static str) -> Self {
        Self { noun, shown: std::io::stderr().is_terminal().then(Instant::now) }
    }

    /// Shows it, a few times a second.
    pub fn show(&mut self, before: &str, progress: &Progress) {
        let Some(last) = &mut self.shown else { return };
        if last.elapsed() < Duration::from_millis(150) {
            return;
        }
        *last = Instant::now();
        let percent = progress.done.saturating_mul(100) / progress.total.max(1);
        let left = progress.remaining().map_or(0.0, |left| left.as_secs_f64());
        eprint!(
            "\r{before}{percent:3} %  {} of {} {}, {left:.0} s left\x1b[K",
            progress.done, progress.total, self.noun
        );
    }

    /// Takes it away.
    pub fn clear(&self) {
        if self.shown.is_some() {
            eprint!("\r\x1b[2K");
        }
    }
}
