//! The data stream goes away and comes back.

use crate::order_stream::{State, Wire};
use crate::support::{MINUTE, Plan, data_dir, exchange_with, generated};
use exchange::server::Speed;
use journal::Reader;
use kernel::{Input, MarketData, RecordBody, Timestamp};
use runtime::session::journal_dir;
use std::collections::BTreeMap;

const SYMBOLS: [&str; 2] = ["GLD", "SPY"];

/// Conformance 139.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_missed_is_read_and_every_symbol_is_subscribed_to_again() {
    let dir = data_dir();
    let feed = generated(&SYMBOLS, 5_000);
    let exchange = exchange_with(feed, Speed::Times(600.0), |config| {
        config.streams.connections_per_endpoint = 4;
    });
    let exchange = exchange.await;
    let wire = Wire::to(exchange.addr()).await;
    let mut plan = Plan::new(dir.path(), &exchange, &SYMBOLS, "sma-crossover");
    plan.config.endpoints.stream = format!("ws://{}", wire.address);
    let mut session = plan.start();
    session.until(|status| status.links.market_data && status.tally.inputs > 40).await;

    wire.set(State::Cut);
    let down = session.until(|status| !status.links.market_data).await;
    let enough = exchange.snapshot().step + 10;
    session.until(|_| exchange.snapshot().step > enough).await;
    wire.set(State::Whole);
    let up = session.until(|status| status.links.market_data).await;
    session.until(|status| status.tally.inputs > up.tally.inputs + 40).await;
    session.stopper.press();
    let summary = session.ended().await.unwrap();
    assert!(down.tally.inputs > 0);
    assert_eq!(summary.alerts, 0);

    let mut late = 0;
    let mut ends: BTreeMap<_, Vec<Timestamp>> = BTreeMap::new();
    let mut records = Reader::open(&journal_dir(dir.path()), 1).unwrap();
    while let Some(record) = records.next().unwrap() {
        let RecordBody::Input(stamped) = record.body else { continue };
        late += usize::from(matches!(stamped.input, Input::Late(_)));
        if let Input::Market(MarketData::Bar(bar)) | Input::Late(MarketData::Bar(bar)) =
            stamped.input
        {
            ends.entry(bar.symbol).or_default().push(bar.end_time());
        }
    }
    assert!(late >= 2 * 9, "{late} bars were read");
    assert_eq!(ends.len(), SYMBOLS.len());
    for ends in ends.values() {
        let gaps = ends.windows(2).filter(|pair| pair[1] != pair[0].plus(MINUTE));
        // The night between two sessions is none.
        let gaps: Vec<_> =
            gaps.filter(|pair| pair[1].since(pair[0]).nanos() < 3_600_000_000_000).collect();
        assert!(gaps.is_empty(), "in order, each once, none missing: {gaps:?}");
    }
}
