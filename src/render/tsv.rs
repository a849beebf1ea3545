//! CSV lines with tabs and without quotes: each line is a record and each tab ends a field, so that `cut`, `awk` and
//! the text format of PostgreSQL's `COPY` can read it. Tabs, line breaks and backslashes in fields are `\t`, `\n`, `\r`
//! and `\\`.

use std::io::{self, Write};

use super::separated::{self, Separator};
use super::{CountedRows, CsvOptions, RenderOptions, Rendered};
use crate::report::Report;

/// Writes the report, with LF at the end of each line and a header first.
pub fn render(
    report: &Report,
    options: RenderOptions,
    out: &mut dyn Write,
) -> io::Result<Rendered> {
    separated::render(report, Separator::Tab, options.csv, out)
}

/// Writes lists as [`render`] does, each row as it arrives.
pub fn rows(out: &mut dyn Write, options: CsvOptions) -> io::Result<Box<dyn CountedRows + '_>> {
    separated::rows(out, Separator::Tab, options)
}
