//! Searches rows for what an outage leaves behind: runs every finding, and puts its result into the report.
//!
//! A finding is a query that returns no rows on healthy data. Missing exports are never guessed: a finding whose tables
//! or columns are missing is skipped. Ages are measured from a given time, or from the newest timestamp in the rows,
//! never from the system clock. This module does not know what any finding means.

mod advice;
mod changes;
mod detected;
mod exported;
mod files;
mod finding;
mod history;
mod limit;
mod offset;
pub mod outage;
pub mod over_time;
pub mod summary;

use std::collections::BTreeSet;

use thiserror::Error;

use crate::assets;
use crate::diagnostic::did_you_mean;
use crate::query::{Query, QueryParameter};
use crate::report::AnalysisRun;
use crate::schema::types::Type;
use crate::sql::tsql::TsqlError;
use crate::store::{Store, StoreError};
use crate::table::moment::{OffsetAt, UtcOffset};
use crate::table::{Cell, Kind};

pub(crate) use advice::export_of;
use advice::unlocks;
pub use advice::{NextCommands, next_steps};
use detected::{detected_run, given_run, shaded};
use exported::ExportedRows;
use finding::Given;

/// Why rows could not be searched.
#[derive(Debug, Error)]
pub enum AnalysisError {
    /// No finding has this name.
    #[error("there is no finding `{name}`")]
    UnknownFinding {
        /// The given name.
        name: String,
        /// The likely intended name.
        suggestion: Option<String>,
    },
    /// No finding has a threshold of this name.
    #[error("no finding has a threshold `{name}`")]
    UnknownThreshold {
        /// The given name.
        name: String,
        /// The likely intended name.
        suggestion: Option<String>,
    },
    /// An invalid value for a threshold.
    #[error("expected {kind} for `{name}`, found `{found}`")]
    Threshold {
        /// The given name.
        name: String,
        /// The expected type.
        kind: Kind,
        /// The given value.
        found: String,
    },
    /// No agent in the rows works on this Application server.
    #[error("no agent in the rows is on `{host}`")]
    UnknownHost {
        /// The given name.
        host: String,
        /// The names that the rows have.
        known: Vec<String>,
    },
    /// The clock was set back, so the reference time is ambiguous.
    #[error("{at} is ambiguous in the servers' time zone: UTC{first} or UTC{then} (--utc-offset)")]
    Twice {
        /// The reference time.
        at: String,
        /// The first possible offset.
        first: String,
        /// The second possible offset.
        then: String,
    },
    /// The clock was set forward, so the reference time does not exist.
    #[error(
        "{at} does not exist in the servers' time zone: the clock was set forward (--utc-offset)"
    )]
    Never {
        /// The reference time.
        at: String,
    },
    /// The rows contradict the given offset.
    #[error(
        "the servers' clock is not {given} from UTC (--utc-offset): activities and their first events show {shown}"
    )]
    OtherOffset {
        /// The given offset.
        given: String,
        /// The offset shown by the rows.
        shown: String,
    },
    /// An outage begins after the end of the rows.
    #[error("the outage from {from} begins after the newest row ({until})")]
    OutageLater {
        /// When the outage begins.
        from: String,
        /// The newest time in the rows, or that of the export.
        until: String,
    },
    /// A finding's T-SQL cannot be translated for this database.
    #[error("`{name}`: {source}")]
    Tsql {
        /// The name of the finding.
        name: String,
        /// The position and the reason.
        source: TsqlError,
    },
    /// A finding could not be run.
    #[error("`{name}`: {source}")]
    Asked {
        /// The name of the finding.
        name: String,
        /// The underlying error.
        source: StoreError,
    },
    /// Any other database error.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What to run on the rows, and with which times and thresholds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AnalysisOptions {
    /// The reference time in milliseconds in the servers' local time; if `None`, the scenario clock of a replay,
    /// otherwise the newest time in the rows.
    pub as_of_ms: Option<i64>,
    /// How far the servers' clock is ahead of UTC.
    pub utc_offset: Option<UtcOffset>,
    /// The known outages.
    pub outages: Vec<Outage>,
    /// Thresholds by name that override those of the findings.
    pub sets: Vec<(String, Cell)>,
    /// The findings to run; all when empty.
    pub only: Vec<String>,
}

/// A time during which a server was down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outage {
    /// The servers that were down.
    pub servers: Vec<Server>,
    /// The one application server that was down, by its name in `login_ip`; all of them when `None`.
    pub host: Option<String>,
    /// When it began, in milliseconds in the servers' local time.
    pub from_ms: i64,
    /// When it ended; `None` while it continues.
    pub to_ms: Option<i64>,
}

/// A server of the documented platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Server {
    /// It holds the sessions of agents and customers.
    Application,
    /// It exchanges their messages.
    Messaging,
    /// It runs the service processes.
    Services,
}

impl Outage {
    /// One that the rows show.
    fn of(window: &outage::OutageWindow) -> Self {
        Self {
            servers: window.servers.clone(),
            host: window.host.clone(),
            from_ms: window.from,
            to_ms: window.to,
        }
    }
}

impl Outage {
    /// Whether it may be the same as another: at its time, which may be wrong by a quarter of an hour, and not of
    /// another Application server.
    fn may_be(&self, other: &Self) -> bool {
        const UNCERTAIN: i64 = 15 * 60_000;
        let begins_by = |one: &Self, end: Option<i64>| {
            end.is_none_or(|end| one.from_ms.saturating_sub(UNCERTAIN) <= end)
        };
        let hosts = self.host.as_ref().zip(other.host.as_ref());
        begins_by(self, other.to_ms)
            && begins_by(other, self.to_ms)
            && hosts.is_none_or(|(one, other)| one == other)
    }

    /// If the user named no servers, those of the detected outages that it overlaps; otherwise unchanged. The times are
    /// always the user's.
    fn with_servers_of(&self, detected: &[outage::OutageWindow]) -> Vec<Self> {
        let ends_before = |to: Option<i64>, from: i64| to.is_some_and(|to| to < from);
        let overlaps = |window: &&outage::OutageWindow| {
            !ends_before(window.to, self.from_ms) && !ends_before(self.to_ms, window.from)
        };
        let overlapping = detected.iter().filter(overlaps).map(|window| Self {
            servers: window.servers.clone(),
            host: window.host.clone(),
            ..self.clone()
        });
        let of_rows: Vec<Self> = match self.servers.is_empty() {
            true => overlapping.collect(),
            false => Vec::new(),
        };
        match of_rows.is_empty() {
            true => vec![self.clone()],
            false => of_rows,
        }
    }
}

/// Fails if an outage is of an Application server that does not occur in the rows although others do.
fn check_hosts(rows: &ExportedRows<'_>, outages: &[Outage]) -> Result<(), AnalysisError> {
    for host in outages.iter().filter_map(|outage| outage.host.as_ref()) {
        let known: BTreeSet<String> = history::hosts(rows)?.into_values().collect();
        let known = known.into_iter().filter(|known| !known.is_empty());
        let known: Vec<String> = known.collect();
        if !known.is_empty() && !known.contains(host) {
            return Err(AnalysisError::UnknownHost { host: host.clone(), known });
        }
    }
    Ok(())
}

impl Server {
    /// Every server, in the order of the support note.
    pub const ALL: [Self; 3] = [Self::Application, Self::Services, Self::Messaging];

    /// Its name in command lines and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::Messaging => "messaging",
            Self::Services => "services",
        }
    }
}

/// The parameter of a finding for the maximum number of chats per agent, if no table has it.
const LIMIT: &str = "limit_in_force";

/// What such a finding needs if no outage is known.
pub const OUTAGE: &str = "the time of an outage (--outage)";

/// Fewer activities than this do not show that there was no outage.
pub(crate) const MIN_ACTIVITIES: u64 = 200;

/// A placeholder for personal data until it is replaced.
pub const PRIVACY_PLAIN: &str = "Personal data is included unchanged.";

/// Every built-in finding, by name.
#[must_use]
pub fn findings() -> Vec<Query> {
    let read = |name: &str| {
        let (file, text) = assets::finding(name).expect("it was listed");
        Query::read(name, &file, text).expect("a test reads every finding")
    };
    assets::findings().into_iter().map(read).collect()
}

/// Runs every finding, read-only.
///
/// # Errors
/// When a finding or a threshold is not known, or the database fails.
pub fn analyze(store: &Store, options: &AnalysisOptions) -> Result<AnalysisRun, AnalysisError> {
    let all = findings();
    let chosen = chosen(&all, &options.only)?;
    let sets = thresholds(&all, &options.sets)?;
    let rows = ExportedRows::of(store)?;
    let (as_of, as_of_from) = rows.moment(options)?;
    let until = match as_of {
        Cell::Timestamp(until) => Some(rows.exported_at()?.unwrap_or(until).max(until)),
        _ => None,
    };
    check_times(&options.outages, until)?;
    let read = match until {
        Some(until) if chosen.iter().any(|finding| asks_history(finding)) => {
            history::read(&rows, until)?
        }
        _ => history::Read::default(),
    };
    let detected = outage::detect(&read.history);
    check_hosts(&rows, &options.outages)?;
    let given = utc_offset(options, &as_of)?;
    check_offset(options, given, &read)?;
    let (utc_offset_minutes, utc_offset_from) = match (given, read.offsets.first()) {
        (Some(given), _) => (Some(given), "as given"),
        // Where the clock was set forward or back within the rows, one offset would be wrong for a part of them.
        (None, Some(shown)) if read.offsets.len() == 1 => {
            (Some(*shown), "as activities and their first events show")
        }
        (None, _) => (None, ""),
    };
    let given = Given {
        as_of: as_of.clone(),
        outages: evidence(&options.outages, &detected),
        meant: meant(&options.outages, &detected),
        utc_offset_minutes,
        limit: read.limit.clone(),
        sets,
    };
    let mut runs = Vec::with_capacity(chosen.len());
    for finding in chosen {
        runs.push(rows.ask(finding, &given)?);
    }
    let whole = options.only.is_empty();
    let open_chats = if whole { rows.open_chats()? } else { None };
    let activities = read.history.arrivals.len() as u64;
    let had_none = detected.is_empty() && activities >= MIN_ACTIVITIES;
    let unlocks = unlocks(&runs, had_none);
    let shaded = shaded(&options.outages, &detected);
    let given = options.outages.iter();
    let found = detected.iter();
    Ok(AnalysisRun {
        files: rows.files()?,
        as_of,
        as_of_from,
        utc_offset: utc_offset_minutes.map(offset),
        utc_offset_from: utc_offset_from.to_owned(),
        open_chats,
        activities,
        changes: if whole { changes::between_exports(&rows)? } else { None },
        summary: Vec::new(),
        command: None,
        outages: given.map(|outage| given_run(outage, &read.history)).collect(),
        detected: found.map(|window| detected_run(window, &read.history)).collect(),
        periods: over_time::periods(&read.history, &read.open, &shaded),
        last_signs: over_time::last_signs(read.open, &summary::verdicts(&runs)),
        undetectable: read.undetectable,
        findings: runs,
        candidates: Vec::new(),
        next: Vec::new(),
        unlocks,
        privacy: PRIVACY_PLAIN.to_owned(),
    })
}

/// The outages that are asked about, in the order of time: those given, else those detected.
fn meant(given: &[Outage], detected: &[outage::OutageWindow]) -> Vec<Outage> {
    let of_given = |outage: &Outage| outage.with_servers_of(detected);
    let mut outages: Vec<Outage> = match given.is_empty() {
        true => detected.iter().map(Outage::of).collect(),
        false => given.iter().flat_map(of_given).collect(),
    };
    outages.sort_by_key(|outage| outage.from_ms);
    outages
}

/// The outages that evidence may come from, in the order of time: those given, and those detected at other times.
fn evidence(given: &[Outage], detected: &[outage::OutageWindow]) -> Vec<Outage> {
    let others = detected.iter().map(Outage::of);
    let others = others.filter(|window| !given.iter().any(|outage| outage.may_be(window)));
    let mut outages: Vec<Outage> = meant(given, detected);
    if !given.is_empty() {
        outages.extend(others);
    }
    outages.sort_by_key(|outage| outage.from_ms);
    outages
}

fn chosen<'q>(all: &'q [Query], only: &[String]) -> Result<Vec<&'q Query>, AnalysisError> {
    if only.is_empty() {
        return Ok(all.iter().collect());
    }
    let find = |name: &String| {
        let found = all.iter().find(|finding| finding.name == *name);
        found.ok_or_else(|| AnalysisError::UnknownFinding {
            name: name.clone(),
            suggestion: did_you_mean(name, all.iter().map(|finding| finding.name.as_str()))
                .map(str::to_owned),
        })
    };
    let mut chosen = only.iter().map(find).collect::<Result<Vec<_>, _>>()?;
    chosen.sort_by(|a, b| a.name.cmp(&b.name));
    chosen.dedup_by(|a, b| a.name == b.name);
    Ok(chosen)
}

/// Checks the given thresholds. `finding.threshold` sets it for one finding only.
fn thresholds(
    all: &[Query],
    sets: &[(String, Cell)],
) -> Result<Vec<(String, Cell)>, AnalysisError> {
    for (name, value) in sets {
        let (of, own) = match name.split_once('.') {
            Some((finding, own)) => (Some(finding), own),
            None => (None, name.as_str()),
        };
        let parameter = all
            .iter()
            .filter(|finding| of.is_none_or(|of| finding.name == of))
            .find_map(|finding| finding.parameter(own));
        let Some(parameter) = parameter else {
            let known = all.iter().flat_map(|finding| &finding.parameters);
            let known = known.map(|parameter| parameter.name.as_str());
            return Err(AnalysisError::UnknownThreshold {
                name: name.clone(),
                suggestion: did_you_mean(own, known).map(str::to_owned),
            });
        };
        let kind = kind_of(parameter);
        if value.type_name() != kind.name() && *value != Cell::Null {
            return Err(AnalysisError::Threshold {
                name: name.clone(),
                kind,
                found: value.to_string(),
            });
        }
    }
    Ok(sets.to_vec())
}

/// The type of a threshold.
#[must_use]
pub fn kind_of(parameter: &QueryParameter) -> Kind {
    parameter.kind.unwrap_or(match parameter.default {
        Some(Cell::Text(_)) => Kind::Text,
        _ => Kind::Integer,
    })
}

/// Fails if an outage begins after the end of the rows: its year may be mistyped.
fn check_times(outages: &[Outage], until: Option<i64>) -> Result<(), AnalysisError> {
    let Some(until) = until else { return Ok(()) };
    match outages.iter().find(|outage| outage.from_ms > until) {
        Some(later) => Err(AnalysisError::OutageLater {
            from: Cell::Timestamp(later.from_ms).to_string(),
            until: Cell::Timestamp(until).to_string(),
        }),
        None => Ok(()),
    }
}

/// Fails if the rows contradict the given offset.
fn check_offset(
    options: &AnalysisOptions,
    given: Option<i64>,
    read: &history::Read,
) -> Result<(), AnalysisError> {
    let shown = &read.offsets;
    // A zone may have another offset at the reference time than when the rows were written.
    let at_first = options.utc_offset.map(|offset| offset.at_utc(read.history.since));
    let fits = |offset: Option<i64>| offset.is_some_and(|offset| shown.contains(&offset));
    match given {
        Some(given) if !shown.is_empty() && !fits(Some(given)) && !fits(at_first) => {
            let shown: Vec<String> = shown.iter().map(|minutes| offset(*minutes)).collect();
            Err(AnalysisError::OtherOffset { given: offset(given), shown: shown.join(" and ") })
        }
        _ => Ok(()),
    }
}

/// How far the servers' clock is ahead of UTC at the reference time.
fn utc_offset(options: &AnalysisOptions, as_of: &Cell) -> Result<Option<i64>, AnalysisError> {
    match (options.utc_offset, as_of) {
        (Some(UtcOffset::Minutes(minutes)), _) => Ok(Some(minutes)),
        (Some(zone), Cell::Timestamp(ms)) => match zone.at(*ms) {
            OffsetAt::Minutes(minutes) => Ok(Some(minutes)),
            OffsetAt::Twice(first, then) => Err(AnalysisError::Twice {
                at: as_of.to_string(),
                first: offset(first),
                then: offset(then),
            }),
            OffsetAt::Never => Err(AnalysisError::Never { at: as_of.to_string() }),
        },
        _ => Ok(None),
    }
}

fn offset(minutes: i64) -> String {
    let sign = if minutes < 0 { '-' } else { '+' };
    let minutes = minutes.abs();
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

/// Whether a finding has a parameter that is read from the rows first.
fn asks_history(finding: &Query) -> bool {
    let reads = |name: &str| finding.parameter(name).is_some();
    finding.outage.is_some() || reads(LIMIT) || reads("utc_offset_minutes")
}

/// The SQL Server type of a threshold.
#[must_use]
pub fn type_of(parameter: &QueryParameter) -> Type {
    match kind_of(parameter) {
        Kind::Integer => Type::Int,
        Kind::Real => Type::Float,
        Kind::Timestamp => Type::DateTime,
        Kind::Text | Kind::Decimal | Kind::Duration => Type::NVARCHAR,
    }
}
