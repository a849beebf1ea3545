//! Runs one finding: its parameters and its result.

use std::collections::{BTreeMap, BTreeSet};

use super::advice::export_of;
use super::exported::ExportedRows;
use super::{AnalysisError, LIMIT, OUTAGE, Outage, Server, limit, type_of};
use crate::assets;
use crate::query::{Dialect, OutageScope, Query, QueryParameter, Tag, Urgency};
use crate::report::{FindingRun, FindingVerdict, ThresholdRun};
use crate::schema::types::Type;
use crate::sql::tsql::{self, Statement};
use crate::store::Binding;
use crate::table::{Cell, Column, Kind, ResultTable};

/// The parameter for the start of an outage. `outage_to` is its end, and NULL while it continues.
const OUTAGE_FROM: &str = "outage_from";

/// The documented query for open chats.
pub(super) const OPEN_CHATS: &str = "open_chats";

/// The table with the limit of chats.
const LIMITS: &str = "egicm_concurrent_task";

/// The values with which every finding is run.
pub(super) struct Given {
    pub(super) as_of: Cell,
    /// The outages that evidence may come from, in the order of time: those given, and those detected at other times.
    pub(super) outages: Vec<Outage>,
    /// The outages that are asked about: those given, else those detected.
    pub(super) meant: Vec<Outage>,
    pub(super) utc_offset_minutes: Option<i64>,
    pub(super) limit: Option<limit::Limit>,
    pub(super) sets: Vec<(String, Cell)>,
}

impl Given {
    /// The outages for which a finding is run, one after the other; none if it does not depend on outages.
    fn outages_of(&self, finding: &Query) -> Vec<Option<&Outage>> {
        let of_application = |outage: &&Outage| outage.servers.contains(&Server::Application);
        let mut outages: Vec<Option<&Outage>> = match finding.outage {
            None => Vec::new(),
            Some(OutageScope::Any) => self.meant.iter().map(Some).collect(),
            Some(OutageScope::Application) => {
                self.outages.iter().filter(of_application).map(Some).collect()
            }
        };
        if outages.is_empty() {
            outages.push(None);
        }
        outages
    }

    /// The value of a parameter, or the finding's default.
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
            ("outage_host", _) => {
                outage.and_then(|outage| outage.host.clone()).map_or(Cell::Null, Cell::Text)
            }
            ("utc_offset_minutes", _) => self.utc_offset_minutes.map_or(Cell::Null, Cell::Integer),
            (LIMIT, _) => {
                self.limit.as_ref().map_or(Cell::Null, |limit| Cell::Integer(limit.chats))
            }
            ("agents_above", _) => self.limit.as_ref().map_or(Cell::Null, agents_above),
            _ => own.clone(),
        };
        ThresholdRun { name: name.clone(), instead_of: (value != own).then_some(own), value }
    }
}

/// The agents exempt from a limit, with commas around each.
fn agents_above(limit: &limit::Limit) -> Cell {
    if limit.above.is_empty() {
        return Cell::Null;
    }
    let ids: Vec<String> = limit.above.keys().map(i64::to_string).collect();
    Cell::Text(format!(",{},", ids.join(",")))
}

/// The verdicts of findings, the strongest first.
const STRENGTH: [&str; 2] = ["ghost", "probable"];

fn strength(verdict: Option<&Cell>) -> usize {
    let word = verdict.map(Cell::to_string);
    let mut known = STRENGTH.iter();
    let at = known.position(|own| word.as_deref() == Some(own));
    at.unwrap_or(STRENGTH.len())
}

/// Puts the rows of several outages in one order where they have verdicts: by verdict, the newest first.
fn newest_first(table: &mut ResultTable) {
    let at = table.position("verdict").zip(table.position("when_created"));
    let Some((verdict, created)) = at else {
        return;
    };
    let created = |row: &[Cell]| match row[created] {
        Cell::Timestamp(at) => at,
        _ => i64::MIN,
    };
    table.rows.sort_by_key(|row| {
        let newest = std::cmp::Reverse(created(row));
        (strength(row.get(verdict)), newest)
    });
}

/// Adds a column that says which of several outages each row is about, by its begin.
fn with_outage(mut table: ResultTable, outage: &Outage) -> ResultTable {
    table.columns.push(Column::new(OUTAGE_FROM, Kind::Timestamp));
    table.rows.iter_mut().for_each(|row| row.push(Cell::Timestamp(outage.from_ms)));
    table
}

/// Adds rows whose key is not there yet. If a row has a verdict, the stronger one is kept.
fn merge(table: &mut ResultTable, more: ResultTable, keys: &[String]) {
    let at: Vec<usize> = keys.iter().filter_map(|key| table.position(key)).collect();
    let key = |row: &Vec<Cell>| at.iter().map(|at| row[*at].to_string()).collect::<Vec<_>>();
    let verdict = table.position("verdict");
    let strength = |row: &Vec<Cell>| strength(verdict.map(|at| &row[at]));
    let mut known: BTreeMap<Vec<String>, usize> =
        table.rows.iter().enumerate().map(|(place, row)| (key(row), place)).collect();
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

impl<'s> ExportedRows<'s> {
    /// Runs one finding.
    pub(super) fn ask(&self, finding: &Query, given: &Given) -> Result<FindingRun, AnalysisError> {
        let missing = |wanted: &[String]| -> Vec<String> {
            let lacks = |name: &&String| !self.has(name);
            wanted.iter().filter(lacks).cloned().collect()
        };
        let mut needs_missing = missing(&finding.needs);
        // What is missing as a table need not be named column by column.
        let table_of = |name: &String| match name.split_once('.') {
            Some((table, _)) if !self.has(table) => table.to_owned(),
            _ => name.clone(),
        };
        needs_missing = needs_missing.iter().map(table_of).collect();
        let mut seen = BTreeSet::new();
        needs_missing.retain(|name| seen.insert(name.clone()));
        if given.as_of == Cell::Null && finding.sql.to_ascii_uppercase().contains("GETDATE()") {
            needs_missing.push("a timestamp in the rows".to_owned());
        }
        let helps_missing = missing(&finding.helps);
        let mut table = ResultTable::default();
        let mut refused = None;
        let mut thresholds = Vec::new();
        let outages = given.outages_of(finding);
        let several = outages.len() > 1;
        // What is evidence of a ghost need not be of an outage.
        let says_which = several && finding.outage == Some(OutageScope::Any);
        for outage in outages {
            let values = finding.parameters.iter();
            thresholds = values.map(|parameter| given.value(finding, parameter, outage)).collect();
            let lacks = |name: &str| {
                thresholds.iter().any(|one| one.name == name && one.value == Cell::Null)
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
            let rows = self.rows_of(finding, &thresholds, given);
            let rows = rows.map(|rows| match outage {
                Some(outage) if says_which => with_outage(rows, outage),
                _ => rows,
            });
            match rows {
                Ok(rows) if table.columns.is_empty() => table = rows,
                Ok(rows) => merge(&mut table, rows, &finding.key),
                // A database of another origin may lack tables and columns that an import database always has.
                Err(AnalysisError::Tsql { source, .. }) if self.columns.is_none() => {
                    refused = Some(format!("skipped: {}", source.problem));
                }
                Err(error) => return Err(error),
            }
        }
        if several {
            newest_first(&mut table);
        }
        if !table.columns.is_empty() {
            self.place(&mut table, &finding.key)?;
        }
        let asked = needs_missing.is_empty() && refused.is_none();
        let mut said = match refused {
            Some(why) => vec![why],
            None => remarks(&needs_missing, &helps_missing),
        };
        said.extend(self.unknown_columns(&needs_missing));
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
            remarks: said,
            needs_missing,
            helps_missing,
            thresholds,
            table,
        })
    }

    pub(super) fn rows_of(
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
        let asked = |source| AnalysisError::Asked { name: finding.name.clone(), source };
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

    /// A finding's SQL for SQLite, and the resulting columns.
    pub(super) fn rewritten(&self, finding: &Query) -> Result<Rewritten, AnalysisError> {
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
        let statements = script.steps.into_iter().map(|step| step.statement);
        let mut ask = statements.filter_map(|statement| match statement {
            Statement::Query { sql, columns } => Some((sql, columns)),
            _ => None,
        });
        let (sql, columns) = ask.next().expect("a finding is one query, as a test holds");
        let named = |column: tsql::AnswerColumn| (column.name, tsql::kind_of(column.of));
        Ok((sql, columns.map(|columns| columns.into_iter().map(named).collect())))
    }

    /// The number of open chats by the documented query; `None` if one of its tables or columns is missing.
    pub(super) fn open_chats(&self) -> Result<Option<u64>, AnalysisError> {
        const NEEDED: [&str; 6] = [
            "egpl_routing_queue",
            "egpl_user",
            "egpl_casemgmt_activity.activity_type",
            "egpl_casemgmt_activity.activity_status",
            "egpl_casemgmt_activity.activity_sub_status",
            "egpl_casemgmt_activity.queue_id",
        ];
        let (file, text) = assets::report(OPEN_CHATS).expect("it is compiled in");
        let query = Query::read(OPEN_CHATS, &file, text).expect("a test reads every query");
        if !NEEDED.iter().all(|needed| self.has(needed)) {
            return Ok(None);
        }
        let Ok((sql, _)) = self.rewritten(&query) else {
            return Ok(None);
        };
        let count = self.store.answer(&sql, None, &[], None)?.table.rows.len();
        Ok(Some(count as u64))
    }
}

/// SQL for SQLite, and the names and kinds of its columns.
type Rewritten = (String, Option<Vec<(String, Option<Kind>)>>);

/// Whether no row is conclusive.
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
