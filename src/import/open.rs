//! From a file to the reader of its form: bytes, encoding, detection, and the reader itself.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{Cursor, Read};
use std::path::Path;
use std::sync::Arc;

use thiserror::Error;

use crate::diagnostic::did_you_mean;
use crate::import::format;
use crate::import::format::bcp_format_file::{FormatError, FormatFile};
use crate::import::format::detect;
use crate::import::format::detect::{Guess, Sample, THIN, Trials};
use crate::import::format::escape::{self, Escape, EscapeEvidence};
use crate::import::format::trailer;
use crate::import::format::{FORMS, Form, FormatLayout, Nulls, Quotes};
use crate::import::input::decode;
use crate::import::input::decode::{DecodeError, Decoder, Encoding, Ending};
use crate::import::input::line_ends::{CTRL_Z, Repaired, Repairs};
use crate::import::input::pieces::{Document, DocumentRows};
use crate::import::input::source::{
    Bytes, Foreign, Packing, Peek, Placed, Source, SourceError, Tally,
};
use crate::import::reader::column_union::DocumentColumn;
use crate::import::reader::delimited::{Delimited, DelimitedPlan};
use crate::import::reader::escapes;
use crate::import::reader::fixed_width;
use crate::import::reader::fixed_width::{Ends, Widths};
use crate::import::reader::parallel::Cut;
use crate::import::reader::queue::reject;
use crate::import::reader::{Item, Reader};
use crate::import::reader::{aligned, grid, inserts, json, quotes, vertical, xlsx, xml};
use crate::import::{ImportOptions, Quote};
use crate::record::row_filter::Sieve;
use crate::record::{Field, ReadError, Reason, Record, Written};

/// How much of a file, as UTF-8, its form is told from.
const BEGINNING: usize = 256 << 10;

/// How much of a file its encoding is told from.
const MARKED: usize = 64 << 10;

/// How many records of the beginning are read in two forms to see whether they read it alike.
const COMPARED: usize = 1000;

/// The distance beyond which another form is no rival.
const FAR: f64 = 0.5;

/// The distance within which a form that reads the beginning alike may be the right one, and how many are looked at.
const TWIN: f64 = 0.2;
const NEAREST: usize = 4;

/// Why a file is not read at all.
#[derive(Debug, Error)]
pub enum OpenError {
    /// Its bytes cannot be had.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// Its encoding is not known.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// Its container is damaged or too large.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The format file cannot be used.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// No form has this id.
    #[error("there is no form `{form}`")]
    UnknownForm {
        /// What was asked for.
        form: String,
    },
    /// There is nothing in it.
    #[error("is empty")]
    Empty,
    /// It holds what the server said, and no rows.
    #[error("has no result, only {}", said(errors))]
    NoResult {
        /// The numbers of the errors.
        errors: Vec<u64>,
    },
    /// It is like none of the forms.
    #[error("is in none of the {count} known forms")]
    NoForm {
        /// How many there are.
        count: usize,
    },
    /// Its columns have fixed widths, and nothing says which.
    #[error("has columns of fixed widths, as it seems, and nothing in it says how wide they are")]
    NoWidths {
        /// What the blanks that all rows share would make of them.
        proposal: Option<Vec<usize>>,
    },
    /// It could be in either of two forms, which would read it differently.
    #[error("could be `{}` or `{}`, which read it differently", best.id, runner_up.id)]
    Undecided {
        /// The likelier one.
        best: &'static Form,
        /// The other one.
        runner_up: &'static Form,
    },
    /// Quotes in it can be read with a backslash as an escape, and without, and neither is clearly right.
    #[error(
        "has quotes behind a backslash, which can be read in two ways: as escaped, or as the ends of texts"
    )]
    Escapes,
    /// What PowerShell shows on the console.
    #[error(
        "is PowerShell's Format-Table, which cuts values and leaves columns out to fit the console"
    )]
    FormatTable,
    /// A workbook asked for as text, or a text as a workbook.
    #[error("cannot be `{}`: it is {found}", form.id)]
    WrongContainer {
        /// The form asked for.
        form: &'static Form,
        /// `a workbook`, `no workbook`.
        found: &'static str,
    },
    /// What was said of it means nothing in its form.
    #[error("is read as `{}`, for which `--{option}` says nothing", form.id)]
    NotUsed {
        /// The option, without its dashes.
        option: &'static str,
        /// The form it is read in.
        form: &'static Form,
    },
    /// What should end its fields or records is not in it.
    #[error("does not hold {}, which `--{option}` names", shown(text))]
    NoTerminator {
        /// The option, without its dashes.
        option: &'static str,
        /// The terminator as it was given.
        text: String,
    },
    /// A spreadsheet has saved it and spoiled its times beyond recovery.
    #[error(
        "column `{column}` holds times that a spreadsheet has spoiled: {}",
        quoted(samples)
    )]
    Spoiled {
        /// The name of the column.
        column: String,
        /// Up to three of its fields.
        samples: Vec<String>,
    },
}

/// A terminator as it is written on the command line.
fn shown(text: &str) -> String {
    let shown = text
        .replace('\t', "\\t")
        .replace('\r', "\\r")
        .replace('\n', "\\n");
    format!("`{}`", shown.replace('\0', "\\0"))
}

/// What a file says that holds no rows.
fn said(errors: &[u64]) -> String {
    match errors {
        [] => "messages of the server".to_owned(),
        [number] => format!("error {number} of the server"),
        [first, ..] => format!(
            "{} errors of the server, the first of them {first}",
            errors.len()
        ),
    }
}

fn quoted(samples: &[String]) -> String {
    let quoted: Vec<String> = samples.iter().map(|sample| format!("`{sample}`")).collect();
    quoted.join(", ")
}

impl OpenError {
    /// What to do about it, in a sentence.
    #[must_use]
    pub fn advice(&self) -> Option<String> {
        Some(match self {
            Self::Decode(DecodeError::NotUnicode { words, .. }) => decode::advice(words),
            Self::Undecided { best, runner_up } => format!(
                "say which with `--input-format {}` ({}; {}) or `--input-format {}` ({}; {})",
                best.id,
                best.title,
                best.nulls.title(),
                runner_up.id,
                runner_up.title,
                runner_up.nulls.title()
            ),
            Self::FormatTable => {
                "write the rows with `| Export-Csv activity.csv -NoTypeInformation -Encoding UTF8` instead of \
                 `| Format-Table`"
                    .to_owned()
            }
            Self::Escapes => {
                "say `--escape backslash` if `\\\"` is a quote within a text, or `--escape none` if a backslash is a \
                 character like others"
                    .to_owned()
            }
            Self::Spoiled { .. } => {
                "export again and do not open the file in a spreadsheet before; a workbook keeps times whole".to_owned()
            }
            Self::NoWidths { proposal } => {
                let said = "give its bcp format file with `--format-file`, or the widths of its columns with \
                            `--widths`";
                match proposal {
                    Some(widths) => format!(
                        "{said}; by the blanks that all rows share it would be `--widths {}`, which may be wrong",
                        fixed_width::shown(widths)
                    ),
                    None => format!("{said}, such as 20,6,23, or 20,6,* where the last column is not padded"),
                }
            }
            Self::NoForm { .. } => {
                format!(
                    "name it with `--input-format`, or export as CSV with column names; there are {}",
                    all_forms()
                )
            }
            Self::UnknownForm { form } => match did_you_mean(form, FORMS.iter().map(|form| form.id)) {
                Some(meant) => format!("did you mean `{meant}`? there are {}", all_forms()),
                None => format!("there are {}", all_forms()),
            },
            Self::NotUsed { option, .. } => {
                format!("leave `--{option}` out, or say with `--input-format` what the file is")
            }
            Self::NoTerminator { option, .. } => format!(
                "leave `--{option}` out, or look at the end of a field and of a record in the file; `\\t`, `\\n`, \
                 `\\r` and `0x0a` are what they are to bcp"
            ),
            Self::Source(SourceError::Packing { .. }) => "unpack it first".to_owned(),
            Self::Source(SourceError::Foreign { kind }) => kind.advice.to_owned(),
            Self::NoResult { .. } => "run the query again, and export the rows of its result".to_owned(),
            _ => return None,
        })
    }
}

/// The names of all forms.
fn all_forms() -> String {
    let names: Vec<&str> = FORMS.iter().map(|form| form.id).collect();
    names.join(", ")
}

/// A file that can be read.
pub struct Opened {
    /// The form it is read in.
    pub form: &'static Form,
    /// The likeliest form that would read the beginning differently, if any could be.
    pub runner_up: Option<&'static Form>,
    /// The likeliest form that reads the beginning alike and writes NULL differently.
    pub twin: Option<&'static Form>,
    /// The distance between the two scores, from 0 to 1; 1 when there is no other, or when the form was named.
    pub margin: f64,
    /// The name of its encoding.
    pub encoding: String,
    /// Whether it begins with a byte order mark.
    pub mark: bool,
    /// How it is packed.
    pub packing: Packing,
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
    if let (true, None, Some(kind)) = (is_plain, form, Foreign::native(raw.ahead())) {
        return Err(SourceError::Foreign { kind }.into());
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
    let single = has_single_quotes(&text, form, options);
    let with_quote;
    let options = if single {
        with_quote = ImportOptions {
            quote: Some(Quote::By('\'')),
            ..options.clone()
        };
        &with_quote
    } else {
        options
    };
    let other_quote = options.quote.and_then(Quote::other);
    if let Some(quote) = other_quote {
        let swapped: Box<dyn Read + Send> = Box::new(quotes::Swapped::new(text, quote));
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
    if let Some(kind) = Foreign::page(text.ahead()) {
        return Err(SourceError::Foreign { kind }.into());
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
        reader = Box::new(quotes::SwappedBack::new(reader, quote));
    }
    let prefix = format.and_then(|format| format.prefix.clone());
    if let Some(prefix) = prefix.filter(|_| verdict.guess.form.nulls == Nulls::EmptyOrNul) {
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
    if single {
        remarks.push(
            "texts are in single quotes, and were read without them; `--quote none` keeps them"
                .to_owned(),
        );
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
    form: Option<&'static Form>,
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

/// Whether the beginning of `text` says that texts are in single quotes, and the user says nothing else.
fn has_single_quotes(
    text: &Peek<Box<dyn Read + Send>>,
    form: Option<&'static Form>,
    options: &ImportOptions,
) -> bool {
    options.quote.is_none()
        && may_be_quoted(form, options)
        && escape::has_single_quotes(&delimited(text), options.field_terminator.as_deref())
}

/// Whether a file may be delimited text with quotes or escapes that nobody has named.
fn may_be_quoted(form: Option<&'static Form>, options: &ImportOptions) -> bool {
    let has_quotes = |form: &Form| form.layout == FormatLayout::Delimited(Quotes::Doubled);
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

/// What a reader gives whose first lines were passed over: lines are counted from the beginning of the file.
struct Skipped {
    reader: Box<dyn Reader + Send>,
    lines: u64,
}

impl Reader for Skipped {
    fn next(&mut self) -> Result<Option<Item<'_>>, ReadError> {
        let lines = self.lines;
        Ok(self.reader.next()?.map(|item| match item {
            Item::Record(mut record) => {
                record.line += lines;
                Item::Record(record)
            }
            Item::Reject(mut reject) => {
                reject.line += lines;
                Item::Reject(reject)
            }
            other => other,
        }))
    }

    fn remarks(&self) -> Vec<String> {
        self.reader.remarks()
    }

    fn late_columns(&self) -> Vec<DocumentColumn> {
        self.reader.late_columns()
    }

    fn is_unended(&self) -> bool {
        self.reader.is_unended()
    }
}

/// What a reader gives whose records begin with a text that is no field's, such as the quote before the first one.
struct Prefixed {
    reader: Box<dyn Reader + Send>,
    prefix: String,
    fields: Vec<Field>,
}

impl Reader for Prefixed {
    fn next(&mut self) -> Result<Option<Item<'_>>, ReadError> {
        let Self {
            reader,
            prefix,
            fields,
        } = self;
        Ok(reader.next()?.map(|item| match item {
            Item::Record(record) => {
                fields.clear();
                fields.extend_from_slice(record.fields);
                if let Some(first) = fields.first_mut()
                    && record.cells[first.start..first.end].starts_with(&**prefix)
                {
                    first.start += prefix.len();
                }
                Item::Record(Record { fields, ..record })
            }
            other => other,
        }))
    }

    fn remarks(&self) -> Vec<String> {
        self.reader.remarks()
    }

    fn is_unended(&self) -> bool {
        self.reader.is_unended()
    }
}

/// What a reader gives whose records end in a separator more than the names, without the nothing behind it.
struct Trailing {
    reader: Box<Delimited>,
}

impl Reader for Trailing {
    fn next(&mut self) -> Result<Option<Item<'_>>, ReadError> {
        Ok(self.reader.next()?.map(|item| match item {
            Item::Header(mut names) => {
                names.pop_if(|name| name.is_empty());
                Item::Header(names)
            }
            Item::Record(record) => match record.fields.split_last() {
                Some((last, fields)) if last.start == last.end => {
                    Item::Record(Record { fields, ..record })
                }
                _ => Item::Reject(reject(
                    record.line,
                    record.cells,
                    Reason::Ragged,
                    "expected nothing behind the last separator, found a value".to_owned(),
                    1,
                )),
            },
            other => other,
        }))
    }

    fn pass_over(&mut self, sieve: Sieve) {
        self.reader.pass_over(sieve);
    }

    fn may_read_ahead(&mut self, file: Placed, cut: Cut) {
        self.reader.may_read_ahead(file, cut);
    }

    fn passed_over(&self) -> u64 {
        self.reader.passed_over()
    }

    fn remarks(&self) -> Vec<String> {
        self.reader.remarks()
    }

    fn is_unended(&self) -> bool {
        self.reader.is_unended()
    }
}

/// Whether everything that was said of a file means something in its form.
fn check_used(form: &'static Form, options: &ImportOptions) -> Result<(), OpenError> {
    let is_text = form.layout != FormatLayout::Workbook;
    let delimited = matches!(form.layout, FormatLayout::Delimited(_));
    let widths = form.layout == FormatLayout::Widths;
    let of_bcp = form.nulls == Nulls::EmptyOrNul || widths;
    let unused = [
        (
            "field-terminator",
            options.field_terminator.is_some() && !delimited,
        ),
        (
            "row-terminator",
            options.row_terminator.is_some() && !delimited && !widths,
        ),
        ("quote", options.quote.is_some() && !delimited),
        ("escape", options.escape.is_some() && !delimited),
        ("widths", options.widths.is_some() && !widths),
        ("format-file", options.format_file.is_some() && !of_bcp),
        ("header", options.header.is_some() && !delimited && is_text),
        ("encoding", options.encoding.is_some() && !is_text),
        ("skip", options.skip > 0 && !is_text),
        ("sheet", options.sheet.is_some() && is_text),
    ];
    match unused.into_iter().find(|(_, unused)| *unused) {
        Some((option, _)) => Err(OpenError::NotUsed { option, form }),
        None => Ok(()),
    }
}

/// Whether the terminators that were named are in the file, or in so much of it that they should be.
fn check_terminators(sample: &Sample<'_>, options: &ImportOptions) -> Result<(), OpenError> {
    let is_there = |text: &str| memchr::memmem::find(sample.bytes, text.as_bytes()).is_some();
    let named = [
        ("field-terminator", &options.field_terminator),
        ("row-terminator", &options.row_terminator),
    ];
    for (option, text) in named {
        // Lines are ended by either; a record end of no characters means that nothing ends one.
        if let Some(text) = text
            && !matches!(text.as_str(), "" | "\n" | "\r\n")
            && !is_there(text)
        {
            let text = text.clone();
            return Err(OpenError::NoTerminator { option, text });
        }
    }
    Ok(())
}

/// Fails where a text is what PowerShell shows of rows, and not the rows.
fn refuse_format_table(text: &[u8]) -> Result<(), OpenError> {
    let beginning = String::from_utf8_lossy(&text[..text.len().min(MARKED)]);
    let lines: Vec<String> = beginning.lines().map(str::to_owned).collect();
    if aligned::is_format_table(&lines) {
        return Err(OpenError::FormatTable);
    }
    Ok(())
}

/// Fails where a text is nothing but messages of the server.
fn only_messages(text: &[u8]) -> Result<(), OpenError> {
    let text = String::from_utf8_lossy(text);
    match trailer::only_messages(&text) {
        Some(errors) => Err(OpenError::NoResult { errors }),
        None => Ok(()),
    }
}

/// A reader of a text that was repaired, which says so.
struct Noted {
    reader: Box<dyn Reader + Send>,
    remarks: Vec<String>,
}

impl Reader for Noted {
    fn next(&mut self) -> Result<Option<Item<'_>>, ReadError> {
        self.reader.next()
    }

    fn remarks(&self) -> Vec<String> {
        let mut remarks = self.remarks.clone();
        remarks.extend(self.reader.remarks());
        remarks
    }

    fn late_columns(&self) -> Vec<DocumentColumn> {
        self.reader.late_columns()
    }

    fn is_unended(&self) -> bool {
        self.reader.is_unended()
    }

    fn pass_over(&mut self, sieve: Sieve) {
        self.reader.pass_over(sieve);
    }

    fn passed_over(&self) -> u64 {
        self.reader.passed_over()
    }
}

fn named(id: &str) -> Result<&'static Form, OpenError> {
    format::by_id(id).ok_or_else(|| OpenError::UnknownForm {
        form: id.to_owned(),
    })
}

/// What detection says.
struct Verdict {
    guess: Guess,
    runner_up: Option<&'static Form>,
    twin: Option<&'static Form>,
    margin: f64,
    has_header: bool,
}

fn judge(
    sample: &Sample<'_>,
    form: Option<&'static Form>,
    format: Option<&FormatFile>,
    options: &ImportOptions,
) -> Result<Verdict, OpenError> {
    let delimiter = options
        .field_terminator
        .as_deref()
        .or(format.map(|format| format.delimiter.as_str()));
    let end = options
        .row_terminator
        .as_deref()
        .or(format.and_then(|format| format.record_end.as_deref()))
        .filter(|end| !matches!(*end, "\n" | "\r\n"));
    let said = widths_said(format, options);
    let delimiter = delimiter.filter(|_| said.is_none());
    let quoting = options.quote.map(|quote| quote != Quote::Nothing);
    let trials = Trials::new(sample, delimiter, end, said.as_ref()).quoting(quoting);
    let mut ranked = detect::rank(&trials);
    if format.is_some() {
        // Whoever has a format file has said that the file is of bcp.
        let of_bcp = |guess: &Guess| {
            guess.form.nulls == Nulls::EmptyOrNul || guess.form.layout == FormatLayout::Widths
        };
        ranked.retain(of_bcp);
    }
    let unread = || {
        let text = String::from_utf8_lossy(sample.bytes);
        if fixed_width::is_likely(&text, sample.whole) || form.is_some() {
            let proposal = fixed_width::proposal(&text, sample.whole);
            OpenError::NoWidths { proposal }
        } else {
            OpenError::NoForm { count: FORMS.len() }
        }
    };
    let best = match form {
        Some(form) => trials.score(form),
        None => ranked.first().cloned().ok_or_else(unread)?,
    };
    if best.form.layout == FormatLayout::Widths && best.widths.is_none() {
        return Err(unread());
    }
    if let Some(spoiled) = &best.trial.spoiled
        && options.date_format.is_none()
    {
        return Err(OpenError::Spoiled {
            column: spoiled.column.clone(),
            samples: spoiled.samples.clone(),
        });
    }
    let own = reading(&best, sample, format, options);
    let others = ranked.iter().filter(|other| other.form.id != best.form.id);
    let mut near = others.take_while(|other| other.score > best.score - FAR);
    let rival = near.find(|other| reading(other, sample, format, options) != own);
    let margin = rival.map_or(1.0, |rival| (best.score - rival.score).clamp(0.0, 1.0));
    let runner_up = rival.map(|rival| rival.form);
    if let (None, Some(runner_up)) = (form, runner_up)
        && margin < THIN
    {
        return Err(OpenError::Undecided {
            best: best.form,
            runner_up,
        });
    }
    let has_header = match best.form.layout {
        FormatLayout::Delimited(_) => {
            let named = best.trial.header || best.trial.below.is_some();
            options.header.unwrap_or(named)
        }
        FormatLayout::Widths => best.widths.as_ref().is_some_and(|plan| plan.header),
        _ => true,
    };
    // Of two that differ in nothing but NULL, and in it nowhere in the beginning, the rest of the file may say more.
    let is_twin = |other: &&Guess| {
        other.form.nulls != best.form.nulls
            && other.score > best.score - TWIN
            && reading(other, sample, format, options) == own
    };
    let others = ranked.iter().filter(|other| other.form.id != best.form.id);
    let may_differ = form.is_none() && matches!(best.form.layout, FormatLayout::Delimited(_));
    let twin = (others
        .take(if may_differ { NEAREST } else { 0 })
        .find(is_twin))
    .map(|twin| twin.form);
    Ok(Verdict {
        twin,
        guess: best,
        runner_up: if form.is_some() { None } else { runner_up },
        margin: if form.is_some() { 1.0 } else { margin },
        has_header,
    })
}

/// What the user, or the format file, says of the widths of columns.
fn widths_said(format: Option<&FormatFile>, options: &ImportOptions) -> Option<Widths> {
    let of_format = format.and_then(|format| format.widths.clone());
    let Some(mut said) = options.widths.clone() else {
        return of_format;
    };
    said.names = format.map(|format| format.names.clone());
    said.ends = match options.row_terminator.as_deref() {
        Some("") => Some(Ends::Run),
        Some(_) => Some(Ends::Lines),
        None => of_format.and_then(|format| format.ends),
    };
    Some(said)
}

/// What a form makes of the beginning, as one number: equal for two forms that read it alike.
fn reading(
    guess: &Guess,
    sample: &Sample<'_>,
    format: Option<&FormatFile>,
    options: &ImportOptions,
) -> u64 {
    let end = if sample.whole {
        sample.bytes.len()
    } else {
        sample
            .bytes
            .iter()
            .rposition(|b| *b == b'\n')
            .map_or(sample.bytes.len(), |at| at + 1)
    };
    let bytes = Cursor::new(sample.bytes[..end].to_vec());
    let (ending, several) = (Arc::default(), sample.several);
    let mut reader = reader(guess, Box::new(bytes), ending, several, format, options);
    let mut hash = DefaultHasher::new();
    let mut records = 0;
    while let Ok(Some(item)) = reader.next() {
        match item {
            Item::Header(names) => names.hash(&mut hash),
            Item::Reject(reject) => reject.line.hash(&mut hash),
            Item::Footer(_) => {}
            Item::Record(record) => {
                records += 1;
                record.line.hash(&mut hash);
                for field in record.fields {
                    let text = &record.cells[field.start..field.end];
                    let bare = field.written == Written::Bare;
                    let said = (text.is_empty() && options.empty_is_null)
                        || options.null_texts.iter().any(|null| null == text);
                    let value = guess.form.nulls.read(&record, *field);
                    value.filter(|_| !(bare && said)).hash(&mut hash);
                }
            }
        }
        if records > COMPARED {
            break;
        }
    }
    hash.finish()
}

/// The reader of a form.
fn reader(
    guess: &Guess,
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
                    let aligned = guess.form.nulls == Nulls::Word;
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

fn plan(guess: &Guess, format: Option<&FormatFile>, options: &ImportOptions) -> DelimitedPlan {
    let trial = &guess.trial;
    let likeliest = guess.form.delimiters.first().copied().unwrap_or(",");
    let told = Some(trial.delimiter.as_str()).filter(|delimiter| !delimiter.is_empty());
    let of_format = format.filter(|_| guess.form.nulls == Nulls::EmptyOrNul);
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
        names: names.cloned(),
        names_below: guess.form.names_below,
    }
}
