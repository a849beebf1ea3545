//! What happened over time as a chart to scale: bars for counts, outages shaded, and a dot for the last sign of life of
//! each open chat.

mod shades;

use std::collections::BTreeMap;

use self::shades::{Shade, ShadeOf, list, shades};
use super::page::{Page, text, words};
use super::timeline::{share, short};
use super::wording;
use crate::diagnostic::counted;
use crate::render::chart::ms;
use crate::report::{AnalysisRun, LastSignRun, OpenChatState, PeriodRun, SeriesRun};
use crate::table::Cell;

/// Where bars begin and end, in chart units. The number of the scale is to their right.
const LEFT: f64 = 190.0;
const RIGHT: f64 = 1052.0;
const RIGHT_EDGE: f64 = 1092.0;
/// Where the first series is.
const TOP: f64 = 52.0;
/// The height of the tallest bar, and the space between two series.
const BARS: f64 = 38.0;
const BETWEEN: f64 = 16.0;
/// How many characters fit beside a series.
const LABEL: usize = 24;
/// The radius of a dot, and how many are stacked before they overlap others.
const DOT: f64 = 3.4;
const HIGHEST: usize = 12;
/// The minimum space for the dots of a server, in which its name fits.
const MIN_HEIGHT: f64 = 26.0;

/// Draws the periods of an analysis, and lists the outages shaded in them.
pub(super) fn draw(page: &mut Page, run: &AnalysisRun) {
    let shades = shades(run);
    let Some((whole, near)) = run.periods.split_first() else {
        return;
    };
    page.element("h2", "", "What happened over time");
    figure(page, run, whole, &shades);
    legend(page, run, !shades.is_empty());
    list(page, &shades);
    for period in near {
        page.element("h3", "", &heading(period, &shades));
        figure(page, run, period, &shades);
    }
}

/// `Around outages 2, 3: 2025-04-04 07:55 to 2025-04-04 19:20`
fn heading(period: &PeriodRun, shades: &[Shade<'_>]) -> String {
    let within = ms(&period.from)..ms(&period.to);
    let numbers = shades.iter().filter(|shade| within.contains(&shade.from));
    let numbers: Vec<String> = numbers.map(|shade| shade.number.to_string()).collect();
    let (from, to) = (minute(&period.from), minute(&period.to));
    let outages = if numbers.len() == 1 { "outage" } else { "outages" };
    format!("Around {outages} {}: {from} to {to}", numbers.join(", "))
}

fn figure(page: &mut Page, run: &AnalysisRun, period: &PeriodRun, shades: &[Shade<'_>]) {
    let drawing = Drawing::of(run, period, shades);
    let name = format!("What happened from {} to {}", minute(&period.from), minute(&period.to));
    page.markup(format_args!(
        "<figure><div class=\"chart\" role=\"group\" aria-label=\"{0}\">\
         <svg viewBox=\"0 0 {RIGHT_EDGE} {1:.0}\">\n",
        text(&name),
        drawing.height
    ));
    drawing.all(page);
    page.markup(format_args!("</svg></div>\n<figcaption class=\"small soft\">"));
    page.markup(format_args!("{}", words(&caption(run, period))));
    page.markup(format_args!("</figcaption></figure>\n"));
}

/// What the bars count, and what is omitted.
fn caption(run: &AnalysisRun, period: &PeriodRun) -> String {
    let drawn: u64 = inside(run, period).map(|sign| sign.chats).sum();
    let all: u64 = run.last_signs.iter().map(|sign| sign.chats).sum();
    let mut said = format!(
        "{} to {}. Bars count {}.",
        minute(&period.from),
        minute(&period.to),
        length(period.part_minutes)
    );
    if all == 0 {
        said.push_str(" No chat is open.");
    } else {
        let (dots, others) = (counted(drawn, "open chat"), counted(all - drawn, "other"));
        said.push_str(&format!(" Dots show the last sign of life of {dots}"));
        match all - drawn {
            0 => said.push('.'),
            _ => said.push_str(&format!("; {others} showed theirs before or after.")),
        }
        if run.last_signs.iter().any(|sign| sign.chats > 1) {
            said.push_str(" A larger dot represents several chats of one kind.");
        }
    }
    said
}

fn length(minutes: u32) -> String {
    match minutes {
        1 => "minutes".to_owned(),
        60 => "hours".to_owned(),
        1440 => "days".to_owned(),
        n if n % 1440 == 0 => format!("spans of {} days", n / 1440),
        n if n % 60 == 0 => format!("spans of {} hours", n / 60),
        n => format!("spans of {n} minutes"),
    }
}

/// The last signs of life within a period.
fn inside<'r>(
    run: &'r AnalysisRun,
    period: &PeriodRun,
) -> impl Iterator<Item = &'r LastSignRun> + use<'r> {
    let within = ms(&period.from)..ms(&period.to);
    let signs = run.last_signs.iter();
    signs.filter(move |sign| within.contains(&ms(&sign.at)))
}

/// The dots of one server, or of chats without an agent.
struct DotLane<'r> {
    name: String,
    /// Each with its x position, and the number of dots below it.
    dots: Vec<(f64, usize, &'r LastSignRun)>,
    y: f64,
    height: f64,
}

struct Drawing<'r> {
    period: &'r PeriodRun,
    shades: &'r [Shade<'r>],
    /// Each series with its top and the number at the top of its scale.
    series: Vec<(f64, u32, &'r SeriesRun)>,
    /// Where the heading of the dots is.
    below: f64,
    dots: Vec<DotLane<'r>>,
    height: f64,
}

impl<'r> Drawing<'r> {
    fn of(run: &'r AnalysisRun, period: &'r PeriodRun, shades: &'r [Shade]) -> Self {
        let mut drawing =
            Self { period, shades, series: Vec::new(), below: 0.0, dots: Vec::new(), height: 0.0 };
        let mut y = TOP;
        for series in &period.series {
            let alike = (period.series.iter()).filter(|other| other.what == series.what);
            let tallest = alike.flat_map(|one| &one.counts).max().copied();
            drawing.series.push((y, tallest.unwrap_or(0).max(1), series));
            y += BARS + BETWEEN;
        }
        drawing.below = y;
        let mut lanes: BTreeMap<&str, Vec<&LastSignRun>> = BTreeMap::new();
        for sign in inside(run, period) {
            let lane = match (&sign.host, sign.state) {
                (Some(host), _) => host.as_str(),
                (None, OpenChatState::Unassigned) => "no agent",
                (None, _) => "server not known",
            };
            lanes.entry(lane).or_default().push(sign);
        }
        if !lanes.is_empty() {
            y += 20.0;
        }
        for (name, signs) in lanes {
            let lane = drawing.lane(name, signs, y);
            y += lane.height;
            drawing.dots.push(lane);
        }
        drawing.height = y + 8.0;
        drawing
    }

    /// Stacks overlapping dots: a column of them is chats that stopped together.
    fn lane(&self, name: &str, mut signs: Vec<&'r LastSignRun>, y: f64) -> DotLane<'r> {
        signs.sort_by_key(|sign| (ms(&sign.at), sign.state, sign.activity_id));
        let mut free: Vec<f64> = Vec::new();
        let mut dots = Vec::new();
        for sign in signs {
            let x = self.x(ms(&sign.at));
            let level = free.iter().position(|taken| taken + 2.0 * DOT <= x);
            let level = level.unwrap_or(free.len());
            match free.get_mut(level) {
                Some(taken) => *taken = x,
                None => free.push(x),
            }
            dots.push((x, level % HIGHEST, sign));
        }
        let levels = free.len().min(HIGHEST);
        let chats: u64 = dots.iter().map(|(.., sign)| sign.chats).sum();
        DotLane {
            name: format!("{name} ({chats})"),
            dots,
            y,
            height: (2.0 * DOT * units(levels) + 6.0).max(MIN_HEIGHT),
        }
    }

    fn all(&self, page: &mut Page) {
        self.ground(page);
        self.numbers(page);
        for (y, top, series) in &self.series {
            self.bars(page, *y, *top, series);
        }
        self.signs(page);
    }

    /// The x position of a time.
    fn x(&self, at_ms: i64) -> f64 {
        let (from, to) = (ms(&self.period.from), ms(&self.period.to));
        LEFT + (RIGHT - LEFT) * share(at_ms.clamp(from, to) - from, (to - from).max(1))
    }

    /// Where an outage begins and ends; `None` where it is not within the period.
    fn span(&self, shade: &Shade<'_>) -> Option<(f64, f64)> {
        let (from, to) = (ms(&self.period.from), ms(&self.period.to));
        let end = shade.to.unwrap_or(to);
        (shade.from < to && end > from).then(|| (self.x(shade.from), self.x(end)))
    }

    /// The axis, and the outages.
    fn ground(&self, page: &mut Page) {
        let end = self.height - 4.0;
        for shade in self.shades {
            let Some((x, to)) = self.span(shade) else {
                continue;
            };
            let class = match shade.of {
                ShadeOf::User(_) => "given",
                ShadeOf::Rows(_) => "detected",
            };
            page.markup(format_args!(
                "<rect class=\"shade {class}\" x=\"{x:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>\n",
                TOP - 8.0,
                (to - x).max(1.0),
                end - TOP + 8.0
            ));
        }
        let day = self.period.from.to_string();
        page.markup(format_args!(
            "<text class=\"axis day\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\n",
            LEFT - 10.0,
            TOP - 12.0,
            text(day.get(..10).unwrap_or_default())
        ));
        let marks = ticks(ms(&self.period.from), ms(&self.period.to));
        for (n, (at, name)) in marks.into_iter().enumerate() {
            let x = self.x(at);
            let anchor = match x {
                x if x < LEFT + 20.0 => "start",
                x if x > RIGHT - 20.0 => "end",
                _ => "middle",
            };
            // On a narrow page there is room for every second name.
            let class = if n % 2 == 1 { "axis odd" } else { "axis" };
            page.markup(format_args!(
                "<line class=\"grid\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{:.1}\" y2=\"{end:.1}\"/>\
                 <text class=\"{class}\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{name}</text>\n",
                TOP - 8.0,
                TOP - 12.0
            ));
        }
    }

    /// A number above each outage, which links to its line in the list. Overlapping ones are placed side by
    /// side.
    fn numbers(&self, page: &mut Page) {
        let mut drawn: Vec<(f64, &Shade<'_>)> = (self.shades.iter())
            .filter_map(|shade| self.span(shade).map(|(x, to)| (f64::midpoint(x, to), shade)))
            .collect();
        drawn.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut free = 0.0_f64;
        for (at, shade) in drawn {
            let x = at.max(free);
            free = x + 19.0;
            page.markup(format_args!(
                "<a href=\"#outage-{0}\"><title>Outage {0}: {1}</title>\
                 <line class=\"grid\" x1=\"{x:.1}\" y1=\"22\" x2=\"{at:.1}\" y2=\"{2:.1}\"/>\
                 <circle class=\"step\" cx=\"{x:.1}\" cy=\"13\" r=\"9\"/>\
                 <text class=\"number\" x=\"{x:.1}\" y=\"16.5\" text-anchor=\"middle\">{0}</text></a>\n",
                shade.number,
                text(&shade.name),
                TOP - 24.0
            ));
        }
    }

    fn bars(&self, page: &mut Page, y: f64, top: u32, series: &SeriesRun) {
        let base = y + BARS;
        let mut what = series.what.clone();
        // Every series begins with a small letter, as in a sentence.
        if let Some(first) = what.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        let (first, second) = match &series.host {
            Some(host) => (what.as_str(), host.as_str()),
            None => what.split_once(", ").unwrap_or((&what, "")),
        };
        let (label, class) = match second {
            "" => (base - 6.0, "name"),
            _ => (base - 18.0, "name first"),
        };
        page.markup(format_args!(
            "<g class=\"series\"><title>{2} {3}</title>\
             <text class=\"{class}\" x=\"{0:.1}\" y=\"{label:.1}\" text-anchor=\"end\">{1}</text>",
            LEFT - 10.0,
            text(&short(first, LABEL)),
            text(first),
            text(second)
        ));
        if !second.is_empty() {
            page.markup(format_args!(
                "<text class=\"axis host\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                LEFT - 10.0,
                base - 3.0,
                text(&short(second, LABEL))
            ));
        }
        page.markup(format_args!(
            "<line class=\"line\" x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{base:.1}\" y2=\"{base:.1}\"/>\
             <line class=\"grid top\" x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
             <text class=\"axis scale\" x=\"{:.1}\" y=\"{:.1}\">{top}</text>",
            RIGHT + 5.0,
            y + 4.0
        ));
        let wide = (RIGHT - LEFT) / units(series.counts.len().max(1));
        let mut path = String::new();
        for (at, count) in series.counts.iter().enumerate().filter(|(_, n)| **n > 0) {
            let (x, tall) = (LEFT + wide * units(at), BARS * f64::from(*count) / f64::from(top));
            let width = wide - (wide * 0.15).min(1.5);
            path.push_str(&format!("M{x:.2} {base:.0}v-{tall:.2}h{width:.2}v{tall:.2}z"));
        }
        page.markup(format_args!(
            "<path class=\"bar {}\" d=\"{path}\"/></g>\n",
            class_of(&series.what)
        ));
    }

    fn signs(&self, page: &mut Page) {
        if self.dots.is_empty() {
            return;
        }
        page.markup(format_args!(
            "<text class=\"group\" x=\"6\" y=\"{:.1}\">Last sign of life of open chats</text>\n",
            self.below + 8.0
        ));
        for lane in &self.dots {
            let base = lane.y + lane.height - 4.0;
            page.markup(format_args!(
                "<g class=\"signs\"><text class=\"name\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\
                 <line class=\"grid\" x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{3:.1}\" y2=\"{3:.1}\"/>\n",
                LEFT - 10.0,
                base - 3.0,
                text(&short(&lane.name, LABEL)),
                base + 1.0
            ));
            for (x, level, sign) in &lane.dots {
                let y = base - DOT - 2.0 * DOT * units(*level);
                dot(page, *x, y, sign);
            }
            page.markup(format_args!("</g>\n"));
        }
    }
}

/// The colour of a series, by what it counts.
fn class_of(what: &str) -> &'static str {
    match what.split_whitespace().next() {
        Some("completions" | "completions,") => "b-good",
        Some("assignments") => "b-link",
        Some("last") => "b-warn",
        _ => "b-open",
    }
}

/// The shape and colour of the dot of a state, and its word. Shapes differ too, so that colour is not needed.
fn look(state: OpenChatState) -> (&'static str, &'static str) {
    match state {
        OpenChatState::Ghost => ("d-ghost", "ghost"),
        OpenChatState::Probable => ("d-probable", "probable ghost"),
        OpenChatState::Unclear => ("d-unclear", "unclear"),
        OpenChatState::Unassigned => ("d-unassigned", "without an agent"),
        OpenChatState::Open => ("d-open", "no evidence against its session"),
    }
}

/// A circle for chats that an agent has, a diamond for probable ghosts, a square for unassigned chats. A dot that
/// represents several is larger.
fn dot(page: &mut Page, x: f64, y: f64, sign: &LastSignRun) {
    let (class, word) = look(sign.state);
    let who = match sign.activity_id {
        Some(id) => format!("chat {id}"),
        None => counted(sign.chats, "chat"),
    };
    let title = format!("{who}: {word}, {}", wording::brief_value(&sign.at));
    page.markup(format_args!(
        "<path class=\"dot {class}\" d=\"{}\"><title>{}</title></path>\n",
        shape(sign.state, x, y, if sign.chats > 1 { DOT + 1.4 } else { DOT - 0.4 }),
        text(&title)
    ));
}

fn shape(state: OpenChatState, x: f64, y: f64, r: f64) -> String {
    let two = 2.0 * r;
    match state {
        OpenChatState::Probable => {
            let r = r * 1.2;
            format!("M{:.2} {y:.1}l{r:.1}-{r:.1} {r:.1} {r:.1}-{r:.1} {r:.1}z", x - r)
        }
        OpenChatState::Unassigned => {
            format!("M{:.2} {:.1}h{two:.1}v{two:.1}h-{two:.1}z", x - r, y - r)
        }
        _ => format!(
            "M{:.2} {y:.1}a{r:.1} {r:.1} 0 1 0 {two:.1} 0a{r:.1} {r:.1} 0 1 0-{two:.1} 0z",
            x - r
        ),
    }
}

fn legend(page: &mut Page, run: &AnalysisRun, has_shades: bool) {
    let mut states: Vec<OpenChatState> = run.last_signs.iter().map(|sign| sign.state).collect();
    states.sort_unstable();
    states.dedup();
    if states.is_empty() && !has_shades {
        return;
    }
    page.markup(format_args!("<ul class=\"legend small soft\">"));
    if has_shades {
        page.markup(format_args!("<li><i class=\"shaded\"></i>outage, by its number below</li>"));
    }
    for state in states {
        let (class, word) = look(state);
        page.markup(format_args!(
            "<li><svg class=\"sign\" viewBox=\"0 0 12 12\" aria-hidden=\"true\"><path class=\"dot {class}\" d=\"{}\"/>\
             </svg>{}</li>",
            shape(state, 6.0, 6.0, 4.0),
            text(word)
        ));
    }
    page.markup(format_args!("</ul>\n"));
}

/// Marks of the axis with their names, nine or fewer: the time of day, and the date where a day begins. The date of the
/// whole is at the left of them.
fn ticks(from: i64, to: i64) -> Vec<(i64, String)> {
    const MINUTES: [i64; 14] = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10_080];
    const DAY: i64 = 1440 * 60_000;
    const MAX_TICKS: i64 = 9;
    let steps = MINUTES.into_iter().map(|minutes| minutes * 60_000);
    let fits = steps.into_iter().find(|step| (to - from) / step <= MAX_TICKS);
    let step = fits.unwrap_or(((to - from) / MAX_TICKS / DAY + 1) * DAY);
    let first = from + (step - from.rem_euclid(step)) % step;
    let mut marks = Vec::new();
    for at in (0..=MAX_TICKS).map(|n| first + n * step).take_while(|at| *at <= to) {
        let whole = Cell::Timestamp(at).to_string();
        let (date, time) = (whole.get(5..10), whole.get(11..16));
        let (Some(date), Some(time)) = (date, time) else {
            continue;
        };
        let name = match at.rem_euclid(DAY) {
            0 if step > 28 * DAY => whole.get(..10).unwrap_or(date),
            0 => date,
            _ => time,
        };
        marks.push((at, name.to_owned()));
    }
    marks
}

/// A time without seconds.
fn minute(at: &Cell) -> String {
    let whole = at.to_string();
    whole.get(..16).map_or(whole.clone(), str::to_owned)
}

#[expect(clippy::cast_precision_loss, reason = "a number of parts or of dots, far below 2^53")]
fn units(n: usize) -> f64 {
    n as f64
}
