//! SVG: the timelines of a report as one picture, for use on a page or a slide.

use std::io::{self, Write};

use super::RenderOptions;
use super::html::{PICTURE_STYLE, timeline};
use crate::report::Report;

/// The space between two timelines.
const GAP: f64 = 24.0;

/// Writes the timelines of the report, one below the other; a report without timelines is an empty picture.
pub fn render(report: &Report, _: RenderOptions, out: &mut dyn Write) -> io::Result<()> {
    let drawn = report.runs.iter().filter_map(|run| run.timeline.as_ref());
    let drawings: Vec<(String, f64, f64)> = drawn.map(timeline::alone).collect();
    let width = drawings.iter().map(|one| one.1).fold(0.0, f64::max);
    let height: f64 = drawings.iter().map(|one| one.2 + GAP).sum();
    writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" \
         font-family=\"system-ui, sans-serif\">"
    )?;
    writeln!(out, "<style>\n{PICTURE_STYLE}</style>")?;
    writeln!(out, "<rect width=\"100%\" height=\"100%\" style=\"fill:var(--bg)\"/>")?;
    let mut top = 0.0;
    for (drawing, _, height) in &drawings {
        writeln!(out, "<g transform=\"translate(0 {top:.0})\">")?;
        out.write_all(drawing.as_bytes())?;
        writeln!(out, "</g>")?;
        top += height + GAP;
    }
    writeln!(out, "</svg>")
}
