//! Reads workbooks cell by cell, never as a rectangle, so that two distant cells cost two cells.
//!
//! Every visible worksheet is read, one after the other. A sheet that begins with the same names as the one before
//! continues it, as Azure Data Studio does after a million rows; any other begins another result. Times are serial
//! numbers of days, from 1900 or from 1904; a part of a day is a time of the day. A serial that is no day comes back as
//! the number, which no column of times takes. A number with more digits than a workbook keeps comes back with an
//! exponent, which no column of numbers takes. A row with a formula whose value was never computed is rejected.

use std::fs::File;
use std::io::{BufReader, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use calamine::{DataRef, ExcelDateTime, Reader as _, Sheet, SheetType, SheetVisible, Xlsx};
use chrono::{DateTime, Utc};

use crate::diagnostic::counted;
use crate::import::ImportOptions;
use crate::import::format;
use crate::import::format::ImportFormat;
use crate::import::format::detect::{CellShape, are_names, could_be_name, known_look};
use crate::import::input::archive;
use crate::import::input::source::SourceError;
use crate::import::open::OpenError;
use crate::import::reader::queue::{Queue, Waiting};
use crate::import::reader::{Item, Reader};
use crate::record::OwnedRecord;
use crate::record::{ReadError, Reason, RecordLimits};

/// The maximum number of cells that are read.
const CELLS: u64 = 50_000_000;

/// The name of the thread that reads a workbook. If it panics, the workbook is damaged, and the error says so.
pub const THREAD: &str = "workbook";

/// How many rows are sent at once from the reading thread.
const ROWS: usize = 128;

/// The serial day numbers that a bare number in a time column may be: from about 1954 to 2119, excluding years and
/// dates without dashes.
const SERIALS: std::ops::Range<f64> = 20_000.0..80_000.0;

/// Milliseconds per day.
const DAY: f64 = 86_400_000.0;

/// An opened workbook.
pub struct Book {
    /// The format in which it is read.
    pub form: &'static ImportFormat,
    /// Whether the first row is a header.
    pub has_header: bool,
    /// Returns the rows.
    pub reader: Box<dyn Reader + Send>,
}

/// Opens the workbook in `file`. Its author is detected from how texts are kept: Excel shares them, Azure Data Studio
/// does not.
///
/// # Errors
/// If it is damaged, not a workbook, or exceeds the limits.
pub fn open(
    mut file: File,
    form: Option<&'static ImportFormat>,
    options: &ImportOptions,
) -> Result<Book, OpenError> {
    let (limits, wanted) = (options.record_limits(), options.sheet.clone());
    let contents = archive::look_through(&mut file, &options.bounds, &limits)?;
    if !contents.workbook {
        return Err(
            SourceError::Compression { what: "a zip archive that is not a workbook" }.into()
        );
    }
    let id = if contents.shared_strings { "excel_xlsx" } else { "ads_xlsx" };
    let form = form.or_else(|| format::by_id(id)).ok_or(OpenError::Empty)?;
    file.seek(SeekFrom::Start(0)).map_err(ReadError::from)?;
    let (sender, receiver) = sync_channel(2);
    thread::Builder::new()
        .name(THREAD.to_owned())
        .spawn(move || {
            let sheet = wanted.as_deref();
            let read = catch_unwind(AssertUnwindSafe(|| read(file, sheet, &sender, limits)));
            let failed = match read {
                Ok(Ok(())) => return,
                Ok(Err(error)) => error,
                Err(_) => malformed(1, "the workbook is damaged".to_owned()),
            };
            // Whoever asked may have gone away, and then nobody minds.
            let _ = sender.send(Err(failed));
        })
        .map_err(ReadError::from)?;
    let mut sheets = Sheets {
        receiver,
        rows: Vec::new().into_iter(),
        first: Vec::new(),
        names: Vec::new(),
        left: 0,
        width: 0,
        sheet: None,
        header: options.header,
        skip: u64::try_from(options.skip).unwrap_or(u64::MAX),
        times: Vec::new(),
        serials: 0,
        titles: 0,
        hidden: Vec::new(),
        queue: Queue::default(),
    };
    let has_header = sheets.begin()?;
    Ok(Book { form, has_header, reader: Box::new(sheets) })
}

fn malformed(line: u64, what: String) -> ReadError {
    ReadError::Malformed { line, what }
}

/// A row of a sheet.
struct Row {
    /// The sheet's name, unique in the workbook.
    sheet: Arc<str>,
    /// The row's number, from 1.
    number: u64,
    cells: Vec<Option<String>>,
    /// The first column with a formula that has no value, from 0.
    formula: Option<usize>,
    /// Whether its days are counted from 1904.
    epoch_1904: bool,
}

impl Row {
    fn set(&mut self, column: usize, text: String) {
        if self.cells.len() <= column {
            self.cells.resize(column + 1, None);
        }
        self.cells[column] = Some(text);
    }

    /// How many empty cells precede the first that is not.
    fn empty_before(&self) -> usize {
        let empty = |cell: &&Option<String>| cell.as_deref().is_none_or(str::is_empty);
        self.cells.iter().take_while(empty).count()
    }

    fn ends_empty(&self) -> bool {
        let last = self.cells.last();
        last.is_some_and(|cell| cell.as_deref().is_none_or(str::is_empty))
    }

    fn texts(&self) -> Vec<&str> {
        self.cells.iter().map(|cell| cell.as_deref().unwrap_or_default()).collect()
    }
}

/// What the thread that reads sends.
enum Sent {
    Rows(Vec<Row>),
    /// The names of hidden sheets, which are not read.
    Hidden(Vec<String>),
}

/// The sheets to read, and the names of those that are hidden: the one that is wanted, else every visible one; the
/// hidden ones where there is no other.
fn chosen(sheets: &[Sheet], wanted: Option<&str>) -> Result<(Vec<String>, Vec<String>), ReadError> {
    let sheets = || sheets.iter().filter(|sheet| sheet.typ == SheetType::WorkSheet);
    let names = || sheets().map(|sheet| sheet.name.clone());
    match wanted {
        Some(wanted) if !names().any(|name| name == wanted) => {
            let there = names().collect::<Vec<_>>().join("`, `");
            let what = format!("there is no sheet `{wanted}`; the sheets are `{there}`");
            Err(malformed(1, what))
        }
        Some(wanted) => Ok((vec![wanted.to_owned()], Vec::new())),
        None => {
            let (visible, hidden): (Vec<&Sheet>, Vec<&Sheet>) =
                sheets().partition(|sheet| sheet.visible == SheetVisible::Visible);
            if visible.is_empty() {
                return Ok((names().collect(), Vec::new()));
            }
            let names =
                |sheets: Vec<&Sheet>| sheets.iter().map(|sheet| sheet.name.clone()).collect();
            Ok((names(visible), names(hidden)))
        }
    }
}

/// Reads the sheets that are [chosen] and sends their rows. Ends early when nobody takes them.
fn read(
    file: File,
    wanted: Option<&str>,
    sender: &SyncSender<Result<Sent, ReadError>>,
    limits: RecordLimits,
) -> Result<(), ReadError> {
    let wrong =
        |error: calamine::XlsxError| malformed(1, format!("is not a valid workbook: {error}"));
    let mut book = Xlsx::new(BufReader::new(file)).map_err(wrong)?;
    let (names, hidden) = chosen(book.sheets_metadata(), wanted)?;
    if !hidden.is_empty() && sender.send(Ok(Sent::Hidden(hidden))).is_err() {
        return Ok(());
    }
    let epoch_1904 = book.has_1904_epoch();
    let mut batch = Vec::new();
    let mut count = 0;
    for name in &names {
        let sheet: Arc<str> = name.as_str().into();
        let mut cells = book.worksheet_cells_reader(name).map_err(wrong)?;
        let mut row: Option<Row> = None;
        while let Some(cell) = cells.next_cell_with_formula_metadata().map_err(wrong)? {
            count += 1;
            let (number, column) = cell.pos;
            let number = u64::from(number) + 1;
            check(number, column, count, row.as_ref(), limits)?;
            if row.as_ref().is_none_or(|row| row.number != number) {
                batch.extend(row.take());
                row = Some(Row {
                    sheet: Arc::clone(&sheet),
                    number,
                    cells: Vec::new(),
                    formula: None,
                    epoch_1904,
                });
            }
            if batch.len() >= ROWS {
                let rows = Sent::Rows(std::mem::take(&mut batch));
                if sender.send(Ok(rows)).is_err() {
                    return Ok(());
                }
            }
            let column = usize::try_from(column).unwrap_or(usize::MAX);
            let Some(row) = &mut row else { continue };
            match text(&cell.value, epoch_1904) {
                Some(text) => row.set(column, text),
                None if cell.formula.is_some() => row.formula = row.formula.or(Some(column)),
                None => {}
            }
        }
        batch.extend(row.take());
    }
    let _ = sender.send(Ok(Sent::Rows(batch)));
    Ok(())
}

/// Whether a cell is within the limits.
fn check(
    number: u64,
    column: u32,
    count: u64,
    row: Option<&Row>,
    limits: RecordLimits,
) -> Result<(), ReadError> {
    if count > CELLS {
        return Err(malformed(number, format!("has more than {CELLS} cells")));
    }
    if usize::try_from(column).unwrap_or(usize::MAX) >= limits.fields {
        let what = format!(
            "a cell is in column {}; at most {} columns are read",
            column + 1,
            limits.fields
        );
        return Err(malformed(number, what));
    }
    if row.is_some_and(|row| row.number > number) {
        return Err(malformed(number, "rows are not in order".to_owned()));
    }
    Ok(())
}

/// The text of a cell; `None` if it is empty.
fn text(cell: &DataRef<'_>, epoch_1904: bool) -> Option<String> {
    Some(match cell {
        DataRef::Empty => return None,
        DataRef::Int(value) => value.to_string(),
        DataRef::Float(value) => number(*value),
        DataRef::String(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        // As SQL Server writes a bit everywhere else.
        DataRef::Bool(value) => u8::from(*value).to_string(),
        DataRef::DateTime(time) => time_of(*time, epoch_1904),
        DataRef::DateTimeIso(text) => text.replacen('T', " ", 1),
        DataRef::DurationIso(text) => text.clone(),
        DataRef::Error(error) => error.to_string(),
    })
}

/// A number as it was before it was saved in a workbook, which keeps 15 digits; one with more has an exponent.
fn number(value: f64) -> String {
    if value.abs() < 1e15 { value.to_string() } else { format!("{value:e}") }
}

/// A cell of a time: a date, a time of the day without one, or a length of time; else its number.
fn time_of(time: ExcelDateTime, epoch_1904: bool) -> String {
    let days = time.as_f64();
    let of_day = (0.0..1.0).contains(&days);
    let read = match time.is_datetime() {
        true if of_day => length(days),
        true => moment(days, epoch_1904),
        false => length(days),
    };
    read.unwrap_or_else(|| number(days))
}

/// A length of time in days as `hh:mm:ss`, with milliseconds where there are any.
fn length(days: f64) -> Option<String> {
    let ms = (days * DAY).round();
    if !(0.0..1e15).contains(&ms) {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the range was checked: less than 2^53 milliseconds"
    )]
    let ms = ms as i64;
    let (seconds, fraction) = (ms / 1000, ms % 1000);
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    let whole = format!("{hours:02}:{minutes:02}:{:02}", seconds % 60);
    Some(match fraction {
        0 => whole,
        _ => format!("{whole}.{fraction:03}"),
    })
}

/// The time for a number of days. The system from 1900 has a day that never was, the 60th, and so counts one day more
/// after it.
fn moment(days: f64, epoch_1904: bool) -> Option<String> {
    // Days from 1970 back to the day before the first one.
    let zero = match epoch_1904 {
        true if (0.0..2_957_004.0).contains(&days) => -24_107.0,
        false if (61.0..2_958_466.0).contains(&days) => -25_569.0,
        false if (1.0..60.0).contains(&days) => -25_568.0,
        _ => return None,
    };
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the range was checked: less than 2^53 milliseconds"
    )]
    let ms = ((days + zero) * DAY).round() as i64;
    let at: DateTime<Utc> = DateTime::from_timestamp_millis(ms)?;
    Some(at.format("%Y-%m-%d %H:%M:%S%.3f").to_string())
}

/// The rows of all sheets, as records.
struct Sheets {
    receiver: Receiver<Result<Sent, ReadError>>,
    rows: std::vec::IntoIter<Row>,
    /// The first row of the first sheet.
    first: Vec<String>,
    /// The names of the columns; none where the first row is not known to be names.
    names: Vec<String>,
    /// How many empty columns precede the table.
    left: usize,
    width: usize,
    /// The current sheet; none before the first row.
    sheet: Option<Arc<str>>,
    /// Whether the first row is a header, if the user says so.
    header: Option<bool>,
    /// How many rows of each sheet are skipped.
    skip: u64,
    /// Time columns, by name.
    times: Vec<usize>,
    /// Numbers in those that were read as serial day numbers.
    serials: u64,
    /// Rows above the header.
    titles: usize,
    /// The names of hidden sheets.
    hidden: Vec<String>,
    queue: Queue,
}

/// How far down the header is searched for.
const TITLES: usize = 16;

impl Sheets {
    fn next_row(&mut self) -> Result<Option<Row>, ReadError> {
        loop {
            if let Some(row) = self.rows.next() {
                return Ok(Some(row));
            }
            match self.receiver.recv() {
                Ok(sent) => match sent? {
                    Sent::Rows(rows) => self.rows = rows.into_iter(),
                    Sent::Hidden(names) => self.hidden = names,
                },
                Err(_) => return Ok(None),
            }
        }
    }

    /// Takes the first row. Returns whether it is a header.
    fn begin(&mut self) -> Result<bool, ReadError> {
        self.step()?;
        Ok(!self.names.is_empty())
    }

    fn begin_result(&mut self, names: Vec<String>) {
        self.width = names.len();
        let is_time = |at: &usize| known_look(&names[*at]) == Some(CellShape::Time);
        self.times = (0..names.len()).filter(is_time).collect();
        self.queue.push(Waiting::Header(names.clone()));
        self.names = names;
    }

    /// The header row a little below the first row, if there is one, otherwise the first row.
    fn below_titles(&mut self, first: Row) -> Row {
        let below = self.rows.as_slice().iter().take(TITLES);
        let of_sheet = below.take_while(|row| row.sheet == first.sheet);
        let are_several = |row: &Row| row.texts().len() > 1 && are_names(row.texts().into_iter());
        let at = of_sheet.into_iter().position(are_several);
        match at {
            Some(at) if !are_names(first.texts().into_iter()) => {
                self.titles = at + 1;
                self.rows.nth(at).unwrap_or(first)
            }
            _ => first,
        }
    }

    /// Reads bare numbers in time columns as the serial day numbers that workbooks use.
    fn take_serials(&mut self, row: &mut Row) {
        for at in &self.times {
            let days = row.cells[*at].as_deref().and_then(|text| text.parse().ok());
            let is_near = |days: &f64| SERIALS.contains(days);
            let time = days.filter(is_near).and_then(|days| moment(days, row.epoch_1904));
            if time.is_some() {
                row.cells[*at] = time;
                self.serials += 1;
            }
        }
    }

    fn step(&mut self) -> Result<bool, ReadError> {
        let Some(mut row) = self.next_row()? else {
            return Ok(false);
        };
        if row.number <= self.skip || row.empty_before() == row.cells.len() && row.formula.is_none()
        {
            return Ok(true);
        }
        let begins = self.sheet.as_ref() != Some(&row.sheet);
        if begins && self.sheet.is_none() && self.header != Some(false) {
            row = self.below_titles(row);
        }
        if begins {
            self.left = self.margin(&row);
        }
        if row.empty_before() < self.left {
            let detail = format!("expected no cell before column {}", self.left + 1);
            self.reject(&row, Reason::Ragged, detail);
            return Ok(true);
        }
        row.cells.drain(..self.left);
        while row.cells.len() > self.width && row.ends_empty() {
            row.cells.pop();
        }
        if begins && self.begin_sheet(&row) {
            return Ok(true);
        }
        let texts = row.texts();
        if texts.len() > self.width {
            let detail = format!("expected {} cells, found {}", self.width, texts.len());
            self.reject(&row, Reason::Ragged, detail);
        } else if texts == self.names {
            let (text, detail) = (texts.join("\t"), "repeated header".to_owned());
            let reason = Reason::RepeatedHeader;
            self.queue.reject(row.number, &text, reason, detail, 0);
        } else if let Some(column) = row.formula {
            let detail = format!("the formula in column {} has no saved value", column + 1);
            self.reject(&row, Reason::Formula, detail);
        } else {
            let text = texts.join("\t");
            row.cells.resize(self.width, None);
            self.take_serials(&mut row);
            let mut held = OwnedRecord::new(row.number, text);
            row.cells.iter().for_each(|cell| held.push(cell.as_deref()));
            self.queue.push(Waiting::Record(held));
        }
        Ok(true)
    }

    fn reject(&mut self, row: &Row, reason: Reason, detail: String) {
        let text = row.texts().join("\t");
        self.queue.reject(row.number, &text, reason, detail, 1);
    }

    /// How many empty columns precede a table that begins with a row, as far as its first rows show.
    fn margin(&self, first: &Row) -> usize {
        let below = self.rows.as_slice().iter();
        let of_sheet = below.take_while(|row| row.sheet == first.sheet && !row.cells.is_empty());
        let all = std::iter::once(first).chain(of_sheet);
        all.map(Row::empty_before).min().unwrap_or(0)
    }

    /// Takes the first row of a sheet. Whether it is names, and no record.
    fn begin_sheet(&mut self, row: &Row) -> bool {
        let texts = row.texts();
        let is_first = self.sheet.is_none();
        self.sheet = Some(Arc::clone(&row.sheet));
        let could_be_names = || texts.iter().copied().all(could_be_name);
        let continues = texts == self.names || texts == self.first && could_be_names();
        if !is_first && self.header != Some(false) && continues {
            return true;
        }
        if self.header.unwrap_or_else(|| are_names(texts.iter().copied())) {
            self.begin_result(texts.iter().map(|name| (*name).to_owned()).collect());
            return true;
        }
        if is_first {
            self.first = texts.iter().map(|text| (*text).to_owned()).collect();
            self.width = texts.len();
        } else if self.header != Some(false) || texts.len() > self.width {
            // What a sheet without names holds is not known to continue the one before it.
            self.begin_result((1..=texts.len()).map(|at| format!("column {at}")).collect());
        }
        false
    }
}

impl Reader for Sheets {
    fn next(&mut self) -> Result<Option<Item<'_>>, ReadError> {
        while self.queue.is_empty() && self.step()? {}
        Ok(self.queue.lend())
    }

    fn part(&self) -> Option<String> {
        let sheet = self.sheet.as_ref()?;
        Some(format!("sheet {sheet}"))
    }

    fn remarks(&self) -> Vec<String> {
        let mut remarks = match self.titles {
            0 => Vec::new(),
            1 => vec!["1 row above the header was skipped".to_owned()],
            n => vec![format!("{n} rows above the header were skipped")],
        };
        for hidden in &self.hidden {
            remarks.push(format!(
                "the hidden sheet `{hidden}` was skipped; `--sheet \"{hidden}\"` reads it"
            ));
        }
        if self.serials > 0 {
            let n = counted(self.serials, "number");
            remarks.push(format!(
                "{n} in columns of times were read as the workbook's serial numbers of days"
            ));
        }
        remarks
    }
}
