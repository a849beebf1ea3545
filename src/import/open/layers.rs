//! What is undone in a text before its format is detected, such as line ends, quotes and escapes, and restored in its
//! records.

use std::borrow::Cow;
use std::io::Read;

use super::adapters::Skipped;
use super::{BEGINNING, OpenError, Text};
use crate::import::format::detect::Sample;
use crate::import::format::escape::{self, Escape, EscapeEvidence};
use crate::import::format::trailer::{self, Above, Stop};
use crate::import::format::{FormatLayout, ImportFormat, Quotes};
use crate::import::input::line_ends::{CTRL_Z, Repaired, Repairs};
use crate::import::input::pieces::{Document, DocumentRows};
use crate::import::input::source::Peek;
use crate::import::reader::escapes::{self, Breaks};
use crate::import::reader::queue::reject;
use crate::import::reader::{Reader, quotes};
use crate::import::{ImportOptions, Quote};
use crate::record::{ReadError, Reason};

/// What was undone in a text.
pub(super) struct Layers<'o> {
    /// The options, with the detected quote.
    pub(super) options: Cow<'o, ImportOptions>,
    /// Whether the beginning is the whole text.
    pub(super) is_small: bool,
    pub(super) escape: Escape,
    repairs: Repairs,
    /// The detected quote, if not the double quote.
    shown_quote: Option<char>,
    /// The quote that is swapped with double quotes meanwhile.
    other_quote: Option<char>,
    /// The escaped line breaks, while escapes are masked.
    breaks: Option<Breaks>,
    document: Option<DocumentRows>,
    /// The messages above the result, if an error is among them.
    messages: Option<Above>,
}

impl<'o> Layers<'o> {
    /// Undoes known peculiarities of `text`.
    pub(super) fn undone(
        text: Text,
        form: Option<&'static ImportFormat>,
        options: &'o ImportOptions,
    ) -> Result<(Text, Self), OpenError> {
        let (mut text, repairs, is_small) = repaired(text, options)?;
        if options.skip > 0 {
            skip_lines(&mut text, options.skip).map_err(ReadError::from)?;
            text = peek(text)?;
        }
        let messages = Above::of(text.ahead());
        if let Some(messages) = &messages {
            skip_lines(&mut text, messages.lines).map_err(ReadError::from)?;
            text = peek(text)?;
        }
        let mut options = Cow::Borrowed(options);
        let shown_quote = shown_quote(&text, form, &options);
        if let Some(quote) = shown_quote {
            options.to_mut().quote = Some(Quote::By(quote));
        }
        let other_quote = options.quote.and_then(Quote::other);
        if let Some(quote) = other_quote {
            text = peek(quotes::with_double_quotes(text, quote))?;
        }
        let escape = escape(&text, form, &options)?;
        // Who escapes quotes has texts in quotes.
        if escape == Escape::Backslash && options.quote.is_none() {
            options.to_mut().quote = Some(Quote::By('"'));
        }
        let mut breaks = None;
        if escape != Escape::Nothing {
            let masked = escapes::Masked::new(text);
            breaks = Some(masked.breaks());
            text = peek(masked)?;
        }
        let takes_documents =
            form.is_none_or(|form| matches!(form.layout, FormatLayout::Json | FormatLayout::Xml));
        let document = DocumentRows::of(text.ahead()).filter(|_| takes_documents);
        if let Some(rows) = document {
            text = peek(Document::new(text, rows))?;
        }
        let layers = Self {
            options,
            is_small,
            escape,
            repairs,
            shown_quote,
            other_quote,
            breaks,
            document,
            messages,
        };
        Ok((text, layers))
    }

    /// Whether the text is unchanged, byte by byte.
    pub(super) fn is_as_it_was(&self) -> bool {
        self.options.skip == 0
            && !self.repairs.any()
            && self.document.is_none()
            && self.messages.is_none()
            && self.other_quote.is_none()
            && self.breaks.is_none()
    }

    /// Whether backslashes may be escapes, undecided by the beginning of the text.
    pub(super) fn escape_is_open(&self, sample: &[u8], delimiter: &str) -> bool {
        self.options.escape.is_none()
            && self.escape == Escape::Nothing
            && escape::may_be_escaped(sample, delimiter)
    }

    /// Restores in records what was masked in the text.
    pub(super) fn restored(&self, mut reader: Box<dyn Reader + Send>) -> Box<dyn Reader + Send> {
        if let Some(breaks) = self.breaks.clone() {
            let said = self.options.escape.is_some();
            reader = Box::new(escapes::Unescaped::new(reader, self.escape, said, breaks));
        }
        if let Some(quote) = self.other_quote {
            reader = Box::new(quotes::QuoteSwapRestore::new(reader, quote));
        }
        reader
    }

    /// Adds the lines above the text, so that line numbers are those of the file, and the errors among them.
    pub(super) fn counted_from_the_top(
        &self,
        reader: Box<dyn Reader + Send>,
    ) -> Box<dyn Reader + Send> {
        let messages = self.messages.as_ref().map_or(0, |messages| messages.lines);
        let document = self.document.map_or(0, |document| document.head);
        let lines = (self.options.skip + messages + document) as u64;
        let errors = self.messages.iter().flat_map(|messages| &messages.errors);
        let errors = errors.map(|(at, text, number)| {
            let line = (self.options.skip + at) as u64 + 1;
            let detail = trailer::stopped(Stop::Server(*number), true);
            reject(line, text, Reason::ServerError, detail, 0)
        });
        match lines {
            0 => reader,
            _ => Box::new(Skipped { reader, lines, errors: errors.collect() }),
        }
    }

    /// What was undone, as sentences.
    pub(super) fn remarks(&self, escape_is_open: bool) -> Vec<String> {
        let mut remarks = self.repairs.remarks();
        if let Some(quote) = self.shown_quote {
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
                "backslashes are left in texts as they are; `--escape backslash` reads two as one, `--escape mysql` \
                 reads `\\n` as a line break as well"
                    .to_owned(),
            );
        }
        if self.options.escape.is_none() && self.escape != Escape::Nothing {
            remarks.push(self.escape.remark());
        }
        remarks.extend(self.document.map(|document| document.remark().to_owned()));
        remarks.extend(
            (self.messages.as_ref()).map(|found| trailer::passed_over(found.errors.len() as u64)),
        );
        remarks
    }
}

fn peek(text: impl Read + Send + 'static) -> Result<Text, ReadError> {
    let text: Box<dyn Read + Send> = Box::new(text);
    Ok(Peek::new(text, BEGINNING)?)
}

/// The text with repaired line ends and without stray marks, the repairs, and whether it is small.
fn repaired(text: Text, options: &ImportOptions) -> Result<(Text, Repairs, bool), OpenError> {
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
    let text = match repairs.any() || marked {
        true => peek(Repaired::new(text, repairs))?,
        false => text,
    };
    Ok((text, repairs, is_small))
}

/// Skips lines at the beginning, byte by byte: they are few.
fn skip_lines(text: &mut dyn Read, lines: usize) -> std::io::Result<()> {
    let mut left = lines;
    let mut byte = [0];
    while left > 0 && text.read(&mut byte)? > 0 {
        left -= usize::from(byte[0] == b'\n');
    }
    Ok(())
}

/// What a backslash means in `text`: given by the user, otherwise detected.
fn escape(
    text: &Text,
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

/// The quote around texts, if the beginning of `text` shows that it is not the double quote, and the user gives no
/// other.
fn shown_quote(
    text: &Text,
    form: Option<&'static ImportFormat>,
    options: &ImportOptions,
) -> Option<char> {
    if options.quote.is_some() || !may_be_quoted(form, options) {
        return None;
    }
    escape::quote_of(&delimited(text), options.field_terminator.as_deref())
}

/// Whether a file may be delimited text with quotes or escapes that the user did not specify.
fn may_be_quoted(form: Option<&'static ImportFormat>, options: &ImportOptions) -> bool {
    let has_quotes = |form: &ImportFormat| form.layout == FormatLayout::Delimited(Quotes::Doubled);
    form.is_none_or(has_quotes) && options.row_terminator.is_none() && options.widths.is_none()
}

/// The beginning of a text, if it may be delimited.
fn delimited(text: &Text) -> Sample<'_> {
    Sample {
        bytes: text.ahead(),
        whole: text.ahead().len() < BEGINNING,
        mark: false,
        wide: false,
        several: false,
    }
}
