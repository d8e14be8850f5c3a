//! The table of what goes with what, against every combination and against `docs/ORDERS.md`, which
//! is printed from it: `UPDATE_EXPECT=1 cargo test -p tradewind-kernel --test behaviour compatibility`.

use crate::common::*;
use kernel::risk::auction_hours::HOURS;
use kernel::risk::compatibility::{
    Combination, Group, Kind, NOTIONAL_EXITS, REPLACEMENTS, Row, Rule, Size, TABLE, Way,
};
use kernel::*;
use std::fmt::Write;

const DOC: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/ORDERS.md");

const INTRODUCTION: &str = "\
# Orders

What can be ordered, in which combination. Alpaca documents this in several places that do not all agree; risk holds every
order against one dated table before it is sent, and a denial (`not_allowed`) gives the reason below. This page is printed
from the table by the test of that name, which also walks every combination. A row for the rules `alpaca` does not hold at
the `plain` venue of a backtest ([BACKTESTS.md](BACKTESTS.md)).

The bundled exchange has stocks and funds alone: what is said of crypto was written from Alpaca's documents and held against no
exchange. A client of Alpaca's cancels and closes order by order, and so knows what became of each
([decision](adr/0005-closing-order-by-order.md)).

## What is refused

A row refuses what matches all of its columns; a column that is not named matches anything. What no row refuses is allowed.

";

const ALLOWED: &str = "
## What is allowed

Per asset class, kind, time in force and group: which sizes (`whole` shares, `fractional` shares, `notional` USD), each with
the ways it goes (`buy` opens or grows, `sell` closes, `short` sells short, `cover` buys back), and whether extended hours
take it. Parts of a share need an asset whose facts say so, in extended hours for those too, a short sale one that is easy
to borrow. An exit in parts is denied only where the facts say no (`not_fractionable`), and less than a share in the regular
session never: it may be what a split has left over. What closes a position sends its whole shares alone where parts are not
taken, and the rest of a share at the market, which outside of the regular session waits at the broker for the open.

The exits of a group lie a cent or more on their sides of the price at which it begins (`wrong_side`): the limit of the entry,
else its stop, else the last price, unless that is too old; an exit that is moved stays on its side of the other.
";

fn column<T: Copy>(name: &str, values: &[T], word: impl Fn(T) -> &'static str) -> Option<String> {
    let words: Vec<&str> = values.iter().map(|value| word(*value)).collect();
    (!words.is_empty()).then(|| format!("{name}: {}", words.join(", ")))
}

fn refused(row: &Row) -> String {
    let hours = |extended: bool| if extended { "extended" } else { "regular" };
    let columns = [
        column("rules", row.rules, VenueRules::as_str),
        column("asset", row.assets, AssetClass::as_str),
        column("kind", row.kinds, Kind::as_str),
        column("time in force", row.times_in_force, TimeInForce::as_str),
        column("group", row.groups, Group::as_str),
        column("size", row.sizes, Size::as_str),
        column("hours", row.extended_hours, hours),
        column("way", row.ways, Way::as_str),
    ];
    columns.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

fn name(rule: Rule) -> String {
    serde_json::to_string(&rule).unwrap().replace('"', "`")
}

fn page() -> String {
    let mut page = String::from(INTRODUCTION);
    page += "| rule | refuses | because | source | dated |\n| --- | --- | --- | --- | --- |\n";
    let mut row = |row: &Row, what: String| {
        let Row { rule, reason, source, dated, .. } = row;
        let rule = name(*rule);
        writeln!(page, "| {rule} | {what} | {reason} | {source} | {dated} |").unwrap();
    };
    TABLE.iter().for_each(|each| row(each, refused(each)));
    REPLACEMENTS.iter().for_each(|each| row(each, "replacements".into()));
    row(&NOTIONAL_EXITS, "exits beside another one, outside of the regular session".into());
    HOURS.iter().for_each(|hours| {
        let tif = hours.time_in_force.as_str();
        row(&hours.row, format!("time in force: {tif}, outside of those hours of a trading day"));
    });
    page += ALLOWED;
    for asset in AssetClass::ALL {
        writeln!(page, "\n### {}\n", asset.as_str()).unwrap();
        page += "| kind | time in force | group | regular hours | extended hours |\n";
        page += "| --- | --- | --- | --- | --- |\n";
        let all: Vec<Combination> = Combination::all(VenueRules::Alpaca)
            .into_iter()
            .filter(|one| one.asset == asset)
            .collect();
        for block in all.chunks(Size::ALL.len() * 2 * Way::ALL.len()) {
            let [regular, extended] = [false, true].map(|extended| allowed(block, extended));
            let Combination { kind, time_in_force, group, .. } = block[0];
            if regular != "no" {
                let words = [kind.as_str(), time_in_force.as_str(), group.as_str()].join(" | ");
                writeln!(page, "| {words} | {regular} | {extended} |").unwrap();
            }
        }
    }
    page
}

/// The sizes and ways that some combinations allow at one hour.
fn allowed(block: &[Combination], extended_hours: bool) -> String {
    let mut sizes = Vec::new();
    for size in Size::ALL {
        let ways = block.iter().filter(|one| {
            one.size == size && one.extended_hours == extended_hours && one.refused_by().is_none()
        });
        let ways: Vec<&str> = ways.map(|one| one.way.as_str()).collect();
        if !ways.is_empty() {
            sizes.push(format!("{}: {}", size.as_str(), ways.join(", ")));
        }
    }
    if sizes.is_empty() { "no".into() } else { sizes.join("; ") }
}

#[test]
fn the_page_is_what_the_table_says() {
    let page = page();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(DOC, &page).unwrap();
    }
    assert!(
        std::fs::read_to_string(DOC).unwrap_or_default() == page,
        "docs/ORDERS.md is not what the table says: {}",
        file!()
    );
}

#[test]
fn every_row_refuses_something_and_has_a_name_of_its_own() {
    let all = Combination::all(VenueRules::Alpaca);
    assert_eq!(all.len(), 2 * 5 * 6 * 4 * 4 * 2 * 4);
    let plain = Combination::all(VenueRules::Plain);
    for row in TABLE {
        let refuses = all
            .iter()
            .chain(&plain)
            .any(|one| one.refused_by().is_some_and(|by| by.rule == row.rule));
        assert!(refuses, "{:?} is hidden by the rows above it", row.rule);
    }
    let mut names: Vec<String> =
        TABLE.iter().chain(REPLACEMENTS).chain(hours()).map(|row| name(row.rule)).collect();
    names.sort();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
    let mut rows = TABLE.iter().chain(REPLACEMENTS).chain(hours());
    assert!(rows.all(|row| row.rule.reason() == row.reason));
}

fn hours() -> impl Iterator<Item = &'static Row> {
    HOURS.iter().map(|hours| &hours.row).chain([&NOTIONAL_EXITS])
}

/// Orders for an auction by the clock of New York on a regular day and on one that closes early; an
/// exit is refused as an entry is.
#[test]
fn orders_for_an_auction_are_refused_at_the_wrong_time_of_day() {
    let early = TradingDay { close: time("2024-06-03T17:00:00Z"), ..monday() };
    let cases = [
        (monday(), TimeInForce::Opg, "13:27:59", None),
        (monday(), TimeInForce::Opg, "13:28:00", Some(Rule::OpgHours)),
        (monday(), TimeInForce::Opg, "22:59:59", Some(Rule::OpgHours)),
        (monday(), TimeInForce::Opg, "23:00:00", None),
        (monday(), TimeInForce::Cls, "13:00:00", None),
        (monday(), TimeInForce::Cls, "19:49:59", None),
        (monday(), TimeInForce::Cls, "19:50:00", Some(Rule::ClsHours)),
        (monday(), TimeInForce::Cls, "23:00:00", None),
        (early, TimeInForce::Cls, "16:49:59", None),
        (early, TimeInForce::Cls, "16:50:00", Some(Rule::ClsHours)),
    ];
    for (day, time_in_force, at, expected) in cases {
        let mut bench = Bench::holding_on(day, 10);
        let at = time(&format!("2024-06-03T{at}Z"));
        bench.now = at;
        let order = NewOrder::new(bench.symbol("AAA"), Side::Sell, shares(1), OrderKind::Market);
        let events = bench.propose([Intent::Submit(order.lasting(time_in_force))]);
        let found = denial(&events).map(|denial| match denial {
            risk::Denial::NotAllowed { rule } => *rule,
            other => panic!("{other:?}"),
        });
        assert_eq!(found, expected, "{} at {at}", time_in_force.as_str());
    }
}

/// An order that is the combination and nothing else is wrong with it.
fn order(bench: &Bench, wanted: &Combination) -> NewOrder {
    let side = match wanted.way {
        Way::Buy | Way::Cover => Side::Buy,
        Way::Sell | Way::Short => Side::Sell,
    };
    let (near, far) = (price("99"), price("101"));
    let (below, above) = (price("98"), price("102"));
    let buys = side == Side::Buy;
    let (stop, limit) = if buys { (far, far) } else { (near, near) };
    let kind = match wanted.kind {
        Kind::Market => OrderKind::Market,
        Kind::Limit => OrderKind::Limit { limit },
        Kind::Stop => OrderKind::Stop { stop },
        Kind::StopLimit => OrderKind::StopLimit { stop, limit },
        Kind::TrailingStop => OrderKind::TrailingStop { trail: Trail::Price(price("1")) },
    };
    let (take_profit, loss) = if buys { (above, below) } else { (below, above) };
    let class = match wanted.group {
        Group::Simple => OrderClass::Simple,
        Group::Bracket => OrderClass::Bracket { take_profit, stop_loss: StopLoss::at(loss) },
        Group::Oco => {
            OrderClass::Oco { stop_loss: StopLoss::at(if buys { price("103") } else { below }) }
        }
        Group::Oto => OrderClass::Oto { leg: Leg::StopLoss(StopLoss::at(loss)) },
    };
    let size = match wanted.size {
        Size::Whole => OrderSize::Shares(shares(1)),
        Size::Fractional => OrderSize::Shares("0.5".parse().unwrap()),
        Size::Notional => OrderSize::Notional(cash("50")),
        Size::EquityShare => OrderSize::EquityShare("1".parse().unwrap()),
    };
    let order = NewOrder::new(bench.symbol("AAA"), side, size, kind);
    let order = order.lasting(wanted.time_in_force).grouped(class);
    NewOrder { extended_hours: wanted.extended_hours, ..order }
}

/// A session that holds ten, or is short of ten, or holds nothing, as the way needs.
fn bench_for(wanted: &Combination) -> Bench {
    let held = match wanted.way {
        Way::Buy | Way::Short => 0,
        Way::Sell => 10,
        Way::Cover => -10,
    };
    let mut bench = Bench::holding(held);
    let facts = AssetFacts { class: wanted.asset, ..facts(bench.symbol("AAA")) };
    bench.feed(Input::Asset(facts));
    bench
}

/// Every combination goes through risk whole: what the table allows is approved, what it refuses is
/// denied by that row.
#[test]
fn risk_refuses_what_the_table_refuses_and_nothing_else() {
    for wanted in Combination::all(VenueRules::Alpaca) {
        let mut bench = bench_for(&wanted);
        let order = order(&bench, &wanted);
        let events = bench.propose([Intent::Submit(order)]);
        match (denial(&events), wanted.refused_by()) {
            (None, None) => {}
            (Some(risk::Denial::NotAllowed { rule }), Some(row)) if *rule == row.rule => {}
            // The session of the test is open, so the opening auction is over.
            (Some(risk::Denial::NotAllowed { rule: Rule::OpgHours }), None)
                if wanted.time_in_force == TimeInForce::Opg => {}
            (denial, row) => panic!("{wanted:?}: {denial:?}, and the table says {row:?}"),
        }
    }
}

/// Outside of the regular session an exit in dollars is neither opened beside another exit nor the other
/// way round; inside of it, and alone, it passes.
#[test]
fn exits_in_dollars_stand_alone_outside_of_the_regular_session() {
    let dollars = |bench: &Bench| {
        let order = NewOrder::new(bench.symbol("AAA"), Side::Sell, shares(1), OrderKind::Market);
        NewOrder { size: OrderSize::Notional(cash("200")), ..order }
    };
    let plain = |bench: &Bench| {
        NewOrder::new(bench.symbol("AAA"), Side::Sell, shares(2), OrderKind::Market)
    };
    for (at, refused) in [("12:00:00", true), ("15:00:00", false)] {
        for in_dollars_first in [true, false] {
            let mut bench = Bench::holding_on(monday(), 10);
            bench.now = time(&format!("2024-06-03T{at}Z"));
            let mut orders = [dollars(&bench), plain(&bench)];
            if !in_dollars_first {
                orders.reverse();
            }
            let first = bench.propose([Intent::Submit(orders[0])]);
            assert_eq!(denial(&first), None, "it stands alone");
            bench.wait(60);
            let second = bench.propose([Intent::Submit(orders[1])]);
            let rule = Rule::NotionalExits;
            let expected = refused.then_some(risk::Denial::NotAllowed { rule });
            assert_eq!(denial(&second), expected.as_ref(), "{at}, {in_dollars_first}");
        }
    }
}
