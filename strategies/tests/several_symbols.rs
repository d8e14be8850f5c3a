//! The strategies that look at several symbols at once, in the kernel.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may fail loudly"
)]

mod common;

use common::{Session, bar, params, proposals, symbols};
use kernel::{Bar, Intent, MarketData, Price, Ratio, Side, Span, Strategy, SymbolId, Timestamp};
use strategies::build;

const NAMES: [&str; 2] = ["AAA", "BBB"];

/// Two closes in cents that go together, but for a swing of the first.
fn parting(bars: usize) -> Vec<[i64; 2]> {
    let closes = (0..bars).map(|place| {
        let common = 10_000 + 3 * place as i64;
        let swing = 200.0 * (place as f64 / 40.0).sin() + 20.0 * (place as f64 * 1.7).sin();
        [common + swing as i64, 2 * common]
    });
    closes.collect()
}

fn pairs(given: &[(&str, &str)], names: &[&str]) -> Session {
    let symbols = symbols(names);
    let (strategy, spec) = build("pairs", &params(given), &symbols).unwrap();
    Session::new(strategy, spec, &symbols)
}

fn play(session: &mut Session, closes: &[[i64; 2]], ids: [SymbolId; 2]) {
    for (place, both) in closes.iter().enumerate() {
        for (id, cents) in ids.into_iter().zip(both) {
            session.bar(bar(id, place, *cents));
        }
    }
}

fn ids(names: &[&str]) -> Vec<SymbolId> {
    symbols(names).ids().collect()
}

fn refused(name: &str, given: &[(&str, &str)], names: &[&str]) -> String {
    build(name, &params(given), &symbols(names)).err().unwrap().to_string()
}

#[test]
fn a_pair_is_entered_with_both_legs_of_one_size_and_left_with_both() {
    let mut session = pairs(&[("period", "50")], &NAMES);
    let [first, second] = ids(&NAMES)[..] else { panic!("two") };
    play(&mut session, &parting(600), [first, second]);
    let of = |symbol| session.approved.iter().filter(move |order| order.symbol == symbol);
    let (one, other): (Vec<_>, Vec<_>) = (of(first).collect(), of(second).collect());
    assert!(one.len() >= 6, "{} orders", one.len());
    assert_eq!(one.len(), other.len());
    for (one, other) in one.iter().zip(other) {
        assert_ne!(one.side, other.side, "one leg is bought while the other is sold");
        let (twice, shares) = (2 * other.quantity.whole().nanos(), one.quantity.whole().nanos());
        let off = (shares - twice).abs() as f64 / shares as f64;
        assert!(off < 0.06, "of one worth: {} and {}", one.quantity, other.quantity);
    }
    let shares = session.fills.iter().filter(|(symbol, _)| *symbol == first);
    let shares: Vec<i64> = shares.map(|(_, shares)| *shares).collect();
    for round in shares.chunks_exact(2) {
        assert_eq!(round[0], -round[1], "what was entered is left again");
    }
}

#[test]
fn a_pair_sells_what_is_dear() {
    let mut session = pairs(&[("period", "20"), ("stop", "100")], &NAMES);
    let [first, second] = ids(&NAMES)[..] else { panic!("two") };
    let mut closes: Vec<[i64; 2]> = (0..30).map(|place| [10_000 + place % 3, 10_000]).collect();
    closes.push([10_100, 10_000]);
    play(&mut session, &closes, [first, second]);
    let told: Vec<_> = session.approved.iter().map(|order| (order.symbol, order.side)).collect();
    assert_eq!(told, [(first, Side::Sell), (second, Side::Buy)]);
}

/// Too far apart is not far enough, but the end of what held them together.
#[test]
fn a_pair_gives_up_at_its_stop_until_the_spread_is_back() {
    let mut session = pairs(&[("period", "20"), ("stop", "3")], &NAMES);
    let [first, second] = ids(&NAMES)[..] else { panic!("two") };
    let mut closes: Vec<[i64; 2]> = (0..30).map(|place| [10_000 + place % 3, 10_000]).collect();
    closes.push([11_000, 10_000]);
    closes.extend((0..5).map(|place| [10_700 - 10 * place, 10_000]));
    play(&mut session, &closes, [first, second]);
    assert!(session.approved.is_empty(), "{:?}", session.approved);
}

#[test]
fn a_pair_waits_for_both_bars_of_a_time() {
    let symbols = symbols(&NAMES);
    let (mut strategy, _) = build("pairs", &params(&[("period", "5")]), &symbols).unwrap();
    let ids: Vec<SymbolId> = symbols.ids().collect();
    for place in 0..200 {
        let alone = bar(ids[0], place, 10_000 + 97 * (place as i64 % 7));
        strategy.observe(&alone);
        assert_eq!(proposals(strategy.as_ref(), &alone), [], "the other has no bar");
    }
}

/// A split changes neither the spread nor what is done about it.
#[test]
fn a_split_of_one_leg_changes_nothing() {
    let symbols = symbols(&NAMES);
    let make = || build("pairs", &params(&[("period", "30")]), &symbols).unwrap().0;
    let (mut split, mut plain) = (make(), make());
    let ids: Vec<SymbolId> = symbols.ids().collect();
    let mut said = 0;
    for (place, [first, second]) in parting(300).into_iter().enumerate() {
        if place == 150 {
            split.rebase(ids[1], Ratio::new(4, 1).unwrap());
        }
        let quarter = if place < 150 { second * 4 } else { second };
        let (mut one, mut other) = (Vec::new(), Vec::new());
        for (id, cents, its) in [(ids[0], first, first), (ids[1], quarter, second)] {
            let (with, without) = (bar(id, place, cents), bar(id, place, its));
            split.observe(&with);
            plain.observe(&without);
            one = sides(split.as_ref(), &with);
            other = sides(plain.as_ref(), &without);
        }
        assert_eq!(one, other, "bar {place}");
        said += usize::from(place >= 150 && !one.is_empty());
    }
    assert!(said > 0, "nothing was said after the split");
}

fn sides(strategy: &dyn Strategy, data: &MarketData) -> Vec<(SymbolId, Side)> {
    let proposed = proposals(strategy, data).into_iter();
    let sides = proposed.map(|intent| match intent {
        Intent::Submit(order) => (order.symbol, order.side),
        other => panic!("{other:?}"),
    });
    sides.collect()
}

#[test]
fn a_pair_is_two_symbols() {
    let said = refused("pairs", &[], &["AAA", "BBB", "CCC"]);
    assert_eq!(
        said,
        "strategy pairs: it trades two symbols, and has AAA, BBB, CCC: name two, as in --param symbols=AAA,BBB"
    );
    assert!(refused("pairs", &[], &["AAA"]).contains("has AAA"));
    assert!(refused("pairs", &[("entry", "5")], &NAMES).contains("and that below stop (4)"));
    let three = symbols(&["AAA", "BBB", "CCC"]);
    assert!(build("pairs", &params(&[("symbols", "CCC,AAA")]), &three).is_ok());
}

/// A daily bar, so many days after a first of January.
fn day(symbol: SymbolId, place: usize, cents: i64) -> MarketData {
    let close = Price::from_nanos(cents * 10_000_000);
    let MarketData::Bar(it) = bar(symbol, 0, cents) else { panic!("a bar") };
    let open_time = Timestamp::from_secs(1_704_085_200 + 86_400 * place as i64);
    MarketData::Bar(Bar { open_time, length: Span::from_secs(3_600), open: close, ..it })
}

fn rotation(given: &[(&str, &str)], closes: impl Fn(usize) -> [i64; 3], days: usize) -> Session {
    let names = ["AAA", "BBB", "CCC"];
    let symbols = symbols(&names);
    let (strategy, spec) = build("momentum-rotation", &params(given), &symbols).unwrap();
    let mut session = Session::new(strategy, spec, &symbols);
    for place in 0..days {
        for (id, cents) in symbols.ids().zip(closes(place)) {
            session.bar(day(id, place, cents));
        }
    }
    session
}

/// The first rises until the end of February, then the second.
fn relay(place: usize) -> [i64; 3] {
    let (first, second) = (place.min(60) as i64, place.saturating_sub(60) as i64);
    [10_000 + 20 * first, 10_000 + 50 * second, 10_000 - place as i64]
}

#[test]
fn a_rotation_holds_the_best_of_the_month_before() {
    let session = rotation(&[("period", "20"), ("quantity", "5")], relay, 121);
    let ids = ids(&["AAA", "BBB", "CCC"]);
    // At the first of February the first is best, at the first of April the second; what is sold
    // is sold before the other is bought.
    assert_eq!(session.fills, [(ids[0], 5), (ids[0], -5), (ids[1], 5)]);
}

#[test]
fn a_rotation_says_nothing_within_a_month() {
    let session = rotation(&[("period", "5")], relay, 31);
    assert!(session.approved.is_empty(), "{:?}", session.approved);
}

#[test]
fn a_rotation_holds_several_and_nothing_that_falls() {
    let falls = |place: usize| [10_000 - place as i64, 10_000 + place as i64, 10_000];
    let session = rotation(&[("period", "20"), ("top", "3")], falls, 70);
    let ids = ids(&["AAA", "BBB", "CCC"]);
    assert_eq!(session.fills, [(ids[1], 10)]);
}
