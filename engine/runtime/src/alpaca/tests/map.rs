//! Each oddity of Alpaca's answers, and what becomes of it.

use super::fixtures::{
    ACCOUNT, ASSET, CALENDAR, CLOCK, FEE_ACTIVITY, FILL, FILL_ACTIVITY, ORDER, POSITIONS,
};
use super::{at, names, price, shares};
use crate::alpaca::Names;
use crate::alpaca::map;
use crate::alpaca::rows::{OrderState, Posting, Replay, ReplayData};
use kernel::{
    Cash, Execution, ExecutionId, FeeKind, MovementKind, OrderNumber, OrderStatus, Ratio, Report,
    ReportKind, ShareChange, Side, Span, Symbols, Timestamp,
};
use serde_json::{Value, json};

/// A fixture with some of its fields set otherwise.
fn with(fixture: &str, changes: Value) -> Vec<u8> {
    let mut value: Value = serde_json::from_str(fixture).unwrap();
    for (key, change) in changes.as_object().unwrap() {
        value[key] = change.clone();
    }
    value.to_string().into_bytes()
}

fn without(fixture: &str, fields: &[&str]) -> Vec<u8> {
    let mut value: Value = serde_json::from_str(fixture).unwrap();
    for field in fields {
        value.as_object_mut().unwrap().remove(*field).unwrap();
    }
    value.to_string().into_bytes()
}

fn order(body: &[u8]) -> OrderState {
    map::order(&map::parse(body).unwrap(), &names()).unwrap()
}

fn update(body: &[u8]) -> Report {
    map::update(body, &names()).unwrap()
}

/// Conformance 9, 75.
#[test]
fn an_account_reads_with_and_without_the_fields_of_the_old_day_trading_rule() {
    let old = json!({"pattern_day_trader": false, "daytrade_count": 0,
        "daytrading_buying_power": "0", "bod_dtbp": null});
    for body in [ACCOUNT.as_bytes().to_vec(), with(ACCOUNT, old)] {
        let account = map::account(&body).unwrap();
        assert_eq!(account.cash, "122086.5".parse().unwrap());
        assert_eq!(account.equity, "123346.11".parse().unwrap());
        assert_eq!(account.buying_power, "245432.61".parse().unwrap());
        assert_eq!((account.multiplier, account.shorting_enabled), (2, true));
        assert_eq!(account.blocked, None);
    }
}

/// Conformance 76.
#[test]
fn an_account_that_may_not_trade_says_why() {
    let cases = [
        (json!({"status": "ACCOUNT_CLOSED"}), "status is ACCOUNT_CLOSED"),
        (json!({"status": null}), "no status"),
        (json!({"trading_blocked": true}), "trading is blocked"),
        (json!({"account_blocked": "true"}), "the account is blocked"),
        (json!({"trade_suspended_by_user": true}), "own settings"),
        (json!({"currency": "EUR"}), "in EUR, not in USD"),
    ];
    for (change, expected) in cases {
        let blocked = map::account(&with(ACCOUNT, change)).unwrap().blocked.unwrap();
        assert!(blocked.contains(expected), "{blocked}");
    }
}

/// Conformance 10.
#[test]
fn numbers_are_exact_as_strings_and_as_numbers_and_never_binary() {
    for cash in [json!("0.1"), json!(0.1), json!("1e-1"), json!("0.100000000000")] {
        let account = map::account(&with(ACCOUNT, json!({"cash": cash}))).unwrap();
        assert_eq!(account.cash, Cash::from_nanos(100_000_000));
    }
    let dust = order(&with(ORDER, json!({"qty": "1790.860000001"})));
    assert_eq!(dust.quantity, shares("1790.860000001"));
    let body = br#"{"cash":9007199.254740993,"equity":-0.123456789987,"buying_power":0}"#;
    let account = map::account(body).unwrap();
    assert_eq!(account.cash, "9007199.254740993".parse().unwrap());
    assert_eq!(account.equity, Cash::from_nanos(-123_456_790), "a valuation, rounded down");
}

#[test]
fn a_field_that_is_needed_and_unusable_is_named() {
    let error = map::account(&without(ACCOUNT, &["cash"])).unwrap_err();
    assert_eq!(error.to_string(), "account: `cash` is missing");
    let error = map::account(&with(ACCOUNT, json!({"cash": "much"}))).unwrap_err();
    assert_eq!(error.to_string(), "account: `cash` is \"much\"");
}

/// Conformance 12.
#[test]
fn positions_split_into_ours_and_foreign_and_shorts_are_negative() {
    let mut value: Value = serde_json::from_str(POSITIONS).unwrap();
    let short = json!({"symbol": "SPY", "qty": "-3", "side": "short",
        "avg_entry_price": "100.33333333333333", "new_field": {"a": [1]}});
    let unsigned = json!({"symbol": "BTCUSD", "qty": 0.5, "side": "short"});
    value.as_array_mut().unwrap().extend([short, unsigned]);
    let positions = map::positions(value.to_string().as_bytes(), &names()).unwrap();
    let held: Vec<_> = positions.held.iter().map(|held| held.quantity).collect();
    assert_eq!(held, [shares("2"), shares("-3")]);
    assert_eq!(positions.held[1].average_price, price("100.333333333"));
    assert_eq!(positions.foreign, [("BTCUSD".into(), shares("-0.5"))]);
}

/// Conformance 25.
#[test]
fn the_answer_to_an_order_is_an_acknowledgement_never_a_fill() {
    let accepted = order(ORDER.as_bytes());
    assert_eq!(accepted.order, Some(OrderNumber(7)));
    assert_eq!(accepted.acknowledgement().kind, ReportKind::Accepted);
    assert_eq!(accepted.acknowledgement().cumulative, None);
    let filled = order(&with(ORDER, json!({"status": "filled", "filled_qty": "2"})));
    let answer = filled.acknowledgement();
    assert_eq!((answer.kind, answer.execution), (ReportKind::New, None));
    assert_eq!(filled.report().cumulative, Some(shares("2")));
}

/// Conformance 13.
#[test]
fn a_status_nobody_knows_keeps_its_word_and_asks_for_a_read() {
    let strange = order(&with(ORDER, json!({"status": "levitating"})));
    assert_eq!((strange.status, strange.status_text.as_ref()), (None, "levitating"));
    assert_eq!(strange.report().kind, ReportKind::Unrecognised);
    let ours = order(&with(ORDER, json!({"status": "not_received"})));
    assert_eq!(ours.status, None, "a word of our own means nothing from a broker");
}

#[test]
fn every_status_of_alpaca_is_known() {
    let words = "new partially_filled filled done_for_day canceled expired replaced pending_cancel \
        pending_replace accepted pending_new accepted_for_bidding stopped rejected suspended \
        calculated held";
    for word in words.split_whitespace() {
        let state = order(&with(ORDER, json!({"status": word})));
        assert_eq!(state.status.map(OrderStatus::as_str), Some(word));
        assert_ne!(state.report().kind, ReportKind::Unrecognised, "{word}");
    }
}

/// Conformance 69.
#[test]
fn both_ends_of_a_replacement_are_named() {
    let old = order(&with(ORDER, json!({"status": "replaced", "replaced_by": "new-id"})));
    assert_eq!(old.replaced_by.unwrap().0.as_ref(), "new-id");
    let new = order(&with(ORDER, json!({"replaces": "old-id", "client_order_id": "their-own"})));
    assert_eq!((new.replaces.unwrap().0.as_ref(), new.order), ("old-id", None));
}

/// Conformance 11, 97, 98, 99.
#[test]
fn a_fill_with_mixed_time_offsets_reads_exactly() {
    let expected = Report {
        order: Some(OrderNumber(3)),
        broker_id: Some(kernel::BrokerOrderId("a5be8f5e-fdfa-41f5-a644-7a74fe947a8f".into())),
        kind: ReportKind::Fill,
        time: at("2022-04-19T17:45:05.024916716Z"),
        execution: Some(Execution {
            id: ExecutionId("2f63ea93-423d-4169-b3f6-3fdafc10c418".into()),
            quantity: shares("1790.86"),
            price: price("105.8988475"),
        }),
        cumulative: Some(shares("1790.86")),
        text: None,
    };
    assert_eq!(update(FILL.as_bytes()), expected);
    let order_json = serde_json::from_str::<Value>(FILL).unwrap()["order"].to_string();
    let state = order(order_json.as_bytes());
    assert_eq!(state.filled_average, Some(price("105.8988475")));
    assert_eq!(state.submitted_at, Some(at("2022-04-19T17:45:04.980944666Z")));
}

/// Conformance 101.
#[test]
fn events_without_execution_price_quantity_or_time_are_events() {
    let bare = without(FILL, &["execution_id", "price", "qty", "timestamp", "position_qty"]);
    let accepted = with(std::str::from_utf8(&bare).unwrap(), json!({"event": "accepted"}));
    let report = update(&accepted);
    assert_eq!((report.kind, report.execution), (ReportKind::Accepted, None));
    assert_eq!(report.time, at("2022-04-19T17:45:05.027690731Z"), "the order's last change");
    assert_eq!(update(&bare).kind, ReportKind::Unrecognised, "a fill of nothing: read the order");
}

/// Conformance 102.
#[test]
fn a_fill_without_a_name_has_the_same_name_each_time_and_another_for_the_next() {
    let nameless = without(FILL, &["execution_id"]);
    let name = |body: &[u8]| update(body).execution.unwrap().id;
    assert_eq!(name(&nameless), name(&nameless));
    let mut later: Value = serde_json::from_slice(&nameless).unwrap();
    later["order"]["filled_qty"] = json!("1800");
    assert_ne!(name(&nameless), name(later.to_string().as_bytes()));
}

/// Conformance 13, 103.
#[test]
fn every_event_of_alpaca_is_known_and_others_ask_for_a_read() {
    let known = "accepted pending_new new partial_fill fill pending_cancel canceled \
        order_cancel_rejected pending_replace replaced order_replace_rejected rejected expired \
        done_for_day stopped suspended calculated held restated trade_bust trade_correct \
        pending_review partially_filled";
    for event in known.split_whitespace() {
        let kind = update(&with(FILL, json!({"event": event}))).kind;
        assert_ne!(kind, ReportKind::Unrecognised, "{event}");
    }
    for event in [json!("teleported"), json!(null), json!(7), json!({})] {
        let report = update(&with(FILL, json!({"event": event})));
        assert_eq!((report.kind, report.execution), (ReportKind::Unrecognised, None));
    }
}

/// Conformance 100.
#[test]
fn a_replaced_event_ends_the_old_order() {
    let mut body: Value = serde_json::from_str(FILL).unwrap();
    body["event"] = json!("replaced");
    body["order"]["replaced_by"] = json!("new-id");
    let report = update(body.to_string().as_bytes());
    assert_eq!((report.kind, report.order), (ReportKind::Replaced, Some(OrderNumber(3))));
}

/// Conformance 86.
#[test]
fn an_activity_carries_the_execution_its_order_and_the_count_so_far() {
    let fill = map::fill(&map::parse(FILL_ACTIVITY.as_bytes()).unwrap()).unwrap();
    assert_eq!(fill.execution.id.0.as_ref(), "2d7be4ff-d1f3-43e9-856a-0f5cf5c5088e");
    assert_eq!((fill.execution.quantity, fill.execution.price), (shares("2"), price("174.78")));
    assert_eq!((fill.side, fill.cumulative), (Side::Buy, Some(shares("2"))));
    assert_eq!(fill.time, at("2022-02-02T18:55:09.981482Z"));
    let report = fill.report(Some(OrderNumber(1)));
    assert_eq!((report.kind, report.cumulative), (ReportKind::PartialFill, Some(shares("2"))));
}

/// Conformance 87.
#[test]
fn a_short_sale_is_a_sale() {
    let short = with(FILL_ACTIVITY, json!({"side": "sell_short"}));
    assert_eq!(map::fill(&map::parse(&short).unwrap()).unwrap().side, Side::Sell);
}

#[test]
fn fees_are_told_apart_by_their_words() {
    let fee = |body: &[u8]| match map::posting(&map::parse(body).unwrap()).unwrap() {
        Some(Posting::Fee(fee)) => Some(fee),
        Some(Posting::Cash(_)) | None => None,
    };
    let taf = fee(FEE_ACTIVITY.as_bytes()).unwrap();
    assert_eq!((taf.kind, taf.amount), (FeeKind::Taf, Cash::from_nanos(20_000_000)));
    let cases = [
        (json!({"description": "REG fee for proceed of $51.78 on 2022-02-02"}), FeeKind::Sec),
        (json!({"description": "", "activity_sub_type": "CAT"}), FeeKind::Cat),
        (json!({"description": "Commission"}), FeeKind::Commission),
        (json!({"description": "Category unknown"}), FeeKind::Other),
    ];
    for (change, expected) in cases {
        assert_eq!(fee(&with(FEE_ACTIVITY, change)).unwrap().kind, expected);
    }
    let refund = fee(&with(FEE_ACTIVITY, json!({"net_amount": 0.05}))).unwrap();
    assert_eq!(refund.amount, Cash::from_nanos(-50_000_000));
    assert_eq!(fee(&with(FEE_ACTIVITY, json!({"status": "canceled"}))), None);
}

#[test]
fn whatever_moves_cash_is_called_by_its_name() {
    let movement =
        |change: Value| match map::posting(&map::parse(&with(FEE_ACTIVITY, change)).unwrap()) {
            Ok(Some(Posting::Cash(movement))) => Some((movement.kind, movement.amount.to_string())),
            Ok(Some(Posting::Fee(_)) | None) => None,
            Err(error) => panic!("{error}"),
        };
    let cases = [
        ("CSD", "100", Some(MovementKind::Deposit)),
        ("CSW", "-100", Some(MovementKind::Withdrawal)),
        // A withdrawal that came back.
        ("CSW", "100", Some(MovementKind::Deposit)),
        ("TRANS", "-1", Some(MovementKind::Withdrawal)),
        ("JNLC", "5", Some(MovementKind::Journal)),
        ("DIV", "1.02", Some(MovementKind::Dividend)),
        ("DIVNRA", "-0.3", Some(MovementKind::Dividend)),
        ("INT", "0.4", Some(MovementKind::Interest)),
        ("SPLIT", "3.5", Some(MovementKind::CashInLieu)),
        ("NEWTYPE", "7", Some(MovementKind::Other)),
        ("SPLIT", "0", None),
    ];
    for (kind, amount, expected) in cases {
        let found = movement(json!({"activity_type": kind, "net_amount": amount}));
        assert_eq!(found, expected.map(|kind| (kind, amount.to_owned())), "{kind} {amount}");
    }
    assert_eq!(movement(json!({"activity_type": "SPLIT", "net_amount": null, "qty": "5"})), None);
    assert_eq!(
        movement(json!({"activity_type": "CSD", "net_amount": "1", "status": "canceled"})),
        None
    );
}

#[test]
fn splits_and_new_names_are_read_for_the_symbols_of_the_session() {
    let names = Names::new(Symbols::new(["AAPL", "FB"]).unwrap(), "0123456789abcdef");
    let body = json!({"corporate_actions": {
        "forward_splits": [
            {"id": "f1", "symbol": "AAPL", "new_rate": 1.5, "old_rate": 1, "process_date": "2026-01-05",
                "ex_date": "2026-01-06"},
            {"id": "f2", "symbol": "TSLA", "new_rate": 3, "old_rate": 1, "process_date": "2026-01-05"},
        ],
        "reverse_splits": [
            {"id": "r1", "symbol": "AAPL", "new_rate": 1, "old_rate": 20, "process_date": "2026-02-05"},
        ],
        "name_changes": [
            {"id": "n1", "old_symbol": "FB", "new_symbol": "META", "process_date": "2026-03-02"},
        ],
        "cash_dividends": [{"id": "d1"}],
    }, "next_page_token": null}).to_string();
    let actions = map::corporate_actions(&map::parse(body.as_bytes()).unwrap(), &names).unwrap();
    let found: Vec<_> =
        actions.iter().map(|action| (&*action.id, action.date, action.change.clone())).collect();
    let ratio = |new, old| ShareChange::Split(Ratio::new(new, old).unwrap());
    assert_eq!(
        found,
        [
            ("f1", 20_260_106, ratio(3, 2)),
            ("r1", 20_260_205, ratio(1, 20)),
            ("n1:name", 20_260_302, ShareChange::Name("META".into())),
        ]
    );
    let bare = map::corporate_actions(&map::parse(b"{}").unwrap(), &names).unwrap();
    assert_eq!(bare, [], "lists that are left out are empty");
}

#[test]
fn the_clock_of_alpaca_is_no_replay_and_that_of_the_exchange_says_how_it_replays() {
    let clock = map::clock(CLOCK.as_bytes()).unwrap();
    assert_eq!(clock.timestamp, at("2025-06-24T18:15:22Z"));
    assert_eq!(clock.next_open, Some(at("2025-06-25T13:30:00Z")));
    assert_eq!((clock.is_open, clock.tradewind), (true, None));
    let replay = |tradewind: Value| {
        map::clock(&with(CLOCK, json!({"tradewind": tradewind}))).unwrap().tradewind.unwrap()
    };
    let max = replay(json!({"speed": "max", "lockstep": true, "bar_seconds": 86400}));
    let day = Some(Span::from_secs(86_400));
    assert_eq!(max, Replay { speed: None, lockstep: true, bar_length: day, data: None });
    let paced = replay(json!({"speed": "60", "lockstep": false, "data": "synthetic"}));
    let data = Some(ReplayData::Synthetic);
    assert_eq!(paced, Replay { speed: Some(60.0), lockstep: false, bar_length: None, data });
}

/// Conformance 89.
#[test]
fn days_keep_their_hours_with_early_closes_and_both_offsets_of_new_york() {
    let zone = map::new_york().unwrap();
    let days = map::calendar(CALENDAR.as_bytes(), &zone).unwrap();
    assert_eq!(days[0].date, 20_250_102);
    assert_eq!(days[0].open, at("2025-01-02T14:30:00Z"));
    assert_eq!(days[0].close, at("2025-01-02T21:00:00Z"));
    assert_eq!(days[0].extended_open, at("2025-01-02T09:00:00Z"));
    assert_eq!(days[1].close, at("2025-07-03T17:00:00Z"), "13:00 in summer");
    assert_eq!(days[1].extended_close, at("2025-07-03T21:00:00Z"));
    let bare = br#"[{"date":"2025-01-02","open":"09:30","close":"16:00"}]"#;
    let days = map::calendar(bare, &zone).unwrap();
    assert_eq!((days[0].extended_open, days[0].extended_close), (days[0].open, days[0].close));
}

#[test]
fn an_asset_is_borrowable_by_either_field() {
    let asset = map::asset(ASSET.as_bytes()).unwrap();
    assert!(asset.tradable && asset.shortable && asset.fractionable && asset.marginable);
    let hard = with(ASSET, json!({"borrow_status": "hard_to_borrow"}));
    assert!(asset.easy_to_borrow && !map::asset(&hard).unwrap().easy_to_borrow);
    let inactive = with(ASSET, json!({"status": "inactive"}));
    assert!(!map::asset(&inactive).unwrap().tradable);
}

#[test]
fn an_order_without_times_moves_no_clock() {
    let timeless = without(ORDER, &["created_at", "updated_at", "submitted_at"]);
    assert_eq!(order(&timeless).report().time, Timestamp::MIN);
}
