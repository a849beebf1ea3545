//! The files of the rows, and their rejects.

use std::collections::BTreeMap;

use super::AnalysisError;
use super::exported::ExportedRows;
use crate::record::{Reason, more_rejected};
use crate::report::FileRun;
use crate::table::Cell;

impl<'s> ExportedRows<'s> {
    /// The files of the rows.
    pub(super) fn files(&self) -> Result<Vec<FileRun>, AnalysisError> {
        if self.columns.is_none() {
            return Ok(Vec::new());
        }
        const FILES: &str = "SELECT x.file, x.form, x.encoding, x.taken_at, x.taken_from, x.records, x.loaded, \
             x.rejected, x.footer, (SELECT group_concat(t.table_name, ' ') FROM (SELECT DISTINCT c.table_name \
             FROM chatdb_export_column c WHERE c.export_id = x.export_id AND c.table_name IS NOT NULL \
             ORDER BY c.table_name) t), \
             (SELECT group_concat(d.heading || ': ' || d.dropped, char(10)) FROM chatdb_export_column d \
             WHERE d.export_id = x.export_id AND d.dropped IS NOT NULL), x.export_id \
             FROM chatdb_export x ORDER BY x.export_id";
        let table = self.store.answer(FILES, None, &[], None)?.table;
        let text = |cell: &Cell| match cell {
            Cell::Null => String::new(),
            cell => cell.to_string(),
        };
        let count = |cell: &Cell| match cell {
            Cell::Integer(n) => u64::try_from(*n).ok(),
            _ => None,
        };
        let rejects = self.rejects()?;
        let file = |row: &Vec<Cell>| FileRun {
            file: text(&row[0]),
            input_format: text(&row[1]),
            encoding: text(&row[2]),
            exported_at: row[3].clone(),
            exported_at_from: text(&row[4]),
            records: count(&row[5]).unwrap_or(0),
            loaded: count(&row[6]).unwrap_or(0),
            rejected: count(&row[7]).unwrap_or(0),
            trailer: count(&row[8]),
            tables: text(&row[9])
                .split(' ')
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect(),
            remarks: text(&row[10])
                .lines()
                .map(|dropped| format!("not loaded: {dropped}"))
                .collect(),
            rejects: rejects.get(&text(&row[11])).cloned().unwrap_or_default(),
        };
        Ok(table.rows.iter().map(file).collect())
    }

    /// The first rejects of each file, by the number of its export, in sentences.
    pub(super) fn rejects(&self) -> Result<BTreeMap<String, Vec<String>>, AnalysisError> {
        const REJECTS: &str = "SELECT export_id, line, \"column\", code, reason, n, of FROM \
             (SELECT *, row_number() OVER (PARTITION BY export_id ORDER BY rowid) n, \
             sum(max(records, 1)) OVER (PARTITION BY export_id) of FROM rejects) WHERE n <= 5 ORDER BY export_id, n";
        let mut sentences: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut more = BTreeMap::new();
        for row in self.store.answer(REJECTS, None, &[], None)?.table.rows {
            let number = |at: usize| match row[at] {
                Cell::Integer(n) => u64::try_from(n).unwrap_or(0),
                _ => 0,
            };
            let column = match &row[2] {
                Cell::Null => None,
                column => Some(column.to_string()),
            };
            let (export, detail) = (row[0].to_string(), row[4].to_string());
            let Some(reason) = Reason::of_code(&row[3].to_string()) else {
                continue;
            };
            let sentence = reason.sentence(number(1), column.as_deref(), &detail);
            sentences.entry(export.clone()).or_default().push(sentence);
            more.insert(export, number(6).saturating_sub(number(5)));
        }
        for (export, more) in more.into_iter().filter(|(_, more)| *more > 0) {
            sentences.entry(export).or_default().push(more_rejected(more));
        }
        Ok(sentences)
    }
}
