//! The timeline of a run as text: a bar for each fact, then every change in words.

use std::io;

use super::page::Page;
use crate::render::chart;
use crate::render::sanitize::Sanitized;
use crate::report::{Lane, Span, Timeline};

/// Columns for the names of lanes.
const LABEL: usize = 24;

/// The minimum width of a bar.
const MIN_BAR: usize = 30;

/// The prefix of a span that shows something false.
const MISLEADS: char = '!';

pub(super) fn render(page: &mut Page<'_>, timeline: &Timeline) -> io::Result<()> {
    let bar = page.width.saturating_sub(LABEL + 1).max(MIN_BAR);
    page.blank();
    page.line(0, axis(timeline, bar))?;
    page.line(0, steps(timeline, bar))?;
    for (heading, parties) in chart::GROUPS {
        let lanes: Vec<&Lane> =
            (timeline.lanes.iter()).filter(|lane| parties.contains(&lane.party)).collect();
        if lanes.is_empty() {
            continue;
        }
        page.line(0, heading)?;
        for lane in lanes {
            let label = fitted(&chart::label(timeline, lane), LABEL - 3);
            page.line(2, format_args!("{label} {}", drawn(timeline, lane, bar)))?;
        }
    }
    let (_, sentence) = chart::what_is_wrong(timeline);
    page.prose(0, 0, format_args!("{sentence} {}.", chart::messages(timeline)))?;
    if chart::misleading(timeline).next().is_some() {
        page.line(0, format_args!("{MISLEADS} is shown but false"))?;
    }
    page.blank();
    changes(page, timeline)
}

/// Everything that changes, in order of time: steps, values, messages.
fn changes(page: &mut Page<'_>, timeline: &Timeline) -> io::Result<()> {
    let (from, _) = chart::window(timeline);
    let mut all: Vec<(i64, String)> = Vec::new();
    for step in &timeline.steps {
        all.push((
            chart::ms(&step.at),
            format!("{} (step {} of {})", step.title, step.id, step.scenario),
        ));
    }
    for lane in &timeline.lanes {
        let label = chart::label(timeline, lane);
        let mut before: Option<&str> = None;
        for span in &lane.spans {
            let text = match before {
                Some(same) if same == span.value => continue,
                Some(other) => format!("  {label}: {other} -> {}", span.value),
                None => format!("  {label}: {}", span.value),
            };
            before = Some(&span.value);
            all.push((chart::ms(&span.from), text));
        }
    }
    for message in &timeline.messages {
        let fate = match (&message.lost_to, message.delivered) {
            (Some(servers), false) => format!("lost to {servers}"),
            (None, false) => "lost".to_owned(),
            _ => "delivered".to_owned(),
        };
        let text = format!("  {} types \"{}\": {fate}", message.author, message.text);
        all.push((chart::ms(&message.at), text));
    }
    all.sort_by_key(|(at, _)| *at);
    for (at, text) in all.iter().filter(|(at, _)| *at >= from) {
        let at = chart::offset(timeline, &crate::table::Cell::Timestamp(*at));
        page.prose(0, at.len() + 4, format_args!("{at}  {text}"))?;
    }
    Ok(())
}

/// The position of a time on a bar.
fn column(timeline: &Timeline, at_ms: i64, bar: usize) -> usize {
    let (from, to) = chart::window(timeline);
    let whole = u64::try_from(to - from).unwrap_or(0).max(1);
    let part = u64::try_from(at_ms.clamp(from, to) - from).unwrap_or(0);
    let wide = u64::try_from(bar).unwrap_or(0);
    usize::try_from(part * wide / whole).unwrap_or(0)
}

fn drawn(timeline: &Timeline, lane: &Lane, bar: usize) -> String {
    let mut line = String::new();
    let (from, _) = chart::window(timeline);
    for span in lane.spans.iter().filter(|span| chart::ms(&span.to) > from) {
        let (begin, end) = ends(timeline, span, bar);
        let gap = begin.saturating_sub(line.chars().count());
        line.extend(std::iter::repeat_n(' ', gap));
        let room = end.saturating_sub(line.chars().count());
        if room == 0 {
            continue;
        }
        let mark = if span.misleads { MISLEADS } else { '|' };
        line.push(mark);
        line.push_str(&fitted(&span.value, room - 1));
    }
    line.trim_end().to_owned()
}

fn ends(timeline: &Timeline, span: &Span, bar: usize) -> (usize, usize) {
    let at = |cell| column(timeline, chart::ms(cell), bar);
    (at(&span.from), at(&span.to))
}

/// A text truncated or padded to `width` columns; each of its characters takes one.
fn fitted(text: &str, width: usize) -> String {
    let shown = Sanitized::of(text);
    let narrow = shown.as_str().chars().map(|c| if c.is_ascii() { c } else { '?' });
    let cut: String = narrow.take(width).collect();
    format!("{cut:width$}")
}

fn axis(timeline: &Timeline, bar: usize) -> String {
    let mut line = " ".repeat(LABEL);
    for (at, name) in chart::ticks(timeline, i64::try_from(bar / 12).unwrap_or(4)) {
        place(&mut line, LABEL + column(timeline, at, bar), &name, LABEL + bar);
    }
    line
}

fn steps(timeline: &Timeline, bar: usize) -> String {
    let mut line = format!("{:LABEL$}", "steps");
    let (from, _) = chart::window(timeline);
    for step in timeline.steps.iter().filter(|step| chart::ms(&step.at) >= from) {
        let at = LABEL + column(timeline, chart::ms(&step.at), bar);
        place(&mut line, at, &fitted(&step.id, step.id.chars().count()), LABEL + bar);
    }
    line
}

/// Writes `text` at `column`, or after what is already there; omitted if it would go beyond `end`.
fn place(line: &mut String, column: usize, text: &str, end: usize) {
    let used = line.trim_end().chars().count();
    let at = if used == 0 { column } else { column.max(used + 1) };
    if at + text.chars().count() > end {
        return;
    }
    let mut kept: String = line.chars().take(at).collect();
    let gap = at - kept.chars().count();
    kept.extend(std::iter::repeat_n(' ', gap));
    kept.push_str(text);
    *line = kept;
}
