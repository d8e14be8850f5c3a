//! What a market data message costs from bytes to the kernel's types, in frames as the stream
//! sends them. Run by `cargo bench -p tradewind-runtime --bench decode`; the figure that has a
//! budget is printed beside it at the end.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on fails")]
#![allow(missing_docs, reason = "criterion's macros make functions without any")]

use criterion::{Criterion, Throughput, criterion_group};
use kernel::{Span, Symbols};
use runtime::alpaca::{MarketDecoder, Names};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Messages a second on one core, from the design's table of budgets.
const BUDGET: f64 = 1_000_000.0;

const QUOTE: &str = r#"{"T":"q","S":"AMD","bx":"U","bp":87.66,"bs":100,"ax":"Q","ap":87.68,"as":400,"t":"2021-02-22T15:51:45.335689322Z","c":["R"],"z":"C"}"#;
const TRADE: &str = r#"{"T":"t","i":96921,"S":"AAPL","x":"D","p":126.55,"s":1,"t":"2021-02-22T15:51:44.208Z","c":["@","I"],"z":"C"}"#;
const BAR: &str = r#"{"T":"b","S":"SPY","o":388.985,"h":389.13,"l":388.975,"c":389.12,"v":49378,"n":461,"vw":389.062639,"t":"2021-02-22T19:15:00Z"}"#;

fn decoder() -> MarketDecoder {
    let symbols: Vec<String> = (0..30).map(|number| format!("S{number}")).collect();
    let own = ["SPY", "AAPL", "AMD"].map(String::from);
    let symbols = Symbols::new(symbols.into_iter().chain(own)).unwrap();
    MarketDecoder::new(&Names::new(symbols, "bench"), Span::from_secs(60))
}

/// A frame of so many messages of these kinds in turn.
fn frame(kinds: &[&str], messages: usize) -> String {
    let messages: Vec<&str> = kinds.iter().copied().cycle().take(messages).collect();
    format!("[{}]", messages.join(","))
}

fn decode(criterion: &mut Criterion) {
    let decoder = decoder();
    let cases = [
        ("one quote", frame(&[QUOTE], 1)),
        ("one trade", frame(&[TRADE], 1)),
        ("one bar", frame(&[BAR], 1)),
        ("ten mixed", frame(&[QUOTE, TRADE, QUOTE, BAR], 10)),
        ("thirty bars", frame(&[BAR], 30)),
    ];
    let mut group = criterion.benchmark_group("frame to market data");
    for (name, frame) in &cases {
        let messages = decoder.decode(frame.as_bytes()).data.len();
        group.throughput(Throughput::Elements(messages.try_into().unwrap()));
        group.bench_function(*name, |bencher| {
            bencher.iter(|| decoder.decode(black_box(frame.as_bytes())));
        });
    }
    group.finish();
}

/// Decodes for a second in batches of a few hundred microseconds, and prints the rate of the
/// median batch beside the budget: other programs that share the core then do not count.
fn against_the_budget(name: &str, frame: &str) {
    let decoder = decoder();
    let frames = 1_000 / decoder.decode(frame.as_bytes()).data.len();
    let (start, mut batches) = (Instant::now(), Vec::new());
    while start.elapsed() < Duration::from_secs(1) {
        let (begun, mut messages) = (Instant::now(), 0_usize);
        for _ in 0..frames {
            messages += black_box(decoder.decode(black_box(frame.as_bytes()))).data.len();
        }
        batches.push(begun.elapsed().as_secs_f64() / messages as f64);
    }
    batches.sort_by(f64::total_cmp);
    let each = batches.get(batches.len() / 2).copied().unwrap();
    let verdict = if 1.0 / each >= BUDGET { "within" } else { "BELOW" };
    println!(
        "messages decoded a second, {name}: {:.0} ({verdict} the budget of {BUDGET:.0}; {:.0} ns \
         each)",
        1.0 / each,
        1e9 * each
    );
}

criterion_group!(
    name = benches;
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(1))
        .sample_size(20);
    targets = decode
);

fn main() {
    benches();
    Criterion::default().configure_from_args().final_summary();
    against_the_budget("one quote a frame", &frame(&[QUOTE], 1));
    against_the_budget(
        "quotes, trades and bars, ten a frame",
        &frame(&[QUOTE, TRADE, QUOTE, BAR], 10),
    );
}
