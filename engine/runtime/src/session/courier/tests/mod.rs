//! Lost and refused answers, on a venue that is a script.

mod lost;

use super::super::catch_up::catch_up;
use super::super::venue::{Answered, Venue};
use super::*;
use crate::alpaca::{ApiError, Asset, Clock, ErrorClass, Fill, OrderState, QuotaLeft};
use kernel::risk::{Approved, ApprovedCancel};
use kernel::{
    AccountSnapshot, FeeCharge, Intents, Kernel, Limits, MarketData, OrderStatus, Output,
    SessionStart, Side, Stamped, Strategy, StrategySpec, Symbols, TradingDay, TradingHours, View,
};
use std::collections::VecDeque;
use std::sync::Mutex;
use tokio::time::Instant;

const NOON: Timestamp = Timestamp::from_secs(1_767_718_800);

/// What the script says, request by request; a script that is at its end repeats its last line.
#[derive(Default)]
struct Script {
    submits: Mutex<VecDeque<Result<Report, ApiError>>>,
    finds: Mutex<VecDeque<Result<Option<OrderState>, ApiError>>>,
    listings: Mutex<VecDeque<Result<Vec<OrderState>, ApiError>>>,
    fills: Mutex<VecDeque<Result<Vec<Fill>, ApiError>>>,
    /// What an order is when it is asked for by the broker's name for it.
    by_id: Mutex<Option<OrderState>>,
    cancels: Mutex<VecDeque<Result<(), ApiError>>>,
    fees: Mutex<VecDeque<Vec<FeeCharge>>>,
    /// Why the account cannot be read, as long as there is such a reason.
    account_fails: Mutex<VecDeque<ApiError>>,
    asked: Mutex<Vec<(&'static str, Instant)>>,
}

impl Script {
    fn next<T: Clone>(&self, what: &'static str, lines: &Mutex<VecDeque<T>>) -> T {
        self.note(what);
        let mut lines = lines.lock().unwrap();
        if lines.len() > 1 { lines.pop_front().unwrap() } else { lines[0].clone() }
    }

    fn note(&self, what: &'static str) {
        self.asked.lock().unwrap().push((what, Instant::now()));
    }

    fn times(&self, what: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|(asked, _)| *asked == what).count()
    }

    /// When something was asked for the first time.
    fn first(&self, what: &str) -> Option<Instant> {
        let asked = self.asked.lock().unwrap();
        asked.iter().find(|(asked, _)| *asked == what).map(|(_, at)| *at)
    }
}

fn unused<T>() -> T {
    panic!("the script has no such line")
}

impl Venue for Script {
    fn submit<'a>(&'a self, _: &'a Approved) -> Answered<'a, Vec<Report>> {
        Box::pin(async { self.next("submit", &self.submits).map(|report| vec![report]) })
    }
    fn replace<'a>(&'a self, _: &'a Approved, _: &'a BrokerOrderId) -> Answered<'a, Vec<Report>> {
        unused()
    }
    fn cancel<'a>(&'a self, _: &'a ApprovedCancel) -> Answered<'a, ()> {
        Box::pin(async { self.next("cancel", &self.cancels) })
    }
    fn order<'a>(&'a self, _: &'a BrokerOrderId) -> Answered<'a, Option<OrderState>> {
        Box::pin(async {
            let known = self.by_id.lock().unwrap().clone();
            if known.is_some() { Ok(known) } else { self.next("find", &self.finds) }
        })
    }
    fn find(&self, _: OrderNumber) -> Answered<'_, Option<OrderState>> {
        Box::pin(async { self.next("find", &self.finds) })
    }
    fn named<'a>(&'a self, _: &'a str) -> Answered<'a, Option<OrderState>> {
        unused()
    }
    fn orders(&self, _: Timestamp) -> Answered<'_, Vec<OrderState>> {
        Box::pin(async { self.next("listing", &self.listings) })
    }
    fn open_groups(&self) -> Answered<'_, Vec<OrderState>> {
        Box::pin(async { self.next("open", &self.listings) })
    }
    fn fills(&self, _: Timestamp) -> Answered<'_, Vec<Fill>> {
        Box::pin(async { self.next("fills", &self.fills) })
    }
    fn postings(&self, _: Timestamp) -> Answered<'_, Vec<Posting>> {
        Box::pin(async {
            let fees = self.next("fees", &self.fees);
            Ok(fees.into_iter().map(Posting::Fee).collect())
        })
    }
    fn corporate_actions(
        &self,
        _: jiff::civil::Date,
        _: jiff::civil::Date,
    ) -> Answered<'_, Vec<CorporateAction>> {
        unused()
    }
    fn account(&self) -> Answered<'_, AccountSnapshot> {
        unused()
    }
    fn broker_state(&self) -> Answered<'_, BrokerState> {
        Box::pin(async {
            self.note("account");
            self.account_fails.lock().unwrap().pop_front().map_or(Ok(holdings()), Err)
        })
    }
    fn clock(&self) -> Answered<'_, Clock> {
        unused()
    }
    fn calendar(
        &self,
        _: jiff::civil::Date,
        _: jiff::civil::Date,
    ) -> Answered<'_, Vec<TradingDay>> {
        unused()
    }
    fn asset<'a>(&'a self, _: &'a str) -> Answered<'a, Option<Asset>> {
        unused()
    }
    fn trades<'a>(&'a self, _: &'a [SymbolId], _: Timestamp) -> Answered<'a, Vec<Trade>> {
        unused()
    }
    fn news(&self, _: Timestamp) -> Answered<'_, Vec<NewsPiece>> {
        unused()
    }

    fn let_entries(&self, _: bool) {
        unused()
    }

    fn quota_left(&self) -> QuotaLeft {
        QuotaLeft::UNLIMITED
    }
    fn bars<'a>(&'a self, _: &'a BarsQuery<'a>) -> Answered<'a, Vec<Bar>> {
        unused()
    }
}

/// Buys ten shares on every bar.
struct Buyer;

impl Strategy for Buyer {
    fn observe(&mut self, _: &MarketData) {}
    fn propose(&self, data: &MarketData, view: &View<'_>, intents: &mut Intents) {
        if !view.has_open_order(data.symbol()) {
            intents.market(data.symbol(), Side::Buy, Quantity::from_whole(10).unwrap());
        }
    }
    fn warmup_bars(&self) -> usize {
        0
    }
    fn rebase(&mut self, _: SymbolId, _: kernel::Ratio) {}

    fn reset(&mut self) {}
}

/// A broker that holds nothing but cash.
fn holdings() -> BrokerState {
    let account = AccountSnapshot {
        id: "".into(),
        cash: "100000".parse().unwrap(),
        equity: "100000".parse().unwrap(),
        buying_power: "100000".parse().unwrap(),
        multiplier: 1,
        shorting_enabled: false,
        blocked: None,
    };
    BrokerState {
        account,
        positions: Vec::new(),
        foreign_positions: Vec::new(),
        open_orders: Vec::new(),
    }
}

/// A kernel that has approved one order, with what it sends.
fn kernel_with_an_order() -> (Kernel, kernel::Send) {
    let symbols = Symbols::new(["AAPL"]).unwrap();
    let symbol = symbols.id("AAPL").unwrap();
    let start = SessionStart {
        session: "0123456789abcdef0123456789abcdef".into(),
        venue: "embedded".into(),
        build: "test".into(),
        symbols,
        strategies: vec![StrategySpec { name: "buyer".into(), params: Default::default() }],
        limits: Limits::default(),
        calendar: Vec::new(),
        hours: TradingHours::Always,
        rules: Default::default(),
        fees: Default::default(),
        trading: Default::default(),
        carried_over: None,
        config: Default::default(),
    };
    let price = "100".parse().unwrap();
    let bar = Bar {
        symbol,
        open_time: NOON.minus(Span::from_secs(60)),
        length: Span::from_secs(60),
        open: price,
        high: price,
        low: price,
        close: price,
        volume: kernel::Volume::ZERO,
    };
    let mut kernel = Kernel::new(vec![Box::new(Buyer)]);
    let mut out = Output::default();
    for input in [
        kernel::Input::Start(Box::new(start)),
        kernel::Input::Link { link: kernel::Link::Orders, up: true },
        kernel::Input::Broker(Box::new(holdings())),
        kernel::Input::Market(MarketData::Bar(bar)),
    ] {
        kernel.decide(&Stamped { at: NOON, seen: NOON, input }, &mut out).unwrap();
    }
    let send = out.sends.pop().expect("an order");
    (kernel, send)
}

fn patience(absent_after: Wait) -> Patience {
    Patience { absent_after, ..Patience::BROKER }
}

const MINUTE: Wait = Wait::Machine(Duration::from_secs(60));

fn failure(class: ErrorClass, message: &str) -> ApiError {
    ApiError {
        class,
        status: None,
        code: None,
        message: message.into(),
        is_said: true,
        request: "POST /v2/orders".into(),
        host: "127.0.0.1".into(),
    }
}

fn seen(status: OrderStatus, filled: i64) -> OrderState {
    OrderState {
        order: Some(OrderNumber(1)),
        client_order_id: "tw-01234567-1".into(),
        broker_id: BrokerOrderId("b-1".into()),
        symbol: "AAPL".into(),
        symbol_id: None,
        side: Side::Buy,
        quantity: Quantity::from_whole(10).unwrap(),
        filled: Quantity::from_whole(filled).unwrap(),
        filled_average: (filled > 0).then(|| "100".parse().unwrap()),
        status: Some(status),
        status_text: status.as_str().into(),
        submitted_at: None,
        updated_at: None,
        replaces: None,
        replaced_by: None,
        is_in_dollars: false,
        kind: "market".into(),
        class: "".into(),
        legs: Vec::new(),
    }
}

/// Runs an errand to its end and gives the answers.
async fn answers(script: &Arc<Script>, errand: Errand, absent_after: Wait) -> Vec<Answer> {
    let (out, mut answers) = mpsc::channel(64);
    let courier = Courier::new(Arc::clone(script) as Arc<dyn Venue>, patience(absent_after));
    courier.run(errand, NOON, &out).await;
    drop(out);
    let mut all = Vec::new();
    while let Some(answer) = answers.recv().await {
        all.push(answer);
    }
    all
}

fn submission(kernel: &Kernel, send: kernel::Send) -> Errand {
    let order = kernel.state().orders().next().unwrap();
    Errand::Send(Box::new(send), Target::of(order))
}

/// Feeds answers as a session does.
fn feed(kernel: &mut Kernel, answers: Vec<Answer>) {
    let mut out = Output::default();
    for answer in answers {
        let reports = match answer {
            Answer::Report(report) => vec![report],
            Answer::Read(order, read) => catch_up(kernel.state().order(order).unwrap(), &read),
            other => panic!("{other:?}"),
        };
        for report in reports {
            let input = kernel::Input::Report(report);
            kernel.decide(&Stamped { at: NOON, seen: NOON, input }, &mut out).unwrap();
        }
    }
}

fn script(
    submits: Vec<Result<Report, ApiError>>,
    finds: Vec<Result<Option<OrderState>, ApiError>>,
) -> Arc<Script> {
    let (submits, finds) = (Mutex::new(submits.into()), Mutex::new(finds.into()));
    let nothing = || VecDeque::from([Ok(Vec::new())]);
    let (listings, fills) = (Mutex::new(nothing()), Mutex::new(VecDeque::from([Ok(Vec::new())])));
    Arc::new(Script { submits, finds, listings, fills, ..Script::default() })
}

/// Conformance 19.
#[tokio::test(start_paused = true)]
async fn an_order_whose_answer_was_lost_is_looked_up_and_not_sent_again() {
    let (mut kernel, send) = kernel_with_an_order();
    let script = script(
        vec![Err(failure(ErrorClass::Unknown, "504"))],
        vec![
            Ok(None),
            Err(failure(ErrorClass::Unknown, "504")),
            Ok(Some(seen(OrderStatus::New, 0))),
        ],
    );
    let errand = submission(&kernel, send);
    let answers = answers(&script, errand, MINUTE).await;
    assert_eq!(script.times("submit"), 1);
    assert_eq!(script.times("find"), 3);
    feed(&mut kernel, answers);
    let order = kernel.state().order(OrderNumber(1)).unwrap();
    assert_eq!(order.status, OrderStatus::New);
    assert_eq!(order.broker_id, Some(BrokerOrderId("b-1".into())));
}

#[tokio::test(start_paused = true)]
async fn a_lost_order_that_has_filled_meanwhile_is_booked_by_its_facts() {
    let (mut kernel, send) = kernel_with_an_order();
    let script = script(
        vec![Err(failure(ErrorClass::Unknown, "reset"))],
        vec![Ok(Some(seen(OrderStatus::Filled, 10)))],
    );
    let errand = submission(&kernel, send);
    let answers = answers(&script, errand, MINUTE).await;
    feed(&mut kernel, answers);
    let order = kernel.state().order(OrderNumber(1)).unwrap();
    assert_eq!(order.status, OrderStatus::Filled);
    assert_eq!(order.executions[0].to_string(), "inferred:b-1:10");
    assert_eq!(kernel.state().ledger().cash().to_string(), "99000");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_final_and_carries_the_brokers_words() {
    let (mut kernel, send) = kernel_with_an_order();
    let refusal = failure(ErrorClass::Refused, "insufficient buying power");
    let script = script(vec![Err(refusal)], vec![]);
    let errand = submission(&kernel, send);
    let answers = answers(&script, errand, MINUTE).await;
    assert_eq!(script.times("find"), 0);
    feed(&mut kernel, answers);
    assert_eq!(kernel.state().order(OrderNumber(1)).unwrap().status, OrderStatus::Rejected);
}

#[tokio::test(start_paused = true)]
async fn a_client_order_id_that_is_taken_means_that_the_order_arrived() {
    let (kernel, send) = kernel_with_an_order();
    let refusal = failure(ErrorClass::Refused, "client_order_id must be unique");
    let script = script(vec![Err(refusal)], vec![Ok(Some(seen(OrderStatus::New, 0)))]);
    let errand = submission(&kernel, send);
    let answers = answers(&script, errand, MINUTE).await;
    assert!(matches!(&answers[..], [Answer::Read(OrderNumber(1), _)]), "{answers:?}");
}

/// A cancel of the one order, after the broker has accepted it.
fn cancel(kernel: &mut Kernel) -> Errand {
    feed(kernel, vec![Answer::Report(seen(OrderStatus::New, 0).acknowledgement())]);
    let mut out = Output::default();
    let command = kernel::Command::CancelAll { reason: "test".into() };
    let input = kernel::Input::Command(command);
    kernel.decide(&Stamped { at: NOON, seen: NOON, input }, &mut out).unwrap();
    submission(kernel, out.sends.pop().expect("a cancel"))
}

/// Conformance 62, 63.
#[tokio::test(start_paused = true)]
async fn a_cancel_that_comes_too_late_leads_to_a_read_of_the_order() {
    let (mut kernel, _) = kernel_with_an_order();
    let errand = cancel(&mut kernel);
    let refusal = failure(ErrorClass::Refused, "order is already in \"filled\" state");
    let script = script(vec![], vec![Ok(Some(seen(OrderStatus::Filled, 10)))]);
    script.cancels.lock().unwrap().push_back(Err(refusal));
    let answers = answers(&script, errand, MINUTE).await;
    assert_eq!(answers.len(), 1, "{answers:?}");
    feed(&mut kernel, answers);
    assert_eq!(kernel.state().order(OrderNumber(1)).unwrap().status, OrderStatus::Filled);
}

#[tokio::test(start_paused = true)]
async fn a_cancel_whose_answer_was_lost_is_asked_for_again() {
    let (mut kernel, _) = kernel_with_an_order();
    let errand = cancel(&mut kernel);
    let script = script(vec![], vec![Ok(Some(seen(OrderStatus::New, 0)))]);
    let lost = Err(failure(ErrorClass::Unknown, "504"));
    script.cancels.lock().unwrap().extend([lost, Ok(())]);
    let answers = answers(&script, errand, MINUTE).await;
    assert_eq!(script.times("cancel"), 2);
    assert!(!answers.iter().any(|answer| matches!(answer, Answer::CancelFailed(..))));
}

#[tokio::test(start_paused = true)]
async fn an_account_is_believed_only_when_no_fee_was_posted_while_it_was_read() {
    let fee =
        FeeCharge { id: "f-1".into(), kind: kernel::FeeKind::Taf, amount: "0.20".parse().unwrap() };
    let script = Arc::new(Script::default());
    let posted = [vec![], vec![fee.clone()], vec![fee.clone()]];
    script.fees.lock().unwrap().extend(posted);
    let mark = Mark { connection: 0, sent: 0, unanswered: 0, fills: 0, postings: 0 };
    let errand = Errand::Reconcile { orders: Vec::new(), posted_since: NOON, mark };
    let answers = answers(&script, errand, MINUTE).await;
    let expected =
        [Answer::Postings(vec![Posting::Fee(fee)]), Answer::Broker(Box::new(holdings()), mark)];
    assert_eq!(answers, expected);
    assert_eq!(script.times("account"), 2, "the first look may have come before the fee");
}

/// A field that is missing every time is missing the next time too: nobody waits for it, and nobody asks
/// without a pause. What cannot be asked is asked until it answers.
#[tokio::test(start_paused = true)]
async fn a_comparison_whose_answers_cannot_be_read_is_given_up() {
    let mark = Mark { connection: 0, sent: 0, unanswered: 0, fills: 0, postings: 0 };
    let posted = Answer::Postings(Vec::new());
    let compared = [posted, Answer::Broker(Box::new(holdings()), mark)];
    for (class, times, asked, expected) in [
        (ErrorClass::Unreadable, 4, 4, &[Answer::NotCompared][..]),
        (ErrorClass::RateLimited, 2, 3, &compared),
        (ErrorClass::Unreadable, 3, 4, &compared),
        (ErrorClass::Unknown, 20, 21, &compared),
    ] {
        let script = Arc::new(Script::default());
        script.fees.lock().unwrap().push_back(Vec::new());
        let fails = std::iter::repeat_n(failure(class, "`qty` is missing"), times);
        script.account_fails.lock().unwrap().extend(fails);
        let errand = Errand::Reconcile { orders: Vec::new(), posted_since: NOON, mark };
        // Each failure is told, but to be asked to wait is none.
        let told = if class == ErrorClass::RateLimited { 0 } else { times };
        let expected = [vec![Answer::Unanswered; told], expected.to_vec()].concat();
        assert_eq!(answers(&script, errand, MINUTE).await, expected, "{class:?} {times} times");
        assert_eq!(script.times("account"), asked);
    }
}
