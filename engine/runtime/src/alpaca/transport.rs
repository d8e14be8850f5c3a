//! One HTTP request: paced, authenticated, timed, and tried again where that is safe.

use super::credentials::Credentials;
use super::error::{ApiError, ErrorClass};
use super::limiter::{Limiter, Pace, QuarterHour, QuotaLeft, Told, Urgency};
use crate::backoff::Backoff;
use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};
use reqwest::{Method, StatusCode};
use serde::Serialize;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const LIMIT: &str = "x-ratelimit-limit";
const REMAINING: &str = "x-ratelimit-remaining";
const RESET: &str = "x-ratelimit-reset";

const UNAUTHORIZED: u16 = StatusCode::UNAUTHORIZED.as_u16();

/// How often a request that changes nothing is tried.
const ATTEMPTS: u32 = 4;
/// The longest wait between two tries.
const LONGEST_RETRY: Duration = Duration::from_secs(60);

/// How requests are timed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Timing {
    /// How long to wait for a connection.
    pub connect: Duration,
    /// How long to wait for a whole answer.
    pub answer: Duration,
    /// How long to wait before the second try of a request that changes nothing; doubles.
    pub retry: Duration,
    /// How fast requests may go.
    pub pace: Pace,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            answer: Duration::from_secs(10),
            retry: Duration::from_millis(500),
            pace: Pace::default(),
        }
    }
}

/// A request without its body.
pub(super) struct Call<'a> {
    pub method: Method,
    /// The base address.
    pub base: &'a str,
    /// The path from `/v2` on; parts that come from outside are encoded.
    pub path: &'a str,
    pub query: &'a [(&'a str, &'a str)],
    pub urgency: Urgency,
}

impl<'a> Call<'a> {
    pub fn get(base: &'a str, path: &'a str) -> Self {
        Self { method: Method::GET, base, path, query: &[], urgency: Urgency::Data }
    }

    pub fn query(mut self, query: &'a [(&'a str, &'a str)]) -> Self {
        self.query = query;
        self
    }

    /// Whether sending it twice does no more than sending it once.
    fn is_idempotent(&self) -> bool {
        matches!(self.method, Method::GET | Method::DELETE)
    }

    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Method and path without the names of single things, which are longer than any word of it.
    pub fn kind(&self) -> String {
        let is_name = |part: &str| part.len() > 25;
        let parts = self
            .path
            .split('/')
            .map(|part| if is_name(part) && !part.contains(':') { "…" } else { part });
        format!("{} {}", self.method, parts.collect::<Vec<_>>().join("/"))
    }

    pub fn host(&self) -> &'a str {
        self.base.split_once("://").map_or(self.base, |(_, host)| host)
    }

    pub fn unreadable(&self, what: impl ToString) -> ApiError {
        ApiError::unreadable(&self.name(), self.host(), what)
    }
}

/// The connection pool with the keys and the limiters.
pub(super) struct Transport {
    http: reqwest::Client,
    credentials: Credentials,
    timing: Timing,
    trading: Limiter,
    data: Limiter,
    trading_base: String,
    /// Whether an order that opens or grows a position may be sent.
    lets_entries: AtomicBool,
}

impl Transport {
    pub fn new(
        credentials: &Credentials,
        timing: Timing,
        trading_base: &str,
        counted_in: Option<&Path>,
    ) -> Result<Self, reqwest::Error> {
        super::tls::install();
        let quarter_hour = QuarterHour::new(timing.pace, counted_in);
        let http = reqwest::Client::builder()
            .connect_timeout(timing.connect)
            .timeout(timing.answer)
            // A redirect would carry the keys to where nobody checked the address.
            .redirect(reqwest::redirect::Policy::none())
            // The library would repeat requests behind our backs, orders among them, after a
            // GOAWAY that does not say which were carried out.
            .retry(reqwest::retry::never())
            .tcp_nodelay(true)
            .build()?;
        Ok(Self {
            http,
            credentials: credentials.clone(),
            timing,
            // The broker counts the minute's requests of trading and market data apart.
            trading: Limiter::new(timing.pace, quarter_hour.clone(), timing.retry),
            data: Limiter::new(timing.pace, quarter_hour, timing.retry),
            trading_base: trading_base.into(),
            lets_entries: AtomicBool::new(true),
        })
    }

    /// Lets entries pass, or withholds them: those too that wait for their turn already.
    pub fn let_entries(&self, allowed: bool) {
        self.lets_entries.store(allowed, Ordering::SeqCst);
    }

    fn withholds(&self, call: &Call<'_>) -> bool {
        call.urgency == Urgency::Entry && !self.lets_entries.load(Ordering::SeqCst)
    }

    /// Sends a request and gives back the body of a success. Only what is idempotent is tried
    /// again; an order never is. When a token is refused it is renewed once, and what is
    /// idempotent is sent with the new one; what became of an order is then unknown.
    pub async fn send<B: Serialize>(
        &self,
        call: &Call<'_>,
        body: Option<&B>,
    ) -> Result<Vec<u8>, ApiError> {
        let mut backoff = Backoff::new(self.timing.retry, LONGEST_RETRY, rand::random());
        let attempts = if call.is_idempotent() { ATTEMPTS } else { 1 };
        let mut attempt = 1;
        let mut was_renewed = false;
        loop {
            let (headers, carried) = self.credentials.headers().await;
            match self.once(call, headers, body).await {
                Err(error)
                    if error.status == Some(UNAUTHORIZED)
                        && !was_renewed
                        && self.credentials.renew(carried).await =>
                {
                    was_renewed = true;
                    if !call.is_idempotent() {
                        return Err(ApiError { class: ErrorClass::Unknown, ..error });
                    }
                }
                Err(error) if error.is_transient() && attempt < attempts => {
                    attempt += 1;
                    tracing::debug!(%error, attempt, "asking again");
                    tokio::time::sleep(backoff.step()).await;
                }
                outcome => return outcome,
            }
        }
    }

    async fn once<B: Serialize>(
        &self,
        call: &Call<'_>,
        headers: HeaderMap,
        body: Option<&B>,
    ) -> Result<Vec<u8>, ApiError> {
        let limiter = if call.base == self.trading_base { &self.trading } else { &self.data };
        limiter.pass(call.urgency).await;
        // The wait may have been long: what was allowed before it need not be now.
        if self.withholds(call) {
            return Err(ApiError::withheld(&call.name(), call.host()));
        }
        let url = format!("{}{}", call.base, call.path);
        let mut request = self.http.request(call.method.clone(), url).headers(headers);
        if !call.query.is_empty() {
            request = request.query(call.query);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let failed = |error: reqwest::Error| {
            ApiError::from_transport(&call.name(), call.host(), &error.without_url())
        };
        let answer = request.send().await.map_err(failed)?;
        let status = answer.status();
        limiter.heed(&self.told(status, answer.headers()));
        let body = answer.bytes().await.map_err(failed)?;
        if status.is_success() {
            return Ok(body.into());
        }
        let mut error = ApiError::from_answer(&call.name(), call.host(), status.as_u16(), &body);
        self.credentials.hide_in(&mut error.message);
        Err(error)
    }

    /// Counts a trading request that went some other way.
    pub fn count_request(&self) {
        self.trading.count_one();
    }

    /// What is left of the limit on trading requests.
    pub fn quota_left(&self) -> QuotaLeft {
        self.trading.left()
    }

    /// What an answer says of the limits.
    fn told(&self, status: StatusCode, headers: &HeaderMap) -> Told {
        let count = |name| number(headers, name).and_then(|count| u32::try_from(count).ok());
        // In a replay the reset is on a clock that is not ours.
        let is_real = matches!(self.timing.pace, Pace::Limited { speed: 1.0, .. });
        Told {
            limit: count(LIMIT),
            remaining: count(REMAINING),
            reset_in: until_reset(headers).filter(|_| is_real),
            retry_after: retry_after(headers),
            refused: status == StatusCode::TOO_MANY_REQUESTS,
        }
    }
}

fn number(headers: &HeaderMap, name: &str) -> Option<i64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

/// How long until the quota is renewed: `X-RateLimit-Reset` is in epoch seconds of the server's
/// clock, so it is compared with the server's own `Date` where there is one. `None` when it is not
/// said or lies in the past, as it does in a replay of old data.
fn until_reset(headers: &HeaderMap) -> Option<Duration> {
    until(number(headers, RESET)?, headers)
}

/// `Retry-After`: seconds, or a date on the server's clock.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    if let Some(seconds) = number(headers, RETRY_AFTER.as_str()) {
        return u64::try_from(seconds).ok().map(Duration::from_secs);
    }
    until(date(headers, &RETRY_AFTER)?.as_second(), headers)
}

/// How long until a second since 1970 by the server's clock; `None` when it has passed.
fn until(second: i64, headers: &HeaderMap) -> Option<Duration> {
    let now = date(headers, &DATE).unwrap_or_else(jiff::Timestamp::now);
    let seconds = u64::try_from(second.checked_sub(now.as_second())?).ok()?;
    (seconds > 0).then(|| Duration::from_secs(seconds))
}

fn date(headers: &HeaderMap, name: &HeaderName) -> Option<jiff::Timestamp> {
    let text = headers.get(name)?.to_str().ok()?;
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;

    fn headers_of(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter();
        pairs.map(|(k, v)| (HeaderName::from_static(k), HeaderValue::from_static(v))).collect()
    }

    /// Conformance 17.
    #[test]
    fn the_reset_is_read_on_the_clock_of_the_server() {
        let date = ("date", "Tue, 06 Jan 2026 15:00:00 GMT");
        let reset = |reset| until_reset(&headers_of(&[date, (RESET, reset)]));
        assert_eq!(reset("1767711642"), Some(Duration::from_secs(42)));
        for past in ["1767711600", "0", "-9223372036854775808", "soon", ""] {
            assert_eq!(reset(past), None, "{past}");
        }
        assert_eq!(until_reset(&headers_of(&[date])), None);
        let no_date = until_reset(&headers_of(&[(RESET, "99999999999")]));
        assert!(no_date.is_some(), "without a date the machine's clock serves");
    }

    #[test]
    fn a_wait_is_told_in_seconds_or_as_a_date() {
        let date = ("date", "Tue, 06 Jan 2026 15:00:00 GMT");
        let wait = |text| retry_after(&headers_of(&[date, ("retry-after", text)]));
        assert_eq!(wait("30"), Some(Duration::from_secs(30)));
        assert_eq!(wait("0"), Some(Duration::ZERO));
        assert_eq!(wait("Tue, 06 Jan 2026 15:00:42 GMT"), Some(Duration::from_secs(42)));
        for unusable in ["-1", "soon", "", "Tue, 06 Jan 2026 14:00:00 GMT"] {
            assert_eq!(wait(unusable), None, "{unusable}");
        }
    }
}
