//! A leak planted in the pipeline is found before anything is trained.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

mod common;

use common::{config, series, walk};
use kernel::Timestamp;
use model::config::Config;
use model::features::Scaler;
use model::{Dataset, Leak, Question, Split, audit, fit};

fn made(config: &Config) -> (Dataset, Split, Scaler) {
    let pipeline = config.pipeline().unwrap();
    let series = series(&walk(800, 0.3, 1));
    let dataset = Dataset::new(series, &pipeline, config.network.window, config.target).unwrap();
    let split = config.split.splits(&dataset.samples, dataset.length).unwrap().remove(0);
    let scaler = fit(&dataset, &split).unwrap();
    (dataset, split, scaler)
}

fn found(plant: impl FnOnce(&mut Dataset, &mut Split, &mut Scaler)) -> Result<(), Leak> {
    let mut config = config();
    config.target = Question::Direction { horizon: 5, band_percent: 0.02 };
    let (mut dataset, mut split, mut scaler) = made(&config);
    plant(&mut dataset, &mut split, &mut scaler);
    audit(&dataset, &config.pipeline().unwrap(), &split, &scaler).map(|_| ())
}

#[test]
fn nothing_is_found_where_nothing_was_planted() {
    assert_eq!(found(|_, _, _| {}), Ok(()));
}

#[test]
fn a_scaler_of_all_data_is_found() {
    let leak = found(|dataset, _, scaler| {
        *scaler = Scaler::fit(&dataset.columns, dataset.rows_until(Timestamp::MAX)).unwrap();
    });
    assert_eq!(leak, Err(Leak::Scaler { column: "return(bars=1)".into() }));
}

#[test]
fn an_answer_inside_the_window_is_found() {
    let leak = found(|dataset, _, _| {
        let sample = &mut dataset.samples[100];
        sample.answered_by = sample.bar..sample.bar + 5;
    });
    assert!(matches!(leak, Err(Leak::Label { .. })), "{leak:?}");
}

#[test]
fn an_answer_that_is_not_that_of_its_bars_is_found() {
    let leak = found(|dataset, _, _| dataset.samples[100].moved += 1e-12);
    assert!(matches!(leak, Err(Leak::Answer { .. })), "{leak:?}");
}

#[test]
fn parts_that_share_samples_or_answers_are_found() {
    let overlaps = |leak: &Result<(), Leak>| matches!(leak, Err(Leak::Overlap { .. }));
    let shared = found(|_, split, _| split.validation.start = split.train.end - 3);
    assert!(overlaps(&shared), "{shared:?}");
    // Without a purge the last answers of training lie in validation.
    let answers = found(|_, split, _| split.train.end = split.validation.start);
    assert!(overlaps(&answers), "{answers:?}");
    let test = found(|_, split, _| split.validation.end = split.test.start + 1);
    assert!(overlaps(&test), "{test:?}");
}

#[test]
fn a_feature_that_knows_later_bars_is_found() {
    let leak = found(|dataset, _, _| {
        let width = dataset.columns.len();
        let (row, next) = (dataset.samples[0].row * width, (dataset.samples[0].row + 1) * width);
        dataset.rows[row + 1] = dataset.rows[next + 1];
    });
    assert!(matches!(leak, Err(Leak::Future { .. } | Leak::Scaler { .. })), "{leak:?}");
    // The scaler sees it first unless it was fitted on the same rows.
    let leak = found(|dataset, split, scaler| {
        let width = dataset.columns.len();
        let row = dataset.samples[0].row * width;
        dataset.rows[row + 1] = dataset.rows[row + width + 1];
        *scaler = fit(dataset, split).unwrap();
    });
    assert!(matches!(leak, Err(Leak::Future { .. })), "{leak:?}");
}

#[test]
fn splits_leave_out_answers_that_reach_over_and_the_embargo() {
    let mut config = config();
    config.target = Question::Direction { horizon: 5, band_percent: 0.0 };
    let (dataset, split, _) = made(&config);
    // The answer to the last but five is known just when the next part's first question is asked.
    assert_eq!(split.validation.start - split.train.end, 4);
    assert_eq!(split.test.start - split.validation.end, 4);
    config.split.embargo = 10;
    let (_, wider, _) = made(&config);
    assert_eq!(wider.validation.start - wider.train.end, 14);
    config.split.folds = 3;
    let folds = config.split.splits(&dataset.samples, dataset.length).unwrap();
    assert_eq!(folds.len(), 3);
    for (fold, next) in folds.iter().zip(&folds[1..]) {
        assert_eq!(fold.test.end, next.test.start);
        assert_eq!(next.train.start, 0);
    }
    assert_eq!(folds[2].test.end, dataset.samples.len());
}
