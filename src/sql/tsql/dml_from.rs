//! `UPDATE ... FROM` and `DELETE ... FROM` with joins, and `TOP` of both: of temporary tables.
//!
//! The rows are found by a query that gives their numbers, and what is set beside them. Where several rows of `FROM`
//! meet one that is updated, SQL Server takes any of them, and so does SQLite.

use sqlparser::ast::{Assignment, Expr, Ident, ObjectName, TableFactor, TableWithJoins};

use super::dml::condition;
use super::names::quoted;
use super::select::Parts;
use super::translator::{R, Translator};
use crate::schema::catalog::Table;
use crate::schema::types::Type;

/// The names by which SQLite knows the number of a row, unless a column is called so.
pub(super) const ROW_NUMBERS: [&str; 3] = ["rowid", "_rowid_", "oid"];

/// A temporary table of which rows are changed, and where they are found.
struct Changed {
    table: Table,
    from: Vec<TableWithJoins>,
    /// The number of a row, as the query over `from` writes it.
    row: String,
    /// The same in the table itself.
    own_row: String,
}

impl Translator<'_> {
    pub fn update_from(
        &mut self,
        table: &TableWithJoins,
        assignments: &[Assignment],
        sources: Option<&[TableWithJoins]>,
        selection: Option<&Expr>,
        top: &Option<Expr>,
        line: u32,
    ) -> R<()> {
        let TableFactor::Table { name, .. } = &table.relation else {
            return Err(self.unsupported("a change of anything but a table"));
        };
        let changed = self.changed("UPDATE", name, sources.unwrap_or_default())?;
        let columns = self.set_columns(&changed.table, assignments)?;
        let values = assignments.iter().map(|one| one.value.clone()).collect();
        let types: Vec<Type> = columns.iter().map(|(_, of)| *of).collect();
        let parts = self.rows_of(&changed.from, values, &types, selection)?;
        let (mut list, mut set) = (vec![format!("{} AS r", changed.row)], Vec::new());
        for (at, ((name, _), item)) in columns.iter().zip(&parts.items).enumerate() {
            list.push(format!("{} AS v{at}", item.value.sql));
            set.push(format!("{} = found.v{at}", quoted(name)));
        }
        let found = self.rows_found(&list.join(", "), &parts, top)?;
        let table = quoted(&changed.table.name);
        let sql = format!(
            "UPDATE {table} SET {} FROM ({found}) AS found WHERE {table}.{} = found.r",
            set.join(", "),
            changed.own_row
        );
        self.push_change(&changed.table, line, sql);
        Ok(())
    }

    pub fn delete_from(
        &mut self,
        targets: &[ObjectName],
        from: &[TableWithJoins],
        selection: Option<&Expr>,
        top: &Option<Expr>,
        line: u32,
    ) -> R<()> {
        let (name, sources) = match (targets, from) {
            ([target], from) => (target, from),
            (
                [],
                [
                    TableWithJoins {
                        relation: TableFactor::Table { name, .. },
                        joins,
                    },
                ],
            ) if joins.is_empty() => (name, from),
            _ => return Err(self.unsupported("DELETE of several tables")),
        };
        let changed = self.changed("DELETE", name, sources)?;
        let nothing = vec![Expr::value(sqlparser::ast::Value::Null)];
        let parts = self.rows_of(&changed.from, nothing, &[], selection)?;
        let found = self.rows_found(&changed.row, &parts, top)?;
        let sql = format!(
            "DELETE FROM {} WHERE {} IN ({found})",
            quoted(&changed.table.name),
            changed.own_row
        );
        self.push_change(&changed.table, line, sql);
        Ok(())
    }

    /// The query that finds the rows.
    fn rows_found(&mut self, list: &str, parts: &Parts, top: &Option<Expr>) -> R<String> {
        let limit = match top {
            None => String::new(),
            Some(top) => format!(" LIMIT {}", self.rows(top)?),
        };
        Ok(format!(
            "SELECT {list} FROM {}{}{limit}",
            parts.from,
            condition(parts)
        ))
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
        let found = factors
            .filter_map(|factor| match factor {
                TableFactor::Table { name, alias, .. } => {
                    let own = alias.as_ref().map(|alias| &alias.name);
                    let own = own.or(name.0.last().and_then(|part| part.as_ident()));
                    own.map(|own| (own, name))
                }
                _ => None,
            })
            .find(|(own, _)| own.value.eq_ignore_ascii_case(&wanted));
        let mut from = sources.to_vec();
        let (alias, name) = match found {
            Some((own, name)) => (own.clone(), name.clone()),
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
        let alias = if alias.value.starts_with(['#', '@']) {
            alias.value.to_lowercase()
        } else {
            alias.value
        };
        Ok(Changed {
            from,
            row: format!("{}.{row}", quoted(&alias)),
            own_row: row.to_owned(),
            table,
        })
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
