//! From a file to the reader of its form: bytes, encoding, detection, and the reader itself.

mod adapters;
mod checks;
mod error;
mod verdict;

use crate::import::ImportOptions;
use crate::import::Quote;
use crate::import::format;
use crate::import::format::FormatLayout;
use crate::import::format::ImportFormat;
use crate::import::format::NullStyle;
use crate::import::format::Quotes;
use crate::import::format::bcp_format_file::FormatFile;
use crate::import::format::detect::Detection;
use crate::import::format::detect::Sample;
use crate::import::format::escape;
use crate::import::format::escape::Escape;
use crate::import::format::escape::EscapeEvidence;
use crate::import::input::decode;
use crate::import::input::decode::DecodeError;
use crate::import::input::decode::Decoder;
use crate::import::input::decode::Encoding;
use crate::import::input::decode::Ending;
use crate::import::input::line_ends::CTRL_Z;
use crate::import::input::line_ends::Repaired;
use crate::import::input::line_ends::Repairs;
use crate::import::input::pieces::Document;
use crate::import::input::pieces::DocumentRows;
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
use crate::import::reader::escapes;
use crate::import::reader::fixed_width;
use crate::import::reader::fixed_width::Ends;
use crate::import::reader::grid;
use crate::import::reader::inserts;
use crate::import::reader::json;
use crate::import::reader::quotes;
use crate::import::reader::vertical;
use crate::import::reader::xlsx;
use crate::import::reader::xml;
use crate::record::ReadError;
use adapters::Noted;
use adapters::Prefixed;
use adapters::Skipped;
use adapters::Trailing;
use checks::check_terminators;
use checks::check_used;
use checks::only_messages;
use checks::refuse_format_table;
pub use error::OpenError;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use verdict::judge;

/// How much of a file, as UTF-8, its form is told from.
const BEGINNING: usize = 256 << 10;

/// How much of a file its encoding is told from.
const MARKED: usize = 64 << 10;

/// A file that can be read.
pub struct Opened {
    /// The form it is read in.
    pub form: &'static ImportFormat,
    /// The likeliest form that would read the beginning differently, if any could be.
    pub runner_up: Option<&'static ImportFormat>,
    /// The likeliest form that reads the beginning alike and writes NULL differently.
    pub twin: Option<&'static ImportFormat>,
    /// The distance between the two scores, from 0 to 1; 1 when there is no other, or when the form was named.
    pub margin: f64,
    /// The name of its encoding.
    pub encoding: String,
    /// Whether it begins with a byte order mark.
    pub mark: bool,
    /// How it is packed.
    pub packing: Compression,
    /// Whether the file itself names its columns. Names from a format file come as an [`Item::Header`] all the same.
    pub has_header: bool,
    /// How far reading has come, and the hash at the end.
    pub tally: Arc<Tally>,
    /// Gives the records.
    pub reader: Box<dyn Reader + Send>,
}

/// Opens the file at `path`, or unpacked bytes that come from elsewhere, and tells its form.
///
/// # Errors
/// When it cannot be read, or nobody can say in which encoding or form it is.
pub fn open(path: &Path, options: &ImportOptions) -> Result<Opened, OpenError> {
    let source = Source::open(path, &options.bounds, !options.unhashed)?;
    let format = match &options.format_file {
        Some(file) => Some(FormatFile::open(file)?),
        None => FormatFile::beside(path)?,
    };
    open_source(source, format.as_ref(), options)
}

/// Takes what `reader` gives, such as standard input, and tells its form.
///
/// # Errors
/// As [`open`].
pub fn open_reader(
    reader: Box<dyn Read + Send>,
    options: &ImportOptions,
) -> Result<Opened, OpenError> {
    let source = Source::from_reader(reader, &options.bounds, !options.unhashed)?;
    let format = options
        .format_file
        .as_deref()
        .map(FormatFile::open)
        .transpose()?;
    open_source(source, format.as_ref(), options)
}

fn open_source(
    source: Source,
    format: Option<&FormatFile>,
    options: &ImportOptions,
) -> Result<Opened, OpenError> {
    let form = options.form.as_deref().map(named).transpose()?;
    let Source {
        packing,
        bytes,
        tally,
        placed,
    } = source;
    if let Some(form) = form {
        let (wants, has) = (
            form.layout == FormatLayout::Workbook,
            matches!(bytes, Bytes::Archive(_)),
        );
        if wants != has {
            let found = if has { "a workbook" } else { "no workbook" };
            return Err(OpenError::WrongContainer { form, found });
        }
    }
    let stream = match bytes {
        Bytes::Stream(stream) => stream,
        Bytes::Archive(file) => {
            let opened = xlsx::open(file, form, options)?;
            check_used(opened.form, options)?;
            return Ok(Opened {
                form: opened.form,
                runner_up: None,
                twin: form
                    .is_none()
                    .then(|| format::by_id("excel_xlsx"))
                    .flatten(),
                margin: 1.0,
                encoding: "UTF-8".to_owned(),
                mark: false,
                packing,
                has_header: opened.has_header,
                tally,
                reader: opened.reader,
            });
        }
    };
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
    let wide = told.encoding.name().starts_with("UTF-16");
    let decoder = Decoder::new(raw, told.encoding, options.lossy);
    let ending = decoder.ending();
    let decoder: Box<dyn Read + Send> = Box::new(decoder);
    let mut text = Peek::new(decoder, BEGINNING).map_err(ReadError::from)?;
    let mut repairs = Repairs::of(text.ahead());
    // Who says what ends a record, or how wide one is, may mean a carriage return.
    repairs.carriage_returns &= options.row_terminator.is_none() && options.widths.is_none();
    // A row of a document may end in the carriage return of a text.
    repairs.doubled &= DocumentRows::of(text.ahead()).is_none();
    let is_small = text.ahead().len() < BEGINNING;
    let is_nothing = |byte: &u8| byte.is_ascii_whitespace() || *byte == CTRL_Z;
    if is_small && text.ahead().iter().all(is_nothing) {
        return Err(OpenError::Empty);
    }
    let marked = is_small && text.ahead().ends_with(&[CTRL_Z]);
    if repairs.any() || marked {
        let repaired: Box<dyn Read + Send> = Box::new(Repaired::new(text, repairs));
        text = Peek::new(repaired, BEGINNING).map_err(ReadError::from)?;
    }
    if options.skip > 0 {
        skip_lines(&mut text, options.skip).map_err(ReadError::from)?;
        let rest: Box<dyn Read + Send> = Box::new(text);
        text = Peek::new(rest, BEGINNING).map_err(ReadError::from)?;
    }
    let told_quote = told_quote(&text, form, options);
    let with_quote;
    let options = if let Some(quote) = told_quote {
        with_quote = ImportOptions {
            quote: Some(Quote::By(quote)),
            ..options.clone()
        };
        &with_quote
    } else {
        options
    };
    let other_quote = options.quote.and_then(Quote::other);
    if let Some(quote) = other_quote {
        let swapped = quotes::with_double_quotes(text, quote);
        text = Peek::new(swapped, BEGINNING).map_err(ReadError::from)?;
    }
    let escape = escape(&text, form, options)?;
    // Who escapes quotes has texts in quotes.
    let escaped_quotes;
    let options = if escape == Escape::Backslash && options.quote.is_none() {
        escaped_quotes = ImportOptions {
            quote: Some(Quote::By('"')),
            ..options.clone()
        };
        &escaped_quotes
    } else {
        options
    };
    let mut breaks = None;
    if escape != Escape::Nothing {
        let masked = escapes::Masked::new(text);
        breaks = Some(masked.breaks());
        let masked: Box<dyn Read + Send> = Box::new(masked);
        text = Peek::new(masked, BEGINNING).map_err(ReadError::from)?;
    }
    let takes_documents =
        form.is_none_or(|form| matches!(form.layout, FormatLayout::Json | FormatLayout::Xml));
    let document = DocumentRows::of(text.ahead()).filter(|_| takes_documents);
    if let Some(rows) = document {
        let document: Box<dyn Read + Send> = Box::new(Document::new(text, rows));
        text = Peek::new(document, BEGINNING).map_err(ReadError::from)?;
    }
    if let Some(kind) = UnsupportedFile::page(text.ahead()) {
        return Err(SourceError::UnsupportedFile { kind }.into());
    }
    if is_small && form.is_none() {
        only_messages(text.ahead())?;
    }
    if form.is_none() && options.widths.is_none() {
        refuse_format_table(text.ahead())?;
    }
    let sample = Sample {
        bytes: text.ahead(),
        whole: text.ahead().len() < BEGINNING,
        mark: told.mark > 0,
        wide,
        several: told.encoding.has_several_units(),
    };
    let verdict = judge(&sample, form, format, options)?;
    check_used(verdict.guess.form, options)?;
    check_terminators(&sample, options)?;
    let has_header = verdict.has_header;
    let escape_is_open = options.escape.is_none()
        && escape == Escape::Nothing
        && matches!(verdict.guess.form.layout, FormatLayout::Delimited(_))
        && escape::may_be_escaped(sample.bytes, &verdict.guess.trial.delimiter);
    let several = sample.several;
    let mut reader = reader(
        &verdict.guess,
        Box::new(text),
        ending,
        several,
        format,
        options,
    );
    // What is decoded stands elsewhere than in the file.
    let is_whole = options.skip == 0
        && !repairs.any()
        && document.is_none()
        && other_quote.is_none()
        && breaks.is_none();
    let as_it_is = told.encoding == Encoding::UTF_8 && !options.lossy && is_whole;
    if let Some(file) = placed.filter(|file| as_it_is && file.last_byte() != Some(CTRL_Z)) {
        reader.may_read_ahead(file.behind(told.mark), options.cut);
    }
    if let Some(breaks) = breaks {
        let said = options.escape.is_some();
        reader = Box::new(escapes::Unescaped::new(reader, escape, said, breaks));
    }
    if let Some(quote) = other_quote {
        reader = Box::new(quotes::QuoteSwapRestore::new(reader, quote));
    }
    let prefix = format.and_then(|format| format.prefix.clone());
    if let Some(prefix) = prefix.filter(|_| verdict.guess.form.nulls == NullStyle::EmptyOrNul) {
        reader = Box::new(Prefixed {
            reader,
            prefix,
            fields: Vec::new(),
        });
    }
    let above = options.skip + document.map_or(0, |document| document.head);
    if above > 0 {
        reader = Box::new(Skipped {
            reader,
            lines: above as u64,
        });
    }
    let mut remarks = repairs.remarks();
    if let Some(quote) = told_quote {
        let quotes = match quote {
            '\'' => "single quotes",
            _ => "typographic quotes",
        };
        remarks.push(format!(
            "texts are in {quotes}, and were read without them; `--quote none` keeps them"
        ));
    }
    if escape_is_open {
        remarks.push(
            "backslashes are left in texts as they are; `--escape backslash` reads two as one, `--escape mysql` reads \
             `\\n` as a line break as well".to_owned(),
        );
    }
    if options.escape.is_none() && escape != Escape::Nothing {
        remarks.push(escape.remark());
    }
    remarks.extend(document.map(|document| document.remark().to_owned()));
    Ok(Opened {
        form: verdict.guess.form,
        runner_up: verdict.runner_up,
        twin: verdict.twin,
        margin: verdict.margin,
        encoding: told.encoding.name(),
        mark: told.mark > 0,
        packing,
        has_header,
        tally,
        reader: if remarks.is_empty() {
            reader
        } else {
            Box::new(Noted { reader, remarks })
        },
    })
}

/// What a backslash means in `text`: what the user says, else what its beginning does.
fn escape(
    text: &Peek<Box<dyn Read + Send>>,
    form: Option<&'static ImportFormat>,
    options: &ImportOptions,
) -> Result<Escape, OpenError> {
    if let Some(said) = options.escape {
        return Ok(said);
    }
    if !may_be_quoted(form, options) || options.quote == Some(Quote::Nothing) {
        return Ok(Escape::Nothing);
    }
    match Escape::tell(&delimited(text), options.field_terminator.as_deref()) {
        None => Ok(Escape::Nothing),
        Some(EscapeEvidence::Is(escape)) => Ok(escape),
        Some(EscapeEvidence::Unclear) => Err(OpenError::Escapes),
    }
}

/// The quote that texts are in, if the beginning of `text` says that it is another one than the double quote, and the
/// user says nothing else.
fn told_quote(
    text: &Peek<Box<dyn Read + Send>>,
    form: Option<&'static ImportFormat>,
    options: &ImportOptions,
) -> Option<char> {
    if options.quote.is_some() || !may_be_quoted(form, options) {
        return None;
    }
    escape::quote_of(&delimited(text), options.field_terminator.as_deref())
}

/// Whether a file may be delimited text with quotes or escapes that nobody has named.
fn may_be_quoted(form: Option<&'static ImportFormat>, options: &ImportOptions) -> bool {
    let has_quotes = |form: &ImportFormat| form.layout == FormatLayout::Delimited(Quotes::Doubled);
    form.is_none_or(has_quotes) && options.row_terminator.is_none() && options.widths.is_none()
}

/// The beginning of a text that may be delimited.
fn delimited(text: &Peek<Box<dyn Read + Send>>) -> Sample<'_> {
    Sample {
        bytes: text.ahead(),
        whole: text.ahead().len() < BEGINNING,
        mark: false,
        wide: false,
        several: false,
    }
}

/// Reads over lines at the beginning, byte by byte: they are few.
fn skip_lines(text: &mut dyn Read, lines: usize) -> std::io::Result<()> {
    let mut left = lines;
    let mut byte = [0];
    while left > 0 && text.read(&mut byte)? > 0 {
        left -= usize::from(byte[0] == b'\n');
    }
    Ok(())
}

fn named(id: &str) -> Result<&'static ImportFormat, OpenError> {
    format::by_id(id).ok_or_else(|| OpenError::UnknownForm {
        form: id.to_owned(),
    })
}

/// The reader of a form.
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
                    Box::new(fixed_width::Columns::new(
                        text, plan, several, aligned, limits,
                    ))
                }
            }
        }
        FormatLayout::Vertical(mark) => Box::new(vertical::Vertical::new(text, mark, limits)),
        FormatLayout::Grid(bars) => Box::new(grid::Grid::new(text, bars, limits)),
        FormatLayout::Json => Box::new(json::Objects::new(
            text,
            limits,
            options.late_columns.clone(),
        )),
        FormatLayout::Xml => Box::new(xml::XmlRows::new(
            text,
            limits,
            options.late_columns.clone(),
        )),
        FormatLayout::Inserts => Box::new(inserts::Inserts::new(text, limits)),
        FormatLayout::Workbook => unreachable!("a workbook is no text, and was opened before"),
    }
}

fn plan(guess: &Detection, format: Option<&FormatFile>, options: &ImportOptions) -> DelimitedPlan {
    let trial = &guess.trial;
    let likeliest = guess.form.delimiters.first().copied().unwrap_or(",");
    let told = Some(trial.delimiter.as_str()).filter(|delimiter| !delimiter.is_empty());
    let of_format = format.filter(|_| guess.form.nulls == NullStyle::EmptyOrNul);
    let record_end = (options.row_terminator.as_deref())
        .or_else(|| of_format.and_then(|format| format.record_end.as_deref()))
        .or(trial.end.as_deref())
        .or(guess.form.record_end)
        .filter(|end| !matches!(*end, "\n" | "\r\n"));
    let names = of_format
        .map(|format| &format.names)
        .or(trial.below.as_ref());
    DelimitedPlan {
        delimiter: options
            .field_terminator
            .as_deref()
            .or(told)
            .unwrap_or(likeliest)
            .to_owned(),
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
    }
}
