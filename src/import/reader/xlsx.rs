//! Reads workbooks, cell by cell and never as a rectangle, so that two cells far apart cost two cells.
//!
//! Every worksheet is read, one after the other. One that begins with the same names goes on with the one before it, as
//! Azure Data Studio continues after a million rows; other names begin another result. Times are serial numbers of
//! days, from 1900 or from 1904; a serial that is no day comes back as the number, which no column of times takes. A
//! number with more digits than a workbook keeps comes back with an exponent, which no column of numbers takes.

use std::fs::File;
use std::io::{BufReader, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use calamine::{DataRef, ExcelDateTime, Reader as _, SheetType, Xlsx};
use chrono::{DateTime, Utc};

use crate::diagnostic::counted;
use crate::import::ImportOptions;
use crate::import::format;
use crate::import::format::ImportFormat;
use crate::import::format::detect::{CellShape, are_names, known_look};
use crate::import::input::archive;
use crate::import::input::source::SourceError;
use crate::import::open::OpenError;
use crate::import::reader::queue::{Held, Queue, Waiting};
use crate::import::reader::{Item, Reader};
use crate::record::{ReadError, Reason, RecordLimits};

/// The most cells that are read.
const CELLS: u64 = 50_000_000;

/// How many rows travel from the thread that reads to the one that asks, at once.
const ROWS: usize = 128;

/// Serial numbers of days that a bare number may be in a column of times: from about 1954 to 2119, and no year and no
/// date without its dashes.
const SERIALS: std::ops::Range<f64> = 20_000.0..80_000.0;

/// Milliseconds of a day.
const DAY: f64 = 86_400_000.0;

/// A workbook that can be read.
pub struct Book {
    /// The form it is read in.
    pub form: &'static ImportFormat,
    /// Whether the first row is names.
    pub has_header: bool,
    /// Gives the rows.
    pub reader: Box<dyn Reader + Send>,
}

/// Opens the workbook in `file`. Who wrote it is told from how texts are kept: Excel shares them, Azure Data Studio
/// does not.
///
/// # Errors
/// When it is damaged, no workbook, or larger than the bounds allow.
pub fn open(
    mut file: File,
    form: Option<&'static ImportFormat>,
    options: &ImportOptions,
) -> Result<Book, OpenError> {
    let (limits, wanted) = (options.record_limits(), options.sheet.clone());
    let contents = archive::look_through(&mut file, &options.bounds, &limits)?;
    if !contents.workbook {
        return Err(SourceError::Compression {
            what: "a zip archive that is not a workbook",
        }
        .into());
    }
    let id = if contents.shared_strings {
        "excel_xlsx"
    } else {
        "ads_xlsx"
    };
    let form = form.or_else(|| format::by_id(id)).ok_or(OpenError::Empty)?;
    file.seek(SeekFrom::Start(0)).map_err(ReadError::from)?;
    let (sender, receiver) = sync_channel(2);
    thread::Builder::new()
        .name("workbook".to_owned())
        .spawn(move || {
            let sheet = wanted.as_deref();
            let read = catch_unwind(AssertUnwindSafe(|| read(file, sheet, &sender, limits)));
            let failed = match read {
                Ok(Ok(())) => return,
                Ok(Err(error)) => error,
                Err(_) => malformed(1, "cannot be read".to_owned()),
            };
            // Whoever asked may have gone away, and then nobody minds.
            let _ = sender.send(Err(failed));
        })
        .map_err(ReadError::from)?;
    let mut sheets = Sheets {
        receiver,
        rows: Vec::new().into_iter(),
        names: Vec::new(),
        width: 0,
        sheet: None,
        header: options.header,
        times: Vec::new(),
        serials: 0,
        titles: 0,
        queue: Queue::default(),
    };
    let has_header = sheets.begin()?;
    Ok(Book {
        form,
        has_header,
        reader: Box::new(sheets),
    })
}

fn malformed(line: u64, what: String) -> ReadError {
    ReadError::Malformed { line, what }
}

/// A row of a sheet.
struct Row {
    /// The sheet's name, of which a workbook has one each.
    sheet: Arc<str>,
    /// The row's number, from 1.
    number: u64,
    cells: Vec<Option<String>>,
    /// Whether its days are counted from 1904.
    epoch_1904: bool,
}

impl Row {
    fn texts(&self) -> Vec<&str> {
        self.cells
            .iter()
            .map(|cell| cell.as_deref().unwrap_or_default())
            .collect()
    }
}

type Sent = Result<Vec<Row>, ReadError>;

/// Reads all sheets, or the one that is wanted, and sends their rows. Ends early when nobody takes them.
fn read(
    file: File,
    wanted: Option<&str>,
    sender: &SyncSender<Sent>,
    limits: RecordLimits,
) -> Result<(), ReadError> {
    let wrong =
        |error: calamine::XlsxError| malformed(1, format!("is not a valid workbook: {error}"));
    let mut book = Xlsx::new(BufReader::new(file)).map_err(wrong)?;
    let sheets = book
        .sheets_metadata()
        .iter()
        .filter(|sheet| sheet.typ == SheetType::WorkSheet);
    let mut names: Vec<String> = sheets.map(|sheet| sheet.name.clone()).collect();
    if let Some(wanted) = wanted {
        if !names.iter().any(|name| name == wanted) {
            let there = names.join("`, `");
            return Err(malformed(
                1,
                format!("there is no sheet `{wanted}`; the sheets are `{there}`"),
            ));
        }
        names.retain(|name| name == wanted);
    }
    let epoch_1904 = book.has_1904_epoch();
    let mut batch = Vec::new();
    let mut count = 0;
    for name in &names {
        let sheet: Arc<str> = name.as_str().into();
        let mut cells = book.worksheet_cells_reader(name).map_err(wrong)?;
        let mut row: Option<Row> = None;
        while let Some(cell) = cells.next_cell().map_err(wrong)? {
            count += 1;
            let (number, column) = cell.get_position();
            let number = u64::from(number) + 1;
            check(number, column, count, row.as_ref(), limits)?;
            if row.as_ref().is_none_or(|row| row.number != number) {
                batch.extend(row.take());
                row = Some(Row {
                    sheet: Arc::clone(&sheet),
                    number,
                    cells: Vec::new(),
                    epoch_1904,
                });
            }
            if batch.len() >= ROWS && sender.send(Ok(std::mem::take(&mut batch))).is_err() {
                return Ok(());
            }
            let column = usize::try_from(column).unwrap_or(usize::MAX);
            if let (Some(row), Some(text)) = (&mut row, text(cell.get_value(), epoch_1904)) {
                if row.cells.len() <= column {
                    row.cells.resize(column + 1, None);
                }
                row.cells[column] = Some(text);
            }
        }
        batch.extend(row.take());
    }
    let _ = sender.send(Ok(batch));
    Ok(())
}

/// Whether a cell may stand where it does.
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

/// The text of a cell; `None` when it holds nothing.
fn text(cell: &DataRef<'_>, epoch_1904: bool) -> Option<String> {
    Some(match cell {
        DataRef::Empty => return None,
        DataRef::Int(value) => value.to_string(),
        DataRef::Float(value) => number(*value),
        DataRef::String(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        // As SQL Server writes a bit everywhere else.
        DataRef::Bool(value) => u8::from(*value).to_string(),
        DataRef::DateTime(time) => {
            serial(*time, epoch_1904).unwrap_or_else(|| number(time.as_f64()))
        }
        DataRef::DateTimeIso(text) => text.replacen('T', " ", 1),
        DataRef::DurationIso(text) => text.clone(),
        DataRef::Error(error) => error.to_string(),
    })
}

/// A number as it was before it went into a workbook, which keeps 15 digits; one with more has an exponent.
fn number(value: f64) -> String {
    if value.abs() < 1e15 {
        value.to_string()
    } else {
        format!("{value:e}")
    }
}

/// The time that a serial number of days means, if there is one. The first system has a day that never was, the 60th,
/// and so counts one day more after it.
fn serial(time: ExcelDateTime, epoch_1904: bool) -> Option<String> {
    time.is_datetime()
        .then(|| moment(time.as_f64(), epoch_1904))?
}

/// The time that so many days mean.
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
    receiver: Receiver<Sent>,
    rows: std::vec::IntoIter<Row>,
    names: Vec<String>,
    width: usize,
    /// The sheet that is read; none before the first row.
    sheet: Option<Arc<str>>,
    /// Whether the first row is names, where that was said.
    header: Option<bool>,
    /// Columns of times, by their names.
    times: Vec<usize>,
    /// Numbers in those that were read as serial numbers of days.
    serials: u64,
    /// Rows above the names.
    titles: usize,
    queue: Queue,
}

/// How far down the names of the columns are looked for.
const TITLES: usize = 16;

impl Sheets {
    fn next_row(&mut self) -> Result<Option<Row>, ReadError> {
        loop {
            if let Some(row) = self.rows.next() {
                return Ok(Some(row));
            }
            match self.receiver.recv() {
                Ok(rows) => self.rows = rows?.into_iter(),
                Err(_) => return Ok(None),
            }
        }
    }

    /// Takes the first row. Whether it is names.
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

    /// The row of names a little below the first row, if there is one, and else the first row.
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

    /// Reads bare numbers in columns of times as the serial numbers that they are in a workbook.
    fn take_serials(&mut self, row: &mut Row) {
        for at in &self.times {
            let days = row.cells[*at].as_deref().and_then(|text| text.parse().ok());
            let is_near = |days: &f64| SERIALS.contains(days);
            let time = days
                .filter(is_near)
                .and_then(|days| moment(days, row.epoch_1904));
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
        while row
            .cells
            .last()
            .is_some_and(|cell| cell.as_deref().is_none_or(str::is_empty))
            && row.cells.len() > self.width
        {
            row.cells.pop();
        }
        if row.cells.iter().all(Option::is_none) {
            return Ok(true);
        }
        let first = self.sheet.is_none();
        if first && self.header.is_none() {
            row = self.below_titles(row);
        }
        let texts = row.texts();
        if self.sheet.as_ref() != Some(&row.sheet) {
            self.sheet = Some(Arc::clone(&row.sheet));
            if !first && texts == self.names {
                return Ok(true);
            }
            let said = self.header.filter(|_| first);
            if said.unwrap_or_else(|| are_names(texts.iter().copied())) {
                self.begin_result(texts.iter().map(|name| (*name).to_owned()).collect());
                return Ok(true);
            }
            if first {
                self.width = texts.len();
            } else if !self.names.is_empty() {
                // What a sheet without names holds is not known to go on with the one before it.
                let nameless = (1..=texts.len()).map(|at| format!("column {at}"));
                self.begin_result(nameless.collect());
            }
        }
        let text = texts.join("\t");
        if texts.len() > self.width {
            let detail = format!("expected {} cells, found {}", self.width, texts.len());
            self.queue
                .reject(row.number, &text, Reason::Ragged, detail, 1);
        } else if texts == self.names {
            let detail = "repeated header".to_owned();
            self.queue
                .reject(row.number, &text, Reason::RepeatedHeader, detail, 0);
        } else {
            row.cells.resize(self.width, None);
            self.take_serials(&mut row);
            let mut held = Held::new(row.number, text);
            row.cells.iter().for_each(|cell| held.push(cell.as_deref()));
            self.queue.push(Waiting::Record(held));
        }
        Ok(true)
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
        if self.serials > 0 {
            let n = counted(self.serials, "number");
            remarks.push(format!(
                "{n} in columns of times were read as the workbook's serial numbers of days"
            ));
        }
        remarks
    }
}
