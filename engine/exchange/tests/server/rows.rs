//! Account, activities, assets, clock and calendar.

use crate::support::{Venue, config, market_order, minutes};
use serde_json::{Value, json};

/// Conformance 9, 74, 78.
#[tokio::test]
async fn the_account_has_every_field_in_its_type() {
    let venue = Venue::quiet().await;
    let account = venue.get("/v2/account").await.body;
    for key in [
        "cash",
        "equity",
        "last_equity",
        "portfolio_value",
        "long_market_value",
        "short_market_value",
        "buying_power",
        "regt_buying_power",
        "effective_buying_power",
        "non_marginable_buying_power",
        "initial_margin",
        "maintenance_margin",
        "last_maintenance_margin",
        "sma",
        "accrued_fees",
        "multiplier",
    ] {
        let text = account[key].as_str().unwrap_or_else(|| panic!("{key}"));
        assert!(text.parse::<kernel::Cash>().is_ok(), "{key}: {text}");
    }
    for key in ["trading_blocked", "transfers_blocked", "account_blocked", "shorting_enabled"] {
        assert!(account[key].is_boolean(), "{key}");
    }
    for key in ["options_trading_level", "crypto_tier"] {
        assert!(account[key].is_u64(), "{key}");
    }
    assert_eq!((&account["status"], &account["currency"]), (&json!("ACTIVE"), &json!("USD")));
    assert_eq!((&account["cash"], &account["buying_power"]), (&json!("100000"), &json!("400000")));
    assert!(account["id"].as_str().unwrap().parse::<uuid::Uuid>().is_ok());
    assert!(account.get("pattern_day_trader").is_none());
}

async fn ids(venue: &Venue, query: &str) -> Vec<String> {
    let answer = venue.get(&format!("/v2/account/activities{query}")).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let items = answer.body.as_array().unwrap().clone();
    items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

/// Conformance 85.
#[tokio::test]
async fn activities_page_newest_first_by_the_last_id() {
    let venue = Venue::new(config(minutes(&["AAA"], &[["100", "101", "99", "100"]; 3]))).await;
    let mut session = venue.session().await;
    session.step().await;
    for _ in 0..5 {
        venue.order(market_order("AAA", 1, "buy")).await;
    }
    session.acknowledge(1).await;
    session.step().await;
    let all = ids(&venue, "").await;
    assert_eq!(all.len(), 5);
    let mut paged = Vec::new();
    let mut token = String::new();
    loop {
        let page = ids(&venue, &format!("/FILL?page_size=2{token}")).await;
        let Some(last) = page.last() else {
            break;
        };
        token = format!("&page_token={last}");
        paged.extend(page);
    }
    assert_eq!(paged, all);
    let mut oldest_first = ids(&venue, "?activity_types=FILL,FEE&direction=asc").await;
    oldest_first.reverse();
    assert_eq!(oldest_first, all);
    assert!(ids(&venue, "/FEE").await.is_empty());
    assert!(ids(&venue, "?category=non_trade_activity").await.is_empty());
    assert!(ids(&venue, "?after=2026-01-06T14:31:00Z").await.is_empty());
    assert_eq!(ids(&venue, "?date=2026-01-06").await.len(), 5);
    assert_eq!(venue.get("/v2/account/activities?page_size=101").await.status, 422);
    assert_eq!(venue.get("/v2/account/activities?page_token=x").await.status, 422);

    let fill = venue.get("/v2/account/activities/FILL?page_size=1").await.body[0].clone();
    // The bar that filled opened at 09:31 New York.
    assert!(fill["id"].as_str().unwrap().starts_with("20260106093100000::"), "{fill}");
    let fixed = json!({
        "activity_type": "FILL", "type": "fill", "order_status": "filled", "symbol": "AAA",
        "side": "buy", "qty": "1", "price": "100", "cum_qty": "1", "leaves_qty": "0",
        "transaction_time": "2026-01-06T14:31:00Z",
    });
    for (key, value) in fixed.as_object().unwrap() {
        assert_eq!(&fill[key], value, "{key}");
    }
}

/// Conformance 90.
#[tokio::test]
async fn assets_are_found_by_symbol_and_id() {
    let venue = Venue::quiet().await;
    let all = venue.get("/v2/assets?status=active").await.body;
    assert_eq!(all.as_array().unwrap().len(), 2);
    let one = venue.get("/v2/assets/BBB").await;
    assert_eq!((one.status, &one.body), (200, &all[1]));
    let fixed = json!({
        "class": "us_equity", "symbol": "BBB", "status": "active", "tradable": true,
        "marginable": true, "shortable": true, "easy_to_borrow": true,
        "borrow_status": "easy_to_borrow", "fractionable": true, "attributes": [],
    });
    for (key, value) in fixed.as_object().unwrap() {
        assert_eq!(&one.body[key], value, "{key}");
    }
    let id = one.body["id"].as_str().unwrap();
    assert_eq!(venue.get(&format!("/v2/assets/{id}")).await.body, one.body);
    let unknown = venue.get("/v2/assets/NONE").await;
    assert_eq!((unknown.status, &unknown.body["code"]), (404, &json!(40_410_000)));
    assert_eq!(venue.get("/v2/assets?asset_class=crypto").await.body, json!([]));
}

/// Conformance 88.
#[tokio::test]
async fn the_calendar_lists_the_days_asked_for() {
    let venue = Venue::quiet().await;
    let days = venue.get("/v2/calendar?start=2026-01-05&end=2026-01-07T00:00:00Z").await.body;
    let dates: Vec<&Value> = days.as_array().unwrap().iter().map(|day| &day["date"]).collect();
    assert_eq!(dates, ["2026-01-05", "2026-01-06", "2026-01-07"]);
    let expected = json!({
        "date": "2026-01-05", "open": "09:30", "close": "16:00", "session_open": "0400",
        "session_close": "2000", "settlement_date": "2026-01-06",
    });
    assert_eq!(days[0], expected);
    assert_eq!(venue.get("/v2/calendar?start=soon").await.status, 422);
    assert!(!venue.get("/v2/calendar").await.body.as_array().unwrap().is_empty());
}
