//! What ends a statement from outside: the user, the time, the memory. The library has no clock; here is one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;
use std::{process, thread};

use chatdb::replay::Options;
use chatdb::sql::guard::limits::{LATE_SECONDS, MAX_MEMORY};
use chatdb::store::Interrupter;

use crate::failure::{Code, Failure};

/// How often it is looked, and a statement told to stop until it does.
const AGAIN: Duration = Duration::from_millis(50);

/// How often it is told before the program ends with it: a fifth of a second.
const PATIENCE: u64 = 4;

pub const GOES_ON: u8 = 0;
pub const STOPPED: u8 = 1;
pub const TIMED_OUT: u8 = 2;

/// How scenarios are played that may come from anybody: watched, and kept to the memory that there is for them.
pub fn guarded(sets: Vec<(String, String)>) -> Options {
    Options {
        sets,
        watch: Some(late),
        memory: Some(MAX_MEMORY),
        ..Options::default()
    }
}

/// Ends each statement of a scenario that takes too long, from a thread of its own.
pub fn late(interrupter: Interrupter) {
    let looks = LATE_SECONDS * 1000 / u64::try_from(AGAIN.as_millis()).unwrap_or(1);
    thread::spawn(move || {
        let (mut last, mut seen) = (None, 0);
        loop {
            thread::sleep(AGAIN);
            let running = interrupter.running();
            seen = if running.is_some() && running == last {
                seen + 1
            } else {
                0
            };
            last = running;
            if let Some(number) = running
                && seen >= looks
            {
                interrupter.too_late(number);
                if seen > looks + PATIENCE {
                    end(&Failure::new(
                        Code::Refused,
                        format!(
                            "a statement takes longer than {LATE_SECONDS} seconds, and cannot be stopped"
                        ),
                    ));
                }
            }
        }
    });
}

/// Stops the store when the user or the time says so, from threads of their own; gives which of them did.
pub fn stops(interrupter: Interrupter, timeout: Option<u64>) -> Result<Arc<AtomicU8>, Failure> {
    let state = Arc::new(AtomicU8::new(GOES_ON));
    let interrupter = Arc::new(interrupter);
    let end = {
        let state = Arc::clone(&state);
        move |why: u8| {
            // The first reason counts. A statement that only begins now is stopped as well.
            let _ = state.compare_exchange(GOES_ON, why, Ordering::SeqCst, Ordering::SeqCst);
            for _ in 0..=PATIENCE {
                interrupter.interrupt();
                thread::sleep(AGAIN);
            }
            end(&stopped(state.load(Ordering::SeqCst), timeout));
        }
    };
    let by_user = end.clone();
    ctrlc::set_handler(move || by_user(STOPPED)).map_err(|error| {
        Failure::new(
            Code::Environment,
            format!("cannot wait for Ctrl-C: {error}"),
        )
    })?;
    if let Some(seconds) = timeout {
        thread::spawn(move || {
            thread::sleep(Duration::from_secs(seconds));
            end(TIMED_OUT);
        });
    }
    Ok(state)
}

/// What there is to say once it has been stopped.
pub fn stopped(state: u8, timeout: Option<u64>) -> Failure {
    if state == TIMED_OUT {
        let seconds = match timeout {
            Some(1) => "1 second".to_owned(),
            other => format!("{} seconds", other.unwrap_or(0)),
        };
        let message = format!("the query ran longer than {seconds}, and was stopped");
        return Failure::new(Code::Environment, message)
            .hint("`--timeout` gives it more; `--explain` shows how SQLite goes about it");
    }
    Failure::new(Code::Interrupted, "interrupted")
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
