//! The outages that are shaded in the drawings of an analysis, and the list of them in words.

use crate::render::chart::ms;
use crate::render::html::page::{Page, mark, text, words};
use crate::render::wording;
use crate::report::{AnalysisRun, DetectedRun, OutageRun};
use crate::table::Cell;

/// An outage as it is drawn and listed, with its number on the page.
pub(super) struct Shade<'r> {
    pub(super) number: usize,
    pub(super) from: i64,
    pub(super) to: Option<i64>,
    pub(super) name: String,
    pub(super) of: ShadeOf<'r>,
}

/// The source of an outage.
#[derive(Clone, Copy)]
pub(super) enum ShadeOf<'r> {
    Rows(&'r DetectedRun),
    User(&'r OutageRun),
}

/// The outages that the rows show and others that the user says there were, numbered in the order of time.
pub(super) fn shades(run: &AnalysisRun) -> Vec<Shade<'_>> {
    let is_known = |given: &OutageRun| {
        let parts = (&given.servers, &given.host, &given.from, &given.to);
        let mut detected = run.detected.iter();
        detected.any(|one| parts == (&one.servers, &one.host, &one.from, &one.to))
    };
    let given = run.outages.iter().filter(|given| !is_known(given));
    let all = run.detected.iter().map(ShadeOf::Rows);
    let all = all.chain(given.map(ShadeOf::User)).map(|of| {
        let (servers, host, from, to) = match of {
            ShadeOf::Rows(one) => (&one.servers, &one.host, &one.from, &one.to),
            ShadeOf::User(one) => (&one.servers, &one.host, &one.from, &one.to),
        };
        Shade {
            number: 0,
            from: ms(from),
            to: match to {
                Cell::Timestamp(at) => Some(*at),
                _ => None,
            },
            name: wording::servers(servers, host.as_deref()),
            of,
        }
    });
    let mut shades: Vec<Shade<'_>> = all.collect();
    shades.sort_by_key(|shade| shade.from);
    for (at, shade) in shades.iter_mut().enumerate() {
        shade.number = at + 1;
    }
    shades
}

/// The shaded periods in words, for those who cannot see the chart.
pub(super) fn list(page: &mut Page, shades: &[Shade<'_>]) {
    if shades.is_empty() {
        page.element("p", "", "No outage was detected in these rows.");
        return;
    }
    page.markup(format_args!("<ol class=\"outages\">\n"));
    for shade in shades {
        let (from, to) = span_of(shade);
        let (sure, evidence) = said_of(shade.of);
        page.markup(format_args!(
            "<li id=\"outage-{}\"><b>{}</b> from {} {} {sure} {}</li>\n",
            shade.number,
            text(&shade.name),
            words(&from),
            words(&to),
            words(&evidence.join("; "))
        ));
    }
    page.markup(format_args!("</ol>\n"));
}

/// `2025-04-04 09:08:29`, `to 10:20:13`: the date of the end is omitted if it is the same.
fn span_of(shade: &Shade<'_>) -> (String, String) {
    let second = |at: i64| wording::brief_value(&Cell::Timestamp(at));
    let from = second(shade.from);
    let Some(to) = shade.to.map(second) else {
        return (from, "on (ongoing)".to_owned());
    };
    match (from.get(..11), to.get(..11), to.get(11..)) {
        (Some(day), Some(other), Some(time)) if day == other => (from, format!("to {time}")),
        _ => (from, format!("to {to}")),
    }
}

/// The confidence in an outage, as markup, and its evidence.
fn said_of(of: ShadeOf<'_>) -> (String, Vec<String>) {
    let one = match of {
        ShadeOf::User(given) => {
            let counts = given.counts.iter().map(wording::count).collect();
            return (mark("over", "as given"), counts);
        }
        ShadeOf::Rows(one) => one,
    };
    let class = if one.confidence == "high" { "open" } else { "over" };
    let (observed, expected) = (one.observed, one.expected);
    let mut evidence = vec![format!("{observed} of {expected:.0} expected {}", one.counted)];
    evidence.extend(one.evidence.iter().cloned());
    if !one.or_servers.is_empty() {
        let or = one.or_servers.join(" or ");
        evidence.push(format!("a failure of {or} would leave the same rows"));
    }
    (mark(class, &format!("confidence {}", one.confidence)), evidence)
}
