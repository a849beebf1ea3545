//! `UPDATE ... FROM` and `DELETE ... FROM` with joins, and `TOP` and `OUTPUT` of both: of temporary tables.
//!
//! The rows are found by a query that gives their numbers, and what is set beside them. Where several rows of `FROM`
//! meet one that is updated, SQL Server takes any of them, and so does SQLite.

use sqlparser::ast::{
    Assignment, Delete, Expr, Ident, ObjectName, OutputClause, TableFactor, TableWithJoins, Update,
};

use super::dml::condition;
use super::dml_output::{Changing, PutOut, types_of};
use super::names::quoted;
use super::query::Column;
use super::script::Statement;
use super::state::Met;
use super::translator::{R, Translator};
use crate::schema::catalog::Table;
use crate::schema::types::Type;

/// The names by which SQLite knows the number of a row, unless a column is called so.
pub(super) const ROW_NUMBERS: [&str; 3] = ["rowid", "_rowid_", "oid"];

/// A temporary table of which rows are changed, and where they are found.
struct Changed {
    table: Table,
    from: Vec<TableWithJoins>,
    /// The name of the table in `from`.
    alias: Ident,
    /// The number of a row, in the table.
    row: &'static str,
}

/// An UPDATE or DELETE that changes the rows of a query.
pub(super) struct FoundRows<'c> {
    pub table: &'c Table,
    /// The number of a row, in the table.
    pub row: &'c str,
    /// The columns that are set; empty for DELETE.
    pub set: &'c [(String, Type)],
    pub top: &'c Option<Expr>,
    pub output: Option<PutOut>,
}

impl Translator<'_> {
    /// `UPDATE target SET ... OUTPUT ... FROM sources WHERE ...`.
    pub fn update_from(&mut self, update: &Update, sources: &[TableWithJoins], line: u32) -> R<()> {
        let TableFactor::Table { name, .. } = &update.table.relation else {
            return Err(self.unsupported("a change of anything but a table"));
        };
        let changed = self.changed("UPDATE", name, sources)?;
        let set = self.set_columns(&changed.table, &update.assignments)?;
        self.change_from(
            &changed,
            (&set, &update.assignments),
            (update.selection.as_ref(), &update.limit),
            update.output.as_ref(),
            line,
        )
    }

    /// `DELETE target OUTPUT ... FROM sources WHERE ...`.
    pub fn delete_from(&mut self, delete: &Delete, from: &[TableWithJoins], line: u32) -> R<()> {
        let (name, sources) = match (delete.tables.as_slice(), from) {
            ([target], from) => (target, from),
            ([], [TableWithJoins { relation: TableFactor::Table { name, .. }, joins }])
                if joins.is_empty() =>
            {
                (name, from)
            }
            _ => return Err(self.unsupported("DELETE of several tables")),
        };
        let changed = self.changed("DELETE", name, sources)?;
        self.change_from(
            &changed,
            (&[], &[]),
            (delete.selection.as_ref(), &delete.limit),
            delete.output.as_ref(),
            line,
        )
    }

    /// Changes the rows of FROM and WHERE, at most so many as TOP says.
    fn change_from(
        &mut self,
        changed: &Changed,
        (set, assignments): (&[(String, Type)], &[Assignment]),
        (selection, top): (Option<&Expr>, &Option<Expr>),
        output: Option<&OutputClause>,
        line: u32,
    ) -> R<()> {
        let shown = changed.table.columns.iter().flatten();
        let shown: Vec<_> = shown.map(|(own, _)| (own.clone(), Some(own.clone()))).collect();
        let changing = Changing {
            qualifier: &changed.alias,
            shown: &shown,
            set,
            assignments,
            beside: changed.from.len() > 1 || changed.from.iter().any(|one| !one.joins.is_empty()),
        };
        let output = match output {
            Some(clause) => Some(self.output_of(clause, &changing)?),
            None => None,
        };
        let mut values: Vec<Expr> = assignments.iter().map(|one| one.value.clone()).collect();
        let mut types: Vec<Type> = set.iter().map(|(_, of)| *of).collect();
        let put_out = output.iter().flat_map(|output| &output.items);
        values.extend(put_out.map(|(_, expr)| expr.clone()));
        types.extend(
            types_of(output.as_ref().and_then(|output| output.into.as_ref())).into_iter().flatten(),
        );
        if values.is_empty() {
            values.push(Expr::value(sqlparser::ast::Value::Null));
        }
        let (parts, met) =
            self.observed(|this| this.rows_of(&changed.from, values, &types, selection));
        let parts = parts?;
        self.counts_before(&met, output.is_some())?;
        let mut list = vec![format!("{}.{} AS r", quoted(&changed.alias.value), changed.row)];
        for (at, item) in parts.items.iter().enumerate() {
            list.push(format!("{} AS v{at}", item.value.sql));
        }
        let found = format!("SELECT {} FROM {}{}", list.join(", "), parts.from, condition(&parts));
        let rows = FoundRows { table: &changed.table, row: changed.row, set, top, output };
        let columns = parts.columns().unwrap_or_default();
        self.change_found(rows, found, columns, line)
    }

    /// Refuses @@ROWCOUNT where what is put out is kept before.
    pub fn counts_before(&self, met: &Met, puts_out: bool) -> R<()> {
        match met.row_count && puts_out {
            true => Err(self
                .unsupported("@@ROWCOUNT beside OUTPUT")
                .with_hint("keep it in a variable: SET @rows = @@ROWCOUNT")),
            false => Ok(()),
        }
    }

    /// Changes the rows that the query `found` gives: the number of each as `r`, then what is set and what is put out,
    /// of which `columns` knows the types, as `v0`, `v1` and so on.
    pub fn change_found(
        &mut self,
        rows: FoundRows<'_>,
        mut found: String,
        columns: Vec<Column>,
        line: u32,
    ) -> R<()> {
        let FoundRows { table, row, set, top, output } = rows;
        if top.is_some() || output.is_some() {
            // A row that is found twice is changed once.
            found = format!("SELECT * FROM ({found}) GROUP BY r");
        }
        if let Some(top) = top {
            found.push_str(&format!(" LIMIT {}", self.rows(top)?));
        }
        if let Some(output) = output {
            found = self.keep_found(output, set.len(), found, columns, line);
        }
        let own = quoted(&table.name);
        let sql = if set.is_empty() {
            format!("DELETE FROM {own} WHERE {row} IN (SELECT r FROM ({found}))")
        } else {
            let set = set.iter().enumerate();
            let set = set.map(|(at, (name, _))| format!("{} = found.v{at}", quoted(name)));
            format!(
                "UPDATE {own} SET {} FROM ({found}) AS found WHERE {own}.{row} = found.r",
                set.collect::<Vec<_>>().join(", ")
            )
        };
        self.push_change(table, line, sql);
        Ok(())
    }

    /// Keeps the rows that a query finds, so that those that are put out are those that are changed; gives a query over
    /// what is kept.
    fn keep_found(
        &mut self,
        output: PutOut,
        set: usize,
        found: String,
        columns: Vec<Column>,
        line: u32,
    ) -> String {
        let kept = quoted(&self.fresh("found"));
        let values: Vec<String> =
            (0..set + output.items.len()).map(|at| format!("v{at}")).collect();
        let all = values.join(", ");
        for sql in [
            format!("DROP TABLE IF EXISTS temp.{kept}"),
            format!("CREATE TEMP TABLE {kept} (r, {all})"),
            format!("INSERT INTO {kept} {found}"),
        ] {
            self.push(line, Statement::Temporary { sql });
        }
        let names = output.items.into_iter().map(|(name, _)| name);
        let named = |(name, column): (Option<Ident>, Column)| Column {
            name: name.map(|name| name.value),
            ..column
        };
        let columns = names.zip(columns.into_iter().skip(set)).map(named).collect();
        let rows = format!("SELECT {} FROM {kept}", values[set..].join(", "));
        self.push_output(rows, columns, output.into, line);
        format!("SELECT * FROM {kept}")
    }

    /// The temporary table that is called `target`, which may be its alias in `sources`.
    fn changed(
        &mut self,
        word: &str,
        target: &ObjectName,
        sources: &[TableWithJoins],
    ) -> R<Changed> {
        let wanted = target.0.last().and_then(|part| part.as_ident());
        let wanted = wanted.map_or_else(|| target.to_string(), |ident| ident.value.clone());
        let factors = sources.iter().flat_map(|source| {
            std::iter::once(&source.relation).chain(source.joins.iter().map(|join| &join.relation))
        });
        let named = factors.filter_map(|factor| match factor {
            TableFactor::Table { name, alias, .. } => {
                let own = name.0.last().and_then(|part| part.as_ident())?;
                let shown = alias.as_ref().map_or(own, |alias| &alias.name);
                Some((shown, own, name))
            }
            _ => None,
        });
        let is_meant = |name: &Ident| name.value.eq_ignore_ascii_case(&wanted);
        let named: Vec<_> = named.collect();
        let by_table = || {
            let mut all = named.iter().filter(|(_, own, _)| is_meant(own));
            (all.next(), all.next().is_some())
        };
        let found = match named.iter().find(|(shown, ..)| is_meant(shown)) {
            Some(found) => Some(found),
            None => match by_table() {
                (_, true) => {
                    return Err(self
                        .invalid(format!("the table `{wanted}` is ambiguous"))
                        .with_hint(format!("write its alias after {word}")));
                }
                (found, false) => found,
            },
        };
        let mut from = sources.to_vec();
        let (alias, name) = match found {
            Some((shown, _, name)) => ((*shown).clone(), (*name).clone()),
            None => {
                from.push(table_of(target.clone()));
                (Ident::new(wanted), target.clone())
            }
        };
        let Some(own) = Self::temporary_name(&name) else {
            if self.given.changes {
                return Err(self.unsupported(format!("{word} ... FROM")).with_hint(
                    "write the condition with a subquery: WHERE id IN (SELECT id FROM ...)",
                ));
            }
            return Err(self
                .writes(word)
                .with_hint("FROM and TOP are supported only for temporary tables"));
        };
        let Some(table) = self.session.temporary.get(&own).cloned() else {
            return Err(self.invalid(format!("there is no table `{own}`")));
        };
        let columns = table.columns.as_deref().unwrap_or_default();
        let is_free = |row: &&str| !columns.iter().any(|(own, _)| own.eq_ignore_ascii_case(row));
        let Some(row) = ROW_NUMBERS.into_iter().find(is_free) else {
            return Err(self.unsupported(format!("{word} of a table with such columns")));
        };
        let alias = match alias.value.starts_with(['#', '@']) {
            true => Ident::new(alias.value.to_lowercase()),
            false => alias,
        };
        Ok(Changed { from, alias, row, table })
    }
}

/// The table of this name, in FROM.
pub(super) fn table_of(name: ObjectName) -> TableWithJoins {
    TableWithJoins {
        relation: TableFactor::Table {
            name,
            alias: None,
            args: None,
            with_hints: Vec::new(),
            version: None,
            with_ordinality: false,
            partitions: Vec::new(),
            json_path: None,
            sample: None,
            index_hints: Vec::new(),
        },
        joins: Vec::new(),
    }
}
