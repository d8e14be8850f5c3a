//! What a session tells its own journal becomes an alert.

use super::{DecideError, Deciding};
use crate::{Notice, Severity, TrainingStep};

impl Deciding<'_> {
    /// What a session found out about its surroundings is told, and nothing else follows from it.
    pub(super) fn notice(&mut self, notice: &Notice) -> Result<(), DecideError> {
        match notice {
            Notice::OtherSession { session, order } => {
                let text = format!(
                    "Session {session} trades on this account as well: order {order} is its; end one of the two"
                );
                self.alert(Severity::Critical, "second_session", text)
            }
            Notice::NoBars { symbols, source } => {
                let text = format!(
                    "{source}: no bars of {symbols}, and strategies decide on bars alone, so they will not trade it; give files with bars"
                );
                self.alert(Severity::Warning, "no_bars", text)
            }
            Notice::StandIn { begun: true, text } => {
                let text = format!(
                    "The broker's API fails: a paper session takes new entries until trading is resumed, {text}"
                );
                self.alert(Severity::Critical, "stand_in_begun", text)
            }
            Notice::StandIn { begun: false, text } => {
                let text = format!("The paper session that took new entries has ended: {text}");
                self.alert(Severity::Warning, "stand_in_ended", text)
            }
            Notice::Unusable { message, reason } => {
                let text = format!("The broker's {message} cannot be used: {reason}");
                self.alert(Severity::Warning, "message_unusable", text)
            }
            Notice::ModelDrifted { model, reason } => {
                let text = format!(
                    "Model {model} has drifted, and nothing is traded on its word any more: {reason}"
                );
                self.alert(Severity::Critical, "model_drifted", text)
            }
            Notice::Training { step, text } => self.training(*step, text),
            Notice::ModelTookOver { model, from } => {
                let text = format!("Model {model} takes over from model {from}");
                self.alert(Severity::Info, "model_took_over", text)
            }
            Notice::JournalDamaged { what } => {
                let text = format!("An earlier part of the journal cannot be read: {what}");
                self.alert(Severity::Critical, "journal_damaged", text)
            }
        }
    }

    /// Nobody waits for a training, so that only one that failed is more than news.
    fn training(&mut self, step: TrainingStep, text: &str) -> Result<(), DecideError> {
        let (severity, code) = match step {
            TrainingStep::Begun => (Severity::Info, "training_begun"),
            TrainingStep::LeftOut => (Severity::Warning, "training_left_out"),
            TrainingStep::Failed => (Severity::Warning, "training_failed"),
            TrainingStep::Refused => (Severity::Info, "model_refused"),
            TrainingStep::Promoted => (Severity::Info, "model_promoted"),
        };
        self.alert(severity, code, text.to_owned())
    }
}
