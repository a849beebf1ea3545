//! Opens a file for reading: bytes, encoding, detection, and the reader of its format.

mod adapters;
mod checks;
mod error;
mod layers;
mod verdict;

use crate::import::ImportOptions;
use crate::import::format;
use crate::import::format::FormatLayout;
use crate::import::format::ImportFormat;
use crate::import::format::NullStyle;
use crate::import::format::bcp_format_file::FormatFile;
use crate::import::format::detect::Detection;
use crate::import::format::detect::Sample;
use crate::import::input::decode;
use crate::import::input::decode::DecodeError;
use crate::import::input::decode::Decoder;
use crate::import::input::decode::DetectedEncoding;
use crate::import::input::decode::Encoding;
use crate::import::input::decode::Ending;
use crate::import::input::line_ends::CTRL_Z;
use crate::import::input::source::Bytes;
use crate::import::input::source::Compression;
use crate::import::input::source::Peek;
use crate::import::input::source::Source;
use crate::import::input::source::SourceError;
use crate::import::input::source::Tally;
use crate::import::input::source::UnsupportedFile;
use crate::import::reader::Reader;
use crate::import::reader::aligned;
use crate::import::reader::delimited::Delimited;
use crate::import::reader::delimited::DelimitedPlan;
use crate::import::reader::fixed_width;
use crate::import::reader::fixed_width::Ends;
use crate::import::reader::grid;
use crate::import::reader::inserts;
use crate::import::reader::json;
use crate::import::reader::vertical;
use crate::import::reader::xlsx;
use crate::import::reader::xml;
use crate::record::ReadError;
use adapters::Noted;
use adapters::Prefixed;
use adapters::Trailing;
use checks::check_terminators;
use checks::check_used;
use checks::only_messages;
use checks::refuse_format_table;
pub use error::OpenError;
use layers::Layers;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use verdict::judge;

/// How much of a file, as UTF-8, is used to detect its format.
const BEGINNING: usize = 256 << 10;

/// How much of a file is used to detect its encoding.
const MARKED: usize = 64 << 10;

/// An opened file.
pub struct Opened {
    /// The format in which it is read.
    pub form: &'static ImportFormat,
    /// The best-scoring format that would read the beginning differently, if any.
    pub runner_up: Option<&'static ImportFormat>,
    /// The best-scoring format that reads the beginning alike but writes NULL differently.
    pub twin: Option<&'static ImportFormat>,
    /// A format that reads the beginning alike and takes the word NULL for NULL, if neither of the two does.
    pub by_word: Option<&'static ImportFormat>,
    /// The difference of the two scores, from 0 to 1; 1 if there is no other, or if the format was given.
    pub margin: f64,
    /// The name of its encoding.
    pub encoding: String,
    /// Whether it begins with a byte order mark.
    pub mark: bool,
    /// How it is compressed.
    pub packing: Compression,
    /// Whether the file itself has column names. Names from a format file are also returned as an [`Item::Header`].
    pub has_header: bool,
    /// The progress of reading, and the hash at the end.
    pub tally: Arc<Tally>,
    /// Returns the records.
    pub reader: Box<dyn Reader + Send>,
}

/// Opens the file at `path`, or uncompressed bytes from elsewhere, and detects its format.
///
/// # Errors
/// If it cannot be read, or its encoding or format cannot be determined.
pub fn open(path: &Path, options: &ImportOptions) -> Result<Opened, OpenError> {
    let source = Source::open(path, &options.bounds, !options.unhashed)?;
    let format = match &options.format_file {
        Some(file) => Some(FormatFile::open(file)?),
        None => FormatFile::beside(path)?,
    };
    open_source(source, format.as_ref(), options)
}

/// Reads `reader`, such as standard input, and detects its format.
///
/// # Errors
/// As [`open`].
pub fn open_reader(
    reader: Box<dyn Read + Send>,
    options: &ImportOptions,
) -> Result<Opened, OpenError> {
    let source = Source::from_reader(reader, &options.bounds, !options.unhashed)?;
    let format = options.format_file.as_deref().map(FormatFile::open).transpose()?;
    open_source(source, format.as_ref(), options)
}

/// A decoded text whose beginning can be inspected.
type Text = Peek<Box<dyn Read + Send>>;

fn open_source(
    source: Source,
    format: Option<&FormatFile>,
    options: &ImportOptions,
) -> Result<Opened, OpenError> {
    let form = options.form.as_deref().map(named).transpose()?;
    check_container(form, &source.bytes)?;
    let Source { packing, bytes, tally, placed } = source;
    let stream = match bytes {
        Bytes::Stream(stream) => stream,
        Bytes::Archive(file) => return workbook(file, form, options, packing, tally),
    };
    let (text, told, ending) = decoded(stream, form, options)?;
    let (text, layers) = Layers::undone(text, form, options)?;
    let options = &*layers.options;
    check_begins_a_table(&text, form, layers.is_small, options)?;
    let several = told.encoding.has_several_units();
    let sample = Sample {
        bytes: text.ahead(),
        whole: text.ahead().len() < BEGINNING,
        mark: told.mark > 0,
        wide: told.encoding.name().starts_with("UTF-16"),
        several,
    };
    let verdict = judge(&sample, form, format, options)?;
    let guess = &verdict.guess;
    check_used(guess.form, options)?;
    if guess.trial.rule && options.header == Some(false) {
        let form = guess.form;
        return Err(OpenError::NotUsed { option: "header", form });
    }
    check_terminators(&sample, options)?;
    let escape_is_open = matches!(guess.form.layout, FormatLayout::Delimited(_))
        && layers.escape_is_open(sample.bytes, &guess.trial.delimiter);
    let mut reader = reader(guess, Box::new(text), ending, several, format, options);
    // What is decoded is elsewhere than in the file.
    let as_it_is = told.encoding == Encoding::UTF_8 && !options.lossy && layers.is_as_it_was();
    if let Some(file) = placed.filter(|file| as_it_is && file.last_byte() != Some(CTRL_Z)) {
        reader.may_read_ahead(file.behind(told.mark), options.cut);
    }
    reader = layers.restored(reader);
    let prefix = format.and_then(|format| format.prefix.clone());
    if let Some(prefix) = prefix.filter(|_| guess.form.nulls == NullStyle::EmptyOrNul) {
        reader = Box::new(Prefixed { reader, prefix, fields: Vec::new() });
    }
    reader = layers.counted_from_the_top(reader);
    let remarks = layers.remarks(escape_is_open);
    if !remarks.is_empty() {
        reader = Box::new(Noted { reader, remarks });
    }
    Ok(Opened {
        form: guess.form,
        runner_up: verdict.runner_up,
        twin: verdict.twin,
        by_word: verdict.by_word,
        margin: verdict.margin,
        encoding: told.encoding.name(),
        mark: told.mark > 0,
        packing,
        has_header: verdict.has_header,
        tally,
        reader,
    })
}

/// Fails if a workbook format is given for a file that is not a workbook, or vice versa.
fn check_container(form: Option<&'static ImportFormat>, bytes: &Bytes) -> Result<(), OpenError> {
    let Some(form) = form else { return Ok(()) };
    let has = matches!(bytes, Bytes::Archive(_));
    if (form.layout == FormatLayout::Workbook) == has {
        return Ok(());
    }
    let found = if has { "a workbook" } else { "no workbook" };
    Err(OpenError::WrongContainer { form, found })
}

fn workbook(
    file: File,
    form: Option<&'static ImportFormat>,
    options: &ImportOptions,
    packing: Compression,
    tally: Arc<Tally>,
) -> Result<Opened, OpenError> {
    let opened = xlsx::open(file, form, options)?;
    check_used(opened.form, options)?;
    let twin = match form {
        None => format::by_id("excel_xlsx"),
        Some(_) => None,
    };
    Ok(Opened {
        form: opened.form,
        runner_up: None,
        twin,
        by_word: None,
        margin: 1.0,
        encoding: "UTF-8".to_owned(),
        mark: false,
        packing,
        has_header: opened.has_header,
        tally,
        reader: opened.reader,
    })
}

/// Decodes a stream: its text, its encoding, and the byte at which the text ends in the file.
fn decoded(
    stream: Box<dyn Read + Send>,
    form: Option<&'static ImportFormat>,
    options: &ImportOptions,
) -> Result<(Text, DetectedEncoding, Arc<Ending>), OpenError> {
    let mut raw = Peek::new(stream, MARKED).map_err(ReadError::from)?;
    let whole = raw.ahead().len() < MARKED;
    if raw.ahead().is_empty() {
        return Err(OpenError::Empty);
    }
    let told = decode::tell(raw.ahead(), whole, options.encoding.as_deref());
    let is_plain = told.as_ref().map_or_else(
        |error| matches!(error, DecodeError::NotUnicode { .. }),
        |told| told.mark == 0 && told.encoding == Encoding::UTF_8,
    );
    if let (true, None, Some(kind)) = (is_plain, form, UnsupportedFile::native(raw.ahead())) {
        return Err(SourceError::UnsupportedFile { kind }.into());
    }
    let told = told?;
    raw.skip(told.mark);
    let decoder = Decoder::new(raw, told.encoding, options.lossy);
    let ending = decoder.ending();
    let decoder: Box<dyn Read + Send> = Box::new(decoder);
    let text = Peek::new(decoder, BEGINNING).map_err(ReadError::from)?;
    Ok((text, told, ending))
}

/// Fails if the beginning of a text shows that it is not a table.
fn check_begins_a_table(
    text: &Text,
    form: Option<&'static ImportFormat>,
    is_small: bool,
    options: &ImportOptions,
) -> Result<(), OpenError> {
    if let Some(kind) = UnsupportedFile::page(text.ahead()) {
        return Err(SourceError::UnsupportedFile { kind }.into());
    }
    if is_small && form.is_none() {
        only_messages(text.ahead())?;
    }
    if form.is_none() && options.widths.is_none() {
        refuse_format_table(text.ahead())?;
    }
    Ok(())
}

fn named(id: &str) -> Result<&'static ImportFormat, OpenError> {
    format::by_id(id).ok_or_else(|| OpenError::UnknownForm { form: id.to_owned() })
}

/// The reader of a format.
fn reader(
    guess: &Detection,
    text: Box<dyn Read + Send>,
    ending: Arc<Ending>,
    several: bool,
    format: Option<&FormatFile>,
    options: &ImportOptions,
) -> Box<dyn Reader + Send> {
    let limits = options.record_limits();
    match guess.form.layout {
        FormatLayout::Delimited(_) => {
            let plan = plan(guess, format, options);
            let trailing = plan.trailing;
            let reader = Box::new(Delimited::new(text, plan, ending, limits));
            match trailing {
                true => Box::new(Trailing { reader }),
                false => reader,
            }
        }
        FormatLayout::Aligned => Box::new(aligned::Aligned::new(text, ending, limits)),
        FormatLayout::Widths => {
            let plan = (guess.widths.clone())
                .unwrap_or_else(|| unreachable!("a form of widths is taken where they are known"));
            match plan.ends() {
                Ends::Run => Box::new(fixed_width::Run::new(text, plan, several, limits)),
                Ends::Lines => {
                    let aligned = guess.form.nulls == NullStyle::Word;
                    Box::new(fixed_width::Columns::new(text, plan, several, aligned, limits))
                }
            }
        }
        FormatLayout::Vertical(mark) => Box::new(vertical::Vertical::new(text, mark, limits)),
        FormatLayout::Grid(bars) => Box::new(grid::Grid::new(text, bars, limits)),
        FormatLayout::Json => {
            Box::new(json::Objects::new(text, limits, options.late_columns.clone()))
        }
        FormatLayout::Xml => {
            Box::new(xml::XmlRows::new(text, limits, options.late_columns.clone()))
        }
        FormatLayout::Inserts => Box::new(inserts::Inserts::new(text, limits)),
        FormatLayout::Workbook => unreachable!("a workbook is no text, and was opened before"),
    }
}

fn plan(guess: &Detection, format: Option<&FormatFile>, options: &ImportOptions) -> DelimitedPlan {
    let trial = &guess.trial;
    let likeliest = guess.form.delimiters.first().copied().unwrap_or(",");
    let told = Some(trial.delimiter.as_str()).filter(|delimiter| !delimiter.is_empty());
    let of_format = format.filter(|_| guess.form.nulls == NullStyle::EmptyOrNul);
    let is_own = |end: &&str| !matches!(*end, "\n" | "\r\n");
    let record_end = (options.row_terminator.as_deref())
        .or_else(|| of_format.and_then(|format| format.record_end.as_deref()))
        .filter(is_own)
        .or(trial.end.as_deref())
        .or(guess.form.record_end);
    let names = of_format.map(|format| &format.names).or(trial.below.as_ref());
    DelimitedPlan {
        delimiter: options.field_terminator.as_deref().or(told).unwrap_or(likeliest).to_owned(),
        record_end: record_end.map(str::to_owned),
        quotes: guess.quotes,
        header: options.header.unwrap_or(trial.header),
        width: of_format.map_or(trial.width, |format| format.names.len()),
        looks: trial.looks.clone(),
        trailing: trial.one_more && options.header.unwrap_or(true) && names.is_none(),
        padded: guess.form.padded,
        blanks: trial.blanks,
        names: names.cloned(),
        names_below: guess.form.names_below,
        broken: trial.ragged > 0,
        unquoted: trial.quoted() == 0 && trial.delimiter == "\t",
    }
}
