//! Where the broker is, and which addresses a session may talk to.

use reqwest::Url;
use std::fmt;

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

/// Which address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Address {
    /// Trading REST.
    Trading,
    /// Market data REST.
    Data,
    /// The stream of market data.
    Stream,
    /// The stream of order updates.
    TradingStream,
    /// Where OAuth tokens are renewed.
    Token,
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
        which: Address,
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
        which: Address,
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
        which: Address,
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
        which: Address,
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

    /// The stream of news.
    pub fn news_stream(&self) -> String {
        format!("{}/v1beta1/news", self.stream)
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
        is_on_this_machine(&self.trading)
    }

    /// The four, each with its name.
    pub fn all(&self) -> [(Address, &str); 4] {
        [
            (Address::Trading, &self.trading),
            (Address::Data, &self.data),
            (Address::Stream, &self.stream),
            (Address::TradingStream, &self.trading_stream),
        ]
    }

    /// Refuses what a mode must not talk to: another mode's host, or an unencrypted one that is
    /// not this machine.
    ///
    /// # Errors
    /// The first address that is refused, with what to write instead.
    pub fn check(&self, mode: Mode) -> Result<(), EndpointError> {
        self.refused(mode).into_iter().next().map_or(Ok(()), Err)
    }

    /// Every address that [`Endpoints::check`] refuses.
    pub fn refused(&self, mode: Mode) -> Vec<EndpointError> {
        let checks = self.all().into_iter();
        checks.filter_map(|(which, address)| check(which, address, mode).err()).collect()
    }
}

impl EndpointError {
    /// Which address is refused.
    pub const fn which(&self) -> Address {
        match self {
            EndpointError::Malformed { which, .. }
            | EndpointError::Plain { which, .. }
            | EndpointError::LiveHostOnPaper { which, .. }
            | EndpointError::PaperHostOnLive { which, .. } => *which,
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Address::Trading => "trading",
            Address::Data => "market data",
            Address::Stream => "market data stream",
            Address::TradingStream => "trading stream",
            Address::Token => "OAuth token",
        })
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Http,
    Socket,
}

impl Scheme {
    const fn of(which: Address) -> Self {
        match which {
            Address::Trading | Address::Data | Address::Token => Scheme::Http,
            Address::Stream | Address::TradingStream => Scheme::Socket,
        }
    }

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

fn check(which: Address, address: &str, mode: Mode) -> Result<(), EndpointError> {
    let url = reachable(which, address, Scheme::of(which))?;
    let (host, address) = (url.host_str(), without_secrets(address));
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
    reachable(Address::Token, address, Scheme::Http).map(|_| ())
}

/// An address that is well formed, and encrypted or this machine's.
fn reachable(which: Address, address: &str, scheme: Scheme) -> Result<Url, EndpointError> {
    let malformed = || EndpointError::Malformed {
        which,
        address: without_secrets(address),
        expected: scheme.expected(),
    };
    let url = Url::parse(address).map_err(|_| malformed())?;
    url.host_str().ok_or_else(malformed)?;
    // A password with a slash in it makes what follows the slash a path.
    let has_user = !url.username().is_empty() || address.contains('@');
    let known = url.scheme() == scheme.encrypted() || url.scheme() == scheme.plain();
    if has_user || !known || url.query().is_some() || url.fragment().is_some() {
        return Err(malformed());
    }
    if url.scheme() == scheme.plain() && !is_loopback(&url) {
        let address = without_secrets(address);
        let rest = address.split_once("://").map_or("", |(_, rest)| rest);
        let secure = format!("{}://{rest}", scheme.encrypted());
        return Err(EndpointError::Plain { which, address, secure });
    }
    Ok(url)
}

/// An address, or a list of them, as it may be shown: user name, password and query stay out of
/// messages.
pub fn without_secrets(address: &str) -> String {
    let (scheme, rest) = match address.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), address),
    };
    // A password may hold every other mark, so what comes before the last @ is not looked into.
    let (user, rest) = match rest.rsplit_once('@') {
        Some((_, host)) => ("…@", host),
        None => ("", rest),
    };
    match rest.find(['?', '#']).and_then(|at| rest.get(..=at)) {
        Some(shown) => format!("{scheme}{user}{shown}…"),
        None => format!("{scheme}{user}{rest}"),
    }
}

/// Whether an address is on this machine.
pub fn is_on_this_machine(address: &str) -> bool {
    Url::parse(address).is_ok_and(|url| is_loopback(&url))
}

/// Host and port of an address, the usual port where none is named.
pub fn host_and_port(address: &str) -> Option<(String, u16)> {
    let url = Url::parse(address).ok()?;
    let host = url.host_str()?.trim_start_matches('[').trim_end_matches(']').to_owned();
    Some((host, url.port_or_known_default()?))
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
        assert!(matches!(live, EndpointError::LiveHostOnPaper { which: Address::Trading, .. }));
        let paper = Endpoints::alpaca(Mode::Paper).check(Mode::Live).unwrap_err();
        assert!(matches!(paper, EndpointError::PaperHostOnLive { .. }));
        let stream_only = Endpoints {
            trading_stream: "wss://API.alpaca.markets/stream".into(),
            ..Endpoints::alpaca(Mode::Paper)
        };
        let refused = stream_only.check(Mode::Paper).unwrap_err();
        assert!(matches!(
            refused,
            EndpointError::LiveHostOnPaper { which: Address::TradingStream, .. }
        ));
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
        let addresses = [
            "",
            "alpaca",
            "ftp://a.b",
            "https://user:pass@host",
            "https://user:/pass@host",
            "https://h?pass=1",
            "https://h#pass",
        ];
        for address in addresses {
            let endpoints =
                with(Overrides { trading: Some(address.into()), ..Overrides::default() });
            let refused = endpoints.check(Mode::Paper).unwrap_err();
            assert!(matches!(refused, EndpointError::Malformed { .. }), "{address}: {refused}");
            assert!(!refused.to_string().contains("pass"), "{refused}");
        }
    }

    #[test]
    fn what_is_shown_of_an_address_has_no_secrets() {
        let cases = [
            ("https://host/v2", "https://host/v2"),
            ("https://user:p@ss?w:/rd@host:1/v2", "https://…@host:1/v2"),
            ("user:pass@broker:9092", "…@broker:9092"),
            ("https://host/v2?token=1", "https://host/v2?…"),
            ("a:9092,b:9092", "a:9092,b:9092"),
        ];
        for (address, shown) in cases {
            assert_eq!(without_secrets(address), shown);
        }
    }

    #[test]
    fn every_address_that_is_refused_is_told_of() {
        let plain = || Some("http://example.com".to_owned());
        let endpoints = with(Overrides { data: plain(), stream: plain(), ..Overrides::default() });
        let refused: Vec<Address> =
            endpoints.refused(Mode::Paper).iter().map(EndpointError::which).collect();
        assert_eq!(refused, [Address::Data, Address::Stream]);
    }
}
