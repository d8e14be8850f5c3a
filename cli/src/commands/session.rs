//! `tradewind paper` and `tradewind live`.

use super::{print_json, summary};
use crate::args::{LiveArgs, SessionArgs};
use crate::config::{self, Settings};
use crate::exit::{Exit, Failure};
use crate::fallback::Fallback;
use crate::kafka;
use crate::retrain::{self, Retraining};
use crate::shell::{Shell, unless_stopped};
use crate::silent::Silent;
use crate::venue::{self, Venue};
use crate::{assemble, expectation, logging, models, resolve, view};
use exchange::server::{self, Running};
use kernel::{Forecaster, MarketData, Span, Strategy, Symbols};
use marketdata::Feed;
use runtime::alpaca::{Channels, Credentials, Endpoints, Mode};
use runtime::session::{
    self, DataKind, SessionConfig, Status, Summary, Timing, VenueKind, WithoutBars,
};
use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Instant;
use tokio::sync::watch;

const MINUTE: Span = Span::from_secs(60);

pub fn paper(args: &SessionArgs) -> Result<(), Failure> {
    let shell = Shell::new()?;
    let settings = resolve::session(args)?;
    run(&shell, args, &settings, Mode::Paper)
}

pub fn live(args: &LiveArgs) -> Result<(), Failure> {
    let shell = Shell::new()?;
    let settings = resolve::session(&args.session)?;
    let confirmed = args.i_understand_this_trades_real_money
        || settings.is_on("session.i_understand_this_trades_real_money");
    if !confirmed {
        return Err(Failure::usage(
            "a live session trades real money: confirm with --i-understand-this-trades-real-money, or set session.i_understand_this_trades_real_money = true",
        ));
    }
    run(&shell, &args.session, &settings, Mode::Live)
}

fn run(shell: &Shell, args: &SessionArgs, settings: &Settings, mode: Mode) -> Result<(), Failure> {
    venue::check_symbols(settings)?;
    let venue = venue::choose(settings, mode, !args.trade.data.is_empty())?;
    let address = venue.address().map(str::to_owned);
    kafka::check(settings)?;
    retrain::check(settings)?;
    let feed = assemble::read_feed_unless_stopped(shell, &args.trade.data, settings.symbols())?;
    if args.until_end && feed.is_none() && matches!(venue, Venue::Embedded) {
        return Err(Failure::usage(
            "--until-end: generated data has no end; replay files with --data FILE..., or say how long with --for 60s",
        ));
    }
    assemble::create_private(&settings.data_dir())?;
    assemble::check_free(settings.metrics_address())?;
    let shows_view = std::io::stdout().is_terminal() && !args.json && !args.no_view;
    if shows_view {
        logging::start_in_file(settings, &settings.data_dir().join("session.log"))?;
    } else {
        logging::start(settings);
    }
    runtime::alpaca::tls::install();
    if args.while_stdin_is_open {
        end_with_stdin(shell);
    }
    let watch = Watch { shell, shows_view };
    let summary = shell.block_on(async {
        match venue {
            Venue::Embedded => embedded(args, settings, feed, watch).await,
            Venue::Alpaca { mode, endpoints, credentials } => {
                on_alpaca(args, settings, mode, endpoints, credentials, watch).await
            }
        }
    })?;
    if args.json {
        print_json(&summary)?
    } else {
        summary::print(&summary, address.as_deref(), &place(settings))?
    }
    if summary.trading == kernel::TradingState::Halted {
        return Err(Failure::new(
            Exit::Halted,
            "the session ended halted: `tradewind journal show` tells why; the next one begins halted too, until `tradewind resume`",
        ));
    }
    Ok(())
}

/// Ends the session in order when whoever started it closes its standard input, or is gone.
fn end_with_stdin(shell: &Shell) {
    let stopper = shell.stopper();
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        stopper.press();
    });
}

/// What other commands need to find this session.
fn place(settings: &Settings) -> String {
    match settings.text("session.data_dir") {
        "" => String::new(),
        dir => format!(" --data-dir {dir}"),
    }
}

/// A session on the embedded exchange, through its sockets.
async fn embedded(
    args: &SessionArgs,
    settings: &Settings,
    feed: Option<Feed>,
    watch: Watch<'_>,
) -> Result<Summary, Failure> {
    let mut parts = Parts::new(settings, feed.as_ref())?;
    parts.without_bars = feed.as_ref().and_then(|feed| without_bars(feed, &args.trade.data));
    let mut config = assemble::server_config(settings, feed)?;
    config.state_dir = Some(exchange_state(settings)?);
    let (key, secret) = (config.keys.key.clone(), config.keys.secret.clone());
    let exchange = server::start(config).await.map_err(|error| Failure::from(&error))?;
    parts.venue = VenueKind::Embedded;
    parts.endpoints = Endpoints::server(exchange.addr());
    let credentials = Credentials::new(&key, &secret).map_err(Failure::other)?;
    let planned = parts.session(args, settings, credentials)?;
    let ends = args.until_end.then_some(&exchange);
    let summary = watch.run(planned, ends, None).await;
    exchange.shutdown().await;
    summary
}

/// The embedded exchange's folder. It belongs to the session: what goes on with an unfinished one
/// finds its account there, and a new session begins with a new account.
fn exchange_state(settings: &Settings) -> Result<PathBuf, Failure> {
    let dir = settings.data_dir();
    let state = dir.join("exchange");
    let goes_on = session::is_unfinished(&dir, assemble::journal_options(settings));
    if !goes_on.map_err(|error| Failure::from(&error))? && state.is_dir() {
        let kept = dir.join("exchange.finished");
        let moved = std::fs::remove_dir_all(&kept).or_else(absent_is_fine);
        moved.and_then(|()| std::fs::rename(&state, &kept)).map_err(|error| {
            Failure::usage(format!("{} cannot be put aside: {error}", state.display()))
        })?;
    }
    Ok(state)
}

fn absent_is_fine(error: std::io::Error) -> std::io::Result<()> {
    if error.kind() == std::io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

/// A session on Alpaca, or on a server that speaks its protocols.
async fn on_alpaca(
    args: &SessionArgs,
    settings: &Settings,
    mode: Mode,
    endpoints: Endpoints,
    credentials: Credentials,
    watch: Watch<'_>,
) -> Result<Summary, Failure> {
    let fallback = if mode == Mode::Live { Fallback::of(settings)? } else { None };
    let mut parts = Parts::new(settings, None)?;
    parts.data = DataKind::Alpaca;
    parts.symbols = Symbols::new(settings.symbols()).map_err(Failure::usage)?;
    parts.endpoints = endpoints;
    parts.venue = match mode {
        Mode::Paper => VenueKind::AlpacaPaper,
        Mode::Live => VenueKind::AlpacaLive,
    };
    if parts.symbols.is_empty() {
        parts.symbols = Symbols::new(["SPY"]).map_err(Failure::usage)?;
    }
    if mode == Mode::Live {
        unless_stopped(watch.shell.stop(), tell_the_risk(settings, &parts, &credentials)).await?;
    }
    let planned = parts.session(args, settings, credentials)?;
    watch.run(planned, None, fallback).await
}

/// Says what a live session is about to risk, before it does.
async fn tell_the_risk(
    settings: &Settings,
    parts: &Parts,
    credentials: &Credentials,
) -> Result<(), Failure> {
    let client = assemble::client(settings, parts.endpoints.clone(), credentials.clone())?;
    let account = client.account().await.map_err(|error| Failure::from(&error))?;
    let clock = client.clock().await.map_err(|error| Failure::from(&error))?;
    let replayed = clock.tradewind.and_then(|replay| replay.data).map(DataKind::from);
    let data = replayed.unwrap_or(parts.data);
    let names: Vec<&str> = parts.symbols.names().collect();
    let off =
        |limit: Option<kernel::Cash>| limit.map_or_else(|| "off".into(), |limit| limit.to_string());
    eprintln!(
        "LIVE: real money on {}, with {} market data. Equity {}, cash {}. Strategy {} on {}. At most {} USD an order, {} USD a position, {} % of equity in all.",
        parts.endpoints.trading,
        data.as_str(),
        account.equity,
        account.cash,
        settings.strategy_names(),
        names.join(" "),
        off(settings.limits().max_order_notional),
        off(settings.limits().max_position_notional),
        settings
            .limits()
            .max_gross_exposure
            .map_or_else(|| "off".into(), |share| (share.get() / 100).to_string()),
    );
    Ok(())
}

/// What of a session follows from the data, before the venue is known.
struct Parts {
    venue: VenueKind,
    data: DataKind,
    endpoints: Endpoints,
    symbols: Symbols,
    channels: Channels,
    bar_length: Option<Span>,
    without_bars: Option<WithoutBars>,
}

impl Parts {
    fn new(settings: &Settings, feed: Option<&Feed>) -> Result<Self, Failure> {
        let symbols = match feed {
            Some(feed) => feed.symbols.clone(),
            None => {
                Symbols::new(assemble::symbols_without_files(settings)).map_err(Failure::usage)?
            }
        };
        Ok(Self {
            venue: VenueKind::Embedded,
            data: if feed.is_some() { DataKind::File } else { DataKind::Synthetic },
            endpoints: Endpoints::alpaca(Mode::Paper),
            symbols,
            channels: channels(feed, &settings.channels()),
            bar_length: feed.map_or(Some(MINUTE), |feed| feed.bar_length),
            without_bars: None,
        })
    }

    fn session(
        self,
        args: &SessionArgs,
        settings: &Settings,
        credentials: Credentials,
    ) -> Result<Planned, Failure> {
        let chosen = super::strategies::build(settings, &self.symbols)?;
        let retraining = Retraining::of(settings, self.bar_length)?;
        let succession = retraining.as_ref().map(Retraining::succession);
        let models = models::at_work(settings, &chosen, self.bar_length, succession.as_ref())?;
        let (models, silent) = Silent::until_they_speak(models.forecasters);
        if retraining.is_some() && models.is_empty() {
            return Err(Failure::usage(
                "model.retrain.at is set, and no strategy of this session listens to a model: set it to \"off\"",
            ));
        }
        let (strategies, specs) = chosen.into_iter().unzip();
        let (mut limits, hours) = assemble::limits_and_hours(settings, self.bar_length);
        limits.scopes.expected = expectation::of(settings)?;
        if let Some(untraded) = config::limits::untraded(&limits, &self.symbols) {
            tracing::warn!("{untraded}");
        }
        let per_minute = settings.integer("alpaca.requests_per_minute");
        let requests_counted_in = (self.venue != VenueKind::Embedded)
            .then(|| assemble::requests_counted_in(&self.endpoints));
        let config = SessionConfig {
            data_dir: settings.data_dir(),
            venue: self.venue,
            data: self.data,
            endpoints: self.endpoints,
            credentials,
            feed: settings.text("alpaca.feed").into(),
            channels: self.channels,
            polled: assemble::polled_feed(settings, self.venue)?,
            symbols: self.symbols,
            strategies: specs,
            limits,
            fees: assemble::fee_rates(settings, self.venue == VenueKind::Embedded),
            hours,
            bar_length: self.bar_length.unwrap_or(MINUTE),
            build: concat!("tradewind ", env!("CARGO_PKG_VERSION")).into(),
            settings: settings.for_journal(),
            shutdown: settings.shutdown(),
            without_bars: self.without_bars,
            run_for: args.run_for,
            requests_per_minute: u32::try_from(per_minute).unwrap_or(180),
            requests_per_quarter_hour: settings.count("alpaca.requests_per_quarter_hour"),
            requests_counted_in,
            journal: assemble::journal_options(settings),
            timing: Timing { settle: settings.shutdown_deadline(), ..Timing::default() },
            readers: assemble::readers(settings),
        };
        Ok(Planned { config, strategies, models, silent, retraining })
    }
}

/// A session that has not begun.
struct Planned {
    config: SessionConfig,
    strategies: Vec<Box<dyn Strategy>>,
    models: Vec<Box<dyn Forecaster>>,
    silent: Silent,
    retraining: Option<Retraining>,
}

/// What is subscribed to: what is wanted, else what the files hold, else bars.
fn channels(feed: Option<&Feed>, wanted: &[String]) -> Channels {
    let mut channels = Channels { bars: false, ..Channels::default() };
    for name in wanted {
        match name.as_str() {
            "quotes" => channels.quotes = true,
            "trades" => channels.trades = true,
            _ => channels.bars = true,
        }
    }
    let Some(feed) = feed.filter(|_| wanted.is_empty()) else {
        channels.bars |= wanted.is_empty();
        return channels;
    };
    for data in &feed.data {
        match data {
            MarketData::Bar(_) => channels.bars = true,
            MarketData::Quote(_) => channels.quotes = true,
            MarketData::Trade(_) => channels.trades = true,
        }
    }
    channels
}

/// What of the files no strategy can trade on, for want of bars.
fn without_bars(feed: &Feed, files: &[PathBuf]) -> Option<WithoutBars> {
    let symbols = feed.symbols_without_bars().join(", ");
    let source = assemble::names_of(files);
    (!symbols.is_empty()).then_some(WithoutBars { symbols, source })
}

/// Who watches a session, and who may end it.
#[derive(Clone, Copy)]
struct Watch<'a> {
    shell: &'a Shell,
    shows_view: bool,
}

impl Watch<'_> {
    /// Runs a session with a person watching, until it ends or is told to.
    async fn run(
        self,
        Planned { config, strategies, models, silent, retraining }: Planned,
        ends_with: Option<&Running>,
        fallback: Option<Fallback>,
    ) -> Result<Summary, Failure> {
        let stopper = self.shell.stopper();
        let starting = Status::starting(config.venue.as_str(), config.data.as_str());
        let (sender, status) = watch::channel(starting);
        let ends = config.run_for.map(|run_for| Instant::now() + run_for);
        let view = self.shows_view.then(|| {
            let (status, stopper) = (status.clone(), stopper.clone());
            tokio::task::spawn_blocking(move || view::run(&status, &stopper, ends))
        });
        let fallback = fallback.map(|fallback| tokio::spawn(fallback.stand_by(status.clone())));
        let retraining = retraining.map(|one| tokio::spawn(one.stand_by(status.clone())));
        let session = session::run(config, strategies, models, self.shell.stop(), sender);
        let ended = async {
            match ends_with {
                Some(exchange) => exchange.finished().await,
                None => std::future::pending().await,
            }
            stopper.data_ended();
        };
        tokio::pin!(session);
        let result = tokio::select! {
            result = &mut session => result,
            () = ended => session.await,
        };
        drop(status);
        if let Some(fallback) = fallback {
            // The paper session ends with this one.
            let _ = fallback.await;
        }
        if let Some(retraining) = retraining {
            // A training ends with this session.
            let _ = retraining.await;
        }
        if let Some(view) = view {
            // A view that could not be drawn has nothing to do with how the session went.
            let _ = view.await;
        }
        silent.tell();
        result.map_err(|error| Failure::from(&error))
    }
}
