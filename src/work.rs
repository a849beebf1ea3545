//! Counts steps, for tests that hold what the program does to the size of its input: seconds depend on the machine.
//!
//! A step is a line that is looked at, a column that is looked for by its name, or a byte that is copied or compared
//! beyond the tokenizer, which reads each byte twice at most. The count is this thread's, and costs next to nothing
//! where nobody asks for it.

use std::cell::Cell;

thread_local! {
    static STEPS: Cell<u64> = const { Cell::new(0) };
}

/// Counts `count` more steps of this thread.
#[inline]
pub fn steps(count: usize) {
    STEPS.with(|steps| steps.set(steps.get() + count as u64));
}

/// How many steps this thread has taken so far.
#[must_use]
pub fn taken() -> u64 {
    STEPS.with(Cell::get)
}
