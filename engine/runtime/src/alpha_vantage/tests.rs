//! The client against a server that writes what Alpha Vantage writes.

use super::client::Which;
use super::{AlphaVantage, AlphaVantageConfig, AlphaVantageError, Months, Quota, Timing, answer};
use crate::alpaca::Secret;
use crate::download::{DownloadError, Sink, Spool, fetch, pour};
use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use kernel::{MarketData, Symbols, Timestamp};
use serde_json::json;
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;

const KEY: &str = "K3Y0FTHETEST";

type Asked = BTreeMap<String, String>;

/// Answers bars of the month that is asked for, unless there is something else to say.
#[derive(Default)]
struct Said {
    instead: Mutex<VecDeque<(u16, String)>>,
    asked: Mutex<Vec<Asked>>,
}

struct Service {
    address: SocketAddr,
    said: Arc<Said>,
}

impl Service {
    async fn start(instead: &[(u16, String)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let said = Arc::new(Said::default());
        said.instead.lock().unwrap().extend(instead.iter().cloned());
        let router = Router::new().fallback(speak).with_state(Arc::clone(&said));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, said }
    }

    fn asked(&self) -> Vec<Asked> {
        self.said.asked.lock().unwrap().clone()
    }
}

async fn speak(State(said): State<Arc<Said>>, Query(asked): Query<Asked>) -> (StatusCode, String) {
    said.asked.lock().unwrap().push(asked.clone());
    let instead = said.instead.lock().unwrap().pop_front();
    let (status, body) = instead.unwrap_or_else(|| {
        let month = asked.get("month").map_or("2024-03", String::as_str);
        (200, month_of(&asked["symbol"], month))
    });
    (StatusCode::from_u16(status).unwrap(), body)
}

/// Three bars of a month, the newest first.
fn month_of(symbol: &str, month: &str) -> String {
    let bar = |close: &str| {
        json!({ "1. open": "100.1000", "2. high": "101.0000", "3. low": "100.0000",
                "4. close": close, "5. volume": "1234" })
    };
    json!({
        "Meta Data": {
            "1. Information": "Intraday (1min) open, high, low, close prices and volume",
            "2. Symbol": symbol,
            "3. Last Refreshed": format!("{month}-29 19:59:00"),
            "4. Interval": "1min",
            "5. Output Size": "Full size",
            "6. Time Zone": "US/Eastern"
        },
        "Time Series (1min)": {
            format!("{month}-29 19:59:00"): bar("100.3000"),
            format!("{month}-08 16:00:00"): bar("100.2000"),
            format!("{month}-04 04:00:00"): bar("100.1500"),
        }
    })
    .to_string()
}

fn says(field: &str, text: &str) -> (u16, String) {
    (200, json!({ field: text }).to_string())
}

fn quota(folder: &tempfile::TempDir) -> Quota {
    let path = folder.path().join("alpha-vantage.requests");
    Quota { path, per_minute: 1_000, per_day: None }
}

fn client(service: &Service, quota: Quota) -> AlphaVantage {
    let url = format!("http://{}", service.address);
    let timing = Timing { answer: Duration::from_millis(500), retry: Duration::from_millis(1) };
    AlphaVantage::new(AlphaVantageConfig { url, key: Secret::new(KEY), quota, timing }).unwrap()
}

#[derive(Default)]
struct Taken(Vec<(String, String, String)>);

impl Sink for Taken {
    type Error = DownloadError;

    fn take(&mut self, symbol: &str, rows: &[MarketData]) -> Result<(), DownloadError> {
        for row in rows {
            let MarketData::Bar(bar) = row else { panic!("{row:?}") };
            self.0.push((symbol.into(), bar.open_time.to_string(), bar.close.to_string()));
        }
        Ok(())
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn months(client: AlphaVantage) -> Months {
    let symbols = Symbols::new(["IBM", "SPY"]).unwrap();
    Months::new(client, &symbols, at("2024-02-08T21:00:00Z"), at("2024-03-30T00:00:00Z"), false)
}

#[tokio::test]
async fn months_are_asked_for_one_by_one_and_read_on_the_clock_of_new_york() {
    let service = Service::start(&[]).await;
    let folder = tempfile::tempdir().unwrap();
    let months = months(client(&service, quota(&folder)));
    assert_eq!(months.requests(), 4);
    let mut spool = Spool::open(folder.path(), "months").unwrap();
    fetch(&months, &mut spool, |_| {}).await.unwrap();
    let mut taken = Taken::default();
    pour(&months, &spool, &mut taken).unwrap();
    let ibm: Vec<_> = taken.0.iter().filter(|row| row.0 == "IBM").collect();
    let times: Vec<&str> = ibm.iter().map(|row| &row.1[..16]).collect();
    // February from its first wanted minute on; in March the clocks go forward on the tenth.
    let expected = [
        "2024-02-08T21:00",
        "2024-03-01T00:59",
        "2024-03-04T09:00",
        "2024-03-08T21:00",
        "2024-03-29T23:59",
    ];
    assert_eq!(times, expected);
    assert_eq!((taken.0.len(), ibm[0].2.as_str()), (10, "100.2"));
    let asked = service.asked();
    let pages: Vec<_> = asked.iter().map(|a| (a["symbol"].as_str(), a["month"].as_str())).collect();
    let wanted = [("IBM", "2024-02"), ("IBM", "2024-03"), ("SPY", "2024-02"), ("SPY", "2024-03")];
    assert_eq!(pages, wanted);
    for (name, value) in [
        ("function", "TIME_SERIES_INTRADAY"),
        ("interval", "1min"),
        ("outputsize", "full"),
        ("adjusted", "false"),
        ("apikey", KEY),
    ] {
        assert_eq!(asked[0][name], value);
    }
}

/// What it says instead of bars, as it has been seen to say it.
#[tokio::test]
async fn sentences_are_errors_with_what_to_do_and_without_the_key() {
    let note = "Thank you for using Alpha Vantage! Our standard API call frequency is 5 calls per \
                minute and 500 calls per day.";
    let day = format!(
        "We have detected your API key as {KEY} and our standard API rate limit is 25 requests per \
         day. Please subscribe to any of the premium plans to remove all daily rate limits."
    );
    let burst = "Thank you for using Alpha Vantage! Please consider spreading out your free API \
                 requests more sparingly (1 request per second). The limit is 25 requests per day.";
    let premium = "Thank you for using Alpha Vantage! This is a premium endpoint.";
    let invalid = "Invalid API call. Please retry or visit the documentation.";
    let cases = [
        (says("Note", note), "wait a minute"),
        (says("Information", &day), "try again tomorrow"),
        (says("Information", burst), "wait a minute"),
        (says("Information", premium), "the plan of the key"),
        (says("Error Message", invalid), "check the symbol"),
        ((200, "<html>".into()), "cannot be used"),
        ((200, "{}".into()), "neither minute bars nor a word why"),
        ((200, month_of("SPY", "2024-02")), "it is about SPY"),
        ((200, month_of("IBM", "2024-02").replace("US/Eastern", "Asia/Tokyo")), "Asia/Tokyo"),
        ((200, month_of("IBM", "2024-02").replace("100.3000", "NaN")), "no number or time"),
    ];
    for (answer, expected) in cases {
        let service = Service::start(std::slice::from_ref(&answer)).await;
        let folder = tempfile::tempdir().unwrap();
        let months = months(client(&service, quota(&folder)));
        let mut spool = Spool::open(folder.path(), "months").unwrap();
        let error = fetch(&months, &mut spool, |_| {}).await.unwrap_err().to_string();
        assert!(error.contains(expected), "{expected} is not in {error}");
        assert!(!error.contains(KEY), "{error}");
        assert_eq!((spool.count(), service.asked().len()), (0, 1), "{error}");
    }
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_asked_for_again_and_counted_each_time() {
    let unavailable = (503, "busy".to_owned());
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(&[unavailable.clone(), unavailable.clone()]).await;
    let newest = client(&service, quota(&folder)).minutes("IBM", Which::Newest, false).await;
    let symbol = Symbols::new(["IBM"]).unwrap().id("IBM").unwrap();
    assert_eq!(answer::bars(&newest.unwrap(), "IBM", symbol).unwrap().len(), 3);
    assert_eq!(service.asked()[0].get("outputsize").unwrap(), "compact");
    let counted = std::fs::read_to_string(&quota(&folder).path).unwrap();
    assert_eq!(counted.lines().count(), 3);
    let gone = Service::start(&[unavailable.clone(), unavailable.clone(), unavailable]).await;
    let error = client(&gone, quota(&folder)).minutes("IBM", Which::Newest, false).await;
    let error = error.unwrap_err();
    assert!(matches!(&error, AlphaVantageError::NoAnswer { .. }), "{error}");
    assert!(error.to_string().contains("503"), "{error}");
}

#[tokio::test]
async fn the_quota_of_the_day_holds_over_restarts_and_what_was_loaded_is_kept() {
    let service = Service::start(&[]).await;
    let folder = tempfile::tempdir().unwrap();
    let of_two = || Quota { per_day: Some(2), ..quota(&folder) };
    for _ in 0..2 {
        let months = months(client(&service, of_two()));
        let mut spool = Spool::open(folder.path(), "months").unwrap();
        let error = fetch(&months, &mut spool, |_| {}).await.unwrap_err();
        let used_up = matches!(
            error,
            DownloadError::AlphaVantage(AlphaVantageError::QuotaUsedUp { limit: 2, .. })
        );
        assert!(used_up, "{error}");
        assert_eq!((spool.count(), service.asked().len()), (2, 2));
    }
    let months = months(client(&service, quota(&folder)));
    let mut spool = Spool::open(folder.path(), "months").unwrap();
    fetch(&months, &mut spool, |_| {}).await.unwrap();
    assert_eq!((spool.count(), service.asked().len()), (4, 4), "no month was asked for twice");
}

#[test]
fn the_key_goes_over_encrypted_connections_alone() {
    let folder = tempfile::tempdir().unwrap();
    let open = |url: &str| {
        let (url, key, quota) = (url.into(), Secret::new(KEY), quota(&folder));
        AlphaVantage::new(AlphaVantageConfig { url, key, quota, timing: Timing::default() })
    };
    assert!(open("https://www.alphavantage.co").is_ok());
    let error = open("http://www.alphavantage.co").err().unwrap().to_string();
    assert!(error.contains("https://") && !error.contains(KEY), "{error}");
}
