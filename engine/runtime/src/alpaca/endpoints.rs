//! Where the broker is, and which addresses a session may talk to.

use reqwest::Url;

const PAPER_HOST: &str = "paper-api.alpaca.markets";
const LIVE_HOST: &str = "api.alpaca.markets";

/// Whose money is at stake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Nobody's.
    Paper,
    /// The account's owner's.
    Live,
}

/// The four base addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints {
    /// Trading REST, without the version: `https://paper-api.alpaca.markets`.
    pub trading: String,
    /// Market data REST: `https://data.alpaca.markets`.
    pub data: String,
    /// Base of the market data stream: `wss://stream.data.alpaca.markets`.
    pub stream: String,
    /// The stream of order updates, whole: `wss://paper-api.alpaca.markets/stream`.
    pub trading_stream: String,
}

/// What a user set differently; Alpaca's own environment names map to these.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// `APCA_API_BASE_URL`.
    pub trading: Option<String>,
    /// `APCA_API_DATA_URL`.
    pub data: Option<String>,
    /// `APCA_API_STREAM_URL`: the base of the market data stream.
    pub stream: Option<String>,
    /// The stream of order updates; else it follows from the trading base.
    pub trading_stream: Option<String>,
}

/// Why an address is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// Not an absolute address, or one with a user name in it.
    #[error("the {which} address {address:?} is not of the form {expected}")]
    Malformed {
        /// Which of the four.
        which: &'static str,
        /// As it was written.
        address: String,
        /// A good one.
        expected: &'static str,
    },
    /// `http://` or `ws://` to another machine would show the keys to everyone on the way.
    #[error(
        "the {which} address {address} is not encrypted: plain http:// and ws:// are accepted \
         for this machine (127.0.0.1, localhost) only; write {secure}"
    )]
    Plain {
        /// Which of the four.
        which: &'static str,
        /// As it was written.
        address: String,
        /// The same address, encrypted.
        secure: String,
    },
    /// `paper` was pointed at the live host.
    #[error(
        "`tradewind paper` refuses the {which} address {address}, which trades real money: use \
         https://{PAPER_HOST}, or `tradewind live`"
    )]
    LiveHostOnPaper {
        /// Which of the four.
        which: &'static str,
        /// As it was written.
        address: String,
    },
    /// `live` was pointed at the paper host.
    #[error(
        "`tradewind live` refuses the {which} address {address}, which is the paper host: use \
         https://{LIVE_HOST}, or `tradewind paper`"
    )]
    PaperHostOnLive {
        /// Which of the four.
        which: &'static str,
        /// As it was written.
        address: String,
    },
}

impl Endpoints {
    /// Alpaca's addresses for a mode.
    /// Source: Alpaca, Trading API 2.0.1 and Market Data API 1.1, `servers`; "Websocket Streaming".
    pub fn alpaca(mode: Mode) -> Self {
        let host = match mode {
            Mode::Paper => PAPER_HOST,
            Mode::Live => LIVE_HOST,
        };
        Self {
            trading: format!("https://{host}"),
            data: "https://data.alpaca.markets".into(),
            stream: "wss://stream.data.alpaca.markets".into(),
            trading_stream: format!("wss://{host}/stream"),
        }
    }

    /// One server that speaks everything, such as `tradewind exchange` at `127.0.0.1:8700`.
    pub fn server(address: std::net::SocketAddr) -> Self {
        Self {
            trading: format!("http://{address}"),
            data: format!("http://{address}"),
            stream: format!("ws://{address}"),
            trading_stream: format!("ws://{address}/stream"),
        }
    }

    /// Alpaca's addresses with what the user set differently. The trading stream follows the
    /// trading base as `ws(s)` plus `/stream` unless it is set itself. An address may end in `/v2`,
    /// which other clients ask for.
    pub fn with(mode: Mode, overrides: &Overrides) -> Self {
        let mut endpoints = Self::alpaca(mode);
        if let Some(trading) = &overrides.trading {
            endpoints.trading = base(trading);
            endpoints.trading_stream = format!("{}/stream", as_socket(&endpoints.trading));
        }
        if let Some(data) = &overrides.data {
            endpoints.data = base(data);
        }
        if let Some(stream) = &overrides.stream {
            endpoints.stream = as_socket(&base(stream));
        }
        if let Some(trading_stream) = &overrides.trading_stream {
            endpoints.trading_stream = as_socket(trading_stream.trim());
        }
        endpoints
    }

    /// The market data stream of a feed: `iex`, `sip`, `delayed_sip`, `test`.
    pub fn market_stream(&self, feed: &str) -> String {
        format!("{}/v2/{feed}", self.stream)
    }

    /// The host of the trading address, for messages.
    pub fn trading_host(&self) -> &str {
        let rest = self.trading.split_once("://").map_or(self.trading.as_str(), |(_, rest)| rest);
        rest.split('/').next().unwrap_or(rest)
    }

    /// Whether the trading address is on this machine.
    pub fn is_loopback(&self) -> bool {
        Url::parse(&self.trading).is_ok_and(|url| is_loopback(&url))
    }

    /// Refuses what a mode must not talk to: another mode's host, or an unencrypted one that is
    /// not this machine.
    ///
    /// # Errors
    /// The first address that is refused, with what to write instead.
    pub fn check(&self, mode: Mode) -> Result<(), EndpointError> {
        check("trading", &self.trading, Scheme::Http, mode)?;
        check("market data", &self.data, Scheme::Http, mode)?;
        check("market data stream", &self.stream, Scheme::Socket, mode)?;
        check("trading stream", &self.trading_stream, Scheme::Socket, mode)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Http,
    Socket,
}

impl Scheme {
    const fn expected(self) -> &'static str {
        match self {
            Scheme::Http => "https://host",
            Scheme::Socket => "wss://host",
        }
    }

    const fn encrypted(self) -> &'static str {
        match self {
            Scheme::Http => "https",
            Scheme::Socket => "wss",
        }
    }

    const fn plain(self) -> &'static str {
        match self {
            Scheme::Http => "http",
            Scheme::Socket => "ws",
        }
    }
}

fn check(
    which: &'static str,
    address: &str,
    scheme: Scheme,
    mode: Mode,
) -> Result<(), EndpointError> {
    let url = reachable(which, address, scheme)?;
    let (host, address) = (url.host_str(), address.to_owned());
    match mode {
        Mode::Paper if host == Some(LIVE_HOST) => {
            Err(EndpointError::LiveHostOnPaper { which, address })
        }
        Mode::Live if host == Some(PAPER_HOST) => {
            Err(EndpointError::PaperHostOnLive { which, address })
        }
        Mode::Paper | Mode::Live => Ok(()),
    }
}

/// Refuses an address to which secrets would go in the clear.
pub(super) fn check_token_url(address: &str) -> Result<(), EndpointError> {
    reachable("OAuth token", address, Scheme::Http).map(|_| ())
}

/// An address that is well formed, and encrypted or this machine's.
fn reachable(which: &'static str, address: &str, scheme: Scheme) -> Result<Url, EndpointError> {
    let malformed = || EndpointError::Malformed {
        which,
        address: without_user(address),
        expected: scheme.expected(),
    };
    let url = Url::parse(address).map_err(|_| malformed())?;
    url.host_str().ok_or_else(malformed)?;
    let has_user = !url.username().is_empty() || url.password().is_some();
    let known = url.scheme() == scheme.encrypted() || url.scheme() == scheme.plain();
    if has_user || !known || url.query().is_some() {
        return Err(malformed());
    }
    if url.scheme() == scheme.plain() && !is_loopback(&url) {
        let rest = address.split_once("://").map_or("", |(_, rest)| rest);
        let secure = format!("{}://{rest}", scheme.encrypted());
        return Err(EndpointError::Plain { which, address: address.to_owned(), secure });
    }
    Ok(url)
}

/// An address as it may be shown: a password in it stays out of messages.
fn without_user(address: &str) -> String {
    match (address.split_once("://"), address.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://…@{host}"),
        (None, Some((_, host))) => format!("…@{host}"),
        (_, None) => address.to_owned(),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host_str() {
        Some("localhost") => true,
        Some(host) => {
            let bare = host.trim_start_matches('[').trim_end_matches(']');
            bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        None => false,
    }
}

/// Without a closing slash or the version, which every path brings itself.
fn base(address: &str) -> String {
    let address = address.trim().trim_end_matches('/');
    address.strip_suffix("/v2").unwrap_or(address).to_owned()
}

fn as_socket(address: &str) -> String {
    match address.split_once("://") {
        Some(("http", rest)) => format!("ws://{rest}"),
        Some(("https", rest)) => format!("wss://{rest}"),
        Some(_) | None => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(overrides: Overrides) -> Endpoints {
        Endpoints::with(Mode::Paper, &overrides)
    }

    /// Conformance 1.
    #[test]
    fn paper_is_what_one_gets_without_asking_for_live() {
        let endpoints = with(Overrides::default());
        assert_eq!(endpoints.trading, "https://paper-api.alpaca.markets");
        assert_eq!(endpoints.data, "https://data.alpaca.markets");
        assert_eq!(endpoints.market_stream("iex"), "wss://stream.data.alpaca.markets/v2/iex");
        assert_eq!(endpoints.trading_stream, "wss://paper-api.alpaca.markets/stream");
        assert_eq!(endpoints.check(Mode::Paper), Ok(()));
        assert_eq!(Endpoints::alpaca(Mode::Live).check(Mode::Live), Ok(()));
    }

    /// Conformance 2.
    #[test]
    fn every_address_can_be_overridden_and_the_trading_stream_follows_its_base() {
        let trading = Some("http://127.0.0.1:8700/v2/".to_owned());
        let endpoints = with(Overrides { trading: trading.clone(), ..Overrides::default() });
        assert_eq!(endpoints.trading, "http://127.0.0.1:8700");
        assert_eq!(endpoints.trading_stream, "ws://127.0.0.1:8700/stream");
        assert_eq!(endpoints.trading_host(), "127.0.0.1:8700");
        assert!(endpoints.is_loopback());
        let all = with(Overrides {
            trading,
            data: Some("http://localhost:1".into()),
            stream: Some("http://[::1]:2".into()),
            trading_stream: Some("ws://127.0.0.2:3/updates".into()),
        });
        assert_eq!(all.data, "http://localhost:1");
        assert_eq!(all.stream, "ws://[::1]:2");
        assert_eq!(all.trading_stream, "ws://127.0.0.2:3/updates");
        for mode in [Mode::Paper, Mode::Live] {
            assert_eq!(all.check(mode), Ok(()));
            assert_eq!(Endpoints::server(([127, 0, 0, 1], 8700).into()).check(mode), Ok(()));
        }
    }

    #[test]
    fn each_mode_refuses_the_host_of_the_other() {
        let live = Endpoints::alpaca(Mode::Live).check(Mode::Paper).unwrap_err();
        assert!(matches!(live, EndpointError::LiveHostOnPaper { which: "trading", .. }));
        let paper = Endpoints::alpaca(Mode::Paper).check(Mode::Live).unwrap_err();
        assert!(matches!(paper, EndpointError::PaperHostOnLive { .. }));
        let stream_only = Endpoints {
            trading_stream: "wss://API.alpaca.markets/stream".into(),
            ..Endpoints::alpaca(Mode::Paper)
        };
        let refused = stream_only.check(Mode::Paper).unwrap_err();
        assert!(matches!(refused, EndpointError::LiveHostOnPaper { which: "trading stream", .. }));
    }

    #[test]
    fn plain_addresses_are_for_this_machine_only() {
        for address in ["http://10.0.0.1:80", "http://127.0.0.1.example.com", "http://example.com"]
        {
            let endpoints = with(Overrides { data: Some(address.into()), ..Overrides::default() });
            let refused = endpoints.check(Mode::Paper).unwrap_err();
            assert!(matches!(refused, EndpointError::Plain { .. }), "{address}: {refused}");
            assert!(refused.to_string().contains("write https://"), "{refused}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_without_showing_a_password() {
        let addresses = ["", "alpaca", "ftp://a.b", "https://user:pass@host", "https://h?x=1"];
        for address in addresses {
            let endpoints =
                with(Overrides { trading: Some(address.into()), ..Overrides::default() });
            let refused = endpoints.check(Mode::Paper).unwrap_err();
            assert!(matches!(refused, EndpointError::Malformed { .. }), "{address}: {refused}");
            assert!(!refused.to_string().contains("pass"), "{refused}");
        }
    }
}
