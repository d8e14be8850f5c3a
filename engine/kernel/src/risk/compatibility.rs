//! What Alpaca takes in which combination, as one dated table.
//!
//! A row refuses every combination that all of its columns match; an empty column matches anything.
//! What no row refuses is allowed. The check "allowed together" reads the table before an order is
//! sent, and `docs/ORDERS.md` is printed from it.

mod columns;

pub use columns::{Group, Kind, Size, Way};

use super::auction_hours::HOURS;
use crate::{AssetClass, NewOrder, TimeInForce, VenueRules};
use serde::{Deserialize, Serialize};

/// Everything the table looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Combination {
    /// At a venue with these rules.
    pub rules: VenueRules,
    /// Of what.
    pub asset: AssetClass,
    /// How it is priced.
    pub kind: Kind,
    /// How long it works.
    pub time_in_force: TimeInForce,
    /// Which orders belong to it.
    pub group: Group,
    /// How much.
    pub size: Size,
    /// Whether it also works before and after the regular session.
    pub extended_hours: bool,
    /// Which way.
    pub way: Way,
}

impl Combination {
    pub(super) const fn of(
        rules: VenueRules,
        request: &NewOrder,
        asset: AssetClass,
        way: Way,
    ) -> Self {
        Self {
            rules,
            asset,
            kind: Kind::of(request.kind),
            time_in_force: request.time_in_force,
            group: Group::of(request.class),
            size: Size::of(request.size),
            extended_hours: request.extended_hours,
            way,
        }
    }

    /// Every combination there is at venues with some rules.
    pub fn all(rules: VenueRules) -> Vec<Self> {
        let mut all = Vec::new();
        for asset in AssetClass::ALL {
            for kind in Kind::ALL {
                for time_in_force in TimeInForce::ALL {
                    for group in Group::ALL {
                        let base = Self {
                            rules,
                            asset,
                            kind,
                            time_in_force,
                            group,
                            size: Size::Whole,
                            extended_hours: false,
                            way: Way::Buy,
                        };
                        all.extend(base.sizes_and_ways());
                    }
                }
            }
        }
        all
    }

    fn sizes_and_ways(self) -> impl Iterator<Item = Self> {
        Size::ALL.into_iter().flat_map(move |size| {
            [false, true].into_iter().flat_map(move |extended_hours| {
                Way::ALL.into_iter().map(move |way| Self { size, extended_hours, way, ..self })
            })
        })
    }

    /// The first row that refuses it; `None` when it is allowed.
    pub fn refused_by(&self) -> Option<&'static Row> {
        TABLE.iter().find(|row| row.matches(self))
    }
}

/// The name of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "each row says what it means")]
pub enum Rule {
    StopTimeInForce,
    TrailingSimple,
    FractionalDay,
    FractionalSimple,
    FractionalTrailing,
    NotionalMarket,
    FractionalShort,
    ExtendedLimit,
    ExtendedTimeInForce,
    ExtendedSimple,
    GroupTimeInForce,
    OcoLimit,
    OcoExit,
    EntryGroup,
    CryptoTimeInForce,
    CryptoKind,
    CryptoSimple,
    CryptoShort,
    CryptoExtended,
    ReplaceNotional,
    ReplaceFractional,
    ReplaceGroup,
    ReplaceLegSize,
    ReplaceOto,
    OpgHours,
    ClsHours,
    EquityShareAlpaca,
    EquityShareMarket,
    EquityShareSimple,
    NotionalExits,
}

impl Rule {
    /// What it says, in one sentence.
    pub fn reason(self) -> &'static str {
        let rows = TABLE.iter().chain(REPLACEMENTS).chain([&NOTIONAL_EXITS]);
        let rows = rows.chain(HOURS.iter().map(|hours| &hours.row));
        rows.filter(|row| row.rule == self).map(|row| row.reason).next().unwrap_or_default()
    }
}

/// One row: what it refuses, why, and who says so since when.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// Its name.
    pub rule: Rule,
    /// Why, in one sentence.
    pub reason: &'static str,
    /// Who says so.
    pub source: &'static str,
    /// The age of that source, `yyyy-mm` or `yyyy-mm-dd`.
    pub dated: &'static str,
    /// At venues with which rules; empty is any, as in every column below.
    pub rules: &'static [VenueRules],
    /// Of which assets.
    pub assets: &'static [AssetClass],
    /// Priced how.
    pub kinds: &'static [Kind],
    /// Working how long.
    pub times_in_force: &'static [TimeInForce],
    /// In which groups.
    pub groups: &'static [Group],
    /// How much.
    pub sizes: &'static [Size],
    /// In which hours.
    pub extended_hours: &'static [bool],
    /// Which way.
    pub ways: &'static [Way],
}

impl Row {
    fn matches(&self, wanted: &Combination) -> bool {
        fn among<T: PartialEq>(column: &[T], value: &T) -> bool {
            column.is_empty() || column.contains(value)
        }
        among(self.rules, &wanted.rules)
            && among(self.assets, &wanted.asset)
            && among(self.kinds, &wanted.kind)
            && among(self.times_in_force, &wanted.time_in_force)
            && among(self.groups, &wanted.group)
            && among(self.sizes, &wanted.size)
            && among(self.extended_hours, &wanted.extended_hours)
            && among(self.ways, &wanted.way)
    }

    pub(super) const fn new(
        rule: Rule,
        reason: &'static str,
        (source, dated): (&'static str, &'static str),
    ) -> Self {
        Self {
            rule,
            reason,
            source,
            dated,
            rules: &[],
            assets: &[],
            kinds: &[],
            times_in_force: &[],
            groups: &[],
            sizes: &[],
            extended_hours: &[],
            ways: &[],
        }
    }
}

const ORDERS: (&str, &str) = ("Alpaca, \"Orders at Alpaca\"", "2026-01-27");
const FRACTIONS: (&str, &str) = ("Alpaca, \"Fractional Trading\"", "2026-01-27");
const API: (&str, &str) = ("Alpaca, Trading API 2.0.1", "2026-06");
const OURS: (&str, &str) = ("Tradewind, where Alpaca says nothing", "2026-11");

const ALPACA: &[VenueRules] = &[VenueRules::Alpaca];
const STOCKS: &[AssetClass] = &[AssetClass::UsEquity];
const CRYPTO: &[AssetClass] = &[AssetClass::Crypto];
const PARTS: &[Size] = &[Size::Fractional, Size::Notional];
const AUCTION_OR_AT_ONCE: &[TimeInForce] =
    &[TimeInForce::Opg, TimeInForce::Cls, TimeInForce::Ioc, TimeInForce::Fok];
const NOT_DAY: &[TimeInForce] =
    &[TimeInForce::Gtc, TimeInForce::Opg, TimeInForce::Cls, TimeInForce::Ioc, TimeInForce::Fok];
const NOT_MARKET: &[Kind] = &[Kind::Limit, Kind::Stop, Kind::StopLimit, Kind::TrailingStop];
const GROUPED: &[Group] = &[Group::Bracket, Group::Oco, Group::Oto];

/// The table.
pub static TABLE: &[Row] = &[
    Row {
        rules: ALPACA,
        sizes: &[Size::EquityShare],
        ..Row::new(
            Rule::EquityShareAlpaca,
            "an order is of shares or dollars: the broker sizes none by the account's equity",
            API,
        )
    },
    Row {
        sizes: &[Size::EquityShare],
        kinds: NOT_MARKET,
        ..Row::new(
            Rule::EquityShareMarket,
            "an order for a share of equity is a market order",
            OURS,
        )
    },
    Row {
        sizes: &[Size::EquityShare],
        groups: GROUPED,
        ..Row::new(
            Rule::EquityShareSimple,
            "an order for a share of equity is a simple order",
            OURS,
        )
    },
    Row {
        kinds: &[Kind::Stop, Kind::StopLimit, Kind::TrailingStop],
        times_in_force: AUCTION_OR_AT_ONCE,
        ..Row::new(
            Rule::StopTimeInForce,
            "stop, stop limit and trailing stop orders are day or gtc orders",
            ORDERS,
        )
    },
    Row {
        kinds: &[Kind::TrailingStop],
        groups: GROUPED,
        ..Row::new(Rule::TrailingSimple, "a trailing stop is a simple order", ORDERS)
    },
    Row {
        rules: ALPACA,
        assets: STOCKS,
        sizes: PARTS,
        times_in_force: NOT_DAY,
        ..Row::new(Rule::FractionalDay, "parts of a share and dollars are day orders", FRACTIONS)
    },
    Row {
        sizes: PARTS,
        groups: GROUPED,
        ..Row::new(
            Rule::FractionalSimple,
            "parts of a share and dollars are simple orders",
            FRACTIONS,
        )
    },
    Row {
        sizes: PARTS,
        kinds: &[Kind::TrailingStop],
        ..Row::new(Rule::FractionalTrailing, "a trailing stop is of whole shares", FRACTIONS)
    },
    Row {
        sizes: &[Size::Notional],
        kinds: &[Kind::Limit, Kind::Stop, Kind::StopLimit],
        ..Row::new(Rule::NotionalMarket, "an order in dollars is a market order", API)
    },
    Row {
        rules: ALPACA,
        sizes: PARTS,
        ways: &[Way::Short],
        ..Row::new(Rule::FractionalShort, "a short sale is of whole shares", FRACTIONS)
    },
    Row {
        extended_hours: &[true],
        kinds: &[Kind::Market, Kind::Stop, Kind::StopLimit, Kind::TrailingStop],
        ..Row::new(Rule::ExtendedLimit, "extended hours take limit orders alone", ORDERS)
    },
    Row {
        extended_hours: &[true],
        times_in_force: AUCTION_OR_AT_ONCE,
        ..Row::new(Rule::ExtendedTimeInForce, "extended hours take day and gtc orders alone", API)
    },
    Row {
        extended_hours: &[true],
        groups: GROUPED,
        ..Row::new(Rule::ExtendedSimple, "extended hours take simple orders alone", ORDERS)
    },
    Row {
        groups: GROUPED,
        times_in_force: AUCTION_OR_AT_ONCE,
        ..Row::new(Rule::GroupTimeInForce, "bracket, OCO and OTO are day or gtc orders", ORDERS)
    },
    Row {
        groups: &[Group::Oco],
        kinds: &[Kind::Market, Kind::Stop, Kind::StopLimit, Kind::TrailingStop],
        ..Row::new(Rule::OcoLimit, "the order of an OCO is a limit order", ORDERS)
    },
    Row {
        groups: &[Group::Oco],
        ways: &[Way::Buy, Way::Short],
        ..Row::new(Rule::OcoExit, "an OCO closes what is held", ORDERS)
    },
    Row {
        groups: &[Group::Bracket, Group::Oto],
        ways: &[Way::Sell, Way::Cover],
        ..Row::new(Rule::EntryGroup, "bracket and OTO open or grow a position", OURS)
    },
    Row {
        rules: ALPACA,
        assets: CRYPTO,
        times_in_force: &[TimeInForce::Day, TimeInForce::Opg, TimeInForce::Cls, TimeInForce::Fok],
        ..Row::new(Rule::CryptoTimeInForce, "crypto takes gtc and ioc orders", ORDERS)
    },
    Row {
        rules: ALPACA,
        assets: CRYPTO,
        kinds: &[Kind::Stop, Kind::TrailingStop],
        ..Row::new(Rule::CryptoKind, "crypto takes market, limit and stop limit orders", ORDERS)
    },
    Row {
        rules: ALPACA,
        assets: CRYPTO,
        groups: GROUPED,
        ..Row::new(Rule::CryptoSimple, "crypto takes simple orders", ORDERS)
    },
    Row {
        rules: ALPACA,
        assets: CRYPTO,
        ways: &[Way::Short, Way::Cover],
        ..Row::new(Rule::CryptoShort, "crypto is not sold short", ORDERS)
    },
    Row {
        rules: ALPACA,
        assets: CRYPTO,
        extended_hours: &[true],
        ..Row::new(Rule::CryptoExtended, "crypto trades all day: it has no extended hours", ORDERS)
    },
];

/// What an exit is refused for outside of the regular session while another one of its symbol is open,
/// where either is in dollars.
pub static NOTIONAL_EXITS: Row = Row::new(
    Rule::NotionalExits,
    "outside of the regular session an exit in dollars stands alone in its symbol",
    ORDERS,
);

/// What a replacement is refused for beyond the table.
pub static REPLACEMENTS: &[Row] = &[
    Row::new(Rule::ReplaceNotional, "an order in dollars cannot be replaced", API),
    Row::new(Rule::ReplaceFractional, "a replacement is of whole shares", API),
    Row::new(
        Rule::ReplaceGroup,
        "the entry of a bracket is not replaced, only the prices of its exits: cancel it and send another",
        OURS,
    ),
    Row::new(
        Rule::ReplaceOto,
        "neither order of an OTO is replaced: cancel it and send another",
        ORDERS,
    ),
    Row::new(Rule::ReplaceLegSize, "a leg keeps its number of shares", ORDERS),
];
