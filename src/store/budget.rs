//! What the statements of a scenario may take together, in all the runs that one question needs.
//!
//! A statement has limits of its own, and a folder may hold hundreds. To find out what decides a check, a scenario is
//! run without each of its causes and with each rule changed, so that what is bearable once is not so in all.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::sql::guard::limits::{MAX_STEPS_TOGETHER, TOGETHER_SECONDS};

/// What there is, and how much has been taken. A clone is the same budget.
#[derive(Debug, Clone)]
pub struct Budget(Arc<Taken>);

#[derive(Debug)]
struct Taken {
    most_steps: u64,
    steps: AtomicU64,
    milliseconds: AtomicU64,
}

impl Default for Budget {
    fn default() -> Self {
        Self::of(MAX_STEPS_TOGETHER)
    }
}

impl Budget {
    /// A budget of so many steps of SQLite's machine.
    #[must_use]
    pub fn of(steps: u64) -> Self {
        Self(Arc::new(Taken {
            most_steps: steps,
            steps: AtomicU64::new(0),
            milliseconds: AtomicU64::new(0),
        }))
    }

    /// Another that is as large, of which nothing has been taken.
    #[must_use]
    pub fn afresh(&self) -> Self {
        Self::of(self.0.most_steps)
    }

    /// Whether nothing is left.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.0.steps.load(Ordering::Relaxed) > self.0.most_steps
            || self.0.milliseconds.load(Ordering::Relaxed) > TOGETHER_SECONDS * 1_000
    }

    /// What is too much, as the end of a sentence: `more than 60 seconds or 4000 million steps`.
    #[must_use]
    pub fn limit(&self) -> String {
        let millions = self.0.most_steps / 1_000_000;
        format!("more than {TOGETHER_SECONDS} seconds or {millions} million steps")
    }

    /// Takes time. The library has no clock: whoever has one says how long a statement has been seen to run.
    pub(super) fn take_time(&self, time: Duration) {
        let more = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.0.milliseconds.fetch_add(more, Ordering::Relaxed);
    }

    pub(super) fn take_steps(&self, steps: u64) {
        self.0.steps.fetch_add(steps, Ordering::Relaxed);
    }
}
