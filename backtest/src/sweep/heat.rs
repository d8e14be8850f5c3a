//! The figure of each trial over two parameters.

use super::report::SweepReport;
use crate::statistics::quantile;

/// A table of figures: the median over whatever else was varied.
#[derive(Debug, Clone, PartialEq)]
pub struct HeatMap {
    /// The parameter from the top down, with its values; none when only one was varied.
    pub down: Option<(String, Vec<String>)>,
    /// The parameter from left to right, with its values.
    pub across: (String, Vec<String>),
    /// The figures, row by row; `None` where nothing was tried or the figure is undefined.
    pub cells: Vec<Vec<Option<f64>>>,
    /// What else was varied.
    pub others: Vec<String>,
}

impl HeatMap {
    /// Of the two parameters with the most values.
    pub fn of(report: &SweepReport) -> Option<Self> {
        let mut axes: Vec<_> = report.axes.iter().collect();
        axes.sort_by_key(|axis| std::cmp::Reverse(axis.values.len()));
        let others = axes.iter().skip(2).map(|axis| axis.name.clone()).collect();
        let named = |place: usize| {
            let axis = axes.get(place)?;
            Some((axis.name.clone(), axis.values.clone()))
        };
        let across = named(0)?;
        let down = named(1);
        let rows = down.as_ref().map_or(1, |(_, values)| values.len());
        let mut found = vec![vec![Vec::new(); across.1.len()]; rows];
        for trial in &report.trials {
            let place = |(name, values): &(String, Vec<String>)| {
                let value = trial.params.get(name)?;
                values.iter().position(|known| known == value)
            };
            let row = down.as_ref().map_or(Some(0), place);
            if let (Some(row), Some(column), Some(figure)) = (row, place(&across), trial.objective)
                && let Some(cell) = found.get_mut(row).and_then(|row| row.get_mut(column))
            {
                cell.push(figure);
            }
        }
        let median = |figures: Vec<f64>| quantile(&figures, 0.5).ok();
        let cells = found.into_iter().map(|row| row.into_iter().map(median).collect());
        Some(Self { down, across, cells: cells.collect(), others })
    }

    /// The lowest and the highest figure.
    pub fn bounds(&self) -> Option<(f64, f64)> {
        let all = self.cells.iter().flatten().flatten().copied();
        all.fold(None, |bounds, value| match bounds {
            None => Some((value, value)),
            Some((low, high)) => Some((value.min(low), value.max(high))),
        })
    }

    /// From -1 for the lowest to 1 for the highest figure, where 0 stays 0.
    pub fn warmth(&self, value: f64) -> f64 {
        let widest = self.bounds().map_or(0.0, |(low, high)| high.abs().max(low.abs()));
        if widest > 0.0 { value / widest } else { 0.0 }
    }
}
