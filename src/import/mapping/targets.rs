//! Turns columns assigned to tables into what is loaded into each.

use super::Plan;
use super::TablesError;
use super::Target;
use super::by_header::Builder;
use super::by_header::LOOK_UPS;
use super::by_header::NAMES;
use super::by_header::listed;
use super::names::Heading;
use super::names::kept_name;
use crate::import::convert::Cast;
use crate::record::batch::LayoutColumn;
use crate::record::batch::TableLayout;
use crate::schema::product::PRODUCT;
use crate::schema::product::ProductTable;
use crate::schema::types::Type;
use crate::table::Kind;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

impl<'s> Builder<'s> {
    /// The tables ordered by the number of their columns here; the records are rows of the first.
    pub(super) fn tables(&self) -> Vec<&'static ProductTable> {
        let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for (at, table) in self.assigned.iter().enumerate() {
            if let Some(table) = table {
                let count = counts.entry(table.name).or_insert((0, at));
                count.0 += usize::from(table.position(&self.headings[at].column).is_some());
            }
        }
        let mut tables: Vec<&'static ProductTable> =
            PRODUCT.iter().filter(|table| counts.contains_key(table.name)).collect();
        // An activity is what the others stand beside, however few of its columns are there.
        let is_activity = |table: &ProductTable| table.name == "egpl_casemgmt_activity";
        tables.sort_by_key(|table| {
            let (count, first) = counts[table.name];
            (
                !(is_activity(table) && self.own_place(table, "activity_id").is_some()),
                std::cmp::Reverse(count),
                first,
            )
        });
        tables
    }

    /// The column of the file for `column` of `table`.
    fn own_place(&self, table: &ProductTable, column: &str) -> Option<usize> {
        (0..self.headings.len()).find(|at| {
            self.assigned[*at].is_some_and(|own| own.name == table.name)
                && !self.out[*at]
                && self.headings[*at].column == column
        })
    }

    /// The column of the file with the key of the rows of a joined table.
    fn key_place(&self, table: &ProductTable) -> Option<usize> {
        let key = table.single_key()?;
        let anywhere = |column: &str| {
            (0..self.headings.len())
                .find(|at| !self.out[*at] && self.headings[*at].column == column)
        };
        let by_look_up = || {
            let found = LOOK_UPS.iter().find(|(of, _)| *of == table.name);
            found.and_then(|(_, column)| anywhere(column))
        };
        self.own_place(table, key).or_else(|| anywhere(key)).or_else(by_look_up)
    }

    /// The column of the file whose names replace the keys of a joined table.
    fn name_place(&self, table: &ProductTable) -> Option<usize> {
        let (of, _, name) = NAMES;
        (table.name == of && self.key_place(table).is_none())
            .then(|| self.own_place(table, name))
            .flatten()
    }

    /// Rows of a joined table without a key cannot be stored: their columns are kept with the first table.
    fn keep_what_has_no_key(&mut self) -> Vec<&'static ProductTable> {
        let tables = self.tables();
        let Some((&main, beside)) = tables.split_first() else {
            return tables;
        };
        let mut kept = vec![main];
        for &table in beside {
            let keyed = table.single_key().is_none()
                || self.key_place(table).is_some()
                || self.name_place(table).is_some();
            if keyed {
                kept.push(table);
                continue;
            }
            for at in 0..self.headings.len() {
                if self.assigned[at] == Some(table) {
                    self.assigned[at] = Some(main);
                    self.notes.push(format!(
                        "`{}` belongs to `{}`, whose key is not in the file: it is stored with `{}`",
                        self.headings[at].written.trim(),
                        table.name,
                        main.name
                    ));
                }
            }
        }
        kept
    }

    pub(super) fn finish(mut self) -> Result<Plan, TablesError> {
        let tables = self.keep_what_has_no_key();
        if let (Some(main), true) = (tables.first(), self.changes.is_some())
            && main.single_key().is_none()
        {
            let table = main.name.to_owned();
            return Err(TablesError::NoHistory { table });
        }
        let mut repeats = Vec::new();
        let mut targets = Vec::new();
        for (nth, table) in tables.iter().enumerate() {
            let target = self.target(table, nth > 0, &mut repeats);
            targets.push(target);
        }
        if targets.len() > 1 {
            self.say_parts(&tables);
        }
        self.make_numbers(&tables, &mut targets);
        if let Some(main) = targets.first_mut() {
            main.shape.history = self.changes.is_some();
        }
        self.dropped.sort_by_key(|dropped| dropped.position);
        Ok(Plan {
            targets,
            width: self.headings.len(),
            dropped: self.dropped,
            repeats,
            changes: self.changes,
            notes: self.notes,
        })
    }

    fn say_parts(&mut self, tables: &[&'static ProductTable]) {
        let names: Vec<&str> = tables.iter().map(|table| table.name).collect();
        self.notes
            .push(format!("the records are the result of a join: split into {}", listed(&names)));
        for table in &tables[1..] {
            let own = table.single_key().and_then(|key| self.own_place(table, key));
            if let (None, Some(place)) = (own, self.key_place(table)) {
                self.notes.push(format!(
                    "rows of `{}` are identified by `{}`",
                    table.name,
                    self.headings[place].written.trim()
                ));
            }
        }
    }

    /// Gives queues that have a name but no number one derived from the name, in both tables, so that the join that
    /// produced the file matches them again.
    fn make_numbers(&mut self, tables: &[&'static ProductTable], targets: &mut [Target]) {
        let (_, key, name) = NAMES;
        let beside = tables.iter().enumerate().skip(1);
        let Some((nth, at)) =
            beside.filter_map(|(nth, table)| Some((nth, self.name_place(table)?))).next()
        else {
            return;
        };
        for of in [0, nth] {
            let target = &mut targets[of];
            if of == nth {
                target.key = Some(target.shape.columns.len());
            }
            target.shape.columns.push(LayoutColumn {
                name: key.to_owned(),
                heading: None,
                position: 0,
                kind: Kind::Integer,
                known: true,
            });
            target.steps.push((at, Cast::Name));
        }
        self.notes.push(format!(
            "the file has no `{key}`: its queues get negative ids derived from `{name}`; loading the queue \
             table replaces them"
        ));
    }

    /// How rows of a table are built from its assigned columns.
    pub(super) fn target(
        &mut self,
        table: &'static ProductTable,
        beside: bool,
        repeats: &mut Vec<(usize, usize)>,
    ) -> Target {
        let mut columns: Vec<LayoutColumn> = Vec::new();
        let mut steps = Vec::new();
        let mut first_of: BTreeMap<String, usize> = BTreeMap::new();
        let mut taken: BTreeSet<String> =
            table.columns.iter().map(|(name, _)| (*name).to_owned()).collect();
        let mut add = |name: String, at: usize, heading: &Heading, of: Option<Type>| {
            let cast = of.map_or(Cast::Text, Cast::of);
            columns.push(LayoutColumn {
                name,
                heading: Some(heading.written.clone()),
                position: at + 1,
                kind: cast.kind(),
                known: of.is_some(),
            });
            steps.push((at, cast));
        };
        let key = table.single_key();
        if let Some(key) = key.filter(|key| beside && self.own_place(table, key).is_none())
            && let Some(at) = self.key_place(table)
        {
            add(key.to_owned(), at, &self.headings[at], table.type_of(key));
            first_of.insert(key.to_owned(), at);
        }
        for at in 0..self.headings.len() {
            if self.out[at] || self.assigned[at] != Some(table) {
                continue;
            }
            let heading = self.headings[at].clone();
            let of = table.type_of(&heading.column);
            match first_of.get(&heading.column) {
                Some(first) if of.is_some() && self.repeats(*first, at) => {
                    repeats.push((at, *first));
                    let why = format!("it repeats column {}", first + 1);
                    self.drop(at, why, false);
                }
                first if of.is_some() && first.is_none() => {
                    add(heading.column.clone(), at, &heading, of);
                    first_of.insert(heading.column, at);
                }
                _ => {
                    let name = kept_name(&heading.column, at + 1, &taken);
                    taken.insert(name.clone());
                    add(name, at, &heading, None);
                }
            }
        }
        let place = key.and_then(|key| columns.iter().position(|column| column.name == key));
        Target {
            shape: TableLayout {
                table: table.name.to_owned(),
                columns,
                history: false,
                repeated: beside,
            },
            steps,
            key: place,
        }
    }

    /// Whether two columns are equal in the inspected records.
    pub(super) fn repeats(&self, a: usize, b: usize) -> bool {
        self.sample.iter().all(|record| record.text_at(a) == record.text_at(b))
    }

    /// A table that is not the product's: every column is stored as text.
    pub(super) fn unknown(mut self, table: String) -> Plan {
        let mut taken = BTreeSet::new();
        let mut columns = Vec::new();
        let mut steps = Vec::new();
        for (at, heading) in self.headings.iter().enumerate() {
            if self.dropped.iter().any(|dropped| dropped.position == at + 1) {
                continue;
            }
            let name = kept_name(&heading.column, at + 1, &taken);
            taken.insert(name.clone());
            columns.push(LayoutColumn {
                name,
                heading: Some(heading.written.clone()),
                position: at + 1,
                kind: Kind::Text,
                known: false,
            });
            steps.push((at, Cast::Text));
        }
        self.dropped.sort_by_key(|dropped| dropped.position);
        Plan {
            targets: vec![Target {
                shape: TableLayout { table, columns, history: false, repeated: false },
                steps,
                key: None,
            }],
            width: self.headings.len(),
            dropped: self.dropped,
            repeats: Vec::new(),
            changes: None,
            notes: self.notes,
        }
    }
}
