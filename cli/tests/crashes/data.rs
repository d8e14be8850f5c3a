//! Market data made for the script: two days of quarter hours, in which every order of it comes to
//! its end.

use crate::common::User;
use std::path::PathBuf;

/// The symbols, in the order in which the script takes them: of the bracket, of the stop, of the
/// chosen kind.
pub const SYMBOLS: [&str; 3] = ["BBB", "SSS", "XXX"];

/// The kind of script whose orders all stand until an operator comes.
pub const OPERATED: &str = "operated";

/// Days and times (UTC, New York is five hours behind) with prices.
type Bars = Vec<(u32, u32, u32)>;

/// Writes the files and gives their names. An order for the opening auction is sent before the open,
/// so for that kind the first day has none of the third symbol.
pub fn write(user: &User, kind: &str) -> Vec<PathBuf> {
    if kind == OPERATED {
        return SYMBOLS
            .iter()
            .zip([50, 50, 100])
            .map(|(symbol, price)| still(user, symbol, price))
            .collect();
    }
    let guard = |after: u32| {
        let before = (0..6).map(|place| (5, 14 * 60 + 30 + 15 * place, 50));
        before.chain((0..3).map(move |place| (6, 15 * 60 + 30 + 15 * place, after))).collect()
    };
    let mut chosen = chosen();
    if kind == "opg" {
        chosen.retain(|(day, ..)| *day == 6);
        // At a pace a sale that is lost in a crash is only sent anew after some more bars.
        chosen.extend((0..8).map(|bar| (6, 16 * 60 + 15 + 15 * bar, 100)));
    }
    let all: [Bars; 3] = [guard(56), guard(44), chosen];
    SYMBOLS.iter().zip(all).map(|(symbol, bars)| file(user, symbol, &bars)).collect()
}

/// 100 until the afternoon, 94 until the close, 92 after it; the next day 100 from long before the open.
fn chosen() -> Bars {
    let mut bars = Vec::new();
    let mut stand = |day, from: u32, to: u32, price| {
        bars.extend((from..to).step_by(15).map(|minute| (day, minute, price)));
    };
    stand(5, 16 * 60 + 15, 19 * 60, 100);
    stand(5, 19 * 60, 21 * 60, 94);
    stand(5, 21 * 60, 22 * 60, 92);
    stand(6, 10 * 60, 16 * 60 + 15, 100);
    bars
}

/// A price that stands still, a day and a half long: whenever a command comes, it leads to the same.
fn still(user: &User, symbol: &str, price: u32) -> PathBuf {
    let day = |day, bars: u32| (0..bars).map(move |bar| (day, 14 * 60 + 30 + 15 * bar, price));
    file(user, symbol, &day(5, 26).chain(day(6, 13)).collect::<Bars>())
}

fn file(user: &User, symbol: &str, bars: &Bars) -> PathBuf {
    let mut text = String::from("timestamp,open,high,low,close,volume\n");
    for (day, minute, price) in bars {
        let (hour, minute) = (minute / 60, minute % 60);
        text.push_str(&format!(
            "2024-02-{day:02}T{hour:02}:{minute:02}:00Z,{price}.00,{price}.00,{price}.00,{price}.00,10000\n"
        ));
    }
    let path = user.path(&format!("{symbol}_2024-02.csv"));
    std::fs::write(&path, text).unwrap();
    path
}
