//! Statistics as they are stored: by name, with a reason where there is none.

use crate::statistics::{Convention, Metric};
use serde::de::{Deserializer, Error};
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Statistics by name, in the order of a report. In JSON `name` is a number or `null`, and with
/// `null` there is `name_reason`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Metrics {
    entries: Vec<(String, Result<f64, String>)>,
}

impl Metrics {
    /// Of figures.
    pub fn of(figures: &[Metric]) -> Self {
        let entry = |metric: &Metric| {
            let value = metric.value.clone().map_err(|reason| reason.to_string());
            (metric.name.to_owned(), value)
        };
        Self { entries: figures.iter().map(entry).collect() }
    }

    /// The figure of this name, when it is defined.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.find(name)?.as_ref().ok().copied()
    }

    /// Why the figure of this name is undefined.
    pub fn reason(&self, name: &str) -> Option<&str> {
        self.find(name)?.as_ref().err().map(String::as_str)
    }

    /// Every name with its figure, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<f64>)> {
        self.entries.iter().map(|(name, value)| (name.as_str(), value.as_ref().ok().copied()))
    }

    fn find(&self, name: &str) -> Option<&Result<f64, String>> {
        self.entries.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }
}

impl Serialize for Metrics {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in &self.entries {
            map.serialize_entry(name, &value.as_ref().ok())?;
            if let Err(reason) = value {
                map.serialize_entry(&format!("{name}_reason"), reason)?;
            }
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Metrics {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let map = BTreeMap::<String, serde_json::Value>::deserialize(deserializer)?;
        let mut entries = Vec::new();
        for (name, value) in &map {
            let entry = match value {
                serde_json::Value::Number(number) => number.as_f64().map(Ok),
                serde_json::Value::Null => {
                    let reason = map.get(&format!("{name}_reason")).and_then(|text| text.as_str());
                    Some(Err(reason.unwrap_or("no reason was stored").to_owned()))
                }
                serde_json::Value::String(_) if name.ends_with("_reason") => continue,
                _ => None,
            };
            let entry = entry.ok_or_else(|| D::Error::custom(format!("{name} is no number")))?;
            entries.push((name.clone(), entry));
        }
        Ok(Self { entries })
    }
}

/// By whose definitions the metrics were computed.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ConventionNote {
    /// The name that `--convention` takes.
    pub name: String,
    /// The system.
    pub system: String,
    /// Sessions in a year.
    pub periods_per_year: f64,
    /// The annual risk-free rate.
    pub risk_free_rate: f64,
    /// What alpha and beta are measured against.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub benchmark: Option<String>,
    /// The formula of each metric that has one.
    pub formulas: BTreeMap<String, String>,
}

impl ConventionNote {
    pub(crate) fn of(
        convention: &Convention,
        figures: &[Metric],
        periods_per_year: f64,
        risk_free: Option<f64>,
        benchmark: Option<String>,
    ) -> Self {
        let formulas = figures.iter().filter(|metric| !metric.formula.is_empty());
        let formula = |metric: &Metric| (metric.name.to_owned(), metric.formula.to_string());
        Self {
            name: convention.name.into(),
            system: convention.system.into(),
            periods_per_year,
            risk_free_rate: convention.rate(risk_free),
            benchmark,
            formulas: formulas.map(formula).collect(),
        }
    }
}
