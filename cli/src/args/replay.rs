//! Looking at a session again.

use super::PlaceArgs;
use super::models::ModelsArgs;
use clap::Args;
use kernel::Probability;

/// A replay.
#[derive(Debug, Clone, Args)]
pub struct ReplayArgs {
    #[command(flatten)]
    pub place: PlaceArgs,
    /// Compare every event with the journalled one. Exit code 5 if any differs.
    #[arg(long)]
    pub verify: bool,
    /// Run the models again over the journalled bars, and compare what they say with what they said.
    /// Exit code 5 if a trend differs, or a probability by more than the tolerance.
    #[arg(long, conflicts_with = "verify")]
    pub recompute_models: bool,
    /// Percentage points by which probabilities may differ.
    #[arg(long, value_name = "POINTS", default_value = "0.1", requires = "recompute_models", value_parser = points)]
    pub tolerance: Probability,
    #[command(flatten)]
    pub models: ModelsArgs,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// Percentage points from 0 to 100, to the fourth place.
fn points(text: &str) -> Result<Probability, String> {
    let points = text.parse().ok().filter(|points: &f64| (0.0..=100.0).contains(points));
    let millionths = points.map(|points| (points * 10_000.0).round() as u32);
    millionths
        .and_then(Probability::from_millionths)
        .ok_or_else(|| "give percentage points from 0 to 100, such as 0.1".into())
}
