//! The parts of a fault script: where a fault strikes, when, and what it does.

use super::parse;
use super::point::{Family, Point};
use kernel::{MovementKind, Timestamp};
use serde_json::Value;
use std::fmt;

/// Faults to inject, in the order in which they are asked for each message. `docs/FAULTS.md`
/// describes the file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FaultScript {
    /// The rules.
    pub rules: Vec<Rule>,
}

/// One fault with its trigger.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// The kind of message, or the step, that it strikes at.
    pub on: Point,
    /// Which of them.
    pub when: When,
    /// What happens then.
    pub fault: Fault,
}

/// Which of the messages of a kind are struck. All conditions must hold; those that hold are
/// counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct When {
    /// The first one that is struck.
    pub nth: u64,
    /// From there on, each so manieth.
    pub every: u64,
    /// How many at most; `None` is no bound.
    pub times: Option<u64>,
    /// Only about the order that arrived at the exchange as the so manieth.
    pub order: Option<u64>,
    /// Only about this symbol.
    pub symbol: Option<String>,
    /// Only order updates of this kind.
    pub event: Option<String>,
    /// Not before this step of the replay.
    pub step: Option<u64>,
    /// Not before this time of the venue.
    pub at: Option<Timestamp>,
}

impl Default for When {
    fn default() -> Self {
        let (order, symbol, event, step, at) = (None, None, None, None, None);
        Self { nth: 1, every: 1, times: Some(1), order, symbol, event, step, at }
    }
}

/// What happens.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// An HTTP status instead of the answer.
    Answer {
        /// The status: 400 to 599.
        status: u16,
        /// Whether the request has been carried out all the same.
        carried_out: bool,
        /// `Retry-After`, in seconds.
        retry_after: Option<u32>,
        /// Whether a 429 comes without the rate limit's headers.
        bare: bool,
    },
    /// No answer, and the connection stays open.
    Hang {
        /// Whether the request has been carried out all the same.
        carried_out: bool,
    },
    /// The connection is reset instead of an answer.
    Reset {
        /// Whether the request has been carried out all the same.
        carried_out: bool,
    },
    /// The answer comes only after so many further steps of the replay.
    Hold {
        /// How many.
        steps: u64,
    },
    /// A field is left out.
    Remove {
        /// Its path, as in `order.qty`; `*` stands for every key.
        field: String,
    },
    /// A field that nobody knows is put in.
    Add {
        /// Its path.
        field: String,
    },
    /// A field gets another value.
    Set {
        /// Its path.
        field: String,
        /// The value.
        value: Value,
    },
    /// The message is cut in the middle.
    Malformed,
    /// The message is made so many bytes longer by a field that nobody knows.
    Huge {
        /// How many.
        bytes: u64,
    },
    /// The connection is gone without a word, and the message with it.
    Drop {
        /// For how many steps the market then goes on without it.
        steps: u64,
    },
    /// The connection stays open, answers pings, and says nothing any more.
    Mute,
    /// An error of the market data stream instead of the message.
    Error {
        /// Alpaca's code; 404 and 407 close the connection.
        code: u16,
        /// For how many steps the market then goes on without a connection that is closed.
        steps: u64,
    },
    /// The message is not sent.
    Missing,
    /// The message is sent again.
    Duplicate {
        /// So many times more.
        copies: u64,
    },
    /// The message is sent only after so many further steps.
    Late {
        /// How many.
        steps: u64,
    },
    /// The message is sent after the one that follows it, at the latest with the next step.
    Reorder,
    /// Its time is moved; below zero into the past.
    Shift {
        /// By how much.
        seconds: i64,
    },
    /// Its prices are not to be believed.
    Price {
        /// How.
        bad: BadPrice,
    },
    /// The trade is told at another price, and corrected later.
    Correct(Wrong),
    /// The trade is told at another price, and taken back later: there was none.
    CancelError(Wrong),
    /// The bar is told with another close, and told again later as it is.
    UpdateBar(Wrong),
    /// The symbol's price bands are drawn around its last price, and are ordinary ones later.
    Luld {
        /// How far from the price, in basis points.
        bps: u32,
        /// After how many steps.
        steps: u64,
    },
    /// A part of an order fills: on arrival, before its cancel, or with the step.
    Fill {
        /// How much of what is open, at least a share.
        percent: u8,
    },
    /// An order that was accepted is rejected.
    Reject,
    /// Somebody else closes the position in the symbol, at the last price.
    CloseByHand,
    /// Every share of the symbol becomes `new` for `old`; open orders in it are cancelled.
    Split {
        /// New shares.
        new: u32,
        /// Old shares.
        old: u32,
        /// The day, as `yyyymmdd`, before whose first datum it happens; it is announced until then.
        /// Without one it happens at once, and nobody was told.
        date: Option<u32>,
    },
    /// The symbol is called something else; its position and orders stay.
    Rename {
        /// What.
        to: String,
        /// The day, as `yyyymmdd`, before whose first datum it happens; it is announced until then.
        date: u32,
    },
    /// The part of a share that a split left over is taken and paid for at the last price.
    PayFraction,
    /// Cash comes or goes by no trade and no fee.
    MoveCash {
        /// What kind.
        kind: MovementKind,
        /// How many whole USD; below zero they go.
        usd: i64,
    },
    /// The account is begun anew with so many whole USD.
    BeginAnew {
        /// How many.
        usd: i64,
    },
    /// The symbol is halted for so many steps; its data stay away.
    Halt {
        /// How many.
        steps: u64,
    },
    /// The symbol is in the news.
    News {
        /// Whether the newest piece about it comes again, updated.
        update: bool,
    },
}

/// How wrong something is told, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wrong {
    /// How far from what is right, in basis points.
    pub bps: i32,
    /// After how many steps it is put right.
    pub steps: u64,
}

/// Prices that are not to be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadPrice {
    /// Not a number.
    Nan,
    /// Zero.
    Zero,
    /// Below zero.
    Negative,
    /// A bid above the ask, or a low above the high.
    Crossed,
}

impl BadPrice {
    /// Each with its name in a script.
    pub const ALL: [(&'static str, BadPrice); 4] = [
        ("nan", BadPrice::Nan),
        ("zero", BadPrice::Zero),
        ("negative", BadPrice::Negative),
        ("crossed", BadPrice::Crossed),
    ];

    /// Its name in a script.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(_, bad)| *bad == self).map_or("", |(name, _)| name)
    }
}

/// The name of every fault in a script, with the families of points that it can strike at.
pub(super) const FAULTS: [(&str, &[Family]); 32] = [
    ("answer", &[Family::Rest]),
    ("hang", &[Family::Rest]),
    ("reset", &[Family::Rest]),
    ("hold", &[Family::Rest]),
    ("remove", MESSAGES),
    ("add", MESSAGES),
    ("set", MESSAGES),
    ("malformed", MESSAGES),
    ("huge", MESSAGES),
    ("drop", FRAMES),
    ("mute", FRAMES),
    ("error", &[Family::Word, Family::Data, Family::News]),
    ("missing", FRAMES),
    ("duplicate", &[Family::Update, Family::Data, Family::News]),
    ("late", &[Family::Update, Family::Data, Family::News]),
    ("reorder", &[Family::Update]),
    ("shift", &[Family::Update, Family::Data, Family::News]),
    ("price", &[Family::Data]),
    ("correct", &[Family::Data]),
    ("cancel_error", &[Family::Data]),
    ("update_bar", &[Family::Data]),
    ("luld", &[Family::Step]),
    ("fill", &[Family::Rest, Family::Step]),
    ("reject", &[Family::Rest, Family::Step]),
    ("close_by_hand", &[Family::Step]),
    ("split", &[Family::Step]),
    ("pay_fraction", &[Family::Step]),
    ("rename", &[Family::Step]),
    ("halt", &[Family::Step]),
    ("move_cash", &[Family::Step]),
    ("begin_anew", &[Family::Step]),
    ("news", &[Family::Step]),
];

const MESSAGES: &[Family] =
    &[Family::Rest, Family::Error, Family::Word, Family::Update, Family::Data, Family::News];
const FRAMES: &[Family] = &[Family::Word, Family::Update, Family::Data, Family::News];

impl Fault {
    /// The name of every fault in a script.
    pub fn names() -> impl Iterator<Item = &'static str> {
        FAULTS.iter().map(|(name, _)| *name)
    }

    /// Its name in a script.
    pub const fn name(&self) -> &'static str {
        match self {
            Fault::Answer { .. } => "answer",
            Fault::Hang { .. } => "hang",
            Fault::Reset { .. } => "reset",
            Fault::Hold { .. } => "hold",
            Fault::Remove { .. } => "remove",
            Fault::Add { .. } => "add",
            Fault::Set { .. } => "set",
            Fault::Malformed => "malformed",
            Fault::Huge { .. } => "huge",
            Fault::Drop { .. } => "drop",
            Fault::Mute => "mute",
            Fault::Error { .. } => "error",
            Fault::Missing => "missing",
            Fault::Duplicate { .. } => "duplicate",
            Fault::Late { .. } => "late",
            Fault::Reorder => "reorder",
            Fault::Shift { .. } => "shift",
            Fault::Price { .. } => "price",
            Fault::Correct(_) => "correct",
            Fault::CancelError(_) => "cancel_error",
            Fault::UpdateBar(_) => "update_bar",
            Fault::Luld { .. } => "luld",
            Fault::Fill { .. } => "fill",
            Fault::Reject => "reject",
            Fault::CloseByHand => "close_by_hand",
            Fault::Split { .. } => "split",
            Fault::PayFraction => "pay_fraction",
            Fault::Rename { .. } => "rename",
            Fault::Halt { .. } => "halt",
            Fault::MoveCash { .. } => "move_cash",
            Fault::BeginAnew { .. } => "begin_anew",
            Fault::News { .. } => "news",
        }
    }
}

impl FaultScript {
    /// Reads a script.
    ///
    /// # Errors
    /// Every mistake in it, each with its line.
    pub fn parse(text: &str) -> Result<Self, ScriptError> {
        Self::parse_beside(text, &[])
    }

    /// Reads the script in a file that also holds other tables, of these names.
    ///
    /// # Errors
    /// Every mistake in it, each with its line.
    pub fn parse_beside(text: &str, others: &[&str]) -> Result<Self, ScriptError> {
        parse::script(text, others)
    }
}

/// A script that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ScriptError {
    /// Every mistake, in the order of lines.
    pub mistakes: Vec<ScriptMistake>,
}

/// One mistake in a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptMistake {
    /// Where, from 1.
    pub line: usize,
    /// What is wrong and what would be right.
    pub problem: String,
}

impl fmt::Display for ScriptError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, mistake) in self.mistakes.iter().enumerate() {
            let line_end = if place == 0 { "" } else { "\n" };
            write!(out, "{line_end}line {}: {}", mistake.line, mistake.problem)?;
        }
        Ok(())
    }
}
