//! The models of a run: who says something of each bar, where a strategy listens.

use crate::assemble::{DAY, limits_and_hours};
use crate::commands::model::folder_at;
use crate::config::Settings;
use crate::exit::Failure;
use crate::retrain::Succession;
use backtest::{Chosen, MadeFrom, ModelFacts, ModelPart, Models};
use kernel::{
    Bar, Forecaster, Input, MissedPrediction, Notice, Probability, Ratio, Span, SymbolId,
    TradingHours,
};
use marketdata::resolution;
use model::Prediction;
use model::drift::{Limits, Watch};
use model::folder::{Folder, Model};
use model::phrase;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Rows of features between two looks at how far they have moved.
const LOOK_EVERY: u32 = 60;
/// Bars of a symbol that are kept for a model that takes over; that of config/train.toml needs some 300.
/// One that needs more says nothing until it has seen them.
const KEPT: usize = 1_000;

/// A model at work.
pub struct AtWork {
    id: Arc<str>,
    watch: Watch,
    role: Role,
    /// Whether anybody looks for drift.
    watches: bool,
    /// Bars until the next look; `None` where nobody looks, or drift was told.
    look_in: Option<u32>,
    /// Whose word is traded on once this one has drifted.
    takes_over: Option<Arc<str>>,
    /// Who takes the place of the model in use, where somebody may.
    succession: Option<Succession>,
    /// The last bars of each symbol, for a model that takes over to have seen.
    past: BTreeMap<SymbolId, VecDeque<Bar>>,
    /// The shares of a symbol's first bar for those of today, where they were split since: all its bars
    /// are looked at as of those, so that a split is no move.
    first_shares: BTreeMap<SymbolId, Ratio>,
}

/// What a model's words are for.
#[derive(Clone)]
enum Role {
    /// They are traded on.
    InUse,
    /// They are once another model has drifted.
    StandsInFor(Arc<str>),
    /// They are noted.
    Challenger,
}

/// The models of a configuration, read once.
pub struct Cast {
    /// Each with what its words are for; the model in use comes first.
    members: Vec<(Model, Role)>,
    watches: bool,
}

impl Cast {
    /// The model in use and those beside it, for bars of a length where that is known.
    ///
    /// # Errors
    /// When a model is missing, damaged, of other features or of other bars.
    pub fn of(settings: &Settings, bar_length: Option<Span>) -> Result<Self, Failure> {
        let check = |model: Model| match bar_length {
            Some(length) if length != model.bar_length() => Err(Failure::usage(format!(
                "model {} was trained on bars of {}, and these last {}: give it its own",
                model.id(),
                resolution::name(model.bar_length()),
                resolution::name(length),
            ))),
            Some(_) | None => Ok(model),
        };
        let (_, hours) = limits_and_hours(settings, bar_length);
        let check = |model: Model| {
            let model = check(model)?;
            tell_hours(&model, hours);
            Ok::<_, Failure>(model)
        };
        let folder = folder_at(settings.text("model.folder"));
        let in_use = check(find(&folder, settings.text("model.name"))?)?;
        eprintln!("note: model {}: {}", in_use.id(), in_use.card().verdict);
        let first = in_use.id();
        let mut members = vec![(in_use, Role::InUse)];
        let fallback = match settings.text("model.fallback") {
            "" => None,
            // One that cannot be used is no good model, and the one before it may be.
            "previous" => folder
                .promoted_before(&first)
                .map_err(Failure::usage)?
                .iter()
                .find_map(|id| check(find(&folder, id).ok()?).ok()),
            name => Some(check(find(&folder, name)?)?),
        };
        if let Some(model) = fallback {
            if model.id() == first {
                return Err(Failure::usage(format!(
                    "model.fallback: {first} is the model in use, and cannot take over from itself"
                )));
            }
            members.push((model, Role::StandsInFor(first)));
        }
        for name in settings.list("model.challengers") {
            members.push((check(find(&folder, &name)?)?, Role::Challenger));
        }
        Ok(Self { members, watches: settings.is_on("model.watch_drift") })
    }

    /// They, as none of them has seen a bar yet. With a succession the model in use may change while they
    /// run.
    pub fn models(&self, succession: Option<&Succession>) -> Models {
        let mut models = Models::default();
        let stands_by = |(_, role): &&(Model, Role)| matches!(role, Role::StandsInFor(_));
        let heir = self.members.iter().find(stands_by).map(|(model, _)| model.id());
        for (model, role) in &self.members {
            let is_challenger = matches!(role, Role::Challenger);
            let watched = self.watches && !is_challenger;
            let mut one = AtWork::new(model.clone(), role.clone(), watched);
            models
                .facts
                .push(ModelFacts { needs: one.warmup_bars(), ..facts(model, role, watched) });
            one.takes_over = heir.clone().filter(|_| matches!(role, Role::InUse));
            one.succession = succession.filter(|_| !is_challenger).cloned();
            models.forecasters.push(Box::new(one));
        }
        models
    }
}

/// The models beside strategies, for bars of a length where that is known; none where no strategy listens.
///
/// # Errors
/// As [`Cast::of`].
pub fn at_work(
    settings: &Settings,
    strategies: &[Chosen],
    bar_length: Option<Span>,
    succession: Option<&Succession>,
) -> Result<Models, Failure> {
    if !strategies.iter().any(|(strategy, _)| strategy.listens_to_models()) {
        return Ok(Models::default());
    }
    Ok(Cast::of(settings, bar_length)?.models(succession))
}

/// Says that a model learned from bars of other hours than those that it is shown.
fn tell_hours(model: &Model, shown: TradingHours) {
    let learned = model.card().data.hours();
    if learned != shown && model.bar_length() < DAY {
        eprintln!(
            "note: model {} learned from bars {}, and is shown those {}, of which its card says nothing",
            model.id(),
            phrase(learned),
            phrase(shown),
        );
    }
}

/// What a manifest says of a model.
fn facts(model: &Model, role: &Role, watched: bool) -> ModelFacts {
    let data = &model.card().data;
    let times = data.from.parse().ok().zip(data.to.parse().ok());
    let made_from = times.map(|(first, last)| MadeFrom {
        symbols: data.symbols.clone(),
        first,
        last,
        synthetic: data.synthetic,
    });
    let part = match role {
        Role::InUse => ModelPart::InUse,
        Role::StandsInFor(_) => ModelPart::StandsIn,
        Role::Challenger => ModelPart::Challenger,
    };
    ModelFacts { id: model.id().to_string(), part, watched, needs: 0, made_from, shown: None }
}

/// The model of a name: `champion`, `bundled` or that of a folder.
///
/// # Errors
/// When it is missing, damaged or of other features.
pub fn find(folder: &Folder, name: &str) -> Result<Model, Failure> {
    match name {
        // Until a model was promoted, the bundled one trades: as it lies in the folder, if it does.
        "champion" => match folder.champion().map_err(Failure::usage)? {
            Some(champion) => Ok(champion),
            None => folder.load("bundled").map_err(Failure::usage),
        },
        name => folder.load(name).map_err(Failure::usage),
    }
}

impl AtWork {
    fn new(model: Model, role: Role, watches: bool) -> Self {
        let id = model.id();
        let watch = Watch::new(Arc::new(model), Limits::default());
        let look_in = watches.then_some(LOOK_EVERY);
        Self {
            id,
            watch,
            role,
            watches,
            look_in,
            takes_over: None,
            succession: None,
            past: BTreeMap::new(),
            first_shares: BTreeMap::new(),
        }
    }

    /// A model as a session runs it.
    pub fn boxed(model: Model) -> Box<dyn Forecaster> {
        Box::new(Self::new(model, Role::InUse, false))
    }

    /// Before a bar, the change of the model in use, if there is one.
    fn follow(&mut self, bar: &Bar) -> Option<Input> {
        let heir = self.succession.as_ref()?.reigning(bar.open_time)?;
        match &mut self.role {
            Role::InUse if self.id != heir.id() => return Some(self.make_way(heir)),
            Role::StandsInFor(first) => *first = heir.id(),
            Role::InUse | Role::Challenger => {}
        }
        None
    }

    /// Another model takes over, as if it had seen what this one has seen of late.
    fn make_way(&mut self, heir: Arc<Model>) -> Input {
        let from = std::mem::replace(&mut self.id, heir.id());
        self.look_in = self.watches.then_some(LOOK_EVERY);
        self.watch = Watch::new(heir, Limits::default());
        for bar in self.past.values().flatten() {
            // As of any bar of the past, nobody waits for its word.
            let _ = self.watch.observe(bar);
        }
        let (model, from) = (Box::from(&*self.id), Box::from(&*from));
        Input::Notice(Notice::ModelTookOver { model, from })
    }

    /// Keeps a bar for a model that may take over.
    fn keep(&mut self, bar: &Bar) {
        if self.succession.is_none() || !matches!(self.role, Role::InUse) {
            return;
        }
        let past = self.past.entry(bar.symbol).or_default();
        past.push_back(*bar);
        if past.len() > KEPT {
            past.pop_front();
        }
    }

    /// A bar as it would have been in the shares of its symbol's first.
    fn in_first_shares(&self, bar: &Bar) -> Option<Bar> {
        self.first_shares.get(&bar.symbol).map_or(Some(*bar), |first| first.bar(bar))
    }

    fn missed(&self, bar: &Bar, reason: &str) -> Input {
        Input::MissedPrediction(MissedPrediction {
            symbol: bar.symbol,
            model: Box::from(&*self.id),
            time: bar.end_time(),
            reason: reason.into(),
        })
    }

    fn word(&self, said: &Prediction) -> Input {
        let trend = match said.trend {
            model::Trend::Down => kernel::Trend::Down,
            model::Trend::Flat => kernel::Trend::Flat,
            model::Trend::Up => kernel::Trend::Up,
        };
        // A probability lies between 0 and 1, and the cast saturates.
        let millionths = (said.confidence * 1e6).round() as u32;
        Input::Prediction(kernel::Prediction {
            symbol: said.symbol,
            model: Box::from(&*said.model),
            time: said.time,
            trend,
            confidence: Probability::from_millionths(millionths).unwrap_or(Probability::ONE),
            shadow: matches!(self.role, Role::Challenger),
            stands_in_for: match &self.role {
                Role::StandsInFor(first) => Some(Box::from(&**first)),
                Role::InUse | Role::Challenger => None,
            },
            latency: Span::ZERO,
        })
    }

    /// That it has drifted, once.
    fn drift(&mut self) -> Option<Input> {
        let left = self.look_in?.saturating_sub(1);
        self.look_in = Some(if left == 0 { LOOK_EVERY } else { left });
        if left > 0 {
            return None;
        }
        let columns = self.watch.predictor().model().pipeline().columns();
        let found = self.watch.monitor().findings(columns);
        let (first, others) = found.split_first()?;
        self.look_in = None;
        let more = match others.len() {
            0 => String::new(),
            count => format!(", and {count} more"),
        };
        let after = match (&self.role, &self.takes_over) {
            (Role::InUse, Some(heir)) => format!("; model {heir} takes over"),
            (Role::InUse, None) | (Role::StandsInFor(_) | Role::Challenger, _) => String::new(),
        };
        let (model, reason) = (Box::from(&*self.id), format!("{first}{more}{after}").into());
        Some(Input::Notice(Notice::ModelDrifted { model, reason }))
    }
}

impl Forecaster for AtWork {
    fn id(&self) -> &str {
        &self.id
    }

    fn warmup_bars(&self) -> usize {
        self.watch.predictor().warmup_bars()
    }

    fn observe(&mut self, bar: &Bar) -> Vec<Input> {
        let Some(bar) = &self.in_first_shares(bar) else {
            let reason = "its prices do not fit the shares that were looked at before its splits";
            return vec![self.missed(bar, reason)];
        };
        let changed = self.follow(bar);
        self.keep(bar);
        let said = self.watch.observe(bar);
        let word = match said {
            Ok(said) => said.map(|said| self.word(&said)),
            Err(error) => Some(self.missed(bar, &error.to_string())),
        };
        changed.into_iter().chain(self.drift()).chain(word).collect()
    }

    fn remember(&mut self, bar: &Bar) {
        let Some(bar) = &self.in_first_shares(bar) else { return };
        self.keep(bar);
        // What it would have said then is history, and so is that it failed.
        let _ = self.watch.observe(bar);
    }

    fn rebase(&mut self, symbol: SymbolId, ratio: Ratio) {
        let before = self.first_shares.get(&symbol).copied();
        let undone = ratio.undone();
        let first = before.map_or(Some(undone), |before| undone.then(before));
        // Ratios that do not fit a fraction are of no market; one that has been kept is still the nearest.
        if let Some(first) = first {
            self.first_shares.insert(symbol, first);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::retrain::model_like_the_bundled;
    use kernel::{MarketData, Symbols, Timestamp};
    use marketdata::calendar::Date;
    use marketdata::{Generator, SyntheticConfig};

    fn bars(count: usize) -> Vec<Bar> {
        let config = SyntheticConfig {
            seed: 3,
            symbols: Symbols::new(["SYNA"]).unwrap(),
            start: Date::constant(2024, 1, 2),
            extended: false,
        };
        let data = Generator::new(&config).take(count).flatten();
        data.filter_map(|datum| if let MarketData::Bar(bar) = datum { Some(bar) } else { None })
            .collect()
    }

    fn at_work(model: &Model, role: Role, succession: &Succession) -> AtWork {
        let mut one = AtWork::new(model.clone(), role, false);
        one.succession = Some(succession.clone());
        one
    }

    /// What it says of the price.
    fn words(model: &mut AtWork, bars: &[Bar]) -> Vec<kernel::Prediction> {
        let inputs = bars.iter().flat_map(|bar| model.observe(bar));
        let word = |input| match input {
            Input::Prediction(said) => Some(said),
            Input::Notice(Notice::ModelTookOver { .. }) => None,
            other => panic!("{other:?}"),
        };
        inputs.filter_map(word).collect()
    }

    /// What is said after a split is what would have been said without it.
    #[test]
    fn a_split_is_no_move() {
        let folder = tempfile::tempdir().unwrap();
        let model = model_like_the_bundled(folder.path(), 0.5, |_| {});
        let bars = bars(600);
        let splits = [(300, Ratio::new(2, 1).unwrap()), (400, Ratio::new(1, 20).unwrap())];
        let as_told = |split: bool| {
            let mut one = AtWork::new(model.clone(), Role::InUse, true);
            let mut told = Vec::new();
            for (place, bar) in bars.iter().enumerate() {
                let mut bar = *bar;
                for (from, ratio) in splits.iter().filter(|(from, _)| split && *from <= place) {
                    bar = ratio.bar(&bar).unwrap();
                    if *from == place {
                        one.rebase(bar.symbol, *ratio);
                    }
                }
                told.extend(words(&mut one, &[bar]));
            }
            told
        };
        let (with, without) = (as_told(true), as_told(false));
        assert!(without.len() > 300 && with.len() == without.len());
        for (word, other) in with.iter().zip(&without) {
            let apart = word.confidence.millionths().abs_diff(other.confidence.millionths());
            assert!(word.trend == other.trend && apart <= 20, "{word:?} instead of {other:?}");
        }
    }

    #[test]
    fn a_new_champion_takes_over_at_its_time_as_if_it_had_been_there_before() {
        let folder = tempfile::tempdir().unwrap();
        let model = |log_loss| model_like_the_bundled(folder.path(), log_loss, |_| {});
        let (old, new, fallback) = (model(0.5), model(0.4), model(0.3));
        let (bars, succession) = (bars(600), Succession::default());
        let from = bars[500].open_time;
        let mut in_use = at_work(&old, Role::InUse, &succession);
        let mut standing_in = at_work(&fallback, Role::StandsInFor(old.id()), &succession);
        let (first, rest) = bars.split_at(480);
        let (warmup, first) = first.split_at(100);
        warmup.iter().for_each(|bar| in_use.remember(bar));
        warmup.iter().for_each(|bar| standing_in.remember(bar));
        let mut said = words(&mut in_use, first);
        let mut stood_in = words(&mut standing_in, first);
        succession.crown(new.clone(), from);
        said.extend(words(&mut in_use, rest));
        stood_in.extend(words(&mut standing_in, rest));
        assert_eq!(said.len(), 500, "it says something of each bar that it is asked about");

        // An end of a bar, and the model whose word is traded on then.
        let by = |time: Timestamp| if time > from { new.id() } else { old.id() };
        for (word, other) in said.iter().zip(&stood_in) {
            assert_eq!(*word.model, *by(word.time), "{}", word.time);
            assert_eq!(other.stands_in_for.as_deref(), Some(&*by(other.time)), "{}", other.time);
        }
        let mut changes = at_work(&old, Role::InUse, &succession);
        let told = |bar| {
            let notice =
                |input| if let Input::Notice(notice) = input { Some(notice) } else { None };
            changes.observe(bar).into_iter().find_map(notice).map(|notice| (bar.open_time, notice))
        };
        let told: Vec<_> = bars.iter().filter_map(told).collect();
        let (model, before) = (new.id().as_ref().into(), old.id().as_ref().into());
        assert_eq!(told, [(from, Notice::ModelTookOver { model, from: before })]);
        let mut alone = at_work(&new, Role::InUse, &Succession::default());
        let right = words(&mut alone, &bars);
        let (right, said) = (&right[right.len() - 100..], &said[said.len() - 100..]);
        assert_eq!(said, right);
    }
}
