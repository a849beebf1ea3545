//! What ends a statement from outside: the user, the time, the memory. The library has no clock; here is one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};
use std::{process, thread};

use chatdb::diagnostic::counted;
use chatdb::replay::ReplayOptions;
use chatdb::sql::guard::limits::{LATE_SECONDS, MAX_MEMORY};
use chatdb::store::Interrupter;

use crate::failure::{Code, Failure};

/// How often it is looked, and a statement told to stop until it does.
const AGAIN: Duration = Duration::from_millis(25);

/// How often it is told before the program ends with it. It listens within a few milliseconds or, in the middle of a
/// call, for seconds not: on a busy machine, too, it is to be over within a quarter of a second.
pub const PATIENCE: u32 = 3;

/// The same for a statement of a scenario, which may have something to take back.
const PATIENCE_WITH_SCENARIOS: u32 = 6;

/// The same for a change of a file, which is to be whole again.
pub const PATIENCE_WITH_CHANGES: u32 = 30;

const GOES_ON: u8 = 0;
const STOPPED: u8 = 1;
const TIMED_OUT: u8 = 2;
const DONE: u8 = 3;

/// How scenarios are played that may come from anybody: watched, and kept to the memory that there is for them.
pub fn guarded(sets: Vec<(String, String)>) -> ReplayOptions {
    ReplayOptions {
        sets,
        watch: Some(late),
        memory: Some(MAX_MEMORY),
        ..ReplayOptions::default()
    }
}

/// Ends each statement of a scenario that takes too long, from a thread of its own.
pub fn late(interrupter: Interrupter) {
    const LIMIT: Duration = Duration::from_secs(LATE_SECONDS);
    thread::spawn(move || {
        let mut seen: Option<(u64, Instant)> = None;
        loop {
            thread::sleep(AGAIN);
            let running = interrupter.running();
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
                        "a statement takes longer than {LATE_SECONDS} seconds, and cannot be stopped"
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

/// What stops a question, and how far that has come.
pub struct Stops {
    state: Arc<AtomicU8>,
    timeout: Option<u64>,
}

impl Stops {
    /// Whether the user or the time has said so.
    pub fn have_come(&self) -> bool {
        self.state.load(Ordering::SeqCst) != GOES_ON
    }

    /// Nothing is left to be stopped by the time: what remains is to write the answer.
    pub fn no_more(&self) {
        turn(&self.state, DONE);
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
    timeout: Option<u64>,
    patience: u32,
) -> Result<Stops, Failure> {
    let state = Arc::new(AtomicU8::new(GOES_ON));
    let interrupter = Arc::new(interrupter);
    let stop = {
        let state = Arc::clone(&state);
        move |why: u8| {
            turn(&state, why);
            let now = state.load(Ordering::SeqCst);
            if now == DONE && why == TIMED_OUT {
                return;
            }
            for _ in 0..patience {
                // A statement that only begins now is stopped as well.
                interrupter.interrupt();
                thread::sleep(AGAIN);
            }
            end(&stopped(now, timeout));
        }
    };
    let by_user = stop.clone();
    on_interrupt(move || by_user(STOPPED))?;
    if let Some(seconds) = timeout {
        thread::spawn(move || {
            thread::sleep(Duration::from_secs(seconds));
            stop(TIMED_OUT);
        });
    }
    Ok(Stops { state, timeout })
}

/// Does `action` when the user presses Ctrl-C, or the system asks the program to end.
pub fn on_interrupt(action: impl FnMut() + Send + 'static) -> Result<(), Failure> {
    ctrlc::set_handler(action).map_err(|error| {
        Failure::new(
            Code::Environment,
            format!("cannot wait for Ctrl-C: {error}"),
        )
    })
}

/// What there is to say once it has been stopped.
fn stopped(state: u8, timeout: Option<u64>) -> Failure {
    if state == TIMED_OUT {
        let seconds = counted(timeout.unwrap_or(0), "second");
        let message = format!("the query ran longer than {seconds}, and was stopped");
        return Failure::new(Code::Environment, message)
            .hint("`--timeout` gives it more; `--explain` shows how SQLite goes about it");
    }
    let message = if state == DONE {
        "interrupted while the answer was written"
    } else {
        "interrupted"
    };
    Failure::new(Code::Interrupted, message)
}

/// Ends the program where a statement does not listen: a single call of a function, of which SQLite cannot be
/// stopped in the middle. A file that is being changed is whole again when it is next opened.
#[expect(
    clippy::disallowed_methods,
    reason = "the thread that would return a `Code` does not come back"
)]
fn end(failure: &Failure) -> ! {
    process::exit(i32::from(failure.tell()))
}
