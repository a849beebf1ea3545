//! The result of importing a file: records, rows, rejects, and remarks.

use crate::record::Reject;
use crate::record::{Reason, more_rejected};
use crate::schema::inferred::ColumnKind;
use crate::store::load::Known;
use crate::table::moment;

/// The result of importing a file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Summary {
    /// The file name as given.
    pub file: String,
    /// The format in which it was read.
    pub form: String,
    /// The second-best format.
    pub runner_up: Option<String>,
    /// The score margin of the second-best format, from 0 to 1; 1 if there is none, or if the format was given.
    pub margin: f64,
    /// The name of its encoding.
    pub encoding: String,
    /// Whether it has a header.
    pub has_header: bool,
    /// How the format writes NULL.
    pub null_is: String,
    /// The tables that got rows.
    pub tables: Vec<TableSummary>,
    /// Records in the file.
    pub records: u64,
    /// Of these, skipped because they are not needed. They count as loaded.
    pub passed_over: u64,
    /// Of these, loaded.
    pub loaded: u64,
    /// Of these, rejected: `loaded + rejected = records`.
    pub rejected: u64,
    /// Of the loaded ones, those that repeat an earlier record of the file.
    pub repeated: u64,
    /// The number of rows according to the tool that wrote the file.
    pub footer: Option<u64>,
    /// When it was exported, in milliseconds since 1970, in the exporter's local time.
    pub exported_at_ms: Option<i64>,
    /// Where that comes from: `--exported-at`, `completion time`, `file time` or `unknown`.
    pub taken_from: &'static str,
    /// Remarks, as sentences.
    pub warnings: Vec<String>,
    /// Columns that were not loaded, and why.
    pub dropped_columns: Vec<String>,
    /// The number of rejected records for each reason, including text that is not a record, in the order of codes.
    pub reasons: Vec<(Reason, u64)>,
    /// The first rejects.
    pub first_rejects: Vec<Reject>,
    /// How many rejects are kept without their text, one per reason, because there are so many.
    pub gathered: u64,
    /// The results of further result sets in the file, each loaded separately.
    pub further: Vec<Summary>,
    /// Whether the same file was loaded before, so that nothing was done.
    pub already_loaded: bool,
}

impl Summary {
    /// The file's summary, and those of its further results.
    #[must_use]
    pub fn parts(mut self) -> Vec<Self> {
        let further = std::mem::take(&mut self.further);
        std::iter::once(self).chain(further).collect()
    }

    /// The first rejects, a sentence each, and the number of others.
    #[must_use]
    pub fn reject_sentences(&self) -> Vec<String> {
        let shown = self.first_rejects.iter().take(Reason::SHOWN).map(|reject| {
            let column = reject.column_name.as_deref();
            reject.reason.sentence(reject.line, column, &reject.detail)
        });
        let mut sentences: Vec<String> = shown.collect();
        let all: u64 = self.reasons.iter().map(|(_, count)| count).sum();
        let more = all.saturating_sub(sentences.len() as u64);
        if more > 0 {
            sentences.push(more_rejected(more));
        }
        sentences
    }

    /// Whether the row count in the file differs from the number of records.
    #[must_use]
    pub fn footer_differs(&self) -> bool {
        self.footer.is_some_and(|rows| rows != self.records)
    }
}

impl Summary {
    /// Reports that the file was loaded before, and with what result.
    pub(super) fn already(&mut self, known: &Known) {
        self.already_loaded = true;
        self.form.clone_from(&known.form);
        self.encoding.clone_from(&known.encoding);
        self.records = known.records;
        self.rejected = known.rejected;
        self.footer = known.footer;
        let exported_at = known.exported_at.as_deref();
        let moment = exported_at.and_then(|text| moment::parse(text, None, None).ok());
        self.exported_at_ms = moment.map(|moment| moment.ms);
        self.loaded = known.records.saturating_sub(known.rejected);
        self.warnings = vec![format!(
            "the same file was already loaded, from `{}`: nothing was changed",
            known.file
        )];
    }
}

/// A table that got rows of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableSummary {
    /// The name of the table.
    pub name: String,
    /// How many rows.
    pub rows: u64,
    /// Columns that the schema does not have, each with its type.
    pub unknown_columns: Vec<(String, ColumnKind)>,
}

/// The progress of reading a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Bytes of the file that were read.
    pub bytes: u64,
    /// The total number of bytes; `None` for a stream.
    pub total: Option<u64>,
    /// Rows that were stored.
    pub rows: u64,
}
