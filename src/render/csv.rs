//! CSV for spreadsheets: one line per row of a list, or per compared cell. The contents of a field are described in
//! `src/render/separated.rs`.

use std::io::{self, Write};

use super::separated::{self, Separator};
use super::{CountedRows, CsvOptions, RenderOptions, Rendered};
use crate::report::{FindingRun, Report};

/// Writes the report, with LF at the end of each line and a header first.
pub fn render(
    report: &Report,
    options: RenderOptions,
    out: &mut dyn Write,
) -> io::Result<Rendered> {
    separated::render(report, Separator::Comma, options.csv, out)
}

/// Writes the rows of a finding, one line per row, with the column names first.
pub fn finding(
    finding: &FindingRun,
    options: CsvOptions,
    out: &mut dyn Write,
) -> io::Result<Rendered> {
    separated::finding(finding, options, out)
}

/// Writes lists as [`render`] does, each row when it comes.
pub fn rows(out: &mut dyn Write, options: CsvOptions) -> io::Result<Box<dyn CountedRows + '_>> {
    separated::rows(out, Separator::Comma, options)
}
