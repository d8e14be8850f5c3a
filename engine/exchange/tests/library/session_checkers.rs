//! The checkers of a session's conduct: an honest one is clean, and each lie is found.

use crate::support::*;
use exchange::Replacement;
use exchange::check::{
    Allowed, Asked, Bounds, Breach, Claims, Happening, Moved, Note, SessionRecord, Word,
    asked_again,
};
use kernel::{OrderStatus, Quantity, Span};

/// A session that bought ten at 100 and sold four, with an entry that was cancelled.
fn honest() -> (SessionRecord, Claims) {
    let mut exchange = open_exchange(free());
    exchange.submit(named(buy(10, market()), "tw-1")).unwrap();
    exchange.step(&[bar(0, ["100"; 4])]);
    exchange.submit(named(sell(4, market()), "tw-2")).unwrap();
    exchange.step(&[bar(1, ["100"; 4])]);
    let resting = exchange.submit(named(buy(5, limit("90")), "tw-3")).unwrap();
    exchange.cancel(resting.id).unwrap();
    let record = SessionRecord::of(&exchange);
    let orders = record
        .orders
        .iter()
        .map(|row| (row.client_order_id.to_string(), (row.status, row.filled_qty)));
    let claims = Claims {
        prefix: "tw-".into(),
        cash: record.account.cash,
        positions: [(spy(), shares(6))].into(),
        orders: orders.collect(),
        bounds: Bounds {
            order_qty: Some(shares(10)),
            named_notional: Some(cash("450")),
            order_notional: Some(cash("1000")),
            position_notional: Some(cash("1000")),
            orders_per_minute: Some(1),
        },
        ..Claims::default()
    };
    (record, claims)
}

#[test]
fn an_honest_session_is_clean() {
    let (record, claims) = honest();
    assert_eq!(record.breaches(&claims), []);
}

#[test]
fn each_lie_and_each_breach_is_found() {
    type Spoil = fn(&mut SessionRecord, &mut Claims);
    let id = || "tw-1".to_owned();
    let exceeds = |what| Breach::Limit { id: "tw-1".to_owned(), what };
    let word = |at, allowed, by_operator| Word { at: minute(3, at), allowed, by_operator };
    let (sound, _) = honest();
    let cases: Vec<(Spoil, Breach)> = vec![
        (
            |_, claims| claims.cash = cash("1"),
            Breach::Cash { claimed: cash("1"), recorded: sound.account.cash },
        ),
        (|_, claims| claims.trial_balance = 1, Breach::Unbalanced { by: 1 }),
        (|record, _| record.repeated.push("tw-1".into()), Breach::Repeated { id: id() }),
        (
            |_, claims| claims.positions.clear(),
            Breach::Position { symbol: spy(), claimed: Quantity::ZERO, recorded: shares(6) },
        ),
        (|_, claims| claims.orders.retain(|id, _| id != "tw-1"), Breach::Unknown { id: id() }),
        (
            |_, claims| {
                claims.orders.insert("tw-1".into(), (OrderStatus::Filled, shares(9)));
            },
            Breach::Order { id: id() },
        ),
        (
            |_, claims| {
                claims.orders.insert("tw-9".into(), (OrderStatus::Filled, shares(1)));
            },
            Breach::Missing { id: "tw-9".into() },
        ),
        (
            |record, _| record.orders[0].status = OrderStatus::PartiallyFilled,
            Breach::Unended { id: id() },
        ),
        (|_, claims| claims.bounds.order_qty = Some(shares(9)), exceeds("shares in one order")),
        (
            |_, claims| claims.bounds.named_notional = Some(cash("449.99")),
            Breach::Limit { id: "tw-3".to_owned(), what: "USD in one order" },
        ),
        (
            |_, claims| claims.bounds.order_notional = Some(cash("999.99")),
            exceeds("USD in one order"),
        ),
        (
            |_, claims| claims.bounds.position_notional = Some(cash("999.99")),
            exceeds("USD in one symbol"),
        ),
        (|_, claims| claims.bounds.orders_per_minute = Some(0), exceeds("orders in a minute")),
    ];
    for (spoil, breach) in cases {
        let (mut record, mut claims) = honest();
        spoil(&mut record, &mut claims);
        let found = record.breaches(&claims);
        assert!(found.contains(&breach), "{breach:?} among {found:?}");
    }
    for allowed in [Allowed::Halted, Allowed::Reducing] {
        let (record, mut claims) = honest();
        claims.words = vec![word(-1, allowed, true)];
        let grew = ["tw-1", "tw-3"].map(|id| Breach::Grew { id: id.into() });
        assert_eq!(record.breaches(&claims), grew, "the sale only closes");
    }
    let (record, mut claims) = honest();
    claims.words = vec![word(10, Allowed::Halted, false), word(11, Allowed::Reducing, false)];
    assert_eq!(record.breaches(&claims), [Breach::Unlatched { at: minute(3, 11) }]);
    claims.words[1].by_operator = true;
    assert_eq!(record.breaches(&claims), []);
}

/// The exchange refuses an order that it has, be it asked for anew or put in another's place, and the
/// refusal tells of whoever asks: a session does not send what was taken.
#[test]
fn an_order_that_is_sent_twice_is_on_record() {
    let mut exchange = open_exchange(free());
    let first = exchange.submit(named(buy(10, limit("90")), "tw-1")).unwrap();
    let change = || Replacement {
        client_order_id: Some("tw-2".into()),
        qty: Some(shares(4)),
        ..Replacement::default()
    };
    exchange.replace(first.id, change()).unwrap();
    exchange.submit(named(buy(10, limit("90")), "somebody")).unwrap();
    // What is refused for another reason never was an order.
    exchange.submit(named(buy(10, limit("-1")), "tw-3")).unwrap_err();
    assert_eq!(SessionRecord::of(&exchange).repeated, []);
    exchange.submit(named(buy(10, limit("90")), "tw-1")).unwrap_err();
    exchange.replace(first.id, change()).unwrap_err();
    exchange.submit(named(buy(10, limit("90")), "somebody")).unwrap_err();
    let record = SessionRecord::of(&exchange);
    let mut claims = Claims { prefix: "tw-".into(), ..Claims::default() };
    let repeated = |claims: &Claims| {
        let mut found = record.breaches(claims);
        found.retain(|breach| matches!(breach, Breach::Repeated { .. }));
        found
    };
    let [first, second] = ["tw-1", "tw-2"].map(|id| Breach::Repeated { id: id.into() });
    assert_eq!(repeated(&claims), [first, second.clone()]);
    claims.misled.insert("tw-1".into());
    assert_eq!(repeated(&claims), [second]);
}

/// A request that a fault struck may be sent again, by rules of its own; one that was answered may not.
#[test]
fn what_was_answered_is_not_asked_for_again() {
    let asked = |kind, order: &str, struck| {
        let what = Happening::Asked(Asked { kind, order: Some(order.into()), struck });
        Note { step: 1, at: minute(3, 1), since_start: Span::ZERO, what }
    };
    let claims = Claims { prefix: "tw-".into(), ..Claims::default() };
    let sound = [
        asked("submit", "tw-1", true),
        asked("submit", "tw-1", false),
        asked("read_order", "tw-1", false),
        asked("replace", "tw-2", false),
        asked("cancel", "tw-2", false),
        asked("submit", "somebody", false),
        asked("submit", "somebody", false),
    ];
    assert_eq!(asked_again(&sound, &claims), []);
    for (kind, id) in [("submit", "tw-1"), ("replace", "tw-2")] {
        let again = [&sound[..], &[asked(kind, id, false)]].concat();
        assert_eq!(asked_again(&again, &claims), [Breach::AskedAgain { id: id.into() }]);
    }
}

#[test]
fn what_a_session_could_not_know_is_not_held_against_it() {
    let (record, mut claims) = honest();
    let told_late = Span::from_secs(3_600);
    claims.words = vec![Word { at: minute(3, 0), allowed: Allowed::Reducing, by_operator: true }];
    assert_eq!(record.breaches(&claims), [Breach::Grew { id: "tw-3".into() }]);
    claims.told_within = told_late;
    assert_eq!(record.breaches(&claims), []);
    claims.told_within = Span::ZERO;
    claims.unsure = ["tw-3".to_owned()].into();
    assert_eq!(record.breaches(&claims), []);
}

/// An order may travel for long: what was allowed when it was decided on counts.
#[test]
fn an_order_is_held_to_what_was_allowed_when_it_was_decided_on() {
    let (record, mut claims) = honest();
    claims.words = vec![Word { at: minute(3, 0), allowed: Allowed::Reducing, by_operator: true }];
    claims.decided.insert("tw-3".into(), minute(3, -1));
    assert_eq!(record.breaches(&claims), []);
    claims.words[0].at = minute(3, -2);
    assert!(record.breaches(&claims).contains(&Breach::Grew { id: "tw-3".into() }));
    claims.words.clear();
    claims.decided.insert("tw-3".into(), minute(3, -10));
    claims.decided.insert("tw-1".into(), minute(3, -10));
    let what = "orders in a minute";
    assert_eq!(record.breaches(&claims), [Breach::Limit { id: "tw-3".into(), what }]);
}

/// The exchange names legs; a claim under such a name is judged like any other.
#[test]
fn a_leg_that_has_filled_otherwise_is_found() {
    let (mut record, mut claims) = honest();
    let parent = record.orders[0].id;
    let leg = &mut record.orders[1];
    (leg.client_order_id, leg.parent) = ("leg".into(), Some(parent));
    claims.orders.remove("tw-2");
    assert_eq!(record.breaches(&claims), [], "what is not claimed is not judged");
    claims.orders.insert("leg".into(), (OrderStatus::Canceled, shares(4)));
    assert_eq!(record.breaches(&claims), [], "what its end is called differs");
    claims.orders.insert("leg".into(), (OrderStatus::Canceled, shares(3)));
    assert_eq!(record.breaches(&claims), [Breach::Order { id: "leg".into() }]);
}

/// Books that were moved are explained by what was nobody's order of the session, and by nothing else.
#[test]
fn books_that_were_moved_need_a_reason() {
    let moved = |symbol| Moved { at: minute(3, 20), symbol };
    let (record, mut claims) = honest();
    claims.moved = vec![moved(None), moved(Some(spy()))];
    let breach = |symbol| Breach::Unexplained { at: minute(3, 20), symbol };
    assert_eq!(record.breaches(&claims), [breach(None), breach(Some(spy()))]);

    // Somebody else's trade explains both; one that came later explains nothing.
    let (mut record, mut claims) = honest();
    record.orders[1].client_order_id = "by-hand-1".into();
    claims.orders.remove("tw-2");
    claims.moved = vec![moved(None), moved(Some(spy()))];
    assert_eq!(record.breaches(&claims), []);
    claims.moved[0].at = minute(2, 0);
    let early = Breach::Unexplained { at: minute(2, 0), symbol: None };
    assert_eq!(record.breaches(&claims), [early]);
}

#[test]
fn a_leg_of_the_sessions_own_order_explains_nothing() {
    let (mut record, mut claims) = honest();
    let parent = record.orders[0].id;
    (record.orders[1].client_order_id, record.orders[1].parent) = ("leg".into(), Some(parent));
    claims.orders.remove("tw-2");
    claims.moved = vec![Moved { at: minute(3, 20), symbol: Some(spy()) }];
    assert_eq!(record.breaches(&claims).len(), 1);
}

/// A session that stops may leave orders that both sides know of, and no others.
#[test]
fn an_order_that_is_left_open_must_stand_in_the_books_too() {
    let (mut record, mut claims) = honest();
    record.orders[2].status = OrderStatus::New;
    let unended = [Breach::Unended { id: "tw-3".into() }];
    claims.leaves_open = true;
    assert_eq!(record.breaches(&claims), unended, "the books say that it is cancelled");
    claims.orders.insert("tw-3".into(), (OrderStatus::New, Quantity::ZERO));
    assert_eq!(record.breaches(&claims), []);
    claims.orders.insert("tw-3".into(), (OrderStatus::New, shares(1)));
    assert_eq!(record.breaches(&claims), unended, "nor has it filled what they say");
    claims.orders.insert("tw-3".into(), (OrderStatus::New, Quantity::ZERO));
    claims.leaves_open = false;
    assert_eq!(record.breaches(&claims), unended);
}
