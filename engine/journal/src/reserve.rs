//! Space that is kept back, and given up when the disk is full, so that cancels, exits and broker
//! reports can still be journalled.

use crate::JournalError;
use crate::storage::Storage;

const NAME: &str = "reserve";

/// The reserve file.
#[derive(Debug)]
pub(crate) struct Reserve {
    bytes: u64,
    held: bool,
}

impl Reserve {
    pub(crate) const fn new(bytes: u64) -> Self {
        Self { bytes, held: false }
    }

    /// Whether the space is kept back, or none was wanted.
    pub(crate) const fn is_held(&self) -> bool {
        self.held || self.bytes == 0
    }

    /// Takes the space. A disk that has no room for it is not an error here: the session starts,
    /// knows by [`Reserve::is_held`], and lets nothing grow.
    pub(crate) fn hold(&mut self, storage: &dyn Storage) -> Result<(), JournalError> {
        if self.is_held() {
            return Ok(());
        }
        match self.fill(storage) {
            Ok(()) => self.held = true,
            Err(JournalError::DiskFull { .. }) => self.give_up(storage)?,
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Gives the space up; `false` when there was none left to give.
    pub(crate) fn release(&mut self, storage: &dyn Storage) -> Result<bool, JournalError> {
        let had = self.held;
        self.held = false;
        if had {
            self.give_up(storage)?;
        }
        Ok(had)
    }

    /// Writes zeros, since a length alone takes no space.
    fn fill(&self, storage: &dyn Storage) -> Result<(), JournalError> {
        let fault = |error| JournalError::io("write", storage.locate(NAME))(error);
        let mut file = match storage.open(NAME) {
            Ok(file) => file,
            Err(_) => storage.create(NAME).map_err(fault)?,
        };
        let mut at = file.len().map_err(fault)?;
        let zeros = [0; 64 << 10];
        while at < self.bytes {
            let count = (self.bytes - at).min(zeros.len() as u64);
            file.write_at(at, zeros.get(..count as usize).unwrap_or(&zeros)).map_err(fault)?;
            at += count;
        }
        Ok(())
    }

    fn give_up(&self, storage: &dyn Storage) -> Result<(), JournalError> {
        match storage.remove(NAME) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(JournalError::io("remove", storage.locate(NAME))(error))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }
}
