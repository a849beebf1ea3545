//! `UPDATE`, `DELETE` and `INSERT` of the product's tables, in a copy that may be changed: one table, no more.
//!
//! What is set and where is translated as the select list and the condition of a query over that table; what goes
//! beyond that, such as `FROM`, `OUTPUT` or `TOP`, is refused by name.

use sqlparser::ast::{
    Assignment, AssignmentTarget, Delete, Expr, FromTable, Ident, ObjectName, Select, SelectItem,
    SetExpr, Statement, TableFactor, TableWithJoins, Update,
};
use sqlparser::dialect::MsSqlDialect;
use sqlparser::parser::Parser;

use super::names::quoted;
use super::script::{Act, R, Translator};
use super::select::{Parts, Shape};
use crate::diagnostic::did_you_mean;
use crate::schema::catalog::Table;
use crate::schema::types::Type;
use crate::sql::guard::is_products;

/// How a statement writes a table's columns: converted as an assignment is, and no longer than they are.
const WRITES: Shape<'static> = Shape {
    names: None,
    types: None,
    collated: false,
    assigns: true,
    inserts: true,
    rounds: None,
};

impl Translator<'_> {
    pub fn update(&mut self, update: &Update, line: u32) -> R<()> {
        let Update {
            update_token: _,
            optimizer_hints,
            table,
            assignments,
            from,
            selection,
            returning,
            output,
            or,
            order_by,
            limit,
        } = update;
        if from.is_some() || !table.joins.is_empty() {
            return Err(self.unsupported("UPDATE ... FROM").with_hint(
                "write the condition with a subquery: WHERE id IN (SELECT id FROM ...)",
            ));
        }
        if output.is_some() {
            return Err(self.unsupported("OUTPUT"));
        }
        let foreign = !optimizer_hints.is_empty()
            || returning.is_some()
            || or.is_some()
            || !order_by.is_empty()
            || limit.is_some();
        if foreign {
            return Err(self.unsupported("UPDATE with more than SET and WHERE"));
        }
        let known = self.changed_table(table)?;
        let mut columns = Vec::new();
        for Assignment { target, .. } in assignments {
            let AssignmentTarget::ColumnName(name) = target else {
                return Err(self.unsupported("SET of several columns at once"));
            };
            let column = self.column_of(&known, name)?;
            if columns.contains(&column) {
                return Err(self.invalid(format!("`{}` is set twice", column.0)));
            }
            columns.push(column);
        }
        let values = assignments.iter().map(|one| one.value.clone()).collect();
        let types: Vec<Type> = columns.iter().map(|(_, of)| *of).collect();
        let parts = self.rows_of(table, values, &types, selection.as_ref())?;
        let set: Vec<String> = columns
            .iter()
            .zip(&parts.items)
            .map(|((name, _), item)| format!("{} = {}", quoted(name), item.value.sql))
            .collect();
        let sql = format!(
            "UPDATE {} SET {}{}",
            parts.from,
            set.join(", "),
            condition(&parts)
        );
        self.push_change(&known, line, sql);
        Ok(())
    }

    pub fn delete(&mut self, delete: &Delete, line: u32) -> R<()> {
        let Delete {
            delete_token: _,
            optimizer_hints,
            tables,
            from,
            using,
            selection,
            returning,
            output,
            order_by,
            limit,
        } = delete;
        if output.is_some() {
            return Err(self.unsupported("OUTPUT"));
        }
        let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = from;
        let foreign = !optimizer_hints.is_empty()
            || !tables.is_empty()
            || using.is_some()
            || returning.is_some()
            || !order_by.is_empty()
            || limit.is_some();
        let [table] = from.as_slice() else {
            return Err(self.unsupported("DELETE of several tables"));
        };
        if foreign || !table.joins.is_empty() {
            return Err(self
                .unsupported("DELETE with more than a table and WHERE")
                .with_hint(
                    "write the condition with a subquery: WHERE id IN (SELECT id FROM ...)",
                ));
        }
        let known = self.changed_table(table)?;
        if self.identity_of(&known.name).is_some() && selection.is_some() {
            return Err(self
                .unsupported("DELETE of rows that are numbered by IDENTITY")
                .with_hint("keep the rows that are wanted: SELECT ... INTO #other WHERE ..."));
        }
        let parts = self.rows_of(
            table,
            vec![Expr::value(sqlparser::ast::Value::Null)],
            &[],
            selection.as_ref(),
        )?;
        let sql = format!("DELETE FROM {}{}", parts.from, condition(&parts));
        self.push_change(&known, line, sql);
        Ok(())
    }

    fn push_change(&mut self, table: &Table, line: u32, sql: String) {
        let act = if table.name.starts_with(['#', '@']) {
            Act::Change { sql }
        } else {
            Act::Write { sql }
        };
        self.push(line, act);
    }

    /// The values and the condition as a query over the table, taken apart.
    fn rows_of(
        &mut self,
        table: &TableWithJoins,
        values: Vec<Expr>,
        types: &[Type],
        selection: Option<&Expr>,
    ) -> R<Parts> {
        let mut select = empty_select();
        select.from = vec![table.clone()];
        select.selection = selection.cloned();
        // With names, so that no comparison is taken for a name and a value.
        let named = |(at, expr): (usize, Expr)| SelectItem::ExprWithAlias {
            expr,
            alias: Ident::new(format!("v{at}")),
        };
        select.projection = values.into_iter().enumerate().map(named).collect();
        let shape = Shape {
            types: (!types.is_empty()).then_some(types),
            ..WRITES
        };
        let parts = self.select(&select, &[], shape)?;
        if parts.aggregates {
            return Err(self.invalid("an aggregate stands where a value of a row is needed"));
        }
        Ok(parts)
    }

    fn changed_table(&mut self, table: &TableWithJoins) -> R<Table> {
        match &table.relation {
            TableFactor::Table { name, .. } => match Self::temporary_name(name) {
                Some(own) => self
                    .temporary
                    .get(&own)
                    .cloned()
                    .ok_or_else(|| self.invalid(format!("there is no table `{own}`"))),
                None => self.product_table(name),
            },
            _ => Err(self.unsupported("a change of anything but a table")),
        }
    }

    /// The table of the product's that a statement changes.
    pub fn product_table(&mut self, name: &ObjectName) -> R<Table> {
        let last = name.0.last().and_then(|part| part.as_ident());
        let Some(last) = last else {
            return Err(self.unsupported(format!("a change of {name}")));
        };
        self.see(last.span);
        let wanted = last.value.clone();
        if !self.changes {
            return Err(self.writes(format!("a change of {wanted}")));
        }
        let Some(table) = self.catalog.table(&wanted).cloned() else {
            let error = self.invalid(format!("there is no table `{wanted}`"));
            return Err(match did_you_mean(&wanted, self.catalog.names()) {
                Some(meant) => error.with_hint(format!("did you mean `{meant}`?")),
                None => error,
            });
        };
        if !is_products(&table.name) {
            return Err(self.invalid(format!(
                "`{}` is none of the product's tables, and is not changed",
                table.name
            )));
        }
        Ok(table)
    }

    /// The column of the table that is called `name`, and its type.
    pub fn column_of(&self, table: &Table, name: &ObjectName) -> R<(String, Type)> {
        let wanted = name.0.last().and_then(|part| part.as_ident());
        let wanted = wanted.map_or_else(|| name.to_string(), |ident| ident.value.clone());
        let columns = table.columns.as_deref().unwrap_or_default();
        let found = columns
            .iter()
            .find(|(own, _)| own.eq_ignore_ascii_case(&wanted));
        found.cloned().ok_or_else(|| {
            let error = self.invalid(format!("`{}` has no column `{wanted}`", table.name));
            match did_you_mean(&wanted, columns.iter().map(|(own, _)| own.as_str())) {
                Some(meant) => error.with_hint(format!("did you mean `{meant}`?")),
                None => error,
            }
        })
    }
}

fn condition(parts: &Parts) -> String {
    parts
        .selection
        .as_ref()
        .map_or_else(String::new, |condition| format!(" WHERE {condition}"))
}

/// A `SELECT` to fill in.
fn empty_select() -> Select {
    let parsed = Parser::parse_sql(&MsSqlDialect {}, "SELECT 1").ok();
    let body = parsed
        .and_then(|statements| statements.into_iter().next())
        .and_then(|statement| match statement {
            Statement::Query(query) => Some(query.body),
            _ => None,
        });
    match body.map(|body| *body) {
        Some(SetExpr::Select(select)) => *select,
        _ => unreachable!("`SELECT 1` is a SELECT"),
    }
}
