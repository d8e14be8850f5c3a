//! Symbols as small numbers.

use serde::{Deserialize, Serialize};

/// The place of a symbol in the session's table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SymbolId(u16);

impl SymbolId {
    /// The place in the table.
    #[inline]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// The session's symbols in a fixed order; a [`SymbolId`] is a place in it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Symbols(Vec<Box<str>>);

/// A symbol that cannot be interned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SymbolError {
    /// Empty, too long, or with characters no venue uses.
    #[error("{0:?} is not a symbol: 1 to 24 of A-Z, 0-9, '.', '-', '/' and '_'")]
    Malformed(String),
    /// The table holds as many symbols as its ids can count.
    #[error("more than {} symbols", u16::MAX)]
    TooMany,
}

impl Symbols {
    pub(crate) const EMPTY: Self = Self(Vec::new());

    /// Interns a list; a repeated symbol keeps its first place.
    ///
    /// # Errors
    /// When a symbol is malformed or there are more than 65,535.
    pub fn new<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> Result<Self, SymbolError> {
        let mut table = Self::default();
        for name in names {
            table.intern(name.as_ref())?;
        }
        Ok(table)
    }

    /// The id of a symbol, added at the end if it is new.
    ///
    /// # Errors
    /// When the symbol is malformed or the table is full.
    pub fn intern(&mut self, name: &str) -> Result<SymbolId, SymbolError> {
        if let Some(id) = self.id(name) {
            return Ok(id);
        }
        if !is_symbol(name) {
            return Err(SymbolError::Malformed(name.into()));
        }
        let id = u16::try_from(self.0.len()).map_err(|_| SymbolError::TooMany)?;
        self.0.push(name.into());
        Ok(SymbolId(id))
    }

    /// Whether a symbol can be given this name: it is one, and no other symbol's.
    pub(crate) fn may_be_called(&self, name: &str) -> bool {
        self.id(name).is_none() && is_symbol(name)
    }

    /// Gives a symbol another name.
    pub(crate) fn rename(&mut self, id: SymbolId, name: &str) {
        if let Some(held) = self.0.get_mut(id.index()) {
            *held = name.into();
        }
    }

    /// The id of a symbol that the table holds.
    pub fn id(&self, name: &str) -> Option<SymbolId> {
        let place = self.0.iter().position(|held| held.as_ref() == name)?;
        u16::try_from(place).ok().map(SymbolId)
    }

    /// The text of a symbol; `?` for an id of another table.
    pub fn name(&self, id: SymbolId) -> &str {
        self.0.get(id.index()).map_or("?", AsRef::as_ref)
    }

    /// All ids in order.
    pub fn ids(&self) -> impl Iterator<Item = SymbolId> + use<> {
        (0..self.0.len() as u16).map(SymbolId)
    }

    /// All names in the order of their ids.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(AsRef::as_ref)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn is_symbol(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || ".-/_".contains(c);
    !name.is_empty() && name.len() <= 24 && name.chars().all(allowed)
}
