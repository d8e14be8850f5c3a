//! What can go wrong with a request, typed, and never with a secret in it.

use super::wire::ErrorWire;
use kernel::{OrderNumber, Report, ReportKind, Timestamp};
use serde_json::{Map, Value};

/// A request that did not end well.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{request} at {host}: {}{}{}", self.status_text(), self.words(), self.advice())]
pub struct ApiError {
    /// What it means for the caller.
    pub class: ErrorClass,
    /// The HTTP status, when there was an answer.
    pub status: Option<u16>,
    /// Alpaca's code. A hint only: one code covers many unrelated conditions.
    pub code: Option<u32>,
    /// Alpaca's words, or ours when there was no answer.
    pub message: String,
    /// Whether the message is in Alpaca's words.
    pub is_said: bool,
    /// Method and path.
    pub request: String,
    /// Who was asked.
    pub host: String,
}

/// What an error means for the caller: from the HTTP status and the message, not the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorClass {
    /// Understood and refused (400, 403, 422 and the like). Final for this attempt.
    Refused,
    /// The keys are not good for this host (401, or a 403 that says so). Stop and fix them.
    Unauthorized,
    /// There is no such thing (404).
    NotFound,
    /// Too many requests (429): it was not carried out.
    RateLimited,
    /// No answer, a lost one or a 5xx: a request that changes something may have been carried out.
    Unknown,
    /// An answer that cannot be read: what it says of a request that changes something is not known.
    Unreadable,
    /// The request did not arrive, by the protocol: no connection, no TLS, or an HTTP/2 stream that
    /// the server refused.
    NotSent,
    /// An entry that waited for its turn, and was not sent because entries were stopped meanwhile.
    Withheld,
}

/// Why the broker refused, as far as a caller acts on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The `client_order_id` is taken: an earlier attempt arrived.
    DuplicateClientOrderId,
    /// The order has ended, so it can be neither cancelled nor replaced: read it.
    OrderEnded,
    /// The replacement changes nothing.
    NothingChanged,
    /// Not enough buying power.
    BuyingPower,
    /// Not enough shares that no other order holds.
    Shares,
    /// It might trade with an order of the same account.
    WashTrade,
    /// The account may not trade, or not this way.
    Account,
    /// It does not say why.
    Unsaid,
    /// Anything else.
    Other,
}

/// Which request an error answers, for the report that the kernel gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// A new order, or a replacement, which is one too.
    Submit,
    /// A cancel.
    Cancel,
}

impl ApiError {
    /// Out of an HTTP answer that is no success.
    pub(super) fn from_answer(request: &str, host: &str, status: u16, body: &[u8]) -> Self {
        let wire = ErrorWire::read(body);
        let said = wire.message();
        let is_said = said.is_some();
        let message = said.unwrap_or_else(|| describe(status, body));
        Self {
            class: classify(status, &message),
            status: Some(status),
            code: wire.code(),
            message,
            is_said,
            request: request.into(),
            host: host.into(),
        }
    }

    /// Out of a connection that failed.
    pub(super) fn from_transport(request: &str, host: &str, error: &reqwest::Error) -> Self {
        let (class, message) = if error.is_connect() {
            (ErrorClass::NotSent, format!("no connection: {}", root_cause(error)))
        } else if error.is_builder() || is_refused_stream(error) {
            (ErrorClass::NotSent, format!("not sent: {}", root_cause(error)))
        } else if error.is_timeout() {
            (ErrorClass::Unknown, "no answer in time".into())
        } else {
            (ErrorClass::Unknown, format!("the connection failed: {}", root_cause(error)))
        };
        Self {
            class,
            status: None,
            code: None,
            message,
            is_said: false,
            request: request.into(),
            host: host.into(),
        }
    }

    /// An entry that was not sent.
    pub(super) fn withheld(request: &str, host: &str) -> Self {
        Self {
            class: ErrorClass::Withheld,
            status: None,
            code: None,
            message: "not sent: entries were stopped while it waited for its turn".into(),
            is_said: false,
            request: request.into(),
            host: host.into(),
        }
    }

    /// An answer that says success and cannot be read.
    pub(super) fn unreadable(request: &str, host: &str, what: impl ToString) -> Self {
        Self {
            class: ErrorClass::Unreadable,
            status: None,
            code: None,
            message: format!("the answer cannot be used: {}", what.to_string()),
            is_said: false,
            request: request.into(),
            host: host.into(),
        }
    }

    /// Why the broker refused; `None` for every other class.
    pub fn refusal(&self) -> Option<Refusal> {
        (self.class == ErrorClass::Refused).then(|| match self.is_said {
            true => refusal(&self.message),
            false => Refusal::Unsaid,
        })
    }

    /// Whether it is certain that the request was not carried out, so that even an order may be
    /// sent again.
    ///
    /// | what happened | why it is certain |
    /// | --- | --- |
    /// | name not found, connection refused, no route, no connection in time | there was no connection to send it on |
    /// | TLS failed | a request is sent inside TLS alone |
    /// | HTTP/2 stream refused (`REFUSED_STREAM`) | the server has not begun with it: RFC 9113, section 8.7 |
    /// | 429 | the limiter stands before what it protects: RFC 6585, section 4 |
    ///
    /// Nothing else is. A time-out, a connection that was lost, `GOAWAY`, 408, every 5xx (503 with
    /// `Retry-After` too, for it may come from behind what took the order) and an answer that
    /// cannot be read say nothing of what the server has done.
    pub const fn was_not_carried_out(&self) -> bool {
        match self.class {
            ErrorClass::RateLimited | ErrorClass::NotSent => true,
            // Nor must an order that was withheld be sent again.
            ErrorClass::Withheld
            | ErrorClass::Refused
            | ErrorClass::Unauthorized
            | ErrorClass::NotFound
            | ErrorClass::Unknown
            | ErrorClass::Unreadable => false,
        }
    }

    /// Whether asking again may help, for requests that change nothing.
    pub const fn is_transient(&self) -> bool {
        match self.class {
            ErrorClass::RateLimited
            | ErrorClass::NotSent
            | ErrorClass::Unknown
            | ErrorClass::Unreadable => true,
            ErrorClass::Refused
            | ErrorClass::Unauthorized
            | ErrorClass::NotFound
            | ErrorClass::Withheld => false,
        }
    }

    /// What the kernel is told of a request that ended this way. `None` for a cancel whose
    /// outcome is unknown: a cancel may be asked for again, and the order's own reports tell.
    pub fn report(&self, request: Request, order: OrderNumber, time: Timestamp) -> Option<Report> {
        let kind = match (request, self.class) {
            (Request::Submit, ErrorClass::Unknown | ErrorClass::Unreadable) => {
                ReportKind::AnswerLost
            }
            (
                Request::Submit,
                ErrorClass::Refused
                | ErrorClass::Unauthorized
                | ErrorClass::NotFound
                | ErrorClass::NotSent,
            ) => ReportKind::Refused,
            // Too many requests are no fault of the order or of the broker.
            (Request::Submit, ErrorClass::RateLimited | ErrorClass::Withheld) => {
                ReportKind::NotReceived
            }
            (Request::Cancel, ErrorClass::Refused | ErrorClass::NotFound) => {
                ReportKind::CancelRejected
            }
            (
                Request::Cancel,
                ErrorClass::Unauthorized
                | ErrorClass::RateLimited
                | ErrorClass::Unknown
                | ErrorClass::Unreadable
                | ErrorClass::NotSent
                | ErrorClass::Withheld,
            ) => return None,
        };
        Some(Report {
            order: Some(order),
            broker_id: None,
            kind,
            time,
            execution: None,
            cumulative: None,
            text: Some(self.message.as_str().into()),
        })
    }

    fn status_text(&self) -> String {
        match (self.status, self.code) {
            (Some(status), Some(code)) => format!("{status} (code {code}): "),
            (Some(status), None) => format!("{status}: "),
            (None, _) => String::new(),
        }
    }

    /// The message without a full stop, which some have, so that a sentence can follow.
    fn words(&self) -> &str {
        self.message.trim_end_matches('.')
    }

    fn advice(&self) -> String {
        match self.class {
            ErrorClass::Unauthorized => format!(
                ". The keys are not good for {}: paper and live have keys of their own; check \
                 APCA_API_KEY_ID and APCA_API_SECRET_KEY",
                self.host
            ),
            ErrorClass::NotSent => format!(". Is {} reachable?", self.host),
            ErrorClass::Refused
            | ErrorClass::NotFound
            | ErrorClass::RateLimited
            | ErrorClass::Withheld
            | ErrorClass::Unknown
            | ErrorClass::Unreadable => String::new(),
        }
    }
}

fn classify(status: u16, message: &str) -> ErrorClass {
    match status {
        401 => ErrorClass::Unauthorized,
        403 if is_about_keys(message) => ErrorClass::Unauthorized,
        404 => ErrorClass::NotFound,
        429 => ErrorClass::RateLimited,
        408 => ErrorClass::Unknown,
        400..=499 => ErrorClass::Refused,
        _ => ErrorClass::Unknown,
    }
}

/// The words with which Alpaca refuses keys rather than orders.
fn is_about_keys(message: &str) -> bool {
    let message = message.trim_end_matches('.').to_ascii_lowercase();
    matches!(
        message.as_str(),
        "forbidden"
            | "unauthorized"
            | "request is not authorized"
            | "access key verification failed"
    )
}

/// The words of section "errors" in Alpaca's documentation and SDK tests.
fn refusal(message: &str) -> Refusal {
    let message = message.to_ascii_lowercase();
    let says = |words: &str| message.contains(words);
    if says("client_order_id must be unique") {
        Refusal::DuplicateClientOrderId
    } else if says("order is already in") || says("order is not open") {
        Refusal::OrderEnded
    } else if says("order parameters are not changed") {
        Refusal::NothingChanged
    } else if says("insufficient buying power") {
        Refusal::BuyingPower
    } else if says("insufficient qty") {
        Refusal::Shares
    } else if says("wash trade") {
        Refusal::WashTrade
    } else if says("account is") || says("trade denied") || says("trading is disabled") {
        Refusal::Account
    } else {
        Refusal::Other
    }
}

/// Words for an answer that brings none: proxies answer with HTML pages or nothing at all.
fn describe(status: u16, body: &[u8]) -> String {
    let reason = reqwest::StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason())
        .unwrap_or("no reason given");
    match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
        None => format!("{reason} (empty answer)"),
        Some(b'<') => format!("{reason} (an HTML page)"),
        Some(_) if serde_json::from_slice::<Map<String, Value>>(body).is_ok() => {
            format!("{reason} (no message in the answer)")
        }
        Some(_) => format!("{reason} (unreadable answer)"),
    }
}

/// Whether an HTTP/2 server says that it has not begun with the request.
/// Source: RFC 9113, section 8.7.
fn is_refused_stream(error: &reqwest::Error) -> bool {
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<h2::Error>() {
            let reason = error.reason();
            return error.is_reset()
                && error.is_remote()
                && reason == Some(h2::Reason::REFUSED_STREAM);
        }
        cause = error.source();
    }
    false
}

fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> ApiError {
        ApiError::from_answer(
            "POST /v2/orders",
            "paper-api.alpaca.markets",
            status,
            body.as_bytes(),
        )
    }

    /// Conformance 8.
    #[test]
    fn pages_empty_answers_and_missing_codes_are_errors_with_words() {
        let page = answer(401, "<html><body>401 Authorization Required</body></html>");
        assert_eq!((page.class, page.code), (ErrorClass::Unauthorized, None));
        assert!(page.to_string().contains("401: Unauthorized (an HTML page)"), "{page}");
        assert_eq!(answer(404, "").message, "Not Found (empty answer)");
        assert_eq!(answer(500, "\u{1}\u{2}").message, "Internal Server Error (unreadable answer)");
        assert_eq!(answer(599, "[]").message, "no reason given (unreadable answer)");
        let wordless = answer(403, r#"{"code":40310000}"#);
        assert_eq!(wordless.message, "Forbidden (no message in the answer)");
        assert_eq!(wordless.refusal(), Some(Refusal::Unsaid));
        let bare = answer(422, r#"{"message":"qty must be > 0"}"#);
        assert_eq!((bare.code, bare.message.as_str()), (None, "qty must be > 0"));
    }

    /// Conformance 7.
    #[test]
    fn a_401_names_the_host_and_what_to_check() {
        let error = answer(401, r#"{"message":"unauthorized."}"#);
        assert_eq!(
            error.to_string(),
            "POST /v2/orders at paper-api.alpaca.markets: 401: unauthorized. The keys are not good \
             for paper-api.alpaca.markets: paper and live have keys of their own; check \
             APCA_API_KEY_ID and APCA_API_SECRET_KEY"
        );
    }

    /// Conformance 22.
    #[test]
    fn status_and_words_decide_not_the_code() {
        let forbidden =
            |message: &str| answer(403, &format!(r#"{{"code":40310000,"message":"{message}"}}"#));
        let cases = [
            ("insufficient buying power", Some(Refusal::BuyingPower)),
            (
                "insufficient qty available for order (requested: 5, available: 0)",
                Some(Refusal::Shares),
            ),
            ("potential wash trade detected. use complex orders", Some(Refusal::WashTrade)),
            ("order parameters are not changed", Some(Refusal::NothingChanged)),
            ("account is not allowed to short", Some(Refusal::Account)),
            ("cost basis must be >= minimal amount of order 1", Some(Refusal::Other)),
            ("forbidden.", None),
            ("request is not authorized", None),
        ];
        for (message, expected) in cases {
            assert_eq!(forbidden(message).refusal(), expected, "{message}");
        }
        let unique = answer(422, r#"{"code":40010001,"message":"client_order_id must be unique"}"#);
        assert_eq!(unique.refusal(), Some(Refusal::DuplicateClientOrderId));
        let ended =
            answer(422, r#"{"code":42210000,"message":"order is already in \"filled\" state"}"#);
        assert_eq!(ended.refusal(), Some(Refusal::OrderEnded));
    }

    /// Conformance 19, 23.
    #[test]
    fn a_submission_is_refused_for_good_or_unknown() {
        let kind = |error: ApiError, request| {
            let report = error.report(request, OrderNumber(1), Timestamp::MIN);
            report.map(|report| report.kind)
        };
        for status in [400, 401, 403, 404, 422] {
            assert_eq!(kind(answer(status, ""), Request::Submit), Some(ReportKind::Refused));
        }
        assert_eq!(kind(answer(429, ""), Request::Submit), Some(ReportKind::NotReceived));
        for status in [408, 500, 502, 503, 504] {
            assert_eq!(kind(answer(status, ""), Request::Submit), Some(ReportKind::AnswerLost));
            assert_eq!(kind(answer(status, ""), Request::Cancel), None);
        }
        assert_eq!(kind(answer(422, ""), Request::Cancel), Some(ReportKind::CancelRejected));
    }

    proptest::proptest! {
        #[test]
        fn any_answer_gives_an_error(status: u16, body: Vec<u8>) {
            let error = ApiError::from_answer("GET /", "host", status, &body);
            proptest::prop_assert!(!error.to_string().is_empty());
        }
    }
}
