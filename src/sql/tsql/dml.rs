//! `UPDATE`, `DELETE` and `INSERT` of the product's tables, in an import database: one table, no more.
//!
//! What is set and where is translated as the select list and the condition of a query over that table.
//! [`super::dml_from`] adds `FROM` and `TOP`, [`super::dml_through`] changes through a query, [`super::dml_output`]
//! `OUTPUT`.

use sqlparser::ast::{
    self, Assignment, AssignmentTarget, Delete, Expr, FromTable, Ident, Insert, ObjectName, Select,
    SelectItem, SetExpr, TableFactor, TableObject, TableWithJoins, Update, UpdateTableFromKind,
};
use sqlparser::dialect::MsSqlDialect;
use sqlparser::parser::Parser;

use super::names::quoted;
use super::query::Shape;
use super::script::Statement;
use super::select::Parts;
use super::translator::{R, Translator};
use crate::diagnostic::did_you_mean;
use crate::schema::catalog::Table;
use crate::schema::types::Type;
use crate::sql::guard::is_products;

/// How a statement writes a table's columns: converted as an assignment is, and no longer than they are.
pub(super) const WRITES: Shape<'static> = Shape {
    names: None,
    types: None,
    collated: false,
    assigns: true,
    inserts: true,
    recursive: None,
    rounds: None,
};

impl Translator<'_> {
    pub fn insert(&mut self, insert: &Insert, line: u32) -> R<()> {
        let TableObject::TableName(name) = &insert.table else {
            return Err(self.writes("INSERT"));
        };
        let (name, table) = self.inserted_table(name)?;
        let temporary = self.session.temporary.contains_key(&name);
        let plain = insert.or.is_none()
            && !insert.ignore
            && !insert.overwrite
            && insert.table_alias.is_none()
            && insert.assignments.is_empty()
            && insert.partitioned.is_none()
            && insert.on.is_none()
            && insert.returning.is_none()
            && (insert.output.is_none() || temporary)
            && !insert.replace_into;
        if temporary && plain && insert.source.is_none() && insert.columns.is_empty() {
            self.inserted_columns(&[], &name, table)?;
            if self.session.timed.get(&name).is_some_and(|timed| !timed.is_empty()) {
                return Err(self
                    .unsupported("DEFAULT VALUES with DEFAULT GETDATE()")
                    .with_hint("name a column, and its value"));
            }
            let sql = format!("INSERT INTO {} DEFAULT VALUES", quoted(&name));
            self.push(line, Statement::Temporary { sql });
            return Ok(());
        }
        let Some(source) = insert.source.as_ref().filter(|_| plain) else {
            return Err(self.unsupported("INSERT with other clauses than columns and rows"));
        };
        let names: Vec<Ident> = insert.columns.iter().map(last_of).collect();
        let targets = self.inserted_columns(&names, &name, table)?;
        let types: Vec<Type> = targets.iter().map(|(_, of)| *of).collect();
        let shape = Shape { types: Some(&types), assigns: true, inserts: true, ..Shape::default() };
        let answer = self.query(source, shape)?;
        if answer.columns.as_ref().is_some_and(|columns| columns.len() != types.len()) {
            return Err(self.invalid(format!(
                "wrong number of columns for `{name}`, expected {}",
                types.len()
            )));
        }
        let sql = self.insertion(&name, &targets, answer.sql);
        let output = insert.output.as_ref().zip(self.session.temporary.get(&name).cloned());
        let new = match &output {
            Some((_, table)) => Some(self.output_of_insert(&name, table, line)?),
            None => None,
        };
        self.push(
            line,
            if temporary { Statement::Temporary { sql } } else { Statement::Write { sql } },
        );
        if let Some(((clause, table), new)) = output.zip(new) {
            let TableObject::TableName(name) = &insert.table else {
                return Err(self.writes("INSERT"));
            };
            self.put_out_inserted(clause, name, &table, &new, line)?;
        }
        Ok(())
    }

    /// The table that rows are put into, and its name.
    fn inserted_table(&mut self, name: &ObjectName) -> R<(String, Table)> {
        match Self::temporary_name(name) {
            Some(name) => {
                let Some(table) = self.session.temporary.get(&name).cloned() else {
                    return Err(self.invalid(format!("there is no table `{name}`")));
                };
                Ok((name, table))
            }
            None if self.given.changes => {
                let table = self.product_table(name)?;
                Ok((table.name.clone(), table))
            }
            None => Err(self
                .writes("INSERT")
                .with_hint("use a temporary table: its name begins with #")),
        }
    }

    /// The INSERT of `rows`, which have values for the columns `targets`.
    pub fn insertion(&self, name: &str, targets: &[(String, Type)], mut rows: String) -> String {
        let mut columns: Vec<String> = targets.iter().map(|(own, _)| quoted(own)).collect();
        let is_temporary = self.session.temporary.contains_key(name);
        let timed = self.session.timed.get(name).filter(|_| is_temporary);
        for (own, value) in timed.into_iter().flatten() {
            if !targets.iter().any(|(target, _)| target == own) {
                columns.push(quoted(own));
                rows = format!("SELECT *, {value} FROM ({rows})");
            }
        }
        format!("INSERT INTO {} ({}) {rows}", quoted(name), columns.join(", "))
    }

    /// The columns that rows are given for, in the order of the values: those that are named, or all.
    pub fn inserted_columns(
        &self,
        names: &[Ident],
        name: &str,
        table: Table,
    ) -> R<Vec<(String, Type)>> {
        let is_temporary = self.session.temporary.contains_key(name);
        let known = table.columns.unwrap_or_default();
        let mut targets: Vec<(String, Type)> = Vec::new();
        for wanted in names {
            let wanted = wanted.value.as_str();
            let found = known.iter().find(|(own, _)| own.eq_ignore_ascii_case(wanted));
            match found {
                Some(found) if targets.contains(found) => {
                    return Err(self.invalid(format!("the column `{wanted}` is named twice")));
                }
                Some(found) => targets.push(found.clone()),
                None => return Err(self.invalid(format!("`{name}` has no column `{wanted}`"))),
            }
        }
        let identity = self.session.identities.get(name).filter(|_| is_temporary);
        let Some(own) = identity.map(|identity| &identity.column) else {
            return Ok(if names.is_empty() { known } else { targets });
        };
        let is_given = targets.iter().any(|(target, _)| target == own);
        match (self.session.numbered.as_deref() == Some(name), is_given) {
            (true, false) => Err(self
                .invalid(format!(
                    "IDENTITY_INSERT of `{name}` is ON, so that each INSERT names `{own}` and gives it a value"
                ))
                .with_hint(format!(
                    "SET IDENTITY_INSERT {name} OFF lets the table number its rows again"
                ))),
            (false, true) => Err(self
                .invalid(format!("`{own}` is an IDENTITY column and takes no value"))
                .with_hint(format!(
                    "SET IDENTITY_INSERT {name} ON lets it be given one"
                ))),
            _ if names.is_empty() => {
                let others = known.into_iter().filter(|(column, _)| column != own);
                Ok(others.collect())
            }
            _ => Ok(targets),
        }
    }

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
        let foreign = !optimizer_hints.is_empty()
            || returning.is_some()
            || or.is_some()
            || !order_by.is_empty()
            || !table.joins.is_empty();
        if foreign {
            return Err(self.unsupported("UPDATE with other clauses than SET, FROM and WHERE"));
        }
        let sources = match from {
            None => &[][..],
            Some(UpdateTableFromKind::AfterSet(sources)) => sources,
            Some(UpdateTableFromKind::BeforeSet(_)) => {
                return Err(self.unsupported("FROM before SET"));
            }
        };
        if from.is_some() || limit.is_some() {
            if self.change_derived(&ast::Statement::Update(update.clone()), line)? {
                return Ok(());
            }
            return self.update_from(update, sources, line);
        }
        let known = self.changed_table(table)?;
        if output.is_some() {
            self.puts_out(&known)?;
            return self.update_from(update, sources, line);
        }
        let columns = self.set_columns(&known, assignments)?;
        let values = assignments.iter().map(|one| one.value.clone()).collect();
        let types: Vec<Type> = columns.iter().map(|(_, of)| *of).collect();
        let from = std::slice::from_ref(table);
        let parts = self.rows_of(from, values, &types, selection.as_ref())?;
        let set: Vec<String> = columns
            .iter()
            .zip(&parts.items)
            .map(|((name, _), item)| format!("{} = {}", quoted(name), item.value.sql))
            .collect();
        let sql = format!("UPDATE {} SET {}{}", parts.from, set.join(", "), condition(&parts));
        self.push_change(&known, line, sql);
        Ok(())
    }

    /// The columns that SET names, with their types.
    pub fn set_columns(&self, table: &Table, assignments: &[Assignment]) -> R<Vec<(String, Type)>> {
        let mut columns = Vec::new();
        for Assignment { target, .. } in assignments {
            let AssignmentTarget::ColumnName(name) = target else {
                return Err(self.unsupported("SET of several columns at once"));
            };
            if name.to_string().starts_with('@') {
                return Err(self.unsupported("SET of a variable in UPDATE").with_hint(
                    "SUM(x) OVER (ORDER BY id ROWS UNBOUNDED PRECEDING) computes a running total in a SELECT",
                ));
            }
            let column = self.column_of(table, name)?;
            if columns.contains(&column) {
                return Err(self.invalid(format!("`{}` is set twice", column.0)));
            }
            columns.push(column);
        }
        Ok(columns)
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
        let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = from;
        let foreign = !optimizer_hints.is_empty()
            || using.is_some()
            || returning.is_some()
            || !order_by.is_empty();
        if foreign {
            return Err(self.unsupported("DELETE with other clauses than FROM and WHERE"));
        }
        if !tables.is_empty() || limit.is_some() {
            if !tables.is_empty()
                && self.change_derived(&ast::Statement::Delete(delete.clone()), line)?
            {
                return Ok(());
            }
            return self.delete_from(delete, from, line);
        }
        let [table] = from.as_slice() else {
            return Err(self.unsupported("DELETE of several tables"));
        };
        if !table.joins.is_empty() {
            return Err(self.unsupported("DELETE of several tables"));
        }
        let known = self.changed_table(table)?;
        if output.is_some() {
            self.puts_out(&known)?;
            return self.delete_from(delete, from, line);
        }
        let parts = self.rows_of(
            std::slice::from_ref(table),
            vec![Expr::value(sqlparser::ast::Value::Null)],
            &[],
            selection.as_ref(),
        )?;
        let sql = format!("DELETE FROM {}{}", parts.from, condition(&parts));
        self.push_change(&known, line, sql);
        Ok(())
    }

    /// Refuses OUTPUT of a table that is not temporary.
    fn puts_out(&self, table: &Table) -> R<()> {
        match table.name.starts_with(['#', '@']) {
            true => Ok(()),
            false => Err(self.unsupported("OUTPUT of a table that is not temporary")),
        }
    }

    pub fn push_change(&mut self, table: &Table, line: u32, sql: String) {
        let act = if table.name.starts_with(['#', '@']) {
            Statement::Temporary { sql }
        } else {
            Statement::Write { sql }
        };
        self.push(line, act);
    }

    /// The values and the condition as a query over tables, taken apart.
    pub fn rows_of(
        &mut self,
        from: &[TableWithJoins],
        values: Vec<Expr>,
        types: &[Type],
        selection: Option<&Expr>,
    ) -> R<Parts> {
        let mut select = empty_select();
        select.from = from.to_vec();
        select.selection = selection.cloned();
        // With names, so that no comparison is taken for a name and a value.
        let named = |(at, expr): (usize, Expr)| SelectItem::ExprWithAlias {
            expr,
            alias: Ident::new(format!("v{at}")),
        };
        select.projection = values.into_iter().enumerate().map(named).collect();
        let shape = Shape { types: (!types.is_empty()).then_some(types), ..WRITES };
        let parts = self.select(&select, &[], shape)?;
        if parts.aggregates {
            return Err(self.invalid("expected a value, found an aggregate"));
        }
        Ok(parts)
    }

    pub fn changed_table(&mut self, table: &TableWithJoins) -> R<Table> {
        match &table.relation {
            TableFactor::Table { name, .. } => match Self::temporary_name(name) {
                Some(own) => self
                    .session
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
        if !self.given.changes {
            return Err(self.writes(format!("a change of {wanted}")));
        }
        let Some(table) = self.given.catalog.table(&wanted).cloned() else {
            let error = self.invalid(format!("there is no table `{wanted}`"));
            return Err(match did_you_mean(&wanted, self.given.catalog.names()) {
                Some(meant) => error.with_hint(format!("did you mean `{meant}`?")),
                None => error,
            });
        };
        if !is_products(&table.name) {
            return Err(self.invalid(format!(
                "`{}` is not one of the product's tables and cannot be changed",
                table.name
            ))
            .with_hint(format!(
                "SELECT * INTO #copy FROM [{}] makes a copy that can be changed in the same text",
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
        let found = columns.iter().find(|(own, _)| own.eq_ignore_ascii_case(&wanted));
        found.cloned().ok_or_else(|| {
            let error = self.invalid(format!("`{}` has no column `{wanted}`", table.name));
            match did_you_mean(&wanted, columns.iter().map(|(own, _)| own.as_str())) {
                Some(meant) => error.with_hint(format!("did you mean `{meant}`?")),
                None => error,
            }
        })
    }
}

/// The last part of a name, which is the column's.
fn last_of(name: &ObjectName) -> Ident {
    let last = name.0.last().and_then(|part| part.as_ident()).cloned();
    last.unwrap_or_else(|| Ident::new(name.to_string()))
}

pub(super) fn condition(parts: &Parts) -> String {
    parts.selection.as_ref().map_or_else(String::new, |condition| format!(" WHERE {condition}"))
}

/// A `SELECT` to fill in.
pub(super) fn empty_select() -> Select {
    let parsed = Parser::parse_sql(&MsSqlDialect {}, "SELECT 1").ok();
    let body = parsed.and_then(|statements| statements.into_iter().next()).and_then(|statement| {
        match statement {
            ast::Statement::Query(query) => Some(query.body),
            _ => None,
        }
    });
    match body.map(|body| *body) {
        Some(SetExpr::Select(select)) => *select,
        _ => unreachable!("`SELECT 1` is a SELECT"),
    }
}
