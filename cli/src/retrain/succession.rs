//! How a new champion reaches the forecasters of a running session.

use kernel::Timestamp;
use model::folder::Model;
use std::sync::{Arc, Mutex, PoisonError};

/// Who takes the place of the model in use, and from when on. All forecasters of a session share it, so
/// that they agree of each bar on whose word it is.
#[derive(Clone, Default)]
pub struct Succession(Arc<Mutex<Option<Heir>>>);

#[derive(Clone)]
struct Heir {
    model: Arc<Model>,
    from: Timestamp,
}

impl Succession {
    /// A model takes over with the first bar that opens at a time or later.
    pub fn crown(&self, model: Model, from: Timestamp) {
        // A thread that panicked has left a whole value behind: it is only ever replaced.
        let mut heir = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *heir = Some(Heir { model: Arc::new(model), from });
    }

    /// The model that has taken over by a bar's time; none where the first is still in use.
    pub fn reigning(&self, at: Timestamp) -> Option<Arc<Model>> {
        let heir = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        heir.as_ref().filter(|heir| heir.from <= at).map(|heir| heir.model.clone())
    }
}
