//! `CROSS APPLY` and `OUTER APPLY`, as far as SQLite can say the same without looking sideways.
//!
//! What is applied may be: a derived table that does not look at what stands before it; a list of expressions; one
//! row of aggregates; or the rows of one table, all that match or the first few of them. Whatever else looks at the
//! tables before it is refused.

use sqlparser::ast::{Expr, Parens, Query, Select, SelectItem, SetExpr, TableFactor};

use super::expr::Typed;
use super::names::quoted;
use super::query::Shape;
use super::select::{Parts, body_of};
use super::state::{Scope, Source, SourceColumn};
use super::table_functions::is_string_split;
use super::translator::{R, Translator};
use crate::schema::types::Type;

const HINT: &str = "a join with a derived table does the same: number its rows with ROW_NUMBER() OVER (PARTITION BY \
                    the columns that match ORDER BY ...) and keep those with number 1";

impl Translator<'_> {
    pub fn apply(&mut self, factor: &TableFactor, outer: bool) -> R<String> {
        let word = if outer { "OUTER APPLY" } else { "CROSS APPLY" };
        let TableFactor::Derived {
            lateral: false,
            subquery,
            alias: Some(alias),
            sample: None,
        } = factor
        else {
            if let TableFactor::Table {
                name,
                alias,
                args: Some(args),
                ..
            } = factor
                && is_string_split(name)
            {
                let split = self.qualified(|this| this.split_of(&args.args))?;
                let right = self.string_split(split, alias.as_ref())?;
                return Ok(joined(outer, &right, "1 = 1"));
            }
            if matches!(factor, TableFactor::Table { args: None, .. }) {
                let right = self.factor(factor)?;
                return Ok(joined(outer, &right, "1 = 1"));
            }
            return Err(self.unsupported(word).with_hint(HINT));
        };
        self.see(alias.name.span);
        let at = self.at;
        let names = self.alias_columns(alias)?;
        let name = alias.name.value.clone();
        let shape = Shape {
            names: names.as_deref(),
            ..Shape::default()
        };
        let here = self.names.scopes.len() - 1;
        let made = self.qualified(|this| this.applied(subquery, shape, &name, outer, here));
        self.at = at;
        match made? {
            Some((sql, columns)) => {
                self.add_source(Source {
                    name,
                    emitted: None,
                    columns: Some(columns),
                    stored: false,
                })?;
                Ok(sql)
            }
            None => Err(self
                .unsupported(format!(
                    "{word} of a query that refers to the tables before it"
                ))
                .with_hint(HINT)),
        }
    }

    fn applied(
        &mut self,
        subquery: &Query,
        shape: Shape<'_>,
        name: &str,
        outer: bool,
        here: usize,
    ) -> R<Option<(String, Vec<SourceColumn>)>> {
        let (whole, met) = self.observed(|this| this.inner_query(subquery, shape));
        let whole = whole?;
        if !met.scopes.contains(&here) {
            let Some(columns) = self.columns_of_derived(name, whole.columns)? else {
                return Ok(None);
            };
            let right = format!("({}) AS {}", whole.sql, quoted(name));
            return Ok(Some((joined(outer, &right, "1 = 1"), columns)));
        }
        let plain =
            subquery.with.is_none() && subquery.limit_clause.is_none() && subquery.fetch.is_none();
        if !plain {
            return Ok(None);
        }
        match subquery.body.as_ref() {
            SetExpr::Values(values) if values.rows.len() == 1 => {
                let mut columns = Vec::new();
                let Some(names) = shape.names else {
                    return Ok(None);
                };
                for (expr, name) in values.rows[0].content.iter().zip(names) {
                    let value = self.value(expr)?;
                    columns.push(stand_in(name, &value));
                }
                Ok(Some((String::new(), columns)))
            }
            SetExpr::Values(values) => self.rows_of_values(&values.rows, shape, outer),
            SetExpr::Select(select) => {
                let order = match &subquery.order_by {
                    None => &[][..],
                    Some(order) => match &order.kind {
                        sqlparser::ast::OrderByKind::Expressions(list) => list,
                        sqlparser::ast::OrderByKind::All(_) => return Ok(None),
                    },
                };
                let parts = self.select(select, order, shape)?;
                if select.from.is_empty() {
                    return self.expressions(&parts, select);
                }
                if parts.aggregates {
                    return self.one_row(&parts, select);
                }
                self.rows_of_a_table(select, order, shape, outer)
            }
            _ => Ok(None),
        }
    }

    /// `APPLY (VALUES (t.a), (t.b)) AS v(x)`: each row is repeated for each row of values, which a number chooses.
    fn rows_of_values(
        &mut self,
        rows: &[Parens<Vec<Expr>>],
        shape: Shape<'_>,
        outer: bool,
    ) -> R<Option<(String, Vec<SourceColumn>)>> {
        let Some(names) = shape.names else {
            return Ok(None);
        };
        let number = self.fresh("rows");
        let mut columns = Vec::new();
        for (at, name) in names.iter().enumerate() {
            let mut values = Vec::new();
            for row in rows {
                let Some(expr) = row
                    .content
                    .get(at)
                    .filter(|_| row.content.len() == names.len())
                else {
                    return Err(
                        self.invalid("the rows of VALUES have different numbers of columns")
                    );
                };
                values.push(self.value(expr)?);
            }
            let values = self.together(values)?;
            let of = values.first().map_or(Type::Null, |value| value.of);
            let whens: Vec<String> = (values.iter().enumerate())
                .map(|(at, value)| format!("WHEN {} THEN {}", at + 1, value.sql))
                .collect();
            let sql = format!("CASE {number}.column1 {} END", whens.join(" "));
            self.spend(sql.len())?;
            columns.push(stand_in(name, &Typed::plain(sql, of)));
        }
        let numbers: Vec<String> = (1..=rows.len()).map(|n| format!("({n})")).collect();
        let right = format!("(VALUES {}) AS {number}", numbers.join(", "));
        Ok(Some((joined(outer, &right, "1 = 1"), columns)))
    }

    /// `APPLY (SELECT a + b AS c)`: a name for an expression.
    fn expressions(
        &mut self,
        parts: &Parts,
        select: &Select,
    ) -> R<Option<(String, Vec<SourceColumn>)>> {
        if parts.selection.is_some() || select.top.is_some() || parts.aggregates || parts.distinct {
            return Ok(None);
        }
        let mut columns = Vec::new();
        for item in &parts.items {
            let Some(name) = &item.name else {
                return Ok(None);
            };
            columns.push(stand_in(name, &item.value));
        }
        Ok(Some((String::new(), columns)))
    }

    /// `APPLY (SELECT COUNT(*) AS n FROM u WHERE u.x = t.x)`: always one row, so each column is a subquery.
    fn one_row(
        &mut self,
        parts: &Parts,
        select: &Select,
    ) -> R<Option<(String, Vec<SourceColumn>)>> {
        if !parts.grouping.is_empty()
            || parts.having.is_some()
            || select.top.is_some()
            || parts.distinct
        {
            return Ok(None);
        }
        let mut columns = Vec::new();
        for item in &parts.items {
            let Some(name) = &item.name else {
                return Ok(None);
            };
            let sql = format!("({})", body_of(parts, &item.value.sql));
            columns.push(stand_in(name, &Typed::plain(sql, item.value.of)));
        }
        Ok(Some((String::new(), columns)))
    }

    /// `APPLY (SELECT TOP n ... FROM u WHERE u.x = t.x ORDER BY ...)`: a join with the rows of `u` whose numbers the
    /// subquery gives.
    fn rows_of_a_table(
        &mut self,
        select: &Select,
        order: &[sqlparser::ast::OrderByExpr],
        shape: Shape<'_>,
        outer: bool,
    ) -> R<Option<(String, Vec<SourceColumn>)>> {
        let [item] = select.from.as_slice() else {
            return Ok(None);
        };
        let TableFactor::Table { name, .. } = &item.relation else {
            return Ok(None);
        };
        let has_rows = match Self::temporary_name(name) {
            Some(own) => self.session.temporary.contains_key(&own),
            None => {
                let own = name.0.last().and_then(|part| part.as_ident());
                own.and_then(|own| self.given.catalog.table(&own.value))
                    .is_some_and(|table| table.rowid)
            }
        };
        if !item.joins.is_empty() || !has_rows || select.distinct.is_some() {
            return Ok(None);
        }
        let counts_rows = select.projection.iter().any(|item| {
            let (SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }) = item
            else {
                return false;
            };
            matches!(expr, Expr::Function(function) if function.over.is_some())
        });
        if counts_rows {
            return Ok(None);
        }
        let joined_as = self.fresh("applied");
        let row = self.select_in(lifted(&joined_as), select, order, shape)?;
        let chosen_as = self.fresh("chosen");
        let choice = self.select_in(lifted(&chosen_as), select, order, shape)?;
        if !row.grouping.is_empty() || row.having.is_some() || row.top.percent || row.top.ties {
            return Ok(None);
        }
        let condition = match &row.top.rows {
            Some(rows) => {
                let mut inner = body_of(&choice, &format!("{chosen_as}.rowid"));
                if !choice.order_values.is_empty() {
                    inner.push_str(&format!(" ORDER BY {}", choice.order_values.join(", ")));
                }
                format!("{joined_as}.rowid IN ({inner} LIMIT {rows})")
            }
            None => row.selection.clone().unwrap_or_else(|| "1 = 1".to_owned()),
        };
        let mut columns = Vec::new();
        for item in &row.items {
            let Some(name) = &item.name else {
                return Ok(None);
            };
            let mut value = item.value.clone();
            // A row that is not there has no values, whatever its expressions would make of NULL.
            if outer {
                value.sql = format!(
                    "CASE WHEN {joined_as}.rowid IS NOT NULL THEN {} END",
                    value.sql
                );
            }
            columns.push(stand_in(name, &value));
        }
        Ok(Some((joined(outer, &row.from, &condition), columns)))
    }
}

/// The scope of a query whose table goes by another name in the SQL.
fn lifted(name: &str) -> Scope {
    Scope {
        lift: Some(name.to_owned()),
        ..Scope::default()
    }
}

fn stand_in(name: &str, value: &Typed) -> SourceColumn {
    SourceColumn {
        instead: Some(format!("({})", value.sql)),
        doubt: value.doubt.clone(),
        ..SourceColumn::plain(name.to_owned(), value.of)
    }
}

fn joined(outer: bool, right: &str, condition: &str) -> String {
    let word = if outer { "LEFT JOIN" } else { "JOIN" };
    format!(" {word} {right} ON {condition}")
}
