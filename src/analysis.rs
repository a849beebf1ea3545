//! Searches rows for what an outage leaves behind: every finding is asked, and what came of it goes into the record.
//!
//! A finding is a question that comes back empty on healthy rows. What the exports lack is said, and never guessed: a
//! finding whose tables or columns are not there is not asked and cannot tell. The moment of judgement is given, or is
//! the newest time in the rows; the machine's clock is never asked. This module does not know what any finding means.

mod changes;
mod history;
mod limit;
pub mod outage;
pub mod summary;

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;

use crate::assets;
use crate::diagnostic::did_you_mean;
use crate::query::{Dialect, OutageScope, Query, QueryParameter, Tag, Urgency};
use crate::record::{Reason, more_rejected};
use crate::report::{
    AnalysisRun, CountRun, DetectedRun, FileRun, FindingRun, FindingVerdict, OutageRun,
    ThresholdRun, UnlockRun,
};
use crate::schema::catalog::Catalog;
use crate::schema::types::Type;
use crate::sql::tsql::{self, Act, TsqlError};
use crate::store::{Binding, Store, StoreError};
use crate::table::moment::{OffsetAt, UtcOffset};
use crate::table::{Cell, Column, Kind, ResultTable};

/// Why rows could not be searched.
#[derive(Debug, Error)]
pub enum AnalysisError {
    /// No finding has this name.
    #[error("there is no finding `{name}`")]
    UnknownFinding {
        /// The name that was given.
        name: String,
        /// The name that was likely meant.
        suggestion: Option<String>,
    },
    /// No finding has a threshold of this name.
    #[error("no finding has a threshold `{name}`")]
    UnknownThreshold {
        /// The name that was given.
        name: String,
        /// The name that was likely meant.
        suggestion: Option<String>,
    },
    /// A threshold was set to something that it cannot be.
    #[error("expected {kind} for `{name}`, found `{found}`")]
    Threshold {
        /// The name that was given.
        name: String,
        /// What its values are.
        kind: Kind,
        /// What was given.
        found: String,
    },
    /// The clock was set back, and shows the moment of judgement twice.
    #[error("the servers' clock shows {at} twice: {first} and {then} from UTC (--utc-offset)")]
    Twice {
        /// The moment of judgement.
        at: String,
        /// The distance the first time.
        first: String,
        /// The distance the second time.
        then: String,
    },
    /// The clock was set forward, and does not show the moment of judgement.
    #[error("the servers' clock never shows {at}: it was set forward (--utc-offset)")]
    Never {
        /// The moment of judgement.
        at: String,
    },
    /// A finding's T-SQL was not rewritten for this database.
    #[error("`{name}`: {source}")]
    Tsql {
        /// The name of the finding.
        name: String,
        /// Where and why.
        source: TsqlError,
    },
    /// A finding could not be asked.
    #[error("`{name}`: {source}")]
    Asked {
        /// The name of the finding.
        name: String,
        /// The error behind it.
        source: StoreError,
    },
    /// The database failed otherwise.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How rows are to be searched.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Options {
    /// The moment of judgement in milliseconds on the servers' wall clock; else the scenario clock of a replay, else
    /// the newest time in the rows.
    pub as_of_ms: Option<i64>,
    /// How far the servers' clock is ahead of UTC.
    pub utc_offset: Option<UtcOffset>,
    /// The outages that there were.
    pub outages: Vec<Outage>,
    /// Thresholds by name, in the place of the findings' own.
    pub sets: Vec<(String, Cell)>,
    /// The findings to ask; all when empty.
    pub only: Vec<String>,
}

/// A time during which a server was down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outage {
    /// The servers that were down.
    pub servers: Vec<Server>,
    /// The one application server that was down, by its name in `login_ip`; all of them when `None`.
    pub host: Option<String>,
    /// When it began, in milliseconds on the servers' wall clock.
    pub from_ms: i64,
    /// When it ended; `None` while it goes on.
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

impl Server {
    /// Every server, in the order of the document.
    pub const ALL: [Self; 3] = [Self::Application, Self::Services, Self::Messaging];

    /// The word by which command lines and reports call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::Messaging => "messaging",
            Self::Services => "services",
        }
    }
}

/// The parameter that says when an outage began. `outage_to` says when it ended, and is NULL while it goes on.
const OUTAGE_FROM: &str = "outage_from";

/// The parameter of a finding that holds the most chats that an agent may have at once, where no table says.
const LIMIT: &str = "limit_in_force";

/// The documented query for open chats.
const OPEN_CHATS: &str = "open_chats";

/// The table that says so.
const LIMITS: &str = "egicm_concurrent_task";

/// What such a finding lacks when nobody says when the outage was.
pub const OUTAGE: &str = "the time of an outage (--outage)";

/// What stands for personal data until somebody has replaced it.
pub const PRIVACY_PLAIN: &str = "Personal data is included as it stands in the rows.";

/// The columns of times on the servers' wall clock that the product writes as things happen. Due dates lie in the
/// future, an e-mail's date is its sender's, and dates of people's lives say nothing of the system.
const WRITTEN_AS_IT_HAPPENS: [(&str, &str); 9] = [
    ("egpl_casemgmt_activity", "when_created"),
    ("egpl_casemgmt_activity", "when_modified"),
    ("egpl_casemgmt_activity", "create_date"),
    ("egpl_user", "login_logout_time"),
    ("eglv_session", "create_date"),
    ("eglv_session", "when_modified"),
    ("eglv_session_chat_event", "agent_last_response_time"),
    ("eglv_session_chat_event", "customer_last_message_time"),
    ("egpl_casemgmt_case", "when_modified"),
];

/// The columns by which a row of an answer is found again, with the table and column that they are the key of.
const PLACES: [(&str, &str, &str); 4] = [
    ("activity_id", "egpl_casemgmt_activity", "activity_id"),
    ("first_activity_id", "egpl_casemgmt_activity", "activity_id"),
    ("user_id", "egpl_user", "user_id"),
    ("queue_id", "egpl_routing_queue", "queue_id"),
];

/// How many rows are looked up at once.
const AT_ONCE: usize = 500;

/// Every finding that is compiled in, by name.
#[must_use]
pub fn findings() -> Vec<Query> {
    let read = |name: &str| {
        let (file, text) = assets::finding(name).expect("it was listed");
        Query::read(name, &file, text).expect("a test reads every finding")
    };
    assets::findings().into_iter().map(read).collect()
}

/// Asks every finding, reading and nothing else.
///
/// # Errors
/// When a finding or a threshold is not known, or the database fails.
pub fn analyze(store: &Store, options: &Options) -> Result<AnalysisRun, AnalysisError> {
    let all = findings();
    let chosen = chosen(&all, &options.only)?;
    let sets = thresholds(&all, &options.sets)?;
    let rows = Rows::of(store)?;
    let (as_of, as_of_from) = rows.moment(options)?;
    let read = match &as_of {
        Cell::Timestamp(until) if chosen.iter().any(|finding| asks_history(finding)) => {
            history::read(&rows, rows.exported_at()?.unwrap_or(*until).max(*until))?
        }
        _ => history::Read::default(),
    };
    let detected = outage::detect(&read.history);
    let mut outages = options.outages.clone();
    if outages.is_empty() {
        outages.extend(detected.iter().map(Outage::of));
    }
    outages.sort_by_key(|outage| outage.from_ms);
    let utc_offset_minutes = utc_offset(options, &as_of)?;
    let given = Given {
        as_of: as_of.clone(),
        outages,
        utc_offset_minutes,
        limit: read.limit.clone(),
        sets,
    };
    let mut runs = Vec::with_capacity(chosen.len());
    for finding in chosen {
        runs.push(rows.ask(finding, &given)?);
    }
    let mut look = Vec::new();
    let open_chats = if options.only.is_empty() {
        rows.open_chats()?
    } else {
        None
    };
    if let Some(count) = open_chats {
        let chats = if count == 1 { "chat is" } else { "chats are" };
        look.push(format!(
            "{count} {chats} open by the documented query: `chatdb query {OPEN_CHATS}` shows them"
        ));
    }
    look.extend(next(&runs));
    let unlocks = unlocks(&runs);
    Ok(AnalysisRun {
        files: rows.files()?,
        as_of,
        as_of_from,
        utc_offset: utc_offset_minutes.map(offset),
        open_chats,
        activities: read.history.arrivals.len() as u64,
        changes: if options.only.is_empty() {
            changes::between_exports(&rows)?
        } else {
            None
        },
        summary: Vec::new(),
        command: None,
        outages: options
            .outages
            .iter()
            .map(|outage| given_run(outage, &read.history))
            .collect(),
        detected: detected
            .iter()
            .map(|window| detected_run(window, &read.history))
            .collect(),
        undetectable: read.undetectable,
        findings: runs,
        candidates: Vec::new(),
        next: look,
        unlocks,
        privacy: PRIVACY_PLAIN.to_owned(),
    })
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

/// Holds what is set against the thresholds that there are. `finding.threshold` sets it for one finding alone.
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

/// What the values of a threshold are.
#[must_use]
pub fn kind_of(parameter: &QueryParameter) -> Kind {
    parameter.kind.unwrap_or(match parameter.default {
        Some(Cell::Text(_)) => Kind::Text,
        _ => Kind::Integer,
    })
}

/// Whether a table has a name as the product gives them, in any letter case.
fn is_product(name: &str) -> bool {
    name.get(..2)
        .is_some_and(|start| start.eq_ignore_ascii_case("eg"))
}

/// How far the servers' clock is ahead of UTC at the moment of judgement.
fn utc_offset(options: &Options, as_of: &Cell) -> Result<Option<i64>, AnalysisError> {
    match (options.utc_offset, as_of) {
        (Some(UtcOffset::Minutes(minutes)), _) => Ok(Some(minutes)),
        (Some(zone), Cell::Timestamp(ms)) => match zone.at(*ms) {
            OffsetAt::Minutes(minutes) => Ok(Some(minutes)),
            OffsetAt::Twice(first, then) => Err(AnalysisError::Twice {
                at: as_of.to_string(),
                first: offset(first),
                then: offset(then),
            }),
            OffsetAt::Never => Err(AnalysisError::Never {
                at: as_of.to_string(),
            }),
        },
        _ => Ok(None),
    }
}

fn offset(minutes: i64) -> String {
    let sign = if minutes < 0 { '-' } else { '+' };
    let minutes = minutes.abs();
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

fn names(servers: &[Server]) -> String {
    let names: Vec<&str> = servers.iter().map(|server| server.name()).collect();
    names.join("+")
}

fn detected_run(window: &outage::OutageWindow, history: &outage::History) -> DetectedRun {
    DetectedRun {
        servers: names(&window.servers),
        or_servers: window
            .or_servers
            .iter()
            .map(|servers| names(servers))
            .collect(),
        host: window.host.clone(),
        from: Cell::Timestamp(window.from),
        to: window.to.map_or(Cell::Null, Cell::Timestamp),
        counted: window.counted.to_owned(),
        expected: (window.expected * 10.0).round() / 10.0,
        observed: window.observed as u64,
        p: window.p,
        confidence: window.confidence().to_owned(),
        evidence: window.meanwhile.clone(),
        counts: counts(&Outage::of(window), history),
    }
}

fn counts(outage: &Outage, history: &outage::History) -> Vec<CountRun> {
    let run = |count: outage::counts::EventCount| CountRun {
        what: count.kind.name().to_owned(),
        observed: count.observed as u64,
        expected: (count.expected * 10.0).round() / 10.0,
    };
    let counts = outage::counts::counts(history, outage);
    counts.into_iter().map(run).collect()
}

fn given_run(outage: &Outage, history: &outage::History) -> OutageRun {
    OutageRun {
        servers: names(&outage.servers),
        host: outage.host.clone(),
        from: Cell::Timestamp(outage.from_ms),
        to: outage.to_ms.map_or(Cell::Null, Cell::Timestamp),
        counts: counts(outage, history),
    }
}

/// What every finding is asked with.
struct Given {
    as_of: Cell,
    /// The outages, in the order of time.
    outages: Vec<Outage>,
    utc_offset_minutes: Option<i64>,
    limit: Option<limit::Limit>,
    sets: Vec<(String, Cell)>,
}

impl Given {
    /// The outages that a finding is asked about, one after the other; none where it asks about none.
    fn outages_of(&self, finding: &Query) -> Vec<Option<&Outage>> {
        let wanted = |outage: &&Outage| match finding.outage {
            None => false,
            Some(OutageScope::Any) => true,
            Some(OutageScope::Application) => outage.servers.contains(&Server::Application),
        };
        let mut outages: Vec<Option<&Outage>> =
            self.outages.iter().filter(wanted).map(Some).collect();
        if outages.is_empty() {
            outages.push(None);
        }
        outages
    }

    /// The value of a parameter, and the finding's own where that is another.
    fn value(
        &self,
        finding: &Query,
        parameter: &QueryParameter,
        outage: Option<&Outage>,
    ) -> ThresholdRun {
        let own = parameter.default.clone().unwrap_or(Cell::Null);
        let name = &parameter.name;
        let full = format!("{}.{name}", finding.name);
        let set = |wanted: &str| self.sets.iter().rev().find(|(known, _)| known == wanted);
        let time = |ms: Option<i64>| ms.map_or(Cell::Null, Cell::Timestamp);
        let value = match (name.as_str(), set(&full).or_else(|| set(name))) {
            (_, Some((_, value))) => value.clone(),
            (OUTAGE_FROM, _) => time(outage.map(|outage| outage.from_ms)),
            ("outage_to", _) => time(outage.and_then(|outage| outage.to_ms)),
            ("outage_host", _) => outage
                .and_then(|outage| outage.host.clone())
                .map_or(Cell::Null, Cell::Text),
            ("utc_offset_minutes", _) => self.utc_offset_minutes.map_or(Cell::Null, Cell::Integer),
            (LIMIT, _) => self
                .limit
                .as_ref()
                .map_or(Cell::Null, |limit| Cell::Integer(limit.chats)),
            ("agents_above", _) => self.limit.as_ref().map_or(Cell::Null, agents_above),
            _ => own.clone(),
        };
        ThresholdRun {
            name: name.clone(),
            instead_of: (value != own).then_some(own),
            value,
        }
    }
}

/// The agents that a limit does not hold for, with commas around each.
fn agents_above(limit: &limit::Limit) -> Cell {
    if limit.above.is_empty() {
        return Cell::Null;
    }
    let ids: Vec<String> = limit.above.keys().map(i64::to_string).collect();
    Cell::Text(format!(",{},", ids.join(",")))
}

/// Whether a finding asks for what is read from the rows before.
fn asks_history(finding: &Query) -> bool {
    finding.outage.is_some() || finding.parameter(LIMIT).is_some()
}

/// Adds rows that are not there yet by their key. Where a row has a verdict, the stronger one stays.
fn merge(table: &mut ResultTable, more: ResultTable, keys: &[String]) {
    const STRENGTH: [&str; 2] = ["ghost", "probable"];
    let at: Vec<usize> = keys.iter().filter_map(|key| table.position(key)).collect();
    let key = |row: &Vec<Cell>| at.iter().map(|at| row[*at].to_string()).collect::<Vec<_>>();
    let verdict = table.position("verdict");
    let strength = |row: &Vec<Cell>| {
        let word = verdict.map(|at| row[at].to_string());
        STRENGTH
            .iter()
            .position(|known| word.as_deref() == Some(known))
            .unwrap_or(STRENGTH.len())
    };
    let mut known: BTreeMap<Vec<String>, usize> = table
        .rows
        .iter()
        .enumerate()
        .map(|(place, row)| (key(row), place))
        .collect();
    for row in more.rows {
        match known.get(&key(&row)) {
            Some(place) if strength(&row) < strength(&table.rows[*place]) => {
                table.rows[*place] = row
            }
            Some(_) => {}
            None => {
                known.insert(key(&row), table.rows.len());
                table.rows.push(row);
            }
        }
    }
}

/// A database, and what is in it.
struct Rows<'s> {
    store: &'s Store,
    catalog: Catalog,
    /// The tables that have rows or stand in an export.
    tables: BTreeSet<String>,
    /// The columns that stand in an export, by table; `None` in a database that is no copy of exports.
    columns: Option<BTreeMap<String, BTreeSet<String>>>,
}

impl<'s> Rows<'s> {
    fn of(store: &'s Store) -> Result<Self, AnalysisError> {
        let catalog = store.catalog_of_tables()?;
        let is_copy = catalog.table("chatdb_export_column").is_some();
        let mut tables = BTreeSet::new();
        for name in catalog.names().filter(|name| is_product(name)) {
            let sql = format!("SELECT EXISTS (SELECT 1 FROM {name})");
            let has = store.answer(&sql, None, &[], None)?.table.rows;
            if has == [[Cell::Integer(1)]] {
                tables.insert(name.to_lowercase());
            }
        }
        let mut columns = None;
        if is_copy {
            const COLUMNS: &str = "SELECT DISTINCT table_name, column_name FROM chatdb_export_column \
                 WHERE table_name IS NOT NULL AND column_name IS NOT NULL";
            let mut known: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
            for row in store.answer(COLUMNS, None, &[], None)?.table.rows {
                if let [Cell::Text(table), Cell::Text(column)] = row.as_slice() {
                    tables.insert(table.clone());
                    known
                        .entry(table.clone())
                        .or_default()
                        .insert(column.clone());
                }
            }
            columns = Some(known);
        }
        Ok(Self {
            store,
            catalog,
            tables,
            columns,
        })
    }

    /// Whether the rows have `table` or `table.column`.
    fn has(&self, wanted: &str) -> bool {
        let (table, column) = match wanted.split_once('.') {
            Some((table, column)) => (table, Some(column)),
            None => (wanted, None),
        };
        let listed = |column: &str| match &self.columns {
            None => {
                let columns = self
                    .catalog
                    .table(table)
                    .and_then(|table| table.columns.as_ref());
                columns.is_none_or(|columns| {
                    columns
                        .iter()
                        .any(|(own, _)| own.eq_ignore_ascii_case(column))
                })
            }
            // Earlier states have the columns of the table.
            Some(known) => known
                .get(table.trim_end_matches("_earlier"))
                .is_some_and(|columns| columns.contains(column)),
        };
        self.tables.contains(table) && column.is_none_or(listed)
    }

    /// The moment of judgement, and where it comes from.
    fn moment(&self, options: &Options) -> Result<(Cell, String), AnalysisError> {
        if let Some(ms) = options.as_of_ms {
            return Ok((Cell::Timestamp(ms), "as given".to_owned()));
        }
        if let Some(now) = self.store.now()? {
            return Ok((now, "the scenario clock".to_owned()));
        }
        let mut newest: Option<(i64, String)> = None;
        for (table, column) in WRITTEN_AS_IT_HAPPENS {
            if let Some(at) = self.newest(table, column)?
                && newest.as_ref().is_none_or(|(before, _)| at > *before)
            {
                newest = Some((at, format!("the newest time in the rows, {table}.{column}")));
            }
        }
        Ok(match newest {
            Some((at, from)) => (Cell::Timestamp(at), from),
            None => (Cell::Null, "no time is in the rows".to_owned()),
        })
    }

    /// The newest time in a column: as it was noted while reading, else as it is found.
    fn newest(&self, table: &str, column: &str) -> Result<Option<i64>, AnalysisError> {
        let wanted = format!("{table}.{column}");
        if !self.has(&wanted) {
            return Ok(None);
        }
        let one = |sql: &str| -> Result<Option<i64>, AnalysisError> {
            let columns = [("newest".to_owned(), Some(Kind::Timestamp))];
            let table = self.store.answer(sql, Some(&columns), &[], None)?.table;
            Ok(match table.rows.first().map(Vec::as_slice) {
                Some([Cell::Timestamp(ms)]) => Some(*ms),
                _ => None,
            })
        };
        if self.columns.is_some() {
            let noted = one(&format!(
                "SELECT max(newest) FROM chatdb_export_column WHERE table_name = '{table}' AND column_name = '{column}'"
            ))?;
            if noted.is_some() {
                return Ok(noted);
            }
        }
        one(&format!("SELECT max({column}) FROM {table}"))
    }

    /// When the last export was taken, where the user says so: what is not in it by then did not happen.
    fn exported_at(&self) -> Result<Option<i64>, AnalysisError> {
        if self.columns.is_none() {
            return Ok(None);
        }
        const GIVEN: &str =
            "SELECT max(taken_at) FROM chatdb_export WHERE taken_from = '--exported-at'";
        let columns = [("taken_at".to_owned(), Some(Kind::Timestamp))];
        let rows = self
            .store
            .answer(GIVEN, Some(&columns), &[], None)?
            .table
            .rows;
        Ok(match rows.first().map(Vec::as_slice) {
            Some([Cell::Timestamp(ms)]) => Some(*ms),
            _ => None,
        })
    }

    /// How many chats are open by the documented query; `None` when the rows lack a table of it.
    fn open_chats(&self) -> Result<Option<u64>, AnalysisError> {
        let (file, text) = assets::report(OPEN_CHATS).expect("it is compiled in");
        let query = Query::read(OPEN_CHATS, &file, text).expect("a test reads every query");
        let tables = ["egpl_routing_queue", "egpl_casemgmt_activity", "egpl_user"];
        if !tables.iter().all(|table| self.tables.contains(*table)) {
            return Ok(None);
        }
        let Ok((sql, _)) = self.rewritten(&query) else {
            return Ok(None);
        };
        let count = self.store.answer(&sql, None, &[], None)?.table.rows.len();
        Ok(Some(count as u64))
    }

    /// The files that the rows come from.
    fn files(&self) -> Result<Vec<FileRun>, AnalysisError> {
        if self.columns.is_none() {
            return Ok(Vec::new());
        }
        const FILES: &str = "SELECT x.file, x.form, x.encoding, x.taken_at, x.taken_from, x.records, x.loaded, \
             x.rejected, x.footer, (SELECT group_concat(t.table_name, ' ') FROM (SELECT DISTINCT c.table_name \
             FROM chatdb_export_column c WHERE c.export_id = x.export_id AND c.table_name IS NOT NULL \
             ORDER BY c.table_name) t), \
             (SELECT group_concat(d.heading || ': ' || d.dropped, char(10)) FROM chatdb_export_column d \
             WHERE d.export_id = x.export_id AND d.dropped IS NOT NULL), x.export_id \
             FROM chatdb_export x ORDER BY x.export_id";
        let table = self.store.answer(FILES, None, &[], None)?.table;
        let text = |cell: &Cell| match cell {
            Cell::Null => String::new(),
            cell => cell.to_string(),
        };
        let count = |cell: &Cell| match cell {
            Cell::Integer(n) => u64::try_from(*n).ok(),
            _ => None,
        };
        let rejects = self.rejects()?;
        let file = |row: &Vec<Cell>| FileRun {
            file: text(&row[0]),
            input_format: text(&row[1]),
            encoding: text(&row[2]),
            exported_at: row[3].clone(),
            exported_at_from: text(&row[4]),
            records: count(&row[5]).unwrap_or(0),
            loaded: count(&row[6]).unwrap_or(0),
            rejected: count(&row[7]).unwrap_or(0),
            trailer: count(&row[8]),
            tables: text(&row[9])
                .split(' ')
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect(),
            remarks: text(&row[10])
                .lines()
                .map(|dropped| format!("not loaded: {dropped}"))
                .chain(rejects.get(&text(&row[11])).cloned().unwrap_or_default())
                .collect(),
        };
        Ok(table.rows.iter().map(file).collect())
    }

    /// The first rejects of each file, by the number of its export, in sentences.
    fn rejects(&self) -> Result<BTreeMap<String, Vec<String>>, AnalysisError> {
        const REJECTS: &str = "SELECT export_id, line, \"column\", code, reason, n, of FROM \
             (SELECT *, row_number() OVER (PARTITION BY export_id ORDER BY rowid) n, \
             sum(max(records, 1)) OVER (PARTITION BY export_id) of FROM rejects) WHERE n <= 5 ORDER BY export_id, n";
        let mut sentences: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut more = BTreeMap::new();
        for row in self.store.answer(REJECTS, None, &[], None)?.table.rows {
            let number = |at: usize| match row[at] {
                Cell::Integer(n) => u64::try_from(n).unwrap_or(0),
                _ => 0,
            };
            let column = match &row[2] {
                Cell::Null => None,
                column => Some(column.to_string()),
            };
            let (export, detail) = (row[0].to_string(), row[4].to_string());
            let Some(reason) = Reason::of_code(&row[3].to_string()) else {
                continue;
            };
            let sentence = reason.sentence(number(1), column.as_deref(), &detail);
            sentences.entry(export.clone()).or_default().push(sentence);
            more.insert(export, number(6).saturating_sub(number(5)));
        }
        for (export, more) in more.into_iter().filter(|(_, more)| *more > 0) {
            sentences
                .entry(export)
                .or_default()
                .push(more_rejected(more));
        }
        Ok(sentences)
    }

    /// Asks one finding.
    fn ask(&self, finding: &Query, given: &Given) -> Result<FindingRun, AnalysisError> {
        let missing = |wanted: &[String]| -> Vec<String> {
            let lacks = |name: &&String| !self.has(name);
            wanted.iter().filter(lacks).cloned().collect()
        };
        let mut needs_missing = missing(&finding.needs);
        // What is missing as a table need not be named column by column.
        let tables: Vec<String> = needs_missing
            .iter()
            .filter(|name| !name.contains('.'))
            .cloned()
            .collect();
        needs_missing.retain(|name| {
            name.split_once('.')
                .is_none_or(|(table, _)| !tables.iter().any(|own| own == table))
        });
        if given.as_of == Cell::Null && finding.sql.to_ascii_uppercase().contains("GETDATE()") {
            needs_missing.push("a time in the rows".to_owned());
        }
        let helps_missing = missing(&finding.helps);
        let outages = given.outages_of(finding);
        let mut table = ResultTable::default();
        let mut refused = None;
        let mut thresholds = Vec::new();
        for outage in outages {
            let values = finding.parameters.iter();
            thresholds = values
                .map(|parameter| given.value(finding, parameter, outage))
                .collect();
            let lacks = |name: &str| {
                thresholds
                    .iter()
                    .any(|one| one.name == name && one.value == Cell::Null)
            };
            if finding.outage == Some(OutageScope::Any) && lacks(OUTAGE_FROM) {
                needs_missing.push(OUTAGE.to_owned());
            }
            if lacks(LIMIT) && !self.has(LIMITS) {
                needs_missing.push(LIMITS.to_owned());
            }
            if !needs_missing.is_empty() {
                break;
            }
            match self.rows_of(finding, &thresholds, given) {
                Ok(rows) if table.columns.is_empty() => table = rows,
                Ok(rows) => merge(&mut table, rows, &finding.key),
                // A database of another origin may lack tables and columns that a copy always has.
                Err(AnalysisError::Tsql { source, .. }) if self.columns.is_none() => {
                    refused = Some(format!("skipped: {}", source.problem));
                }
                Err(error) => return Err(error),
            }
        }
        if !table.columns.is_empty() {
            self.place(&mut table, &finding.key)?;
        }
        let asked = needs_missing.is_empty() && refused.is_none();
        let verdict = match (asked, table.rows.is_empty()) {
            (false, _) => FindingVerdict::Skipped,
            (true, true) => FindingVerdict::Nothing,
            (true, false) if undecided(&table) => FindingVerdict::Unclear,
            (true, false) => FindingVerdict::Found,
        };
        Ok(FindingRun {
            name: finding.name.clone(),
            title: finding.title.clone(),
            meaning: finding.meaning.clone().unwrap_or_default(),
            basis: finding.tag.unwrap_or(Tag::Unknown),
            source: finding.source.clone(),
            urgency: finding.urgency.unwrap_or(Urgency::Soon),
            verdict,
            remarks: refused
                .map_or_else(|| remarks(&needs_missing, &helps_missing), |why| vec![why]),
            needs_missing,
            helps_missing,
            thresholds,
            table,
        })
    }

    fn rows_of(
        &self,
        finding: &Query,
        thresholds: &[ThresholdRun],
        given: &Given,
    ) -> Result<ResultTable, AnalysisError> {
        let mut values: Vec<Binding> = thresholds
            .iter()
            .map(|threshold| (threshold.name.clone(), threshold.value.clone()))
            .collect();
        values.push((tsql::NOW.to_owned(), given.as_of.clone()));
        let (sql, columns) = match finding.dialect {
            Dialect::Sqlite => (finding.sql.clone(), None),
            Dialect::Tsql => self.rewritten(finding)?,
        };
        let asked = |source| AnalysisError::Asked {
            name: finding.name.clone(),
            source,
        };
        let answer = self.store.answer(&sql, columns.as_deref(), &values, None);
        let mut table = answer.map_err(asked)?.table;
        table.mark_own(&finding.own);
        for (name, kind) in &finding.kinds {
            if let Some(at) = table.position(name) {
                table.columns[at].kind = *kind;
            }
        }
        Ok(table)
    }

    /// A finding's SQL as SQLite is given it, and the columns that come back.
    fn rewritten(&self, finding: &Query) -> Result<Rewritten, AnalysisError> {
        let types: Vec<(String, Type)> = finding
            .parameters
            .iter()
            .map(|parameter| (parameter.name.clone(), type_of(parameter)))
            .collect();
        let script = tsql::translate(&finding.sql, &self.catalog, &types).map_err(|source| {
            AnalysisError::Tsql {
                name: finding.name.clone(),
                source: source.lower_by(finding.sql_line - 1),
            }
        })?;
        let acts = script.steps.into_iter().map(|step| step.act);
        let mut ask = acts.filter_map(|act| match act {
            Act::Ask { sql, columns } => Some((sql, columns)),
            _ => None,
        });
        let (sql, columns) = ask.next().expect("a finding is one query, as a test holds");
        let named = |column: tsql::AnswerColumn| (column.name, tsql::kind_of(column.of));
        Ok((
            sql,
            columns.map(|columns| columns.into_iter().map(named).collect()),
        ))
    }

    /// Adds the file and line of each row that can be found again by its key.
    fn place(&self, table: &mut ResultTable, keys: &[String]) -> Result<(), AnalysisError> {
        if self.columns.is_none() || table.rows.is_empty() {
            return Ok(());
        }
        let is_key = |(column, ..): &&(&str, &str, &str)| keys.iter().any(|key| key == column);
        let by_key = PLACES.iter().filter(is_key);
        let found = by_key.chain(&PLACES).find_map(|(column, of, key)| {
            let at = table.position(column)?;
            self.tables.contains(*of).then_some((at, *of, *key))
        });
        let Some((at, of, key)) = found else {
            return Ok(());
        };
        let mut places: BTreeMap<i64, (Cell, Cell)> = BTreeMap::new();
        for some in table.rows.chunks(AT_ONCE) {
            let ids: Vec<String> = some
                .iter()
                .filter_map(|row| match row[at] {
                    Cell::Integer(id) => Some(id.to_string()),
                    _ => None,
                })
                .collect();
            let sql = format!(
                "SELECT t.{key}, x.file, t.chatdb_line FROM {of} t \
                 LEFT JOIN chatdb_export x ON x.export_id = t.chatdb_export WHERE t.{key} IN ({})",
                ids.join(", ")
            );
            for row in self.store.answer(&sql, None, &[], None)?.table.rows {
                if let [Cell::Integer(id), file, line] = row.as_slice() {
                    places.insert(*id, (file.clone(), line.clone()));
                }
            }
        }
        table.columns.push(Column::new("file", Kind::Text));
        table.columns.push(Column::new("line", Kind::Integer));
        for row in &mut table.rows {
            let place = match row[at] {
                Cell::Integer(id) => places.get(&id).cloned(),
                _ => None,
            };
            let (file, line) = place.unwrap_or((Cell::Null, Cell::Null));
            row.extend([file, line]);
        }
        Ok(())
    }
}

/// SQL for SQLite, and the names and kinds of what comes back.
type Rewritten = (String, Option<Vec<(String, Option<Kind>)>>);

/// The type of SQL Server that the values of a threshold have.
#[must_use]
pub fn type_of(parameter: &QueryParameter) -> Type {
    match kind_of(parameter) {
        Kind::Integer => Type::Int,
        Kind::Real => Type::Float,
        Kind::Timestamp => Type::DateTime,
        Kind::Text | Kind::Decimal | Kind::Duration => Type::NVARCHAR,
    }
}

/// Whether no row says more than that nothing can be told.
fn undecided(table: &ResultTable) -> bool {
    let at = table.position("verdict");
    let undecided = |cell: &Cell| matches!(cell, Cell::Text(text) if text.starts_with("unclear"));
    at.is_some_and(|at| table.rows.iter().all(|row| undecided(&row[at])))
}

fn remarks(needs_missing: &[String], helps_missing: &[String]) -> Vec<String> {
    let exports = |wanted: &[String]| {
        let exports: Vec<String> = wanted.iter().map(|wanted| export_of(wanted)).collect();
        exports.join(", ")
    };
    if !needs_missing.is_empty() {
        vec![format!("skipped: needs {}", exports(needs_missing))]
    } else if !helps_missing.is_empty() {
        vec![format!("would add evidence: {}", helps_missing.join(", "))]
    } else {
        Vec::new()
    }
}

/// What to look at next: what was found, and the exports that findings wait for.
fn next(runs: &[FindingRun]) -> Vec<String> {
    let found = runs
        .iter()
        .filter(|run| run.verdict == FindingVerdict::Found);
    let mut next: Vec<String> = found
        .map(|run| format!("`{}`: {}", run.name, run.title))
        .collect();
    let mut waits: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for run in runs {
        let helped = run.verdict == FindingVerdict::Skipped || !run.table.rows.is_empty();
        let helps = run.helps_missing.iter().filter(|_| helped);
        for wanted in run.needs_missing.iter().chain(helps) {
            waits.entry(wanted).or_default().insert(&run.name);
        }
    }
    let mut together: BTreeMap<BTreeSet<&str>, Vec<String>> = BTreeMap::new();
    for (wanted, names) in waits {
        together.entry(names).or_default().push(export_of(wanted));
    }
    let mut together: Vec<_> = together.into_iter().collect();
    together.sort_by_key(|(names, _)| std::cmp::Reverse(names.len()));
    for (names, wanted) in together {
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        next.push(format!("for {}: {}", names.join(", "), wanted.join(", ")));
    }
    next
}

/// What the skipped findings lack, that which most of them lack first.
fn unlocks(runs: &[FindingRun]) -> Vec<UnlockRun> {
    let mut all: Vec<UnlockRun> = Vec::new();
    for run in runs {
        for wanted in &run.needs_missing {
            let (needs, name) = (export_of(wanted), run.name.clone());
            match all.iter_mut().find(|known| known.needs == needs) {
                Some(known) => known.findings.push(name),
                None => all.push(UnlockRun {
                    needs,
                    findings: vec![name],
                }),
            }
        }
    }
    all.sort_by_key(|one| std::cmp::Reverse(one.findings.len()));
    all
}

/// What to export so that `wanted` is there.
pub(crate) fn export_of(wanted: &str) -> String {
    match (wanted.strip_suffix("_earlier"), wanted.split_once('.')) {
        (Some(table), _) => format!("a second export of {table}, of another time"),
        (None, Some((table, column))) => format!("{column} in the export of {table}"),
        (None, None) if wanted.starts_with("eg") => format!("an export of {wanted}"),
        (None, None) => wanted.to_owned(),
    }
}
