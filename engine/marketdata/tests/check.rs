//! What is wrong with data is found, and what is right is left alone.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use kernel::{Bar, MarketData, Price, Span, Timestamp};
use marketdata::calendar::Date;
use marketdata::check::{BarCheck, Sessions};
use marketdata::{
    Action, CorporateActions, CsvFile, Generator, ReadOptions, Resampler, SyntheticConfig, calendar,
};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Minute bars of so many sessions from 2024-03-06 on: summer time begins on 2024-03-10.
fn minutes(sessions: usize) -> Vec<Bar> {
    let symbols = kernel::Symbols::new(["SYN"]).unwrap();
    let start = Date::constant(2024, 3, 6);
    let config = SyntheticConfig { seed: 5, symbols, start, extended: false };
    let data = Generator::new(&config).flatten().take(390 * sessions);
    data.filter_map(|datum| if let MarketData::Bar(bar) = datum { Some(bar) } else { None })
        .collect()
}

fn shifted(bar: Bar, hours: i64) -> Bar {
    Bar { open_time: bar.open_time.plus(Span::from_secs(hours * 3_600)), ..bar }
}

/// The findings as `kind row time`, and their sentences.
fn check(
    bars: &[Bar],
    actions: Option<&CorporateActions>,
    adjusted: bool,
) -> (Vec<String>, String) {
    let mut check = BarCheck::new("SYN", bars[0].length, Sessions::Auto, actions, adjusted);
    for (row, bar) in (2..).zip(bars) {
        check.push(row, bar);
    }
    let found = check.finish();
    let short =
        found.iter().map(|one| format!("{} {} {:.16}", one.kind, one.row, one.time.to_string()));
    let text: Vec<&str> = found.iter().map(|one| one.text.as_str()).collect();
    (short.collect(), text.join("\n"))
}

fn daily() -> Vec<Bar> {
    let bars = minutes(120);
    let (first, last) = (bars[0].open_time, bars.last().unwrap().open_time);
    let days = calendar::trading_days(calendar::date_of(first), calendar::date_of(last));
    let mut maker = Resampler::new(Span::from_secs(86_400), days);
    let mut made: Vec<Bar> = bars.iter().filter_map(|bar| maker.push(bar)).collect();
    made.extend(maker.finish());
    made.truncate(100);
    made
}

fn divided(bar: &mut Bar, by: i64) {
    for price in [&mut bar.open, &mut bar.high, &mut bar.low, &mut bar.close] {
        *price = Price::from_nanos(price.nanos() / by);
    }
}

#[test]
fn sound_data_is_left_alone() {
    assert_eq!(check(&minutes(20), None, false).0, [""; 0]);
    assert_eq!(check(&minutes(3)[100..900], None, false).0, [""; 0], "ends within sessions");
    assert_eq!(check(&daily(), None, false).0, [""; 0]);
}

#[test]
fn gaps_are_told_by_day_and_by_run() {
    let mut bars = minutes(20);
    bars.drain(390 * 10..390 * 13);
    bars.drain(400..403);
    let (found, text) = check(&bars, None, false);
    assert_eq!(found, ["gap 402 2024-03-07T14:40", "missing_sessions 3899 2024-03-20T13:30"]);
    assert!(text.contains("3 bars of the regular session of 2024-03-07 missing"), "{text}");
    assert!(text.contains("3 sessions missing from 2024-03-20 to 2024-03-22"), "{text}");
    let mut days = daily();
    days.remove(30);
    let (found, text) = check(&days, None, false);
    assert_eq!(found, ["missing_sessions 32 2024-04-18T13:30"]);
    assert_eq!(text, "1 session missing on 2024-04-18");
}

#[test]
fn a_bad_tick_is_told_and_a_lively_day_is_not() {
    let mut bars = minutes(3);
    let high = bars[500].high;
    bars[500].high = Price::from_nanos(high.nanos() / 100 * 110);
    let (found, text) = check(&bars, None, false);
    assert_eq!(found, ["bad_tick 502 2024-03-07T16:20"]);
    assert!(text.contains("beyond the open, the close and the bars beside it"), "{text}");
}

#[test]
fn splits_are_told_unless_they_are_known() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("actions.csv");
    let header = "symbol,ex_date,type,ratio_or_cash\n";
    std::fs::write(
        &path,
        format!("{header}SYN,2024-05-01,split,4\nSYN,2024-05-02,dividend,0.24\n"),
    )
    .unwrap();
    let actions = CorporateActions::from_csv(&path).unwrap();
    let first = Date::constant(2024, 5, 1);
    assert_eq!(actions.on("SYN", first).collect::<Vec<_>>(), [Action::Split { new: 4, old: 1 }]);
    assert_eq!(actions.of("SYN").len(), 2);
    assert_eq!(actions.of("AAA"), []);

    let smooth = daily();
    let mut raw = smooth.clone();
    let ex = calendar::midnight(first);
    raw.iter_mut().filter(|bar| bar.open_time >= ex).for_each(|bar| divided(bar, 4));
    let (found, text) = check(&raw, None, false);
    assert_eq!(found, ["split 41 2024-05-01T04:00"]);
    assert!(text.contains("as after a split of 4 new shares for 1"), "{text}");
    assert_eq!(check(&raw, Some(&actions), false).0, [""; 0]);
    assert!(check(&raw, Some(&actions), true).1.contains("on 2024-05-01 is not adjusted for"));
    assert_eq!(check(&smooth, Some(&actions), true).0, [""; 0]);
    assert!(check(&smooth, Some(&actions), false).1.contains("is adjusted for already"));

    for (line, expected) in [
        ("SYN,2024-05-01,split,0", "row 2, column ratio_or_cash: 0 cannot be"),
        ("SYN,2024-05-01,merger,1", "row 2, column type: `merger` is not known"),
        ("SYN,1 May,split,2", "row 2, column ex_date: `1 May` is not a date"),
        ("SYN,2024-05-01,split,x", "row 2, column ratio_or_cash: `x` is not a decimal number"),
    ] {
        std::fs::write(&path, format!("{header}{line}\n")).unwrap();
        let error = CorporateActions::from_csv(&path).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn wrong_clocks_are_told() {
    // As if New York were always five hours behind: right in winter, an hour off in summer.
    let slipped: Vec<Bar> = minutes(10)
        .into_iter()
        .map(|bar| {
            shifted(
                bar,
                i64::from(bar.open_time >= "2024-03-10T07:00:00Z".parse::<Timestamp>().unwrap()),
            )
        })
        .collect();
    let (found, text) = check(&slipped, None, false);
    assert_eq!(found, ["time_zone 1172 2024-03-11T14:30"]);
    assert!(text.contains("7 sessions from 2024-03-11 to 2024-03-19 is 1 hour late"), "{text}");
    // Local times taken for UTC.
    let local: Vec<Bar> = minutes(2).into_iter().map(|bar| shifted(bar, -5)).collect();
    assert!(check(&local, None, false).1.contains("5 hours early"));
    // Daily bars stamped with midnight of UTC.
    let utc: Vec<Bar> = daily()
        .into_iter()
        .map(|bar| Bar {
            open_time: Timestamp::from_nanos(
                bar.open_time.nanos() / 86_400_000_000_000 * 86_400_000_000_000,
            ),
            ..bar
        })
        .collect();
    assert!(check(&utc, None, false).1.contains("stamped with midnight of UTC"));
}

#[test]
fn longer_bars_stay_within_their_sessions() {
    let bars = minutes(2);
    let days = calendar::trading_days(Date::constant(2024, 3, 6), Date::constant(2024, 3, 7));
    let mut maker = Resampler::new(Span::from_secs(3_600), days);
    let mut made: Vec<Bar> = bars.iter().filter_map(|bar| maker.push(bar)).collect();
    made.extend(maker.finish());
    assert_eq!(made.len(), 14, "six hours and a half, twice");
    assert_eq!(made[0].open_time, bars[0].open_time);
    assert_eq!((made[0].open, made[0].close), (bars[0].open, bars[59].close));
    assert_eq!((made[6].open, made[6].close), (bars[360].open, bars[389].close), "half an hour");
    assert_eq!(made[7].open_time, bars[390].open_time);
    let total = |bars: &[Bar]| bars.iter().map(|bar| bar.volume.nanos()).sum::<u128>();
    assert_eq!(total(&made), total(&bars));
    let top = bars[..60].iter().map(|bar| bar.high).max();
    assert_eq!(Some(made[0].high), top);
}

fn in_file(path: &Path, actions: Option<&CorporateActions>) -> Vec<String> {
    let file = CsvFile::open(path, &ReadOptions::default()).unwrap();
    let name = file.symbols().names().next().unwrap();
    let mut check = BarCheck::new(name, file.length(), Sessions::Auto, actions, false);
    let mut rows = file.read().unwrap();
    while let Some((datum, line)) = rows.next_row().unwrap() {
        let MarketData::Bar(bar) = datum else { continue };
        check.push(line, &bar);
    }
    let found = check.finish();
    found
        .iter()
        .map(|one| format!("{} {} {:.10}", one.kind, one.row, one.time.to_string()))
        .collect()
}

#[test]
fn the_known_defects_of_the_real_files_are_found_and_no_more() {
    let Some(folder) = std::env::var_os("TRADEWIND_TEST_DATA").map(PathBuf::from) else {
        let reason = "SKIPPED: TRADEWIND_TEST_DATA does not name the folder with market data\n";
        std::io::stderr().write_all(reason.as_bytes()).unwrap();
        return;
    };
    let actions = CorporateActions::from_csv(&folder.join("corporate_actions.csv")).unwrap();
    let found = |name: &str| in_file(&folder.join("bars").join(name), Some(&actions));
    // Bad ticks of 2004 and 2008, one of 2002 that nobody had listed, and the spin-off.
    assert_eq!(
        found("1Day/F.csv"),
        [
            "split 4620 1998-04-08",
            "bad_tick 5692 2002-07-16",
            "bad_tick 6275 2004-11-05",
            "bad_tick 7262 2008-10-08",
        ]
    );
    for name in [
        "1Day/CAT.csv",
        "1Day/GE.csv",
        "1Day/GOOG.csv",
        "1Hour/EURUSD.csv",
        "1Min/BTC-PERP_2022-01.csv.gz",
    ] {
        assert_eq!(found(name), [""; 0], "{name}");
    }
    assert_eq!(found("1Min/SPY_2011.csv.gz"), ["missing_sessions 14182 2011-02-01"]);
    assert_eq!(found("1Min/AAPL_2019-02.csv"), ["gap 1473 2019-02-14"]);
    let gld = found("1Min/GLD_2019-02.csv");
    assert_eq!(gld.iter().filter(|one| one.starts_with("gap")).count(), 5);
    assert_eq!(gld.iter().filter(|one| one.starts_with("zero_volume")).count(), 1);
    assert_eq!(found("1Min/TSLA_2019-02.csv").len(), 4);
}
