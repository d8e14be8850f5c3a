//! Named places where a process stands still when it is told to, so that its parent can kill it
//! exactly there. Only a build with the feature `failpoints` has them; elsewhere a hit is nothing.
//!
//! `TRADEWIND_FAILPOINT` tells what a process does:
//!
//! | value | what happens |
//! | --- | --- |
//! | `trace` | each hit is a line on standard error: `failpoint NAME COUNT NUMBER` |
//! | `NAME:COUNT` | the hit of that name and count is such a line, and its thread stands still for good |
//!
//! The number is that of the record (`append`, `write`, `fsync`) or of the order that the hit is about; 0
//! is an answer or a report about no order of ours. Counts begin at 1.

/// The thread is at a place of this name, about this record or order.
#[cfg(not(feature = "failpoints"))]
#[inline(always)]
pub const fn hit(_name: &'static str, _number: u64) {}

#[cfg(feature = "failpoints")]
pub use on::hit;

#[cfg(feature = "failpoints")]
mod on {
    use std::collections::BTreeMap;
    use std::io::Write;
    use std::sync::{LazyLock, Mutex, PoisonError};

    /// What the environment asks for.
    enum Wanted {
        Nothing,
        Trace,
        Stop { name: String, count: u64 },
    }

    static WANTED: LazyLock<Wanted> = LazyLock::new(|| {
        let text = std::env::var("TRADEWIND_FAILPOINT").unwrap_or_default();
        match text.rsplit_once(':') {
            None if text == "trace" => Wanted::Trace,
            None => Wanted::Nothing,
            // A count that is none is never reached.
            Some((name, count)) => {
                Wanted::Stop { name: name.into(), count: count.parse().unwrap_or(0) }
            }
        }
    });

    static COUNTS: Mutex<BTreeMap<&'static str, u64>> = Mutex::new(BTreeMap::new());

    /// The thread is at a place of this name, about this record or order.
    pub fn hit(name: &'static str, number: u64) {
        let tells = match &*WANTED {
            Wanted::Nothing => return,
            Wanted::Trace => true,
            Wanted::Stop { name: wanted, .. } => wanted == name,
        };
        if !tells {
            return;
        }
        let mut counts = COUNTS.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(name).or_default();
        *count += 1;
        let stops = matches!(&*WANTED, Wanted::Stop { count: wanted, .. } if wanted == count);
        if stops || matches!(&*WANTED, Wanted::Trace) {
            // Whoever asked for it reads the line; nobody else needs it.
            let _ = writeln!(std::io::stderr(), "failpoint {name} {count} {number}");
        }
        drop(counts);
        if stops {
            loop {
                std::thread::park();
            }
        }
    }
}
