//! The figures of a session's conduct: each is met by a session that did right, and not by one that
//! did the one thing wrong which it is about.

use crate::support::*;
use exchange::OrderRequest;
use exchange::check::{Asked, Expect, Happening, Note, SessionRecord, Stream};
use kernel::{OrderClass, OrderStatus, Span, StopLoss};

type Diary = Vec<Note>;

fn note(step: u64, milliseconds: i64, what: Happening) -> Note {
    Note { step, at: minute(3, step as i64), since_start: Span::from_millis(milliseconds), what }
}

fn taken(stream: Stream) -> Happening {
    Happening::Taken { stream, until: 1 }
}

fn asked(kind: &'static str, order: &str, struck: bool) -> Happening {
    Happening::Asked(Asked { kind, order: Some(order.into()), struck })
}

/// A session that bought with an answer that was lost, looked it up, and sold; whose data stream was
/// dropped and came back; which waited while its symbol was halted; and bought again.
fn sound() -> (SessionRecord, Diary) {
    let mut exchange = open_exchange(free());
    exchange.submit(named(buy(10, market()), "tw-1")).unwrap();
    exchange.step(&[bar(0, ["100"; 4])]);
    exchange.submit(named(sell(10, limit("99")), "tw-2")).unwrap();
    exchange.step(&[bar(1, ["100"; 4])]);
    exchange.submit(named(buy(10, limit("98")), "tw-3")).unwrap();
    let halted = |halted| Happening::Status { symbol: spy(), halted };
    let diary = vec![
        note(0, 0, Happening::Up(Stream::Orders)),
        note(0, 1, Happening::Up(Stream::Data)),
        note(0, 2, asked("submit", "tw-1", true)),
        note(0, 3, asked("read_order", "tw-1", false)),
        note(1, 4, asked("submit", "tw-2", false)),
        note(1, 5, taken(Stream::Data)),
        note(1, 6, Happening::Down(Stream::Data)),
        note(1, 7, Happening::Up(Stream::Data)),
        note(2, 8, halted(true)),
        note(3, 9, halted(false)),
        note(3, 10, asked("cancel", "tw-2", true)),
        note(3, 1_010, asked("cancel", "tw-2", false)),
        note(3, 1_011, asked("submit", "tw-3", false)),
    ];
    (SessionRecord::of(&exchange), diary)
}

fn expect(text: &str) -> Expect {
    toml::from_str(text).unwrap()
}

/// Puts a request at a place.
fn ask(diary: &mut Diary, place: usize, step: u64, what: Happening) {
    diary.insert(place, note(step, 0, what));
}

#[test]
fn each_figure_is_met_by_a_sound_session_and_not_by_one_that_does_that_wrong() {
    type Spoil = fn(&mut SessionRecord, &mut Diary);
    let cases: Vec<(&str, Spoil)> = vec![
        ("that='sent'\nat_most=1", |_, diary| ask(diary, 4, 0, asked("submit", "tw-1", false))),
        ("that='sent'\nat_most=1", |_, diary| ask(diary, 4, 0, asked("replace", "tw-1", false))),
        ("that='looked_up'\nat_least=1", |_, diary| drop(diary.remove(3))),
        // A look before the answer was lost is none.
        ("that='looked_up'\nat_least=1", |_, diary| diary.swap(2, 3)),
        ("that='held'\nat_least=1\nat_most=1", |record, _| drop(record.orders.remove(0))),
        ("that='held'\nat_least=1\nat_most=1", |record, _| {
            record.orders.push(record.orders[0].clone());
        }),
        ("that='wait_ms'\non='cancel'\nat_least=1000", |_, diary| {
            diary[11].since_start = Span::from_millis(1_009);
        }),
        ("that='came_back'\nat_least=1", |_, diary| drop(diary.remove(7))),
        ("that='came_back'\nstream='data'\nat_least=1", |_, diary| {
            diary.push(note(9, 0, taken(Stream::Data)));
            diary.push(note(10, 0, asked("cancel", "tw-3", false)));
        }),
        ("that='connections'\nstream='data'\nat_least=2", |_, diary| drop(diary.remove(1))),
        ("that='requests'\non='cancel'\nat_least=2", |_, diary| drop(diary.remove(11))),
        ("that='entries'\nduring='data_away'\nat_most=0", |_, diary| {
            ask(diary, 7, 2, asked("submit", "tw-3", false));
        }),
        ("that='entries'\nduring='orders_away'\nat_most=0", |_, diary| {
            diary[5].what = taken(Stream::Orders);
        }),
        ("that='orders'\nduring='halt'\nat_most=0", |_, diary| {
            ask(diary, 9, 2, asked("submit", "tw-2", false));
        }),
        ("that='exits'\nat_least=1", |_, diary| drop(diary.remove(4))),
        ("that='exits'\nsymbol='SPY'\nat_least=1", |_, diary| drop(diary.remove(4))),
        ("that='entries'\nduring='struck_data'\nat_most=0", |_, diary| {
            let struck = Happening::Struck { stream: Stream::Data, symbol: Some(spy()) };
            ask(diary, 12, 3, struck);
        }),
        ("that='canceled_in_part'\nat_most=0", |record, _| {
            record.orders[2].status = OrderStatus::Canceled;
            record.orders[2].filled_qty = shares(1);
        }),
        ("that='requests'\non='cancel'\nduring='data_away'\nat_most=0", |_, diary| {
            ask(diary, 7, 2, asked("cancel", "tw-2", false));
        }),
        ("that='entries'\nafter_faults=true\nat_least=1", |_, diary| drop(diary.pop())),
        ("that='fills'\nat_least=2", |record, _| record.activities.truncate(1)),
        ("that='rejected'\nat_most=0", |record, _| {
            record.orders[2].status = OrderStatus::Rejected;
        }),
        ("that='oversold'\nat_most=0", |record, _| {
            record.activities.remove(0);
        }),
        ("that='outside_bands'\nat_most=0", |_, diary| {
            let (symbol, lower, upper) = (spy(), price("98.01"), price("102"));
            ask(diary, 12, 3, Happening::Bands { symbol, lower, upper });
        }),
        ("that='off_market_bps'\nat_most=200", |record, _| {
            record.orders[2].arrival_price = Some(price("49"));
        }),
    ];
    for (number, (text, spoil)) in cases.into_iter().enumerate() {
        let expect = expect(text);
        let (mut record, mut diary) = sound();
        assert_eq!(expect.unmet(&record, &diary), [], "{number}: {text}");
        spoil(&mut record, &mut diary);
        assert_ne!(expect.unmet(&record, &diary), [], "{number}: {text}");
    }
}

/// A figure of each thing that was struck shows nothing where nothing was.
#[test]
fn a_figure_of_nothing_is_idle() {
    let (record, diary) = sound();
    for text in ["that='sent'", "that='looked_up'", "that='held'", "that='wait_ms'\non='cancel'"] {
        let expect = expect(text);
        assert!(!expect.is_idle(&record, &diary), "{text}");
        let spared = diary.iter().filter(|note| !note.is_strike()).cloned().collect::<Vec<_>>();
        assert!(expect.is_idle(&record, &spared), "{text}");
        assert_eq!(expect.unmet(&record, &spared), [], "{text}");
    }
    let came_back = expect("that='came_back'\nstream='orders'");
    assert!(came_back.is_idle(&record, &diary), "only the data stream was taken");
    assert!(!expect("that='fills'").is_idle(&record, &diary), "none is a number too");
    assert!(expect("that='fills'").is_unbounded());
}

/// Nothing was kept back in a time that never came: the market stood still, or nothing was halted.
#[test]
fn a_figure_of_times_is_idle_where_the_market_took_no_step_in_them() {
    let (record, mut diary) = sound();
    let away = expect("that='entries'\nduring='data_away'\nat_most=0");
    assert!(away.is_idle(&record, &diary), "it was back before the next step");
    diary[7].step = 2;
    assert!(!away.is_idle(&record, &diary));
    assert!(expect("that='entries'\nduring='orders_away'\nat_most=0").is_idle(&record, &diary));
    let halted = expect("that='orders'\nduring='halt'\nat_most=0");
    assert!(!halted.is_idle(&record, &diary));
    diary.retain(|note| !matches!(note.what, Happening::Status { .. }));
    assert!(halted.is_idle(&record, &diary));
}

/// What was struck is the datum of a symbol in its step: neither an order in another step nor one in
/// another symbol was decided on it, and updates of orders are no data.
#[test]
fn an_order_may_be_sent_beside_data_that_were_struck() {
    let (record, sound) = sound();
    let expect = expect("that='entries'\nduring='struck_data'\nat_most=0");
    assert!(expect.is_idle(&record, &sound), "no datum was struck");
    let struck = |stream, symbol| Happening::Struck { stream, symbol };
    for (step, what) in [
        (2, struck(Stream::Data, Some(spy()))),
        (3, struck(Stream::Data, Some(ford()))),
        (3, struck(Stream::Orders, Some(spy()))),
    ] {
        let mut diary = sound.clone();
        ask(&mut diary, 12, step, what);
        assert_eq!(expect.unmet(&record, &diary), []);
    }
}

/// A symbol that the exchange does not know has no orders, and that shows nothing.
#[test]
fn a_figure_of_a_symbol_counts_no_other() {
    let (record, diary) = sound();
    let none = expect("that='orders'\nsymbol='QQQ'\nat_most=0");
    assert_eq!(none.unmet(&record, &diary), []);
    assert!(none.is_idle(&record, &diary));
    let all = expect("that='orders'\nsymbol='SPY'\nat_least=3");
    assert_eq!(all.unmet(&record, &diary), []);
    assert!(!all.is_idle(&record, &diary));
}

/// In the last steps of the market nobody waits for a stream, and it need not have come back.
#[test]
fn a_stream_that_goes_at_the_end_need_not_come_back() {
    let (record, mut diary) = sound();
    let expect = expect("that='came_back'\nstream='data'\nat_least=1");
    let gone = |until| Happening::Taken { stream: Stream::Data, until };
    diary.push(note(3, 2_000, gone(8)));
    diary.push(note(8, 2_001, asked("cancel", "tw-3", false)));
    assert_eq!(expect.unmet(&record, &diary), []);
    diary.push(note(9, 2_002, asked("cancel", "tw-3", false)));
    assert_eq!(expect.unmet(&record, &diary)[0].found, 0);
}

/// Shares that are sold short by a bracket are meant to be; the same sale alone is one too many.
#[test]
fn the_entry_of_a_bracket_may_sell_what_is_not_held() {
    let class =
        OrderClass::Bracket { take_profit: price("95"), stop_loss: StopLoss::at(price("105")) };
    let grouped = OrderRequest { class, ..sell(10, market()) };
    for (request, oversold) in [(grouped, 0), (sell(10, market()), 1)] {
        let mut exchange = open_exchange(free());
        exchange.submit(named(request, "tw-1")).unwrap();
        exchange.step(&[bar(0, ["100"; 4])]);
        let record = SessionRecord::of(&exchange);
        assert_eq!(record.positions.len(), 1);
        let unmet = expect("that='oversold'\nat_most=0").unmet(&record, &[]);
        assert_eq!(unmet.len(), oversold);
    }
}

#[test]
fn an_exit_may_go_out_while_a_stream_is_away_and_what_is_sent_in_the_step_in_which_it_went() {
    let (record, mut diary) = sound();
    ask(&mut diary, 7, 2, asked("submit", "tw-2", false));
    ask(&mut diary, 7, 1, asked("submit", "tw-1", false));
    let expect = expect("that='entries'\nduring='data_away'\nat_most=0");
    assert_eq!(expect.unmet(&record, &diary), []);
}

/// An exit goes out whatever the bands are, and an entry once they are wide enough again.
#[test]
fn bands_are_for_entries_while_they_hold() {
    let (record, mut diary) = sound();
    let bands = |lower: &str, upper: &str| Happening::Bands {
        symbol: spy(),
        lower: price(lower),
        upper: price(upper),
    };
    ask(&mut diary, 4, 1, bands("99.5", "102"));
    ask(&mut diary, 13, 3, bands("98", "102"));
    let expect = expect("that='outside_bands'\nat_most=0");
    assert_eq!(expect.unmet(&record, &diary), []);
    ask(&mut diary, 14, 3, bands("98.01", "102"));
    assert_ne!(expect.unmet(&record, &diary), []);
}

#[test]
fn shares_of_a_split_may_be_sold() {
    let mut exchange = open_exchange(free());
    exchange.submit(named(buy(10, market()), "tw-1")).unwrap();
    exchange.step(&[bar(0, ["100"; 4])]);
    exchange.split_by_hand(spy(), 2, 1).unwrap();
    exchange.submit(named(sell(20, market()), "tw-2")).unwrap();
    exchange.step(&[bar(1, ["50"; 4])]);
    let record = SessionRecord::of(&exchange);
    assert_eq!(record.positions.len(), 0);
    assert_eq!(expect("that='oversold'\nat_most=0").unmet(&record, &[]), []);
}

#[test]
fn what_is_wrong_is_said_in_a_sentence() {
    let (record, diary) = sound();
    let unmet = expect("that='sent'\nat_least=2\nat_most=4").unmet(&record, &diary);
    assert_eq!(unmet[0].to_string(), "sent of order tw-1 is 1, and must be from 2 to 4");
    assert!(!unmet[0].is_short, "it is one of each order");
    let unmet = expect("that='entries'\nduring='halt'\nat_least=1").unmet(&record, &diary);
    assert!(unmet[0].is_short);
    let sentence = "entries while the symbol is halted is 0, and must be at least 1";
    assert_eq!(unmet[0].to_string(), sentence);
    assert!(toml::from_str::<Expect>("that='luck'").is_err());
}
