//! Reads what people export from SQL Server, in whatever form their tool writes, into typed rows; what cannot be a row
//! is kept beside them with its place and the reason.
//!
//! ```text
//!   input     bytes of a file: plain, gzip, zstd, workbook, standard input; their number and hash; bytes -> UTF-8
//!   format    the closed list of forms: how each is laid out, how it says NULL; which of them a file is in
//!   open      all of this for one file, and the reader of its form
//!   reader    delimited, aligned, fixed width, vertical, grid, json, xml, xlsx -> names, records, rejects, footer
//!   mapping   which tables are these columns of; what is a record's field in which table
//!   convert   a field as a value of its column's kind, or the reason why it is none
//!   needed    files of which only the rows are loaded that a query needs
//! ```
//!
//! Conservation: records in a file = rows loaded + records rejected, whatever the file. What a *record* is, is for the
//! form to say where it marks their ends: a quoted field may have line breaks in it, an object of JSON is one. A form
//! that quotes nothing marks nothing, so there a record is a line that is not blank and no part of a repaired record,
//! and each repaired one: lines are put together only where their fields are exactly one record's and its numbers and
//! times stand where they should ([`reader::delimited`],
//! [`reader::aligned`]). Names that stand again, and the count and the time that a tool writes below, are no records.
//!
//! This module does not know SQLite.

pub mod convert;
mod error;
pub mod format;
pub mod input;
mod last_value;
mod load_stage;
pub mod mapping;
pub mod needed;
pub mod number;
pub mod open;
mod options;
mod read_stage;
pub mod reader;
mod row;
pub mod spoiled;
mod summary;
mod text_formulas;
pub mod whole;

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread;

use sha2::{Digest as _, Sha256};

pub use error::ImportError;
pub use options::{ImportOptions, Quote};
pub use summary::{Progress, Summary, TableSummary};

use crate::import::convert::Rules;
use crate::store::Store;
use crate::store::load::Known;
use load_stage::LoadStage;
use open::OpenError;
use read_stage::{Decided, ReadStage};

/// Batches on their way at a time.
const IN_FLIGHT: usize = 8;

/// Loads a file into an import database.
///
/// # Errors
/// When it cannot be read or told what it is, or the import database fails; then nothing of it is there.
pub fn read_file(
    path: &Path,
    options: &ImportOptions,
    store: &mut Store,
) -> Result<Summary, ImportError> {
    read_file_with(path, options, store, &mut |_| true)
}

/// The same, where `go_on` is told how far it has come, several times in a second, and says whether to go on.
///
/// # Errors
/// As [`read_file`], and when `go_on` says no.
pub fn read_file_with(
    path: &Path,
    options: &ImportOptions,
    store: &mut Store,
    go_on: &mut dyn FnMut(Progress) -> bool,
) -> Result<Summary, ImportError> {
    let mut file = path.display().to_string();
    if let Some(part) = &options.part_name {
        file.push_str(&format!(" ({part})"));
    }
    let known = known_before(path, &file, options, store)?;
    if let Some(known) = known.as_ref().filter(|known| known.reading == options.reading()) {
        let mut summary = Summary { file, ..Summary::default() };
        summary.already(known);
        return Ok(summary);
    }
    let mut decided = Decided::default();
    let mut further: Vec<Summary> = Vec::new();
    for _ in 0..PASSES {
        let mut opening = options.clone();
        if let Some(form) = decided.form {
            opening.form = Some(form.id.to_owned());
        }
        opening.late_columns.clone_from(&decided.late_columns);
        let opened = open::open(path, &opening).map_err(not_opened(&file))?;
        let pass = ImportPass { decided, passes: Passes::Several, replaces: known.as_ref() };
        match load(file.clone(), opened, options, pass, store, go_on)? {
            Outcome::Loaded(summary) => {
                return Ok(Summary { further, ..*summary });
            }
            Outcome::Again(more) => {
                // Before the rest of the file, so that a file of which the rest is there is there whole.
                for (number, name) in &more.separate[further.len()..] {
                    let part = ImportOptions {
                        result_set: Some(*number),
                        part_name: Some(name.clone()),
                        ..options.clone()
                    };
                    further.push(read_file_with(path, &part, store, go_on)?);
                }
                decided = *more;
            }
        }
    }
    Err(ImportError::Late { file })
}

/// A file that was loaded before need not be read to its end to find that out; only where an export has as many bytes
/// is it worth to look.
fn known_before(
    path: &Path,
    file: &str,
    options: &ImportOptions,
    store: &Store,
) -> Result<Option<Known>, ImportError> {
    let failed = |source| ImportError::Store { file: file.to_owned(), source };
    let Ok(found) = std::fs::metadata(path) else {
        return Ok(None);
    };
    if !found.is_file() || !store.has_export_of(found.len()).map_err(failed)? {
        return Ok(None);
    }
    let sha256 = hash(path).map_err(|source| ImportError::Io { file: file.to_owned(), source })?;
    let sha256 = of_part(sha256, &options.part());
    store.known_export(&sha256).map_err(failed)
}

/// The hash by which a part of a file is known again; of the whole file that of its bytes.
fn of_part(sha256: String, part: &str) -> String {
    if part.is_empty() {
        return sha256;
    }
    in_hex(&Sha256::digest(format!("{sha256} {part}")))
}

fn in_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn hash(path: &Path) -> std::io::Result<String> {
    let mut file = std::fs::File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            n => hasher.update(&buffer[..n]),
        }
    }
    Ok(in_hex(&hasher.finalize()))
}

/// Loads what `reader` gives into an import database, under the name `file`.
///
/// # Errors
/// As [`read_file`].
pub fn read(
    file: &str,
    reader: Box<dyn Read + Send>,
    options: &ImportOptions,
    store: &mut Store,
) -> Result<Summary, ImportError> {
    read_with(file, reader, options, store, &mut |_| true)
}

/// The same, with `go_on` as [`read_file_with`] has it.
///
/// # Errors
/// As [`read_file_with`].
pub fn read_with(
    file: &str,
    reader: Box<dyn Read + Send>,
    options: &ImportOptions,
    store: &mut Store,
    go_on: &mut dyn FnMut(Progress) -> bool,
) -> Result<Summary, ImportError> {
    let opened = open::open_reader(reader, options).map_err(not_opened(file))?;
    let pass = ImportPass { decided: Decided::default(), passes: Passes::One, replaces: None };
    match load(file.to_owned(), opened, options, pass, store, go_on)? {
        Outcome::Loaded(summary) => Ok(*summary),
        Outcome::Again(_) => Err(ImportError::Late { file: file.to_owned() }),
    }
}

/// How often a file is read at most. A second pass nearly always settles everything; another one is for columns that
/// were behind a rejected value.
const PASSES: usize = 4;

/// Whether there can be another pass.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Passes {
    One,
    Several,
}

/// One pass over a file.
struct ImportPass<'k> {
    decided: Decided,
    passes: Passes,
    /// What the same bytes came to in another way, which this replaces.
    replaces: Option<&'k Known>,
}

/// What comes of reading a file once.
enum Outcome {
    /// It is loaded.
    Loaded(Box<Summary>),
    /// Nothing is: it is to be read again, knowing this.
    Again(Box<Decided>),
}

fn not_opened(file: &str) -> impl Fn(OpenError) -> ImportError {
    let file = file.to_owned();
    move |source| match source {
        OpenError::Empty => ImportError::Empty { file: file.clone() },
        source => ImportError::Open { file: file.clone(), source },
    }
}

/// What is NULL in a form, and by the user's word.
fn said_of_null(nulls: format::NullStyle, options: &ImportOptions) -> String {
    let mut said = nulls.title().to_owned();
    for text in &options.null_texts {
        said.push_str(&format!("; `{text}` is NULL (`--null`)"));
    }
    if options.empty_is_null {
        said.push_str("; an empty field is NULL (`--empty-is-null`)");
    }
    said
}

fn load(
    file: String,
    opened: open::Opened,
    options: &ImportOptions,
    pass: ImportPass<'_>,
    store: &mut Store,
    go_on: &mut dyn FnMut(Progress) -> bool,
) -> Result<Outcome, ImportError> {
    let mut summary = Summary {
        file: file.clone(),
        form: opened.form.id.to_owned(),
        runner_up: opened.runner_up.map(|form| form.id.to_owned()),
        margin: opened.margin,
        encoding: opened.encoding.clone(),
        has_header: opened.has_header,
        null_is: said_of_null(opened.form.nulls, options),
        ..Summary::default()
    };
    if pass.decided.empty {
        summary.null_is =
            "an empty field is NULL: number and time columns have empty fields, and none has the word NULL"
                .to_owned();
    }
    let tally = Arc::clone(&opened.tally);
    let mut nulls = opened.form.nulls.rule();
    nulls.empty |= options.empty_is_null || pass.decided.empty;
    let rules = Rules {
        nulls,
        null_texts: options.null_texts.clone(),
        delimited: matches!(opened.form.layout, format::FormatLayout::Delimited(_))
            && options.quote.is_none(),
        plain_backslash: options.escape == Some(format::escape::Escape::Nothing),
        date_format: options.date_format.clone(),
        lossy: options.lossy,
        padded: matches!(
            opened.form.layout,
            format::FormatLayout::Aligned | format::FormatLayout::Widths
        ),
        fifteen_digits: opened.form.layout == format::FormatLayout::Workbook,
    };
    let (sender, receiver) = sync_channel(IN_FLIGHT);
    let (give_back, used) = sync_channel(IN_FLIGHT);
    let mut typing = ReadStage::new(
        file,
        (opened.form, opened.twin, opened.by_word),
        rules,
        options,
        sender,
        used,
    );
    typing.once = pass.passes == Passes::One;
    typing.decided = pass.decided;
    // Not waited for when loading stops early: it ends when it finds nobody to hand its rows to.
    thread::spawn(move || {
        let mut reader = opened.reader;
        typing.run(&mut *reader);
    });
    let mut storing = LoadStage {
        summary: &mut summary,
        options,
        tally: &tally,
        give_back,
        plan: None,
        reasons: BTreeMap::new(),
        kept: (0, 0),
        gathered: BTreeMap::new(),
        other_states: BTreeMap::new(),
        replaces: pass.replaces,
    };
    if let Some(decided) = storing.run(store, &receiver, go_on)? {
        return Ok(Outcome::Again(decided));
    }
    Ok(Outcome::Loaded(Box::new(summary)))
}
