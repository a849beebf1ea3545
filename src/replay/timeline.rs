//! What was true and what each side saw during a replay, over time.
//!
//! The player takes a [`Sample`] of the view `world` before and after each step, and at every time in between at which
//! a time rule can change something (`turning_point`). [`draw`] merges equal neighbours into spans. Samples are taken
//! on a savepoint, so the replay itself is the same with and without a timeline.

use crate::report::{Lane, MessageRun, Party, Span, Timeline, TimelineStep, Tone};
use crate::store::{Store, StoreError};
use crate::table::{Cell, Kind, ResultTable};

/// How long the chart continues after the last step, in milliseconds.
const TAIL_MS: i64 = 120_000;

const WORLD: &str = "SELECT party, subject, fact, value, look, misleads, situation FROM world \
     ORDER BY position, subject";

const TURNING_POINTS: &str = "SELECT DISTINCT at FROM turning_point WHERE at < @before ORDER BY at";

const MESSAGES: &str =
    "SELECT at, author, text, fate, lost_to FROM message_fate ORDER BY at, message_id";

/// One sample of the world.
#[derive(Debug, Clone)]
struct Sample {
    at_ms: i64,
    facts: Vec<Fact>,
}

/// A row of the view `world`.
#[derive(Debug, Clone)]
struct Fact {
    party: Party,
    subject: String,
    fact: String,
    shown: Shown,
}

/// What a span shows; adjacent spans that show the same are merged.
#[derive(Debug, Clone, PartialEq)]
struct Shown {
    value: String,
    tone: Tone,
    misleads: bool,
    covered: Option<bool>,
}

/// The samples taken while one scenario was replayed, and its steps.
#[derive(Debug, Clone, Default)]
pub(super) struct Track {
    samples: Vec<Sample>,
    steps: Vec<TimelineStep>,
}

impl Track {
    /// Takes a sample of the current database, whose clock is at `at_ms`.
    pub(super) fn look(&mut self, store: &Store, at_ms: i64) -> Result<(), StoreError> {
        let facts = facts(store.ask(WORLD, &[], &[])?);
        self.samples.push(Sample { at_ms, facts });
        Ok(())
    }

    /// Takes a sample at every time before `before_ms` at which a time rule changes something.
    pub(super) fn look_until(&mut self, store: &Store, before_ms: i64) -> Result<(), StoreError> {
        let kinds = [("at".to_owned(), Kind::Timestamp)];
        let bound = ("before".to_owned(), Cell::Text(Cell::Timestamp(before_ms).to_string()));
        for row in store.ask(TURNING_POINTS, &kinds, &[bound])?.rows {
            let Some(Cell::Timestamp(at_ms)) = row.first() else {
                continue;
            };
            store.savepoint()?;
            store.set_clock(*at_ms)?;
            let looked = self.look(store, *at_ms);
            store.roll_back()?;
            looked?;
        }
        Ok(())
    }

    /// Records a step.
    pub(super) fn step(&mut self, scenario: &str, id: &str, title: &str, at_ms: i64) {
        self.steps.push(TimelineStep {
            scenario: scenario.to_owned(),
            id: id.to_owned(),
            title: title.to_owned(),
            at: Cell::Timestamp(at_ms),
        });
    }
}

/// The chart of a chain of scenarios, whose tracks are given in replay order, with the final database; times are
/// relative to `origin_ms`, or else to the first sample. `None` if there are no samples.
///
/// # Errors
/// Fails when the database cannot be queried.
pub(super) fn draw(
    tracks: &mut [Track],
    origin_ms: Option<i64>,
    store: &Store,
) -> Result<Option<Timeline>, StoreError> {
    let last = tracks.iter().rev().find_map(|track| track.samples.last());
    let Some(end_ms) = last.map(|sample| sample.at_ms + TAIL_MS) else {
        return Ok(None);
    };
    if let Some(track) = tracks.last_mut() {
        track.look_until(store, end_ms)?;
    }
    let samples: Vec<&Sample> = tracks.iter().flat_map(|track| &track.samples).collect();
    let steps: Vec<TimelineStep> =
        (tracks.iter().flat_map(|track| track.steps.iter().cloned())).collect();
    let begin = samples.first().map_or(end_ms, |sample| sample.at_ms);
    Ok(Some(Timeline {
        origin: Cell::Timestamp(origin_ms.unwrap_or(begin)),
        from: Cell::Timestamp(begin),
        to: Cell::Timestamp(end_ms),
        steps,
        lanes: lanes(&samples, end_ms),
        messages: messages(store)?,
    }))
}

/// One lane per fact, in the order in which the view lists facts; equal neighbours are merged into one span.
fn lanes(samples: &[&Sample], end_ms: i64) -> Vec<Lane> {
    let mut lanes: Vec<Lane> = Vec::new();
    for (at, sample) in samples.iter().enumerate() {
        let until = samples.get(at + 1).map_or(end_ms, |next| next.at_ms);
        if until == sample.at_ms {
            continue;
        }
        for fact in &sample.facts {
            let same = |lane: &Lane| {
                lane.party == fact.party && lane.subject == fact.subject && lane.fact == fact.fact
            };
            let place = match lanes.iter().position(same) {
                Some(place) => place,
                None => {
                    lanes.push(Lane {
                        party: fact.party,
                        subject: fact.subject.clone(),
                        fact: fact.fact.clone(),
                        spans: Vec::new(),
                    });
                    lanes.len() - 1
                }
            };
            extend(&mut lanes[place].spans, fact, sample.at_ms, until);
        }
    }
    lanes.sort_by_key(|lane| lane.party);
    lanes
}

fn extend(spans: &mut Vec<Span>, fact: &Fact, from_ms: i64, to_ms: i64) {
    let Shown { value, tone, misleads, covered } = &fact.shown;
    if let Some(last) = spans.last_mut()
        && last.to == Cell::Timestamp(from_ms)
        && (&last.value, &last.tone, &last.misleads, &last.covered)
            == (value, tone, misleads, covered)
    {
        last.to = Cell::Timestamp(to_ms);
        return;
    }
    spans.push(Span {
        from: Cell::Timestamp(from_ms),
        to: Cell::Timestamp(to_ms),
        value: value.clone(),
        tone: *tone,
        misleads: *misleads,
        covered: *covered,
    });
}

fn facts(table: ResultTable) -> Vec<Fact> {
    let fact = |row: Vec<Cell>| {
        let text = |at: usize| row.get(at).map_or_else(String::new, Cell::to_string);
        Fact {
            party: party(&text(0)),
            subject: text(1),
            fact: text(2),
            shown: Shown {
                value: text(3),
                tone: tone(&text(4)),
                misleads: row.get(5) == Some(&Cell::Integer(1)),
                covered: match text(6).as_str() {
                    "covered" => Some(true),
                    "not covered" => Some(false),
                    _ => None,
                },
            },
        }
    };
    table.rows.into_iter().map(fact).collect()
}

fn party(word: &str) -> Party {
    match word {
        "servers" => Party::Servers,
        "truth" => Party::Truth,
        "database" => Party::Database,
        "agent" => Party::Agent,
        _ => Party::Customer,
    }
}

fn tone(word: &str) -> Tone {
    match word {
        "good" => Tone::Good,
        "warn" => Tone::Warn,
        "bad" => Tone::Bad,
        "over" => Tone::Over,
        _ => Tone::Open,
    }
}

fn messages(store: &Store) -> Result<Vec<MessageRun>, StoreError> {
    let kinds = [("at".to_owned(), Kind::Timestamp)];
    let message = |row: Vec<Cell>| {
        let mut cells = row.into_iter();
        let mut next = || cells.next().unwrap_or(Cell::Null);
        MessageRun {
            at: next(),
            author: next().to_string(),
            text: next().to_string(),
            delivered: next() == Cell::Text("delivered".to_owned()),
            lost_to: match next() {
                Cell::Null => None,
                servers => Some(servers.to_string()),
            },
        }
    };
    let rows = store.ask(MESSAGES, &kinds, &[])?.rows;
    Ok(rows.into_iter().map(message).collect())
}
