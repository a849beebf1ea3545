//! Which scenarios leave rows that the findings do not distinguish, from which exports, and which further export does.
//!
//! Nothing is listed by hand: each scenario is replayed, and the findings are run over what it leaves, with the rows of
//! some tables and not of others, as if only these had been exported. When the outage was is taken as known, and which
//! servers failed is not.

use std::collections::{BTreeMap, BTreeSet};

use super::{SignatureError, outage_of};
use crate::analysis::{self, Server};
use crate::query::Query;
use crate::replay::{self, ReplayOptions};
use crate::report::FindingVerdict;
use crate::scenario::Library;
use crate::schema::product::PRODUCT;
use crate::store::Store;
use crate::table::Cell;

/// The table that every analysis begins with.
const FIRST: &str = "egpl_casemgmt_activity";

/// The scenarios in groups, as far as the rows of some exports tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScenarioGroups {
    /// The tables exported.
    pub exports: Vec<String>,
    /// Whether these are all tables in which some scenario leaves rows.
    pub all: bool,
    /// The groups, in the order of their first scenarios.
    pub groups: Vec<ScenarioGroup>,
}

/// Scenarios that are not distinguished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScenarioGroup {
    /// Their names, in the order given.
    pub scenarios: Vec<String>,
    /// Tables of which each, exported as well, would part the group. Empty for one scenario, and where none does.
    pub parted_by: Vec<String>,
    /// Whether different servers failed in them, or some of them are over and others not.
    pub other_outages: bool,
}

/// What the findings come to, in their order.
type Marks = Vec<FindingVerdict>;

/// A scenario and the database that its replay leaves.
struct Left {
    name: String,
    store: Store,
    outage: Option<analysis::Outage>,
    marks: BTreeMap<BTreeSet<String>, Marks>,
}

/// Groups the scenarios called `names`, first by the activity table alone, then by ever more tables, each time with the
/// one that parts them most, of several the one that most findings use, and last by all.
///
/// # Errors
/// When a scenario cannot be replayed or its rows cannot be searched.
pub fn groups(
    library: &Library,
    names: &[String],
    options: &ReplayOptions,
) -> Result<Vec<ScenarioGroups>, SignatureError> {
    let mut left = Vec::new();
    let mut tables = BTreeSet::new();
    for name in names {
        let one = Left::of(library, name, options)?;
        tables.extend(one.tables()?);
        left.push(one);
    }
    let mut exported = BTreeSet::from([FIRST.to_owned()]);
    let mut order = vec![FIRST.to_owned()];
    tables.remove(FIRST);
    let mut found = Vec::new();
    loop {
        let groups = parted(&mut left, &exported)?;
        let mut best: Option<((usize, usize), String)> = None;
        let mut parting: BTreeMap<&String, Vec<Vec<usize>>> = BTreeMap::new();
        for table in tables.difference(&exported) {
            let with = exported.iter().chain([table]).cloned().collect();
            let more = parted(&mut left, &with)?;
            let rank = (more.len(), readers(table));
            if more.len() > groups.len() && best.as_ref().is_none_or(|(most, _)| rank > *most) {
                best = Some((rank, table.clone()));
            }
            parting.insert(table, more);
        }
        let all = tables.is_subset(&exported);
        found.push(ScenarioGroups {
            exports: order.clone(),
            all,
            groups: groups.iter().map(|group| described(&left, group, &parting)).collect(),
        });
        match best {
            Some((_, table)) => {
                order.push(table.clone());
                exported.insert(table);
            }
            None if all => return Ok(found),
            None => {
                order.extend(tables.difference(&exported).cloned());
                exported.extend(tables.iter().cloned());
            }
        }
    }
}

/// How many findings need a table or can use it.
fn readers(table: &str) -> usize {
    let is_read = |finding: &Query| {
        let mut used = finding.needs.iter().chain(&finding.helps);
        used.any(|needed| is_of(needed, &BTreeSet::from([table.to_owned()])))
    };
    analysis::findings().iter().filter(|one| is_read(one)).count()
}

/// The scenarios by their places, those with the same marks together.
fn parted(left: &mut [Left], tables: &BTreeSet<String>) -> Result<Vec<Vec<usize>>, SignatureError> {
    let mut groups: Vec<(Marks, Vec<usize>)> = Vec::new();
    for (at, one) in left.iter_mut().enumerate() {
        let marks = one.marks(tables)?;
        match groups.iter_mut().find(|(own, _)| *own == marks) {
            Some((_, group)) => group.push(at),
            None => groups.push((marks, vec![at])),
        }
    }
    Ok(groups.into_iter().map(|(_, group)| group).collect())
}

fn described(
    left: &[Left],
    group: &[usize],
    parting: &BTreeMap<&String, Vec<Vec<usize>>>,
) -> ScenarioGroup {
    let parts = |(_, more): &(&&String, &Vec<Vec<usize>>)| {
        let together = |own: &Vec<usize>| group.iter().all(|at| own.contains(at));
        !more.iter().any(together)
    };
    let parted_by = parting.iter().filter(|one| parts(one));
    let outage = |at: &usize| {
        let outage = left[*at].outage.as_ref();
        outage.map(|own| (own.servers.clone(), own.to_ms.is_some()))
    };
    ScenarioGroup {
        scenarios: group.iter().map(|at| left[*at].name.clone()).collect(),
        parted_by: parted_by.map(|(table, _)| (*table).clone()).collect(),
        other_outages: group.iter().any(|at| outage(at) != outage(&group[0])),
    }
}

impl Left {
    fn of(library: &Library, name: &str, options: &ReplayOptions) -> Result<Self, SignatureError> {
        let (report, store) = replay::replay(library, &[name.to_owned()], options)?;
        let outage = Some(outage_of(&store)?).filter(|outage| !outage.servers.is_empty());
        // Rows are taken out as they were not exported, and nothing follows from that.
        for row in
            store.ask("SELECT name FROM sqlite_schema WHERE type = 'trigger'", &[], &[])?.rows
        {
            for trigger in row {
                store.run_own("trigger", &format!("DROP TRIGGER {trigger}"), &[])?;
            }
        }
        let own = report.runs.into_iter().next();
        Ok(Self {
            name: own.map_or_else(|| name.to_owned(), |run| run.scenario),
            store,
            outage,
            marks: BTreeMap::new(),
        })
    }

    /// The product's tables in which there are rows.
    fn tables(&self) -> Result<BTreeSet<String>, SignatureError> {
        let mut tables = BTreeSet::new();
        for table in PRODUCT {
            let has = format!("SELECT EXISTS (SELECT 1 FROM {})", table.name);
            if self.store.ask(&has, &[], &[])?.rows == [[Cell::Integer(1)]] {
                tables.insert(table.name.to_lowercase());
            }
        }
        Ok(tables)
    }

    /// What the findings come to if just these tables are exported.
    fn marks(&mut self, tables: &BTreeSet<String>) -> Result<Marks, SignatureError> {
        if let Some(marks) = self.marks.get(tables) {
            return Ok(marks.clone());
        }
        self.store.savepoint()?;
        let marks = self.marks_of(tables);
        self.store.roll_back()?;
        let marks = marks?;
        self.marks.insert(tables.clone(), marks.clone());
        Ok(marks)
    }

    fn marks_of(&self, tables: &BTreeSet<String>) -> Result<Marks, SignatureError> {
        for table in self.tables()?.difference(tables) {
            let sql = format!("DELETE FROM {table}");
            self.store.run_own("rows", &sql, &[])?;
        }
        let outages = self
            .outage
            .iter()
            .cloned()
            .map(|outage| analysis::Outage { servers: Server::ALL.to_vec(), ..outage });
        let options = analysis::AnalysisOptions {
            outages: outages.collect(),
            ..analysis::AnalysisOptions::default()
        };
        let run = analysis::analyze(&self.store, &options)?;
        let mark = |found: &crate::report::FindingRun| match found.verdict {
            // An export without rows is an export: there is nothing in it to find.
            FindingVerdict::Skipped
                if !found.needs_missing.is_empty()
                    && found.needs_missing.iter().all(|needed| is_of(needed, tables)) =>
            {
                FindingVerdict::Nothing
            }
            verdict => verdict,
        };
        Ok(run.findings.iter().map(mark).collect())
    }
}

/// Whether a table, or a column as `table.column`, is of one of these tables.
fn is_of(needed: &str, tables: &BTreeSet<String>) -> bool {
    let table = needed.split_once('.').map_or(needed, |(table, _)| table);
    tables.contains(table)
}
