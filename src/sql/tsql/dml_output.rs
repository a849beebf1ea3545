//! `OUTPUT` of changes of temporary tables: what was deleted, inserted or updated, as rows or into another such table.
//!
//! What `deleted` and `inserted` are before a change is known before it, so that DELETE and UPDATE find it beside the
//! rows that they change; rows that were inserted are those with greater numbers than there were.

use std::ops::ControlFlow;

use sqlparser::ast::{
    Assignment, CastKind, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident,
    ObjectName, OutputClause, SelectItem, SelectItemQualifiedWildcardKind, TableAlias, TableFactor,
    visit_expressions_mut,
};
use sqlparser::dialect::MsSqlDialect;
use sqlparser::parser::Parser;

use super::TsqlError;
use super::dml::{WRITES, empty_select};
use super::dml_from::ROW_NUMBERS;
use super::names::quoted;
use super::query::{Column, Shape};
use super::script::{AnswerColumn, Statement};
use super::translator::{R, Translator};
use crate::schema::catalog::Table;
use crate::schema::types::Type;

/// What an UPDATE or DELETE puts out.
pub(super) struct PutOut {
    /// The columns: a name, where it has one, and what it holds, as an expression over the rows that are changed.
    pub items: Vec<(Option<Ident>, Expr)>,
    /// The table that they are put into, and its columns.
    pub into: Option<Target>,
}

/// A table that rows are put into, and the columns that they have values for.
type Target = (String, Vec<(String, Type)>);

/// What `deleted` and `inserted` stand for in an OUTPUT.
pub(super) struct Changing<'c> {
    /// The name by which the rows are found.
    pub qualifier: &'c Ident,
    /// The columns that `*` stands for; `None` for one that is computed.
    pub shown: &'c [(String, Option<String>)],
    /// The columns that are set, with their types, and to what; empty for DELETE.
    pub set: &'c [(String, Type)],
    pub assignments: &'c [Assignment],
    /// Whether other tables stand beside it in FROM.
    pub beside: bool,
}

impl Changing<'_> {
    /// What a column of `deleted` or `inserted` is.
    fn column(&self, of: &str, column: &Ident) -> Option<Expr> {
        let mut shown = self.shown.iter();
        let own = shown.find(|(name, _)| name.eq_ignore_ascii_case(&column.value));
        let own = own.map_or(Some(column.value.as_str()), |(_, own)| own.as_deref())?;
        let mut set = self.set.iter().zip(self.assignments);
        match set.find(|((name, _), _)| of == "inserted" && name.eq_ignore_ascii_case(own)) {
            None => Some(Expr::CompoundIdentifier(vec![self.qualifier.clone(), column.clone()])),
            Some(((_, of), assignment)) => {
                let data_type = Parser::new(&MsSqlDialect {})
                    .try_with_sql(&of.to_string())
                    .and_then(|mut parser| parser.parse_data_type())
                    .ok()?;
                Some(Expr::Cast {
                    kind: CastKind::Cast,
                    expr: Box::new(assignment.value.clone()),
                    data_type,
                    format: None,
                })
            }
        }
    }
}

impl Translator<'_> {
    /// What a DELETE or UPDATE puts out.
    pub fn output_of(&mut self, clause: &OutputClause, changing: &Changing<'_>) -> R<PutOut> {
        let known = match changing.set {
            [] => &["deleted"][..],
            _ => &["deleted", "inserted"],
        };
        let one = |of: &str, column: &Ident| changing.column(of, column);
        let names: Vec<&str> = changing.shown.iter().map(|(name, _)| name.as_str()).collect();
        let beside = changing.beside.then_some(changing.qualifier);
        let items = self.output_items(clause, &names, known, beside, &one)?;
        let into = self.output_target(clause, items.len())?;
        Ok(PutOut { items, into })
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
        self.push(line, Statement::Assign { sql, variables: vec![variable.clone()] });
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
            Some(Expr::CompoundIdentifier(vec![Ident::new("inserted"), column.clone()]))
        };
        let names = table.columns.iter().flatten();
        let names: Vec<&str> = names.map(|(own, _)| own.as_str()).collect();
        let items = self.output_items(clause, &names, &["inserted"], None, &one)?;
        let into = self.output_target(clause, items.len())?;
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
        let named = |(alias, expr): (Option<Ident>, Expr)| match alias {
            Some(alias) => SelectItem::ExprWithAlias { expr, alias },
            None => SelectItem::UnnamedExpr(expr),
        };
        select.projection = items.into_iter().map(named).collect();
        let types = types_of(into.as_ref());
        let shape = match &types {
            None => Shape::default(),
            Some(types) => Shape { types: Some(types), ..WRITES },
        };
        let parts = self.select(&select, &[], shape)?;
        let columns = parts.columns().unwrap_or_default();
        let answer = self.assemble(parts)?;
        self.push_output(format!("{}{condition}", answer.sql), columns, into, line);
        Ok(())
    }

    /// The rows of an OUTPUT: an answer, or rows for a table.
    pub fn push_output(
        &mut self,
        rows: String,
        columns: Vec<Column>,
        into: Option<Target>,
        line: u32,
    ) {
        let Some((name, targets)) = into else {
            let named = |column: Column| AnswerColumn {
                name: column.name.unwrap_or_default(),
                of: column.of,
            };
            let columns = Some(columns.into_iter().map(named).collect());
            self.push(line, Statement::Query { sql: rows, columns });
            return;
        };
        let sql = self.insertion(&name, &targets, rows);
        self.push(line, Statement::Temporary { sql });
    }

    /// The table that `columns` columns are put into.
    fn output_target(&mut self, clause: &OutputClause, columns: usize) -> R<Option<Target>> {
        let OutputClause::Output { into_table: Some(into), .. } = clause else {
            return Ok(None);
        };
        let (name, names) = match into.targets.as_slice() {
            [Expr::Identifier(name)] => (name, Vec::new()),
            [Expr::CompoundIdentifier(parts)] if !parts.is_empty() => {
                (&parts[parts.len() - 1], Vec::new())
            }
            [Expr::Function(function)] => match function_of_columns(function) {
                Some(named) => named,
                None => return Err(self.unsupported("OUTPUT INTO of anything but columns")),
            },
            _ => return Err(self.unsupported("OUTPUT INTO of anything but a table")),
        };
        if !name.value.starts_with(['#', '@']) {
            return Err(self.unsupported("OUTPUT INTO of anything but a temporary table"));
        }
        let name = name.value.to_lowercase();
        let Some(table) = self.session.temporary.get(&name).cloned() else {
            return Err(self.invalid(format!("there is no table `{name}`")));
        };
        let targets = self.inserted_columns(&names, &name, table)?;
        if targets.len() != columns {
            return Err(self.invalid(format!(
                "wrong number of columns for `{name}`, expected {}",
                targets.len()
            )));
        }
        Ok(Some((name, targets)))
    }

    /// The select list of an OUTPUT, in which `one` stands for each column of `deleted` and `inserted`, and `shown` for
    /// all of them. Of the tables that stand beside one of the name `beside` in FROM, columns are put out as well.
    fn output_items(
        &mut self,
        clause: &OutputClause,
        shown: &[&str],
        known: &[&str],
        beside: Option<&Ident>,
        one: &dyn Fn(&str, &Ident) -> Option<Expr>,
    ) -> R<Vec<(Option<Ident>, Expr)>> {
        let OutputClause::Output { select_items, .. } = clause else {
            return Err(self.unsupported("RETURNING"));
        };
        let of = |name: &Ident| {
            let lower = name.value.to_lowercase();
            known.iter().find(|known| **known == lower).copied()
        };
        let is_own = |name: &Ident| {
            beside.is_none_or(|target| {
                let mut own = ["deleted", "inserted", &target.value].into_iter();
                own.any(|own| name.value.eq_ignore_ascii_case(own))
            })
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
                        return Err(self.invalid(format!("OUTPUT has no `{name}.*` here")));
                    };
                    for column in shown {
                        let alias = Ident::new(*column);
                        let Some(expr) = one(of, &alias) else {
                            return Err(self.computed_output(of, column));
                        };
                        items.push((Some(alias), expr));
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
                            match (of(qualifier), is_own(qualifier)) {
                                (Some(of), _) => match one(of, column) {
                                    Some(meant) => *expr = meant,
                                    None => return ControlFlow::Break(parts.clone()),
                                },
                                (None, true) => return ControlFlow::Break(vec![qualifier.clone()]),
                                (None, false) => {}
                            }
                        }
                        ControlFlow::Continue(())
                    });
                    match wrong {
                        ControlFlow::Continue(()) => items.push((alias, expr)),
                        ControlFlow::Break(parts) => {
                            return Err(match parts.as_slice() {
                                [of, column] => self.computed_output(&of.value, &column.value),
                                parts => {
                                    let name = parts.first().map_or("", |name| &name.value);
                                    self.invalid(format!("OUTPUT has no `{name}` here"))
                                }
                            });
                        }
                    }
                }
                _ => {
                    return Err(self
                        .invalid("OUTPUT takes columns of deleted or inserted")
                        .with_hint("write deleted.* or inserted.*"));
                }
            }
        }
        Ok(items)
    }

    fn computed_output(&self, of: &str, column: &str) -> TsqlError {
        self.unsupported(format!("OUTPUT of the computed {of}.{column}"))
            .with_hint("put out columns of the table itself, each by its name")
    }
}

/// The types of the columns that rows are put into.
pub(super) fn types_of(into: Option<&Target>) -> Option<Vec<Type>> {
    into.map(|(_, targets)| targets.iter().map(|(_, of)| *of).collect())
}

/// `#t (a, b)`, which the parser takes for a function, as a table and its columns.
fn function_of_columns(function: &Function) -> Option<(&Ident, Vec<Ident>)> {
    let name = function.name.0.last()?.as_ident()?;
    let FunctionArguments::List(list) = &function.args else {
        return None;
    };
    let column = |argument: &FunctionArg| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Identifier(name))) => Some(name.clone()),
        _ => None,
    };
    let columns: Option<Vec<Ident>> = list.args.iter().map(column).collect();
    Some((name, columns.filter(|columns| !columns.is_empty())?))
}

/// A name for the number of a row that no column has.
fn free_row(table: &Table) -> Option<&'static str> {
    let columns = table.columns.as_deref().unwrap_or_default();
    let is_free = |row: &&str| !columns.iter().any(|(own, _)| own.eq_ignore_ascii_case(row));
    ROW_NUMBERS.into_iter().find(is_free)
}
