//! A series whose best predictor is known, and a random walk in which there is nothing to find.
//!
//! The series: each logarithm of returns is `a * before + b * the one before that`, and noise. Whoever
//! knows a and b and the two returns errs by the noise alone, and nobody errs less. Prints what
//! `cargo xtask acceptance lstm` puts into the documents, as JSON; exit code 1 when the network is further
//! than 5 % from the best mean square error, or claims an edge in a random walk.

use kernel::{Bar, Price, Span, Symbols, Timestamp, TradingHours, Volume};
use model::config::Config;
use model::train::{Order, make};
use model::{Head, Predictor, Series};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{RngCore, SeedableRng};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

const NOISE: f64 = 1e-3;
const MEMORY: [f64; 2] = [0.5, -0.3];
const BARS: usize = 24_000;
/// How far the error may be above the best possible one.
const BOUND: f64 = 1.05;
const WALKS: u64 = 20;

fn main() -> ExitCode {
    match run() {
        Ok(holds) => ExitCode::from(u8::from(!holds)),
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<bool, Box<dyn std::error::Error>> {
    let folder = std::env::temp_dir().join(format!("known-best-{}", std::process::id()));
    let said = (|| {
        let ratio = known(&folder.join("known"))?;
        let mut claims = 0;
        for seed in 1..=WALKS {
            let closes = closes(6_000, [0.0, 0.0], seed);
            let walk = folder.join(format!("walk-{seed}"));
            claims += u64::from(trained("direction", &closes, &walk)?.card().beats_baselines);
        }
        println!(
            "{{\"error_over_best\": {ratio}, \"bound\": {BOUND}, \"walks\": {WALKS}, \"claims\": {claims}}}"
        );
        Ok(ratio <= BOUND && claims == 0)
    })();
    std::fs::remove_dir_all(&folder)?;
    said
}

/// The mean square error of the network over that of the best predictor, on the last fifth.
fn known(folder: &Path) -> Result<f64, Box<dyn std::error::Error>> {
    let closes = closes(BARS, MEMORY, 1);
    let model = trained("return", &closes, folder)?;
    let Head::Value { scale, .. } = *model.head() else { return Err("a head of classes".into()) };
    let bars = bars(&closes)?;
    let logs: Vec<f64> = closes.iter().map(|close| close.ln()).collect();
    let moved =
        |at: usize| logs.get(at).zip(logs.get(at + 1)).map_or(0.0, |(one, next)| next - one);
    let mut predictor = Predictor::new(Arc::new(model));
    let (mut ours, mut best) = (0.0, 0.0);
    let [first, second] = MEMORY;
    for (at, bar) in bars.iter().enumerate() {
        let outputs = predictor.outputs(bar)?;
        let expected =
            outputs.and_then(|outputs| outputs.first().map(|one| f64::from(*one) * scale));
        if at + 1 < BARS && at >= BARS * 4 / 5 {
            ours += (moved(at) - expected.unwrap_or_default()).powi(2);
            best += (moved(at) - first * moved(at - 1) - second * moved(at - 2)).powi(2);
        }
    }
    Ok(ours / best)
}

fn trained(
    kind: &str,
    closes: &[f64],
    folder: &Path,
) -> Result<model::folder::Model, Box<dyn std::error::Error>> {
    let config = Config::from_toml(&format!(
        "[network]\nwindow = 16\nhidden = 16\ndropout = 0.0\n\
         [target]\nkind = \"{kind}\"\nhorizon = 1\n\
         [training]\nepochs = 30\nlearning_rate = 0.003\n\
         [[features]]\nname = \"return\"\n[[features]]\nname = \"rsi\"\n"
    ))?;
    let series = vec![Series { symbol: "AAA".into(), bars: bars(closes)? }];
    let order = Order {
        config: &config,
        series,
        hours: TradingHours::Always,
        synthetic: true,
        parent: None,
        software: "proof",
    };
    Ok(make(order, &folder.join("work"), &folder.join("models"), |_, _, _| {})?.model)
}

fn closes(count: usize, memory: [f64; 2], seed: u64) -> Vec<f64> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut normal = || {
        let unit = |bits: u64| ((bits >> 11) as f64 + 0.5) / 9_007_199_254_740_992.0;
        let (one, other) = (unit(random.next_u64()), unit(random.next_u64()));
        (-2.0 * one.ln()).sqrt() * (std::f64::consts::TAU * other).cos()
    };
    let ([a, b], mut log, mut steps) = (memory, 100_f64.ln(), [0.0; 2]);
    let next = |_| {
        let step = a * steps[0] + b * steps[1] + NOISE * normal();
        steps = [step, steps[0]];
        log += step;
        log.exp()
    };
    (0..count).map(next).collect()
}

fn bars(closes: &[f64]) -> Result<Vec<Bar>, Box<dyn std::error::Error>> {
    let symbol = Symbols::new(["AAA"])?.ids().next().ok_or("no symbol")?;
    let price = |price: f64| Price::from_nanos((price * 1e9) as i64);
    let bar = |(at, close): (usize, &f64)| Bar {
        symbol,
        open_time: Timestamp::from_secs(1_700_000_000 + 60 * at as i64),
        length: Span::from_secs(60),
        open: price(*close),
        high: price(*close),
        low: price(*close),
        close: price(*close),
        volume: Volume::ZERO,
    };
    Ok(closes.iter().enumerate().map(bar).collect())
}
