//! What is refused before a file is read: options that do not apply, terminators that do not occur, texts without
//! rows.

use super::MARKED;
use super::error::OpenError;
use crate::import::ImportOptions;
use crate::import::format::FormatLayout;
use crate::import::format::ImportFormat;
use crate::import::format::NullStyle;
use crate::import::format::detect::Sample;
use crate::import::format::trailer;
use crate::import::reader::aligned;
use crate::record::RecordLimits;

/// Whether all given options apply to the format.
pub(super) fn check_used(
    form: &'static ImportFormat,
    options: &ImportOptions,
) -> Result<(), OpenError> {
    let is_text = form.layout != FormatLayout::Workbook;
    let delimited = matches!(form.layout, FormatLayout::Delimited(_));
    let widths = form.layout == FormatLayout::Widths;
    let limits = RecordLimits::default();
    let of_bcp = form.nulls == NullStyle::EmptyOrNul || widths;
    let unused = [
        ("field-terminator", options.field_terminator.is_some() && !delimited),
        ("row-terminator", options.row_terminator.is_some() && !delimited && !widths),
        // Who escapes quotes has texts in quotes.
        ("escape", options.escape.is_some() && !delimited),
        ("quote", options.quote.is_some() && !delimited),
        ("widths", options.widths.is_some() && !widths),
        ("format-file", options.format_file.is_some() && !of_bcp),
        ("header", options.header.is_some() && !delimited && is_text),
        ("encoding", options.encoding.is_some() && !is_text),
        ("max-field", options.limits.field != limits.field && !delimited),
        ("max-record", options.limits.record != limits.record && !is_text),
        ("sheet", options.sheet.is_some() && is_text),
    ];
    match unused.into_iter().find(|(_, unused)| *unused) {
        Some((option, _)) => Err(OpenError::NotUsed { option, form }),
        None => Ok(()),
    }
}

/// Whether the given terminators occur in the file, or in enough of it.
pub(super) fn check_terminators(
    sample: &Sample<'_>,
    options: &ImportOptions,
) -> Result<(), OpenError> {
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

/// Fails if a text is PowerShell's display of rows, not the rows.
pub(super) fn refuse_format_table(text: &[u8]) -> Result<(), OpenError> {
    let beginning = String::from_utf8_lossy(&text[..text.len().min(MARKED)]);
    let lines: Vec<String> = beginning.lines().map(str::to_owned).collect();
    if aligned::is_format_table(&lines) {
        return Err(OpenError::FormatTable);
    }
    Ok(())
}

/// Fails if a text is only server messages.
pub(super) fn only_messages(text: &[u8]) -> Result<(), OpenError> {
    let text = String::from_utf8_lossy(text);
    match trailer::only_messages(&text) {
        Some(errors) => Err(OpenError::NoResult { errors }),
        None => Ok(()),
    }
}
