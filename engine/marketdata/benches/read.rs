//! How fast files become market data: one million minute bars, plain and gzipped.

#![allow(missing_docs, clippy::expect_used, reason = "criterion's macros make undocumented items")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use flate2::Compression;
use flate2::write::GzEncoder;
use kernel::{MarketData, Symbols};
use marketdata::{Generator, SyntheticConfig, read_files};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

const ROWS: usize = 1_000_000;

fn reading(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let text = synthetic_rows();
    let plain = folder.path().join("AAA.csv");
    std::fs::write(&plain, &text).expect("the file is written");
    let packed = folder.path().join("AAA.csv.gz");
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).expect("memory takes it");
    std::fs::write(&packed, encoder.finish().expect("memory takes it")).expect("it is written");

    let mut group = criterion.benchmark_group("read");
    group.sample_size(10).throughput(Throughput::Elements(ROWS as u64));
    let read = |path: &Path| read_files(&[path.into()]).expect("the file is sound");
    group.bench_function("1M bars, csv", |bencher| bencher.iter(|| read(&plain)));
    group.bench_function("1M bars, csv.gz", |bencher| bencher.iter(|| read(&packed)));
    let feed = read(&plain);
    group.bench_function("content hash of 1M bars", |bencher| bencher.iter(|| feed.content_hash()));
    group.bench_function("1M synthetic bars", |bencher| {
        bencher.iter(|| generator().take(ROWS).flatten().count());
    });
}

fn generator() -> Generator {
    let start = "2000-01-03".parse().expect("a date");
    let symbols = Symbols::new(["AAA"]).expect("a symbol");
    Generator::new(&SyntheticConfig { seed: 1, symbols, start, extended: false })
}

fn synthetic_rows() -> String {
    let mut text = String::from("timestamp,open,high,low,close,volume\n");
    for datum in generator().take(ROWS).flatten() {
        if let MarketData::Bar(bar) = datum {
            let (open, high, low, close) = (bar.open, bar.high, bar.low, bar.close);
            let time = bar.open_time.to_string().replace(".000000000", "");
            let written = writeln!(text, "{time},{open},{high},{low},{close},{}", bar.volume);
            written.expect("memory takes it");
        }
    }
    text
}

criterion_group!(benches, reading);
criterion_main!(benches);
