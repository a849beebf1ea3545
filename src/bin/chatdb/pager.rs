//! Output longer than the terminal goes through a pager, as `git` does it: CHATDB_PAGER, else PAGER, else `less`.
//! Whoever leaves the pager early has read enough: that is no failure, and the exit code is that of the command.

use std::env;
use std::io::{self, IsTerminal as _, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use anstream::{AutoStream, ColorChoice};
use unicode_width::UnicodeWidthStr as _;

use crate::{output, watch};

/// Whether the user lets output be paged: the one setting that holds wherever something is written.
static ALLOWED: AtomicBool = AtomicBool::new(true);

/// Says whether output may be paged from now on.
pub fn allow(allowed: bool) {
    ALLOWED.store(allowed, Ordering::Relaxed);
}

/// How many columns and rows the terminal has that standard output is; `None` where it is none.
pub fn terminal() -> Option<(usize, usize)> {
    let size = io::stdout().is_terminal().then(terminal_size::terminal_size).flatten();
    let of = |(terminal_size::Width(columns), terminal_size::Height(rows))| {
        (usize::from(columns), usize::from(rows))
    };
    size.map(of)
}

/// Which pager there is, as a command of the shell or the name of a program.
enum Choice {
    Shell(String),
    Less,
}

/// The pager that the user wants; `None` for none.
fn chosen() -> Option<Choice> {
    if !ALLOWED.load(Ordering::Relaxed) || env::var_os("TERM").is_some_and(|term| term == "dumb") {
        return None;
    }
    let set = |name: &str| env::var(name).ok();
    match set("CHATDB_PAGER").or_else(|| set("PAGER")) {
        Some(command) if ["", "cat"].contains(&command.trim()) => None,
        Some(command) => Some(Choice::Shell(command)),
        None => Some(Choice::Less),
    }
}

impl Choice {
    fn start(&self) -> io::Result<Child> {
        let mut command = match self {
            Self::Shell(line) if cfg!(windows) => {
                let mut command = Command::new("cmd");
                command.args(["/C", line]);
                command
            }
            Self::Shell(line) => {
                let mut command = Command::new("sh");
                command.args(["-c", line]);
                command
            }
            Self::Less => Command::new("less"),
        };
        // As git sets them: end at once what fits after all, pass colours on, and leave the text on the screen.
        for (name, value) in [("LESS", "FRX"), ("LV", "-c")] {
            if env::var_os(name).is_none() {
                command.env(name, value);
            }
        }
        command.stdin(Stdio::piped()).spawn()
    }
}

/// Standard output of a terminal. It holds what is written back until that is longer than the terminal; then a pager
/// shows it, and what follows.
pub struct Screen {
    columns: usize,
    rows: usize,
    /// How many rows of the terminal the complete lines take that are held.
    used: usize,
    /// Everything so far, in case there is no pager after all.
    held: Vec<u8>,
    /// Where the line begins in `held` that is not complete yet.
    line: usize,
    state: State,
}

enum State {
    /// It may still fit the terminal.
    Fits(Choice),
    /// A pager shows it.
    Paged(Child, Option<ChildStdin>),
    /// It goes to the terminal as it comes.
    Plain,
}

impl Screen {
    /// A terminal of so many columns and rows, with a pager where the user wants one.
    pub fn new((columns, rows): (usize, usize)) -> Self {
        Self {
            columns: columns.max(1),
            rows,
            used: 0,
            held: Vec::new(),
            line: 0,
            state: chosen().map_or(State::Plain, State::Fits),
        }
    }

    /// Counts the rows of the lines that are complete by now.
    fn count(&mut self) {
        while let Some(length) = self.held[self.line..].iter().position(|b| *b == b'\n') {
            let line = String::from_utf8_lossy(&self.held[self.line..self.line + length]);
            let width = anstream::adapter::strip_str(&line).to_string().width();
            self.used += width.div_ceil(self.columns).max(1);
            self.line += length + 1;
        }
    }

    fn start(&mut self) -> io::Result<()> {
        let State::Fits(choice) = &self.state else {
            return Ok(());
        };
        match choice.start() {
            Ok(mut child) => {
                watch::leave_interrupts_to_pager();
                let mut stdin = child.stdin.take();
                let written = stdin.as_mut().map(|stdin| stdin.write_all(&self.held));
                self.state = State::Paged(child, stdin);
                written.unwrap_or(Ok(()))
            }
            Err(_) => self.plain(),
        }
    }

    /// Writes what is held to the terminal, and everything from now on.
    fn plain(&mut self) -> io::Result<()> {
        self.state = State::Plain;
        let held = std::mem::take(&mut self.held);
        to_terminal(&held)
    }

    /// Shows what is still held, and waits until the user has left the pager.
    pub fn finish(mut self) -> io::Result<()> {
        match &mut self.state {
            State::Fits(_) => self.plain(),
            State::Plain => io::stdout().flush(),
            State::Paged(child, stdin) => {
                drop(stdin.take());
                let ended = child.wait()?;
                // As shells say that there is no such program.
                if let Some(126 | 127) = ended.code() {
                    output::note("cannot run the pager; check CHATDB_PAGER or PAGER");
                    return self.plain();
                }
                Ok(())
            }
        }
    }
}

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.state {
            State::Plain => to_terminal(bytes)?,
            State::Fits(_) => {
                self.held.extend_from_slice(bytes);
                self.count();
                // The prompt of the shell takes a row as well.
                if self.used >= self.rows {
                    quiet(self.start())?;
                }
            }
            State::Paged(_, stdin) => {
                self.held.extend_from_slice(bytes);
                quiet(stdin.as_mut().map_or(Ok(()), |stdin| stdin.write_all(bytes)))?;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What a pager does not take because its reader has left it is no failure.
fn quiet(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// An old Windows console has to be told what an escape sequence means.
fn to_terminal(bytes: &[u8]) -> io::Result<()> {
    let mut out = AutoStream::new(io::stdout().lock(), ColorChoice::Always);
    out.write_all(bytes)?;
    out.flush()
}
