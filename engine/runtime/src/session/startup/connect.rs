//! The broker: whether it accepts the keys, what time it has, what it trades and when.

use super::super::courier::Patience;
use super::super::{DataKind, SessionConfig, SessionError, VenueClock, VenueKind, machine_time};
use super::warm_up::{DAY, reach};
use crate::alpaca::{Client, ClientConfig, Clock, Pace};
use crate::session::data_dir::Left;
use kernel::{SessionStart, Span, Timestamp, TradingDay};

/// Symbols that are looked up one by one; more would take minutes under the broker's limit.
pub(super) const SYMBOLS_CHECKED: usize = 100;
/// The start record keeps the venue's time at which the account was taken over under this name.
pub(super) const OPENED: &str = "session.venue_time_at_start";

/// A broker that has accepted the keys, and what its clock says.
pub(super) struct Connected {
    pub client: Client,
    pub clock: Clock,
    /// The broker's name for the account.
    pub account: Box<str>,
    /// The machine's clock before and after the venue's was read.
    read: (Timestamp, Timestamp),
}

impl Connected {
    /// Reads the clock and the account: wrong keys and blocked accounts end here.
    pub async fn new(config: &SessionConfig) -> Result<Self, SessionError> {
        let client = Client::new(client_config(config, Pace::default()))
            .map_err(SessionError::broker("set up the client"))?;
        let before = machine_time();
        let clock = client.clock().await.map_err(SessionError::broker("read the clock"))?;
        let read = (before, machine_time());
        let pace = match clock.tradewind {
            Some(replay) if replay.lockstep => Pace::Unlimited,
            Some(replay) => Pace::Limited {
                per_minute: config.requests_per_minute,
                per_quarter_hour: config.requests_per_quarter_hour,
                speed: replay.speed.unwrap_or(1.0),
            },
            None => Pace::Limited {
                per_minute: config.requests_per_minute,
                per_quarter_hour: config.requests_per_quarter_hour,
                speed: 1.0,
            },
        };
        let client = Client::new(client_config(config, pace))
            .map_err(SessionError::broker("set up the client"))?;
        client.count_request();
        let account = client.account().await.map_err(SessionError::broker("read the account"))?;
        if let Some(reason) = account.blocked {
            let host = config.endpoints.trading_host().to_owned();
            return Err(SessionError::AccountBlocked { host, reason: reason.into() });
        }
        Ok(Self { client, clock, account: account.id, read })
    }

    pub fn is_lock_step(&self) -> bool {
        self.clock.tradewind.is_some_and(|replay| replay.lockstep)
    }

    pub fn venue_clock(&self) -> VenueClock {
        match self.clock.tradewind {
            Some(replay) if replay.lockstep => VenueClock::Data,
            Some(replay) => VenueClock::Paced {
                read: self.clock.timestamp,
                since: None,
                speed: replay.speed.unwrap_or(1.0),
            },
            None => VenueClock::measured(self.clock.timestamp, self.read.0, self.read.1),
        }
    }

    pub fn patience(&self) -> Patience {
        match self.clock.tradewind {
            Some(replay) if replay.lockstep => Patience::LOCK_STEP,
            Some(replay) => Patience::paced(replay.speed.unwrap_or(1.0)),
            None => Patience::BROKER,
        }
    }

    pub fn bar_length(&self, config: &SessionConfig) -> Span {
        let replayed = self.clock.tradewind.and_then(|replay| replay.bar_length);
        replayed.unwrap_or(config.bar_length)
    }

    /// Where the market data come from: a replay says so itself.
    pub fn data(&self, config: &SessionConfig) -> DataKind {
        if config.polled.is_some() {
            return DataKind::AlphaVantage;
        }
        match self.clock.tradewind.and_then(|replay| replay.data) {
            Some(replayed) => replayed.into(),
            None => config.data,
        }
    }

    /// What a new session is; its calendar reaches back over the bars of the warm-up.
    pub async fn start_record(
        &self,
        config: &SessionConfig,
        warmup_bars: usize,
        left: Left,
    ) -> Result<SessionStart, SessionError> {
        self.check_symbols(config).await?;
        let back = reach(warmup_bars, self.bar_length(config));
        let calendar = self.calendar(back, config.timing.calendar_ahead).await?;
        let mut settings = config.settings.clone();
        settings.insert(OPENED.into(), self.clock.timestamp.to_string().into());
        Ok(SessionStart {
            session: uuid::Uuid::new_v4().simple().to_string().into(),
            venue: config.venue.as_str().into(),
            build: config.build.as_str().into(),
            symbols: config.symbols.clone(),
            strategies: config.strategies.clone(),
            limits: config.limits.clone(),
            calendar,
            hours: config.hours,
            rules: Default::default(),
            fees: config.fees.clone(),
            trading: left.trading,
            carried_over: left.carried_over,
            config: settings,
        })
    }

    /// An unknown symbol would only ever be silent: the broker's data interfaces do not complain.
    async fn check_symbols(&self, config: &SessionConfig) -> Result<(), SessionError> {
        for symbol in config.symbols.names().take(SYMBOLS_CHECKED) {
            let asset = self.client.asset(symbol).await;
            let asset = asset.map_err(SessionError::broker("look up a symbol"))?;
            let why = match asset {
                None => "the broker knows no such symbol",
                Some(asset) if !asset.tradable => "the broker does not trade it",
                Some(_) => continue,
            };
            let host = config.endpoints.trading_host().to_owned();
            return Err(SessionError::Symbol { symbol: symbol.into(), host, why });
        }
        Ok(())
    }

    async fn calendar(&self, back: Span, ahead: Span) -> Result<Vec<TradingDay>, SessionError> {
        let from = date(self.clock.timestamp.minus(back).minus(DAY));
        let to = date(self.clock.timestamp.plus(ahead));
        let days = self.client.calendar(from, to).await;
        days.map_err(SessionError::broker("read the trading calendar"))
    }

    /// What a person is told when a real market is closed.
    pub fn closed_message(&self, config: &SessionConfig) -> Option<String> {
        if self.clock.is_open || self.clock.tradewind.is_some() {
            return None;
        }
        let opens = match self.clock.next_open {
            Some(at) => format!("it opens at {at}"),
            None => "the broker does not say when it opens".into(),
        };
        let command = match config.venue {
            VenueKind::AlpacaLive => "`tradewind paper --data FILE`",
            VenueKind::Embedded | VenueKind::AlpacaPaper => "`--data FILE`",
        };
        let message = format!(
            "the market is closed; {opens}, and the session waits. Meanwhile {command} would \
             replay recorded market data on the bundled exchange, which needs no open market"
        );
        tracing::info!("{message}");
        Some(message)
    }
}

fn client_config(config: &SessionConfig, pace: Pace) -> ClientConfig {
    ClientConfig {
        endpoints: config.endpoints.clone(),
        credentials: config.credentials.clone(),
        feed: config.feed.clone(),
        timing: crate::alpaca::Timing { pace, answer: config.timing.answer, ..Default::default() },
        counted_in: config.requests_counted_in.clone(),
    }
}

/// The date in New York, whose calendar it is.
pub(in crate::session) fn date(at: Timestamp) -> jiff::civil::Date {
    let zone = jiff::tz::TimeZone::get("America/New_York").unwrap_or(jiff::tz::TimeZone::UTC);
    let instant = jiff::Timestamp::from_nanosecond(i128::from(at.nanos())).unwrap_or_default();
    instant.to_zoned(zone).date()
}
