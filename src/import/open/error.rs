//! Why a file is not read, and what to do about it.

use crate::diagnostic::did_you_mean;
use crate::import::format::IMPORT_FORMATS;
use crate::import::format::ImportFormat;
use crate::import::format::bcp_format_file::FormatError;
use crate::import::input::decode;
use crate::import::input::decode::DecodeError;
use crate::import::input::source::SourceError;
use crate::import::reader::fixed_width;
use crate::record::ReadError;
use thiserror::Error;

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
    #[error("unknown input format `{form}`")]
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
    #[error("matches no known format")]
    NoForm {
        /// The options of the format that it is nearest to.
        near: String,
    },
    /// Its columns have fixed widths, and nothing says which.
    #[error("seems to have fixed-width columns, and nothing in it gives their widths")]
    NoWidths {
        /// What the blanks that all rows share would make of them.
        proposal: Option<Vec<usize>>,
    },
    /// It could be in either of two forms, which would read it differently.
    #[error("could be `{}` or `{}`, which read it differently", best.id, runner_up.id)]
    Undecided {
        /// The likelier one.
        best: &'static ImportFormat,
        /// The other one.
        runner_up: &'static ImportFormat,
    },
    /// Quotes in it can be read with a backslash as an escape, and without, and neither is clearly right.
    #[error(
        "has quotes after a backslash, which can be read in two ways: as escaped, or as the end of a text"
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
        form: &'static ImportFormat,
        /// `a workbook`, `no workbook`.
        found: &'static str,
    },
    /// What was said of it means nothing in its form.
    #[error("is read as `{}`, to which `--{option}` does not apply", form.id)]
    NotUsed {
        /// The option, without its dashes.
        option: &'static str,
        /// The form it is read in.
        form: &'static ImportFormat,
    },
    /// What should end its fields or records is not in it.
    #[error("does not contain {}, given with `--{option}`", shown(text))]
    NoTerminator {
        /// The option, without its dashes.
        option: &'static str,
        /// The terminator as it was given.
        text: String,
    },
    /// A spreadsheet has saved it and spoiled its times beyond recovery.
    #[error(
        "column `{column}` contains times damaged by a spreadsheet: {}",
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
pub(super) fn shown(text: &str) -> String {
    let shown = text
        .replace('\t', "\\t")
        .replace('\r', "\\r")
        .replace('\n', "\\n");
    format!("`{}`", shown.replace('\0', "\\0"))
}

/// What a file says that holds no rows.
pub(super) fn said(errors: &[u64]) -> String {
    match errors {
        [] => "server messages".to_owned(),
        [number] => format!("server error {number}"),
        [first, ..] => format!("{} server errors, the first of them {first}", errors.len()),
    }
}

pub(super) fn quoted(samples: &[String]) -> String {
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
                "choose with `--input-format {}` ({}; {}) or `--input-format {}` ({}; {})",
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
                "use `--escape backslash` if `\\\"` is a quote within a text, or `--escape none` if a backslash is a \
                 character like others"
                    .to_owned()
            }
            Self::Spoiled { .. } => {
                "export again without opening the file in a spreadsheet; a workbook keeps times intact".to_owned()
            }
            Self::NoWidths { proposal } => {
                let said = "give its bcp format file with `--format-file`, or the widths of its columns with \
                            `--widths`";
                match proposal {
                    Some(widths) => format!(
                        "{said}; judging by the blanks that all rows share, it may be `--widths {}`",
                        fixed_width::shown(widths)
                    ),
                    None => format!("{said}, such as 20,6,23, or 20,6,* where the last column is not padded"),
                }
            }
            Self::NoForm { near } => format!(
                "export as CSV with column headers, or say how it is written, e.g. `{near}`; {FORMATS_LISTED}"
            ),
            Self::UnknownForm { form } => match did_you_mean(form, IMPORT_FORMATS.iter().map(|form| form.id)) {
                Some(meant) => format!("did you mean `{meant}`? {FORMATS_LISTED}"),
                None => FORMATS_LISTED.to_owned(),
            },
            Self::NotUsed { option, .. } => {
                format!("omit `--{option}`, or specify the format with `--input-format`")
            }
            Self::NoTerminator { option, .. } => format!(
                "omit `--{option}`, or inspect the end of a field and of a record in the file; `\\t`, `\\n`, \
                 `\\r` and `0x0a` mean the same as in bcp"
            ),
            Self::Source(SourceError::Compression { .. }) => "unpack it first".to_owned(),
            Self::Source(SourceError::UnsupportedFile { kind }) => kind.advice.to_owned(),
            Self::NoResult { .. } => "run the query again, and export the rows of its result".to_owned(),
            _ => return None,
        })
    }
}

/// Where all formats are listed.
const FORMATS_LISTED: &str = "`chatdb help exports` lists the formats";
