//! A row of the fault matrix.

use rand::SeedableRng;
use rand::rngs::SmallRng;

/// One fault, and what must hold.
pub(crate) struct Row {
    pub(crate) number: u32,
    pub(crate) fault: &'static str,
    pub(crate) must: &'static str,
    pub(crate) run: fn(&Trial) -> anyhow::Result<Measured>,
}

/// Circumstances of one run of a row.
pub(crate) struct Trial {
    pub(crate) quick: bool,
    pub(crate) seed: u64,
}

impl Trial {
    /// Few in a quick run, many in a full one.
    pub(crate) fn of<T>(&self, quick: T, full: T) -> T {
        if self.quick { quick } else { full }
    }

    /// The row's own randomness, the same for the same seed.
    pub(crate) fn rng(&self) -> SmallRng {
        SmallRng::seed_from_u64(self.seed)
    }
}

/// Result of a row.
pub(crate) enum Measured {
    /// Made to happen: the figures, and whether what must hold held.
    Held(String, bool),
    /// This machine cannot make it happen.
    NotRun(String),
}
