//! The one place of these tests that knows how the library is asked to read an export.

use std::cell::RefCell;
use std::path::Path;

use chatdb::import::format;
use chatdb::import::format::IMPORT_FORMATS;
use chatdb::import::input::decode::DecodeError;
use chatdb::import::open::OpenError;
use chatdb::import::reader::fixed_width::Widths;
use chatdb::import::{self, ImportError, ImportOptions};
use chatdb::store::Store;
use chatdb::table::{Cell, parse_timestamp};
use serde::Deserialize;

/// What a person says about a file beside its path.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Told {
    /// The form's id, `F02`.
    pub form: Option<String>,
    /// The table, where the bytes do not tell.
    pub table: Option<String>,
    /// The encoding's label.
    pub encoding: Option<String>,
    /// How dates are written, in strftime's letters.
    pub date_format: Option<String>,
    /// What ends a field, where a tool lets one choose.
    pub field_terminator: Option<String>,
    /// What ends a row.
    pub row_terminator: Option<String>,
    /// How wide the columns are.
    pub widths: Option<String>,
}

/// What the summary of an import says.
#[derive(Debug, Default)]
pub struct Summary {
    /// The form's id.
    pub form: String,
    /// The rows of the matrix of forms that it reads, `F02`.
    pub covers: Vec<String>,
    /// How far the form is ahead of the runner-up.
    pub margin: f64,
    /// The encoding's name, as in `UTF-16LE`.
    pub encoding: String,
    /// Whether the file names its columns.
    pub has_header: bool,
    /// The tables that rows went to, in lower case.
    pub tables: Vec<String>,
    /// Records in the file.
    pub records: u64,
    /// Records that became rows.
    pub loaded: u64,
    /// Records that did not.
    pub rejected: u64,
    /// The count that the tool wrote below.
    pub footer: Option<u64>,
    /// When the export was taken, in milliseconds on the wall clock.
    pub taken_at: Option<i64>,
    /// Each warning's text.
    pub warnings: Vec<String>,
    /// Columns that were not kept, in lower case.
    pub dropped: Vec<String>,
}

/// A record that was not loaded.
#[derive(Debug, Clone)]
pub struct Reject {
    /// Line of the file, from 1.
    pub line: i64,
    /// The record's text, or the part of it that is shown.
    pub text: String,
    /// The stable code, `CHATDB-I005`.
    pub code: String,
    /// The column, its reason and the advice, as one text.
    pub about: String,
    /// How many records of the file it is.
    pub records: u64,
}

/// How an import ended.
#[derive(Debug)]
pub enum Outcome {
    /// The file was read.
    Read(Summary),
    /// The form cannot be told for sure.
    Asks {
        /// What is said.
        message: String,
    },
    /// The file is not read at all.
    Refused {
        /// The stable code, or nothing.
        code: String,
        /// What is said.
        message: String,
    },
}

/// An import, and the store that it went to.
pub struct Imported {
    /// How it ended.
    pub outcome: Outcome,
    /// What was rejected.
    pub rejects: Vec<Reject>,
    store: Option<RefCell<Store>>,
}

/// The form that reads a row of the matrix. Where several do, the first that is not one with a separator of its own.
fn form_of(row: &str, path: &Path) -> String {
    if row == "F16" && std::fs::read(path).is_ok_and(|bytes| bytes.starts_with(b"+")) {
        return "sqlcmd_box".to_owned();
    }
    if row == "F23" {
        // Three forms share the row, and nobody would mistake one for another.
        let bytes = std::fs::read(path).unwrap_or_default();
        let first = bytes.iter().find(|b| b.is_ascii_graphic());
        return match first {
            Some(b'[' | b'{') => "json",
            Some(b'<') => "xml",
            _ => "markdown",
        }
        .to_owned();
    }
    let form = IMPORT_FORMATS.iter().find(|form| form.covers.contains(&row));
    form.map_or(row, |form| form.id).to_owned()
}

fn options(told: &Told, path: &Path) -> ImportOptions {
    ImportOptions {
        form: told.form.as_deref().map(|row| form_of(row, path)),
        table: told.table.clone(),
        encoding: told.encoding.clone(),
        date_format: told.date_format.clone(),
        field_terminator: told.field_terminator.clone(),
        row_terminator: told.row_terminator.clone(),
        widths: told.widths.as_deref().map(|text| Widths::parse(text).unwrap()),
        ..ImportOptions::default()
    }
}

fn summary(summary: import::Summary) -> Summary {
    let form = format::by_id(&summary.form);
    let covers = form.map_or(&[][..], |form| form.covers);
    let further = summary.further.iter().flat_map(|part| &part.tables);
    let tables = summary.tables.iter().chain(further);
    Summary {
        covers: covers.iter().map(|row| (*row).to_owned()).collect(),
        form: summary.form.clone(),
        margin: summary.margin,
        encoding: summary.encoding,
        has_header: summary.has_header,
        tables: tables.map(|table| table.name.to_lowercase()).collect(),
        records: summary.records,
        loaded: summary.loaded,
        rejected: summary.rejected,
        footer: summary.footer,
        taken_at: summary.exported_at_ms,
        warnings: summary.warnings.iter().map(|warning| warning.to_string()).collect(),
        dropped: summary
            .dropped_columns
            .iter()
            .map(|said| {
                let name = said.split('`').nth(1).unwrap_or(said);
                name.to_lowercase()
            })
            .collect(),
    }
}

fn outcome(result: Result<import::Summary, ImportError>, told: &Told) -> Outcome {
    match result {
        Ok(read) => Outcome::Read(summary(read)),
        // Who has been told the form and still cannot read the file, refuses it.
        Err(error) if error.asks() && told.form.is_none() => {
            Outcome::Asks { message: error.to_string() }
        }
        Err(error) => Outcome::Refused {
            code: error.code().unwrap_or_default().to_owned(),
            message: error.to_string(),
        },
    }
}

fn text(cell: &Cell) -> String {
    match cell {
        Cell::Null => String::new(),
        other => other.to_string(),
    }
}

/// What was rejected. A file that is refused before any of it is read may leave no table to ask.
fn rejects(store: &Store) -> Vec<Reject> {
    let sql =
        "SELECT line, text, code, \"column\", reason, advice, records FROM rejects ORDER BY line";
    let Ok(table) = store.ask(sql, &[], &[]) else {
        return Vec::new();
    };
    let reject = |row: &Vec<Cell>| Reject {
        line: text(&row[0]).parse().unwrap_or_default(),
        text: text(&row[1]),
        code: text(&row[2]),
        records: text(&row[6]).parse().unwrap_or_default(),
        about: row[3..6].iter().map(text).collect::<Vec<_>>().join(": "),
    };
    table.rows.iter().map(reject).collect()
}

/// Reads a file into a store of its own.
pub fn import(path: &Path, told: &Told) -> Imported {
    let mut store = Store::for_exports().unwrap();
    let mut options = options(told, path);
    let mut read = import::read_file(path, &options, &mut store);
    // A person does what the program says where it cannot know the encoding.
    if let Err(ImportError::Open {
        source: OpenError::Decode(DecodeError::NotUnicode { guess, .. }),
        ..
    }) = &read
    {
        options.encoding = Some(guess.clone());
        read = import::read_file(path, &options, &mut store);
    }
    let outcome = outcome(read, told);
    Imported { rejects: rejects(&store), outcome, store: Some(RefCell::new(store)) }
}

/// The time of an export as the summary has it: the wall clock where it was taken, as all times of a store.
pub fn taken_ms(written: &str) -> Option<i64> {
    parse_timestamp(written.get(..23)?)
}

impl Imported {
    /// An outcome without a store behind it, for the tests of the comparison itself.
    pub fn bare(outcome: Outcome, rejects: Vec<Reject>) -> Self {
        Self { outcome, rejects, store: None }
    }

    /// The rows that a query gives, or problem with it.
    pub fn ask(&self, sql: &str) -> Result<Vec<Vec<Cell>>, String> {
        let store = self.store.as_ref().ok_or("no store")?;
        let table = store.borrow().ask(sql, &[], &[]).map_err(|error| error.to_string())?;
        Ok(table.rows)
    }

    /// Whether a column that the schema does not know was kept.
    pub fn keeps(&self, table: &str, column: &str) -> bool {
        self.ask(&format!("SELECT \"{column}\" FROM {table}")).is_ok()
    }

    /// Whether the bytes of the database hold `text`.
    pub fn stores(&self, text: &str) -> bool {
        let Some(store) = self.store.as_ref() else {
            return false;
        };
        let image = store.borrow_mut().image().unwrap();
        image.windows(text.len()).any(|part| part == text.as_bytes())
    }
}
