//! Own orders on the other side: what this venue refuses for one that rests, the kernel sees before it
//! sends, and the kernel refuses nothing for it that this venue takes. Two readings of the same page.

use crate::bench::Bench;
use crate::support::*;
use exchange::{Exchange, OrderRequest};
use kernel::{
    Limits, NewOrder, OrderClass, OrderKind, OrderSize, ReportKind, Side, StopLoss, Trail,
};
use std::collections::BTreeMap;

/// What may rest, or come: prices on both sides of the market at 100, and at it.
fn kinds() -> Vec<OrderKind> {
    let mut kinds = vec![market(), OrderKind::TrailingStop { trail: Trail::Price(price("1")) }];
    for at in ["99", "100", "101"] {
        kinds.extend([limit(at), stop(at), stop_limit(at, at)]);
    }
    kinds
}

/// Both exits around an order.
fn bracket(side: Side) -> OrderClass {
    let (profit, loss) = if side == Side::Buy { ("120", "80") } else { ("80", "120") };
    let stop_loss = StopLoss { stop: price(loss), limit: None };
    OrderClass::Bracket { take_profit: price(profit), stop_loss }
}

/// The two sides of a test, holding so many shares.
struct Both {
    exchange: Exchange,
    bench: Bench,
}

impl Both {
    fn holding(held: i64) -> Self {
        let (exchange, bench) = match held {
            0 => (open_exchange(free()), Bench::warm(Limits::default())),
            held => (holding(free(), held), Bench::holding(held)),
        };
        Self { exchange, bench }
    }

    /// What each says to an order: the venue's refusal, and the kernel's code.
    fn ask(
        &mut self,
        side: Side,
        kind: OrderKind,
        class: OrderClass,
    ) -> (Option<String>, &'static str) {
        let size = OrderSize::Shares(shares(5));
        let request = OrderRequest { class, ..OrderRequest::new(spy(), side, size, kind) };
        let answer = self.exchange.submit(request);
        let symbol = self.bench.symbol("AAA");
        let code = self.bench.verdict(NewOrder::new(symbol, side, size, kind).grouped(class));
        (answer.err().map(|refusal| refusal.message), code)
    }
}

#[test]
fn an_order_on_the_other_side_is_seen_before_it_is_refused() {
    let mut seen: BTreeMap<(&str, bool), usize> = BTreeMap::new();
    for held in [0, 100, -100] {
        for (resting_side, resting) in sides_and_kinds() {
            let mut before = Both::holding(held);
            let (refused, code) = before.ask(resting_side, resting, OrderClass::Simple);
            if refused.is_some() || code != "approved" {
                continue;
            }
            before.bench.report(1, ReportKind::New);
            let exchange = before.exchange;
            let side = resting_side.opposite();
            let alone = kinds().into_iter().map(|kind| (kind, OrderClass::Simple));
            for (kind, class) in alone.chain([(market(), bracket(side))]) {
                // The kernel's side has no copy: it is led there again.
                let mut both = Both::holding(held);
                both.ask(resting_side, resting, OrderClass::Simple);
                both.bench.report(1, ReportKind::New);
                both.exchange = exchange.clone();
                let (refused, code) = both.ask(side, kind, class);
                let what = format!(
                    "holding {held}, {resting_side:?} {resting:?} rests, {side:?} {kind:?} comes \
                     {class:?}; the venue: {refused:?}, the kernel: {code}"
                );
                assert!(code != "approved" || refused.is_none(), "{what}");
                assert!(code != "opposite_order" || refused.is_some(), "{what}");
                *seen.entry((code, refused.is_some())).or_default() += 1;
            }
        }
    }
    let times = |code, refused| seen.get(&(code, refused)).copied().unwrap_or(0);
    let (passed, stopped) = (times("approved", false), times("opposite_order", true));
    assert!(passed > 30 && stopped > 100, "both answers were given: {seen:?}");
}

fn sides_and_kinds() -> impl Iterator<Item = (Side, OrderKind)> {
    [Side::Buy, Side::Sell]
        .into_iter()
        .flat_map(|side| kinds().into_iter().map(move |kind| (side, kind)))
}
