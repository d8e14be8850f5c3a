//! One request after the other, within the quota.

use super::quota::Leave;
use super::{AlphaVantageError, Quota};
use crate::alpaca::{Secret, is_on_this_machine, without_secrets};
use crate::backoff::Backoff;
use crate::session::machine_time;
use std::time::Duration;

/// How often a request that gets no answer is tried.
const ATTEMPTS: u32 = 3;
/// The longest wait between two tries.
const LONGEST_RETRY: Duration = Duration::from_secs(30);

/// What a client needs to know.
#[derive(Clone)]
pub struct AlphaVantageConfig {
    /// Where the service is.
    pub url: String,
    /// The key.
    pub key: Secret,
    /// How many requests may go.
    pub quota: Quota,
    /// How they are timed.
    pub timing: Timing,
}

/// How requests are timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// How long to wait for a whole answer: a month of minutes is a megabyte or two.
    pub answer: Duration,
    /// How long to wait before the second try; doubles.
    pub retry: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self { answer: Duration::from_secs(60), retry: Duration::from_secs(2) }
    }
}

/// A client of Alpha Vantage.
#[derive(Clone)]
pub struct AlphaVantage {
    http: reqwest::Client,
    config: AlphaVantageConfig,
}

/// Which minute bars of a symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which<'a> {
    /// All of a month such as `2024-01`.
    Month(&'a str),
    /// The last hundred.
    Newest,
}

impl AlphaVantage {
    /// A client. Nothing is sent.
    ///
    /// # Errors
    /// When the address would show the key to everyone on the way, or TLS cannot be set up.
    pub fn new(config: AlphaVantageConfig) -> Result<Self, AlphaVantageError> {
        let url = &config.url;
        if !url.starts_with("https://") && !is_on_this_machine(url) {
            let reason = "the address must begin with https://, or be of this machine";
            let host = without_secrets(url);
            return Err(AlphaVantageError::NoAnswer { host, reason: reason.into() });
        }
        crate::alpaca::tls::install();
        let http = reqwest::Client::builder()
            .timeout(config.timing.answer)
            // A redirect would carry the key to where nobody checked the address.
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .build();
        let failed = |error: reqwest::Error| no_answer(url, &error);
        Ok(Self { http: http.map_err(failed)?, config })
    }

    /// Asks for minute bars as they were, or adjusted for splits and dividends. Waits for its turn
    /// within the minute, not for the next day.
    pub(super) async fn minutes(
        &self,
        symbol: &str,
        which: Which<'_>,
        adjusted: bool,
    ) -> Result<Vec<u8>, AlphaVantageError> {
        let timing = self.config.timing;
        let mut backoff = Backoff::new(timing.retry, LONGEST_RETRY, rand::random());
        let mut attempt = 1;
        loop {
            self.turn().await?;
            match self.once(symbol, which, adjusted).await {
                Err(error @ AlphaVantageError::NoAnswer { .. }) if attempt < ATTEMPTS => {
                    attempt += 1;
                    tracing::debug!(%error, attempt, "asking again");
                    tokio::time::sleep(backoff.step()).await;
                }
                outcome => return outcome,
            }
        }
    }

    /// Waits until a request may go.
    async fn turn(&self) -> Result<(), AlphaVantageError> {
        loop {
            let now = machine_time();
            match self.config.quota.ask(now)? {
                Leave::Now => return Ok(()),
                Leave::At(at) => {
                    let wait = u64::try_from(at.since(now).nanos()).unwrap_or_default();
                    tokio::time::sleep(Duration::from_nanos(wait)).await;
                }
            }
        }
    }

    async fn once(
        &self,
        symbol: &str,
        which: Which<'_>,
        adjusted: bool,
    ) -> Result<Vec<u8>, AlphaVantageError> {
        let url = &self.config.url;
        let mut query = vec![
            ("function", "TIME_SERIES_INTRADAY"),
            ("symbol", symbol),
            ("interval", "1min"),
            ("adjusted", if adjusted { "true" } else { "false" }),
            ("datatype", "json"),
        ];
        match which {
            Which::Month(month) => query.extend([("month", month), ("outputsize", "full")]),
            Which::Newest => query.push(("outputsize", "compact")),
        }
        query.push(("apikey", self.config.key.expose()));
        let request = self.http.get(format!("{}/query", url.trim_end_matches('/'))).query(&query);
        let answer = request.send().await.map_err(|error| no_answer(url, &error.without_url()))?;
        let status = answer.status();
        let body = answer.bytes().await.map_err(|error| no_answer(url, &error.without_url()))?;
        if !status.is_success() {
            let (host, reason) = (without_secrets(url), format!("the status is {status}"));
            return Err(AlphaVantageError::NoAnswer { host, reason });
        }
        Ok(self.hide_key(&body))
    }

    /// Some of its sentences repeat the key. It is in no answer that is kept or told of.
    fn hide_key(&self, body: &[u8]) -> Vec<u8> {
        let key = self.config.key.expose();
        match std::str::from_utf8(body) {
            Ok(text) if text.contains(key) => text.replace(key, "…").into_bytes(),
            _ => body.to_vec(),
        }
    }
}

fn no_answer(url: &str, error: &reqwest::Error) -> AlphaVantageError {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    let reason = if error.is_timeout() { "none came in time".into() } else { cause.to_string() };
    AlphaVantageError::NoAnswer { host: without_secrets(url), reason }
}
