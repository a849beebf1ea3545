//! `OUTPUT` of changes of temporary tables: what was deleted, inserted or updated, as rows or into another such table.
//!
//! What `deleted` and `inserted` are before a change is known before it, so that DELETE and UPDATE are preceded by a
//! query over the same rows; rows that were inserted are those with greater numbers than there were.

use std::ops::ControlFlow;

use sqlparser::ast::{
    CastKind, Expr, Ident, ObjectName, OutputClause, SelectItem, SelectItemQualifiedWildcardKind,
    TableAlias, TableFactor, TableWithJoins, visit_expressions_mut,
};
use sqlparser::dialect::MsSqlDialect;
use sqlparser::parser::Parser;

use super::dml::empty_select;
use super::dml_from::ROW_NUMBERS;
use super::names::quoted;
use super::query::Shape;
use super::script::{AnswerColumn, Statement};
use super::translator::{R, Translator};
use crate::schema::catalog::Table;
use crate::schema::types::Type;

/// What a column is set to, and its type.
pub(super) type Assigned = (String, Type, Expr);

impl Translator<'_> {
    /// What a DELETE or UPDATE of `source` puts out; `assigned` is what the latter sets.
    pub fn output_of(
        &mut self,
        clause: &OutputClause,
        table: &Table,
        source: &TableWithJoins,
        assigned: &[Assigned],
        selection: Option<&Expr>,
        line: u32,
    ) -> R<()> {
        if !table.name.starts_with(['#', '@']) {
            return Err(self.unsupported("OUTPUT of a table that is not temporary"));
        }
        let qualifier = match &source.relation {
            TableFactor::Table { name, alias, .. } => match alias {
                Some(alias) => Some(alias.name.clone()),
                None => name.0.last().and_then(|part| part.as_ident()).cloned(),
            },
            _ => None,
        };
        let Some(qualifier) = qualifier else {
            return Err(self.unsupported("OUTPUT"));
        };
        let has_inserted = !assigned.is_empty();
        let one = |of: &str, column: &Ident| -> Option<Expr> {
            let set = assigned
                .iter()
                .find(|(own, ..)| own.eq_ignore_ascii_case(&column.value));
            match (of, set) {
                ("deleted", _) | ("inserted", None) => Some(Expr::CompoundIdentifier(vec![
                    qualifier.clone(),
                    column.clone(),
                ])),
                (_, Some((_, of, value))) => {
                    let data_type = Parser::new(&MsSqlDialect {})
                        .try_with_sql(&of.to_string())
                        .and_then(|mut parser| parser.parse_data_type())
                        .ok()?;
                    Some(Expr::Cast {
                        kind: CastKind::Cast,
                        expr: Box::new(value.clone()),
                        data_type,
                        format: None,
                    })
                }
                _ => None,
            }
        };
        let known = if has_inserted {
            &["deleted", "inserted"][..]
        } else {
            &["deleted"]
        };
        let (items, into) = self.output_items(clause, table, known, &one)?;
        let mut select = empty_select();
        select.from = vec![source.clone()];
        select.selection = selection.cloned();
        select.projection = items;
        self.put_out(&select, into, "", line)
    }

    /// What an INSERT into a temporary table puts out: the statement that comes before it is pushed here, and what is
    /// given back is to be pushed after it.
    pub fn output_of_insert(&mut self, name: &str, table: &Table, line: u32) -> R<String> {
        if !name.starts_with(['#', '@']) || self.session.numbered.as_deref() == Some(name) {
            return Err(self.unsupported("OUTPUT of this INSERT"));
        }
        let Some(row) = free_row(table) else {
            return Err(self.unsupported("OUTPUT of a table with such columns"));
        };
        let variable = self.fresh("before");
        let sql = format!("SELECT coalesce(max({row}), 0) FROM {}", quoted(name));
        self.push(
            line,
            Statement::Assign {
                sql,
                variables: vec![variable.clone()],
            },
        );
        Ok(format!(" WHERE inserted.{row} > @{variable}"))
    }

    /// The rows that were inserted.
    pub fn put_out_inserted(
        &mut self,
        clause: &OutputClause,
        name: &ObjectName,
        table: &Table,
        condition: &str,
        line: u32,
    ) -> R<()> {
        let one = |_: &str, column: &Ident| {
            Some(Expr::CompoundIdentifier(vec![
                Ident::new("inserted"),
                column.clone(),
            ]))
        };
        let (items, into) = self.output_items(clause, table, &["inserted"], &one)?;
        let mut source = super::dml_from::table_of(name.clone());
        if let TableFactor::Table { alias, .. } = &mut source.relation {
            *alias = Some(TableAlias {
                explicit: true,
                name: Ident::new("inserted"),
                columns: Vec::new(),
                at: None,
            });
        }
        let mut select = empty_select();
        select.from = vec![source];
        select.projection = items;
        self.put_out(&select, into, condition, line)
    }

    /// The select list of an OUTPUT, in which `one` stands for each column of `deleted` and `inserted`; and the table
    /// that it is put into.
    fn output_items(
        &mut self,
        clause: &OutputClause,
        table: &Table,
        known: &[&str],
        one: &dyn Fn(&str, &Ident) -> Option<Expr>,
    ) -> R<(Vec<SelectItem>, Option<Ident>)> {
        let OutputClause::Output {
            select_items,
            into_table,
            ..
        } = clause
        else {
            return Err(self.unsupported("RETURNING"));
        };
        let of = |name: &Ident| {
            let lower = name.value.to_lowercase();
            known.iter().find(|known| **known == lower).copied()
        };
        let mut items = Vec::new();
        for item in select_items {
            match item {
                SelectItem::QualifiedWildcard(
                    SelectItemQualifiedWildcardKind::ObjectName(name),
                    _,
                ) => {
                    let last = name.0.last().and_then(|part| part.as_ident());
                    let Some(of) = last.and_then(of) else {
                        return Err(self.invalid(format!("OUTPUT has no `{name}` here")));
                    };
                    for (column, _) in table.columns.iter().flatten() {
                        let alias = Ident::new(column.clone());
                        let Some(expr) = one(of, &alias) else {
                            return Err(self.unsupported("OUTPUT"));
                        };
                        items.push(SelectItem::ExprWithAlias { expr, alias });
                    }
                }
                SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => {
                    let mut expr = expr.clone();
                    let alias = match (item, &expr) {
                        (SelectItem::ExprWithAlias { alias, .. }, _) => Some(alias.clone()),
                        (_, Expr::CompoundIdentifier(parts)) => parts.last().cloned(),
                        _ => None,
                    };
                    let wrong = visit_expressions_mut(&mut expr, |expr| {
                        if let Expr::CompoundIdentifier(parts) = expr
                            && let [qualifier, column] = parts.as_slice()
                        {
                            match of(qualifier).and_then(|of| one(of, column)) {
                                Some(meant) => *expr = meant,
                                None => return ControlFlow::Break(qualifier.value.clone()),
                            }
                        }
                        ControlFlow::Continue(())
                    });
                    if let ControlFlow::Break(name) = wrong {
                        return Err(self.invalid(format!("OUTPUT has no `{name}` here")));
                    }
                    items.push(match alias {
                        Some(alias) => SelectItem::ExprWithAlias { expr, alias },
                        None => SelectItem::UnnamedExpr(expr),
                    });
                }
                _ => {
                    return Err(self
                        .invalid("OUTPUT takes columns of deleted or inserted")
                        .with_hint("write deleted.* or inserted.*"));
                }
            }
        }
        let into = into_table
            .as_ref()
            .and_then(|into| match into.targets.as_slice() {
                [Expr::Identifier(name)] => Some(name.clone()),
                _ => None,
            });
        if into_table.is_some() && into.is_none() {
            return Err(self.unsupported("OUTPUT INTO of anything but a temporary table"));
        }
        Ok((items, into))
    }

    /// Shows the rows of a query, or puts them into a temporary table.
    fn put_out(
        &mut self,
        select: &sqlparser::ast::Select,
        into: Option<Ident>,
        condition: &str,
        line: u32,
    ) -> R<()> {
        let Some(into) = into else {
            let parts = self.select(select, &[], Shape::default())?;
            let answer = self.assemble(parts)?;
            let columns = answer.columns.map(|columns| {
                let named = |column: super::query::Column| AnswerColumn {
                    name: column.name.unwrap_or_default(),
                    of: column.of,
                };
                columns.into_iter().map(named).collect()
            });
            let sql = format!("{}{condition}", answer.sql);
            self.push(line, Statement::Query { sql, columns });
            return Ok(());
        };
        let name = into.value.to_lowercase();
        let Some(table) = self.session.temporary.get(&name) else {
            return Err(self.invalid(format!("there is no table `{}`", into.value)));
        };
        let identity = self.session.identities.get(&name);
        let targets: Vec<(String, Type)> = table
            .columns
            .iter()
            .flatten()
            .filter(|(own, _)| identity.is_none_or(|identity| identity.column != *own))
            .cloned()
            .collect();
        if targets.len() != select.projection.len() {
            return Err(self.invalid(format!(
                "wrong number of columns for `{name}`, expected {}",
                targets.len()
            )));
        }
        let types: Vec<Type> = targets.iter().map(|(_, of)| *of).collect();
        let shape = Shape {
            types: Some(&types),
            assigns: true,
            inserts: true,
            ..Shape::default()
        };
        let parts = self.select(select, &[], shape)?;
        let answer = self.assemble(parts)?;
        let columns: Vec<String> = targets.iter().map(|(own, _)| quoted(own)).collect();
        let sql = format!(
            "INSERT INTO {} ({}) {}{condition}",
            quoted(&name),
            columns.join(", "),
            answer.sql
        );
        self.push(line, Statement::Temporary { sql });
        Ok(())
    }
}

/// A name for the number of a row that no column has.
fn free_row(table: &Table) -> Option<&'static str> {
    let columns = table.columns.as_deref().unwrap_or_default();
    let is_free = |row: &&str| !columns.iter().any(|(own, _)| own.eq_ignore_ascii_case(row));
    ROW_NUMBERS.into_iter().find(is_free)
}
