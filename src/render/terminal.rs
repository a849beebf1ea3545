//! The report for a terminal: differences in full, matches in brief, and a summary last, where the user looks when the
//! program ends. Words carry the verdict; colour only repeats it.
//!
//! A table is side by side if the width allows, otherwise one line per column; nothing is truncated. Only
//! commands and positions may exceed the line, because a wrapped one could not be copied. All output is
//! [`Sanitized`].

mod analysis;
mod compact;
mod comparison;
mod listing;
mod page;
mod replay;
mod timeline;

use std::io::{self, Write};

use super::{Detail, RenderOptions};
use crate::diagnostic::{Problems, counted};
use crate::report::{Report, ValidatedScenario};
use comparison::comparison_of_two;
use listing::listed;
pub use page::wrap_prose;
use page::{Gap, Page};
use replay::{brief, full, summary};

/// Narrower terminals are treated as this wide.
const MIN_WIDTH: usize = 30;

/// Writes the report, in lines of at most `options.width` columns if possible.
pub fn render(report: &Report, options: RenderOptions, out: &mut dyn Write) -> io::Result<()> {
    let mut out = io::BufWriter::new(out);
    let mut page = Page {
        out: &mut out,
        width: options.width.max(MIN_WIDTH),
        gap: Gap::Start,
        color: options.color,
        begin: None,
    };
    for run in &report.runs {
        match options.detail {
            _ if options.answer_only => continue,
            Detail::Full => full(&mut page, run)?,
            Detail::Brief => brief(&mut page, run)?,
        }
        page.blank();
    }
    for (at, named) in report.comparisons.iter().enumerate() {
        if at > 0 {
            page.blank();
        }
        comparison_of_two(&mut page, named, options)?;
    }
    for listing in &report.listings {
        page.blank();
        listed(&mut page, listing, options)?;
    }
    if !report.validated.is_empty() {
        validated(&mut page, &report.validated, options)?;
    }
    if let Some(run) = &report.analysis {
        analysis::render(&mut page, run, options)?;
    }
    if !report.runs.is_empty() {
        summary(&mut page, report)?;
    }
    out.flush()
}

/// Every error as a compiler shows it, once, even if several scenarios have it.
fn validated(
    page: &mut Page<'_>,
    scenarios: &[ValidatedScenario],
    options: RenderOptions,
) -> io::Result<()> {
    let mistakes = scenarios.iter().flat_map(|one| one.mistakes.iter().cloned());
    let mistakes: Problems = mistakes.collect();
    for mistake in mistakes.as_slice() {
        for line in mistake.to_string().lines() {
            page.line(0, line)?;
        }
    }
    if options.answer_only {
        return Ok(());
    }
    let what = match scenarios {
        [one] => one.scenario.clone(),
        more => counted(more.len(), "scenario"),
    };
    match mistakes.as_slice().len() {
        0 => page.line(0, format_args!("{what}: no mistakes found")),
        n => page.line(0, counted(n, "mistake")),
    }?;
    for one in scenarios.iter().filter(|one| !one.pending.is_empty()) {
        page.prose(0, 2, super::wording::pending(one))?;
    }
    Ok(())
}
