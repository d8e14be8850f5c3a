//! Whose rules a venue goes by.

use serde::{Deserialize, Serialize};

/// The rules by which a venue takes orders. They are data: risk and the exchange library read them,
/// nothing else differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VenueRules {
    /// Those of Alpaca.
    #[default]
    Alpaca,
    /// No broker's: what is wanted is filled by the market alone, as in most backtesting tools. An
    /// order may be a share of equity that is sized at the fill, and may be sent together with the
    /// close of a position on the other side; anything can be sold short, in parts too; nothing is
    /// a wash trade; each position takes its whole value off what can be bought. Only simulated
    /// venues have them.
    Plain,
}

impl VenueRules {
    /// `alpaca` or `plain`.
    pub const fn as_str(self) -> &'static str {
        match self {
            VenueRules::Alpaca => "alpaca",
            VenueRules::Plain => "plain",
        }
    }
}
