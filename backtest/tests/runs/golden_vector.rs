//! One return series, and what the systems make of it.
//!
//! The figures come from running empyrical 0.7.1, quantstats 0.0.86, vectorbt 1.2.0 and
//! backtesting.py 0.6.6 on the series, and for the others from the formulas in their sources.

use backtest::statistics::{
    Activity, CONVENTIONS, Convention, Facts, Moments, Sample, Series, Trials, deflated_sharpe,
    figures, probabilistic_sharpe, shape,
};

const DAYS: usize = 504;

/// The generator of the series: 31 bits, and twelve of its numbers for a normal one.
struct Lcg(u64);

impl Lcg {
    fn uniform(&mut self) -> f64 {
        self.0 = (1_103_515_245 * self.0 + 12_345) % (1 << 31);
        self.0 as f64 / (1_u64 << 31) as f64
    }

    fn normal(&mut self) -> f64 {
        let mut sum = 0.0;
        for _ in 0..12 {
            sum += self.uniform();
        }
        sum - 6.0
    }
}

/// Strategy and benchmark from 2023-01-02, a Monday, over the weekdays that follow.
fn golden() -> (Series, Series) {
    let mut lcg = Lcg(42);
    let (mut day, mut ours, mut theirs) = (0_i32, 100_000.0, 100_000.0);
    let (mut one, mut other) = (vec![(day, ours)], vec![(day, theirs)]);
    for _ in 0..DAYS {
        let b = 0.0003 + 0.008 * lcg.normal();
        let r = 0.0002 + 0.6 * b + 0.007 * lcg.normal();
        day += if day % 7 == 4 { 3 } else { 1 };
        ours *= 1.0 + r;
        theirs *= 1.0 + b;
        one.push((day, ours));
        other.push((day, theirs));
    }
    (Series::new(one, 252.0).unwrap(), Series::new(other, 252.0).unwrap())
}

fn close(what: &str, actual: f64, expected: f64, tolerance: f64) {
    assert!((actual - expected).abs() <= tolerance, "{what}: {actual} is not {expected}");
}

fn value(series: &(Series, Series), convention: &str, name: &str) -> f64 {
    let trials = Trials { count: 20.0, variance: 1.0 / (DAYS as f64 - 1.0) };
    let facts = Facts {
        series: Ok(&series.0),
        benchmark: Some(&series.1),
        trades: &[],
        activity: Activity::default(),
        risk_free: None,
        trials: Some(trials),
    };
    let all = figures(&facts, Convention::named(convention).unwrap());
    let metric = all.iter().find(|metric| metric.name == name).unwrap();
    metric.value.clone().unwrap_or_else(|reason| panic!("{convention} {name}: {reason}"))
}

#[test]
fn the_series_is_the_published_one() {
    let (ours, theirs) = golden();
    close("r[0]", ours.returns()[0], 0.000_595_120_911_039_412_1, 1e-15);
    close("b[0]", theirs.returns()[0], 0.000_725_703_994_929_790_5, 1e-15);
    close("r[503]", ours.returns()[503], 0.003_583_008_630_312_981, 1e-15);
    close("final equity", *ours.values().last().unwrap(), 106_733.248_201_759_59, 1e-9);
    assert_eq!((ours.len(), ours.calendar_days()), (DAYS, 704.0));
}

/// Name of the figure, conventions, value, tolerance by the digits printed; all are below 1e-9.
const TABLE: &[(&str, &[&str], f64, f64)] = &[
    (
        "sharpe",
        &["tradewind", "nautilus", "empyrical", "quantstats", "vectorbt-252"],
        0.310_646_941_804_0,
        1e-12,
    ),
    ("sharpe", &["lean"], 0.317_153_791_488_1, 1e-12),
    ("sharpe", &["vectorbt"], 0.373_863_652_333_2, 1e-12),
    ("sharpe", &["backtestingpy"], 0.239_013_315_768_2, 1e-12),
    ("sharpe", &["backtrader"], 0.236_368_785_737_0, 1e-12),
    ("sharpe", &["lumibot"], 0.252_963_228_078_1, 1e-12),
    (
        "sortino",
        &["tradewind", "nautilus", "empyrical", "quantstats", "vectorbt-252"],
        0.442_294_872_550_0,
        1e-12,
    ),
    ("sortino", &["lean"], 0.516_061_233_794_3, 1e-12),
    ("sortino", &["backtestingpy"], 0.353_094_928_127_6, 1e-12),
    ("sortino", &["vectorbt"], 0.532_301_961_511_4, 1e-12),
    ("cagr", &["nautilus", "empyrical", "quantstats"], 0.033_117_845_174_3, 1e-12),
    ("cagr_sessions", &["tradewind", "backtestingpy"], 0.033_117_845_174_3, 1e-12),
    ("cagr", &["lean", "freqtrade"], 0.034_361_728_938_5, 1e-12),
    ("cagr", &["tradewind", "backtestingpy"], 0.034_385_664_451_7, 1e-12),
    ("cagr", &["vectorbt"], 0.048_322_341_865_5, 1e-12),
    ("volatility", &["tradewind", "empyrical"], 0.133_541_242_990_3, 1e-12),
    ("volatility", &["backtestingpy"], 0.138_560_670_010_7, 1e-12),
    ("volatility", &["vectorbt"], 0.160_716_910_816_9, 1e-12),
    (
        "max_drawdown",
        &[
            "tradewind",
            "nautilus",
            "lean",
            "empyrical",
            "quantstats",
            "vectorbt",
            "backtestingpy",
            "backtrader",
            "lumibot",
        ],
        0.215_612_883_519_4,
        1e-12,
    ),
    ("calmar", &["empyrical", "quantstats", "backtestingpy"], 0.153_598_637_677_5, 1e-12),
    ("var_95", &["tradewind", "empyrical", "vectorbt"], -0.013_469_304_059_1, 1e-12),
    ("var_95", &["quantstats"], -0.013_672_394_891_3, 1e-12),
    ("var_95", &["lean"], -0.015_006_636_448_2, 1e-12),
    ("cvar_95", &["tradewind", "empyrical", "vectorbt"], -0.016_622_990_508_2, 1e-12),
    ("cvar_95", &["quantstats"], -0.017_187_554_846_9, 1e-12),
    ("cvar_95", &["quantstats-0.0.78"], -0.016_878_675_709_8, 1e-12),
    ("beta", &["tradewind", "empyrical", "quantstats"], 0.546_295_284_457_7, 1e-12),
    ("beta", &["backtestingpy"], 0.545_957_318_706_5, 1e-12),
    ("alpha", &["tradewind", "empyrical", "nautilus"], -0.002_824_306_4, 6e-11),
    ("alpha", &["quantstats"], -0.002_828_286_4, 6e-11),
    ("alpha", &["lean"], -0.003_798_407_0, 6e-11),
    ("information_ratio", &["tradewind", "nautilus"], -0.311_266_793_5, 6e-11),
    ("information_ratio", &["empyrical", "quantstats"], -0.019_607_964_9, 6e-11),
    ("information_ratio", &["lean"], -0.330_882_620_6, 6e-11),
    ("tracking_error", &["tradewind"], 0.127_319_442_174_1, 1e-12),
    ("skew", &["vectorbt"], -0.051_730_565_1, 1e-10),
    ("excess_kurtosis", &["vectorbt"], -0.100_703_075_8, 6e-11),
    ("skew", &["tradewind", "quantstats"], -0.051_885_112_8, 6e-11),
    // As it follows from the biased one: ((n + 1) k + 6) (n - 1) / ((n - 2) (n - 3)).
    ("excess_kurtosis", &["tradewind", "quantstats"], -0.089_709_393_2, 6e-11),
    ("psr", &["tradewind"], 0.669_532_728_6, 6e-11),
    ("psr", &["quantstats"], 0.669_532_405_0, 6e-11),
    ("psr", &["quantstats-0.0.78"], 0.669_555_529_8, 6e-11),
    ("dsr", &["tradewind", "vectorbt"], 0.072_014_464_712_6, 1e-12),
    ("omega", &["tradewind", "empyrical", "quantstats"], 1.050_591_384_579_2, 1e-12),
    ("profit_factor", &["quantstats", "nautilus"], 1.050_591_384_579_2, 1e-12),
    ("ulcer_index", &["tradewind", "quantstats"], 0.090_738_693_0, 6e-11),
    ("days_won", &["tradewind"], 0.523_809_523_809_5, 1e-12),
    ("win_rate", &["quantstats"], 0.523_809_523_809_5, 1e-12),
];

#[test]
fn every_convention_gives_its_systems_figure() {
    let series = golden();
    for (name, conventions, expected, tolerance) in TABLE {
        for convention in *conventions {
            let actual = value(&series, convention, name);
            close(&format!("{name} by {convention}"), actual, *expected, *tolerance);
        }
    }
}

#[test]
fn significance_by_its_parts() {
    let (ours, _) = golden();
    let trials = Trials { count: 20.0, variance: 1.0 / (DAYS as f64 - 1.0) };
    close("SR0", trials.expected_highest().unwrap(), 0.084_748_378_8, 6e-11);
    let slip = Sample::of(ours.returns(), Moments::ExcessInPlaceOfRaw).unwrap();
    close("DSR with the slip", deflated_sharpe(&slip, &trials).unwrap(), 0.071_985_707_6, 6e-11);
    let raw = shape(ours.returns()).unwrap();
    close("skew", raw.skew, -0.051_730_565_1, 1e-10);
    // A monthly record on which the slip shows.
    let monthly = Sample { sharpe: 0.5, count: 36.0, skew: -0.8, kurtosis: 6.0 };
    let annual = 0.5 / 12.0_f64.sqrt();
    let right = probabilistic_sharpe(&monthly, annual).unwrap();
    let slipped = probabilistic_sharpe(&Sample { kurtosis: 3.0, ..monthly }, annual).unwrap();
    assert!(slipped > right, "{slipped} {right}");
}

#[test]
fn every_figure_is_a_number_or_a_reason_in_every_convention() {
    let series = golden();
    let still = Series::new((0..30).map(|day| (day, 100.0)), 252.0).unwrap();
    let rising = Series::new((0..30).map(|day| (day, 100.0 + f64::from(day))), 252.0).unwrap();
    let one = Series::new([(0, 100.0), (0, 90.0)], 252.0).unwrap();
    let lost = Series::new([(0, 100.0), (1, 0.0)], 252.0).unwrap_err();
    let cases = [Ok(&series.0), Ok(&still), Ok(&rising), Ok(&one), Err(lost)];
    for case in cases {
        for benchmark in [None, Some(&still), case.as_ref().ok().copied()] {
            let facts = Facts {
                series: case.clone(),
                benchmark,
                trades: &[],
                activity: Activity::default(),
                risk_free: Some(0.02),
                trials: None,
            };
            for convention in &CONVENTIONS {
                for metric in figures(&facts, convention) {
                    match metric.value {
                        Ok(value) => assert!(value.is_finite(), "{} {value}", metric.name),
                        Err(reason) => assert!(!reason.to_string().is_empty(), "{}", metric.name),
                    }
                }
            }
        }
    }
}
