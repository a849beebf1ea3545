//! What all statements of a scenario may use together, in all the runs of one command.
//!
//! A statement has its own limits, but a folder may contain hundreds. To find what determines a check, a scenario is
//! run without each of its causes and with each rule changed, so that the total must be limited too.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::sql::guard::limits::{MAX_STEPS_TOGETHER, TOGETHER_SECONDS};

/// The total, and how much has been used. A clone shares the same budget.
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
    /// A budget of this many steps of SQLite's virtual machine.
    #[must_use]
    pub fn of(steps: u64) -> Self {
        Self(Arc::new(Taken {
            most_steps: steps,
            steps: AtomicU64::new(0),
            milliseconds: AtomicU64::new(0),
        }))
    }

    /// Another of the same size, of which nothing has been used.
    #[must_use]
    pub fn afresh(&self) -> Self {
        Self::of(self.0.most_steps)
    }

    /// Whether it is used up.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.0.steps.load(Ordering::Relaxed) > self.0.most_steps
            || self.0.milliseconds.load(Ordering::Relaxed) > TOGETHER_SECONDS * 1_000
    }

    /// The limit as the end of a sentence: `more than 60 seconds or 4000 million steps`.
    #[must_use]
    pub fn limit(&self) -> String {
        let millions = self.0.most_steps / 1_000_000;
        format!("more than {TOGETHER_SECONDS} seconds or {millions} million steps")
    }

    /// Uses time. The library has no clock: the caller reports how long a statement has been observed to run.
    pub(super) fn take_time(&self, time: Duration) {
        let more = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.0.milliseconds.fetch_add(more, Ordering::Relaxed);
    }

    pub(super) fn take_steps(&self, steps: u64) {
        self.0.steps.fetch_add(steps, Ordering::Relaxed);
    }
}
