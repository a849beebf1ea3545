//! Changes through a query over one temporary table, as rows that occur twice are deleted: `WITH x AS (SELECT ...,
//! ROW_NUMBER() OVER (...) AS n FROM #t) DELETE FROM x WHERE n > 1`, and the same of a derived table.
//!
//! The query gets a column more, the number of the row in the table, by which the rows are found.

use sqlparser::ast::{
    self, Assignment, Expr, FromTable, GroupByExpr, Ident, ObjectName, OutputClause, Query, Select,
    SelectItem, SetExpr, TableAliasColumnDef, TableFactor, TableWithJoins, UpdateTableFromKind,
};

use super::dml::{WRITES, empty_select};
use super::dml_from::{FoundRows, ROW_NUMBERS, table_of};
use super::dml_output::{Changing, types_of};
use super::query::Shape;
use super::translator::{R, Translator};
use crate::schema::catalog::Table;
use crate::schema::types::Type;

/// The column that holds the number of a row.
const ROW: &str = "chatdb_row";

/// A table that is changed through a query over it.
struct Through {
    table: Table,
    /// The number of a row, as the table knows it.
    row: &'static str,
    /// The columns of the query: its name, and that of the table; `None` for one that is computed.
    shown: Vec<(String, Option<String>)>,
}

/// An UPDATE or DELETE, taken apart.
struct Change<'c> {
    word: &'static str,
    target: Ident,
    assignments: &'c [Assignment],
    sources: Vec<TableWithJoins>,
    selection: Option<&'c Expr>,
    top: &'c Option<Expr>,
    output: Option<&'c OutputClause>,
}

impl Translator<'_> {
    /// An UPDATE or DELETE after WITH: of a query that WITH names, or of a table, with those queries in its condition.
    pub fn change_through(
        &mut self,
        query: &Query,
        statement: &ast::Statement,
        line: u32,
    ) -> R<()> {
        let change = self.taken_apart(statement)?;
        let mut query = query.clone();
        let named =
            change.sources.iter().find_map(|source| named_by(&source.relation, &change.target));
        let named = named.unwrap_or_else(|| change.target.clone());
        let tables = query.with.iter_mut().flat_map(|with| &mut with.cte_tables);
        let found = tables
            .into_iter()
            .find(|table| table.alias.name.value.eq_ignore_ascii_case(&named.value));
        let Some(table) = found else {
            if !named.value.starts_with(['#', '@']) && !self.given.changes {
                return Err(self.writes(change.word));
            }
            return self.change_beside(&query, statement, line);
        };
        let through = self.add_row(&mut table.query, &mut table.alias.columns, change.word)?;
        self.change_rows(&change, query, &through, line)
    }

    /// `DELETE x FROM (SELECT ...) AS x`, and UPDATE; whether it is one.
    pub fn change_derived(&mut self, statement: &ast::Statement, line: u32) -> R<bool> {
        let mut change = self.taken_apart(statement)?;
        let [
            TableWithJoins {
                relation: TableFactor::Derived { subquery, alias: Some(alias), .. },
                ..
            },
        ] = change.sources.as_mut_slice()
        else {
            return Ok(false);
        };
        if !alias.name.value.eq_ignore_ascii_case(&change.target.value) {
            return Ok(false);
        }
        let through = self.add_row(subquery, &mut alias.columns, change.word)?;
        let query = select_query(empty_select());
        self.change_rows(&change, query, &through, line)?;
        Ok(true)
    }

    /// A change of a table, with the queries of WITH in its condition or beside it.
    fn change_beside(&mut self, query: &Query, statement: &ast::Statement, line: u32) -> R<()> {
        let Some(with) = &query.with else {
            return Err(self.unsupported("a change of a query"));
        };
        self.names.ctes.push(std::collections::BTreeMap::new());
        let head = self.with(with)?;
        let before = self.output.steps.len();
        match statement {
            ast::Statement::Delete(delete) => self.delete(delete, line)?,
            ast::Statement::Update(update) => self.update(update, line)?,
            _ => return Err(self.unsupported("a change of a query")),
        }
        self.names.ctes.pop();
        self.spend(head.len())?;
        for step in &mut self.output.steps[before..] {
            let sql = step.statement.sql();
            if !sql.starts_with("CREATE ") && !sql.starts_with("DROP ") {
                step.statement.put_before(&head);
            }
        }
        Ok(())
    }

    fn taken_apart<'c>(&self, statement: &'c ast::Statement) -> R<Change<'c>> {
        let target_of = |this: &Self, name: &ObjectName| {
            let last = name.0.last().and_then(|part| part.as_ident()).cloned();
            last.ok_or_else(|| this.unsupported(format!("a change of {name}")))
        };
        match statement {
            ast::Statement::Delete(delete) => {
                let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) =
                    &delete.from;
                let (target, sources) = match (delete.tables.as_slice(), from.as_slice()) {
                    ([target], from) => (target_of(self, target)?, from.to_vec()),
                    ([], [one]) => match &one.relation {
                        TableFactor::Table { name, .. } => {
                            (target_of(self, name)?, vec![one.clone()])
                        }
                        _ => return Err(self.unsupported("a change of anything but a table")),
                    },
                    _ => return Err(self.unsupported("DELETE of several tables")),
                };
                Ok(Change {
                    word: "DELETE",
                    target,
                    assignments: &[],
                    sources,
                    selection: delete.selection.as_ref(),
                    top: &delete.limit,
                    output: delete.output.as_ref(),
                })
            }
            ast::Statement::Update(update) => {
                let TableFactor::Table { name, .. } = &update.table.relation else {
                    return Err(self.unsupported("a change of anything but a table"));
                };
                let sources = match &update.from {
                    Some(UpdateTableFromKind::AfterSet(sources)) => sources.clone(),
                    _ => vec![table_of(name.clone())],
                };
                Ok(Change {
                    word: "UPDATE",
                    target: target_of(self, name)?,
                    assignments: &update.assignments,
                    sources,
                    selection: update.selection.as_ref(),
                    top: &update.limit,
                    output: update.output.as_ref(),
                })
            }
            _ => Err(self.unsupported("a change of a query")),
        }
    }

    /// Adds the number of the row to a query over one temporary table.
    fn add_row(
        &mut self,
        query: &mut Query,
        columns: &mut Vec<TableAliasColumnDef>,
        word: &str,
    ) -> R<Through> {
        let refuse = |this: &Self| {
            Err(this
                .unsupported(format!("{word} through this query"))
                .with_hint(format!(
                    "it works through a SELECT of one temporary table without GROUP BY or DISTINCT; else write {word} \
                     ... FROM #table JOIN query ON ..."
                )))
        };
        let SetExpr::Select(select) = query.body.as_mut() else {
            return refuse(self);
        };
        let ungrouped =
            matches!(&select.group_by, GroupByExpr::Expressions(by, _) if by.is_empty());
        let plain = ungrouped && select.distinct.is_none() && select.having.is_none();
        let [TableWithJoins { relation: TableFactor::Table { name, alias, .. }, joins }] =
            select.from.as_slice()
        else {
            return refuse(self);
        };
        let own = Self::temporary_name(name);
        let Some(own) = own.filter(|_| plain && joins.is_empty()) else {
            let is_temporary = Self::temporary_name(name).is_some();
            if !is_temporary && !self.given.changes {
                return Err(self.writes(word).with_hint(
                    "changes work through queries over temporary tables: SELECT * INTO #copy FROM table makes one",
                ));
            }
            return refuse(self);
        };
        let Some(table) = self.session.temporary.get(&own).cloned() else {
            return Err(self.invalid(format!("there is no table `{own}`")));
        };
        let known = table.columns.as_deref().unwrap_or_default();
        let is_free = |row: &&str| !known.iter().any(|(own, _)| own.eq_ignore_ascii_case(row));
        let Some(row) = ROW_NUMBERS.into_iter().find(is_free) else {
            return refuse(self);
        };
        let known: Vec<String> = known.iter().map(|(own, _)| own.clone()).collect();
        let mut shown: Vec<(String, Option<String>)> =
            (select.projection.iter()).flat_map(|item| shown_by(item, &known)).collect();
        for ((name, _), column) in shown.iter_mut().zip(columns.iter()) {
            name.clone_from(&column.name.value);
        }
        let last = name.0.last().and_then(|part| part.as_ident()).cloned();
        let qualifier = alias.as_ref().map(|alias| alias.name.clone()).or(last);
        let Some(qualifier) = qualifier else {
            return refuse(self);
        };
        select.projection.push(SelectItem::ExprWithAlias {
            expr: Expr::CompoundIdentifier(vec![qualifier, Ident::new(row)]),
            alias: Ident::new(ROW),
        });
        if !columns.is_empty() {
            columns.push(TableAliasColumnDef::from_name(ROW));
        }
        Ok(Through { table, row, shown })
    }

    /// Changes the rows that a query over `sources` finds.
    fn change_rows(
        &mut self,
        change: &Change<'_>,
        mut query: Query,
        through: &Through,
        line: u32,
    ) -> R<()> {
        let mut assignments = change.assignments.to_vec();
        for assignment in &mut assignments {
            let ast::AssignmentTarget::ColumnName(name) = &mut assignment.target else {
                continue;
            };
            let Some(last) = name.0.last().and_then(|part| part.as_ident()) else {
                continue;
            };
            let mut all = through.shown.iter();
            match all.find(|(shown, _)| shown.eq_ignore_ascii_case(&last.value)) {
                Some((_, Some(own))) => *name = ObjectName::from(vec![Ident::new(own.clone())]),
                Some((shown, None)) => {
                    return Err(self
                        .invalid(format!("column `{shown}` is computed and cannot be changed"))
                        .with_hint("change a column of the table itself"));
                }
                None if through.table.columns.is_none() => {}
                None => {
                    return Err(self.invalid(format!(
                        "`{}` has no column `{}`",
                        change.target.value, last.value
                    )));
                }
            }
        }
        let set = self.set_columns(&through.table, &assignments)?;
        let changing = Changing {
            qualifier: &change.target,
            shown: &through.shown,
            set: &set,
            assignments: &assignments,
            beside: change.sources.len() > 1
                || change.sources.iter().any(|one| !one.joins.is_empty()),
        };
        let output = match change.output {
            Some(clause) => Some(self.output_of(clause, &changing)?),
            None => None,
        };
        let mut select = empty_select();
        select.from.clone_from(&change.sources);
        select.selection = change.selection.cloned();
        let row = SelectItem::ExprWithAlias {
            expr: Expr::CompoundIdentifier(vec![change.target.clone(), Ident::new(ROW)]),
            alias: Ident::new("r"),
        };
        let put_out = output.iter().flat_map(|output| &output.items);
        let values = assignments.iter().map(|one| &one.value);
        let values = values.chain(put_out.map(|(_, expr)| expr)).enumerate();
        let value = |(at, expr): (usize, &Expr)| SelectItem::ExprWithAlias {
            expr: expr.clone(),
            alias: Ident::new(format!("v{at}")),
        };
        select.projection = std::iter::once(row).chain(values.map(value)).collect();
        *query.body = SetExpr::Select(Box::new(select));
        let into = types_of(output.as_ref().and_then(|output| output.into.as_ref()));
        let types: Vec<Type> = std::iter::once(Type::BigInt)
            .chain(set.iter().map(|(_, of)| *of))
            .chain(into.into_iter().flatten())
            .collect();
        let shape = Shape { types: Some(&types), ..WRITES };
        self.session.row = Some(through.row);
        let (answer, met) = self.observed(|this| this.query(&query, shape));
        self.session.row = None;
        let answer = answer?;
        self.counts_before(&met, output.is_some())?;
        let rows = FoundRows {
            table: &through.table,
            row: through.row,
            set: &set,
            top: change.top,
            output,
        };
        let columns = answer.columns.unwrap_or_default().into_iter().skip(1);
        self.change_found(rows, answer.sql, columns.collect(), line)
    }
}

/// The name of the table that FROM calls `target`.
fn named_by(factor: &TableFactor, target: &Ident) -> Option<Ident> {
    let TableFactor::Table { name, alias, .. } = factor else {
        return None;
    };
    let own = name.0.last().and_then(|part| part.as_ident())?;
    let shown = alias.as_ref().map_or(own, |alias| &alias.name);
    shown.value.eq_ignore_ascii_case(&target.value).then(|| own.clone())
}

/// What an entry of a select list over a table of the columns `known` gives: names, and those of the table.
fn shown_by(item: &SelectItem, known: &[String]) -> Vec<(String, Option<String>)> {
    let (expr, alias) = match item {
        SelectItem::ExprWithAlias { expr, alias } => (expr, Some(alias.value.clone())),
        SelectItem::UnnamedExpr(expr) => (expr, None),
        _ => {
            let all = known.iter().map(|own| (own.clone(), Some(own.clone())));
            return all.collect();
        }
    };
    let own = match expr {
        Expr::Identifier(own) => Some(own),
        Expr::CompoundIdentifier(parts) => parts.last(),
        _ => None,
    };
    let own = own.map(|own| own.value.clone());
    let name = alias.or_else(|| own.clone()).unwrap_or_default();
    vec![(name, own)]
}

fn select_query(select: Select) -> Query {
    Query {
        with: None,
        body: Box::new(SetExpr::Select(Box::new(select))),
        order_by: None,
        limit_clause: None,
        fetch: None,
        locks: Vec::new(),
        for_clause: None,
        settings: None,
        format_clause: None,
        pipe_operators: Vec::new(),
    }
}
