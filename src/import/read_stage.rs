//! The half of an import that reads and types, in a thread of its own: takes records, decides which tables they are of,
//! and hands on batches of typed rows and rejects.

use crate::import::convert;
use crate::import::convert::Rules;
use crate::import::convert::Seen;
use crate::import::error::ImportError;
use crate::import::format;
use crate::import::format::detect::Look;
use crate::import::format::detect::could_be_name;
use crate::import::last_value::{LastValue, Unended};
use crate::import::mapping;
use crate::import::mapping::Hints;
use crate::import::mapping::Kept;
use crate::import::mapping::Plan;
use crate::import::mapping::SAMPLE;
use crate::import::mapping::TablesError;
use crate::import::needed;
use crate::import::needed::Need;
use crate::import::number;
use crate::import::open::OpenError;
use crate::import::options::ImportOptions;
use crate::import::reader;
use crate::import::reader::Item;
use crate::import::reader::Reader;
use crate::import::reader::column_union::DocumentColumn;
use crate::import::row::NOT_KEPT;
use crate::import::row::check_text;
use crate::import::row::rejected;
use crate::import::row::row;
use crate::record::Field;
use crate::record::Footer;
use crate::record::ReadError;
use crate::record::Reason;
use crate::record::Record;
use crate::record::Reject;
use crate::record::Written;
use crate::record::batch::Batch;
use crate::record::batch::RowValue;
use crate::record::row_filter::Sieve;
use crate::schema::inferred::ColumnValues;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::SyncSender;

/// Bytes of text, or values, at which a batch goes to the store.
const BATCH_BYTES: usize = 256 << 10;
const BATCH_VALUES: usize = 32 << 10;

/// What the whole of a file says about how its beginning should have been read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Decided {
    /// For each table and each of its columns how numbers are written; nothing where none of that was in doubt.
    pub(super) separators: Vec<Vec<number::Separators>>,
    /// The form, where the whole file says how it writes NULL and its beginning does not.
    pub(super) form: Option<&'static format::Form>,
    /// Whether nothing is NULL in a form of which no other says so.
    pub(super) empty: bool,
    /// Columns of a document that come up behind its beginning.
    pub(super) late_columns: Vec<DocumentColumn>,
    /// Further results of the file that are tables themselves, each by its number and a name for it. They are loaded
    /// one by one.
    pub(super) separate: Vec<(usize, String)>,
}

/// What the thread that reads hands to the one that stores.
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
    pub(super) footer: Footer,
    pub(super) seen: Vec<Vec<Seen>>,
    /// For each table and each of its columns the values of those that the schema does not have.
    pub(super) values: Vec<Vec<ColumnValues>>,
    pub(super) warnings: Vec<String>,
}

/// Nobody takes the rows any more.
pub(super) struct Disconnected;

/// The half of an import that reads and types.
pub(super) struct ReadStage {
    file: String,
    rules: Rules,
    table: Option<String>,
    result_set: Option<usize>,
    sender: SyncSender<Message>,
    used: Receiver<Batch>,
    plan: Option<Box<Plan>>,
    /// A batch for each table.
    batches: Vec<Batch>,
    /// The places in its rows of columns that the schema does not have.
    unknown: Vec<Vec<usize>>,
    rejects: Vec<Reject>,
    /// How many records were rejected.
    rejected: u64,
    /// Why it is no use to go on.
    hopeless: Option<Box<ImportError>>,
    ended: ReadSummary,
    /// For each time column the first values that are no times.
    untold: BTreeMap<(usize, usize), Vec<String>>,
    /// Whether one of those was spoiled.
    spoiled: bool,
    /// For each repeated column in how many records it differs from the first.
    differing: Vec<u64>,
    /// The header of the result set that is read.
    header: Option<Vec<String>>,
    /// Which result set the reader is in, from 1.
    set: usize,
    /// Which rows are needed, and what passes the others over from where that is known.
    needs: Vec<Need>,
    sieve: Option<Sieve>,
    /// Where characters were lost before.
    replacement: memchr::memmem::Finder<'static>,
    /// What an earlier pass over the file has found.
    pub(super) decided: Decided,
    /// Whether there cannot be another pass.
    pub(super) once: bool,
    /// The names of the columns, instead of those in the file.
    columns: Option<Vec<String>>,
    /// What the installation calls otherwise.
    renames: Vec<(String, String)>,
    /// Further results that are to be loaded one by one.
    separate: Vec<(usize, String)>,
    /// The names of the columns in the file.
    written: Option<Vec<String>>,
    /// Whether the first record is names, where that was said.
    has_names: Option<bool>,
    /// The form, and another that reads the beginning alike and would read NULL differently further on.
    form: &'static format::Form,
    twin: Option<&'static format::Form>,
    /// Columns of a document that came up behind its beginning in this pass.
    late_columns: Vec<DocumentColumn>,
    /// Records of separators only.
    blank: u64,
    /// Lines with the names of the columns after the first one.
    headers: u64,
    last_value: LastValue,
    /// The line of the newest reject.
    last_rejected: u64,
}

/// Records that are rejected, before it is asked whether most are.
pub(super) const MANY: u64 = 20_000;

/// Values of a column that are no times, before it is asked whether any is.
pub(super) const UNTOLD: u64 = 100;

impl ReadStage {
    pub(super) fn new(
        file: String,
        forms: (&'static format::Form, Option<&'static format::Form>),
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
            unknown: Vec::new(),
            rejects: Vec::new(),
            rejected: 0,
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
            late_columns: Vec::new(),
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

    /// What the file as a whole says that was not known from its beginning.
    fn decide_again(&self) -> Option<Decided> {
        let columns = || self.ended.seen.iter().flatten();
        let again = columns().any(|seen| seen.is_mixed() || (!self.once && seen.is_settled_late()));
        let all = |seen: &Vec<Seen>| seen.iter().map(|seen| seen.separators).collect();
        let form = self.other_form();
        let empty = self.is_empty_null();
        let apart = self.separate.len() > self.decided.separate.len();
        if form.is_none() && !empty && !again && !apart && self.late_columns.is_empty() {
            return None;
        }
        let mut late_columns = self.decided.late_columns.clone();
        late_columns.extend(self.late_columns.iter().cloned());
        let found = Decided {
            separators: self.ended.seen.iter().map(all).collect(),
            form: form.or(self.decided.form),
            empty: empty || self.decided.empty,
            late_columns,
            separate: self.separate.clone(),
        };
        (found != self.decided).then_some(found)
    }

    /// How the file writes NULL: by the word, or by nothing, in columns where nothing else can be meant.
    fn evidence(&self) -> (bool, bool) {
        let targets = self.plan.iter().flat_map(|plan| &plan.targets);
        let steps = targets.flat_map(|target| &target.steps);
        let seen = self.ended.seen.iter().flatten();
        let typed = steps
            .zip(seen)
            .filter(|((_, cast), _)| *cast != convert::Cast::Text);
        typed.fold((false, false), |(word, nothing), (_, seen)| {
            (word || seen.word > 0, nothing || seen.nothing > 0)
        })
    }

    /// The form that reads the beginning alike and writes NULL as the whole file says.
    fn other_form(&self) -> Option<&'static format::Form> {
        let twin = self.twin?;
        let nulls = twin.nulls.rule();
        match self.evidence() {
            (true, false) if nulls.word && !self.rules.nulls.word => Some(twin),
            (false, true)
                if nulls.empty && !self.rules.nulls.empty && self.has(|seen| seen.nothing) =>
            {
                Some(twin)
            }
            _ => None,
        }
    }

    /// Whether nothing is NULL in a form that writes the word: no column has the word, and columns of numbers or times
    /// have nothing.
    fn is_empty_null(&self) -> bool {
        let layout = self.form.layout;
        let numbered = format::FormatLayout::Vertical(format::NameMark::Numbered);
        (matches!(layout, format::FormatLayout::Grid(_)) || layout == numbered)
            && !self.rules.nulls.empty
            && self.evidence() == (false, true)
            && !self.has(|seen| seen.word)
            && self.has(|seen| seen.nothing)
    }

    /// Whether a column of texts has such fields.
    fn has(&self, count: impl Fn(&Seen) -> u64) -> bool {
        let targets = self.plan.iter().flat_map(|plan| &plan.targets);
        let steps = targets.flat_map(|target| &target.steps);
        let seen = self.ended.seen.iter().flatten();
        let mut texts = steps
            .zip(seen)
            .filter(|((_, cast), _)| *cast == convert::Cast::Text);
        texts.any(|(_, seen)| count(seen) > 0)
    }

    /// What comes after the beginning may be NULL or not, depending on which of two forms the file is in, and
    /// nothing in it says which.
    fn undecided(&self) -> Option<ImportError> {
        let twin = self
            .twin
            .filter(|twin| twin.layout != format::FormatLayout::Workbook)?;
        let (own, other) = (self.rules.nulls, twin.nulls.rule());
        if self.evidence() != (false, false) {
            return None;
        }
        let (nothing, word) = (self.has(|seen| seen.nothing), self.has(|seen| seen.word));
        // Both in one column of texts: the word is what stands for NULL, as nothing is told from it.
        let doubtful = (nothing && !word && own.empty != other.empty)
            || (word && !nothing && own.word != other.word);
        doubtful.then(|| ImportError::Open {
            file: self.file.clone(),
            source: OpenError::Undecided {
                best: self.form,
                runner_up: twin,
            },
        })
    }

    /// Reads everything; the outer error is that nobody takes it.
    fn all(&mut self, reader: &mut dyn Reader) -> Result<Result<(), ImportError>, Disconnected> {
        let mut sample: Vec<Kept> = Vec::new();
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
                        sample.push(Kept::of(&record));
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
                // Nothing is lost with the names of the columns, again.
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
                Item::Footer(footer) => self.footer(&footer),
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
        let unended = if is_unended {
            self.last_value.unended()
        } else {
            None
        };
        match unended {
            Some(Unended::Cut { detail }) => {
                if let Err(error) = self.reject_last(detail)? {
                    return Ok(Err(error));
                }
            }
            Some(Unended::Perhaps) => {
                self.ended.warnings.push(Unended::REMARK.to_owned());
            }
            None => {}
        }
        self.flush(true)?;
        self.ended.warnings.extend(reader.remarks());
        if !self.once {
            self.late_columns = reader.late_columns();
        }
        self.ended.passed_over = reader.passed_over();
        self.ended.records += self.ended.passed_over;
        self.sum_up();
        Ok(Ok(()))
    }

    /// Takes the last record back, of which the file lacks the end.
    fn reject_last(&mut self, detail: String) -> Result<Result<(), ImportError>, Disconnected> {
        let line = self.last_value.line;
        let Some(plan) = self.plan.take() else {
            return Ok(Ok(()));
        };
        let is_here = self
            .batches
            .iter()
            .any(|batch| batch.lines.last() == Some(&line));
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
            self.reject(reader::queue::reject(
                line,
                "",
                Reason::Truncated,
                detail,
                1,
            ))?;
        }
        Ok(Ok(()))
    }

    /// The first header names the columns; the same again is a new page of the same result set; another one begins
    /// a second result set.
    fn header(&mut self, names: Vec<String>) {
        let wanted = self.result_set.unwrap_or(1);
        if self.written.as_ref() == Some(&names) {
            return;
        }
        self.set += 1;
        if self.set == wanted {
            let named = match &self.columns {
                Some(columns) => columns.clone(),
                None => self.renamed(names.clone()),
            };
            self.header = Some(named);
        }
        self.written = Some(names);
    }

    /// Whether what has just begun is another result than the one that is read, and a table that its columns tell.
    fn is_separate(&self, names: &[String]) -> bool {
        let begun = self.separate.last().is_none_or(|(set, _)| *set < self.set);
        let chosen = self.result_set.is_some() || self.table.is_some() || self.columns.is_some();
        if self.once || chosen || self.set < 2 || !begun {
            return false;
        }
        let hints = Hints {
            table: None,
            file: &self.file,
        };
        mapping::plan(Some(names), &[], hints, &self.rules).is_ok()
    }

    /// The names of the columns, with those replaced that the installation calls otherwise.
    fn renamed(&mut self, mut names: Vec<String>) -> Vec<String> {
        let mut renamed = Vec::new();
        for name in &mut names {
            let own = mapping::column_name(name);
            let mut renames = self.renames.iter();
            if let Some((_, to)) = renames.find(|(from, _)| from.to_lowercase() == own) {
                renamed.push(format!("`{to}`"));
                name.clone_from(to);
            }
        }
        if !renamed.is_empty() {
            let renamed = renamed.join(", ");
            let warning = format!("columns named by the settings: {renamed}");
            self.ended.warnings.push(warning);
        }
        names
    }

    /// Whether a record is of the result set that is read. Where nobody said which, those of a second one are rejected,
    /// and not silently left out.
    fn is_wanted(&mut self, record: &Record<'_>) -> Result<bool, Disconnected> {
        let set = self.set.max(1);
        if self.result_set.is_some() || set == 1 || self.is_elsewhere() {
            return Ok(!self.is_elsewhere());
        }
        self.ended.records += 1;
        let text = if self.has_secrets() {
            NOT_KEPT
        } else {
            record.text
        };
        let detail = format!("it is of result set {set}, with other columns");
        // Whole as it is, it says nothing against how the file is read.
        self.keep(reader::queue::reject(
            record.line,
            text,
            Reason::SecondResultSet,
            detail,
            1,
        ))?;
        Ok(false)
    }

    /// Whether a record is separators only, as a spreadsheet leaves below a table: where rows have a key it is none.
    fn is_blank(&mut self, record: &Record<'_>) -> bool {
        let nothing = |field: &Field| field.start == field.end && field.written == Written::Bare;
        let has_key = || {
            let plan = self.plan.as_ref();
            plan.is_some_and(|plan| {
                plan.targets
                    .first()
                    .is_some_and(|target| target.key.is_some())
            })
        };
        let is_blank = record.fields.len() > 1 && record.fields.iter().all(nothing) && has_key();
        self.blank += u64::from(is_blank);
        is_blank
    }

    /// Whether the reader is in another result set than the one that was asked for, or in one that is loaded by itself.
    fn is_elsewhere(&self) -> bool {
        let set = self.set.max(1);
        match self.result_set {
            Some(wanted) => wanted != set,
            None => self.separate.last().is_some_and(|(last, _)| *last == set),
        }
    }

    fn footer(&mut self, footer: &Footer) {
        let wanted = !self.is_elsewhere();
        if let Some(rows) = footer.rows.filter(|_| wanted) {
            *self.ended.footer.rows.get_or_insert(0) += rows;
        }
        self.ended.footer.completed_at_ms =
            footer.completed_at_ms.or(self.ended.footer.completed_at_ms);
    }

    /// Says which tables the file holds, and types the records that were looked at for that.
    fn decide(&mut self, sample: &mut Vec<Kept>) -> Result<Result<(), ImportError>, Disconnected> {
        let file = self.file.clone();
        if let Some(wanted) = self.result_set
            && wanted > self.set.max(1)
        {
            let found = self.set.max(1);
            return Ok(Err(ImportError::NoResultSet {
                file,
                wanted,
                found,
            }));
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
        let hints = Hints {
            table: self.table.as_deref(),
            file: &self.file,
        };
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
        self.unknown = plan.targets.iter().map(mapping::Target::unknown).collect();
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

    /// A first record of nothing but the names of known columns is a header, whatever the reader took it for; and so is
    /// a first record of text over numbers or times in a table of the user's own. Where all is text, nobody can tell.
    fn take_names(&mut self, sample: &mut Vec<Kept>) -> Result<(), TablesError> {
        let Some(first) = sample.first().filter(|_| self.header.is_none()) else {
            return Ok(());
        };
        let names = self.renamed(first.texts());
        let are_known = || names.iter().all(|name| mapping::is_known_heading(name));
        let is_new = self
            .table
            .as_deref()
            .is_some_and(|table| mapping::product_table(table).is_none());
        let are_names = match self.has_names {
            Some(said) => said,
            None if names.is_empty() => false,
            None if are_known() => true,
            None if is_new => match are_names_of_new_table(&names, &sample[1..]) {
                Some(are) => are,
                None => return Err(TablesError::NamesOrRow),
            },
            None => false,
        };
        if are_names {
            self.header = Some(names);
            self.ended.has_header = true;
            self.ended.records -= 1;
            sample.remove(0);
        }
        Ok(())
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
        const MOST: usize = 256;
        /// Before it is known whether there are passwords, as many as memory has room for.
        const MOST_UNTOLD: usize = 4096;
        self.rejects.push(reject);
        let most = if self.plan.is_some() {
            MOST
        } else {
            MOST_UNTOLD
        };
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

    /// Whether the file has a column of passwords, as far as is known.
    fn has_secrets(&self) -> bool {
        let mut names = self.header.iter().flatten();
        self.plan.as_ref().is_some_and(|plan| plan.has_secrets())
            || names.any(|name| mapping::is_secret_heading(name))
    }

    /// Types a record: all of its rows, or a reject.
    fn record(&mut self, record: &Record<'_>) -> Result<(), Disconnected> {
        let Some(plan) = self.plan.take() else {
            return Ok(());
        };
        let outcome = self.rows_of(&plan, record);
        self.plan = Some(plan);
        match outcome {
            Ok(()) => {
                let full = self.batches.iter().any(|batch| {
                    batch.text.len() >= BATCH_BYTES || batch.values.len() >= BATCH_VALUES
                });
                if full { self.flush(false) } else { Ok(()) }
            }
            Err(reject) => self.reject(*reject),
        }
    }

    fn rows_of(&mut self, plan: &Plan, record: &Record<'_>) -> Result<(), Box<Reject>> {
        check_text(
            plan,
            record,
            self.rules.lossy,
            self.rules.nulls.nul_is_empty,
            &self.replacement,
        )?;
        for (nth, (later, first)) in plan.repeats.iter().enumerate() {
            let text = |at: &usize| {
                let field = record.fields[*at];
                &record.cells[field.start..field.end]
            };
            self.differing[nth] += u64::from(text(later) != text(first));
        }
        for (nth, target) in plan.targets.iter().enumerate() {
            let batch = &mut self.batches[nth];
            let start = (batch.text.len(), batch.values.len());
            let seen = &mut self.ended.seen[nth];
            let row = row(plan, target, record, &self.rules, seen, batch);
            match row {
                Ok(true) => batch.lines.push(record.line),
                Ok(false) => batch.take_off(start),
                Err((at, misfit)) => {
                    batch.take_off(start);
                    for before in 0..nth {
                        self.take_back(plan, before, record.line);
                    }
                    let dated = [Reason::NotADate, Reason::SpoiledDate].contains(&misfit.reason);
                    if let (true, Some(step)) = (dated, at) {
                        self.note_untold((nth, step), record, &target.steps, misfit.reason);
                    }
                    return Err(Box::new(rejected(plan, target, record, at, misfit)));
                }
            }
        }
        self.count_values(plan, record.line);
        Ok(())
    }

    /// Counts what the values of the newest row are, in columns of which the schema does not say it.
    fn count_values(&mut self, plan: &Plan, line: u64) {
        for (nth, unknown) in self.unknown.iter().enumerate() {
            let batch = &self.batches[nth];
            if unknown.is_empty() || batch.lines.last() != Some(&line) {
                continue;
            }
            let row = batch.values.len() - plan.targets[nth].width();
            for &step in unknown {
                if let RowValue::Text { start, end } = batch.values[row + step] {
                    let text = &batch.text[start as usize..end as usize];
                    self.ended.values[nth][step].add(text);
                }
            }
        }
    }

    /// Takes the newest row of a table back when it is of a record that another table rejects.
    fn take_back(&mut self, plan: &Plan, table: usize, line: u64) {
        let batch = &mut self.batches[table];
        if batch.lines.last() == Some(&line) {
            let width = plan.targets[table].width();
            batch.lines.pop();
            batch.values.truncate(batch.values.len() - width);
        }
    }

    fn note_untold(
        &mut self,
        column: (usize, usize),
        record: &Record<'_>,
        steps: &[(usize, convert::Cast)],
        reason: Reason,
    ) {
        const SAMPLES: usize = 3;
        let field = record.fields[steps[column.1].0];
        let text = &record.cells[field.start..field.end];
        let telling =
            reason == Reason::SpoiledDate || convert::is_ambiguous(text) || convert::is_dated(text);
        let samples = self.untold.entry(column).or_default();
        if telling && samples.len() < SAMPLES {
            samples.push(format!("line {} `{}`", record.line, text.trim()));
            self.spoiled |= reason == Reason::SpoiledDate;
        }
    }

    /// A column of times of which `least` values could not be read and none could: the file is refused, since every row
    /// would be lost.
    fn without_times(&self, least: u64) -> Option<ImportError> {
        if self.untold.is_empty() {
            return None;
        }
        let plan = self.plan.as_ref()?;
        self.untold.iter().find_map(|((table, step), samples)| {
            let seen = &self.ended.seen[*table][*step];
            if seen.times > 0 || seen.untold < least || samples.is_empty() {
                return None;
            }
            let column = &plan.targets[*table].shape.columns[*step];
            Some(ImportError::Dates {
                file: self.file.clone(),
                column: column.name.clone(),
                samples: samples.join(", "),
                spoiled: self.spoiled,
            })
        })
    }

    /// Hands on what has gathered, where it is enough, or all.
    fn flush(&mut self, all: bool) -> Result<(), Disconnected> {
        for nth in 0..self.batches.len() {
            let batch = &self.batches[nth];
            let full = batch.text.len() >= BATCH_BYTES || batch.values.len() >= BATCH_VALUES;
            if batch.lines.is_empty() || !(all || full) {
                continue;
            }
            let empty = self.used.try_recv().unwrap_or_default();
            let batch = std::mem::replace(&mut self.batches[nth], empty);
            self.send(Message::Rows(nth, batch))?;
        }
        if !self.rejects.is_empty() {
            let rejects = std::mem::take(&mut self.rejects);
            self.send(Message::Rejects(rejects))?;
        }
        Ok(())
    }

    fn sum_up(&mut self) {
        let Some(plan) = &self.plan else { return };
        if self.blank > 0 {
            self.ended.warnings.push(match self.blank {
                1 => "1 line of separators only is passed over".to_owned(),
                n => format!("{n} lines of separators only are passed over"),
            });
        }
        if self.headers > 0 {
            self.ended.warnings.push(match self.headers {
                1 => "1 line with the names of the columns, again, is passed over".to_owned(),
                n => format!("{n} lines with the names of the columns, again, are passed over"),
            });
        }
        for ((later, first), count) in plan.repeats.iter().zip(&self.differing) {
            if *count > 0 {
                self.ended.warnings.push(format!(
                    "column {} has the name of column {}, and other values in {count} records; the first is kept",
                    later + 1,
                    first + 1
                ));
            }
        }
    }
}

/// Whether the first record of a table of the user's own is names: text over numbers or times is, text over text nobody
/// can tell.
pub(super) fn are_names_of_new_table(first: &[String], rest: &[Kept]) -> Option<bool> {
    let are_possible = first
        .iter()
        .all(|name| !name.is_empty() && could_be_name(name));
    let are_different = first.iter().collect::<BTreeSet<_>>().len() == first.len();
    if !are_possible || !are_different {
        return Some(false);
    }
    let looks = |at: usize| {
        let alike = rest
            .iter()
            .filter(|record| record.fields.len() == first.len());
        let texts = alike.map(|record| record.texts()[at].clone());
        texts.fold(Look::Nothing, |look, text| look.and(Look::of(&text)))
    };
    let typed = |at: usize| matches!(looks(at), Look::Number | Look::Time);
    (0..first.len()).any(typed).then_some(true)
}
