//! Downloads from the bundled exchange: every page, whatever happens on the way.

use super::{credentials, price, shares};
use crate::alpaca::{
    Client, ClientConfig, Endpoints, ErrorClass, History, HistoryKind, HistoryQuery, Names, Pace,
    Timing,
};
use crate::download::{DownloadError, Poured, Progress, Sink, Spool, fetch, pour};
use exchange::server::{FaultScript, Keys, Running, ServerConfig, Source, Speed, start};
use kernel::{Bar, MarketData, Quote, Span, Symbols, Timestamp, Trade};
use marketdata::content::Kind;
use marketdata::{Action, Feed};
use std::time::Duration;

const OPEN: i64 = 1_767_711_600;
const ROWS: i64 = 7;

/// Rows of two symbols in the order of time.
fn feed(kind: Kind) -> Feed {
    let symbols = Symbols::new(["AAPL", "SPY"]).unwrap();
    let row = |index: i64| {
        let length = Span::from_secs(60);
        let at = Timestamp::from_secs(OPEN + 60 * (index / 2));
        let symbol = symbols.ids().nth((index % 2) as usize).unwrap();
        let cents = |cents: i64| price(&format!("{}.{:02}", 100 + index, cents));
        match kind {
            Kind::Bars => MarketData::Bar(Bar {
                symbol,
                open_time: at,
                length,
                open: cents(10),
                high: cents(30),
                low: cents(5),
                close: cents(20),
                volume: "10000".parse().unwrap(),
            }),
            Kind::Quotes => MarketData::Quote(Quote {
                symbol,
                time: at,
                bid: cents(1),
                bid_size: shares("100"),
                ask: cents(2),
                ask_size: shares("300"),
            }),
            Kind::Trades => {
                MarketData::Trade(Trade { symbol, time: at, price: cents(1), size: shares("7") })
            }
        }
    };
    let data = (0..2 * ROWS).map(row).collect();
    let bar_length = (kind == Kind::Bars).then(|| Span::from_secs(60));
    Feed { symbols, data, bar_length }
}

/// An exchange that has shown all of a feed.
async fn shown(feed: Feed, faults: &str) -> Running {
    let mut config = ServerConfig::new(Source::Files(feed), Speed::Times(1e9));
    config.keys = Keys { key: "PKTEST".into(), secret: "s3cret".into(), token: None };
    config.wait_for_subscriber = false;
    config.faults = FaultScript::parse(faults).unwrap();
    let running = start(config).await.unwrap();
    running.finished().await;
    running
}

fn history(running: &Running, kind: Kind) -> History {
    let timing = Timing {
        answer: Duration::from_millis(500),
        retry: Duration::from_millis(1),
        pace: Pace::Unlimited,
        ..Timing::default()
    };
    let endpoints = Endpoints::server(running.addr());
    let config = ClientConfig {
        endpoints,
        credentials: credentials(),
        feed: "iex".into(),
        timing,
        counted_in: None,
    };
    let names = Names::new(Symbols::new(["SPY", "AAPL"]).unwrap(), "");
    let kind = match kind {
        Kind::Bars => HistoryKind::Bars { length: Span::from_secs(60), adjustment: "raw".into() },
        Kind::Quotes => HistoryKind::Quotes,
        Kind::Trades => HistoryKind::Trades,
    };
    let start = Timestamp::from_secs(OPEN);
    let end = Timestamp::from_secs(OPEN + 60 * ROWS);
    let query = HistoryQuery { kind, start, end, page_rows: 4 };
    History::new(Client::new(config).unwrap().named(names), query)
}

/// What was taken, with symbols by name.
#[derive(Debug, Default, PartialEq)]
struct Taken(Vec<(String, Timestamp, String)>);

impl Sink for Taken {
    type Error = DownloadError;

    fn take(&mut self, symbol: &str, rows: &[MarketData]) -> Result<(), DownloadError> {
        let text = |row: &MarketData| match row {
            MarketData::Bar(bar) => format!("{} {} {}", bar.open, bar.close, bar.volume),
            MarketData::Quote(quote) => format!("{} {}", quote.bid, quote.ask_size),
            MarketData::Trade(trade) => format!("{} {}", trade.price, trade.size),
        };
        let time = marketdata::content::row_time;
        self.0.extend(rows.iter().map(|row| (symbol.into(), time(row), text(row))));
        Ok(())
    }
}

/// What of a feed should be taken.
fn expected(feed: &Feed) -> Taken {
    let mut taken = Taken::default();
    for id in feed.symbols.ids() {
        let rows: Vec<_> = feed.data.iter().copied().filter(|row| row.symbol() == id).collect();
        taken.take(feed.symbols.name(id), &rows).unwrap();
    }
    taken
}

fn poured(history: &History, spool: &Spool) -> (Taken, Poured) {
    let mut taken = Taken::default();
    let poured = pour(history, spool, &mut taken).unwrap();
    (taken, poured)
}

/// Conformance 114, 118.
#[tokio::test]
async fn bars_quotes_and_trades_come_in_pages_and_none_is_missing() {
    for kind in [Kind::Bars, Kind::Quotes, Kind::Trades] {
        let running = shown(feed(kind), "").await;
        let history = history(&running, kind);
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(folder.path(), "all").unwrap();
        let mut told: Vec<Progress> = Vec::new();
        fetch(&history, &mut spool, |progress| told.push(progress.clone())).await.unwrap();
        assert_eq!((spool.count(), told.len()), (4, 4), "{kind:?}");
        assert_eq!((told[3].rows, told[3].pages), (14, 4));
        assert!(told.windows(2).all(|pair| pair[0].done < pair[1].done), "{told:?}");
        let (taken, poured) = poured(&history, &spool);
        assert_eq!(taken, expected(&feed(kind)), "{kind:?}");
        assert_eq!((poured.left_out, poured.rows["SPY"]), (0, 7));
    }
}

/// One fault at each page: a limit with and without its headers, an error, a connection that is cut
/// and one that is silent.
#[tokio::test]
async fn a_fault_at_a_page_is_gone_over() {
    for fault in ["status=429", "status=429\nbare=true", "status=429\nretry_after=0", "status=500"]
    {
        goes_over(&format!("inject='answer'\n{fault}")).await;
    }
    for fault in ["reset", "hang"] {
        goes_over(&format!("inject='{fault}'")).await;
    }
}

async fn goes_over(fault: &str) {
    let running = shown(feed(Kind::Bars), &faults(fault, "every=2\ntimes=4")).await;
    let history = history(&running, Kind::Bars);
    let folder = tempfile::tempdir().unwrap();
    let mut spool = Spool::open(folder.path(), "all").unwrap();
    fetch(&history, &mut spool, |_| {}).await.unwrap();
    assert_eq!(poured(&history, &spool).0, expected(&feed(Kind::Bars)), "{fault}");
    assert_eq!(running.snapshot().faults, [4], "{fault}");
}

fn faults(fault: &str, when: &str) -> String {
    format!("[[fault]]\non='history'\n{fault}\n{when}\n")
}

/// Each page in turn is the one at which a download ends for good, and so are two of them.
#[tokio::test]
async fn a_download_that_ended_goes_on_and_brings_the_same() {
    let whole = expected(&feed(Kind::Bars));
    for fault in ["inject='answer'\nstatus=500", "inject='malformed'"] {
        for page in 1..=4 {
            // A request is tried four times, an answer that cannot be read once.
            let (times, class) = match fault.contains("malformed") {
                true => (1, ErrorClass::Unreadable),
                false => (4, ErrorClass::Unknown),
            };
            let when = format!("nth={page}\ntimes={times}");
            let running = shown(feed(Kind::Bars), &faults(fault, &when)).await;
            let folder = tempfile::tempdir().unwrap();
            let open = || Spool::open(folder.path(), "all").unwrap();
            let mut spool = open();
            let ended = fetch(&history(&running, Kind::Bars), &mut spool, |_| {}).await;
            let error = ended.unwrap_err();
            let DownloadError::Alpaca(error) = error else { panic!("{error}") };
            assert_eq!(error.class, class);
            assert_eq!(spool.count(), page - 1, "{fault} at {page}");
            drop(spool);
            let (mut spool, history) = (open(), history(&running, Kind::Bars));
            fetch(&history, &mut spool, |_| {}).await.unwrap();
            assert_eq!(poured(&history, &spool).0, whole, "{fault} at {page}");
        }
    }
}

/// The bundled exchange announces splits; what has no ex-day yet asked for is left out.
#[tokio::test]
async fn splits_are_listed_by_their_ex_days() {
    let split =
        "[[fault]]\non='step'\ninject='split'\nsymbol='SPY'\nnew=1\nold=3\ndate='2026-01-08'\n";
    let running = shown(feed(Kind::Bars), split).await;
    let history = history(&running, Kind::Bars);
    let list = async |to: &str| {
        let from = "2026-01-01".parse().unwrap();
        let names = ["SPY".to_owned(), "AAPL".to_owned()];
        let client = history.client();
        client.splits_and_dividends(&names, from, to.parse().unwrap()).await.unwrap()
    };
    let day = "2026-01-08".parse().unwrap();
    assert_eq!(list("2026-01-08").await.of("SPY"), [(day, Action::split(1, 3))]);
    assert!(list("2026-01-07").await.of("SPY").is_empty());
}
