//! Lock step: steps wait for acknowledgements, fills go out before the data that follow them.

use crate::support::{Venue, config, events, market_order, minutes, quiet};
use serde_json::json;

#[tokio::test]
async fn the_clock_offers_lock_step() {
    let venue = Venue::quiet().await;
    let clock = venue.get("/v2/clock").await.body;
    let expected = json!({"speed": "max", "lockstep": true, "bar_seconds": 60, "data": "file"});
    assert_eq!(clock["tradewind"], expected);
    assert_eq!(clock["timestamp"], "2026-01-06T09:30:00-05:00");
    assert_eq!(clock["is_open"], true);
}

#[tokio::test]
async fn a_fill_is_counted_before_the_bar_that_filled_it() {
    let rows = [["100", "101", "99", "100.5"], ["102", "103", "101", "102"]];
    let venue = Venue::new(config(minutes(&["AAA"], &rows))).await;
    let mut session = venue.session().await;
    let first = session.step().await;
    assert_eq!((first.number, first.end, first.updates.len()), (1, false, 0));
    assert_eq!(first.data[0]["c"], 100.5);
    let order = venue.order(market_order("AAA", 10, "buy")).await;
    assert_eq!(order["status"], "pending_new");
    session.acknowledge(1).await;
    let second = session.step().await;
    assert_eq!(events(&second.updates), ["pending_new", "new", "fill"]);
    assert_eq!(second.updates[2]["price"], "102", "the open of the next bar");
    session.acknowledge(2).await;
    let last = session.pass().await;
    assert_eq!((last.number, last.end, last.data.len()), (3, true, 0));
    venue.running.finished().await;
}

#[tokio::test]
async fn no_step_goes_out_before_the_one_before_is_acknowledged() {
    let venue = Venue::quiet().await;
    let mut session = venue.session().await;
    let first = session.step().await;
    // Whatever a client asks meanwhile, the venue's time stands still.
    for _ in 0..20 {
        assert_eq!(venue.get("/v2/clock").await.body["timestamp"], "2026-01-06T09:31:00-05:00");
    }
    assert_eq!(venue.running.snapshot().step, 1);
    session.acknowledge(first.number).await;
    assert_eq!(session.step().await.number, 2);
}

#[tokio::test]
async fn a_session_that_comes_back_goes_on_with_the_next_step() {
    let venue = Venue::new(config(quiet(&["AAA"]))).await;
    let mut first = venue.session().await;
    first.pass().await;
    first.step().await;
    drop(first);
    let mut second = venue.session_when_free().await;
    let step = second.pass().await;
    assert_eq!((step.number, step.updates.len()), (3, 0));
    assert_eq!(second.pass().await.number, 4);
}

/// Conformance 150.
#[tokio::test]
async fn two_runs_are_the_same_to_the_last_byte() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let venue = Venue::new(config(quiet(&["AAA", "BBB"]))).await;
        let mut session = venue.session().await;
        let mut seen = Vec::new();
        loop {
            let step = session.step().await;
            if step.number == 1 {
                seen.push(venue.order(market_order("AAA", 3, "buy")).await);
                seen.push(venue.order(market_order("BBB", 2, "sell")).await);
            }
            if step.number == 3 {
                seen.push(venue.delete("/v2/positions").await.body);
            }
            seen.extend(step.updates);
            seen.extend(step.data);
            session.acknowledge(step.number).await;
            if step.end {
                break;
            }
        }
        seen.push(venue.get("/v2/account/activities").await.body);
        runs.push((seen, venue.running.snapshot()));
    }
    assert_eq!(runs[0], runs[1]);
    assert!(runs[0].1.positions.is_empty());
}
