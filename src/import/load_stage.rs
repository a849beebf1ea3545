//! The storing half of an import: takes batches and rejects, loads them, and summarises the file.

use crate::diagnostic::{counted, verb};
use crate::import::convert::CUTS;
use crate::import::convert::Seen;
use crate::import::error::ImportError;
use crate::import::input::source::Tally;
use crate::import::mapping::Plan;
use crate::import::of_part;
use crate::import::options::ImportOptions;
use crate::import::read_stage::Decided;
use crate::import::read_stage::Message;
use crate::import::read_stage::ReadSummary;
use crate::import::summary::Progress;
use crate::import::summary::Summary;
use crate::import::summary::TableSummary;
use crate::record::Reason;
use crate::record::Reject;
use crate::record::Trailer;
use crate::record::batch::Batch;
use crate::schema::inferred::ColumnKind;
use crate::schema::inferred::ColumnValues;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::load::Export;
use crate::store::load::Finished;
use crate::store::load::Forgotten;
use crate::store::load::Known;
use crate::store::load::Loader;
use crate::store::load::cut;
use crate::table::Cell;
use std::collections::BTreeMap;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::RecvTimeoutError;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

/// How often cancellation is checked while nothing arrives.
const WAIT: Duration = Duration::from_millis(50);

/// How many rejects a summary shows.
const FIRST_REJECTS: usize = 5;

/// The maximum number of rejects of a file that are kept individually, and the bytes of their text: a wrongly detected
/// file must not fill the disk. One reject per reason represents the rest.
const KEPT_REJECTS: usize = 50_000;
const KEPT_TEXT: usize = 64 << 20;

/// The storing half of an import.
pub(super) struct LoadStage<'s> {
    pub(super) summary: &'s mut Summary,
    pub(super) options: &'s ImportOptions,
    pub(super) tally: &'s Tally,
    /// Stored batches are returned, to be refilled.
    pub(super) give_back: SyncSender<Batch>,
    pub(super) plan: Option<Box<Plan>>,
    pub(super) reasons: BTreeMap<&'static str, (Reason, u64)>,
    /// The number of rejects kept individually, and the bytes of their text.
    pub(super) kept: (usize, usize),
    /// The rest: for each reason one representative, their number, and the last line.
    pub(super) gathered: BTreeMap<&'static str, (Reject, u64, u64)>,
    /// For each table beside the first how many rows have a key that the file has before with other values.
    pub(super) other_states: BTreeMap<usize, u64>,
    /// An earlier import of the same bytes with other options.
    pub(super) replaces: Option<&'s Known>,
}

impl LoadStage<'_> {
    fn failed(&self) -> impl Fn(StoreError) -> ImportError + use<> {
        let file = self.summary.file.clone();
        move |source| match source {
            StoreError::Interrupted => ImportError::Interrupted,
            source => ImportError::Store { file: file.clone(), source },
        }
    }

    pub(super) fn run(
        &mut self,
        store: &Store,
        receiver: &Receiver<Message>,
        go_on: &mut dyn FnMut(Progress) -> bool,
    ) -> Result<Option<Box<Decided>>, ImportError> {
        let failed = self.failed();
        let mut loader = Loader::begin(store).map_err(&failed)?;
        if let Some(known) = self.replaces {
            self.forget(&loader, known)?;
        }
        let mut rows = 0;
        let ended = loop {
            let progress = Progress { bytes: self.tally.read(), total: self.tally.total(), rows };
            if !go_on(progress) {
                return Err(ImportError::Interrupted);
            }
            match receiver.recv_timeout(WAIT) {
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(ImportError::Io {
                        file: self.summary.file.clone(),
                        source: std::io::Error::other("the thread that reads it has gone"),
                    });
                }
                Ok(Message::Plan(plan)) => {
                    for target in &plan.targets {
                        loader.shape(target.shape.clone()).map_err(&failed)?;
                    }
                    self.plan = Some(plan);
                }
                Ok(Message::Rows(table, mut batch)) => {
                    let outcome = loader.rows(table, &batch).map_err(&failed)?;
                    rows += batch.lines.len() as u64;
                    self.summary.repeated += outcome.repeated;
                    if outcome.other_states > 0 {
                        *self.other_states.entry(table).or_default() += outcome.other_states;
                    }
                    self.keep_rejects(&mut loader, outcome.rejects)?;
                    batch.clear();
                    let _ = self.give_back.try_send(batch);
                }
                Ok(Message::Rejects(rejects)) => self.keep_rejects(&mut loader, rejects)?,
                Ok(Message::Failed(error)) => return Err(*error),
                // The loader is dropped, and with it all that it has stored.
                Ok(Message::Again(decided)) => return Ok(Some(decided)),
                Ok(Message::End(ended)) => break ended,
            }
        };
        self.end(store, loader, *ended)?;
        Ok(None)
    }

    /// Removes an earlier import of the same bytes with other options, before they are loaded again.
    fn forget(&mut self, loader: &Loader<'_>, known: &Known) -> Result<(), ImportError> {
        let in_use = match loader.forget(known.export).map_err(self.failed())? {
            Forgotten::Removed { in_use } => in_use,
            Forgotten::Merged(table) => {
                return Err(ImportError::LoadedOtherwise {
                    file: self.summary.file.clone(),
                    why: format!(
                        "its rows have been merged with rows of other exports in `{table}`"
                    ),
                });
            }
        };
        if !in_use.is_empty() {
            self.summary.warnings.push(format!(
                "an index, a trigger or a view in the database, which chatdb did not create, uses what the file no \
                 longer has; it is kept: {}",
                in_use.join(", ")
            ));
        }
        self.summary.warnings.push(match known.reading.as_str() {
            "" => {
                "the same file was loaded before without options: its rows are replaced".to_owned()
            }
            said => format!("the same file was loaded before with `{said}`: its rows are replaced"),
        });
        Ok(())
    }

    fn keep_rejects(
        &mut self,
        loader: &mut Loader<'_>,
        mut rejects: Vec<Reject>,
    ) -> Result<(), ImportError> {
        for reject in &mut rejects {
            cut(&mut reject.text);
            self.summary.rejected += reject.records;
            let count =
                &mut self.reasons.entry(reject.reason.code()).or_insert((reject.reason, 0)).1;
            *count += reject.records.max(1);
            if self.summary.first_rejects.len() < FIRST_REJECTS {
                self.summary.first_rejects.push(reject.clone());
            }
        }
        rejects.retain(|reject| !self.gather(reject));
        loader.rejects(&self.summary.file, &rejects).map_err(self.failed())
    }

    /// Takes a reject beyond those kept individually.
    fn gather(&mut self, reject: &Reject) -> bool {
        let (count, bytes) = (self.kept.0 + 1, self.kept.1 + reject.text.len());
        if count <= KEPT_REJECTS && bytes <= KEPT_TEXT {
            self.kept = (count, bytes);
            return false;
        }
        self.summary.gathered += 1;
        let of_reason = self.gathered.entry(reject.reason.code());
        let first = || {
            let first = Reject {
                column: None,
                column_name: None,
                text: String::new(),
                detail: String::new(),
                records: 0,
                ..reject.clone()
            };
            (first, 0, reject.line)
        };
        let (all, count, last) = of_reason.or_insert_with(first);
        all.records += reject.records;
        all.line = all.line.min(reject.line);
        *count += 1;
        *last = reject.line.max(*last);
        true
    }

    /// The representatives of the rejects not kept individually.
    fn gathered(&self) -> Vec<Reject> {
        let one = |(reject, count, last): &(Reject, u64, u64)| Reject {
            detail: format!(
                "represents {count} more, from line {} to line {last}; too many to keep their text",
                reject.line
            ),
            ..reject.clone()
        };
        self.gathered.values().map(one).collect()
    }

    fn end(
        &mut self,
        store: &Store,
        mut loader: Loader<'_>,
        ended: ReadSummary,
    ) -> Result<(), ImportError> {
        let failed = self.failed();
        self.summary.has_header |= ended.has_header;
        self.summary.records = ended.records;
        self.summary.passed_over = ended.passed_over;
        self.summary.loaded = ended.records.saturating_sub(self.summary.rejected);
        self.summary.reasons = self.reasons.values().copied().collect();
        self.summary.footer = ended.footer.rows;
        self.take_time(&ended.footer);
        let sha256 = match self.tally.sha256() {
            Some(hash) => hash.to_owned(),
            // The import database is not added to later: the name tells its exports apart.
            None => format!("not taken of {}", self.summary.file),
        };
        let sha256 = of_part(sha256, &self.options.part());
        if let Some(known) = store.known_export(&sha256).map_err(&failed)? {
            if known.reading != self.options.reading() {
                return Err(ImportError::LoadedOtherwise {
                    file: self.summary.file.clone(),
                    why: "a stream cannot be read again to replace it".to_owned(),
                });
            }
            self.summary.already(&known);
            return Ok(());
        }
        let gathered = self.gathered();
        loader.rejects(&self.summary.file, &gathered).map_err(&failed)?;
        self.warn(&ended, loader.counts());
        self.warn_of_other_states();
        let export = self.export(sha256, &ended);
        let finished = loader.finish(&export).map_err(failed)?;
        self.warn_of_others(&finished, &ended);
        Ok(())
    }

    /// Says what exports loaded before make of this one.
    fn warn_of_others(&mut self, finished: &Finished, ended: &ReadSummary) {
        let Some(plan) = &self.plan else { return };
        let warnings = &mut self.summary.warnings;
        if finished.equal > 0 {
            warnings.push(format!(
                "{} {} equal to rows of exports loaded before, and not stored again",
                counted(finished.equal, "row"),
                verb(finished.equal, "is", "are"),
            ));
        }
        for (table, columns) in &finished.kept {
            let columns: Vec<String> = columns.iter().map(|name| format!("`{name}`")).collect();
            warnings.push(format!(
                "`{table}` also has {}, which only exports loaded before have; their values are kept",
                columns.join(", ")
            ));
        }
        let of_tables = plan.targets.iter().zip(&ended.values).zip(&finished.texts);
        for ((target, values), texts) in of_tables {
            let columns = target.shape.columns.iter().zip(values);
            for (column, values) in columns.filter(|(column, _)| texts.contains(&column.name)) {
                let kind = values.kind(&column.name);
                if kind != ColumnKind::Text && !values.is_blank() {
                    warnings.push(format!(
                        "`{}`: {kind} in this file, but text together with the values loaded before, from other \
                         exports or by an earlier version of chatdb; `--db NEW.sqlite` loads all files into a new \
                         database",
                        column.name
                    ));
                }
            }
        }
    }

    /// Says where rows beside the first table's contradict each other.
    fn warn_of_other_states(&mut self) {
        let Some(plan) = &self.plan else { return };
        for (table, count) in &self.other_states {
            let table = &plan.targets[*table].shape.table;
            self.summary.warnings.push(format!(
                "`{table}`: {} {} other values than an earlier record for the same key; `{table}` keeps the first, \
                 `{table}_earlier` the others",
                counted(*count, "record"),
                verb(*count, "has", "have"),
            ));
        }
    }

    fn take_time(&mut self, footer: &Trailer) {
        let candidates = [
            (self.options.exported_at_ms, "--exported-at"),
            (footer.completed_at_ms, "completion time"),
            (self.options.file_time_ms, "file time"),
        ];
        let known = candidates.into_iter().find(|(time, _)| time.is_some());
        (self.summary.exported_at_ms, self.summary.taken_from) = known.unwrap_or((None, "unknown"));
    }

    fn warn(&mut self, ended: &ReadSummary, counts: Vec<u64>) {
        let Some(plan) = &self.plan else { return };
        let summary = &mut *self.summary;
        for ((target, rows), values) in plan.targets.iter().zip(counts).zip(&ended.values) {
            let columns = target.shape.columns.iter();
            for (column, values) in columns.clone().zip(values).filter(|(own, _)| !own.known) {
                warn_of_values(&column.name, values, &mut summary.warnings);
            }
            summary.tables.push(TableSummary {
                name: target.shape.table.clone(),
                rows,
                unknown_columns: columns
                    .zip(values)
                    .filter(|(column, _)| !column.known)
                    .map(|(column, values)| (column.name.clone(), values.kind(&column.name)))
                    .collect(),
            });
        }
        for dropped in &plan.dropped {
            let name = match dropped.heading.trim() {
                "" => format!("column {}", dropped.position),
                heading => format!("`{heading}`"),
            };
            summary.dropped_columns.push(format!("{name}: {}", dropped.why));
        }
        summary.warnings.extend(plan.notes.iter().cloned());
        summary.warnings.extend(ended.warnings.iter().cloned());
        for (target, seen) in plan.targets.iter().zip(&ended.seen) {
            for (column, seen) in target.shape.columns.iter().zip(seen) {
                warn_of_column(&column.name, seen, &mut summary.warnings);
            }
        }
        if summary.records == 0 {
            let remark = "it has column names and no records: check that the query returned rows";
            summary.warnings.push(remark.to_owned());
        }
        if let Some(rows) = summary.footer
            && summary.footer_differs()
        {
            summary.warnings.push(format!(
                "the trailer says {rows} rows, but there are {} records: some are missing or were split",
                summary.records
            ));
        }
    }

    fn export(&self, sha256: String, ended: &ReadSummary) -> Export {
        let stored = |seen: &Seen| {
            let newest = seen.newest?;
            Some(String::from_utf8_lossy(&newest).into_owned())
        };
        Export {
            file: self.summary.file.clone(),
            sha256,
            bytes: self.tally.read(),
            form: self.summary.form.clone(),
            encoding: self.summary.encoding.clone(),
            reading: self.options.reading(),
            taken_at: self.summary.exported_at_ms.map(|ms| Cell::Timestamp(ms).to_string()),
            taken_from: self.summary.taken_from,
            records: self.summary.records,
            rejected: self.summary.rejected,
            footer: self.summary.footer,
            newest: ended.seen.iter().map(|seen| seen.iter().map(stored).collect()).collect(),
            values: ended.values.clone(),
            dropped: self.plan.as_ref().map_or_else(Vec::new, |plan| plan.dropped.clone()),
        }
    }
}

/// Reports columns of which some values are not like most.
fn warn_of_values(name: &str, values: &ColumnValues, warnings: &mut Vec<String>) {
    let kind = values.kind(name);
    if let Some((numbers, all)) = values.like_numbers(name) {
        warnings.push(format!(
            "`{name}`: {numbers} of {all} values look like numbers; the column is kept as text"
        ));
    }
    if values.blanks > 0 && kind != ColumnKind::Text {
        let (n, were) = (counted(values.blanks, "value"), verb(values.blanks, "was", "were"));
        warnings
            .push(format!("`{name}`: {n} {were} empty in a column of kind {kind}; read as NULL"));
    }
}

pub(super) fn warn_of_column(name: &str, seen: &Seen, warnings: &mut Vec<String>) {
    let values = |n: u64| counted(n, "value");
    if seen.digits_cut > 0 {
        let n = values(seen.digits_cut);
        warnings.push(format!(
            "`{name}`: {n} had more than three digits after the second; the others are cut off"
        ));
    }
    if seen.offsets > 0 {
        let n = values(seen.offsets);
        warnings.push(format!(
            "`{name}`: {n} had an offset from UTC; the wall clock is kept, the offset is not"
        ));
    }
    if seen.blanks > 0 {
        let (n, were) = (values(seen.blanks), verb(seen.blanks, "was", "were"));
        warnings
            .push(format!("`{name}`: {n} {were} empty in a column that is not text; read as NULL"));
    }
    if seen.escaped_null > 0 {
        let n = values(seen.escaped_null);
        warnings.push(format!(
            "`{name}`: `\\N` was read as NULL in {n}; `--escape none` reads it as text"
        ));
    }
    if let Some(quote) = seen.in_quotes_by {
        let n = values(seen.in_quotes);
        let option = if quote == '"' { "--quote '\"'" } else { "--quote \"'\"" };
        warnings.push(format!(
            "`{name}`: the quotes at both ends of {n} are a part of the text; `{option}` reads texts without them"
        ));
    }
    if let Some(word) = &seen.null_word {
        let n = values(seen.null_words);
        warnings.push(format!(
            "`{name}`: NULL in another tool's words, such as `{word}`, is text in {n}; `--null '{word}'` reads it as \
             NULL"
        ));
    }
    if seen.like_dates > 0 {
        let n = values(seen.like_dates);
        warnings.push(format!(
            "`{name}`: {n} look like dates and were kept as text, which sorts by its first digits; `--date-format` \
             reads dates"
        ));
    }
    if seen.too_long > 0 {
        let n = values(seen.too_long);
        warnings.push(format!(
            "`{name}` has one character in the product, and {n} here have more: kept unchanged"
        ));
    }
    if seen.digits_gone > 0 {
        let n = values(seen.digits_gone);
        warnings.push(format!(
            "`{name}`: a spreadsheet truncated the digits of {n}; different numbers may look the same"
        ));
    }
    if let Some(sample) = &seen.settled_sample {
        let n = values(seen.settled);
        warnings.push(format!(
            "`{name}`: {n} such as `{sample}` could be read in two ways; other values of the column show which is right"
        ));
    }
    if seen.not_hex > 0 {
        let n = values(seen.not_hex);
        warnings.push(format!("`{name}`: {n} are not written as `0x...`; kept unchanged"));
    }
    for (cut, count) in CUTS.iter().zip(seen.cut) {
        if count > 0 && seen.longest == *cut {
            let n = values(count);
            warnings.push(format!(
                "`{name}`: {n} of exactly {cut} characters and none longer; they may have been truncated on export"
            ));
        }
    }
}
