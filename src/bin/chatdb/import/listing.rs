//! What was loaded, in tables and remarks.

use std::path::Path;

use chatdb::command_line::CommandLine;
use chatdb::diagnostic::counted;
use chatdb::import::{Summary, TableSummary};
use chatdb::record::Reject;
use chatdb::report::Listing;
use chatdb::table::{Cell, Column, Kind, ResultTable};

fn text(text: impl Into<String>) -> Cell {
    Cell::Text(text.into())
}

fn count(n: u64) -> Cell {
    Cell::Integer(i64::try_from(n).unwrap_or(i64::MAX))
}

pub(super) fn listings(
    loaded: &[Summary],
    db: &Path,
    is_new: bool,
    remarks: Vec<String>,
) -> Vec<Listing> {
    let mut first = files(loaded, db, is_new);
    first.remarks.extend(remarks);
    let mut listings = vec![first];
    for summary in loaded.iter().filter(|summary| !summary.already_loaded) {
        listings.push(file(summary));
    }
    listings.extend(rejects(loaded));
    // What is said of a reject names its place and never its text.
    for listing in &mut listings {
        listing.table.mark_all_own();
    }
    listings
}

/// By how little the second best format may fit worse to be named.
const CLOSE: f64 = 0.1;

fn files(loaded: &[Summary], db: &Path, is_new: bool) -> Listing {
    let columns = [
        ("file", Kind::Text),
        ("format", Kind::Text),
        ("encoding", Kind::Text),
        ("records", Kind::Integer),
        ("loaded", Kind::Integer),
        ("rejected", Kind::Integer),
        ("exported at", Kind::Timestamp),
        ("time source", Kind::Text),
    ];
    let row = |summary: &Summary| {
        vec![
            text(&summary.file),
            text(&summary.form),
            text(&summary.encoding),
            count(summary.records),
            count(summary.loaded),
            count(summary.rejected),
            summary.exported_at_ms.map_or(Cell::Null, Cell::Timestamp),
            text(if summary.already_loaded { "already loaded" } else { summary.taken_from }),
        ]
    };
    let loaded_now = || loaded.iter().filter(|summary| !summary.already_loaded);
    let rows: u64 = loaded_now().map(|summary| summary.loaded).sum();
    let rejected: u64 = loaded_now().map(|summary| summary.rejected).sum();
    let query = CommandLine::new("query open_chats").option("--db", [db.display()]);
    let made = if is_new { " (created)" } else { "" };
    Listing {
        title: "Files".to_owned(),
        table: ResultTable {
            columns: columns.into_iter().map(|(name, kind)| Column::new(name, kind)).collect(),
            rows: loaded.iter().map(row).collect(),
        },
        remarks: vec![
            format!(
                "{} of {} loaded into `{}`{made}: {}; {rejected} rejected",
                loaded_now().count(),
                counted(loaded.len(), "file"),
                db.display(),
                counted(rows, "record")
            ),
            format!("`{query}` queries it"),
        ],
    }
}

/// The columns that the schema does not have, each with its kind.
fn unknown(table: &TableSummary) -> Vec<String> {
    let columns = table.unknown_columns.iter();
    columns.map(|(name, kind)| format!("`{name}` ({kind})")).collect()
}

/// One file: its tables, and what there is to say about it.
fn file(summary: &Summary) -> Listing {
    let row = |table: &TableSummary| {
        vec![
            text(&table.name),
            count(table.rows),
            match table.unknown_columns.is_empty() {
                true => Cell::Null,
                false => text(unknown(table).join(", ")),
            },
        ]
    };
    let mut remarks = vec![format!("NULL: {}", summary.null_is)];
    if let Some(other) = summary.runner_up.as_ref().filter(|_| summary.margin < CLOSE) {
        remarks.push(format!(
            "read with `--input-format {}`; `--input-format {other}` fits nearly as well",
            summary.form
        ));
    }
    if !summary.has_header {
        remarks.push("it has no column headers".to_owned());
    }
    if summary.repeated > 0 {
        remarks.push(match summary.repeated {
            1 => "1 row is an exact duplicate".to_owned(),
            n => format!("{n} rows are exact duplicates"),
        });
    }
    for dropped in &summary.dropped_columns {
        remarks.push(format!("not loaded: {dropped}"));
    }
    if summary.tables.iter().any(|table| !table.unknown_columns.is_empty()) {
        remarks.push(
            "other columns are not in the product's schema: their types are inferred from their values".to_owned(),
        );
    }
    remarks.extend(summary.warnings.iter().cloned());
    Listing {
        title: summary.file.clone(),
        table: ResultTable {
            columns: vec![
                Column::new("table", Kind::Text),
                Column::new("rows", Kind::Integer),
                Column::new("other columns", Kind::Text),
            ],
            rows: summary.tables.iter().map(row).collect(),
        },
        remarks,
    }
}

/// The first rejects of each file with what to do about them, and how many there are for each reason. Their text is in
/// the import database only: it may be about somebody.
fn rejects(loaded: &[Summary]) -> Option<Listing> {
    let row = |summary: &Summary, reject: &Reject| {
        let column = reject.column_name.clone().or(reject.column.map(|n| n.to_string()));
        vec![
            text(&summary.file),
            count(reject.line),
            column.map_or(Cell::Null, Cell::Text),
            text(reject.reason.code()),
            text(&reject.detail),
            text(reject.reason.advice()),
        ]
    };
    let shown: Vec<_> = loaded
        .iter()
        .flat_map(|summary| {
            let first = summary.first_rejects.iter();
            first.map(move |reject| row(summary, reject))
        })
        .collect();
    if shown.is_empty() {
        return None;
    }
    let mut remarks: Vec<String> = loaded
        .iter()
        .flat_map(|summary| {
            summary
                .reasons
                .iter()
                .map(move |(reason, n)| format!("{}: {n} {}", summary.file, reason.code()))
        })
        .collect();
    let gathered: u64 = loaded.iter().map(|summary| summary.gathered).sum();
    remarks.push(match gathered {
        0 => "the table `rejects` of the database has all of them, with their text".to_owned(),
        n => format!(
            "the table `rejects` of the database has them with their text, except for {n}, which are \
             summarized in one row per reason"
        ),
    });
    Some(Listing {
        title: "Rejected".to_owned(),
        table: ResultTable {
            columns: vec![
                Column::new("file", Kind::Text),
                Column::new("line", Kind::Integer),
                Column::new("column", Kind::Text),
                Column::new("code", Kind::Text),
                Column::new("problem", Kind::Text),
                Column::new("what to do", Kind::Text),
            ],
            rows: shown,
        },
        remarks,
    })
}

/// What a command that asks exports says of one that is not whole.
pub fn remarks(summary: &Summary) -> Vec<String> {
    let file = &summary.file;
    let mut remarks = Vec::new();
    let inferred: Vec<String> = summary.tables.iter().flat_map(unknown).collect();
    if !inferred.is_empty() {
        remarks.push(format!(
            "{file}: columns that are not in the product's schema: {}",
            inferred.join(", ")
        ));
    }
    let dropped = summary.dropped_columns.iter();
    remarks.extend(dropped.map(|column| format!("{file}: not loaded: {column}")));
    if summary.rejected > 0 {
        let n = counted(summary.rejected, "record");
        remarks.push(format!("{file}: {n} rejected"));
        let sentences = summary.reject_sentences().into_iter();
        remarks.extend(sentences.map(|sentence| format!("{file}: {sentence}")));
    } else if let Some(footer) = summary.footer.filter(|_| summary.footer_differs()) {
        remarks.push(format!("{file}: {} records, but its trailer says {footer}", summary.records));
    }
    let is_said =
        |warning: &&String| summary.footer_differs() && warning.starts_with("the trailer");
    let others = summary.warnings.iter().filter(|warning| !is_said(warning));
    remarks.extend(others.map(|warning| format!("{file}: {warning}")));
    remarks
}
