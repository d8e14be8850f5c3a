//! `tradewind train`.

use crate::args::TrainArgs;
use crate::exit::Failure;

#[cfg(not(feature = "train"))]
pub fn run(_: &TrainArgs) -> Result<(), Failure> {
    Err(Failure::usage(
        "this program was built without training: build it with --features train (or full)",
    ))
}

#[cfg(feature = "train")]
pub use with_burn::run;

#[cfg(feature = "train")]
mod with_burn {
    use super::{Failure, TrainArgs};
    use crate::commands::series::read_series;
    use crate::commands::{model as models, print_json, print_text};
    use crate::exit::Exit;
    use kernel::{MarketData, Symbols, TradingHours};
    use marketdata::calendar::Date;
    use marketdata::{Generator, SyntheticConfig};
    use model::Series;
    use model::config::Config;
    use model::folder::{Folder, Model};
    use model::train::{Epoch, Made, Order, Progress, curves, make};
    use serde_json::json;
    use std::io::{IsTerminal, Write};
    use std::path::Path;
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    const DEFAULT: &str = include_str!("../../../config/train.toml");
    /// Bars of each generated symbol: a hundred sessions.
    const SYNTHETIC_BARS: usize = 39_000;
    const SYNTHETIC_START: Date = Date::constant(2024, 1, 2);
    /// Letters across and down of the curve of losses.
    const CURVE: (usize, usize) = (60, 8);
    /// The lowest priority that there is.
    const LOWEST: i32 = 19;

    pub fn run(args: &TrainArgs) -> Result<(), Failure> {
        if args.background {
            step_back();
        }
        let config = config(args)?;
        let folder = models::folder(&args.place);
        let is_synthetic = args.data.is_empty();
        let series = if is_synthetic {
            generated(args)?
        } else {
            read_series(&args.data, &args.symbols, &args.format)?
        };
        let order = Order {
            config: &config,
            series,
            // What is generated lies in the regular session.
            hours: if is_synthetic { TradingHours::Regular } else { args.session.into() },
            synthetic: is_synthetic,
            parent: parent(args, &folder)?,
            software: concat!("tradewind ", env!("CARGO_PKG_VERSION")),
        };
        let work = folder.root().join("training").join(order.key());
        let mut line = Line::new();
        let made =
            make(order, &work, folder.root(), |fold, of, progress| line.tell(fold, of, progress));
        line.clear();
        let made = made.map_err(Failure::usage)?;
        let report = work.join("report.html");
        let title = format!("Model {}", made.model.id());
        let page = curves(&title, &made.folds, &made.model.card().markdown());
        std::fs::write(&report, page).map_err(|error| {
            Failure::other(format!("{} cannot be written: {error}", report.display()))
        })?;
        say(args, &made, &work, &report)
    }

    /// Lets whatever else the machine does come first, and ends with whoever has started this.
    fn step_back() {
        // What the system does not grant costs others time, and is no reason not to train.
        let _ = rustix::process::setpriority_process(None, LOWEST);
        // Where memory ends, Linux is to end this process before a session. Elsewhere there is no such file.
        let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
        std::thread::spawn(|| {
            let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
            // The checkpoint of the last epoch is whole at any moment.
            std::process::exit(Exit::Other as i32);
        });
    }

    fn say(args: &TrainArgs, made: &Made, work: &Path, report: &Path) -> Result<(), Failure> {
        let id = made.model.id();
        if args.json {
            return print_json(&json!({
                "model": *id,
                "folds": made.folds,
                "work": work,
                "report": report,
                "card": made.model.card(),
            }));
        }
        print_text(&format!(
            "{}\n- Model {id}; metrics in {}, curves in {}\n",
            made.model.card().markdown().trim_end(),
            work.display(),
            report.display()
        ))
    }

    fn config(args: &TrainArgs) -> Result<Config, Failure> {
        let Some(path) = &args.config else {
            return Config::from_toml(DEFAULT).map_err(Failure::usage);
        };
        let place = path.display();
        let text = std::fs::read_to_string(path)
            .map_err(|error| Failure::usage(format!("{place} cannot be read: {error}")))?;
        Config::from_toml(&text).map_err(|error| Failure::usage(format!("{place}: {error}")))
    }

    fn parent(args: &TrainArgs, folder: &Folder) -> Result<Option<Arc<Model>>, Failure> {
        let parent = match args.parent.as_deref() {
            None => return Ok(None),
            Some("champion") => folder
                .champion()
                .map_err(Failure::usage)?
                .ok_or_else(|| {
                    Failure::usage(
                        "--parent champion: no model was promoted yet; --parent bundled is the one that trades until then",
                    )
                })?,
            Some(name) => folder.load(name).map_err(Failure::usage)?,
        };
        Ok(Some(Arc::new(parent)))
    }

    fn generated(args: &TrainArgs) -> Result<Vec<Series>, Failure> {
        let names =
            if args.symbols.is_empty() { vec!["SYNA".to_owned()] } else { args.symbols.clone() };
        let symbols = Symbols::new(&names).map_err(Failure::usage)?;
        let mut series: Vec<Series> =
            names.iter().map(|name| Series { symbol: name.clone(), bars: Vec::new() }).collect();
        let config = SyntheticConfig {
            seed: 1,
            symbols: symbols.clone(),
            start: SYNTHETIC_START,
            extended: false,
        };
        for step in Generator::new(&config).take(SYNTHETIC_BARS) {
            for datum in step {
                let MarketData::Bar(bar) = datum else { continue };
                let name = symbols.name(bar.symbol);
                if let Some(one) = series.iter_mut().find(|one| one.symbol == name) {
                    one.bars.push(bar);
                }
            }
        }
        Ok(series)
    }

    /// What is told while it trains: on a terminal a bar and the curves of losses, drawn again and
    /// again; elsewhere a line for each epoch.
    struct Line {
        terminal: Option<Instant>,
        drawn: usize,
        epochs: usize,
    }

    impl Line {
        fn new() -> Self {
            let terminal = std::io::stderr().is_terminal().then(Instant::now);
            Self { terminal, drawn: 0, epochs: 0 }
        }

        fn tell(&mut self, fold: usize, of: usize, progress: &Progress<'_>) {
            let is_new = progress.samples.0 == 0;
            match &mut self.terminal {
                Some(last) if is_new || last.elapsed() > Duration::from_millis(200) => {
                    *last = Instant::now();
                    self.draw(fold, of, progress);
                }
                None if is_new => {
                    self.epochs = progress.history.len();
                    if let Some(epoch) = progress.history.last() {
                        eprintln!("{}", of_epoch(fold, of, epoch));
                    }
                }
                _ => {}
            }
        }

        fn draw(&mut self, fold: usize, of: usize, progress: &Progress<'_>) {
            let lines = drawn(fold, of, progress);
            self.clear();
            self.drawn = lines.len();
            eprintln!("{}", lines.join("\n"));
        }

        /// Takes back what was drawn.
        fn clear(&mut self) {
            if self.drawn > 0 {
                // Up so many lines, then clear to the end. A terminal that is gone needs none of it.
                let _ = write!(std::io::stderr(), "\x1b[{}A\x1b[J", self.drawn);
                self.drawn = 0;
            }
        }
    }

    /// The bar of an epoch, what the last one came to, and the curves of both losses.
    fn drawn(fold: usize, of: usize, progress: &Progress<'_>) -> Vec<String> {
        let (seen, all) = progress.samples;
        let filled = 30 * seen / all.max(1);
        let bar = format!("{}{}", "#".repeat(filled), "-".repeat(30 - filled));
        let left = progress
            .left
            .map_or_else(String::new, |left| format!(", {:.0} s left at most", left.max(0.0)));
        let mut lines = vec![format!("epoch {} [{bar}]{left}", progress.history.len() + 1)];
        lines.extend(progress.history.last().map(|epoch| of_epoch(fold, of, epoch)));
        let curves: [(&str, Loss); 2] = [
            ("training loss", |epoch| epoch.train_loss),
            ("validation loss", |epoch| epoch.validation_loss),
        ];
        for (name, of) in curves {
            let values: Vec<f64> = progress.history.iter().map(of).collect();
            if values.len() > 1 {
                lines.push(name.into());
                lines.extend(backtest::braille(&values, CURVE.0, CURVE.1));
            }
        }
        lines
    }

    /// One of an epoch's losses.
    type Loss = fn(&Epoch) -> f64;

    fn of_epoch(fold: usize, of: usize, epoch: &Epoch) -> String {
        let fold = if of > 1 { format!("fold {fold} of {of}, ") } else { String::new() };
        format!(
            "{fold}epoch {}: training loss {:.5}, validation loss {:.5}, {:.1} s",
            epoch.number, epoch.train_loss, epoch.validation_loss, epoch.seconds
        )
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_terminal_sees_how_far_it_is_and_the_curves_of_both_losses() {
            let epoch = |number: usize| Epoch {
                number,
                train_loss: 1.0 / number as f64,
                validation_loss: 0.5,
                learning_rate: 0.01,
                seconds: 2.0,
            };
            let history: Vec<Epoch> = (1..=3).map(epoch).collect();
            let progress = Progress { history: &history, samples: (32, 64), left: Some(12.3) };
            let lines = drawn(2, 3, &progress);
            let half = "#".repeat(15) + &"-".repeat(15);
            assert_eq!(lines[0], format!("epoch 4 [{half}], 12 s left at most"));
            assert_eq!(
                lines[1],
                "fold 2 of 3, epoch 3: training loss 0.33333, validation loss 0.50000, 2.0 s"
            );
            assert_eq!((lines[2].as_str(), lines.len()), ("training loss", 2 + 2 * (1 + CURVE.1)));
            assert_eq!(lines[3 + CURVE.1], "validation loss");
            let dots = |line: &&String| {
                line.chars().any(|letter| ('\u{2801}'..='\u{28ff}').contains(&letter))
            };
            assert!(lines[3..3 + CURVE.1].iter().filter(dots).count() > 1, "{lines:?}");
            let begun = Progress { history: &[], samples: (0, 64), left: None };
            assert_eq!(drawn(1, 1, &begun), [format!("epoch 1 [{}]", "-".repeat(30))]);
        }
    }
}
