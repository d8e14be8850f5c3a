//! Addresses are tried before they are called good.

use super::Row;
use crate::config::Settings;
use crate::exit::Exit;
use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// A server that takes longer to accept a connection is no use to a session.
const PATIENCE: Duration = Duration::from_secs(3);

/// Whether the address of `/metrics` is free; `own` is where a session of this data directory
/// serves them now.
pub fn metrics(settings: &Settings, own: Option<SocketAddr>) -> Row {
    let Some(address) = settings.metrics_address() else { return Row::note("metrics", "off") };
    if own == Some(address) {
        return Row::note("metrics", format!("the running session serves them on {address}"));
    }
    match TcpListener::bind(address) {
        Ok(_) => Row::good("metrics", format!("{address} is free")),
        Err(error) => {
            let text = format!(
                "{address} cannot be listened on: {error}; choose another metrics.listen, or \"off\""
            );
            Row::bad("metrics", Exit::Usage, text)
        }
    }
}

/// Whether each broker of the list accepts a connection.
pub async fn kafka(settings: &Settings) -> Vec<Row> {
    let brokers = settings.text("kafka.brokers");
    if brokers.is_empty() {
        return vec![Row::note("kafka", "off")];
    }
    let hosts = brokers.split(',').map(str::trim).map(|broker| {
        let host = broker.rsplit_once(':');
        let host = host.and_then(|(host, port)| Some((host.to_owned(), port.parse().ok()?)));
        Place { what: "kafka", shown: broker.to_owned(), host }
    });
    connect_to(hosts).await
}

/// An address to try.
pub struct Place {
    /// What it is for.
    pub what: &'static str,
    /// As it is written.
    pub shown: String,
    /// Its host and port, where it has them.
    pub host: Option<(String, u16)>,
}

/// Tries addresses side by side.
pub async fn connect_to(places: impl Iterator<Item = Place>) -> Vec<Row> {
    let tries: Vec<JoinHandle<Row>> = places.map(|place| tokio::spawn(attempt(place))).collect();
    let mut rows = Vec::new();
    for tried in tries {
        rows.push(tried.await.unwrap_or_else(|error| {
            Row::bad("address", Exit::Other, format!("one was not tried: {error}"))
        }));
    }
    rows
}

async fn attempt(place: Place) -> Row {
    let Place { what, shown, host } = place;
    match connect(host).await {
        Ok(took) => {
            Row::good(what, format!("{shown} accepts connections ({} ms)", took.as_millis()))
        }
        Err(why) => Row::bad(what, Exit::Other, format!("{shown} {why}")),
    }
}

async fn connect(host: Option<(String, u16)>) -> Result<Duration, String> {
    let (host, port) = host.ok_or("is no address")?;
    let begun = Instant::now();
    match timeout(PATIENCE, TcpStream::connect((host.as_str(), port))).await {
        Ok(Ok(_)) => Ok(begun.elapsed()),
        Ok(Err(error)) => Err(format!("cannot be reached: {error}")),
        Err(_) => Err(format!("does not answer within {} s", PATIENCE.as_secs())),
    }
}
