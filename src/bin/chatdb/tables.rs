//! Files that hold one table each, for `chatdb diff`: plain ones are read as they stand, all others as `import` reads
//! them.

use std::cell::RefCell;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

use chatdb::import::format::trailer;
use chatdb::import::input::decode;
use chatdb::import::input::source::{UnpackLimits, open_file};
use chatdb::import::whole::{self, TableLoadError, WholeTable};
use chatdb::import::{self, open::OpenError};
use chatdb::record::{Reason, RecordLimits};
use chatdb::render::sanitize::Sanitized;
use chatdb::table::raw::{self, RawCell, RawRow, RawTable, ReadProblem};
use chatdb::table::{Kind, text_formula};

use crate::cli::Diff;
use crate::failure::{Code, Failure};

/// How much of a file is looked at.
const HEAD: u64 = 64 << 10;

/// The largest file that is held.
const MAX_FILE: u64 = 1 << 30;

/// What to do about a file that is not held.
const KEYED: &str = "use `--key COLUMN`: files with a key are streamed, not held in memory";

/// What the user says about the files.
pub struct Ways {
    header: Option<bool>,
    columns: Option<Vec<String>>,
    options: import::ImportOptions,
    /// Whether plain files are read as `import` reads them too, because an option says how.
    all_imported: bool,
    remarks: RefCell<Vec<String>>,
}

impl Ways {
    pub fn of(args: &Diff) -> Result<Self, Failure> {
        let mut options = crate::import::read_options(&args.reading)?;
        options.unhashed = true;
        // These are the same whoever reads the file.
        let (header, columns) = (options.header.take(), options.columns.take());
        let of_plain = import::ImportOptions {
            form: None,
            encoding: None,
            result_set: None,
            sheet: None,
            ..options.clone()
        };
        let all_imported =
            !of_plain.reading().is_empty() || options.limits != RecordLimits::default();
        Ok(Self { header, columns, options, all_imported, remarks: RefCell::default() })
    }

    /// The same for loading a file into a database.
    pub fn import_options(&self) -> import::ImportOptions {
        import::ImportOptions {
            header: self.header,
            columns: self.columns.clone(),
            ..self.options.clone()
        }
    }

    /// What there is to say about the files that were read.
    pub fn remarks(self) -> Vec<String> {
        self.remarks.into_inner()
    }

    fn remark(&self, path: &Path, remark: &str) {
        self.remarks.borrow_mut().push(format!("`{}`: {remark}", path.display()));
    }

    /// Whether the files do not name their columns, or by other names than are wanted.
    pub fn renames(&self) -> bool {
        self.is_nameless() || self.columns.is_some()
    }

    fn is_nameless(&self) -> bool {
        self.header == Some(false)
    }

    /// Whether a file is read as it stands, rather than as `import` reads it.
    pub fn is_plain(&self, path: &Path) -> Result<bool, Failure> {
        Ok(!self.all_imported && is_plain(path)?)
    }

    /// What only a file of another form can be read by is not passed over in silence.
    pub fn check_that_they_apply(&self, plain: bool) -> Result<(), Failure> {
        let options = &self.options;
        let given = [
            options.form.as_ref().map(|form| format!("--input-format {form}")),
            options.encoding.as_ref().map(|name| format!("--encoding {name}")),
            options.result_set.map(|number| format!("--result-set {number}")),
            options.sheet.as_ref().map(|name| format!("--sheet {name:?}")),
        ];
        match given.into_iter().flatten().next().filter(|_| plain) {
            None => Ok(()),
            Some(given) => {
                let message =
                    format!("`{given}` does not apply: both files are plain tables in UTF-8");
                Err(Failure::new(Code::Usage, message).hint("omit it"))
            }
        }
    }

    /// Whether the first record of a plain file can be names.
    pub fn check_names_of(&self, path: &Path) -> Result<(), Failure> {
        let head = head(path)?;
        let text = String::from_utf8_lossy(&head);
        let first = text.trim_start_matches(['\u{feff}', '\r', '\n']);
        match raw::read_any(first.lines().next().unwrap_or_default()) {
            Ok(table) => self.check_names(path, &table),
            // Whoever reads the file says what is wrong with it.
            Err(_) => Ok(()),
        }
    }

    fn check_names(&self, path: &Path, table: &RawTable) -> Result<(), Failure> {
        let kinds = [Kind::Integer, Kind::Decimal, Kind::Timestamp, Kind::Duration];
        let is_value = |cell: &&RawCell| {
            let is_address = cell.text.split_once('@').is_some_and(|(_, host)| host.contains('.'));
            is_address
                || cell.text == "NULL"
                || kinds.iter().any(|kind| kind.parse(&cell.text).is_some())
        };
        let Some(at) =
            table.header.iter().position(|cell| is_value(&cell)).filter(|_| self.header.is_none())
        else {
            return Ok(());
        };
        let message = format!(
            "`{}`: field {} of the first record looks like a value, not a column name",
            path.display(),
            at + 1
        );
        Err(Failure::new(Code::Rejected, message)
            .hint("use `--header no` if the files have no header, or `--header yes` if they do"))
    }

    /// Reads a file whatever its form.
    pub fn read(&self, path: &Path) -> Result<RawTable, Failure> {
        let mut table = if self.is_plain(path)? {
            match read_plain(path) {
                Ok(table) => table,
                // It may be of another form after all.
                Err(failure) => self.import(path).map_err(|_| failure)?,
            }
        } else {
            match self.import(path) {
                Ok(table) => table,
                Err(error) if error.asks() && self.options.form.is_none() => {
                    read_plain(path).map_err(|_| failure_of(path, &error))?
                }
                Err(error) => return Err(failure_of(path, &error)),
            }
        };
        if table.text_formulas > 0 {
            self.remark(path, &text_formula::remark(table.text_formulas));
        }
        // Without names, the first row may be there twice like any other.
        let repeated = match self.is_nameless() {
            true => 0,
            false => table.take_repeated_headers(),
        };
        if repeated > 0 {
            self.remark(path, &trailer::repeated_headers(repeated as u64));
        }
        self.check_names(path, &table)?;
        let table = if self.is_nameless() { numbered(table) } else { table };
        self.named(path, table)
    }

    /// The table with the column names that the user gives.
    fn named(&self, path: &Path, mut table: RawTable) -> Result<RawTable, Failure> {
        let Some(names) = &self.columns else {
            return Ok(table);
        };
        let (given, found) = (names.len(), table.header.len());
        if given != found {
            let message =
                format!("`{}` has {found} columns, but `--columns` names {given}", path.display());
            return Err(Failure::new(Code::Usage, message)
                .hint("name every column, in the order of the file"));
        }
        table.header =
            names.iter().map(|name| RawCell { text: name.clone(), quoted: true }).collect();
        Ok(table)
    }

    fn import(&self, path: &Path) -> Result<RawTable, TableLoadError> {
        let WholeTable { mut table, remarks } = whole::read(path, &self.options)?;
        table.take_brackets_off();
        remarks.iter().for_each(|remark| self.remark(path, remark));
        Ok(table)
    }
}

/// The table with its first record as a row, and columns named by their numbers.
fn numbered(table: RawTable) -> RawTable {
    let name = |number| RawCell { text: format!("column_{number}"), quoted: true };
    let first = RawRow { line: 1, cells: table.header };
    RawTable {
        header: (1..=first.cells.len()).map(name).collect(),
        rows: std::iter::once(first).chain(table.rows).collect(),
        text_formulas: table.text_formulas,
    }
}

/// Whether a file is delimited text in UTF-8 or a table of bars, as far as its beginning tells. What is no regular file
/// can be read but once, and is taken for one.
fn is_plain(path: &Path) -> Result<bool, Failure> {
    let is_stream = fs::metadata(path).is_ok_and(|found| !found.is_file());
    Ok(is_stream || is_plain_text(&head(path)?))
}

/// The file at `path`, which may be within a zip archive.
fn open(path: &Path) -> io::Result<File> {
    open_file(path, &UnpackLimits::default())
}

fn head(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut head = Vec::new();
    (open(path).and_then(|file| file.take(HEAD).read_to_end(&mut head)))
        .map_err(|error| unreadable(path, &error))?;
    Ok(head)
}

fn is_plain_text(head: &[u8]) -> bool {
    // A character may be cut at the end.
    let text = match str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let (Some(first), second) = (lines.next(), lines.next().unwrap_or_default()) else {
        return true;
    };
    // JSON, XML, a box, cells below each other, and columns that a line of dashes underlines.
    let other = first.starts_with(['[', '{', '<', '+', '*']);
    let is_rule = |line: &str| line.contains("--") && line.chars().all(|c| "- \t,;|".contains(c));
    let has_separator = first.contains([',', '\t', ';', '|']);
    let bars = first.starts_with('|');
    let alone = !has_separator && second.contains([',', '\t', ';', '|', ':']);
    !text.contains('\0') && !other && !alone && (bars || !is_rule(second))
}

/// Reads delimited text in UTF-8, or a table of bars.
pub fn read_plain(path: &Path) -> Result<RawTable, Failure> {
    let mut bytes = Vec::new();
    let read = open(path).and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut bytes));
    read.map_err(|error| unreadable(path, &error))?;
    if bytes.len() as u64 > MAX_FILE {
        let message = format!(
            "`{}` is larger than {} MiB, which is more than is held in memory",
            path.display(),
            MAX_FILE >> 20
        );
        return Err(Failure::new(Code::Rejected, message)
            .hint("use `--key COLUMN`: files with a key are streamed, not held in memory"));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        Failure::new(Code::Rejected, format!("{}:{line}: not UTF-8", path.display()))
            .hint(decode::advice(&decode::words(error.as_bytes(), true)))
    })?;
    let table = raw::read_any(&text).map(|mut table| {
        table.take_text_formulas();
        table.take_brackets_off();
        table
    });
    table.map_err(|error| {
        let failure = Failure::new(Code::Rejected, format!("{}:{error}", path.display()));
        match error.problem {
            ReadProblem::LongField => failure.hint("a quote may be unclosed; inspect the field"),
            ReadProblem::TooManyCells => failure.hint(KEYED),
            _ => failure,
        }
    })
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    let message = format!("cannot read `{}`: {error}", path.display());
    let failure = Failure::new(Code::Environment, message);
    match error.kind() {
        io::ErrorKind::NotFound => {
            failure.hint("name a file, or a check of a scenario as SCENARIO/CHECK")
        }
        _ => failure,
    }
}

fn failure_of(path: &Path, error: &TableLoadError) -> Failure {
    let code = match error {
        TableLoadError::Open(OpenError::UnknownForm { .. } | OpenError::WrongContainer { .. }) => {
            Code::Usage
        }
        _ => Code::Rejected,
    };
    let failure = Failure::new(code, format!("`{}`: {}", path.display(), Sanitized::of(error)));
    let hint = match error {
        TableLoadError::Open(error) => error.advice(),
        TableLoadError::Read(_) => None,
        TableLoadError::Reject { reason: Reason::TooLong, .. } => {
            Some("a quote may be unclosed; no field may be longer than 16 MiB, and no record longer than 64 \
             MiB".to_owned())
        }
        TableLoadError::Reject { reason: Reason::SecondResultSet, .. } | TableLoadError::Several => {
            Some("choose one with `--result-set 1` or `--result-set 2`".to_owned())
        }
        TableLoadError::Reject { reason, .. } => Some(reason.advice().to_owned()),
        TableLoadError::NoNames => Some("export it with column headers".to_owned()),
        TableLoadError::TooMuch => Some("export fewer rows, or compare as CSV with `--key COLUMN`".to_owned()),
    };
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}
