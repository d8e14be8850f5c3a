//! The stable words for denials.

use super::Denial;

impl Denial {
    /// The stable word for it, for labels and rules.
    pub const fn code(&self) -> &'static str {
        match self {
            Denial::MalformedQuantity { .. } => "malformed_quantity",
            Denial::MalformedPrice { .. } => "malformed_price",
            Denial::UnknownSymbol => "unknown_symbol",
            Denial::OrderNotWorking { .. } => "order_not_working",
            Denial::NothingToReplace { .. } => "nothing_to_replace",
            Denial::DuplicateIntent { .. } => "duplicate_intent",
            Denial::ReducesTooMuch { .. } => "reduces_too_much",
            Denial::SymbolHalted => "symbol_halted",
            Denial::NotActive { .. } => "not_active",
            Denial::NotReconciled => "not_reconciled",
            Denial::OrderStreamDown => "order_stream_down",
            Denial::AccountBlocked => "account_blocked",
            Denial::SessionClosed => "session_closed",
            Denial::NoPrice => "no_price",
            Denial::StaleData { .. } => "stale_data",
            Denial::OutsideCollar { .. } => "outside_collar",
            Denial::OutsideBands { .. } => "outside_bands",
            Denial::OrderTooLarge { .. } => "order_too_large",
            Denial::OrderNotional { .. } => "order_notional",
            Denial::PositionNotional { .. } => "position_notional",
            Denial::GrossExposure { .. } => "gross_exposure",
            Denial::BuyingPower { .. } => "buying_power",
            Denial::ShortingDisabled => "shorting_disabled",
            Denial::OrderRate { .. } => "order_rate",
            Denial::Overflow => "overflow",
            Denial::Closing => "closing",
            Denial::NotAllowed { .. } => "not_allowed",
            Denial::OppositeOrder { .. } => "opposite_order",
            Denial::NotTradable => "not_tradable",
            Denial::HardToBorrow => "hard_to_borrow",
            Denial::NotFractionable => "not_fractionable",
            Denial::MalformedNotional { .. } => "malformed_notional",
            Denial::MalformedTrail { .. } => "malformed_trail",
            Denial::WrongSide { .. } => "wrong_side",
            Denial::MalformedShare { .. } => "malformed_share",
            Denial::Restricted => "restricted",
            Denial::NotOnAllowList => "not_on_allow_list",
            Denial::LongOnly => "long_only",
            Denial::OutsideWindow => "outside_window",
            Denial::AfterOpen { .. } => "after_open",
            Denial::BeforeClose { .. } => "before_close",
            Denial::NewsBlackout { .. } | Denial::NewsUnknown => self.code_of_news(),
            Denial::CoolingDown { .. } => "cooling_down",
            Denial::StopGuard { .. } => "stop_guard",
            Denial::NoQuote => "no_quote",
            Denial::SpreadTooWide { .. } => "spread_too_wide",
            Denial::PriceTooLow { .. } => "price_too_low",
            Denial::Participation { .. } => "participation",
            Denial::RiskPerTrade { .. } => "risk_per_trade",
            Denial::SymbolConcentration { .. } => "symbol_concentration",
            Denial::SectorConcentration { .. } => "sector_concentration",
            Denial::CorrelatedExposure { .. } => "correlated_exposure",
            Denial::NetExposure { .. } => "net_exposure",
            Denial::TooManyPositions { .. } => "too_many_positions",
            Denial::MarginEquity { .. } => "margin_equity",
            Denial::IntradayMargin { .. } => "intraday_margin",
            Denial::MarginRestricted { .. } => "margin_restricted",
            Denial::DailyDrawdown { .. } => "daily_drawdown",
            Denial::DailyLoss { .. } => "daily_loss",
            Denial::TotalDrawdown { .. } => "total_drawdown",
            Denial::OrdersPerDay { .. } | Denial::NotionalPerDay { .. } => self.code_of_day(),
            Denial::RoundTrips { .. } => "round_trips",
            Denial::StoppedBefore { .. } => "stopped_before",
            Denial::NotMeasured { .. } | Denial::SizedToNothing { .. } => self.code_of_size(),
            Denial::OpposesAccount { .. } | Denial::OwnCapital { .. } => self.code_of_account(),
            Denial::Layered { denial, .. } => denial.code(),
        }
    }

    /// That of an order for which the day has no room.
    const fn code_of_day(&self) -> &'static str {
        match self {
            Denial::OrdersPerDay { .. } => "orders_per_day",
            _ => "notional_per_day",
        }
    }

    /// That of an entry that a model cannot size.
    const fn code_of_size(&self) -> &'static str {
        match self {
            Denial::NotMeasured { .. } => "not_measured",
            _ => "sized_to_nothing",
        }
    }

    /// That of an entry that a virtual account cannot have.
    const fn code_of_account(&self) -> &'static str {
        match self {
            Denial::OpposesAccount { .. } => "opposes_account",
            _ => "own_capital",
        }
    }

    /// The same of the denials for what is in the news.
    const fn code_of_news(&self) -> &'static str {
        if matches!(self, Denial::NewsUnknown) { "news_unknown" } else { "news_blackout" }
    }
}
