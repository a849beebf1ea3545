//! What ends a statement from outside: the user, the time, the memory. The library has no clock; here is one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::time::{Duration, Instant};
use std::{mem, process, thread};

use chatdb::diagnostic::counted;
use chatdb::files;
use chatdb::replay::ReplayOptions;
use chatdb::sql::guard::limits::{LATE_SECONDS, MAX_MEMORY};
use chatdb::store::Interrupter;

use crate::failure::{Code, Failure};

/// How often the deadline is checked, and a statement told to stop until it does.
const AGAIN: Duration = Duration::from_millis(25);

/// How often a statement is told to stop before the program exits. SQLite responds within a few milliseconds or, in the
/// middle of a call, not for seconds: even on a busy machine, the program is to end within a quarter of a second.
pub const PATIENCE: u32 = 3;

/// The same for a statement of a scenario, which may have something to take back.
const PATIENCE_WITH_SCENARIOS: u32 = 6;

/// The same for a change of a file, which is to be whole again.
pub const PATIENCE_WITH_CHANGES: u32 = 30;

const GOES_ON: u8 = 0;
const STOPPED: u8 = 1;
const TIMED_OUT: u8 = 2;
const DONE: u8 = 3;
const WRITES: u8 = 4;

/// How scenarios are played that may come from anybody: watched, and kept to the memory that there is for them.
pub fn guarded(sets: Vec<(String, String)>) -> ReplayOptions {
    ReplayOptions { sets, watch: Some(late), memory: Some(MAX_MEMORY), ..ReplayOptions::default() }
}

/// Ends each statement of a scenario that takes too long, from a thread of its own.
pub fn late(interrupter: Interrupter) {
    const LIMIT: Duration = Duration::from_secs(LATE_SECONDS);
    thread::spawn(move || {
        let mut seen: Option<(u64, Instant)> = None;
        let mut last = now();
        loop {
            thread::sleep(AGAIN);
            let running = interrupter.running();
            let looked = mem::replace(&mut last, now());
            if running.is_some() {
                interrupter.ran(looked.elapsed());
            }
            seen = seen.filter(|(number, _)| running == Some(*number));
            let Some((number, since)) = seen else {
                seen = running.map(|number| (number, now()));
                continue;
            };
            if since.elapsed() >= LIMIT {
                interrupter.too_late(number);
            }
            if since.elapsed() >= LIMIT + AGAIN * PATIENCE_WITH_SCENARIOS {
                end(&Failure::new(
                    Code::Refused,
                    format!(
                        "a statement takes longer than {LATE_SECONDS} seconds and cannot be stopped"
                    ),
                ));
            }
        }
    });
}

#[expect(
    clippy::disallowed_methods,
    reason = "looks are not counted: on a busy machine they are further apart than they should be"
)]
fn now() -> Instant {
    Instant::now()
}

/// Whether a pager shows the output: Ctrl-C is then meant for the pager, which gets it as well.
static PAGED: AtomicBool = AtomicBool::new(false);

/// Leaves Ctrl-C to the pager that shows the output, until the program ends.
pub fn leave_interrupts_to_pager() {
    PAGED.store(true, Ordering::SeqCst);
    // A command that waits for Ctrl-C already looks at `PAGED`.
    let _ = on_interrupt(|| {});
}

/// Sees to it that a signal leaves no unfinished file behind, in a command that waits for no signal of its own.
pub fn unfinished_files_go() {
    let _ = on_interrupt(|| end(&Failure::new(Code::Interrupted, "interrupted")));
}

/// How long something may take, and what is said once it has.
#[derive(Clone, Copy)]
pub struct Timeout {
    pub seconds: u64,
    /// What it is: `the query`.
    pub what: &'static str,
    pub hint: &'static str,
}

/// What stops a query before its end, and whether it has.
pub struct Cancellation {
    state: Arc<AtomicU8>,
    timeout: Option<Timeout>,
}

impl Cancellation {
    /// Whether the user or the time has said so.
    pub fn have_come(&self) -> bool {
        self.state.load(Ordering::SeqCst) != GOES_ON
    }

    /// Turns the time limit off: what remains is to write the result.
    pub fn no_more(&self) {
        turn(&self.state, DONE);
    }

    /// Writes files, once nothing else is left to be done: a signal ends the program when they are whole.
    pub fn writing<T>(&self, write: impl FnOnce() -> T) -> T {
        self.state.store(WRITES, Ordering::SeqCst);
        let written = write();
        self.state.store(DONE, Ordering::SeqCst);
        written
    }

    /// What there is to say about it.
    pub fn failure(&self) -> Failure {
        stopped(self.state.load(Ordering::SeqCst), self.timeout)
    }
}

/// Says why it is over, unless something else was first.
fn turn(state: &AtomicU8, why: u8) {
    let _ = state.compare_exchange(GOES_ON, why, Ordering::SeqCst, Ordering::SeqCst);
}

/// Stops the store when the user or the time says so, from threads of their own. It is given `patience` looks to take
/// back what it was doing.
pub fn stops(
    interrupter: Interrupter,
    timeout: Option<Timeout>,
    patience: u32,
) -> Result<Cancellation, Failure> {
    let state = Arc::new(AtomicU8::new(GOES_ON));
    let interrupter = Arc::new(interrupter);
    let stop = {
        let state = Arc::clone(&state);
        move |why: u8| {
            turn(&state, why);
            let now = state.load(Ordering::SeqCst);
            if why == STOPPED && now == DONE && PAGED.load(Ordering::SeqCst) {
                return;
            }
            if [DONE, WRITES].contains(&now) && why == TIMED_OUT {
                return;
            }
            for _ in 0..patience {
                // A statement that only begins now is stopped as well.
                interrupter.interrupt();
                thread::sleep(AGAIN);
            }
            while state.load(Ordering::SeqCst) == WRITES {
                thread::sleep(AGAIN);
            }
            end(&stopped(now, timeout));
        }
    };
    let by_user = stop.clone();
    on_interrupt(move || by_user(STOPPED))?;
    if let Some(timeout) = timeout {
        thread::spawn(move || {
            thread::sleep(Duration::from_secs(timeout.seconds));
            stop(TIMED_OUT);
        });
    }
    Ok(Cancellation { state, timeout })
}

/// Does `action` when the user presses Ctrl-C, or the system asks the program to end, or its terminal is closed.
pub fn on_interrupt(action: impl FnMut() + Send + 'static) -> Result<(), Failure> {
    ctrlc::set_handler(action).map_err(|error| {
        let message = format!("cannot wait for Ctrl-C: {error}");
        Failure::new(Code::Environment, message)
    })
}

/// Writes files of a command that nothing else stops: a signal that comes meanwhile ends the program when they are
/// whole, so that no part of one is left.
pub fn while_writing<T>(write: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    let told = Arc::new(AtomicBool::new(false));
    let tell = Arc::clone(&told);
    on_interrupt(move || tell.store(true, Ordering::SeqCst))?;
    let written = write()?;
    if told.load(Ordering::SeqCst) {
        let message = "interrupted while writing files; those written are complete";
        return Err(Failure::new(Code::Interrupted, message));
    }
    Ok(written)
}

/// What there is to say once it has been stopped.
fn stopped(state: u8, timeout: Option<Timeout>) -> Failure {
    if let (TIMED_OUT, Some(timeout)) = (state, timeout) {
        let seconds = counted(timeout.seconds, "second");
        let message = format!("{} ran longer than {seconds} and was stopped", timeout.what);
        return Failure::new(Code::Environment, message).hint(timeout.hint);
    }
    let message = if [DONE, WRITES].contains(&state) {
        "interrupted while writing the result"
    } else {
        "interrupted"
    };
    Failure::new(Code::Interrupted, message)
}

/// Ends the program where a statement does not listen: a single call of a function, of which SQLite cannot be
/// stopped in the middle, or a pipe that nobody writes into. A file that is being changed is whole again when it is
/// next opened, and one that is being written goes.
#[expect(
    clippy::disallowed_methods,
    reason = "the thread that would return a `Code` does not come back"
)]
pub fn end(failure: &Failure) -> ! {
    files::remove_unfinished();
    process::exit(i32::from(failure.tell()))
}
