//! The figures of closed trades.

use super::View;
use crate::statistics::closed::{
    ClosedTrade, longest_streaks, mean_of, median_of, profits, shares,
};
use crate::statistics::convention::Kelly;
use crate::statistics::measure::{Measure, Undefined, undefined};
use crate::statistics::metric::{Shelf, Unit};
use crate::statistics::moments::{Spread, mean};
use crate::statistics::ratios::{self, payoff, system_quality};
use crate::statistics::{Expectancy, ProfitFactor, Series, WinRate};

impl View<'_> {
    pub(super) fn put_trades(&self, shelf: &mut Shelf<'_>) {
        let (c, trades) = (self.convention, self.facts.trades);
        let returns = self.series.as_ref().map_or(&[][..], Series::returns);
        shelf.put(("trades", "Trades closed", Unit::Count), "", Ok(trades.len() as f64));
        shelf.choose(
            ("win_rate", "Win rate", Unit::Share),
            c.win_rate,
            WinRate::formula,
            |choice| choice.of(trades, returns),
        );
        shelf.choose(
            ("profit_factor", "Profit factor", Unit::Number),
            c.profit_factor,
            ProfitFactor::formula,
            |choice| choice.of(trades, returns),
        );
        let unit = match c.expectancy {
            Some(Expectancy::Money) | None => Unit::Usd,
            Some(Expectancy::Ratio) => Unit::Number,
            Some(Expectancy::Share) => Unit::Share,
        };
        shelf.choose(
            ("expectancy", "Expectancy", unit),
            c.expectancy,
            Expectancy::formula,
            |choice| choice.of(trades),
        );
        shelf.put(
            ("payoff", "Payoff", Unit::Number),
            "mean winning trade / |mean losing trade|, after fees",
            some(trades).and_then(|trades| payoff(&profits(trades))),
        );
        shelf.choose(
            ("sqn", "System quality number", Unit::Number),
            c.quality,
            |spread| match spread {
                Spread::Sample => "sqrt(n) mean / s1 of trades' profits",
                Spread::Population => "sqrt(n) mean / s0 of trades' profits",
            },
            |spread| system_quality(&profits(trades), spread),
        );
        shelf.choose(
            ("kelly", "Kelly share", Unit::Share),
            c.kelly,
            |choice| match choice {
                Kelly::Trades => "w - (1 - w) / payoff of trades",
                Kelly::Returns => "w - (1 - w) / payoff of sessions",
            },
            |choice| match choice {
                Kelly::Trades => some(trades).and_then(|all| ratios::kelly(&profits(all))),
                Kelly::Returns => self.returns().and_then(ratios::kelly),
            },
        );
        put_each_trade(shelf, trades);
    }
}

fn put_each_trade(shelf: &mut Shelf<'_>, trades: &[ClosedTrade]) {
    use Unit::{Count, Seconds, Share, Usd};
    let none = "no trade was closed";
    let won = |value: fn(&ClosedTrade) -> f64| {
        mean_of(trades, |trade| trade.net > 0.0, value, "no trade won")
    };
    let lost = |value: fn(&ClosedTrade) -> f64| {
        mean_of(trades, |trade| trade.net < 0.0, value, "no trade lost")
    };
    let extreme = |pick: fn(f64, f64) -> f64| {
        profits(trades).into_iter().reduce(pick).ok_or(Undefined::because(none))
    };
    let (wins, losses) = longest_streaks(trades);
    let shares_mean = mean(&shares(trades)).map_err(|_| Undefined::because(none));
    let rows: [((&'static str, &'static str, Unit), &'static str, Measure); 14] = [
        (("average_trade", "Average trade", Share), "mean profit / entry value", shares_mean),
        (("average_win", "Average win", Usd), "after fees", won(|t| t.net)),
        (("average_loss", "Average loss", Usd), "after fees", lost(|t| t.net)),
        (("best_trade", "Best trade", Usd), "after fees", extreme(f64::max)),
        (("worst_trade", "Worst trade", Usd), "after fees", extreme(f64::min)),
        (("longest_wins", "Wins in a row", Count), "the most", Ok(wins as f64)),
        (("longest_losses", "Losses in a row", Count), "the most", Ok(losses as f64)),
        (
            ("average_duration", "Average duration", Seconds),
            "first entry to last exit",
            mean_of(trades, |_| true, |t| t.seconds, none),
        ),
        (("median_duration", "Median duration", Seconds), "", median_of(trades, |t| t.seconds)),
        (("win_duration", "Duration of wins", Seconds), "mean", won(|t| t.seconds)),
        (("loss_duration", "Duration of losses", Seconds), "mean", lost(|t| t.seconds)),
        (
            ("average_mae", "Average MAE", Usd),
            "mean worst mark while open, before fees",
            mean_of(trades, |_| true, |t| t.worst, none),
        ),
        (
            ("average_mfe", "Average MFE", Usd),
            "mean best mark while open, before fees",
            mean_of(trades, |_| true, |t| t.best, none),
        ),
        (
            ("average_fees", "Fees a trade", Usd),
            "mean",
            mean_of(trades, |_| true, |t| t.fees, none),
        ),
    ];
    for (named, formula, value) in rows {
        shelf.put(named, formula, value);
    }
}

fn some(trades: &[ClosedTrade]) -> Result<&[ClosedTrade], Undefined> {
    if trades.is_empty() { undefined("no trade was closed") } else { Ok(trades) }
}
