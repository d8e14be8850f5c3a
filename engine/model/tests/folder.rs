//! The folder of models, with models that differ in their cards alone.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use model::folder::{Folder, Model, Parts, RegistryError, Standing};
use std::fs;
use std::path::Path;

/// The bundled model with another card.
fn model(root: &Path, software: &str) -> Model {
    let bundled = Model::bundled().unwrap();
    let mut card = bundled.card().clone();
    card.software = software.into();
    let parts = Parts {
        weights: bundled.weights().clone(),
        scaler: bundled.scaler().clone(),
        pipeline: bundled.pipeline().clone(),
        reference: bundled.reference().clone(),
        card,
        head: *bundled.head(),
        window: bundled.window(),
        horizon: bundled.horizon(),
        bar_length: bundled.bar_length(),
        lineage: bundled.lineage().clone(),
    };
    Model::save(parts, root).unwrap()
}

fn standing(models: &Folder, id: &str) -> Standing {
    models.list().unwrap().iter().find(|one| one.id == id).unwrap().standing
}

#[test]
fn a_damaged_champion_is_retired_by_the_beginning_of_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let (models, id) = (Folder::new(folder.path()), model(folder.path(), "a").id());
    models.promote(&id, "now", Some("a trial")).unwrap();
    fs::write(folder.path().join(&*id).join("scaler.json"), "{}").unwrap();
    assert!(models.champion().is_err());
    let refused = models.retire(&id[..5], "now", None).unwrap_err();
    assert!(matches!(&refused, RegistryError::InUse(name) if **name == *id), "{refused}");
    assert_eq!(models.retire(&id[..5], "now", Some("it is damaged")).unwrap(), *id);
    assert_eq!(standing(&models, &id), Standing::Retired);
    assert!(models.champion().unwrap().is_none());
    for name in ["zz", "no model", ""] {
        assert!(models.retire(name, "now", None).is_err(), "{name}");
    }
}

#[test]
fn the_bundled_model_trades_until_another_is_promoted() {
    let folder = tempfile::tempdir().unwrap();
    let (models, id) = (Folder::new(folder.path()), model(folder.path(), "a").id());
    let bundled = Model::bundled().unwrap().id();
    assert_eq!(models.load(&bundled[..6]).unwrap().id(), bundled);
    assert_eq!(standing(&models, &bundled), Standing::Champion);
    models.promote(&id, "now", Some("a trial")).unwrap();
    assert_eq!(standing(&models, &bundled), Standing::Candidate);
    models.promote("bundled", "now", Some("back to it")).unwrap();
    assert_eq!(models.champion().unwrap().unwrap().id(), bundled);
    assert_eq!(standing(&models, &id), Standing::Candidate);
}

#[test]
fn the_last_good_model_is_the_one_promoted_before() {
    let folder = tempfile::tempdir().unwrap();
    let models = Folder::new(folder.path());
    let ids = ["a", "b", "c"].map(|software| model(folder.path(), software).id().to_string());
    let before = |id: &String| models.promoted_before(id).unwrap();
    for id in &ids {
        models.promote(id, "now", Some("a trial")).unwrap();
    }
    let [a, b, c] = &ids;
    assert_eq!(before(c), [b.clone(), a.clone()]);
    assert_eq!(before(b), std::slice::from_ref(a));
    assert_eq!(before(&"never promoted".to_owned()), [] as [String; 0]);
    models.retire(b, "now", None).unwrap();
    assert_eq!(before(c), std::slice::from_ref(a));
    models.promote(a, "now", Some("back to it")).unwrap();
    assert_eq!(before(a), std::slice::from_ref(c));
}
