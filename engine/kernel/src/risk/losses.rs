//! The limits on losses: beside being checks they are watched, and halt trading where they are met.

use super::{Denial, checks};
use crate::{Cash, SCALE, State, SymbolId};

/// What a loss is measured from, and how large it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Loss {
    pub from: Cash,
    pub limit: Cash,
}

/// Whether a loss has reached its limit. From nothing nothing is lost.
pub(super) fn lost(
    equity: Cash,
    loss: Option<Loss>,
    denial: fn(Cash, Cash) -> Denial,
) -> Result<(), Denial> {
    let Some(Loss { from, limit }) = loss.filter(|loss| loss.limit.is_positive()) else {
        return Ok(());
    };
    let lost = from.checked_sub(equity).ok_or(Denial::Overflow)?;
    if lost >= limit { Err(denial(lost, limit)) } else { Ok(()) }
}

/// Judges every limit on losses; what may still be lost until the first of them is met.
pub(crate) fn judge(state: &State) -> Result<Cash, Denial> {
    let equity = state.equity();
    checks::daily_drawdown::judge(state, equity)?;
    checks::daily_loss::judge(state, equity)?;
    checks::total_drawdown::judge(state, equity)?;
    let measures = [
        checks::daily_drawdown::measure(state),
        checks::daily_loss::measure(state),
        checks::total_drawdown::measure(state),
    ];
    let left = measures.into_iter().flatten().filter(|loss| loss.limit.is_positive());
    let left = left.map(|loss| {
        let lost = loss.from.checked_sub(equity)?;
        loss.limit.checked_sub(lost)
    });
    Ok(left.map(Option::unwrap_or_default).min().unwrap_or(Cash::MAX))
}

/// Knows without adding up the account that no limit on losses can be met yet.
///
/// It starts from what may still be lost and takes from it what each price move against a position
/// costs, at least; what moves gain it does not give back. When nothing is left, or anything but
/// prices has changed, the limits are judged in full. So it never changes what is decided.
#[derive(Debug, Default)]
pub(crate) struct LossWatch {
    /// USD at 1e-9 that may still be lost; `None` when that is not known.
    left: Option<i64>,
    /// What is held of each symbol.
    lines: Vec<Line>,
}

/// What a price move of a symbol costs.
#[derive(Debug, Clone, Copy)]
struct Line {
    /// The price that was counted last; 0 before the first.
    price: i64,
    /// Shares, below zero when short. Parts count as whole ones; 0 where nothing can be lost.
    shares: i64,
}

impl LossWatch {
    /// Something else than a price has changed.
    pub fn forget(&mut self) {
        self.left = None;
    }

    /// So much may still be lost.
    pub fn begin(&mut self, state: &State, left: Cash) {
        let is_limited = left != Cash::MAX;
        let lines = state.symbols().ids().map(|symbol| {
            let held = state.ledger().position(symbol).quantity.nanos();
            let shares = held.saturating_abs().saturating_add(SCALE - 1) / SCALE * held.signum();
            Line {
                price: state.last_price(symbol).unwrap_or_default().nanos(),
                shares: if is_limited { shares } else { 0 },
            }
        });
        self.lines.clear();
        self.lines.extend(lines);
        self.left = Some(left.nanos());
    }

    /// Whether the limits must be judged after a price of a symbol.
    #[inline]
    pub fn is_due(&mut self, state: &State, symbol: SymbolId) -> bool {
        let Some(left) = &mut self.left else { return true };
        let Some(line) = self.lines.get_mut(symbol.index()) else { return true };
        if line.shares == 0 {
            return false;
        }
        let Some(price) = state.last_price(symbol) else { return true };
        // The first price of a position moves what losses are measured from, too.
        if line.price == 0 {
            return true;
        }
        let moved = price.nanos().saturating_sub(line.price);
        line.price = price.nanos();
        let gained = moved.saturating_mul(line.shares);
        if gained >= 0 {
            return false;
        }
        // A billionth is added for what was rounded.
        *left = left.saturating_add(gained).saturating_sub(1);
        *left <= 0
    }
}
