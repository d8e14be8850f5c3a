//! What ends a stream: for now, or for good.

/// Why a stream cannot go on. Trying again would not help.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StreamError {
    /// The keys are not good for this host (code 402, `unauthorized`, HTTP 401 or 403).
    #[error(
        "{address} refused the keys: paper and live have keys of their own; check \
         APCA_API_KEY_ID and APCA_API_SECRET_KEY"
    )]
    Unauthorized {
        /// The stream.
        address: String,
    },
    /// The account's plan does not include the feed (code 409).
    #[error(
        "{address} is not in the account's market data plan ({message}): choose another feed; \
         `iex` is in every plan"
    )]
    Plan {
        /// The stream.
        address: String,
        /// The server's words.
        message: String,
    },
    /// More symbols than the plan allows (code 405). Trades and quotes count together.
    #[error(
        "{address}: too many symbols for the account's market data plan ({message}): name fewer"
    )]
    SymbolLimit {
        /// The stream.
        address: String,
        /// The server's words.
        message: String,
    },
    /// The server does not take the request as it is (codes 400, 408, 410, 411 and the like, or an
    /// HTTP status that refuses the connection).
    #[error("{address} refused the request: {code} {message}")]
    Refused {
        /// The stream.
        address: String,
        /// The stream's code or the HTTP status.
        code: u16,
        /// The server's words.
        message: String,
    },
}

/// Whether a data stream is down because another connection of the account has its only place.
pub fn is_taken(reason: &str) -> bool {
    reason.starts_with("406 ")
}

/// How a connection ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// Nobody listens to this stream any more.
    Unwanted,
    /// For now: try again later.
    Retry(String),
    /// For good.
    Fatal(StreamError),
}

impl Ended {
    /// A retry with a reason.
    pub fn retry(reason: impl Into<String>) -> Self {
        Self::Retry(reason.into())
    }
}

/// What an error message of the market data stream means; `None` for a harmless one.
/// Source: Alpaca, "Real-time Stock Data", error table; the Go SDK's list of irrecoverable codes.
pub(super) fn market_error(address: &str, code: u16, message: &str) -> Option<Ended> {
    let (address, message) = (address.to_owned(), message.to_owned());
    match code {
        // A second authentication changes nothing.
        403 => None,
        402 => Some(Ended::Fatal(StreamError::Unauthorized { address })),
        405 => Some(Ended::Fatal(StreamError::SymbolLimit { address, message })),
        409 => Some(Ended::Fatal(StreamError::Plan { address, message })),
        400 | 408 | 410..=413 => {
            Some(Ended::Fatal(StreamError::Refused { address, code, message }))
        }
        // 401 and 404: too late with the keys; 406: another session, or our own dead one, for
        // about 90 seconds; 407: too slow; 500: their side.
        0 => Some(Ended::Retry(format!("an error without a code: {message}"))),
        _ => Some(Ended::Retry(format!("{code} {message}"))),
    }
}

/// What a refused handshake means. Too many connection attempts are answered 429 as well.
pub(super) fn handshake_error(address: &str, status: u16) -> Ended {
    let address = address.to_owned();
    match status {
        401 | 403 => Ended::Fatal(StreamError::Unauthorized { address }),
        408 | 425 | 429 => Ended::Retry(format!("the server answered {status}")),
        400..=499 => Ended::Fatal(StreamError::Refused {
            address,
            code: status,
            message: "is this the address of a stream?".into(),
        }),
        _ => Ended::Retry(format!("the server answered {status}")),
    }
}
