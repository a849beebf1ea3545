//! Detects reports written by chatdb, which are not exports: a folder may contain both.

use super::{separated, wording, xlsx};
use crate::assets;
use crate::report::SCHEMA;

/// How much of a file is inspected.
pub const BEGINNING: usize = 4096;

/// The part of a workbook that names its creator.
pub const PROPERTIES: &str = "docProps/core.xml";

/// Whether the file is a report, by its stem and its first [`BEGINNING`] bytes, or, for a workbook, those of its
/// [`PROPERTIES`].
#[must_use]
pub fn is_report(stem: &str, beginning: &[u8]) -> bool {
    let text = String::from_utf8_lossy(beginning);
    let text = text.trim_start_matches('\u{feff}');
    let line = text.lines().next().unwrap_or_default();
    let is_headed = |separator: &str| {
        let mut headers = separated::HEADERS.iter();
        headers.any(|header| line == header.join(separator))
    };
    let is_finding = assets::findings().contains(&stem);
    is_headed(",")
        || is_headed("\t")
        || (is_finding && (line.contains(',') || line.contains('\t')))
        || line.strip_prefix("# ") == Some(wording::ANALYSIS)
        || text.contains(SCHEMA)
        || text.contains(xlsx::MARK)
        || text.contains("<meta name=\"generator\" content=\"chatdb\">")
}
