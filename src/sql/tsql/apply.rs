//! `CROSS APPLY` and `OUTER APPLY`, as far as SQLite can say the same without looking sideways.
//!
//! What is applied may be: a derived table that does not look at what stands before it; a list of expressions; one
//! row of aggregates; the rows of one table, all that match or the first few of them; or the first few rows of any
//! query. Whatever else looks at the tables before it is refused.

use sqlparser::ast::{
    Expr, OrderByKind, Query, Select, SelectItem, SetExpr, SetOperator, SetQuantifier, TableFactor,
};

use super::expr::Typed;
use super::grouping::has_sets;
use super::names::quoted;
use super::operators::precedence;
use super::query::{Shape, TranslatedQuery};
use super::select::{Item, Parts, body_of};
use super::state::{Scope, Source, SourceColumn};
use super::table_functions::list_function;
use super::translator::{R, Translator};
use crate::schema::types::Type;

const HINT: &str = "join a derived table by the columns that match: of DISTINCT and GROUP BY, the table grouped by \
                    them too; of TOP, the table with ROW_NUMBER() OVER (PARTITION BY the columns that match ORDER BY \
                    ...), of which the first numbers are kept";

/// The join and the columns that something applied comes to; `None` where it cannot be said.
type Applied = Option<(String, Vec<SourceColumn>)>;

impl Translator<'_> {
    pub fn apply(&mut self, factor: &TableFactor, outer: bool) -> R<String> {
        let word = if outer { "OUTER APPLY" } else { "CROSS APPLY" };
        let TableFactor::Derived { lateral: false, subquery, alias: Some(alias), sample: None } =
            factor
        else {
            if let TableFactor::Table { name, alias, args: Some(args), .. } = factor
                && let Some(function) = list_function(name)
            {
                let split = self.split_of(function, &args.args)?;
                let right = self.string_split(split, alias.as_ref())?;
                return Ok(joined(outer, &right, "1 = 1"));
            }
            if matches!(factor, TableFactor::OpenJsonTable { .. }) {
                let listed = self.open_json(factor)?;
                let right = self.json_table(listed)?;
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
        let shape = Shape { names: names.as_deref(), ..Shape::default() };
        let made = self.applied(subquery, shape, &name, outer)?;
        self.at = at;
        match made {
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
                .unsupported(format!("{word} of a query that refers to the tables before it"))
                .with_hint(HINT)),
        }
    }

    fn applied(
        &mut self,
        subquery: &Query,
        shape: Shape<'_>,
        name: &str,
        outer: bool,
    ) -> R<Applied> {
        let here = self.names.scopes.len() - 1;
        let plain =
            subquery.with.is_none() && subquery.limit_clause.is_none() && subquery.fetch.is_none();
        let order = match subquery.order_by.as_ref().map(|order| &order.kind) {
            None => &[][..],
            Some(OrderByKind::Expressions(list)) => list,
            Some(OrderByKind::All(_)) => return Err(self.unsupported("ORDER BY ALL")),
        };
        match subquery.body.as_ref() {
            SetExpr::Values(values) if plain && order.is_empty() => {
                let (rows, met) = self.observed(|this| this.rows_of_values(values));
                if met.scopes.contains(&here) {
                    return self.row_by_row(&rows?, shape, outer);
                }
                let whole = self.assemble_values(rows?, shape)?;
                self.independent(whole, name, outer)
            }
            SetExpr::Select(select) if plain && !has_sets(&select.group_by) => {
                self.order_decides(subquery)?;
                let lift = self.has_row_numbers(select).then(|| self.fresh("applied"));
                let scope = Scope { lift: lift.clone(), ..Scope::default() };
                let (parts, met) =
                    self.observed(|this| this.select_in(scope, select, order, shape));
                let parts = parts?;
                if met.scopes.contains(&here) {
                    return self.selected(&parts, lift, outer);
                }
                let whole = self.assemble(parts)?;
                self.independent(whole, name, outer)
            }
            SetExpr::SetOperation { .. } if plain && order.is_empty() => {
                self.united(subquery, shape, name, outer)
            }
            _ => {
                let (whole, met) = self.observed(|this| this.inner_query(subquery, shape));
                let whole = whole?;
                match met.scopes.contains(&here) {
                    true => Ok(None),
                    false => self.independent(whole, name, outer),
                }
            }
        }
    }

    /// `APPLY (SELECT t.a AS x UNION ALL SELECT t.b)` is `APPLY (VALUES (t.a), (t.b)) AS v(x)`.
    fn united(
        &mut self,
        subquery: &Query,
        shape: Shape<'_>,
        name: &str,
        outer: bool,
    ) -> R<Applied> {
        let here = self.names.scopes.len() - 1;
        let Some(selects) = rows_of_expressions(&subquery.body) else {
            let (whole, met) = self.observed(|this| this.inner_query(subquery, shape));
            return match met.scopes.contains(&here) {
                true => whole.map(|_| None),
                false => self.independent(whole?, name, outer),
            };
        };
        let mut names = shape.names.map(<[String]>::to_vec);
        let mut rows = Vec::new();
        for select in selects {
            let parts = self.select(select, &[], Shape::default())?;
            if parts.aggregates || !parts.grouping.is_empty() {
                return Ok(None);
            }
            if names.is_none() {
                let columns = self.columns_of_derived(name, parts.columns())?;
                let own = columns.into_iter().flatten().map(|column| column.name);
                names = Some(own.collect());
            }
            rows.push(parts.items.into_iter().map(|item| item.value).collect());
        }
        let rows = self.in_one_type(rows)?;
        let shape = Shape { names: names.as_deref(), ..shape };
        self.row_by_row(&rows, shape, outer)
    }

    /// A query that does not look at the tables before it: a derived table beside them.
    fn independent(&mut self, whole: TranslatedQuery, name: &str, outer: bool) -> R<Applied> {
        let Some(columns) = self.columns_of_derived(name, whole.columns)? else {
            return Ok(None);
        };
        let right = format!("({}) AS {}", whole.sql, quoted(name));
        Ok(Some((joined(outer, &right, "1 = 1"), columns)))
    }

    /// A `SELECT` that looks at the tables before it.
    fn selected(&mut self, parts: &Parts, lift: Option<String>, outer: bool) -> R<Applied> {
        let grouped = !parts.grouping.is_empty() || parts.having.is_some() || parts.distinct;
        if parts.from.is_empty() {
            let one = parts.selection.is_none() && parts.top.rows.is_none();
            if !one || grouped || parts.aggregates {
                return Ok(None);
            }
            return Ok(
                stand_ins(parts, |value| value.sql.clone()).map(|columns| (String::new(), columns))
            );
        }
        if parts.aggregates && !grouped && parts.top.rows.is_none() {
            // Always one row, so each column is a subquery.
            let one = |value: &Typed| body_of(parts, &value.sql);
            return Ok(stand_ins(parts, one).map(|columns| (String::new(), columns)));
        }
        let ranked = parts.top.percent || parts.top.ties;
        match lift {
            Some(table) if !parts.aggregates && !grouped && !ranked => {
                Ok(rows_of_a_table(parts, &table, outer))
            }
            _ if parts.top.one && !parts.distinct => Ok(self.first_row(parts, outer)),
            _ if !ranked && !parts.distinct => self.first_rows(parts, outer),
            _ => Ok(None),
        }
    }

    /// `APPLY (SELECT TOP 1 ... FROM u JOIN v ... WHERE u.x = t.x ORDER BY ...)`: each column is a subquery.
    fn first_row(&mut self, parts: &Parts, outer: bool) -> Applied {
        let order = decided_order(parts);
        let one = |value: &Typed| format!("{}{order} LIMIT 1", body_of(parts, &value.sql));
        let columns = stand_ins(parts, one)?;
        if outer {
            return Some((String::new(), columns));
        }
        let right = format!("(VALUES (1)) AS {}", self.fresh("row"));
        let there = format!("EXISTS ({})", rows_of(parts));
        Some((joined(false, &right, &there), columns))
    }

    /// The same with `TOP` of a few rows: each row before it is repeated as often as there are rows for it, and a
    /// number chooses. A `LIMIT` of SQLite's cannot name the number, so that each has a subquery of its own.
    fn first_rows(&mut self, parts: &Parts, outer: bool) -> R<Applied> {
        const MOST: usize = 100;
        let rows = parts.top.rows.as_ref();
        let Some(rows) =
            rows.and_then(|rows| rows.parse().ok()).filter(|rows| (1..=MOST).contains(rows))
        else {
            return Ok(None);
        };
        let order = decided_order(parts);
        let number = self.fresh("rows");
        let nth = |value: &Typed| {
            let body = body_of(parts, &value.sql);
            let whens = (0..rows)
                .map(|at| format!("WHEN {} THEN ({body}{order} LIMIT 1 OFFSET {at})", at + 1));
            format!("CASE {number}.column1 {} END", whens.collect::<Vec<_>>().join(" "))
        };
        let Some(columns) = stand_ins(parts, nth) else {
            return Ok(None);
        };
        let written = columns.iter().filter_map(|column| column.instead.as_ref());
        self.spend(written.map(String::len).sum())?;
        let numbers: Vec<String> = (1..=rows).map(|n| format!("({n})")).collect();
        let right = format!("(VALUES {}) AS {number}", numbers.join(", "));
        let there =
            format!("{number}.column1 <= (SELECT count(*) FROM ({} LIMIT {rows}))", rows_of(parts));
        Ok(Some((joined(outer, &right, &there), columns)))
    }

    /// `APPLY (VALUES (t.a), (t.b)) AS v(x)`: one row is a name for each expression; of several, each row before it is
    /// repeated, and a number chooses.
    fn row_by_row(&mut self, rows: &[Vec<Typed>], shape: Shape<'_>, outer: bool) -> R<Applied> {
        let width = rows.first().map_or(0, Vec::len);
        let Some(names) = shape.names else {
            return Ok(None);
        };
        if names.len() != width {
            return Err(self.invalid(format!("{} names for {width} columns", names.len())));
        }
        if let [row] = rows {
            let columns = names.iter().zip(row);
            let columns = columns.map(|(name, value)| stand_in(name, value)).collect();
            return Ok(Some((String::new(), columns)));
        }
        let number = self.fresh("rows");
        let mut columns = Vec::new();
        for (at, name) in names.iter().enumerate() {
            let of = rows.first().map_or(Type::Null, |row| row[at].of);
            let whens: Vec<String> = (rows.iter().enumerate())
                .map(|(n, row)| format!("WHEN {} THEN {}", n + 1, row[at].sql))
                .collect();
            let sql = format!("CASE {number}.column1 {} END", whens.join(" "));
            self.spend(sql.len())?;
            columns.push(stand_in(name, &Typed::plain(sql, of)));
        }
        let numbers: Vec<String> = (1..=rows.len()).map(|n| format!("({n})")).collect();
        let right = format!("(VALUES {}) AS {number}", numbers.join(", "));
        Ok(Some((joined(outer, &right, "1 = 1"), columns)))
    }

    /// Whether the rows of a `SELECT` are those of one table that numbers them.
    fn has_row_numbers(&self, select: &Select) -> bool {
        let [item] = select.from.as_slice() else {
            return false;
        };
        let TableFactor::Table { name, args: None, .. } = &item.relation else {
            return false;
        };
        let has_rows = match Self::temporary_name(name) {
            Some(own) => self.session.temporary.contains_key(&own),
            None => {
                let own = name.0.last().and_then(|part| part.as_ident());
                let is_cte = own.is_some_and(|own| self.cte(&own.value).is_some());
                own.and_then(|own| self.given.catalog.table(&own.value))
                    .is_some_and(|table| table.rowid && !is_cte)
            }
        };
        let counts_rows = select.projection.iter().any(|item| {
            let (SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }) = item
            else {
                return false;
            };
            matches!(expr, Expr::Function(function) if function.over.is_some())
        });
        item.joins.is_empty() && has_rows && !counts_rows
    }
}

/// The members of a UNION ALL that are one row of expressions each; `None` where one is anything else.
fn rows_of_expressions(body: &SetExpr) -> Option<Vec<&Select>> {
    match body {
        SetExpr::Select(select) => {
            let is_row = select.from.is_empty()
                && select.selection.is_none()
                && select.having.is_none()
                && select.top.is_none()
                && select.distinct.is_none();
            is_row.then(|| vec![select.as_ref()])
        }
        SetExpr::SetOperation {
            op: SetOperator::Union,
            set_quantifier: SetQuantifier::All,
            left,
            right,
        } => {
            let mut rows = rows_of_expressions(left)?;
            rows.extend(rows_of_expressions(right)?);
            Some(rows)
        }
        _ => None,
    }
}

/// The rows of one table: a join with those whose numbers the subquery gives.
fn rows_of_a_table(parts: &Parts, table: &str, outer: bool) -> Applied {
    let condition = match &parts.top.rows {
        Some(rows) => {
            let mut inner = body_of(parts, &format!("{table}.rowid"));
            if !parts.order_values.is_empty() {
                inner.push_str(&format!(" ORDER BY {}", parts.order_values.join(", ")));
            }
            format!("{table}.rowid IN ({inner} LIMIT {rows})")
        }
        None => parts.selection.clone().unwrap_or_else(|| "1 = 1".to_owned()),
    };
    // A row that is not there has no values, whatever its expressions would make of NULL.
    let value = |value: &Typed| match outer {
        true => format!("CASE WHEN {table}.rowid IS NOT NULL THEN {} END", value.sql),
        false => value.sql.clone(),
    };
    let columns = stand_ins(parts, value)?;
    Some((joined(outer, &parts.from, &condition), columns))
}

/// A query of as many rows as `parts` has: aggregates of all rows are one, even where there are none.
fn rows_of(parts: &Parts) -> String {
    let is_one = parts.aggregates && parts.grouping.is_empty();
    body_of(parts, if is_one { "count(*)" } else { "1" })
}

/// The order of the first rows of a query of which each column is a subquery. They all choose the same row, because
/// what the order leaves open is decided by the columns themselves.
fn decided_order(parts: &Parts) -> String {
    let values = parts.items.iter().map(|item| &item.value);
    let decided = values
        .filter(|value| value.literal.is_none())
        .map(|value| format!("{} COLLATE BINARY", value.within(precedence::COLLATE)));
    let order: Vec<String> = parts.order_values.iter().cloned().chain(decided).collect();
    match order.is_empty() {
        true => String::new(),
        false => format!(" ORDER BY {}", order.join(", ")),
    }
}

/// A column for each entry of the select list, with the SQL that `write` makes of it; `None` where one has no name.
fn stand_ins(parts: &Parts, write: impl Fn(&Typed) -> String) -> Option<Vec<SourceColumn>> {
    let column = |item: &Item| {
        let sql = write(&item.value);
        let value = Typed { sql, ..item.value.clone() };
        Some(stand_in(item.name.as_ref()?, &value))
    };
    parts.items.iter().map(column).collect()
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
