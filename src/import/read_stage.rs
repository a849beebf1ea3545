//! The reading half of an import, in its own thread: takes records, determines their tables, and passes on batches of
//! typed rows and rejects.

mod decisions;
mod names;
mod rows;
mod watched;

use crate::import::convert::Rules;
use crate::import::convert::Seen;
use crate::import::error::ImportError;
use crate::import::format;
use crate::import::last_value::LastValue;
use crate::import::last_value::UnterminatedValue;
use crate::import::mapping;
use crate::import::mapping::Hints;
use crate::import::mapping::Plan;
use crate::import::mapping::SAMPLE;
use crate::import::needed;
use crate::import::needed::TablePredicate;
use crate::import::number;
use crate::import::options::ImportOptions;
use crate::import::reader;
use crate::import::reader::Item;
use crate::import::reader::Reader;
use crate::import::reader::column_union::DocumentColumn;
use crate::import::row::NOT_KEPT;
use crate::import::text_formulas::TextFormulas;
use crate::record::Field;
use crate::record::OwnedRecord;
use crate::record::ReadError;
use crate::record::Reason;
use crate::record::Record;
use crate::record::Reject;
use crate::record::Trailer;
use crate::record::Written;
use crate::record::batch::Batch;
use crate::record::row_filter::RowFilter;
use crate::schema::inferred::ColumnValues;
use crate::table::text_formula;
use std::collections::BTreeMap;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::SyncSender;
use watched::Watched;

/// What the whole file shows about how its beginning should have been read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Decided {
    /// For each table and column how numbers are written; empty if none was ambiguous.
    pub(super) separators: Vec<Vec<number::Separators>>,
    /// The format, if the whole file shows how it writes NULL and its beginning does not.
    pub(super) form: Option<&'static format::ImportFormat>,
    /// Whether nothing is NULL in a form of which no other says so.
    pub(super) empty: bool,
    /// Columns of a document that first occur after its beginning.
    pub(super) late_columns: Vec<DocumentColumn>,
    /// Further results of the file that are tables themselves, each with its number and a name. They are loaded one by
    /// one.
    pub(super) separate: Vec<(usize, String)>,
}

/// Messages from the reading thread to the storing thread.
pub(super) enum Message {
    /// The tables, before any rows.
    Plan(Box<Plan>),
    /// Rows of one of them.
    Rows(usize, Batch),
    /// Text that did not become rows.
    Rejects(Vec<Reject>),
    /// Why the file cannot be loaded.
    Failed(Box<ImportError>),
    /// How the file is to be read again.
    Again(Box<Decided>),
    /// The end of the file.
    End(Box<ReadSummary>),
}

/// What is known at the end of a file.
#[derive(Debug, Default)]
pub(super) struct ReadSummary {
    pub(super) records: u64,
    /// Whether the first record was one.
    pub(super) has_header: bool,
    pub(super) passed_over: u64,
    pub(super) footer: Trailer,
    pub(super) seen: Vec<Vec<Seen>>,
    /// For each table and each of its columns the values of those that the schema does not have.
    pub(super) values: Vec<Vec<ColumnValues>>,
    pub(super) warnings: Vec<String>,
}

/// The receiver is gone.
pub(super) struct Disconnected;

/// The reading half of an import.
pub(super) struct ReadStage {
    file: String,
    rules: Rules,
    table: Option<String>,
    result_set: Option<usize>,
    sender: SyncSender<Message>,
    used: Receiver<Batch>,
    plan: Option<Box<Plan>>,
    /// One batch per table.
    batches: Vec<Batch>,
    /// For each table the columns whose values are inspected.
    watched: Vec<Watched>,
    rejects: Vec<Reject>,
    /// The number of rejected records.
    rejected: u64,
    /// The number of records at the last row count.
    counted: u64,
    /// Why reading stops.
    hopeless: Option<Box<ImportError>>,
    ended: ReadSummary,
    /// For each time column the first values that are not times.
    untold: BTreeMap<(usize, usize), Vec<String>>,
    /// Whether one of them was damaged by a spreadsheet.
    spoiled: bool,
    /// For each repeated column the number of records in which it differs from the first.
    differing: Vec<u64>,
    /// The header of the current result set.
    header: Option<Vec<String>>,
    /// The number of the current result set, from 1.
    set: usize,
    /// Which rows are needed, and the filter that skips the others once known.
    needs: Vec<TablePredicate>,
    sieve: Option<RowFilter>,
    /// Where characters were already lost.
    replacement: memchr::memmem::Finder<'static>,
    /// The findings of an earlier pass over the file.
    pub(super) decided: Decided,
    /// Whether another pass is impossible.
    pub(super) once: bool,
    /// The names of the columns, instead of those in the file.
    columns: Option<Vec<String>>,
    /// The column renames of the installation.
    renames: Vec<(String, String)>,
    /// Further results to load one by one.
    separate: Vec<(usize, String)>,
    /// The column names in the file.
    written: Option<Vec<String>>,
    /// Whether the first record is a header, if the user says so.
    has_names: Option<bool>,
    /// The format, and another that reads the beginning alike but may read NULL differently later.
    form: &'static format::ImportFormat,
    twin: Option<&'static format::ImportFormat>,
    /// A format that reads the beginning alike and takes the word NULL for NULL.
    by_word: Option<&'static format::ImportFormat>,
    /// Columns of a document that this pass found after its beginning.
    late_columns: Vec<DocumentColumn>,
    formulas: TextFormulas,
    /// Records that consist only of separators.
    blank: u64,
    /// Lines that repeat the header.
    headers: u64,
    last_value: LastValue,
    /// The line of the newest reject.
    last_rejected: u64,
}

/// The number of rejected records after which to check whether most are rejected.
pub(super) const MANY: u64 = 20_000;

/// The number of values of a column that are not times after which to check whether any are.
pub(super) const UNTOLD: u64 = 100;

impl ReadStage {
    pub(super) fn new(
        file: String,
        forms: (
            &'static format::ImportFormat,
            Option<&'static format::ImportFormat>,
            Option<&'static format::ImportFormat>,
        ),
        rules: Rules,
        options: &ImportOptions,
        sender: SyncSender<Message>,
        used: Receiver<Batch>,
    ) -> Self {
        Self {
            file,
            rules,
            table: options.table.clone(),
            result_set: options.result_set,
            sender,
            used,
            plan: None,
            batches: Vec::new(),
            watched: Vec::new(),
            rejects: Vec::new(),
            rejected: 0,
            counted: 0,
            hopeless: None,
            ended: ReadSummary::default(),
            untold: BTreeMap::new(),
            spoiled: false,
            differing: Vec::new(),
            header: None,
            set: 0,
            needs: options.needs.clone(),
            sieve: None,
            replacement: memchr::memmem::Finder::new("\u{fffd}"),
            decided: Decided::default(),
            once: false,
            columns: options.columns.clone(),
            renames: options.renames.clone(),
            separate: Vec::new(),
            written: None,
            has_names: options.header,
            form: forms.0,
            twin: forms.1,
            by_word: forms.2,
            late_columns: Vec::new(),
            formulas: TextFormulas::of(forms.0, options),
            blank: 0,
            headers: 0,
            last_value: LastValue::default(),
            last_rejected: 0,
        }
    }

    pub(super) fn run(&mut self, reader: &mut dyn Reader) {
        let outcome = self.all(reader);
        let last = match outcome {
            Ok(Ok(())) => match self.decide_again() {
                Some(decided) => Message::Again(Box::new(decided)),
                None => Message::End(Box::new(std::mem::take(&mut self.ended))),
            },
            Ok(Err(error)) => Message::Failed(Box::new(error)),
            Err(Disconnected) => return,
        };
        // Where nobody takes it, nobody wants to know.
        let _ = self.sender.send(last);
    }

    /// Reads everything; the outer error means that the receiver is gone.
    fn all(&mut self, reader: &mut dyn Reader) -> Result<Result<(), ImportError>, Disconnected> {
        let mut sample: Vec<OwnedRecord> = Vec::new();
        let mut formulas = std::mem::take(&mut self.formulas);
        loop {
            if let Some(error) = self.hopeless.take() {
                return Ok(Err(*error));
            }
            let item = match reader.next() {
                Ok(Some(item)) => item,
                Ok(None) => break,
                Err(source) => {
                    let file = self.file.clone();
                    return Ok(Err(ImportError::Read { file, source }));
                }
            };
            match item {
                Item::Record(record) => {
                    let record = formulas.replace(record);
                    if !self.is_wanted(&record)? || self.is_blank(&record) {
                        continue;
                    }
                    self.ended.records += 1;
                    self.last_value.note(&record);
                    if self.plan.is_some() {
                        self.record(&record)?;
                        if let Some(error) = self.without_times(UNTOLD) {
                            return Ok(Err(error));
                        }
                    } else {
                        sample.push(OwnedRecord::of(&record));
                        if sample.len() == SAMPLE {
                            if let Err(error) = self.decide(&mut sample)? {
                                return Ok(Err(error));
                            }
                            if let Some(sieve) = self.sieve.take() {
                                reader.pass_over(sieve);
                            }
                        }
                    }
                }
                Item::Header(names) => {
                    self.header(names.clone());
                    if self.is_separate(&names) {
                        let number = format!("result {}", self.set);
                        let name = reader.part().unwrap_or(number);
                        self.separate.push((self.set, name));
                    }
                }
                Item::Reject(_) if self.is_elsewhere() => {}
                // Nothing is lost with a repeated header.
                Item::Reject(reject) if reject.reason == Reason::RepeatedHeader => {
                    self.headers += 1;
                }
                Item::Reject(mut reject) => {
                    self.ended.records += reject.records;
                    if self.has_secrets() {
                        reject.text = NOT_KEPT.to_owned();
                    }
                    self.reject(reject)?;
                }
                Item::Trailer(footer) => self.footer(&footer),
            }
        }
        if self.plan.is_none()
            && let Err(error) = self.decide(&mut sample)?
        {
            return Ok(Err(error));
        }
        if let Some(error) = self.without_times(1).or_else(|| self.undecided()) {
            return Ok(Err(error));
        }
        let is_unended = reader.is_unended();
        let unended = if is_unended { self.last_value.unended() } else { None };
        match unended {
            Some(UnterminatedValue::Cut { detail }) => {
                if let Err(error) = self.reject_last(detail)? {
                    return Ok(Err(error));
                }
            }
            Some(UnterminatedValue::Perhaps) => {
                self.ended.warnings.push(UnterminatedValue::REMARK.to_owned());
            }
            None => {}
        }
        self.flush(true)?;
        if formulas.count > 0 {
            let remark = text_formula::remark(formulas.count);
            self.ended.warnings.push(remark);
        }
        self.ended.warnings.extend(reader.remarks());
        if !self.once {
            self.late_columns = reader.late_columns();
        }
        self.ended.passed_over = reader.passed_over();
        self.ended.records += self.ended.passed_over;
        self.sum_up();
        self.watch_end();
        Ok(Ok(()))
    }

    /// Takes back the last record, which is truncated.
    fn reject_last(&mut self, detail: String) -> Result<Result<(), ImportError>, Disconnected> {
        let line = self.last_value.line;
        let Some(plan) = self.plan.take() else {
            return Ok(Ok(()));
        };
        let is_here = self.batches.iter().any(|batch| batch.lines.last() == Some(&line));
        for table in 0..plan.targets.len() {
            self.take_back(&plan, table, line);
        }
        self.plan = Some(plan);
        if !is_here && self.last_rejected != line {
            // It is stored by now, and the rest of the file says nothing else.
            let file = self.file.clone();
            let source = ReadError::Malformed { line, what: detail };
            return Ok(Err(ImportError::Read { file, source }));
        }
        if is_here {
            self.reject(reader::queue::reject(line, "", Reason::Truncated, detail, 1))?;
        }
        Ok(Ok(()))
    }

    /// Whether a record is only separators, as spreadsheets write below a table: it is no row if rows have a key.
    fn is_blank(&mut self, record: &Record<'_>) -> bool {
        let nothing = |field: &Field| field.start == field.end && field.written == Written::Bare;
        let has_key = || {
            let plan = self.plan.as_ref();
            plan.is_some_and(|plan| plan.targets.first().is_some_and(|target| target.key.is_some()))
        };
        let is_blank = record.fields.len() > 1 && record.fields.iter().all(nothing) && has_key();
        self.blank += u64::from(is_blank);
        is_blank
    }

    fn footer(&mut self, footer: &Trailer) {
        // A count above the names, or below another one, is that of another statement.
        let is_first = self.ended.footer.rows.is_none() && self.header.is_some();
        let is_own = is_first || self.ended.records > self.counted;
        if let Some(rows) = footer.rows.filter(|_| is_own && !self.is_elsewhere()) {
            *self.ended.footer.rows.get_or_insert(0) += rows;
            self.counted = self.ended.records;
        }
        self.ended.footer.completed_at_ms =
            footer.completed_at_ms.or(self.ended.footer.completed_at_ms);
    }

    /// Announces the tables of the file, and converts the records that were inspected for that.
    fn decide(
        &mut self,
        sample: &mut Vec<OwnedRecord>,
    ) -> Result<Result<(), ImportError>, Disconnected> {
        let file = self.file.clone();
        if let Some(wanted) = self.result_set
            && wanted > self.set.max(1)
        {
            let found = self.set.max(1);
            return Ok(Err(ImportError::NoResultSet { file, wanted, found }));
        }
        if sample.is_empty() && self.header.is_none() {
            if self.ended.records == 0 && self.rejects.is_empty() {
                return Ok(Err(ImportError::Empty { file }));
            }
            return Ok(Ok(()));
        }
        if self.header.is_none() {
            self.header.clone_from(&self.columns);
        }
        self.last_value.learn(sample);
        if let Err(source) = self.take_names(sample) {
            return Ok(Err(ImportError::Tables { file, source }));
        }
        let hints = Hints { table: self.table.as_deref(), file: &self.file };
        let plan = match mapping::plan(self.header.as_deref(), sample, hints, &self.rules) {
            Ok(plan) => Box::new(plan),
            Err(source) => return Ok(Err(ImportError::Tables { file, source })),
        };
        if plan.has_secrets() {
            for reject in &mut self.rejects {
                reject.text = NOT_KEPT.to_owned();
            }
        }
        self.batches = plan.targets.iter().map(|_| Batch::default()).collect();
        let seen = |target: &mapping::Target| vec![Seen::default(); target.steps.len()];
        self.ended.seen = plan.targets.iter().map(seen).collect();
        let none = |target: &mapping::Target| vec![ColumnValues::default(); target.steps.len()];
        self.ended.values = plan.targets.iter().map(none).collect();
        self.watched = plan.targets.iter().map(Watched::of).collect();
        for (seen, known) in self.ended.seen.iter_mut().zip(&self.decided.separators) {
            for (seen, known) in seen.iter_mut().zip(known) {
                seen.separators = *known;
            }
        }
        self.differing = vec![0; plan.repeats.len()];
        self.sieve = needed::row_filter(&plan, &self.needs, sample);
        self.send(Message::Plan(plan.clone()))?;
        self.plan = Some(plan);
        for kept in std::mem::take(sample) {
            if self.is_blank(&kept.record()) {
                self.ended.records -= 1;
            } else {
                self.record(&kept.record())?;
            }
        }
        Ok(Ok(()))
    }

    fn send(&self, message: Message) -> Result<(), Disconnected> {
        self.sender.send(message).map_err(|_| Disconnected)
    }

    fn reject(&mut self, reject: Reject) -> Result<(), Disconnected> {
        self.last_rejected = reject.line;
        if reject.reason == Reason::LateColumn && !self.once {
            // The next pass will read it.
            return Ok(());
        }
        self.rejected += reject.records.max(1);
        if self.rejected >= MANY && self.hopeless.is_none() && self.is_mostly_rejected() {
            self.hopeless = Some(Box::new(ImportError::MostlyRejected {
                file: self.file.clone(),
                records: self.ended.records.max(self.rejected),
                rejected: self.rejected,
                line: reject.line,
                reason: reject.reason,
                detail: reject.detail.clone(),
            }));
        }
        self.keep(reject)
    }

    fn keep(&mut self, reject: Reject) -> Result<(), Disconnected> {
        const MAX_HELD: usize = 256;
        /// As many as fit into memory, before it is known whether there are passwords.
        const MAX_UNTOLD: usize = 4096;
        self.rejects.push(reject);
        let most = if self.plan.is_some() { MAX_HELD } else { MAX_UNTOLD };
        if self.rejects.len() >= most {
            let rejects = std::mem::take(&mut self.rejects);
            self.send(Message::Rejects(rejects))?;
        }
        Ok(())
    }

    fn is_mostly_rejected(&self) -> bool {
        let loaded = self.ended.records.saturating_sub(self.rejected);
        loaded < self.rejected / 10
    }
}
