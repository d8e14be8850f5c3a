//! How much of a record is luck, given every try that went before it.

use super::report::Figure;
use crate::statistics::{
    Measure, Sample, Trials, Undefined, deflated_sharpe, minimum_track_record, probabilistic_sharpe,
};
use serde::Serialize;

/// How sure the minimum track record makes it.
const CONFIDENCE: f64 = 0.95;

/// How much of a record is luck. Ratios are annual, probabilities are shares.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Luck {
    /// Every try among which the record was chosen, of earlier commands too.
    pub trials: u64,
    /// The Sharpe ratio to be expected of the best of so many tries without any skill.
    pub expected_highest_sharpe: Figure,
    /// How sure it is that the record's ratio is above zero, were it the only try.
    pub probabilistic_sharpe: Figure,
    /// How sure it is after all tries.
    pub deflated_sharpe: Figure,
    /// Sessions until the probabilistic ratio reaches 95 %.
    pub min_track_record: Figure,
    /// How often the best of one half of the sessions is below the median in the other half.
    pub overfitting: Figure,
    /// How often it loses there.
    pub loss_outside: Figure,
}

/// What is judged.
pub(crate) struct Record {
    /// Its returns by the session.
    pub sample: Result<Sample, Undefined>,
    /// Sessions in a year.
    pub periods_per_year: f64,
}

/// The tries among which a record was chosen.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Tries {
    /// How many.
    pub count: u64,
    /// Of each that has one the Sharpe ratio by the session, and over how many sessions.
    pub sharpes: Vec<(f64, f64)>,
}

impl Tries {
    /// How many there were, with the variance of the ratios as over so many sessions. Without skill
    /// a ratio spreads with one over the root of its sessions: without that, a week's ratio would
    /// say of ten years how high luck reaches.
    ///
    /// # Errors
    /// Undefined for fewer than two with a ratio.
    pub fn trials(&self, sessions: f64) -> Result<Trials, Undefined> {
        let scaled = |(ratio, over): &(f64, f64)| ratio * (over / sessions).sqrt();
        let mut sharpes: Vec<f64> = self.sharpes.iter().map(scaled).collect();
        // Threads add them in any order, and a sum of floats depends on it.
        sharpes.sort_unstable_by(f64::total_cmp);
        Ok(Trials { count: self.count as f64, ..Trials::of(&sharpes)? })
    }
}

impl Luck {
    /// Judges a record by the tries and by what cross-validation says of choosing among them.
    pub(crate) fn of(record: &Record, tries: &Tries, overfitting: Measure, loss: Measure) -> Self {
        let sample = &record.sample;
        let trials =
            sample.as_ref().map_err(Clone::clone).and_then(|sample| tries.trials(sample.count));
        let judged = |by: &dyn Fn(&Sample) -> Measure| -> Figure {
            sample.as_ref().map_err(Clone::clone).and_then(by).into()
        };
        let year = record.periods_per_year.sqrt();
        let highest = trials.as_ref().map_err(Clone::clone).and_then(Trials::expected_highest);
        let deflated = |sample: &Sample| deflated_sharpe(sample, &trials.clone()?);
        let needed = |sample: &Sample| minimum_track_record(sample, 0.0, CONFIDENCE).map(f64::ceil);
        Self {
            trials: tries.count,
            expected_highest_sharpe: highest.map(|ratio| ratio * year).into(),
            probabilistic_sharpe: judged(&|sample| probabilistic_sharpe(sample, 0.0)),
            deflated_sharpe: judged(&deflated),
            min_track_record: judged(&needed),
            overfitting: overfitting.into(),
            loss_outside: loss.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variance(sharpes: &[(f64, f64)], sessions: f64) -> f64 {
        let tries = Tries { count: sharpes.len() as u64, sharpes: sharpes.to_vec() };
        tries.trials(sessions).map_or(f64::NAN, |trials| trials.variance)
    }

    #[test]
    fn ratios_of_other_stretches_spread_as_over_the_sessions_of_the_record() {
        let year = [(0.05, 250.0), (0.15, 250.0)];
        let by_hand = 0.005;
        assert!((variance(&year, 250.0) - by_hand).abs() < 1e-15, "of one length: as they are");
        assert!((variance(&year, 1_000.0) - by_hand / 4.0).abs() < 1e-15);
        // Ten sessions with a ratio of 0.75 are no rarer than 250 with one of 0.15.
        let week = [(0.05, 250.0), (0.75, 10.0)];
        assert!((variance(&week, 250.0) - by_hand).abs() < 1e-15);
    }
}
