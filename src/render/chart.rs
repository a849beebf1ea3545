//! What all pictures of a timeline share: offsets, labels, the scale of the axis, and the sentence about false
//! displays. It does not know how a picture is drawn.

use crate::diagnostic::counted;
use crate::report::{Lane, Party, Span, Timeline};
use crate::table::Cell;

/// The headings under which lanes are drawn, with the parties of each.
pub(super) const GROUPS: [(&str, &[Party]); 3] = [
    ("What happened", &[Party::Servers]),
    ("What is true", &[Party::Truth]),
    ("What each side shows", &[Party::Database, Party::Agent, Party::Customer]),
];

/// How long before the chat begins a picture starts, in milliseconds.
const LEAD_MS: i64 = 30_000;

/// The time range of a picture, in ms: from shortly before the first chat begins, since a lab is set up long before
/// that, to the end.
pub(super) fn window(timeline: &Timeline) -> (i64, i64) {
    let chats = timeline.lanes.iter().filter(|lane| lane.party == Party::Truth);
    let begun = chats.filter_map(|lane| lane.spans.first()).map(|span| ms(&span.from)).min();
    let from = ms(&timeline.from);
    (begun.map_or(from, |at| from.max(at - LEAD_MS)), ms(&timeline.to))
}

/// A time in ms; 0 if a cell is not a time.
pub(super) fn ms(at: &Cell) -> i64 {
    match at {
        Cell::Timestamp(at) => *at,
        _ => 0,
    }
}

/// How far a time is from the origin, as `+00:12:00`.
pub(super) fn offset(timeline: &Timeline, at: &Cell) -> String {
    clock(ms(at) - ms(&timeline.origin))
}

fn clock(distance_ms: i64) -> String {
    let sign = if distance_ms < 0 { '-' } else { '+' };
    let seconds = distance_ms.unsigned_abs() / 1000;
    format!("{sign}{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// The lane's name, with its subject if another lane shows the same fact.
pub(super) fn label(timeline: &Timeline, lane: &Lane) -> String {
    let same = |other: &&Lane| other.fact == lane.fact && other.party == lane.party;
    if timeline.lanes.iter().filter(same).count() > 1 {
        format!("{} {}", lane.fact, lane.subject)
    } else {
        lane.fact.clone()
    }
}

/// Ticks of the axis: at most `most` offsets in ms from the origin, at round intervals.
pub(super) fn ticks(timeline: &Timeline, most: i64) -> Vec<(i64, String)> {
    const STEPS_S: [i64; 12] = [10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 86_400];
    let origin = ms(&timeline.origin);
    let (from, to) = window(timeline);
    let (from, to) = (from - origin, to - origin);
    let wide = (to - from) / most.max(1);
    let step = STEPS_S.iter().map(|seconds| seconds * 1000);
    let step = step.clone().find(|step| *step >= wide).unwrap_or(wide.max(1));
    let first = from + (step - from.rem_euclid(step)) % step;
    let marks = (0..=most).map(|n| first + n * step);
    marks.take_while(|at| *at <= to).map(|at| (origin + at, clock(at))).collect()
}

/// The spans during which somebody is shown something false.
pub(super) fn misleading(timeline: &Timeline) -> impl Iterator<Item = (&Lane, &Span)> {
    let spans = |lane| <&Lane>::clone(&lane).spans.iter().map(move |span| (lane, span));
    timeline.lanes.iter().flat_map(spans).filter(|(_, span)| span.misleads)
}

/// What is false in what people see, in one or two sentences, and whether anything is.
pub(super) fn what_is_wrong(timeline: &Timeline) -> (bool, String) {
    let Some((lane, span)) = misleading(timeline).last() else {
        return (false, at_the_end(timeline));
    };
    let mut text = format!(
        "From {} on, the {} shows \"{}\".",
        offset(timeline, &span.from),
        inside(&label(timeline, lane)),
        span.value,
    );
    let truths = timeline
        .lanes
        .iter()
        .filter(|other| other.party == Party::Truth && other.subject == lane.subject);
    for truth in truths {
        let then = (truth.spans.iter().rev()).find(|own| ms(&own.from) <= ms(&span.from));
        if let Some(own) = then {
            text.push_str(&format!(
                " That is false: the {} has been {} since {}.",
                inside(&label(timeline, truth)),
                own.value,
                offset(timeline, &own.from)
            ));
        }
    }
    (true, text)
}

/// A label inside a sentence.
fn inside(label: &str) -> String {
    let mut letters = label.chars();
    let first = letters.next().map(|c| c.to_lowercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}

fn at_the_end(timeline: &Timeline) -> String {
    let shown = [Party::Truth, Party::Database];
    let end = (timeline.lanes.iter()).filter(|lane| shown.contains(&lane.party));
    let said = end.filter_map(|lane| {
        let last = lane.spans.last().filter(|span| span.to == timeline.to)?;
        Some(format!("{} {}", inside(&label(timeline, lane)), last.value))
    });
    let said: Vec<String> = said.collect();
    format!("Nothing false is shown. At the end: {}.", said.join("; "))
}

/// The fate of the messages: `2 messages delivered, 1 lost`.
pub(super) fn messages(timeline: &Timeline) -> String {
    let delivered = timeline.messages.iter().filter(|one| one.delivered).count();
    let lost = timeline.messages.len() - delivered;
    let said = format!("{} delivered", counted(delivered, "message"));
    if lost == 0 { said } else { format!("{said}, {lost} lost") }
}
