//! The rows: what each denial is met by, in the order in which orders are asked.

use super::*;

pub type Row = (&'static str, fn() -> (Bench, Intent));

/// First what is said before any check is asked, then what the checks say, in their order.
pub const ROWS: &[Row] = &[
    ("approved", || {
        let bench = Bench::warm(Limits::default());
        let intent = bench.market(Side::Buy, 10);
        (bench, intent)
    }),
    ("order_not_working", || (Bench::warm(off()), Intent::Cancel { order: OrderNumber(9) })),
    ("nothing_to_replace", || {
        let mut bench = Bench::warm(off());
        let intent = bench.submit(Side::Buy, 5, limit("99"));
        bench.propose([intent]);
        bench.report(1, ReportKind::New);
        let (order, quantity, kind) = (OrderNumber(1), shares(5), limit("99"));
        (bench, Intent::Replace { order, quantity, kind })
    }),
    ("not_measured", || {
        let percent = |text: &str| text.parse().unwrap();
        let (risk, multiple) = (percent("1"), percent("200"));
        buying(sized(SizeModel::Atr { risk, multiple, bars: 14 }), 10)
    }),
    ("sized_to_nothing", || buying(sized(SizeModel::Notional(cash("99"))), 10)),
    ("unknown_symbol", || {
        let bench = Bench::warm(off());
        let symbol = Symbols::new(["A", "B", "C"]).unwrap().id("C").unwrap();
        let order = NewOrder::new(symbol, Side::Buy, shares(0), OrderKind::Market);
        let intent = Intent::Submit(order);
        (bench, intent)
    }),
    ("malformed_quantity", || {
        let bench = Bench::warm(off());
        let intent = bench.market(Side::Buy, 0);
        (bench, intent)
    }),
    ("malformed_share", || {
        let size = OrderSize::EquityShare("0".parse().unwrap());
        (Bench::warm(off()), new_order(size, OrderKind::Market, OrderClass::Simple))
    }),
    ("malformed_notional", || {
        let bench = Bench::warm(off());
        let size = OrderSize::Notional(cash("0.99"));
        (bench, new_order(size, OrderKind::Market, OrderClass::Simple))
    }),
    ("malformed_price", || {
        let bench = Bench::warm(off());
        let intent = bench.submit(Side::Buy, 1, limit("100.001"));
        (bench, intent)
    }),
    ("malformed_trail", || {
        let bench = Bench::warm(off());
        let trail = Trail::Percent("0.09".parse().unwrap());
        (bench, new_order(shares(1).into(), OrderKind::TrailingStop { trail }, OrderClass::Simple))
    }),
    ("wrong_side", || {
        let bench = Bench::warm(off());
        let stop_loss = StopLoss::at(price("101"));
        let class = OrderClass::Bracket { take_profit: price("101"), stop_loss };
        (bench, new_order(shares(1).into(), OrderKind::Market, class))
    }),
    ("not_allowed", || {
        let bench = Bench::warm(off());
        let size = OrderSize::Notional(cash("100"));
        (bench, new_order(size, limit("100"), OrderClass::Simple))
    }),
    ("not_fractionable", || {
        let mut bench = Bench::warm(off());
        let facts = AssetFacts { fractionable: false, ..facts(bench.symbol("AAA")) };
        bench.feed(Input::Asset(facts));
        let size = OrderSize::Shares("0.5".parse().unwrap());
        (bench, new_order(size, OrderKind::Market, OrderClass::Simple))
    }),
    ("symbol_halted", || {
        let mut bench = Bench::warm(off());
        let symbol = bench.symbol("AAA");
        bench.feed(Input::TradingStatus { symbol, halted: true, reason: "T1".into() });
        let intent = bench.market(Side::Buy, 10);
        (bench, intent)
    }),
    ("reduces_too_much", || {
        let mut bench = held(10);
        let intent = bench.market(Side::Sell, 11);
        bench.wait(60);
        (bench, intent)
    }),
    ("duplicate_intent", || {
        let limits = Limits { duplicate_window: Some(Span::from_secs(5)), ..off() };
        let mut bench = Bench::warm(limits);
        let intent = bench.market(Side::Buy, 10);
        bench.propose([intent.clone()]);
        (bench, intent)
    }),
    ("opposite_order", || {
        let mut bench = Bench::warm(off());
        let resting = bench.submit(Side::Sell, 5, limit("101"));
        bench.propose([resting]);
        let intent = bench.market(Side::Buy, 10);
        (bench, intent)
    }),
    ("not_active", || {
        let mut bench = Bench::warm(off());
        bench.feed(Input::Room(Room::Full));
        let intent = bench.market(Side::Buy, 10);
        (bench, intent)
    }),
    ("closing", || {
        let mut bench = held(10);
        let symbol = bench.symbol("AAA");
        let resting = bench.submit(Side::Buy, 5, limit("98"));
        bench.propose([resting]);
        bench.feed(Input::Command(Command::Close { symbol, reason: "test".into() }));
        let intent = bench.submit(Side::Buy, 10, limit("99"));
        (bench, intent)
    }),
    ("not_reconciled", || {
        let mut bench = Bench::warm(off());
        bench.feed(Input::Link { link: Link::Orders, up: false });
        bench.feed(Input::Link { link: Link::Orders, up: true });
        let intent = bench.market(Side::Buy, 10);
        (bench, intent)
    }),
    ("account_blocked", || {
        let mut bench = Bench::warm(off());
        let mut state = broker("100000");
        state.account.blocked = Some("trading_blocked".into());
        bench.feed(Input::Broker(Box::new(state)));
        let intent = bench.market(Side::Buy, 10);
        (bench, intent)
    }),
    ("shorting_disabled", || {
        let mut bench = Bench::warm(off());
        let mut state = broker("100000");
        state.account.shorting_enabled = false;
        bench.feed(Input::Broker(Box::new(state)));
        let intent = bench.market(Side::Sell, 10);
        (bench, intent)
    }),
    ("not_tradable", || {
        let mut bench = Bench::warm(off());
        let facts = AssetFacts { tradable: false, ..facts(bench.symbol("AAA")) };
        bench.feed(Input::Asset(facts));
        let intent = bench.market(Side::Buy, 10);
        (bench, intent)
    }),
    ("hard_to_borrow", || {
        let mut bench = Bench::warm(off());
        let facts = AssetFacts { easy_to_borrow: false, ..facts(bench.symbol("AAA")) };
        bench.feed(Input::Asset(facts));
        let intent = bench.market(Side::Sell, 10);
        (bench, intent)
    }),
    ("restricted", || {
        let scopes = Scopes { restricted: vec!["AAA".into()], ..Scopes::NONE };
        buying(Limits { scopes, ..off() }, 10)
    }),
    ("not_on_allow_list", || {
        let scopes = Scopes { allowed: vec!["BBB".into()], ..Scopes::NONE };
        buying(Limits { scopes, ..off() }, 10)
    }),
    ("long_only", || {
        let bench = Bench::warm(Limits { long_only: true, ..off() });
        let intent = bench.market(Side::Sell, 10);
        (bench, intent)
    }),
    ("opposes_account", || {
        let bench = Bench::cold_shared(&[own("50000")], off()).held(10);
        let intent = bench.market(Side::Sell, 10);
        (bench, intent)
    }),
    // No strategy is asked then; an operator's order meets the same checks.
    ("session_closed", || {
        let (mut bench, intent) = buying(off(), 10);
        bench.wait(7 * 3600).feed(Input::Timer);
        (bench, intent)
    }),
    ("outside_window", || {
        // It is half an hour after the open.
        let window = Window { from: Span::ZERO, until: Span::from_secs(1800) };
        let scopes = Scopes { windows: vec![window], ..Scopes::NONE };
        buying(Limits { scopes, ..off() }, 10)
    }),
    ("after_open", || {
        buying(Limits { no_entries_after_open: Some(Minutes::new(31)), ..off() }, 10)
    }),
    ("before_close", || {
        buying(Limits { no_entries_before_close: Some(Minutes::new(360)), ..off() }, 10)
    }),
    ("news_blackout", || {
        let limits = Limits { news_blackout: Some(Span::from_secs(60)), ..off() };
        let (mut bench, intent) = buying(limits, 10);
        let (symbol, time) = (bench.symbol("AAA"), bench.now);
        let (id, headline) = ("1".into(), "AAA restates its earnings".into());
        bench.feed(Input::News(News { id, symbol, time, headline }));
        bench.wait(59);
        (bench, intent)
    }),
    ("news_unknown", || {
        let limits = Limits { news_blackout: Some(Span::from_secs(60)), ..off() };
        buying(limits, 10)
    }),
    ("cooling_down", || {
        let limits = Limits { cooldown_after_loss: Some(Span::from_secs(600)), ..off() };
        let mut bench = holding(limits, 10);
        let exit = bench.market(Side::Sell, 10);
        bench.propose([exit]);
        bench.fill(2, "x-2", 10, "99.99");
        bench.wait(599);
        let intent = bench.market(Side::Buy, 10);
        (bench, intent)
    }),
    ("stop_guard", || {
        let window = Some(Span::from_secs(600));
        let limits = Limits { stop_guard_stops: Some(1), stop_guard_window: window, ..off() };
        let mut bench = holding(limits, 10);
        let stop = bench.submit(Side::Sell, 10, OrderKind::Stop { stop: price("99") });
        bench.propose([stop]);
        bench.fill(2, "x-2", 10, "98.5");
        let intent = bench.market(Side::Buy, 10);
        (bench, intent)
    }),
    ("no_price", || {
        let bench = Bench::warm(off());
        let (symbol, side, kind) = (bench.symbol("BBB"), Side::Buy, OrderKind::Market);
        let intent = Intent::Submit(NewOrder::new(symbol, side, shares(1), kind));
        (bench, intent)
    }),
    ("stale_data", || {
        let limits = Limits { stale_after: Some(Span::from_secs(30)), ..off() };
        let mut bench = Bench::warm(limits);
        bench.bar("BBB", "50");
        bench.wait(121);
        let (symbol, side, kind) = (bench.symbol("BBB"), Side::Buy, OrderKind::Market);
        let intent = Intent::Submit(NewOrder::new(symbol, side, shares(1), kind));
        (bench, intent)
    }),
    ("no_quote", || buying(Limits { max_spread: Some(BasisPoints::new(100)), ..off() }, 10)),
    ("spread_too_wide", || {
        let limits = Limits { max_spread: Some(BasisPoints::new(100)), ..off() };
        let (mut bench, intent) = buying(limits, 10);
        quote(&mut bench, "99.49", "100.50");
        (bench, intent)
    }),
    ("price_too_low", || buying(Limits { min_price: Some(price("100.01")), ..off() }, 10)),
    ("outside_collar", || {
        let limits = Limits { price_collar: Some(BasisPoints::new(500)), ..off() };
        let bench = Bench::warm(limits);
        let intent = bench.submit(Side::Buy, 1, limit("105.01"));
        (bench, intent)
    }),
    ("outside_bands", || {
        let mut bench = Bench::warm(off());
        let (symbol, time) = (bench.symbol("AAA"), bench.now);
        let (lower, upper) = (price("95"), price("105"));
        bench.feed(Input::Luld(Luld { symbol, time, lower, upper }));
        let intent = bench.submit(Side::Buy, 1, limit("105.01"));
        (bench, intent)
    }),
    ("order_too_large", || {
        let bench = Bench::warm(Limits { max_order_quantity: Some(shares(9)), ..off() });
        let intent = bench.market(Side::Buy, 10);
        (bench, intent)
    }),
    // A thousand shares were traded in the last bar.
    ("participation", || {
        buying(Limits { max_participation: Some(BasisPoints::new(99)), ..off() }, 10)
    }),
    ("order_notional", || {
        // 10 shares at 100 and 2.5 % slip: 1,025 USD.
        let bench = Bench::warm(Limits { max_order_notional: Some(cash("1024.99")), ..off() });
        let intent = bench.market(Side::Buy, 10);
        (bench, intent)
    }),
    // 1.5 % of 1,025 USD are more than 0.01 % of 100,000.
    ("risk_per_trade", || {
        let stop_loss = Some(BasisPoints::new(150));
        let max_risk_per_trade = Some(BasisPoints::new(1));
        buying(Limits { max_risk_per_trade, stop_loss, ..off() }, 10)
    }),
    ("position_notional", || {
        let bench = Bench::warm(Limits { max_position_notional: Some(cash("1024.99")), ..off() });
        let intent = bench.market(Side::Buy, 10);
        (bench, intent)
    }),
    ("symbol_concentration", || {
        buying(Limits { max_symbol_concentration: Some(BasisPoints::new(100)), ..off() }, 10)
    }),
    ("sector_concentration", || {
        buying(Limits { max_sector_concentration: Some(BasisPoints::new(100)), ..off() }, 10)
    }),
    ("correlated_exposure", || {
        let correlated = [("index".into(), vec!["AAA".into(), "BBB".into()])].into();
        let scopes = Scopes { correlated, ..Scopes::NONE };
        let max_correlated_exposure = Some(BasisPoints::new(100));
        buying(Limits { max_correlated_exposure, scopes, ..off() }, 10)
    }),
    ("gross_exposure", || {
        // 1 % of 100,000 USD.
        let share = Some(BasisPoints::new(100));
        let bench = Bench::warm(Limits { max_gross_exposure: share, ..off() });
        let intent = bench.market(Side::Buy, 10);
        (bench, intent)
    }),
    ("net_exposure", || {
        buying(Limits { max_net_exposure: Some(BasisPoints::new(100)), ..off() }, 10)
    }),
    ("too_many_positions", || {
        let mut bench = holding(Limits { max_positions: Some(1), ..off() }, 10);
        bench.bar("BBB", "50");
        let (symbol, side, kind) = (bench.symbol("BBB"), Side::Buy, OrderKind::Market);
        let intent = Intent::Submit(NewOrder::new(symbol, side, shares(1), kind));
        (bench, intent)
    }),
    ("own_capital", || {
        let bench = Bench::shared(&[own("1024.99")], off());
        let intent = bench.market(Side::Buy, 10);
        (bench, intent)
    }),
    ("buying_power", || {
        let bench = Bench::warm(Limits { max_leverage: 1, ..off() });
        let intent = bench.market(Side::Buy, 976);
        (bench, intent)
    }),
    // More USD than there are.
    ("overflow", || buying(off(), 900_000_000)),
    ("margin_equity", || {
        let limits = Limits { min_margin_equity: Some(cash("100000.01")), ..off() };
        let bench = Bench::warm(limits);
        let intent = bench.market(Side::Sell, 1);
        (bench, intent)
    }),
    ("margin_restricted", || {
        let mut bench =
            Bench::in_deficit(Limits { intraday_margin: Some(BasisPoints::new(10_000)), ..off() });
        for _ in 0..6 {
            bench.wait(86_400);
            bench.bar("AAA", "100");
        }
        let intent = bench.market(Side::Buy, 1);
        (bench, intent)
    }),
    ("intraday_margin", || {
        buying(Limits { intraday_margin: Some(BasisPoints::new(10_000)), ..off() }, 976)
    }),
    ("order_rate", || {
        let mut bench = Bench::warm(Limits { max_orders_per_minute: Some(1), ..off() });
        let first = bench.market(Side::Buy, 1);
        bench.propose([first]);
        let intent = bench.market(Side::Buy, 2);
        (bench, intent)
    }),
    ("orders_per_day", || {
        let mut bench = Bench::warm(Limits { max_orders_per_day: Some(1), ..off() });
        let first = bench.market(Side::Buy, 1);
        bench.propose([first]);
        bench.wait(3600);
        let intent = bench.market(Side::Buy, 2);
        (bench, intent)
    }),
    ("notional_per_day", || {
        let limits = Limits { max_notional_per_day: Some(cash("1127.49")), ..off() };
        let mut bench = Bench::warm(limits);
        let first = bench.market(Side::Buy, 1);
        bench.propose([first]);
        let intent = bench.market(Side::Buy, 10);
        (bench, intent)
    }),
    ("round_trips", || {
        let mut bench = holding(Limits { max_round_trips_per_day: Some(1), ..off() }, 10);
        let exit = bench.market(Side::Sell, 10);
        bench.propose([exit]);
        bench.fill(2, "x-2", 10, "101");
        let intent = bench.market(Side::Buy, 1);
        (bench, intent)
    }),
];

/// What a check says only where another one before it has said no already: an order stream that is down
/// makes the books unsure, and a loss halts trading.
pub const BEHIND: &[Row] = &[
    ("order_stream_down", || {
        let (mut bench, intent) = buying(off(), 10);
        bench.feed(Input::Link { link: Link::Orders, up: false });
        (bench, intent)
    }),
    ("daily_drawdown", || losing(Limits { daily_drawdown: Some(BasisPoints::new(1)), ..off() })),
    ("daily_loss", || losing(Limits { max_daily_loss: Some(cash("10")), ..off() })),
    ("total_drawdown", || losing(Limits { total_drawdown: Some(BasisPoints::new(1)), ..off() })),
];

/// A session that has lost ten dollars, which is as much as it may.
fn losing(limits: Limits) -> (Bench, Intent) {
    let mut bench = holding(limits, 10);
    bench.bar("AAA", "99");
    let intent = bench.market(Side::Buy, 1);
    (bench, intent)
}
