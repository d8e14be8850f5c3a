//! What a session tells its own journal.

use serde::{Deserialize, Serialize};

/// What a session found out about its surroundings. Nothing is decided on it but an alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// Another session trades on the account.
    OtherSession {
        /// The first characters of its id.
        session: Box<str>,
        /// The client order id that gives it away.
        order: Box<str>,
    },
    /// Strategies decide on bars, and the data hold none.
    NoBars {
        /// Of which symbols, separated by commas.
        symbols: Box<str>,
        /// Where none were found.
        source: Box<str>,
    },
    /// A message of the broker's cannot be used. Each kind is told once for each reason.
    Unusable {
        /// What kind of message.
        message: Box<str>,
        /// Why not, with the field by its name.
        reason: Box<str>,
    },
    /// A model sees otherwise than in training, or errs more than it did: nothing is traded on its word
    /// any more.
    ModelDrifted {
        /// Its id.
        model: Box<str>,
        /// What has moved, and how far.
        reason: Box<str>,
    },
    /// A part of the journal that no recovery needs any more cannot be read.
    JournalDamaged {
        /// The file, the place in it, what is wrong there, and what to do.
        what: Box<str>,
    },
    /// A paper session takes new entries in the place of this one, or does so no more.
    StandIn {
        /// Whether it has begun; else it has ended.
        begun: bool,
        /// Where its folder is, or how it ended.
        text: Box<str>,
    },
    /// How the training of a model beside the session goes.
    Training {
        /// What has happened.
        step: TrainingStep,
        /// A sentence with the place of its log, its model, or why there is none.
        text: Box<str>,
    },
    /// What was promoted beside the session is traded on from now on.
    ModelTookOver {
        /// Its id.
        model: Box<str>,
        /// The id of the model before it.
        from: Box<str>,
    },
}

/// What happens to a training beside a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrainingStep {
    /// It runs, in a process of its own.
    Begun,
    /// It was due while the one before it still ran.
    LeftOut,
    /// It ended without a model that the session could use.
    Failed,
    /// Its model may not take the champion's place.
    Refused,
    /// Its model is the champion.
    Promoted,
}
