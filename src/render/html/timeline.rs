//! The timeline of a run as a chart to scale.

use super::page::{Page, TableCell, anchor, text};
use crate::render::chart;
use crate::report::{Lane, MessageRun, Span, Timeline, TimelineStep, Tone};

/// Where lanes begin and end, in chart units.
const LEFT: f64 = 190.0;
const RIGHT: f64 = 1080.0;
/// The height of a lane and of the heading over a group of them.
const LANE: f64 = 26.0;
const HEADING: f64 = 22.0;
/// Where the first heading is.
const TOP: f64 = 52.0;
/// The width of a character, generous so that text stays inside its span.
const LETTER: f64 = 6.9;

/// Draws the timeline, with a legend and the same in words for those who cannot see it.
pub(super) fn draw(page: &mut Page, run: &str, timeline: &Timeline) {
    let drawing = Drawing::of(timeline);
    page.markup(format_args!(
        "<figure style=\"margin:0\">\
         <div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"Timeline of {0}\">\
         <svg viewBox=\"0 0 {RIGHT_EDGE} {1:.0}\" role=\"group\" \
         aria-label=\"Timeline of {0}, the same as the table below\">\n",
        text(run),
        drawing.height,
    ));
    drawing.all(page);
    page.markup(format_args!("</svg></div>\n"));
    legend(page);
    page.markup(format_args!("</figure>\n"));
    page.folded(false, "The timeline as a table", |page| table(page, timeline));
}

/// The chart alone, with its width and height.
pub(in crate::render) fn alone(timeline: &Timeline) -> (String, f64, f64) {
    let drawing = Drawing::of(timeline);
    let mut page = Page::default();
    drawing.all(&mut page);
    (page.html, RIGHT_EDGE, drawing.height)
}

const RIGHT_EDGE: f64 = RIGHT + 12.0;

/// A lane, where it is drawn; headings have none.
enum Row<'t> {
    Heading(&'static str),
    Lane(&'t Lane),
}

/// Where a message is drawn: its mark, the x positions of its text, and its line from 0.
struct MessagePlace {
    x: f64,
    text: String,
    from: f64,
    to: f64,
    line: usize,
}

/// How far apart the lines of messages are.
const MESSAGE_LINE: f64 = 15.0;

struct Drawing<'t> {
    timeline: &'t Timeline,
    rows: Vec<(f64, Row<'t>)>,
    /// One for each message.
    messages: Vec<MessagePlace>,
    /// Where messages begin.
    below: f64,
    height: f64,
}

impl<'t> Drawing<'t> {
    fn of(timeline: &'t Timeline) -> Self {
        let mut rows = Vec::new();
        let mut y = TOP;
        for (heading, parties) in chart::GROUPS {
            let lanes: Vec<&Lane> =
                (timeline.lanes.iter()).filter(|lane| parties.contains(&lane.party)).collect();
            if lanes.is_empty() {
                continue;
            }
            rows.push((y, Row::Heading(heading)));
            y += HEADING;
            for lane in lanes {
                rows.push((y, Row::Lane(lane)));
                y += LANE;
            }
        }
        let below = y;
        let messages = message_places(timeline);
        if let Some(last) = messages.iter().map(|place| place.line).max() {
            y += HEADING + MESSAGE_LINE * ordinal(last + 1);
        }
        Self { timeline, rows, messages, below, height: y + 8.0 }
    }

    fn all(&self, page: &mut Page) {
        self.ground(page);
        self.steps(page);
        self.lanes(page);
        self.messages(page);
    }

    /// The x position of a time.
    fn x(&self, at_ms: i64) -> f64 {
        place_of(self.timeline, at_ms)
    }

    /// The axis, and the time during which somebody is shown something false.
    fn ground(&self, page: &mut Page) {
        let end = self.height - 6.0;
        for (_, span) in chart::misleading(self.timeline) {
            let (x, to) = (self.x(chart::ms(&span.from)), self.x(chart::ms(&span.to)));
            page.markup(format_args!(
                "<rect class=\"shade\" x=\"{x:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>\n",
                TOP - 10.0,
                to - x,
                end - TOP + 10.0
            ));
        }
        for (at, name) in chart::ticks(self.timeline, 9) {
            let x = self.x(at);
            let anchor = if x > RIGHT - 30.0 { "end" } else { "middle" };
            page.markup(format_args!(
                "<line class=\"grid\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{:.1}\" y2=\"{end:.1}\"/>\
                 <text class=\"axis\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{name}</text>\n",
                TOP - 10.0,
                TOP - 14.0
            ));
        }
    }

    /// Numbered circles that link to the steps on this page. Overlapping ones are placed side by side.
    fn steps(&self, page: &mut Page) {
        let mut free = LEFT - 20.0;
        let (from, _) = chart::window(self.timeline);
        let drawn = |step: &&TimelineStep| chart::ms(&step.at) >= from;
        for step in self.timeline.steps.iter().filter(drawn) {
            let at = self.x(chart::ms(&step.at));
            let x = at.max(free + 19.0);
            free = x;
            page.markup(format_args!(
                "<a href=\"#{}\"><title>{} {}: {}</title>\
                 <line class=\"grid\" x1=\"{x:.1}\" y1=\"22\" x2=\"{at:.1}\" y2=\"{:.1}\"/>\
                 <circle class=\"step\" cx=\"{x:.1}\" cy=\"13\" r=\"9\"/>\
                 <text class=\"number\" x=\"{x:.1}\" y=\"16.5\" text-anchor=\"middle\">{}</text></a>\n",
                anchor(&format!("{}-{}", step.scenario, step.id)),
                text(&chart::offset(self.timeline, &step.at)),
                text(&step.id),
                text(&step.title),
                TOP - 26.0,
                text(&short(&step.id, 3))
            ));
        }
    }

    fn lanes(&self, page: &mut Page) {
        let (from, _) = chart::window(self.timeline);
        for (y, row) in &self.rows {
            match row {
                Row::Heading(name) => page.markup(format_args!(
                    "<text class=\"group\" x=\"6\" y=\"{:.1}\">{}</text>\n",
                    y + 13.0,
                    text(name)
                )),
                Row::Lane(lane) => {
                    let label = chart::label(self.timeline, lane);
                    page.markup(format_args!(
                        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\n",
                        LEFT - 10.0,
                        y + 15.0,
                        text(&short(&label, 26))
                    ));
                    let drawn = |span: &&Span| chart::ms(&span.to) > from;
                    for span in lane.spans.iter().filter(drawn) {
                        self.span(page, *y, span);
                    }
                }
            }
        }
    }

    fn span(&self, page: &mut Page, y: f64, span: &Span) {
        let (x, to) = (self.x(chart::ms(&span.from)), self.x(chart::ms(&span.to)));
        let width = (to - x - 1.0).max(1.0);
        let look = if span.misleads { "misleads" } else { tone(span.tone) };
        let sure = match span.covered {
            Some(false) => " uncovered",
            _ => "",
        };
        let shown = format!("{}{}", sign(span), span.value);
        let letters = letters((width - 12.0) / LETTER);
        page.markup(format_args!(
            "<g><title>{}, {} to {}</title><rect class=\"span s-{look}{sure}\" x=\"{x:.1}\" y=\"{:.1}\" \
             width=\"{width:.1}\" height=\"20\" rx=\"4\"/>",
            text(&span.value),
            text(&chart::offset(self.timeline, &span.from)),
            text(&chart::offset(self.timeline, &span.to)),
            y
        ));
        if letters >= 2 {
            page.markup(format_args!(
                "<text class=\"t-{look}\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                x + 7.0,
                y + 14.5,
                text(&short(&shown, letters))
            ));
        }
        page.markup(format_args!("</g>\n"));
    }

    /// A dot for a delivered message, a cross for a lost one, each on the first line with enough space for its text.
    fn messages(&self, page: &mut Page) {
        if self.timeline.messages.is_empty() {
            return;
        }
        page.markup(format_args!(
            "<text class=\"group\" x=\"6\" y=\"{:.1}\">Messages</text>\n",
            self.below + 13.0
        ));
        for (message, place) in self.timeline.messages.iter().zip(&self.messages) {
            let x = place.x;
            let y = self.below + HEADING + MESSAGE_LINE * ordinal(place.line);
            let (drawn, class) = if message.delivered {
                (format!("<circle class=\"delivered\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4.5\"/>"), "")
            } else {
                let (left, right, up, down) = (x - 4.0, x + 4.0, y - 4.0, y + 4.0);
                (
                    format!(
                        "<path class=\"lost\" d=\"M{left:.1} {up:.1}L{right:.1} {down:.1}\
                         M{left:.1} {down:.1}L{right:.1} {up:.1}\"/>"
                    ),
                    " class=\"t-lost\"",
                )
            };
            let fate = match (&message.lost_to, message.delivered) {
                (Some(servers), false) => format!("lost to {servers}"),
                (None, false) => "lost".to_owned(),
                _ => "delivered".to_owned(),
            };
            let (anchor, at) = match place.from < x {
                true => ("end", place.to),
                false => ("start", place.from),
            };
            page.markup(format_args!(
                "<g><title>{}, {} ({fate})</title>{drawn}<text{class} x=\"{at:.1}\" y=\"{:.1}\" \
                 text-anchor=\"{anchor}\">{}</text></g>\n",
                text(&said(message)),
                chart::offset(self.timeline, &message.at),
                y + 4.5,
                text(&place.text)
            ));
        }
    }
}

fn said(message: &MessageRun) -> String {
    format!("{}: \"{}\"", message.author, message.text)
}

/// The x position of a time.
fn place_of(timeline: &Timeline, at_ms: i64) -> f64 {
    let (from, to) = chart::window(timeline);
    let whole = (to - from).max(1);
    LEFT + (RIGHT - LEFT) * share(at_ms.clamp(from, to) - from, whole)
}

/// Places messages so that no text is drawn over another.
fn message_places(timeline: &Timeline) -> Vec<MessagePlace> {
    let mut taken: Vec<f64> = Vec::new(); // how far to the right each line is drawn on
    let mut places = Vec::with_capacity(timeline.messages.len());
    for message in &timeline.messages {
        let x = place_of(timeline, chart::ms(&message.at)) + 5.0;
        let text = short(&said(message), 40);
        let width = LETTER * ordinal(text.chars().count());
        let (from, to) = match letters((RIGHT - x - 14.0) / LETTER) < 24 {
            true => (x - 10.0 - width, x - 10.0),
            false => (x + 10.0, x + 10.0 + width),
        };
        let (left, right) = (from.min(x - 5.0), to.max(x + 5.0));
        let free = taken.iter().position(|end| *end + LETTER <= left);
        let line = free.unwrap_or(taken.len());
        match taken.get_mut(line) {
            Some(end) => *end = right,
            None => taken.push(right),
        }
        places.push(MessagePlace { x, text, from, to, line });
    }
    places
}

/// The same as the drawing, a line for each change.
fn table(page: &mut Page, timeline: &Timeline) {
    let mut rows: Vec<(i64, Vec<TableCell>)> = Vec::new();
    let at = |cell| (chart::ms(cell), TableCell::text(&chart::offset(timeline, cell)));
    for step in &timeline.steps {
        let (ms, time) = at(&step.at);
        let what = format!("step {} of {}", step.id, step.scenario);
        rows.push((
            ms,
            vec![time, TableCell::text(&what), TableCell::text(&step.title), TableCell::text("")],
        ));
    }
    for lane in &timeline.lanes {
        for span in &lane.spans {
            let (ms, time) = at(&span.from);
            let note = match (span.misleads, span.covered) {
                (true, _) => TableCell::mark("bad", "false"),
                (_, Some(false)) => TableCell::text("not in the note"),
                _ => TableCell::text(""),
            };
            let label = chart::label(timeline, lane);
            rows.push((
                ms,
                vec![time, TableCell::text(&label), TableCell::text(&span.value), note],
            ));
        }
    }
    for message in &timeline.messages {
        let (ms, time) = at(&message.at);
        let fate = if message.delivered { "delivered" } else { "lost" };
        let who = format!("{} types", message.author);
        rows.push((
            ms,
            vec![
                time,
                TableCell::text(&who),
                TableCell::text(&message.text),
                TableCell::text(fate),
            ],
        ));
    }
    rows.sort_by_key(|(ms, _)| *ms);
    let rows: Vec<Vec<TableCell>> = rows.into_iter().map(|(_, row)| row).collect();
    let header = ["time", "what", "from then on", "remark"].map(String::from);
    page.table("The timeline as a table", &header, &rows);
}

fn legend(page: &mut Page) {
    const ENTRIES: [(&str, &str); 7] = [
        ("good", "works"),
        ("open", "under way"),
        ("warn", "warning"),
        ("bad", "fails"),
        ("over", "over"),
        ("misleads", "shown but false (shaded over the full height)"),
        ("guess", "dashed border: not in the note for these servers"),
    ];
    page.markup(format_args!("<ul class=\"legend small soft\">"));
    for (class, word) in ENTRIES {
        page.markup(format_args!("<li><i class=\"{class}\"></i>{}</li>", text(word)));
    }
    page.markup(format_args!(
        "<li><span aria-hidden=\"true\">&#9679;</span> delivered</li>\
         <li><span aria-hidden=\"true\">&#10005;</span> lost</li></ul>\n"
    ));
}

fn tone(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "good",
        Tone::Open => "open",
        Tone::Warn => "warn",
        Tone::Bad => "bad",
        Tone::Over => "over",
    }
}

/// The console's own icon before its name, so that colour is not needed.
fn sign(span: &Span) -> &'static str {
    let begins = |word: &str| span.value.starts_with(word);
    if begins("green circle") {
        "\u{25cf} "
    } else if begins("triangle") {
        "\u{25b2} "
    } else if begins("red square") {
        "\u{25a0} "
    } else {
        ""
    }
}

/// At most `letters` characters of a text, with an ellipsis if it was longer.
pub(super) fn short(whole: &str, letters: usize) -> String {
    if whole.chars().count() <= letters {
        return whole.to_owned();
    }
    let mut cut: String = whole.chars().take(letters.saturating_sub(1)).collect();
    cut.push('\u{2026}');
    cut
}

/// How many characters fit.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a width of a drawing, which is small, and never less than nothing here"
)]
fn letters(room: f64) -> usize {
    room.max(0.0) as usize
}

/// A part of a whole.
#[expect(clippy::cast_precision_loss, reason = "milliseconds of a replay are far below 2^53")]
pub(super) fn share(part: i64, whole: i64) -> f64 {
    part as f64 / whole as f64
}

/// A small count as a length.
fn ordinal(count: usize) -> f64 {
    u16::try_from(count).map_or(f64::from(u16::MAX), f64::from)
}
