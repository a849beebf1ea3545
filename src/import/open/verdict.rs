//! Chooses among the formats that fit a file.

use super::error::OpenError;
use super::reader;
use crate::import::ImportOptions;
use crate::import::Quote;
use crate::import::format;
use crate::import::format::FormatLayout;
use crate::import::format::ImportFormat;
use crate::import::format::NullStyle;
use crate::import::format::bcp_format_file::FormatFile;
use crate::import::format::detect;
use crate::import::format::detect::CellShape;
use crate::import::format::detect::Detection;
use crate::import::format::detect::Sample;
use crate::import::format::detect::SplitCandidates;
use crate::import::format::detect::THIN;
use crate::import::reader::Item;
use crate::import::reader::fixed_width;
use crate::import::reader::fixed_width::Ends;
use crate::import::reader::fixed_width::Widths;
use crate::record::Written;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Cursor;
use std::sync::Arc;

/// How many records of the beginning are read in two formats to see whether the results are the same.
pub(super) const COMPARED: usize = 1000;

/// The margin beyond which another format is not considered.
pub(super) const FAR: f64 = 0.5;

/// The margin within which a format that reads the beginning alike may be right, and how many are considered.
pub(super) const TWIN: f64 = 0.2;

pub(super) const NEAREST: usize = 4;

/// The result of detection.
pub(super) struct Verdict {
    pub(super) guess: Detection,
    pub(super) runner_up: Option<&'static ImportFormat>,
    pub(super) twin: Option<&'static ImportFormat>,
    pub(super) by_word: Option<&'static ImportFormat>,
    pub(super) margin: f64,
    pub(super) has_header: bool,
}

pub(super) fn judge(
    sample: &Sample<'_>,
    form: Option<&'static ImportFormat>,
    format: Option<&FormatFile>,
    options: &ImportOptions,
) -> Result<Verdict, OpenError> {
    let delimiter =
        options.field_terminator.as_deref().or(format.map(|format| format.delimiter.as_str()));
    let end = options
        .row_terminator
        .as_deref()
        .or(format.and_then(|format| format.record_end.as_deref()))
        .filter(|end| match *end {
            "\n" => false,
            // Lines are ended by either, unless a text has line feeds as well.
            "\r\n" => detect::has_bare_line_feeds(sample),
            _ => true,
        });
    let said = widths_said(format, options);
    let delimiter = delimiter.filter(|_| said.is_none());
    let quoting = options.quote.map(|quote| quote != Quote::Nothing);
    let trials = SplitCandidates::new(sample, delimiter, end, said.as_ref()).quoting(quoting);
    let mut ranked = detect::rank(&trials);
    if format.is_some() {
        // Whoever has a format file has said that the file is of bcp.
        let of_bcp = |guess: &Detection| {
            guess.form.nulls == NullStyle::EmptyOrNul || guess.form.layout == FormatLayout::Widths
        };
        ranked.retain(of_bcp);
    }
    let unread = || {
        let text = String::from_utf8_lossy(sample.bytes);
        if fixed_width::is_likely(&text, sample.whole) || form.is_some() {
            let proposal = fixed_width::proposal(&text, sample.whole);
            OpenError::NoWidths { proposal }
        } else {
            OpenError::NoForm { near: near(&text, options) }
        }
    };
    let best = match form {
        Some(form) => trials.score(form),
        None => (ranked.first().cloned()).or_else(|| one_column(&trials)).ok_or_else(unread)?,
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
        return Err(OpenError::Undecided { best: best.form, runner_up });
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
    let is_twin = |other: &&Detection| {
        other.form.nulls != best.form.nulls
            && other.score > best.score - TWIN
            && reading(other, sample, format, options) == own
    };
    let others = ranked.iter().filter(|other| other.form.id != best.form.id);
    let may_differ = form.is_none() && matches!(best.form.layout, FormatLayout::Delimited(_));
    let twin =
        (others.take(if may_differ { NEAREST } else { 0 }).find(is_twin)).map(|twin| twin.form);
    // The word NULL in texts may come after the beginning, however much speaks for a format that does not write it.
    let is_word = |form: &ImportFormat| form.nulls.rule().word;
    let is_told = is_word(best.form) || twin.is_some_and(is_word);
    let by_word = (format::IMPORT_FORMATS.iter())
        .filter(|other| may_differ && !is_told && is_word(other))
        .filter(|other| matches!(other.layout, FormatLayout::Delimited(_)))
        .find(|other| reading(&trials.score(other), sample, format, options) == own);
    Ok(Verdict {
        twin,
        by_word,
        guess: best,
        runner_up: if form.is_some() { None } else { runner_up },
        margin: if form.is_some() { 1.0 } else { margin },
        has_header,
    })
}

/// A file in which every line is one number, or one time: no separator is needed to read it.
fn one_column(trials: &SplitCandidates<'_>) -> Option<Detection> {
    let detection = trials.score(format::by_id("ads_csv")?);
    let trial = &detection.trial;
    let is_whole = trial.width == 1 && trial.rejects == 0 && trial.ragged == 0;
    let is_typed = matches!(trial.looks[..], [CellShape::Number | CellShape::Time]);
    (is_whole && is_typed).then_some(detection)
}

/// The options with which a text that matches no format may be read: as the format suggested by its first character or
/// its marks, otherwise as one column.
fn near(text: &str, options: &ImportOptions) -> String {
    let first = text.trim_start().chars().next();
    let has =
        |mark: char| text.lines().take(COMPARED).filter(|line| line.contains(mark)).count() > 1;
    let id = match first {
        Some('{' | '[') => "json",
        Some('<') => "xml",
        _ if has('\t') => "ssms_tab",
        _ if has('|') => "sqlcmd_separated",
        _ => "ads_csv",
    };
    let mut said = format!("--input-format {id}");
    if matches!(id, "json" | "xml") {
        return said;
    }
    if options.table.is_none() {
        said.push_str(" --table my_table");
    }
    if options.header.is_none() {
        let line = text.lines().find(|line| !line.trim().is_empty());
        let is_name = line.is_some_and(|line| detect::could_be_name(line.trim()));
        said.push_str(if is_name { " --header yes" } else { " --header no" });
    }
    said
}

/// The column widths given by the user or the format file.
pub(super) fn widths_said(format: Option<&FormatFile>, options: &ImportOptions) -> Option<Widths> {
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

/// How a format reads the beginning, as a hash: equal for two formats that read it alike.
pub(super) fn reading(
    guess: &Detection,
    sample: &Sample<'_>,
    format: Option<&FormatFile>,
    options: &ImportOptions,
) -> u64 {
    let end = if sample.whole {
        sample.bytes.len()
    } else {
        sample.bytes.iter().rposition(|b| *b == b'\n').map_or(sample.bytes.len(), |at| at + 1)
    };
    let bytes = Cursor::new(sample.bytes[..end].to_vec());
    let (ending, several) = (Arc::default(), sample.several);
    let mut reader = reader(guess, Box::new(bytes), ending, several, format, options);
    let mut hash = DefaultHasher::new();
    let mut records = 0;
    let mut unnamed: Vec<bool> = Vec::new();
    while let Ok(Some(item)) = reader.next() {
        match item {
            Item::Header(names) => {
                unnamed = names.iter().map(|name| name.trim().is_empty()).collect();
                names.hash(&mut hash);
            }
            Item::Reject(reject) => reject.line.hash(&mut hash),
            Item::Trailer(_) => {}
            Item::Record(record) => {
                records += 1;
                record.line.hash(&mut hash);
                for (at, field) in record.fields.iter().enumerate() {
                    let text = &record.cells[field.start..field.end];
                    // Nothing in a column without a name is no value of anything.
                    if text.is_empty() && unnamed.get(at) == Some(&true) {
                        continue;
                    }
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
