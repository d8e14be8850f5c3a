//! The metrics as handles, so that nothing looks a label up while it counts.

use super::metric::{self, Kind, Metric};
use kernel::{Notice, Prediction, TrainingStep};
use prometheus::{
    Encoder, Gauge, GaugeVec, Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge,
    IntGaugeVec, Opts, Registry, TextEncoder,
};

/// A reader's own two figures.
#[derive(Debug, Clone)]
pub struct ReaderFigures {
    /// The newest record it is done with.
    pub seq: IntGauge,
    /// How often it failed and started again.
    pub errors: IntCounter,
}

/// Every metric of a session.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    pub(super) inputs: Inputs,
    pub(super) orders: Orders,
    pub(super) fills_bought: IntCounter,
    pub(super) fills_sold: IntCounter,
    pub(super) denials: IntCounterVec,
    pub(super) predictions: Predictions,
    pub(super) models: Models,
    /// By severity: info, warning, critical. Each begins at zero, so that the first one is a rise.
    pub(super) alerts: [IntCounter; 3],
    pub(super) equity: Gauge,
    pub(super) cash: Gauge,
    pub(super) day_pnl: Gauge,
    pub(super) fees: Gauge,
    pub(super) positions: GaugeVec,
    pub(super) account_equity: GaugeVec,
    pub(super) account_realised: GaugeVec,
    pub(super) open_orders: IntGauge,
    pub(super) feed_age: Gauge,
    pub(super) market_open: IntGauge,
    pub(super) trading: [IntGauge; 3],
    pub(super) market_data_up: IntGauge,
    pub(super) orders_up: IntGauge,
    links: IntGaugeVec,
    pub(super) session_up: IntGauge,
    pub(super) session_info: IntGaugeVec,
    pub(super) journal_bytes: IntGauge,
    pub(super) journal_seq: IntGauge,
    pub(super) round_trip: Histogram,
    reader_seq: IntGaugeVec,
    reader_errors: IntCounterVec,
    /// Records that went to the dead-letter topic.
    pub dead_letters: IntCounter,
}

/// Inputs by kind.
#[derive(Debug)]
pub(super) struct Inputs {
    pub market: IntCounter,
    pub report: IntCounter,
    pub broker: IntCounter,
    pub timer: IntCounter,
    pub other: IntCounter,
}

/// What models say, by what becomes of it, and how long they take.
#[derive(Debug)]
pub(super) struct Predictions {
    pub taken: IntCounter,
    pub noted: IntCounter,
    pub missed: IntCounter,
    pub expired: IntCounter,
    pub latency: Histogram,
}

impl Predictions {
    pub fn take(&self, said: &Prediction) {
        if said.shadow {
            self.noted.inc();
        } else {
            self.taken.inc();
        }
        self.latency.observe(said.latency.nanos() as f64 / 1e9);
    }
}

/// What happens to models. Each begins at zero, so that the first one is a rise.
#[derive(Debug)]
pub(super) struct Models {
    pub drifted: IntCounter,
    pub begun: IntCounter,
    pub left_out: IntCounter,
    pub failed: IntCounter,
    pub refused: IntCounter,
    pub promoted: IntCounter,
    pub took_over: IntCounter,
}

impl Models {
    pub fn take(&self, notice: &Notice) {
        match notice {
            Notice::ModelDrifted { .. } => self.drifted.inc(),
            Notice::ModelTookOver { .. } => self.took_over.inc(),
            Notice::Training { step, .. } => match step {
                TrainingStep::Begun => self.begun.inc(),
                TrainingStep::LeftOut => self.left_out.inc(),
                TrainingStep::Failed => self.failed.inc(),
                TrainingStep::Refused => self.refused.inc(),
                TrainingStep::Promoted => self.promoted.inc(),
            },
            Notice::OtherSession { .. }
            | Notice::NoBars { .. }
            | Notice::Unusable { .. }
            | Notice::JournalDamaged { .. }
            | Notice::StandIn { .. } => {}
        }
    }
}

/// Orders by outcome.
#[derive(Debug)]
pub(super) struct Orders {
    pub sent: IntCounter,
    pub filled: IntCounter,
    pub canceled: IntCounter,
    pub rejected: IntCounter,
    pub expired: IntCounter,
    pub replaced: IntCounter,
}

impl Metrics {
    /// Registers every metric of [`metric::ALL`], and the process's own.
    ///
    /// # Errors
    /// When two metrics have one name: a fault of the list.
    pub fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let build = Builder { registry: &registry };
        let inputs = build.counters(&metric::INPUTS)?;
        let orders = build.counters(&metric::ORDERS)?;
        let fills = build.counters(&metric::FILLS)?;
        let alerts = build.counters(&metric::ALERTS)?;
        let links = build.int_gauges(&metric::LINK_UP)?;
        let trading = build.int_gauges(&metric::TRADING_STATE)?;
        let dead_letters = build.counters(&metric::DEAD_LETTERS)?;
        let process = prometheus::process_collector::ProcessCollector::for_self();
        registry.register(Box::new(process))?;
        Ok(Self {
            inputs: Inputs {
                market: inputs.with_label_values(&["market"]),
                report: inputs.with_label_values(&["report"]),
                broker: inputs.with_label_values(&["broker"]),
                timer: inputs.with_label_values(&["timer"]),
                other: inputs.with_label_values(&["other"]),
            },
            orders: Orders {
                sent: orders.with_label_values(&["sent"]),
                filled: orders.with_label_values(&["filled"]),
                canceled: orders.with_label_values(&["canceled"]),
                rejected: orders.with_label_values(&["rejected"]),
                expired: orders.with_label_values(&["expired"]),
                replaced: orders.with_label_values(&["replaced"]),
            },
            fills_bought: fills.with_label_values(&["buy"]),
            fills_sold: fills.with_label_values(&["sell"]),
            denials: build.counters(&metric::DENIALS)?,
            predictions: build.predictions()?,
            models: build.models()?,
            alerts: ["info", "warning", "critical"]
                .map(|severity| alerts.with_label_values(&[severity])),
            equity: build.gauge(&metric::EQUITY)?,
            cash: build.gauge(&metric::CASH)?,
            day_pnl: build.gauge(&metric::DAY_PNL)?,
            fees: build.gauge(&metric::FEES)?,
            positions: build.gauges(&metric::POSITION)?,
            account_equity: build.gauges(&metric::ACCOUNT_EQUITY)?,
            account_realised: build.gauges(&metric::ACCOUNT_REALISED)?,
            open_orders: build.int_gauge(&metric::OPEN_ORDERS)?,
            feed_age: build.gauge(&metric::FEED_AGE)?,
            market_open: build.int_gauge(&metric::MARKET_OPEN)?,
            trading: ["active", "reducing", "halted"]
                .map(|state| trading.with_label_values(&[state])),
            market_data_up: links.with_label_values(&["market_data"]),
            orders_up: links.with_label_values(&["orders"]),
            links,
            session_up: build.int_gauge(&metric::SESSION_UP)?,
            session_info: build.int_gauges(&metric::SESSION_INFO)?,
            journal_bytes: build.int_gauge(&metric::JOURNAL_BYTES)?,
            journal_seq: build.int_gauge(&metric::JOURNAL_SEQ)?,
            round_trip: build.histogram(&metric::ROUND_TRIP)?,
            reader_seq: build.int_gauges(&metric::READER_SEQ)?,
            reader_errors: build.counters(&metric::READER_ERRORS)?,
            dead_letters: dead_letters.with_label_values::<&str>(&[]),
            registry,
        })
    }

    /// Whether news are known as they come; a session that asks for none has no such figure.
    pub(super) fn set_news_up(&self, up: Option<bool>) {
        const NEWS: [&str; 1] = ["news"];
        match up {
            Some(up) => self.links.with_label_values(&NEWS).set(i64::from(up)),
            // There may have been none.
            None => drop(self.links.remove_label_values(&NEWS)),
        }
    }

    /// The figures of one reader of the journal.
    pub fn reader(&self, name: &str) -> ReaderFigures {
        ReaderFigures {
            seq: self.reader_seq.with_label_values(&[name]),
            errors: self.reader_errors.with_label_values(&[name]),
        }
    }

    /// Everything in Prometheus' text format.
    ///
    /// # Errors
    /// When a metric cannot be written as text; nothing of today's list cannot.
    pub fn text(&self) -> Result<String, prometheus::Error> {
        let mut out = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut out)?;
        String::from_utf8(out).map_err(|error| prometheus::Error::Msg(error.to_string()))
    }
}

/// Makes handles from the list and registers them.
struct Builder<'a> {
    registry: &'a Registry,
}

impl Builder<'_> {
    fn register<C>(&self, made: Result<C, prometheus::Error>) -> Result<C, prometheus::Error>
    where
        C: prometheus::core::Collector + Clone + 'static,
    {
        let collector = made?;
        self.registry.register(Box::new(collector.clone()))?;
        Ok(collector)
    }

    fn predictions(&self) -> Result<Predictions, prometheus::Error> {
        let all = self.counters(&metric::PREDICTIONS)?;
        let of = |outcome: &str| all.with_label_values(&[outcome]);
        let latency = self.histogram(&metric::PREDICTION_LATENCY)?;
        let (taken, noted, missed) = (of("taken"), of("noted"), of("missed"));
        Ok(Predictions { taken, noted, missed, expired: of("expired"), latency })
    }

    fn models(&self) -> Result<Models, prometheus::Error> {
        let all = self.counters(&metric::MODEL_EVENTS)?;
        let of = |event: &str| all.with_label_values(&[event]);
        Ok(Models {
            drifted: of("drifted"),
            begun: of("training_begun"),
            left_out: of("training_left_out"),
            failed: of("training_failed"),
            refused: of("refused"),
            promoted: of("promoted"),
            took_over: of("took_over"),
        })
    }

    fn counters(&self, metric: &Metric) -> Result<IntCounterVec, prometheus::Error> {
        self.register(IntCounterVec::new(opts(metric), metric.labels))
    }

    fn int_gauges(&self, metric: &Metric) -> Result<IntGaugeVec, prometheus::Error> {
        self.register(IntGaugeVec::new(opts(metric), metric.labels))
    }

    fn gauges(&self, metric: &Metric) -> Result<GaugeVec, prometheus::Error> {
        self.register(GaugeVec::new(opts(metric), metric.labels))
    }

    fn int_gauge(&self, metric: &Metric) -> Result<IntGauge, prometheus::Error> {
        self.register(IntGauge::with_opts(opts(metric)))
    }

    fn gauge(&self, metric: &Metric) -> Result<Gauge, prometheus::Error> {
        self.register(Gauge::with_opts(opts(metric)))
    }

    fn histogram(&self, metric: &Metric) -> Result<Histogram, prometheus::Error> {
        let options = HistogramOpts::new(metric.name, metric.help);
        let options = match metric.kind {
            Kind::Histogram(bounds) => options.buckets(bounds.to_vec()),
            Kind::Counter | Kind::Gauge => options,
        };
        self.register(Histogram::with_opts(options))
    }
}

fn opts(metric: &Metric) -> Opts {
    Opts::new(metric.name, metric.help)
}
