//! Bars on which the venue has nothing to do are passed over in one go: a run with a journal, which keeps
//! each of them, comes to the same.

use backtest::workload::swings;
use backtest::{BacktestConfig, BacktestReport, Quiet, run};
use kernel::{MarketData, Span, Symbols};
use marketdata::Feed;
use std::collections::BTreeMap;

fn ran(feed: &Feed, name: &str, journal: Option<&std::path::Path>) -> BacktestReport {
    let params = BTreeMap::new();
    let built = strategies::build(name, &params, &feed.symbols).unwrap();
    let mut config = BacktestConfig::for_feed(feed);
    config.keep_equity = true;
    config.journal = journal.map(Into::into);
    run(&config, feed, vec![built], &mut Quiet).unwrap()
}

/// With bars that cannot be believed, and bars out of turn.
fn spoiled(bars: usize) -> Feed {
    let mut feed = swings(bars);
    for (place, datum) in feed.data.iter_mut().enumerate() {
        if let MarketData::Bar(bar) = datum
            && place % 97 == 0
        {
            bar.high = bar.low;
        }
    }
    feed
}

/// Two symbols whose bars end at different instants: one of them or both are held.
fn beside_each_other(bars: usize) -> Feed {
    let mut other = swings(bars / 2);
    other.symbols = Symbols::new(["TWO"]).unwrap();
    for datum in &mut other.data {
        let MarketData::Bar(bar) = datum else { continue };
        bar.open_time = bar.open_time.plus(Span::from_secs(20));
    }
    Feed::merged(vec![swings(bars), other]).unwrap()
}

#[test]
fn a_run_is_the_same_whether_each_bar_is_kept_or_passed_over() {
    for feed in [swings(5_000), spoiled(5_000), beside_each_other(5_000)] {
        for name in ["sma-crossover", "macd-trend", "buy-and-hold", "rsi-mean-reversion"] {
            let folder = tempfile::tempdir().unwrap();
            let (quick, kept) =
                (ran(&feed, name, None), ran(&feed, name, Some(&folder.path().join("journal"))));
            assert_eq!(quick.events_hash, kept.events_hash, "{name}");
            assert_eq!(quick.trades, kept.trades, "{name}");
            assert_eq!(quick.daily, kept.daily, "{name}");
            assert_eq!(quick.equity, kept.equity, "{name}");
            assert_eq!(quick.activity, kept.activity, "{name}");
        }
    }
}
