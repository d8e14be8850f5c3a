//! What a seed stands for: a market, an account, limits, and how much goes wrong.

use crate::quotes;
use crate::random::Random;
use crate::split::{self, Split};
use exchange::ExchangeConfig;
use kernel::risk::{Breaker, Minutes, Window};
use kernel::{
    BasisPoints, Capital, Cash, Limits, MarketData, Percent, Price, Quantity, Span, Symbols,
    TradingDay, TradingHours,
};
use marketdata::calendar::{self, Date};
use marketdata::{Generator, SyntheticConfig};

/// The names that a plan picks from.
const NAMES: [&str; 4] = ["AAA", "BBB", "CCC", "DDD"];

/// Orders that a day proposes at least: more than half of them come to nothing.
const PROPOSALS: u64 = 700;

/// A session that trades extended hours begins so long before the open, and ends at the close.
const BEFORE_OPEN: Span = Span::from_secs(20 * 60);

/// Everything that follows from a seed before the first input.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) symbols: Symbols,
    pub(crate) calendar: Vec<TradingDay>,
    pub(crate) hours: TradingHours,
    /// The bars, step by step.
    pub(crate) steps: Vec<Vec<MarketData>>,
    /// The shares that are split.
    pub(crate) splits: Vec<Split>,
    pub(crate) exchange: ExchangeConfig,
    pub(crate) limits: Limits,
    /// Faults in a thousand requests, reports and bars alike.
    pub(crate) faults: u64,
    /// Orders that the strategy proposes in a thousand bars.
    pub(crate) orders: u64,
    pub(crate) days: usize,
    /// How many of the two strategies propose: where both do, each has capital of its own.
    pub(crate) traders: u64,
}

impl Plan {
    /// The plan of a seed.
    pub(crate) fn new(seed: u64) -> Self {
        let plan = Self::with_room(seed);
        let names: Vec<Box<str>> = plan.symbols.names().map(Into::into).collect();
        let limits = tightened(plan.limits, &mut Random::new(seed, 9));
        let limits = fewer(limits, &names, &mut Random::new(seed, 10));
        let limits = looking_back(limits, &names, &mut Random::new(seed, 11));
        let (limits, traders) = apart(limits, &mut Random::new(seed, 12));
        Self { limits, traders, ..plan }
    }

    /// The same without the limits that may leave a day few orders.
    pub(crate) fn with_room(seed: u64) -> Self {
        let mut random = Random::new(seed, 1);
        let count = 2 + random.below(3);
        let names = NAMES.iter().take(usize::try_from(count).unwrap_or(2));
        // The names are valid and few, so no error can come; an empty list would trade nothing.
        let symbols = Symbols::new(names).unwrap_or_default();
        let days = 1 + usize::try_from(random.below(2)).unwrap_or(0);
        let start = first_day(&mut random);
        let calendar = calendar::trading_days(start, start.saturating_add(two_weeks()));
        let hours = match random.chance(500) {
            true => TradingHours::Extended,
            false => TradingHours::Regular,
        };
        let extended = hours == TradingHours::Extended;
        let market = SyntheticConfig { seed, symbols: symbols.clone(), start, extended };
        let traded = calendar.get(..days).unwrap_or_default();
        let splits = split::draw(seed, &symbols, traded);
        let steps = steps(&market, traded);
        let fewest = traded.iter().map(|day| bars_on(&steps, day)).min().unwrap_or(0).max(1);
        let steps = match Random::new(seed, 8).chance(250) {
            true => quotes::beside(seed, steps),
            false => steps,
        };
        let steps = split::as_traded(steps, &splits);
        Self {
            seed,
            symbols,
            steps,
            splits,
            calendar,
            hours,
            exchange: exchange(seed, &mut random),
            limits: limits(seed, &mut random),
            faults: 20 + random.below(50),
            orders: (150 + random.below(150)).max(PROPOSALS * 1000 / fewest),
            days,
            traders: 1,
        }
    }
}

/// The bars of some days.
fn steps(market: &SyntheticConfig, days: &[TradingDay]) -> Vec<Vec<MarketData>> {
    let Some(last) = days.last() else { return Vec::new() };
    let time = |step: &[MarketData]| step.first().map_or(last.close, MarketData::time);
    let steps = Generator::new(market).take_while(|step| time(step) <= last.close);
    let inside = |step: &Vec<MarketData>| {
        let at = time(step);
        days.iter().any(|day| day.open.minus(BEFORE_OPEN) < at && at <= day.close)
    };
    steps.filter(inside).collect()
}

/// How many bars there are on a day.
fn bars_on(steps: &[Vec<MarketData>], day: &TradingDay) -> u64 {
    let is_of_it = |data: &&MarketData| day.contains(data.time());
    steps.iter().flatten().filter(is_of_it).count() as u64
}

fn two_weeks() -> std::time::Duration {
    std::time::Duration::from_secs(14 * 86_400)
}

/// A day of the years 2024 and 2025: early closes and holidays are among them.
fn first_day(random: &mut Random) -> Date {
    let days = random.below(720);
    Date::constant(2024, 1, 2).saturating_add(std::time::Duration::from_secs(days * 86_400))
}

fn exchange(seed: u64, random: &mut Random) -> ExchangeConfig {
    let mut config = ExchangeConfig { seed, ..ExchangeConfig::default() };
    config.fills.random_partial_percent = u8::try_from(random.below(60)).unwrap_or(0);
    config.fills.latency = random.millis(0, 1500);
    config.fills.slippage = BasisPoints::new(i32::try_from(random.below(10)).unwrap_or(0));
    if random.chance(300) {
        config.fills.participation = Some(BasisPoints::new(50));
    }
    config
}

fn limits(seed: u64, random: &mut Random) -> Limits {
    // Of dice of their own, so that the other seeds stand for what they stood for.
    let place_stops = Random::new(seed, 7).chance(250);
    Limits {
        max_order_quantity: Some(Quantity::from_nanos(
            (50 + i64::try_from(random.below(100)).unwrap_or(0)) * kernel::SCALE,
        )),
        max_order_notional: Some(usd(10_000 + random.below(20_000))),
        max_position_notional: Some(usd(30_000)),
        max_orders_per_minute: Some(if random.chance(300) { 1 } else { 60 }),
        entry_time_to_live: Some(Span::from_secs(600)),
        duplicate_window: Some(Span::from_secs(1)),
        place_stops,
        ..Limits::default()
    }
}

/// Limits that are shares of equity, in some of the plans so tight that they are met.
fn tightened(mut limits: Limits, random: &mut Random) -> Limits {
    let mut share = |least: u64, more: u64| points(least + random.below(more));
    let (loss, risk) = (share(5, 40), share(5, 40));
    let (gross, margin) = (share(15_000, 15_000), share(5_000, 5_000));
    if random.chance(250) {
        limits.daily_drawdown = Some(loss);
    }
    if random.chance(250) {
        limits.max_risk_per_trade = Some(risk);
    }
    if random.chance(200) {
        limits.min_margin_equity = Some(usd(98_000 + random.below(2_500)));
    }
    if random.chance(200) {
        limits.max_leverage = 4;
        limits.max_gross_exposure = Some(gross);
        limits.intraday_margin = Some(margin);
        limits.max_position_notional = Some(usd(80_000));
    }
    limits
}

/// A number from `least` on, of so many, in some plans of a thousand.
fn drawn(random: &mut Random, in_a_thousand: u64, least: u64, more: u64) -> Option<u64> {
    let value = least + random.below(more);
    random.chance(in_a_thousand).then_some(value)
}

fn points(drawn: u64) -> BasisPoints {
    BasisPoints::new(i32::try_from(drawn).unwrap_or(i32::MAX))
}

fn count(drawn: u64) -> u32 {
    u32::try_from(drawn).unwrap_or(u32::MAX)
}

/// Limits on which entries there are and how many, each in a few of the plans.
fn fewer(mut limits: Limits, symbols: &[Box<str>], random: &mut Random) -> Limits {
    let mut drawn = |in_a_thousand, least, more| drawn(random, in_a_thousand, least, more);
    let minutes = |drawn: u64| Minutes::new(i64::try_from(drawn).unwrap_or(0));
    limits.long_only = drawn(80, 0, 1).is_some();
    let restricted = drawn(80, 0, symbols.len() as u64);
    let restricted = restricted.and_then(|at| symbols.get(usize::try_from(at).ok()?));
    limits.scopes.restricted = restricted.cloned().into_iter().collect();
    limits.min_price = drawn(80, 15, 150).map(|whole| Price::from_nanos(usd(whole).nanos()));
    limits.max_positions = drawn(80, 1, symbols.len() as u64 - 1).map(count);
    limits.max_orders_per_day = drawn(80, 30, 100).map(count);
    limits.max_notional_per_day = drawn(80, 200_000, 600_000).map(usd);
    limits.max_net_exposure = drawn(80, 1_000, 7_000).map(points);
    limits.max_symbol_concentration = drawn(80, 1_000, 2_500).map(points);
    limits.max_daily_loss = drawn(80, 100, 500).map(usd);
    limits.no_entries_after_open = drawn(80, 2, 40).map(minutes);
    limits.no_entries_before_close = drawn(80, 2, 40).map(minutes);
    limits.flat_before_close = drawn(80, 2, 20).map(minutes);
    limits
}

/// Limits on groups of symbols, on what has happened before, on how a symbol is traded and on hours, each in
/// a few of the plans.
fn looking_back(mut limits: Limits, symbols: &[Box<str>], random: &mut Random) -> Limits {
    let mut drawn = |in_a_thousand, least, more| drawn(random, in_a_thousand, least, more);
    let span = |drawn: u64| Span::from_secs(i64::try_from(drawn).unwrap_or(i64::MAX));
    limits.total_drawdown = drawn(80, 5, 60).map(points);
    limits.cooldown_after_loss = drawn(80, 60, 1_200).map(span);
    limits.stop_guard_stops = drawn(80, 2, 4).map(count);
    limits.max_round_trips_per_day = drawn(80, 8, 40).map(count);
    limits.max_spread = drawn(80, 1, 5).map(points);
    limits.max_participation = drawn(80, 10, 300).map(points);
    limits.news_blackout = drawn(150, 60, 1_800).map(span);
    limits.max_sector_concentration = drawn(80, 1_000, 4_500).map(points);
    limits.max_correlated_exposure = drawn(80, 1_000, 4_500).map(points);
    if let Some(failures) = drawn(200, 2, 3) {
        let breaker = limits.breaker.unwrap_or_default();
        limits.breaker = Some(Breaker { failures: count(failures), ..breaker });
    }
    if let (Some(from), Some(lasts)) = (drawn(500, 0, 120), drawn(120, 200, 180)) {
        let (from, until) = (span(from * 60), span((from + lasts) * 60));
        limits.scopes.windows = vec![Window { from, until }];
    }
    if let (Some(last), true) = (symbols.last(), drawn(80, 0, 1).is_some()) {
        limits.scopes.allowed = symbols.iter().filter(|name| *name != last).cloned().collect();
    }
    let some = symbols.iter().take(2).cloned().collect();
    limits.scopes.sectors = [("tech".into(), some)].into();
    let some = symbols.iter().skip(1).cloned().collect();
    limits.scopes.correlated = [("index".into(), some)].into();
    limits
}

/// In a few of the plans two strategies trade, each with capital of its own; one may have less than the
/// account's limits would let it spend.
fn apart(mut limits: Limits, random: &mut Random) -> (Limits, u64) {
    let (some, share) = (20_000 + random.below(30_000), 20 + random.below(60));
    let share = i64::try_from(share).unwrap_or(0) * kernel::SCALE;
    if !random.chance(150) {
        return (limits, 1);
    }
    let second = random.chance(700).then(|| Capital::Percent(Percent::from_nanos(share)));
    limits.scopes.capital = vec![Some(Capital::Usd(usd(some))), second];
    (limits, 2)
}

fn usd(whole: u64) -> Cash {
    Cash::from_nanos(i64::try_from(whole).unwrap_or(0) * kernel::SCALE)
}
