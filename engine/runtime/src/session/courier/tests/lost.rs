//! What is sent again, and what counts as proof that an order never arrived.

use super::*;

const TRUSTED: [ErrorClass; 2] = [ErrorClass::NotSent, ErrorClass::RateLimited];

/// What became of the one order, after a submission with these answers.
async fn after(script: &Arc<Script>, absent_after: Wait) -> (Kernel, Vec<Answer>) {
    let (mut kernel, send) = kernel_with_an_order();
    let errand = submission(&kernel, send);
    let answers = answers(script, errand, absent_after).await;
    feed(&mut kernel, answers.clone());
    (kernel, answers)
}

fn status(kernel: &Kernel) -> OrderStatus {
    kernel.state().order(OrderNumber(1)).unwrap().status
}

fn lost() -> Vec<Result<Report, ApiError>> {
    vec![Err(failure(ErrorClass::Unknown, "reset"))]
}

fn fill(broker_id: &str) -> Fill {
    Fill {
        activity: "20260106150000000::e-1".into(),
        broker_id: BrokerOrderId(broker_id.into()),
        symbol: "AAPL".into(),
        side: Side::Buy,
        execution: kernel::Execution {
            id: kernel::ExecutionId("e-1".into()),
            quantity: Quantity::from_whole(10).unwrap(),
            price: "100".parse().unwrap(),
        },
        cumulative: Some(Quantity::from_whole(10).unwrap()),
        time: NOON,
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_certain_not_to_have_arrived_is_sent_again_three_times_and_no_more() {
    let accepted = || Ok(seen(OrderStatus::Accepted, 0).acknowledgement());
    for class in TRUSTED {
        for failures in 0..=5 {
            let mut submits = vec![Err(failure(class, "not sent")); failures];
            submits.push(accepted());
            let script = script(submits, vec![]);
            let (kernel, _) = after(&script, MINUTE).await;
            assert_eq!(script.times("submit"), failures.min(3) + 1, "{class:?}");
            let expected = match class {
                _ if failures <= 3 => OrderStatus::Accepted,
                ErrorClass::RateLimited => OrderStatus::NotReceived,
                _ => OrderStatus::Rejected,
            };
            assert_eq!(status(&kernel), expected, "{class:?} {failures}");
        }
    }
}

/// Conformance 19.
#[tokio::test(start_paused = true)]
async fn nothing_else_is_ever_sent_again() {
    for class in
        [ErrorClass::Unknown, ErrorClass::Refused, ErrorClass::Unauthorized, ErrorClass::NotFound]
    {
        let script = script(vec![Err(failure(class, "x"))], vec![Ok(None)]);
        after(&script, MINUTE).await;
        assert_eq!(script.times("submit"), 1, "{class:?}");
    }
}

/// What said that it did not take the order may have been wrong, or stood behind what took it.
#[tokio::test(start_paused = true)]
async fn a_refusal_without_words_after_a_try_before_it_is_looked_up() {
    let wordless = ApiError { is_said: false, ..failure(ErrorClass::Refused, "Unprocessable") };
    let limited = || Err(failure(ErrorClass::RateLimited, "rate limit exceeded"));
    let there = || Ok(Some(seen(OrderStatus::New, 0)));
    let twice = script(vec![limited(), Err(wordless.clone())], vec![there()]);
    let (kernel, _) = after(&twice, MINUTE).await;
    assert_eq!((twice.times("submit"), twice.times("find")), (2, 1));
    assert_eq!(status(&kernel), OrderStatus::New);
    let gone = script(vec![limited(), Err(wordless.clone())], vec![Ok(None)]);
    let (kernel, _) = after(&gone, MINUTE).await;
    assert_eq!(status(&kernel), OrderStatus::NotReceived, "it is not there");
    let once = script(vec![Err(wordless)], vec![there()]);
    let (kernel, _) = after(&once, MINUTE).await;
    assert_eq!((once.times("find"), status(&kernel)), (0, OrderStatus::Rejected));
    let words = failure(ErrorClass::Refused, "insufficient buying power");
    let told = script(vec![limited(), Err(words)], vec![there()]);
    let (kernel, _) = after(&told, MINUTE).await;
    assert_eq!((told.times("find"), status(&kernel)), (0, OrderStatus::Rejected));
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_after_a_try_that_did_not_arrive_is_looked_up() {
    let mut submits = vec![Err(failure(ErrorClass::NotSent, "refused"))];
    submits.extend(lost());
    let script = script(submits, vec![Ok(Some(seen(OrderStatus::New, 0)))]);
    let (kernel, _) = after(&script, MINUTE).await;
    assert_eq!((script.times("submit"), script.times("find")), (2, 1));
    assert_eq!(status(&kernel), OrderStatus::New);
}

#[tokio::test(start_paused = true)]
async fn empty_look_ups_are_no_absence_until_a_listing_a_minute_later_lacks_the_order() {
    let start = Instant::now();
    let script = script(lost(), vec![Ok(None)]);
    let (kernel, _) = after(&script, MINUTE).await;
    let third = Duration::from_millis(400);
    let listed = script.first("listing").unwrap() - start;
    assert!(listed >= Duration::from_secs(60) + third, "{listed:?}");
    assert!(script.first("fills").unwrap() - start >= Duration::from_secs(60));
    assert!(script.times("find") > 3, "it goes on being looked up meanwhile");
    assert_eq!(status(&kernel), OrderStatus::NotReceived);
    assert_eq!(kernel.state().reserved(), Some(::kernel::Cash::ZERO));
}

#[tokio::test(start_paused = true)]
async fn until_then_it_is_unknown_and_keeps_its_reservation() {
    let (mut kernel, send) = kernel_with_an_order();
    let reserved = kernel.state().reserved().unwrap();
    assert!(reserved.is_positive());
    let script = script(lost(), vec![Ok(None)]);
    let (out, mut told) = mpsc::channel(64);
    let courier = Courier::new(Arc::clone(&script) as Arc<dyn Venue>, patience(MINUTE));
    let errand = submission(&kernel, send);
    let running = tokio::spawn(async move { courier.run(errand, NOON, &out).await });
    tokio::time::sleep(Duration::from_secs(55)).await;
    let mut so_far = Vec::new();
    while let Ok(answer) = told.try_recv() {
        so_far.push(answer);
    }
    feed(&mut kernel, so_far);
    assert_eq!(status(&kernel), OrderStatus::Unknown);
    assert_eq!(kernel.state().reserved(), Some(reserved));
    running.await.unwrap();
    assert!(matches!(told.recv().await, Some(Answer::Report(_))));
}

#[tokio::test(start_paused = true)]
async fn an_order_that_only_the_listing_has_is_found() {
    let script = script(lost(), vec![Ok(None)]);
    script.listings.lock().unwrap()[0] = Ok(vec![seen(OrderStatus::New, 0)]);
    let (kernel, _) = after(&script, MINUTE).await;
    assert_eq!(status(&kernel), OrderStatus::New);
}

#[tokio::test(start_paused = true)]
async fn an_order_that_only_an_execution_names_is_found_and_booked_once() {
    let script = script(lost(), vec![Ok(None)]);
    script.fills.lock().unwrap()[0] = Ok(vec![fill("b-1")]);
    *script.by_id.lock().unwrap() = Some(seen(OrderStatus::Filled, 10));
    let (kernel, _) = after(&script, MINUTE).await;
    assert_eq!(status(&kernel), OrderStatus::Filled);
    assert_eq!(kernel.state().tally().fills, 1);
}

#[tokio::test(start_paused = true)]
async fn another_orders_execution_proves_nothing() {
    let script = script(lost(), vec![Ok(None)]);
    script.fills.lock().unwrap()[0] = Ok(vec![fill("b-2")]);
    let foreign = OrderState { order: None, ..seen(OrderStatus::Filled, 10) };
    *script.by_id.lock().unwrap() = Some(foreign);
    let (kernel, _) = after(&script, MINUTE).await;
    assert_eq!(status(&kernel), OrderStatus::NotReceived);
}

/// A broker that cannot be asked denies nothing.
#[tokio::test(start_paused = true)]
async fn a_listing_that_cannot_be_had_proves_nothing_and_is_asked_for_again() {
    let script = script(lost(), vec![Ok(None)]);
    let unavailable = || Err(failure(ErrorClass::Unknown, "503"));
    script.listings.lock().unwrap().extend([unavailable(), unavailable(), Ok(Vec::new())]);
    script.listings.lock().unwrap().pop_front();
    script.fills.lock().unwrap().push_front(Err(failure(ErrorClass::Unknown, "503")));
    let (kernel, _) = after(&script, MINUTE).await;
    assert_eq!(script.times("listing"), 4, "twice without a listing, once without executions");
    assert_eq!(status(&kernel), OrderStatus::NotReceived);
}

#[tokio::test(start_paused = true)]
async fn in_lock_step_the_venues_clock_decides_and_nobody_waits() {
    let minute = Wait::Venue(Span::from_secs(60));
    let script = script(lost(), vec![Ok(None)]);
    let (mut kernel, _) = after(&script, minute).await;
    assert_eq!(status(&kernel), OrderStatus::Unknown);
    assert_eq!((script.times("find"), script.times("listing")), (3, 0));
    let target = Target::of(kernel.state().order(OrderNumber(1)).unwrap());
    for (later, expected) in [(59, OrderStatus::Unknown), (60, OrderStatus::NotReceived)] {
        let now = NOON.plus(Span::from_secs(later));
        let (out, mut told) = mpsc::channel(64);
        let courier = Courier::new(Arc::clone(&script) as Arc<dyn Venue>, patience(minute));
        courier.run(Errand::Find(target.clone()), now, &out).await;
        drop(out);
        let mut all = Vec::new();
        while let Some(answer) = told.recv().await {
            all.push(answer);
        }
        feed(&mut kernel, all);
        assert_eq!(status(&kernel), expected, "{later} s later");
    }
}

/// After the order ended so, the strategy may propose it anew, under another number.
#[tokio::test(start_paused = true)]
async fn an_order_that_was_not_received_may_be_proposed_anew() {
    let script = script(lost(), vec![Ok(None)]);
    let (mut kernel, _) = after(&script, MINUTE).await;
    let later = NOON.plus(Span::from_secs(70));
    let price = "100".parse().unwrap();
    let bar = Bar {
        symbol: kernel.state().symbols().id("AAPL").unwrap(),
        open_time: later.minus(Span::from_secs(60)),
        length: Span::from_secs(60),
        open: price,
        high: price,
        low: price,
        close: price,
        volume: kernel::Volume::ZERO,
    };
    let input = kernel::Input::Market(MarketData::Bar(bar));
    let mut out = Output::default();
    kernel.decide(&Stamped { at: later, seen: later, input }, &mut out).unwrap();
    let Some(kernel::Send::Submit(approved)) = out.sends.pop() else { panic!("{:?}", out.events) };
    assert_eq!(approved.order().number, OrderNumber(2));
}

/// In lock step the venue's clock stands while anybody asks: an answer that cannot be read is none, and
/// proves nothing.
#[tokio::test(start_paused = true)]
async fn an_order_whose_answer_cannot_be_read_stays_unknown_in_lock_step() {
    let unreadable = || Err(failure(ErrorClass::Unreadable, "`id` is missing"));
    let script = script(lost(), vec![unreadable()]);
    let (kernel, _) = after(&script, Wait::Venue(Span::ZERO)).await;
    assert_eq!((status(&kernel), script.times("find")), (OrderStatus::Unknown, 4));
    assert_eq!(script.times("listing"), 0, "nothing is proven");
}
