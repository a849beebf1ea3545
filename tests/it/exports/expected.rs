//! An `expected.toml`, and problem with an import that should have come out like it.
//!
//! A cell is written `NULL`, `5000`, `2011-07-12 14:49:55.000` or `"text"` with JSON's escapes; a list of cells means
//! any one of them. A row under `either` may come back as written or be rejected with one of the codes, `any` being
//! every code; it never comes back as anything else.

use std::collections::BTreeMap;

use chatdb::table::Cell;
use serde::Deserialize;

use super::adapter::{Imported, Outcome, Reject, Summary, Told, taken_ms};

/// The exports of one form.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Folder {
    /// What the form is.
    #[serde(rename = "about")]
    _about: String,
    /// How far that is known.
    #[serde(rename = "grade")]
    _grade: String,
    /// Files that are not read for themselves.
    #[serde(default)]
    pub beside: Vec<String>,
    /// The files to read.
    pub file: Vec<File>,
}

/// Whether the program asks for the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ask {
    /// Forms with another reading fit as well: it does.
    Must,
    /// The evidence is thin: it may.
    May,
}

/// A file, and what is expected of it. What is left out may be anything.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct File {
    /// Its name in the folder.
    pub name: String,
    /// The id of its form.
    pub form: String,
    /// Other forms that these bytes could be, with the same reading.
    pub also: Vec<String>,
    /// Whether the program asks for the form.
    pub ask: Option<Ask>,
    /// The form to give when it asks.
    pub give: Option<String>,
    /// What no program could tell from the bytes.
    pub options: Told,
    /// The encoding's name.
    pub encoding: Option<String>,
    /// Whether the file names its columns.
    pub header: Option<bool>,
    /// Records in the file.
    pub records: Option<u64>,
    /// Records that become rows.
    pub loaded: Option<u64>,
    /// Records that do not.
    pub rejected: Option<u64>,
    /// The count below.
    pub footer: Option<u64>,
    /// The count below is not that of the rows above, and the program says so.
    pub disagrees: bool,
    /// The completion time, as written.
    pub taken_at: Option<String>,
    /// Columns that are not kept.
    pub dropped: Vec<String>,
    /// Texts that are nowhere in the database.
    pub absent: Vec<String>,
    /// Columns that the schema does not know, and that are kept.
    pub unknown: Vec<String>,
    /// Lengths at which cells seem to be cut.
    pub cut: Vec<usize>,
    /// Codes of which each is shown by a reject or the error.
    pub shows: Vec<String>,
    /// Codes that may stand for those.
    pub also_shows: Vec<String>,
    /// The code with which the whole file is refused; a word where it has none.
    pub refused: Option<String>,
    /// Codes that may stand for it.
    pub also_refused: Vec<String>,
    /// The column that a refusal names.
    pub names_column: Option<String>,
    /// Why so.
    pub why: String,
    /// Rows that come back.
    pub table: Vec<Table>,
    /// What queries then answer.
    pub answer: Vec<Answer>,
    /// Records that are rejected for sure.
    pub reject: Vec<Rejected>,
}

/// A cell, or any one of several.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Wanted {
    /// This one.
    One(String),
    /// Any one of these.
    Any(Vec<String>),
}

/// The rows of a table.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// The column that tells its rows apart.
    pub key: String,
    /// Whether it has no other rows.
    pub all: bool,
    /// The columns that matter.
    pub columns: Vec<String>,
    /// Their cells.
    pub rows: Vec<Vec<Wanted>>,
    /// Rows that may be rejected.
    #[serde(default)]
    pub either: Vec<Either>,
}

/// A row that may be rejected.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Either {
    /// Its place, from 0.
    pub row: usize,
    /// The codes with which it may be.
    pub codes: Vec<String>,
}

/// What a query answers.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    sql: String,
    rows: Vec<Vec<Wanted>>,
}

/// A record that is rejected.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rejected {
    line: i64,
    code: String,
    text: Option<String>,
}

/// A cell in the notation above.
pub fn written(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => serde_json::to_string(text).unwrap(),
        other => other.to_string(),
    }
}

fn is_cell(wanted: &str, cell: &Cell) -> bool {
    match cell {
        Cell::Text(text) => {
            serde_json::from_str::<String>(wanted).is_ok_and(|wanted| wanted == *text)
        }
        other => other.to_string() == wanted,
    }
}

impl Wanted {
    fn is(&self, cell: &Cell) -> bool {
        match self {
            Self::One(wanted) => is_cell(wanted, cell),
            Self::Any(several) => several.iter().any(|wanted| is_cell(wanted, cell)),
        }
    }

    fn first(&self) -> &str {
        match self {
            Self::One(wanted) => wanted,
            Self::Any(several) => &several[0],
        }
    }
}

impl File {
    /// Whether an import may end in a refusal: it must, or every row may be rejected.
    pub fn may_be_refused(&self) -> bool {
        let doubtful = |table: &Table| table.either.len() == table.rows.len();
        let rows = self.table.iter().map(|table| table.rows.len()).sum::<usize>();
        self.refused.is_some() || rows > 0 && self.table.iter().all(doubtful)
    }

    /// Whether a form that reads these rows of the matrix is the file's, or one with the same reading.
    pub fn is_read_as(&self, covers: &[String]) -> bool {
        covers.contains(&self.form) || self.also.iter().any(|also| covers.contains(also))
    }

    /// Whether `code` is expected of this file for sure.
    pub fn names(&self, code: &str) -> bool {
        self.refused.as_deref() == Some(code)
            || self.shows.iter().any(|shown| shown == code)
            || self.reject.iter().any(|reject| reject.code == code)
    }

    fn allows(&self, code: &str) -> bool {
        let either = self.table.iter().flat_map(|table| &table.either);
        let mut codes = either.flat_map(|either| &either.codes);
        codes.any(|allowed| allowed == code || allowed == "any")
    }
}

/// What is wrong with an import of `file`, a line for each thing.
pub fn problems(file: &File, imported: &Imported) -> Vec<String> {
    let mut found = Vec::new();
    match &imported.outcome {
        Outcome::Read(_) if file.refused.is_some() => found.extend(not_refused(file, imported)),
        Outcome::Read(summary) => {
            found.extend(of_summary(file, summary, imported));
            found.extend(of_rejects(file, imported));
            for table in &file.table {
                found.extend(of_table(table, imported));
            }
            for answer in &file.answer {
                found.extend(of_answer(answer, imported));
            }
        }
        Outcome::Asks { message } => found.push(format!("asks: {message}")),
        Outcome::Refused { code, message } => found.extend(of_refusal(file, code, message)),
    }
    for text in &file.absent {
        if imported.stores(text) {
            found.push(format!("the database holds `{text}`"));
        }
    }
    found
}

fn of_refusal(file: &File, code: &str, message: &str) -> Vec<String> {
    let refused = file.refused.as_deref();
    let by_code = refused.filter(|wanted| wanted.starts_with("CHATDB-"));
    let wanted = by_code
        .is_none_or(|wanted| wanted == code || file.also_refused.iter().any(|also| also == code));
    let mut found = Vec::new();
    if refused.is_none() && !(file.may_be_refused() && file.allows(code)) || !wanted {
        found.push(format!("is refused, `{code}`: {message}"));
    }
    if let (Some(column), Some(_)) = (&file.names_column, refused)
        && !message.contains(column.as_str())
    {
        found.push(format!("the refusal does not name `{column}`: {message}"));
    }
    found
}

/// A file that is to be refused may be read as well, if every record of it is rejected for the reason.
fn not_refused(file: &File, imported: &Imported) -> Vec<String> {
    let wanted = file.refused.as_deref().unwrap_or_default();
    let fits = |reject: &Reject| reject.code == wanted || file.also_refused.contains(&reject.code);
    let Outcome::Read(summary) = &imported.outcome else {
        return Vec::new();
    };
    if summary.loaded > 0 || imported.rejects.is_empty() || !imported.rejects.iter().all(fits) {
        return vec![format!(
            "is read, {} rows of it, and not refused with `{wanted}`",
            summary.loaded
        )];
    }
    let names = |column: &String| {
        imported.rejects.iter().all(|reject| reject.about.contains(column.as_str()))
    };
    match &file.names_column {
        Some(column) if !names(column) => vec![format!("a reject does not name `{column}`")],
        _ => Vec::new(),
    }
}

/// Adds a line where `wanted` is given and `found` is something else.
fn same<T: PartialEq + std::fmt::Debug>(
    into: &mut Vec<String>,
    what: &str,
    wanted: Option<&T>,
    found: &T,
) {
    if let Some(wanted) = wanted
        && wanted != found
    {
        into.push(format!("{what} is {found:?}, not {wanted:?}"));
    }
}

fn of_summary(file: &File, summary: &Summary, imported: &Imported) -> Vec<String> {
    let mut found = Vec::new();
    if !file.is_read_as(&summary.covers) {
        found.push(format!("is taken for {}", summary.form));
    }
    same(&mut found, "the encoding", file.encoding.as_ref(), &summary.encoding);
    same(&mut found, "the header", file.header.as_ref(), &summary.has_header);
    same(&mut found, "the number of records", file.records.as_ref(), &summary.records);
    same(&mut found, "the number loaded", file.loaded.as_ref(), &summary.loaded);
    same(&mut found, "the number rejected", file.rejected.as_ref(), &summary.rejected);
    same(&mut found, "the footer", file.footer.map(Some).as_ref(), &summary.footer);
    if let Some(time) = &file.taken_at {
        same(&mut found, "the time of the export", Some(&taken_ms(time)), &summary.taken_at);
    }
    found.extend(of_law(summary, &imported.rejects));
    for column in &file.dropped {
        if !summary.dropped.contains(column) {
            found.push(format!("does not say that `{column}` is dropped"));
        }
    }
    let owner = file.table.first().map_or("egpl_casemgmt_activity", |table| &table.name);
    for column in &file.unknown {
        if !imported.keeps(owner, column) {
            found.push(format!("`{column}` is not kept"));
        }
    }
    for length in &file.cut {
        let says = |warning: &String| warning.replace(',', "").contains(&length.to_string());
        if !summary.warnings.iter().any(says) {
            found.push(format!("does not warn of cells of {length} characters"));
        }
    }
    if file.disagrees && summary.warnings.is_empty() && summary.rejected == 0 {
        found.push("says nothing of the count below".to_owned());
    }
    for table in
        file.table.iter().filter(|table| table.all && table.either.len() < table.rows.len())
    {
        if !summary.tables.contains(&table.name) {
            found.push(format!("does not say that rows went to `{}`", table.name));
        }
    }
    found
}

/// The law: each record was loaded or rejected, and each rejected one stands in `rejects`.
pub fn of_law(summary: &Summary, rejects: &[Reject]) -> Vec<String> {
    let mut found = Vec::new();
    let Summary { records, loaded, rejected, .. } = summary;
    if *records != loaded + rejected {
        found.push(format!("{records} records, of which {loaded} loaded and {rejected} rejected"));
    }
    // Text that was never a record may stand there beside them.
    let kept: u64 = rejects.iter().map(|reject| reject.records).sum();
    if *rejected != kept {
        found.push(format!("{rejected} rejected, and {kept} in `rejects`"));
    }
    found
}

fn of_rejects(file: &File, imported: &Imported) -> Vec<String> {
    let mut found = Vec::new();
    for wanted in &file.reject {
        let at_line = imported.rejects.iter().find(|reject| reject.line == wanted.line);
        match at_line {
            None => found.push(format!("line {} is not rejected, `{}`", wanted.line, wanted.code)),
            Some(reject) if reject.code != wanted.code => {
                found.push(format!(
                    "line {} is rejected as `{}`, not `{}`",
                    wanted.line, reject.code, wanted.code
                ));
            }
            Some(reject) if wanted.text.as_ref().is_some_and(|text| *text != reject.text) => {
                found.push(format!(
                    "line {} is rejected with the text {:?}",
                    wanted.line, reject.text
                ));
            }
            Some(_) => {}
        }
    }
    for code in &file.shows {
        let shown =
            |reject: &Reject| reject.code == *code || file.also_shows.contains(&reject.code);
        if !imported.rejects.iter().any(shown) {
            found.push(format!("no reject has the code `{code}`"));
        }
    }
    found
}

fn shown(row: &[Cell]) -> String {
    row.iter().map(written).collect::<Vec<_>>().join(" | ")
}

fn of_table(table: &Table, imported: &Imported) -> Vec<String> {
    let names: Vec<String> = table.columns.iter().map(|name| format!("\"{name}\"")).collect();
    let sql = format!("SELECT {} FROM {}", names.join(", "), table.name);
    let rows = match imported.ask(&sql) {
        Ok(rows) => rows,
        Err(error) => return vec![format!("{}: {error}", table.name)],
    };
    of_rows(table, &rows, &imported.rejects)
}

/// What is wrong with the rows of a table.
pub fn of_rows(table: &Table, rows: &[Vec<Cell>], rejects: &[Reject]) -> Vec<String> {
    let mut found = Vec::new();
    let key = table.columns.iter().position(|name| *name == table.key).unwrap();
    let mut left: BTreeMap<String, &Vec<Cell>> = BTreeMap::new();
    for row in rows {
        if left.insert(written(&row[key]), row).is_some() {
            found.push(format!("{} {} comes back twice", table.name, written(&row[key])));
        }
    }
    for (at, wanted) in table.rows.iter().enumerate() {
        let id = wanted[key].first();
        let place = format!("{} {id}", table.name);
        let either = table.either.iter().find(|either| either.row == at);
        match (left.remove(id), either) {
            (Some(row), _) => {
                for ((name, wanted), cell) in table.columns.iter().zip(wanted).zip(row) {
                    if !wanted.is(cell) {
                        found.push(format!(
                            "{place}: `{name}` is {}, not {wanted:?}",
                            written(cell)
                        ));
                    }
                }
            }
            (None, None) => found.push(format!("{place} is missing")),
            (None, Some(either)) => {
                let any = either.codes.iter().any(|code| code == "any");
                let fits = |reject: &Reject| {
                    any || either.codes.contains(&reject.code) && reject.text.contains(id)
                };
                if !rejects.iter().any(fits) {
                    found.push(format!(
                        "{place} is neither loaded nor rejected with {:?}",
                        either.codes
                    ));
                }
            }
        }
    }
    if table.all {
        found.extend(
            left.values().map(|row| format!("{} has a row too many: {}", table.name, shown(row))),
        );
    }
    found
}

fn of_answer(answer: &Answer, imported: &Imported) -> Vec<String> {
    let rows = match imported.ask(&answer.sql) {
        Ok(rows) => rows,
        Err(error) => return vec![format!("`{}`: {error}", answer.sql)],
    };
    let fits = |(wanted, row): (&Vec<Wanted>, &Vec<Cell>)| {
        wanted.len() == row.len() && wanted.iter().zip(row).all(|(wanted, cell)| wanted.is(cell))
    };
    if rows.len() == answer.rows.len() && answer.rows.iter().zip(&rows).all(fits) {
        return Vec::new();
    }
    let lines: Vec<String> = rows.iter().map(|row| shown(row)).collect();
    vec![format!("`{}` answers\n    {}", answer.sql, lines.join("\n    "))]
}

// THAT IT CAN FAIL -----------------------------------------------------------------------------------------

fn two_rows() -> Table {
    let text = r#"
        name = "t"
        key = "id"
        all = true
        columns = ["id", "text"]
        rows = [['1', '"a\nb"'], ['2', ['NULL', '""']]]
        either = [{ row = 1, codes = ["CHATDB-I005"] }]
    "#;
    toml::from_str(text).unwrap()
}

fn row(id: i64, text: Cell) -> Vec<Cell> {
    vec![Cell::Integer(id), text]
}

fn some(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

#[test]
fn rows_as_expected_have_no_problem() {
    let rows = [row(2, Cell::Null), row(1, some("a\nb"))];
    assert!(of_rows(&two_rows(), &rows, &[]).is_empty());
    let rows = [row(2, some("")), row(1, some("a\nb"))];
    assert!(of_rows(&two_rows(), &rows, &[]).is_empty());
}

#[test]
fn another_cell_a_row_too_many_and_a_row_twice_are_found() {
    let rows = [row(1, some("a b")), row(2, some("NULL")), row(3, Cell::Null), row(3, Cell::Null)];
    assert_eq!(
        of_rows(&two_rows(), &rows, &[]),
        [
            "t 3 comes back twice",
            r#"t 1: `text` is "a b", not One("\"a\\nb\"")"#,
            r#"t 2: `text` is "NULL", not Any(["NULL", "\"\""])"#,
            "t has a row too many: 3 | NULL",
        ]
    );
}

#[test]
fn a_missing_row_is_found_unless_it_was_rejected_for_the_reason() {
    assert_eq!(
        of_rows(&two_rows(), &[], &[]),
        ["t 1 is missing", r#"t 2 is neither loaded nor rejected with ["CHATDB-I005"]"#]
    );
    let reject = |code: &str| Reject {
        line: 3,
        text: "2,a,b".to_owned(),
        code: code.to_owned(),
        about: String::new(),
        records: 1,
    };
    let rows = [row(1, some("a\nb"))];
    assert!(of_rows(&two_rows(), &rows, &[reject("CHATDB-I005")]).is_empty());
    assert_eq!(of_rows(&two_rows(), &rows, &[reject("CHATDB-I006")]).len(), 1);
}

#[test]
fn null_the_empty_text_and_the_word_are_three_cells() {
    let cells = [Cell::Null, some(""), some("NULL")];
    for (at, wanted) in ["NULL", "\"\"", "\"NULL\""].into_iter().enumerate() {
        let fits: Vec<usize> = (0..3).filter(|other| is_cell(wanted, &cells[*other])).collect();
        assert_eq!(fits, [at], "{wanted}");
        assert_eq!(written(&cells[at]), wanted);
    }
    assert!(is_cell("5000", &Cell::Integer(5000)) && !is_cell("5000", &some("5000")));
}

#[test]
fn a_record_that_is_neither_loaded_nor_rejected_breaks_the_law() {
    let summary =
        |records, loaded, rejected| Summary { records, loaded, rejected, ..Summary::default() };
    assert!(of_law(&summary(3, 3, 0), &[]).is_empty());
    assert_eq!(
        of_law(&summary(3, 1, 1), &[]),
        ["3 records, of which 1 loaded and 1 rejected", "1 rejected, and 0 in `rejects`"]
    );
}

#[test]
fn a_refusal_needs_a_reason_and_its_column() {
    let file = File {
        refused: Some("CHATDB-I015".to_owned()),
        names_column: Some("when_created".to_owned()),
        ..File::default()
    };
    let refused = |code: &str, message: &str| {
        let outcome = Outcome::Refused { code: code.to_owned(), message: message.to_owned() };
        problems(&file, &Imported::bare(outcome, Vec::new()))
    };
    assert!(refused("CHATDB-I015", "`when_created`: `49:55.0`").is_empty());
    assert_eq!(refused("CHATDB-I007", "`when_created`: `49:55.0`").len(), 1);
    assert_eq!(refused("CHATDB-I015", "spoiled").len(), 1);
    let read = Imported::bare(Outcome::Read(Summary::default()), Vec::new());
    assert_eq!(problems(&file, &read).len(), 1);
    assert_eq!(
        of_refusal(&File::default(), "CHATDB-I002", "cut").len(),
        1,
        "a file that is to be read may not be refused"
    );
}
