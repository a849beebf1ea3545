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

/// Why a file cannot be read at all.
#[derive(Debug, Error)]
pub enum OpenError {
    /// Its bytes cannot be read.
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
    /// No format has this id.
    #[error("unknown input format `{form}`")]
    UnknownForm {
        /// The given id.
        form: String,
    },
    /// It is empty.
    #[error("is empty")]
    Empty,
    /// It contains server messages, and no rows.
    #[error("contains no result, only {}", said(errors))]
    NoResult {
        /// The error numbers.
        errors: Vec<u64>,
    },
    /// It matches no format.
    #[error("matches no known format")]
    NoForm {
        /// The options of the closest format.
        near: String,
    },
    /// It has fixed-width columns of unknown widths.
    #[error("seems to have fixed-width columns of unknown widths")]
    NoWidths {
        /// The widths suggested by the spaces that all rows share.
        proposal: Option<Vec<usize>>,
    },
    /// Two formats fit, which would read it differently.
    #[error("could be `{}` or `{}`, which read it differently", best.id, runner_up.id)]
    Undecided {
        /// The better one.
        best: &'static ImportFormat,
        /// The other one.
        runner_up: &'static ImportFormat,
    },
    /// It has quotes that can be read with or without backslash escapes, and neither is clearly right.
    #[error(
        "has quotes after a backslash, which can be read in two ways: as escaped, or as the end of a text"
    )]
    Escapes,
    /// It is PowerShell's console output.
    #[error(
        "is PowerShell's Format-Table, which cuts values and leaves columns out to fit the console"
    )]
    FormatTable,
    /// A workbook to be read as text, or text as a workbook.
    #[error("cannot be `{}`: it is {found}", form.id)]
    WrongContainer {
        /// The given format.
        form: &'static ImportFormat,
        /// `a workbook`, `no workbook`.
        found: &'static str,
    },
    /// An option does not apply to its format.
    #[error("has the format `{}`, to which `--{option}` does not apply", form.id)]
    NotUsed {
        /// The option, without its dashes.
        option: &'static str,
        /// The format in which it is read.
        form: &'static ImportFormat,
    },
    /// A given terminator does not occur in it.
    #[error("does not contain {}, given with `--{option}`", shown(text))]
    NoTerminator {
        /// The option, without its dashes.
        option: &'static str,
        /// The terminator as given.
        text: String,
    },
    /// A spreadsheet saved it and damaged its times beyond recovery.
    #[error("column `{column}` contains times damaged by a spreadsheet: {}", quoted(samples))]
    Spoiled {
        /// The name of the column.
        column: String,
        /// Up to three of its fields.
        samples: Vec<String>,
    },
}

/// A terminator as written on the command line.
pub(super) fn shown(text: &str) -> String {
    let shown = text.replace('\t', "\\t").replace('\r', "\\r").replace('\n', "\\n");
    format!("`{}`", shown.replace('\0', "\\0"))
}

/// The messages in a file without rows.
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
    /// What to do about it, as a sentence.
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
                "use `--escape backslash` if `\\\"` is a quote within text, or `--escape none` if a backslash is an \
                 ordinary character"
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
                        "{said}; judging by the spaces that all rows share, try `--widths {}`",
                        fixed_width::shown(widths)
                    ),
                    None => format!("{said}, such as 20,6,23, or 20,6,* where the last column is not padded"),
                }
            }
            Self::NoForm { near } => format!(
                "export as CSV with column headers, or specify the format, e.g. `{near}`; {FORMATS_LISTED}"
            ),
            Self::UnknownForm { form } => match did_you_mean(form, IMPORT_FORMATS.iter().map(|form| form.id)) {
                Some(meant) => format!("did you mean `{meant}`? {FORMATS_LISTED}"),
                None => FORMATS_LISTED.to_owned(),
            },
            Self::NotUsed { option, .. } => {
                format!("omit `--{option}`, or specify the format with `--input-format`")
            }
            Self::NoTerminator { option, .. } => format!(
                "omit `--{option}`, or check how fields and records end in the file; `\\t`, `\\n`, \
                 `\\r` and `0x0a` mean the same as in bcp"
            ),
            Self::Source(SourceError::Compression { .. }) => "unpack it first".to_owned(),
            Self::Source(SourceError::UnsupportedFile { kind }) => kind.advice.to_owned(),
            Self::Format(error) if error.line == 0 => "check the path given with `--format-file`".to_owned(),
            Self::NoResult { .. } => "run the query again, and export the rows of its result".to_owned(),
            _ => return None,
        })
    }
}

/// Where all formats are listed.
const FORMATS_LISTED: &str = "`chatdb help exports` lists the formats";
