//! What comes of a file: records, rows, rejects, and what a reader should know about them.

use crate::record::Reject;
use crate::record::{Reason, more_rejected};
use crate::schema::inferred::ColumnKind;
use crate::store::load::Known;
use crate::table::moment;

/// What came of a file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Summary {
    /// The file as it was named.
    pub file: String,
    /// The form that it was read in.
    pub form: String,
    /// The form that was next.
    pub runner_up: Option<String>,
    /// How much less the next one scored, from 0 to 1; 1 where there is none, or where the form was named.
    pub margin: f64,
    /// How its characters are written.
    pub encoding: String,
    /// Whether it names its columns.
    pub has_header: bool,
    /// What the form does with NULL.
    pub null_is: String,
    /// The tables that got rows.
    pub tables: Vec<TableSummary>,
    /// Records in the file.
    pub records: u64,
    /// Of these, passed over because nobody needs them. They count as loaded.
    pub passed_over: u64,
    /// Of these, loaded.
    pub loaded: u64,
    /// Of these, rejected: `loaded + rejected = records`.
    pub rejected: u64,
    /// Of the loaded ones, those that stand in the file before with the same values.
    pub repeated: u64,
    /// How many rows the producer says there are.
    pub footer: Option<u64>,
    /// When it was exported, in milliseconds since 1970 on the wall clock of whoever exported.
    pub exported_at_ms: Option<i64>,
    /// How that is known: `--exported-at`, `completion time`, `file time` or `unknown`.
    pub taken_from: &'static str,
    /// What a reader should know, in sentences.
    pub warnings: Vec<String>,
    /// Columns that were not loaded, and why.
    pub dropped_columns: Vec<String>,
    /// How many records were rejected for each reason, and text beside them that was no record, in the order of codes.
    pub reasons: Vec<(Reason, u64)>,
    /// The first rejects.
    pub first_rejects: Vec<Reject>,
    /// How many rejects are kept without their text, as one for each reason, because there are so many.
    pub gathered: u64,
    /// What came of further results in the file, each loaded by itself.
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

    /// The first rejects, a sentence each, and how many more there are.
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

    /// Whether the producer's own count is another than that of the records.
    #[must_use]
    pub fn footer_differs(&self) -> bool {
        self.footer.is_some_and(|rows| rows != self.records)
    }
}

impl Summary {
    /// Says that the file was loaded before, and what came of it then.
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
    /// Columns that the schema does not have, each with what its values are.
    pub unknown_columns: Vec<(String, ColumnKind)>,
}

/// How far the reading of a file has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Bytes of the file that were read.
    pub bytes: u64,
    /// Bytes that there are; `None` for a stream.
    pub total: Option<u64>,
    /// Rows that were stored.
    pub rows: u64,
}
