//! The facts of a report as tables.

use crate::args::{BacktestArgs, Facts};
use crate::exit::{Exit, Failure};
use backtest::{BacktestReport, FactsFormat, Judgement, PriceSketch};
use std::path::PathBuf;

/// Where the tables go, and in what form.
pub struct Wanted {
    folder: PathBuf,
    format: FactsFormat,
}

/// What was asked for, before hours are spent on it.
///
/// # Errors
/// When the form is not built in, or there is a file where the folder is to be.
pub fn wanted(args: &BacktestArgs) -> Result<Option<Wanted>, Failure> {
    let Some(folder) = args.facts.clone() else { return Ok(None) };
    let format = match args.facts_format {
        Facts::Csv => FactsFormat::Csv,
        Facts::Json => FactsFormat::Json,
        #[cfg(feature = "parquet")]
        Facts::Parquet => FactsFormat::Parquet,
        #[cfg(not(feature = "parquet"))]
        Facts::Parquet => return Err(crate::commands::data::without_parquet()),
    };
    let there = folder.ancestors().find(|place| place.exists());
    if let Some(file) = there.filter(|place| !place.is_dir()) {
        let text = format!("--facts {}: {} is no folder", folder.display(), file.display());
        return Err(Failure::usage(text));
    }
    Ok(Some(Wanted { folder, format }))
}

impl Wanted {
    /// Writes the tables.
    ///
    /// # Errors
    /// What the system says.
    pub fn write(
        &self,
        report: &BacktestReport,
        judgement: &Judgement,
        prices: &[(String, PriceSketch)],
    ) -> Result<(), Failure> {
        std::fs::create_dir_all(&self.folder).map_err(|error| self.failed(&error))?;
        let tables = backtest::fact_tables(report, judgement, prices);
        backtest::write_facts(&tables, &self.folder, self.format)
            .map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &std::io::Error) -> Failure {
        let text = format!("--facts {}: cannot be written: {error}", self.folder.display());
        Failure::new(Exit::of_io(error), text)
    }
}
