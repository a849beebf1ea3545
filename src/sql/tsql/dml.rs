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
const WRITES: Shape<'static> = Shape {
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
        let timed = self.session.timed.get(&name).filter(|_| temporary);
        let timed = timed.cloned().unwrap_or_default();
        if temporary && plain && insert.source.is_none() && insert.columns.is_empty() {
            if !timed.is_empty() {
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
        let targets = self.inserted_columns(insert, &name, table)?;
        let types: Vec<Type> = targets.iter().map(|(_, of)| *of).collect();
        let shape = Shape {
            types: Some(&types),
            assigns: true,
            inserts: true,
            ..Shape::default()
        };
        let answer = self.query(source, shape)?;
        if answer
            .columns
            .as_ref()
            .is_some_and(|columns| columns.len() != types.len())
        {
            return Err(self.invalid(format!(
                "wrong number of columns for `{name}`, expected {}",
                types.len()
            )));
        }
        let mut columns: Vec<String> = targets.iter().map(|(own, _)| quoted(own)).collect();
        let mut rows = answer.sql;
        for (own, value) in timed {
            if !targets.iter().any(|(target, _)| *target == own) {
                columns.push(quoted(&own));
                rows = format!("SELECT *, {value} FROM ({rows})");
            }
        }
        let sql = format!(
            "INSERT INTO {} ({}) {rows}",
            quoted(&name),
            columns.join(", ")
        );
        let output = insert
            .output
            .as_ref()
            .zip(self.session.temporary.get(&name).cloned());
        let new = match &output {
            Some((_, table)) => Some(self.output_of_insert(&name, table, line)?),
            None => None,
        };
        self.push(
            line,
            if temporary {
                Statement::Temporary { sql }
            } else {
                Statement::Write { sql }
            },
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

    /// The columns that rows are given for, in the order of the values.
    fn inserted_columns(
        &self,
        insert: &Insert,
        name: &str,
        table: Table,
    ) -> R<Vec<(String, Type)>> {
        let is_temporary = self.session.temporary.contains_key(name);
        let known = table.columns.unwrap_or_default();
        let mut targets = Vec::new();
        for column in &insert.columns {
            let wanted = column.to_string();
            let wanted = wanted.trim_matches(['[', ']', '"']);
            let found = known
                .iter()
                .find(|(own, _)| own.eq_ignore_ascii_case(wanted));
            match found {
                Some(found) => targets.push(found.clone()),
                None => return Err(self.invalid(format!("`{name}` has no column `{wanted}`"))),
            }
        }
        let identity = self.session.identities.get(name).filter(|_| is_temporary);
        let identity = identity.map(|identity| identity.column.clone());
        if targets.is_empty() {
            targets = known;
            targets.retain(|(own, _)| identity.as_ref() != Some(own));
        } else if let Some((own, _)) = targets
            .iter()
            .find(|(own, _)| identity.as_ref() == Some(own))
            && self.session.numbered.as_deref() != Some(name)
        {
            return Err(self
                .invalid(format!("`{own}` is an IDENTITY column and takes no value"))
                .with_hint(format!(
                    "SET IDENTITY_INSERT {name} ON lets it be given one"
                )));
        }
        Ok(targets)
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
            None => None,
            Some(UpdateTableFromKind::AfterSet(sources)) => Some(sources.as_slice()),
            Some(UpdateTableFromKind::BeforeSet(_)) => {
                return Err(self.unsupported("FROM before SET"));
            }
        };
        if sources.is_some() || limit.is_some() {
            if self.change_derived(&ast::Statement::Update(update.clone()), line)? {
                return Ok(());
            }
            self.no_output(output.is_some())?;
            return self.update_from(table, assignments, sources, selection.as_ref(), limit, line);
        }
        let known = self.changed_table(table)?;
        let columns = self.set_columns(&known, assignments)?;
        if let Some(clause) = output {
            let set = columns.iter().zip(assignments);
            let assigned: Vec<_> = set
                .map(|((name, of), one)| (name.clone(), *of, one.value.clone()))
                .collect();
            self.output_of(clause, &known, table, &assigned, selection.as_ref(), line)?;
        }
        let values = assignments.iter().map(|one| one.value.clone()).collect();
        let types: Vec<Type> = columns.iter().map(|(_, of)| *of).collect();
        let from = std::slice::from_ref(table);
        let parts = self.rows_of(from, values, &types, selection.as_ref())?;
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
            self.no_output(output.is_some())?;
            return self.delete_from(tables, from, selection.as_ref(), limit, line);
        }
        let [table] = from.as_slice() else {
            return Err(self.unsupported("DELETE of several tables"));
        };
        if !table.joins.is_empty() {
            return Err(self.unsupported("DELETE of several tables"));
        }
        let known = self.changed_table(table)?;
        if let Some(clause) = output {
            self.output_of(clause, &known, table, &[], selection.as_ref(), line)?;
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
        let shape = Shape {
            types: (!types.is_empty()).then_some(types),
            ..WRITES
        };
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

pub(super) fn condition(parts: &Parts) -> String {
    parts
        .selection
        .as_ref()
        .map_or_else(String::new, |condition| format!(" WHERE {condition}"))
}

/// A `SELECT` to fill in.
pub(super) fn empty_select() -> Select {
    let parsed = Parser::parse_sql(&MsSqlDialect {}, "SELECT 1").ok();
    let body = parsed
        .and_then(|statements| statements.into_iter().next())
        .and_then(|statement| match statement {
            ast::Statement::Query(query) => Some(query.body),
            _ => None,
        });
    match body.map(|body| *body) {
        Some(SetExpr::Select(select)) => *select,
        _ => unreachable!("`SELECT 1` is a SELECT"),
    }
}
