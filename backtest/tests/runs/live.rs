//! A session against its simulation: each cause made alone, and its whole difference in its place.

use crate::common::{flat, minutes, walk};
use crate::session::Session;
use backtest::{Cause, LiveComparison, Recorded, RecordedData, compare_live};
use exchange::ExchangeConfig;
use kernel::{
    BasisPoints, Cash, CashMovement, Command, Input, MarketData, MovementKind, Price, Quantity,
    Span,
};
use marketdata::Feed;

fn usd(whole: i64) -> Cash {
    Cash::from_whole(whole).unwrap()
}

/// A backtest's venue without regulators' fees, so that prices alone make the difference.
fn venue() -> ExchangeConfig {
    let mut config = ExchangeConfig::default();
    config.fees.regulatory = false;
    config
}

/// Two sessions of a generated walk, on which the crossover trades many times.
fn days() -> Feed {
    walk(&["AAA"], 2)
}

fn compare(session: Session<'_>, simulated: &ExchangeConfig) -> LiveComparison {
    let feed = session.feed;
    let dir = session.run();
    let recorded = Recorded::read(dir.path()).unwrap();
    let build = || Ok(crate::session::strategies(feed));
    let compared = compare_live(&recorded, simulated, &build).unwrap();
    assert_eq!(compared.parts.total(), compared.difference, "the parts are the whole");
    let by_order = compared.orders.iter().map(|order| order.parts.total());
    let rows = by_order.chain([compared.beside_orders.total()]);
    let rows = rows.fold(0, |sum, part| sum + part.nanos());
    assert_eq!(rows, compared.difference.nanos(), "the rows are the whole");
    compared
}

/// The whole difference is of one cause, and there is one.
fn assert_only(compared: &LiveComparison, cause: Cause) {
    assert_ne!(compared.difference, Cash::ZERO, "{cause:?} changed nothing");
    assert_none_but(compared, cause);
}

fn assert_none_but(compared: &LiveComparison, cause: Cause) {
    for other in Cause::ALL {
        let expected = if other == cause { compared.difference } else { Cash::ZERO };
        assert_eq!(compared.parts.of(other), expected, "{other:?}: {compared:#?}");
    }
}

#[test]
fn a_session_like_its_simulation_differs_in_nothing() {
    let feed = days();
    let compared = compare(Session::over(&feed, venue()), &venue());
    assert!(compared.is_equal() && compared.same_events, "{compared:#?}");
    assert_ne!(compared.session_pnl, Cash::ZERO, "it traded");
}

#[test]
fn what_orders_take_to_the_market_is_latency() {
    let feed = days();
    let mut slow = venue();
    slow.fills.latency = Span::from_millis(100);
    let compared = compare(Session::over(&feed, slow), &venue());
    assert_only(&compared, Cause::Latency);
}

#[test]
fn worse_prices_are_the_fill_model() {
    let feed = days();
    let mut dear = venue();
    dear.fills.slippage = BasisPoints::new(5);
    let compared = compare(Session::over(&feed, dear.clone()), &venue());
    assert_only(&compared, Cause::FillModel);
    let told = compare(Session::over(&feed, dear.clone()), &dear);
    assert!(told.is_equal(), "a simulation that is told of it has the same");
}

#[test]
fn commissions_are_fees() {
    let feed = days();
    let mut dear = venue();
    dear.fees.commission.per_share = Cash::from_nanos(10_000_000);
    let compared = compare(Session::over(&feed, dear), &venue());
    assert_only(&compared, Cause::Fees);
    assert!(compared.orders.is_empty(), "no order differs before fees");
}

#[test]
fn a_refused_order_and_what_followed_from_it_are_orders() {
    let feed = days();
    let mut changed = 0;
    for refused in 1..8 {
        let mut session = Session::over(&feed, venue());
        session.refuses = Some(refused);
        let compared = compare(session, &venue());
        // Asked for again at the next bar, an order may fill at the same price.
        assert_none_but(&compared, Cause::Orders);
        changed += u32::from(compared.difference != Cash::ZERO);
        let told = compared.orders.iter().find(|order| order.account.0.contains("not today"));
        assert_eq!(told.unwrap().session.as_ref().unwrap().number, refused);
    }
    assert!(changed > 3, "{changed}");
}

#[test]
fn an_order_that_is_lost_is_orders() {
    let feed = days();
    let mut session = Session::over(&feed, venue());
    session.loses = Some(3);
    let compared = compare(session, &venue());
    assert_only(&compared, Cause::Orders);
    let told = compared.orders.iter().find(|order| order.account.0.contains("never reached"));
    assert_eq!(told.unwrap().session.as_ref().unwrap().number, 3);
}

#[test]
fn what_a_halt_kept_from_being_made_is_orders() {
    let feed = days();
    let mut session = Session::over(&feed, venue());
    session.between(100, Input::Command(Command::Halt { reason: "lunch".into() }));
    session.between(300, Input::Command(Command::Resume { reason: "back".into() }));
    let compared = compare(session, &venue());
    assert_only(&compared, Cause::Orders);
    assert!(compared.orders.iter().any(|order| order.session.is_none()));
}

/// Falls, then rises, so that the averages cross once, and stays there.
fn valley() -> Feed {
    let closes = (0..40).map(|n| 10_000 - 10 * n).chain((0..60).map(|n| 9_600 + 20 * n));
    minutes(&[("AAA", flat(&closes.collect::<Vec<_>>()))])
}

#[test]
fn a_bar_that_was_counted_again_is_data_revision() {
    let feed = valley();
    let MarketData::Bar(right) = feed.data[20] else { unreachable!() };
    // A spike that lifts the fast average over the slow one: bought, and sold when it has passed.
    let spike = Price::from_nanos(right.close.nanos() * 2);
    let wrong = kernel::Bar { high: spike, close: spike, ..right };
    let mut session = Session::over(&feed, venue());
    session.shows(20, Some(MarketData::Bar(wrong)));
    session.between(21, Input::UpdatedBar(right));
    let compared = compare(session, &venue());
    assert_only(&compared, Cause::DataRevision);
}

#[test]
fn bars_that_were_missed_and_read_later_are_data_revision() {
    let feed = valley();
    let mut session = Session::over(&feed, venue());
    // The crossing lies among them.
    for place in 40..60 {
        session.shows(place, None);
        session.between(60, Input::Late(feed.data[place]));
    }
    let compared = compare(session, &venue());
    assert_only(&compared, Cause::DataRevision);
}

/// What a session saw wrongly, too late or twice is in its data once, as it is known in the end.
#[test]
fn the_data_of_a_session_is_what_is_known_in_the_end() {
    let feed = valley();
    let MarketData::Bar(right) = feed.data[20] else { unreachable!() };
    let low = Price::from_nanos(right.low.nanos() / 2);
    let wrong = kernel::Bar { low, ..right };
    let mut session = Session::over(&feed, venue());
    session.shows(20, Some(MarketData::Bar(wrong)));
    session.between(21, Input::UpdatedBar(right));
    for place in 40..60 {
        session.shows(place, None);
        session.between(60, Input::Late(feed.data[place]));
    }
    // As a restart does, with another opinion of one bar.
    let MarketData::Bar(known) = feed.data[69] else { unreachable!() };
    session.between(70, Input::Warmup(feed.data[68]));
    session.between(70, Input::Warmup(MarketData::Bar(kernel::Bar { low, ..known })));
    let dir = session.run();
    let data = RecordedData::open(dir.path()).unwrap();
    assert_eq!(*data.symbols(), feed.symbols);
    for most in [1, 7, 1_000_000] {
        let chunks: Vec<_> = data.chunks(most).map(Result::unwrap).collect();
        assert!(chunks.iter().all(|chunk| chunk.len() <= most), "one bar a minute");
        assert_eq!(chunks.concat(), feed.data, "{most} at a time");
    }
}

/// A trade that was changed, and then taken back under its new price; and one that stays.
#[test]
fn trades_are_what_was_said_of_them_last() {
    let feed = valley();
    let symbol = feed.data[0].symbol();
    let usd = |whole| Price::from_whole(whole).unwrap();
    let size = Quantity::from_whole(5).unwrap();
    let time = feed.data[10].time();
    let trade = |price| MarketData::Trade(kernel::Trade { symbol, time, price, size });
    let told = |price| kernel::TapeTrade { id: "1".into(), price, size };
    let mut session = Session::over(&feed, venue());
    for price in [usd(100), usd(100), usd(101)] {
        session.between(11, Input::Late(trade(price)));
    }
    let (original, corrected) = (told(usd(100)), told(usd(102)));
    session
        .between(12, Input::Correction(kernel::Correction { symbol, time, original, corrected }));
    for price in [usd(102), usd(999)] {
        let trade = told(price);
        let cancel = kernel::CancelError { symbol, time, trade, is_error: true };
        session.between(13, Input::CancelError(cancel));
    }
    let dir = session.run();
    let data = RecordedData::open(dir.path()).unwrap();
    let rows = data.chunks(50).flat_map(Result::unwrap);
    let trades: Vec<_> = rows.filter(|row| matches!(row, MarketData::Trade(_))).collect();
    assert_eq!(trades, [trade(usd(100)), trade(usd(101))]);
}

#[test]
fn a_dividend_is_the_account() {
    let feed = days();
    let mut session = Session::over(&feed, venue());
    let (id, kind, amount) = ("d1".into(), MovementKind::Dividend, usd(12));
    session.between(200, Input::Cash(CashMovement { id, kind, amount }));
    let compared = compare(session, &venue());
    assert_only(&compared, Cause::Account);
    assert_eq!(compared.difference, usd(12));
}

#[test]
fn money_that_was_paid_in_is_no_profit() {
    let feed = days();
    let mut session = Session::over(&feed, venue());
    let (id, kind, amount) = ("p1".into(), MovementKind::Deposit, usd(500));
    session.between(200, Input::Cash(CashMovement { id, kind, amount }));
    let compared = compare(session, &venue());
    assert_eq!((compared.difference, compared.parts.total()), (Cash::ZERO, Cash::ZERO));
}

#[test]
fn a_session_that_began_with_a_position_is_simulated_from_there() {
    let feed = days();
    let held = (feed.symbols.ids().next().unwrap(), Quantity::from_whole(7).unwrap());
    let begun = |venue: ExchangeConfig| {
        let mut session = Session::over(&feed, venue);
        session.positions = vec![(held.0, held.1, Price::from_whole(90).unwrap())];
        session
    };
    let same = compare(begun(venue()), &venue());
    assert!(same.is_equal() && same.same_events, "{same:#?}");
    // The account moved by what the position gained since the first price, and by its trades.
    let flat = compare(Session::over(&feed, venue()), &venue());
    assert_ne!(same.session_pnl, flat.session_pnl, "what was held counts");
    let mut slow = venue();
    slow.fills.latency = Span::from_millis(100);
    assert_only(&compare(begun(slow), &venue()), Cause::Latency);
}

/// A crossing in the first bars is seen by averages of the bars before them alone.
#[test]
fn a_session_that_began_with_full_windows_is_simulated_with_them() {
    let whole = valley();
    let (before, after) = whole.data.split_at(41);
    let feed = Feed { data: after.to_vec(), ..whole.clone() };
    let begun = |warm_up: &[MarketData]| {
        let mut session = Session::over(&feed, venue());
        session.warm_up = warm_up.to_vec();
        compare(session, &venue())
    };
    let warm = begun(before);
    assert!(warm.is_equal() && warm.same_events, "{warm:#?}");
    assert_ne!(warm.session_pnl, begun(&[]).session_pnl, "the bars before are in its windows");
}

#[test]
fn several_causes_at_once_still_add_up() {
    let feed = days();
    let mut other = ExchangeConfig::default();
    other.fills.latency = Span::from_millis(100);
    other.fills.slippage = BasisPoints::new(3);
    other.fees.commission.per_share = Cash::from_nanos(5_000_000);
    let mut session = Session::over(&feed, other);
    session.refuses = Some(4);
    session.between(500, Input::Command(Command::Halt { reason: "lunch".into() }));
    session.between(600, Input::Command(Command::Resume { reason: "back".into() }));
    let compared = compare(session, &ExchangeConfig::default());
    for cause in [Cause::Orders, Cause::Latency, Cause::FillModel, Cause::Fees] {
        assert_ne!(compared.parts.of(cause), Cash::ZERO, "{cause:?}");
    }
    assert_eq!(compared.parts.other, Cash::ZERO);
}
