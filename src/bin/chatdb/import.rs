//! `chatdb import`, and what it shares with commands that query or analyze exports

mod failure;
mod listing;
mod options;

use std::fs;
use std::io::{self, BufRead as _, IsTerminal as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use chatdb::import::{self, ImportError, ImportOptions, Progress, Summary};
use chatdb::render::Detail;
use chatdb::report::Report;
use chatdb::store::import_database::ImportDatabase;
use chatdb::store::{Interrupter, Store};
use chrono::{Local, TimeZone as _};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::Import;
use crate::failure::{Code, Failure};
use crate::inputs;
use crate::output;
use crate::watch;

use listing::listings;
pub use listing::remarks;
pub use options::{options, read_options, typed};

/// How often a statement is interrupted after Ctrl-C, and how often in all.
const AGAIN: Duration = Duration::from_millis(50);
const TIMES: u32 = 20;

pub fn run(args: &Import) -> Result<Code, Failure> {
    output::prepare(&args.form)?;
    let options = options(&args.reading)?;
    let files = inputs::expand(&args.files)?;
    let stopping = stop_on_interrupt()?;
    if files.iter().any(|file| file.as_os_str() == "-") {
        // Until there is input, no file is begun that a killed process would leave behind.
        io::stdin().lock().fill_buf()?;
    }
    let mut database = ImportDatabase::open(&args.db)?;
    // There is none yet.
    let _ = stopping.database.set(database.store().interrupter());
    let stopped = || stopping.flag.load(Ordering::SeqCst);
    let mut loaded = Vec::new();
    let mut refused = Vec::new();
    for path in &files {
        match load(path, &options, database.store(), &stopped) {
            Ok(summary) => loaded.extend(summary.parts()),
            Err(error @ ImportError::Interrupted) => {
                let kept = if database.is_new() {
                    format!("nothing was loaded, and `{}` was not created", args.db.display())
                } else {
                    "nothing of this file was loaded; the files before it were".to_owned()
                };
                return Err(Failure::from(error).hint(kept));
            }
            Err(error) => refused.push(Failure::from(error)),
        }
        if refused.iter().any(|failure| failure.is_of_the_database()) {
            break;
        }
    }
    let is_new = database.is_new();
    let mut remarks = Vec::new();
    if args.verify && !loaded.is_empty() {
        remarks.push(verify(&mut database, &args.db)?);
    }
    if !database.store().writes_pages() {
        remarks.push(SLOW.to_owned());
    }
    if !(is_new && loaded.is_empty()) {
        database.keep()?;
    }
    let mut code = code_of(&loaded, args.allow_rejects);
    if !loaded.is_empty() {
        let report =
            Report { listings: listings(&loaded, &args.db, is_new, remarks), ..Report::new() };
        output::show_exported(report, &args.form, Detail::Full, &args.privacy)?;
    }
    for failure in refused {
        failure.tell();
        code = worse(code, failure.code());
    }
    Ok(code)
}

/// What is said where SQLite was built without its table of pages.
const SLOW: &str = "rows were inserted one by one, which takes longer: this chatdb was built without \
                    `LIBSQLITE3_FLAGS=-DSQLITE_ENABLE_DBPAGE_VTAB`";

/// What is said of a database in which nothing is wrong.
const VERIFIED: &str =
    "verified: the database is sound, and every record of each file is either loaded or rejected";

/// Checks the database, and says that it is sound.
fn verify(database: &mut ImportDatabase, path: &Path) -> Result<String, Failure> {
    let is_new = database.is_new();
    let faults = database.store().faults()?;
    if faults.is_empty() {
        return Ok(VERIFIED.to_owned());
    }
    let message = format!("`{}` is damaged: {}", path.display(), faults.join("; "));
    Err(Failure::new(Code::Environment, message).hint(match is_new {
        true => {
            "it was discarded; load the files again, and report the problem if it happens again"
        }
        false => "load the files into a new database with `--db NEW.sqlite`",
    }))
}

/// The worse of two codes.
pub fn worse(a: Code, b: Code) -> Code {
    if (b as u8) > (a as u8) { b } else { a }
}

/// What the files that were read come to.
pub fn code_of(loaded: &[Summary], allowed: u64) -> Code {
    let rejected: u64 = loaded.iter().map(|summary| summary.rejected).sum();
    let differs = loaded.iter().any(Summary::footer_differs);
    if rejected > allowed || differs { Code::Rejected } else { Code::Success }
}

/// When a file was last written, on the wall clock of this machine.
fn file_time(path: &Path) -> Option<i64> {
    // What is in an archive has the time of the archive.
    let file = path.ancestors().find(|path| path.is_file())?;
    let modified = fs::metadata(file).ok()?.modified().ok()?;
    let since = modified.duration_since(std::time::UNIX_EPOCH).ok()?;
    let ms = i64::try_from(since.as_millis()).ok()?;
    let local = Local.timestamp_millis_opt(ms).single()?;
    Some(local.naive_local().and_utc().timestamp_millis())
}

/// Loads one file, with a bar where somebody is looking.
pub fn load(
    path: &Path,
    options: &ImportOptions,
    store: &mut Store,
    stopped: &dyn Fn() -> bool,
) -> Result<Summary, ImportError> {
    let bar = bar(path);
    let mut go_on = |progress: Progress| {
        if let Some(bar) = &bar {
            if let Some(total) = progress.total {
                bar.set_length(total);
            }
            bar.set_position(progress.bytes);
            bar.set_message(format!("{} rows", progress.rows));
        }
        !stopped()
    };
    let outcome = if path.as_os_str() == "-" {
        let input = Box::new(io::stdin());
        import::read_with("standard input", input, options, store, &mut go_on)
    } else {
        import::read_file_with(path, &of_file(path, options), store, &mut go_on)
    };
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    outcome
}

/// The same with what the file itself says.
pub fn of_file(path: &Path, options: &ImportOptions) -> ImportOptions {
    ImportOptions { file_time_ms: file_time(path), ..options.clone() }
}

/// How much of a file's name precedes its bar, so that bar and counts have room in a terminal.
const LONGEST_NAME: usize = 30;

fn bar(path: &Path) -> Option<ProgressBar> {
    if output::is_quiet() || !io::stderr().is_terminal() {
        return None;
    }
    let name = path.file_name().unwrap_or(path.as_os_str());
    let name = chatdb::render::sanitize::Sanitized::of(name.to_string_lossy()).to_string();
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
    let template = "{prefix} {wide_bar} {percent} % of {total_bytes}, {msg}, {eta} left";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_prefix(match name.char_indices().nth(LONGEST_NAME) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name,
    });
    bar.set_message("0 rows");
    Some(bar)
}

/// What is stopped at Ctrl-C: the flag is set, and then the statement that runs, once there is a database.
struct Stopping {
    flag: Arc<AtomicBool>,
    database: Arc<OnceLock<Interrupter>>,
}

/// Listens for signals, before there is anything that they could leave behind.
fn stop_on_interrupt() -> Result<Stopping, Failure> {
    let stopping = Stopping { flag: Arc::default(), database: Arc::default() };
    let (flag, database) = (Arc::clone(&stopping.flag), Arc::clone(&stopping.database));
    watch::on_interrupt(move || {
        flag.store(true, Ordering::SeqCst);
        for _ in 0..TIMES {
            if let Some(interrupter) = database.get() {
                interrupter.interrupt();
            }
            thread::sleep(AGAIN);
        }
        // It waits for input, from a pipe for example.
        watch::end(
            &Failure::new(Code::Interrupted, "interrupted")
                .hint("nothing of the file that was being read was loaded"),
        );
    })?;
    Ok(stopping)
}
