//! News keep entries away for a while, and so does not knowing them.

use crate::common::*;
use kernel::*;

/// No limit but this one.
fn blackout(seconds: i64) -> Limits {
    let market_slip = BasisPoints::new(250);
    let news_blackout = Some(Span::from_secs(seconds));
    Limits { max_leverage: 4, market_slip, news_blackout, ..Limits::OFF }
}

/// What becomes of a purchase of AAA: the code of the denial, if it is denied.
fn buy(bench: &mut Bench) -> Option<&'static str> {
    let intent = bench.market(Side::Buy, 10);
    let events = bench.propose([intent]);
    denial(&events).map(|denial| denial.code())
}

fn link(up: bool) -> Input {
    Input::Link { link: Link::News, up }
}

/// Nobody has read the news of before until the link says so, and nobody knows them after a restart.
#[test]
fn entries_wait_until_the_news_are_known() {
    let mut bench = Bench::warm(blackout(60));
    assert_eq!(buy(&mut bench), Some("news_unknown"));
    bench.feed(link(true));
    assert_eq!(buy(&mut bench), None);
    bench.feed(link(false));
    assert_eq!(buy(&mut bench), Some("news_unknown"));
    bench.feed(link(true));
    bench.feed(Input::Restart { build: "test".into() });
    assert!(!bench.kernel.state().news_are_known());
}

#[test]
fn without_a_blackout_nobody_needs_to_know_the_news() {
    let mut bench = Bench::warm(Limits { news_blackout: None, ..blackout(0) });
    assert_eq!(buy(&mut bench), None);
}

/// The latest news of a symbol count, in whatever order they come, for as long as its own limit says.
#[test]
fn a_blackout_counts_from_the_latest_news_of_its_symbol() {
    let mut limits = blackout(60);
    limits.set("symbols.AAA.news_blackout_s", "90").unwrap();
    assert_eq!(limits.longest_news_blackout(), Some(Span::from_secs(90)));
    assert_eq!(Limits::OFF.longest_news_blackout(), None);
    let mut bench = Bench::warm(limits);
    bench.feed(link(true));
    let (symbol, now) = (bench.symbol("AAA"), bench.now);
    for ago in [30, 80] {
        let (id, headline) = (format!("{ago}").into(), "AAA".into());
        let time = now.minus(Span::from_secs(ago));
        bench.feed(Input::News(News { id, symbol, time, headline }));
    }
    assert_eq!(bench.kernel.state().last_news(symbol), Some(now.minus(Span::from_secs(30))));
    assert_eq!(buy(&mut bench), Some("news_blackout"));
    bench.wait(59);
    assert_eq!(buy(&mut bench), Some("news_blackout"));
    bench.wait(1);
    assert_eq!(buy(&mut bench), None);
}
