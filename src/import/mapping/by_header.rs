//! Finds the tables that the columns of a header belong to.

use super::Changes;
use super::Hints;
use super::Plan;
use super::TablesError;
use super::names::Heading;
use super::names::heading;
use super::names::is_known;
use super::names::is_secret;
use super::names::parts;
use super::names::product_table;
use crate::record::OwnedRecord;
use crate::schema::product::PRODUCT;
use crate::schema::product::ProductTable;
use crate::sql::guard::classes;
use crate::store::RESERVED;
use crate::store::load::Dropped;

/// Columns that are known to reference rows of another table in a join: the table, and the column of the file.
pub(super) const LOOK_UPS: [(&str, &str); 3] = [
    ("egpl_user", "assigned_to"),
    ("egpl_routing_queue", "queue_id"),
    ("egpl_department", "department_id"),
];

/// The name that identifies the rows of a table whose key is not in the file: the table, its key, the name.
pub(super) const NAMES: (&str, &str, &str) = ("egpl_routing_queue", "queue_id", "queue_name");

/// The one of the tables that is no report over others.
fn sole_base_table(tables: &[&'static ProductTable]) -> Option<&'static ProductTable> {
    let mut base = tables.iter().filter(|table| !table.name.starts_with("eglv_"));
    base.next().copied().filter(|_| base.next().is_none())
}

/// What a column is mapped to, if not dropped.
pub(super) type Assigned = Vec<Option<&'static ProductTable>>;

pub(super) fn by_header(
    header: &[String],
    sample: &[OwnedRecord],
    hints: Hints<'_>,
) -> Result<Plan, TablesError> {
    let headings: Vec<Heading> = header.iter().map(|text| heading(text)).collect();
    let mut builder = Builder::new(headings, sample);
    let named = hints.table.map(named_table).transpose()?;
    // In a table of the user's own, a column of 1, 2, 3 may be a count as well as a row number.
    builder.drop_columns(!matches!(named, Some(Named::New(_))));
    match named {
        Some(Named::New(name)) => return Ok(builder.unknown(name)),
        Some(Named::Product(table)) => builder.assign_all(table)?,
        None => builder.assign(hints)?,
    }
    builder.finish()
}

pub(super) enum Named {
    Product(&'static ProductTable),
    New(String),
}

pub(super) fn named_table(name: &str) -> Result<Named, TablesError> {
    if let Some(table) = product_table(name) {
        return Ok(Named::Product(table));
    }
    let plain = parts(name).pop().unwrap_or_default().trim().to_lowercase();
    let ours = RESERVED.iter().any(|prefix| plain.starts_with(prefix));
    let of_letters =
        plain.chars().all(|c| c.is_alphanumeric() || c == '_' || c == ' ' || c == '$' || c == '#');
    let earlier =
        plain.strip_suffix("_earlier").is_some_and(|table| ProductTable::named(table).is_some());
    // SQLite takes these for tables that it has already.
    let of_sqlite = classes::module(&plain).is_some();
    if plain.is_empty() || ours || of_sqlite || earlier || !of_letters || plain == "rejects" {
        let name = name.to_owned();
        return Err(TablesError::BadName { name });
    }
    Ok(Named::New(plain))
}

pub(super) struct Builder<'s> {
    pub(super) headings: Vec<Heading>,
    pub(super) sample: &'s [OwnedRecord],
    /// The table of each column.
    pub(super) assigned: Assigned,
    /// Whether each column is dropped or identifies a change.
    pub(super) out: Vec<bool>,
    pub(super) dropped: Vec<Dropped>,
    pub(super) changes: Option<Changes>,
    pub(super) notes: Vec<String>,
}

/// Whether so few of the file's columns are known that it may be any other table.
pub(super) fn is_too_few(known: usize, columns: usize) -> bool {
    known == 0 || known * 4 < columns || (known == 1 && columns > 2)
}

pub(super) fn listed(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        Some((last, _)) => last.clone(),
        None => String::new(),
    }
}

/// The table that the file is named after: the longest name contained in the file name, otherwise the one whose name
/// ends with it.
pub(super) fn named_after(
    tables: &[&'static ProductTable],
    file: &str,
) -> Option<&'static ProductTable> {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file).to_lowercase();
    let stem = name.split('.').find(|part| *part != "dbo").unwrap_or("");
    let within = tables.iter().filter(|table| name.contains(table.name));
    if let Some(table) = within.max_by_key(|table| table.name.len()) {
        return Some(table);
    }
    let stem = stem.trim_end_matches('s');
    let mut ending = tables.iter().filter(|table| stem.len() > 2 && table.name.ends_with(stem));
    match (ending.next(), ending.next()) {
        (Some(table), None) => Some(table),
        _ => None,
    }
}

impl<'s> Builder<'s> {
    pub(super) fn new(headings: Vec<Heading>, sample: &'s [OwnedRecord]) -> Self {
        Self {
            assigned: vec![None; headings.len()],
            out: vec![false; headings.len()],
            headings,
            sample,
            dropped: Vec::new(),
            changes: None,
            notes: Vec::new(),
        }
    }

    pub(super) fn drop(&mut self, at: usize, why: impl Into<String>, secret: bool) {
        self.out[at] = true;
        self.dropped.push(Dropped {
            position: at + 1,
            heading: self.headings[at].written.clone(),
            why: why.into(),
            secret,
        });
    }

    /// Removes passwords, row numbers, and the columns that identify a change.
    pub(super) fn drop_columns(&mut self, row_numbers: bool) {
        for at in 0..self.headings.len() {
            if is_secret(&self.headings[at].column) {
                self.drop(at, "it contains passwords", true);
            }
        }
        let unnamed = self.headings.first().is_some_and(|first| {
            first.column.is_empty()
                || ["#", "row", "rownum", "row_number"].contains(&&*first.column)
        });
        if row_numbers && unnamed && self.headings.len() > 1 && self.counts_rows() {
            self.drop(0, "it only counts the rows", false);
        }
        let place = |name: &str| self.headings.iter().position(|h| h.column == name);
        let (transaction, operation) = (place("__$start_lsn"), place("__$operation"));
        if let (Some(transaction), Some(operation)) = (transaction, operation) {
            self.changes = Some(Changes { transaction, sequence: place("__$seqval"), operation });
            let used = [Some(transaction), Some(operation), place("__$seqval")];
            for at in 0..self.headings.len() {
                if used.contains(&Some(at)) {
                    self.out[at] = true;
                } else if self.headings[at].column.starts_with("__$") {
                    self.drop(at, "it says which columns a change touched", false);
                }
            }
        }
    }

    /// Whether the first column is 1, 2, 3 and so on.
    fn counts_rows(&self) -> bool {
        let place =
            |record: &OwnedRecord| record.text_at(0).and_then(|text| text.trim().parse().ok());
        (1_u64..).zip(self.sample).all(|(expected, record)| place(record) == Some(expected))
    }

    pub(super) fn has(&self, column: &str) -> bool {
        let mut left = self.headings.iter().zip(&self.out);
        left.any(|(heading, out)| !out && heading.column == column)
    }

    /// Whether these columns distinguish the rows of `table`.
    fn can_key(&self, table: &ProductTable) -> bool {
        let by_look_up = LOOK_UPS.iter().any(|(of, column)| *of == table.name && self.has(column));
        by_look_up || table.key.iter().all(|key| self.has(key))
    }

    pub(super) fn assign_all(&mut self, table: &'static ProductTable) -> Result<(), TablesError> {
        if let Some(key) = table.key.iter().find(|key| !self.has(key)) {
            return Err(TablesError::NoKey {
                table: table.name.to_owned(),
                key: (*key).to_owned(),
            });
        }
        for at in 0..self.headings.len() {
            if !self.out[at] {
                self.assigned[at] = Some(table);
            }
        }
        Ok(())
    }

    fn assign(&mut self, hints: Hints<'_>) -> Result<(), TablesError> {
        let columns: Vec<usize> = (0..self.headings.len()).filter(|at| !self.out[*at]).collect();
        let known = columns.iter().filter(|at| is_known(&self.headings[**at].column)).count();
        if is_too_few(known, columns.len()) {
            return Err(self.unknown_columns(&columns));
        }
        let tables: Vec<&'static ProductTable> =
            PRODUCT.iter().filter(|table| self.can_key(table)).collect();
        let path = self.path(&columns, &tables);
        if let Some((table, key)) = self.lacking_key(&columns, &tables, &path) {
            return Err(TablesError::NoKey { table: table.name.to_owned(), key: key.to_owned() });
        }
        let one = path.first().filter(|first| path.iter().all(|t| t == *first));
        let unknown = |table: &ProductTable| {
            columns
                .iter()
                .filter(|at| table.position(&self.headings[**at].column).is_none())
                .count()
        };
        if tables.is_empty()
            || one.is_some_and(|table| is_too_few(columns.len() - unknown(table), columns.len()))
        {
            return Err(self.without_key(&columns));
        }
        if let Some(table) = one {
            let table = self.break_tie(table, &columns, &tables, hints)?;
            for at in &columns {
                self.assigned[*at] = Some(table);
            }
        } else {
            for (at, table) in columns.iter().zip(&path) {
                self.assigned[*at] = Some(table);
            }
        }
        self.look_up();
        Ok(())
    }

    fn unknown_columns(&self, columns: &[usize]) -> TablesError {
        const SHOWN: usize = 5;
        let mut names: Vec<String> = columns
            .iter()
            .take(SHOWN)
            .map(|at| format!("`{}`", self.headings[*at].written.trim()))
            .collect();
        if columns.len() > SHOWN {
            names.push(format!("and {} more", columns.len() - SHOWN));
        }
        TablesError::Unknown { columns: names.join(", ") }
    }

    /// How many of the columns a table has.
    fn hits(&self, columns: &[usize], table: &ProductTable) -> usize {
        let has = |at: &&usize| table.position(&self.headings[**at].column).is_some();
        columns.iter().filter(has).count()
    }

    /// A table that has more of the columns than the chosen one, or as many and some that no other has, but not its
    /// key: the records are its rows, not those of a table whose key happens to be present.
    fn lacking_key(
        &self,
        columns: &[usize],
        keyed: &[&'static ProductTable],
        path: &[&'static ProductTable],
    ) -> Option<(&'static ProductTable, &'static str)> {
        let most = path.iter().map(|table| self.hits(columns, table)).max()?;
        let is_left = |at: &usize| {
            let column = &self.headings[*at].column;
            let has = |table: &&ProductTable| table.position(column).is_some();
            !keyed.iter().any(has)
        };
        let left: Vec<usize> = columns.iter().copied().filter(is_left).collect();
        let lacking = PRODUCT.iter().filter(|table| !self.can_key(table));
        let (table, _) = lacking
            .map(|table| (table, self.hits(columns, table)))
            .filter(|(table, hits)| {
                let own = self.hits(&left, table);
                own > 0 && (*hits >= most || own > 1)
            })
            .max_by_key(|(_, hits)| *hits)?;
        let key = table.key.iter().find(|key| !self.has(key))?;
        Some((table, key))
    }

    /// The table that has most of the columns, but not its key.
    fn without_key(&self, columns: &[usize]) -> TablesError {
        let hits = |table: &&ProductTable| self.hits(columns, table);
        let missing = |table: &'static ProductTable| {
            let key = table.key.iter().find(|key| !self.has(key))?;
            Some((table, *key))
        };
        let mut candidates: Vec<&'static ProductTable> = PRODUCT.iter().collect();
        candidates.sort_by_key(|table| std::cmp::Reverse(hits(table)));
        let best = candidates.first().copied().and_then(missing);
        match best {
            Some((table, key)) if hits(&table) * 2 >= columns.len() => {
                TablesError::NoKey { table: table.name.to_owned(), key: key.to_owned() }
            }
            _ => self.unknown_columns(columns),
        }
    }

    /// The cheapest way to read the columns from left to right as columns of tables: a column that the table does not
    /// have has a cost, switching to another table costs more, leaving the table's order a little.
    fn path(
        &self,
        columns: &[usize],
        tables: &[&'static ProductTable],
    ) -> Vec<&'static ProductTable> {
        const UNKNOWN: u32 = 1000;
        const OTHER_TABLE: u32 = 5000;
        const CHANGE: u32 = 1500;
        let place = |at: usize, table: &ProductTable| table.position(&self.headings[at].column);
        let emit = |at: usize, table: &'static ProductTable| match self.headings[at].table {
            Some(named) if named != table => OTHER_TABLE,
            _ if place(at, table).is_none() => UNKNOWN,
            _ => 0,
        };
        let stay = |before: usize, at: usize, table: &ProductTable| match (
            place(before, table),
            place(at, table),
        ) {
            (Some(a), Some(b)) if b == a + 1 => 0,
            (Some(a), Some(b)) if b > a => 30,
            (Some(_), Some(_)) => 60,
            _ => 0,
        };
        let Some((&first, rest)) = columns.split_first() else {
            return Vec::new();
        };
        let mut costs: Vec<u32> = tables.iter().map(|table| emit(first, table)).collect();
        let mut came_from: Vec<Vec<usize>> = Vec::new();
        let mut before = first;
        for &at in rest {
            let cheapest = (0..tables.len()).min_by_key(|t| costs[*t]).unwrap_or(0);
            let mut next = Vec::with_capacity(tables.len());
            let mut from = Vec::with_capacity(tables.len());
            for (t, table) in tables.iter().enumerate() {
                let staying = costs[t] + stay(before, at, table);
                let changing = costs[cheapest] + CHANGE;
                let (cost, source) =
                    if staying < changing { (staying, t) } else { (changing, cheapest) };
                next.push(cost + emit(at, table));
                from.push(source);
            }
            costs = next;
            came_from.push(from);
            before = at;
        }
        let last = (0..tables.len()).min_by_key(|t| (costs[*t], tables[*t].columns.len()));
        let Some(mut state) = last else {
            return Vec::new();
        };
        let mut path = vec![tables[state]];
        for from in came_from.iter().rev() {
            state = from[state];
            path.push(tables[state]);
        }
        path.reverse();
        path
    }

    /// Of the tables that have as many of the columns as `best`, the one with the fewest other columns, or else the one
    /// that the file is named after.
    fn break_tie(
        &mut self,
        best: &'static ProductTable,
        columns: &[usize],
        tables: &[&'static ProductTable],
        hints: Hints<'_>,
    ) -> Result<&'static ProductTable, TablesError> {
        let hits = |table: &ProductTable| self.hits(columns, table);
        let keyed = |table: &ProductTable| table.key.iter().all(|key| self.has(key));
        let most = hits(best);
        let equal: Vec<&'static ProductTable> =
            tables.iter().copied().filter(|table| hits(table) == most && keyed(table)).collect();
        if equal.len() < 2 {
            return Ok(best);
        }
        if let Some(named) = named_after(&equal, hints.file) {
            let others: Vec<&str> =
                equal.iter().filter(|table| **table != named).map(|table| table.name).collect();
            self.notes.push(format!(
                "loaded as `{}`, going by the file name; the columns also fit {}",
                named.name,
                listed(&others)
            ));
            return Ok(named);
        }
        // A column alone is of the table that it is the key of, rather than of a report over that table.
        if columns.len() == 1
            && let Some(table) = sole_base_table(&equal)
        {
            let others = equal.iter().filter(|other| **other != table);
            let others: Vec<&str> = others.map(|other| other.name).collect();
            self.notes.push(format!(
                "loaded as `{}`, of which the one column is the key; it also fits {}",
                table.name,
                listed(&others)
            ));
            return Ok(table);
        }
        // A table that has nothing else is a better guess than one of which much would be missing.
        let least = equal.iter().map(|table| table.columns.len()).min();
        let smallest: Vec<&'static ProductTable> =
            equal.iter().copied().filter(|table| Some(table.columns.len()) == least).collect();
        match smallest.as_slice() {
            [one] if one.columns.len() == most => Ok(one),
            _ => {
                let names: Vec<&str> = equal.iter().map(|table| table.name).collect();
                Err(TablesError::Ambiguous { tables: listed(&names) })
            }
        }
    }

    /// Assigns columns that their table does not have to the table that a join takes them from.
    pub(super) fn look_up(&mut self) {
        let present: Vec<&'static ProductTable> = self.assigned.iter().flatten().copied().collect();
        for at in 0..self.headings.len() {
            let column = self.headings[at].column.clone();
            let Some(own) = self.assigned[at] else {
                continue;
            };
            if own.position(&column).is_some() {
                continue;
            }
            let has = |table: &ProductTable| table.position(&column).is_some();
            let beside = present.iter().copied().find(|table| has(table));
            let by_name = || {
                let (of, key, name) = NAMES;
                let activity = own.position(key).is_some() && own.name != of;
                let named = column == name && activity && !self.has(key);
                named.then(|| ProductTable::named(of)).flatten()
            };
            let looked_up = || {
                LOOK_UPS.iter().find_map(|(of, by)| {
                    let table = ProductTable::named(of)?;
                    (has(table) && self.has(by) && table.name != own.name).then_some(table)
                })
            };
            if let Some(table) = beside.or_else(looked_up).or_else(by_name) {
                self.assigned[at] = Some(table);
            }
        }
    }
}
