//! Queries: what stands around a `SELECT`, `VALUES`, and how many rows there are.

use std::collections::BTreeMap;
use std::sync::Arc;

use sqlparser::ast::{
    Expr, Ident, LimitClause, OrderBy, OrderByExpr, OrderByKind, Query, SetExpr, Value as Literal,
    Values,
};

use super::expr::Typed;
use super::functions::texts;
use super::grouping::has_sets;
use super::names::quoted;
use super::translator::{R, Translator};
use crate::schema::types::Type;
use crate::sql::functions::Value;
use crate::sql::guard::limits::NODE_STEPS;

/// What a query must come out as.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Shape<'s> {
    /// Names for its columns.
    pub names: Option<&'s [String]>,
    /// Types for its columns.
    pub types: Option<&'s [Type]>,
    /// Whether equal texts must be found by SQLite: below `DISTINCT` and set operations.
    pub collated: bool,
    /// Whether types are converted as an assignment does.
    pub assigns: bool,
    /// Whether a text that is too long is an error, as it is for a table, and not cut off, as for a variable.
    pub inserts: bool,
    /// The name by which the query names itself.
    pub recursive: Option<&'s str>,
    /// The column in which a recursion counts its rounds.
    pub rounds: Option<&'s str>,
}

/// A column of a query.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub name: Option<String>,
    pub of: Type,
    /// What there is to say where it is sorted or compared.
    pub doubt: Option<Arc<str>>,
}

/// A query as written for SQLite.
#[derive(Debug)]
pub(super) struct TranslatedQuery {
    pub sql: String,
    /// The columns; `None` when they are not known.
    pub columns: Option<Vec<Column>>,
    /// Whether it cannot have more than one row.
    pub single: bool,
}

impl Translator<'_> {
    /// Rewrites a query with all that may stand around its body.
    pub fn query(&mut self, query: &Query, shape: Shape<'_>) -> R<TranslatedQuery> {
        let Query {
            with,
            body,
            order_by,
            limit_clause,
            fetch,
            locks,
            for_clause,
            settings,
            format_clause,
            pipe_operators,
        } = query;
        if let Some(clause) = for_clause {
            let text = clause.to_string();
            let words: Vec<&str> = text.split_whitespace().take(2).collect();
            return Err(self.unsupported(words.join(" ")).with_hint(
                "STRING_AGG joins texts of several rows; --format json writes the result as JSON",
            ));
        }
        let foreign = !locks.is_empty()
            || settings.is_some()
            || format_clause.is_some()
            || !pipe_operators.is_empty();
        if foreign {
            return Err(self.unsupported("a clause after the query"));
        }
        self.names.ctes.push(BTreeMap::new());
        let head = match with {
            Some(with) => self.with(with)?,
            None => String::new(),
        };
        let page = self.page(limit_clause.as_ref(), fetch.as_ref())?;
        let order = match order_by {
            None => &[][..],
            Some(OrderBy { kind: OrderByKind::Expressions(list), interpolate: None }) => list,
            Some(_) => return Err(self.unsupported("ORDER BY ALL")),
        };
        let mut answer = self.body(body, order, page, shape)?;
        self.names.ctes.pop();
        self.spend(NODE_STEPS + head.len() + answer.sql.len())?;
        answer.sql = format!("{head}{}", answer.sql);
        Ok(answer)
    }

    /// Rewrites a query that stands within another. Its rows have no order, so that SQL Server refuses to be asked for
    /// one which decides nothing; and it takes none within an aggregate.
    pub fn inner_query(&mut self, query: &Query, shape: Shape<'_>) -> R<TranslatedQuery> {
        if self.scope().in_aggregate {
            return Err(self
                .invalid("a subquery inside an aggregate")
                .with_hint("compute it in a derived table"));
        }
        self.order_decides(query)?;
        self.query(query, shape)
    }

    /// Refuses an ORDER BY that decides nothing.
    pub fn order_decides(&mut self, query: &Query) -> R<()> {
        let top = matches!(query.body.as_ref(), SetExpr::Select(select) if select.top.is_some());
        let some = top || query.limit_clause.is_some() || query.fetch.is_some();
        let (Some(order), false) = (&query.order_by, some) else {
            return Ok(());
        };
        if let OrderByKind::Expressions(list) = &order.kind
            && let Some(first) = list.first()
        {
            self.see_expr(&first.expr);
        }
        Err(self
            .invalid("ORDER BY in a subquery that returns all rows")
            .with_hint("order the outer query, or limit the rows with TOP or OFFSET"))
    }

    /// `OFFSET n ROWS FETCH NEXT m ROWS ONLY`.
    fn page(
        &mut self,
        limit: Option<&LimitClause>,
        fetch: Option<&sqlparser::ast::Fetch>,
    ) -> R<(Option<String>, Option<String>)> {
        let offset = match limit {
            None => None,
            Some(LimitClause::LimitOffset { limit: None, offset: Some(offset), limit_by })
                if limit_by.is_empty() =>
            {
                Some(self.rows(&offset.value)?)
            }
            Some(clause) => {
                if let LimitClause::LimitOffset { limit: Some(n), .. }
                | LimitClause::OffsetCommaLimit { limit: n, .. } = clause
                {
                    self.see_expr(n);
                }
                return Err(self.invalid("LIMIT is not T-SQL").with_hint(
                    "write TOP (n) after SELECT, or OFFSET n ROWS FETCH NEXT m ROWS ONLY",
                ));
            }
        };
        let fetch = match fetch {
            None => None,
            Some(fetch) if fetch.with_ties || fetch.percent => {
                return Err(self.unsupported("FETCH ... WITH TIES or PERCENT"));
            }
            Some(fetch) => match &fetch.quantity {
                Some(quantity) => match text_of(quantity).filter(|name| name.starts_with('@')) {
                    Some(name) => Some(self.rows(&Expr::Identifier(Ident::new(name)))?),
                    None => Some(self.rows(quantity)?),
                },
                None => Some("1".to_owned()),
            },
        };
        Ok((offset, fetch))
    }

    /// A number of rows.
    pub fn rows(&mut self, expr: &Expr) -> R<String> {
        let value = self.value(expr)?;
        match &value.literal {
            Some(Value::Integer(n)) if *n >= 0 => Ok(n.to_string()),
            Some(_) => Err(self.invalid(format!("invalid row count `{}`", value.sql))),
            None if value.of.is_integer() || value.of == Type::Unknown => {
                Ok(format!("tsql_rows({})", value.sql))
            }
            None => Err(self.invalid(format!("a value of type {} is not a row count", value.of))),
        }
    }

    pub fn body(
        &mut self,
        body: &SetExpr,
        order: &[OrderByExpr],
        (offset, fetch): (Option<String>, Option<String>),
        shape: Shape<'_>,
    ) -> R<TranslatedQuery> {
        let paged = offset.is_some() || fetch.is_some();
        match body {
            SetExpr::Select(select) if has_sets(&select.group_by) => {
                if paged || select.top.is_some() || select.distinct.is_some() {
                    return Err(self
                        .unsupported("ROLLUP or CUBE with TOP, DISTINCT or OFFSET")
                        .with_hint("put the grouping into a derived table"));
                }
                self.grouped_by_sets(select, order, shape)
            }
            SetExpr::Select(select) => {
                let mut parts = self.select(select, order, shape)?;
                if paged && order.is_empty() {
                    return Err(self.invalid("OFFSET needs an ORDER BY"));
                }
                if paged && parts.top.rows.is_some() {
                    return Err(self.invalid("TOP and OFFSET cannot be combined"));
                }
                (parts.offset, parts.fetch) = (offset, fetch);
                self.assemble(parts)
            }
            SetExpr::Query(inner) if order.is_empty() && !paged => self.inner_query(inner, shape),
            SetExpr::Query(inner) => {
                let inner = self.inner_query(inner, shape)?;
                let order = self.order_of_columns(order, inner.columns.as_deref())?;
                Ok(TranslatedQuery {
                    sql: format!(
                        "SELECT * FROM ({}){order}{}",
                        inner.sql,
                        limits(fetch.as_deref(), offset.as_deref())
                    ),
                    ..inner
                })
            }
            SetExpr::SetOperation { .. } => {
                let answer = self.set_operation(body, shape)?;
                let order = self.order_of_columns(order, answer.columns.as_deref())?;
                Ok(TranslatedQuery {
                    sql: format!(
                        "{}{order}{}",
                        answer.sql,
                        limits(fetch.as_deref(), offset.as_deref())
                    ),
                    ..answer
                })
            }
            SetExpr::Values(_) if shape.rounds.is_some() => {
                Err(self.unsupported("VALUES in a recursive query"))
            }
            SetExpr::Values(values) => {
                let rows = self.rows_of_values(values)?;
                self.assemble_values(rows, shape)
            }
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => {
                let word = super::expr::short(&body.to_string());
                let word = word.split_whitespace().next().unwrap_or("").to_uppercase();
                if self.given.changes {
                    return Err(self.unsupported(format!("WITH before {word}")));
                }
                Err(self.writes(word))
            }
            SetExpr::Table(_) => Err(self.unsupported("TABLE")),
        }
    }

    /// The rows of `VALUES`, each column in one type.
    pub fn rows_of_values(&mut self, values: &Values) -> R<Vec<Vec<Typed>>> {
        let mut rows: Vec<Vec<Typed>> = Vec::new();
        for row in &values.rows {
            let row = row.content.iter().map(|expr| self.value(expr));
            rows.push(row.collect::<R<_>>()?);
        }
        self.in_one_type(rows)
    }

    /// Rows of one width, each column in one type.
    pub fn in_one_type(&mut self, mut rows: Vec<Vec<Typed>>) -> R<Vec<Vec<Typed>>> {
        let width = rows.first().map_or(0, Vec::len);
        if width == 0 || rows.iter().any(|row| row.len() != width) {
            return Err(self.invalid("the rows of VALUES have different numbers of columns"));
        }
        for at in 0..width {
            let column = self.together(rows.iter().map(|row| row[at].clone()).collect())?;
            for (row, value) in rows.iter_mut().zip(column) {
                row[at] = value;
            }
        }
        Ok(rows)
    }

    /// `VALUES` as a query, with the column names that SQLite gives them unless others are asked for.
    pub fn assemble_values(
        &mut self,
        mut rows: Vec<Vec<Typed>>,
        shape: Shape<'_>,
    ) -> R<TranslatedQuery> {
        for row in &mut rows {
            for (value, of) in row.iter_mut().zip(shape.types.into_iter().flatten()) {
                *value = self.assigned(value.clone(), *of, shape)?;
            }
        }
        let first = rows.first().map_or(&[][..], Vec::as_slice);
        let written: Vec<String> =
            rows.iter().map(|row| format!("({})", texts(row).join(", "))).collect();
        let mut sql = format!("VALUES {}", written.join(", "));
        if let Some(names) = shape.names {
            if names.len() != first.len() {
                let width = first.len();
                return Err(self.invalid(format!("{} names for {width} columns", names.len())));
            }
            // The first row has the names; SQLite finds no names in VALUES that look at the tables around them.
            let list: Vec<String> = (first.iter().zip(names))
                .map(|(value, name)| format!("{} AS {}", value.sql, quoted(name)))
                .collect();
            sql = format!("SELECT {}", list.join(", "));
            if written.len() > 1 {
                sql.push_str(&format!(" UNION ALL VALUES {}", written[1..].join(", ")));
            }
        }
        let columns = first.iter().enumerate().map(|(at, value)| Column {
            name: shape.names.and_then(|names| names.get(at).cloned()),
            of: value.of,
            doubt: None,
        });
        Ok(TranslatedQuery { sql, columns: Some(columns.collect()), single: rows.len() == 1 })
    }

    pub fn assigned(&mut self, value: Typed, of: Type, shape: Shape<'_>) -> R<Typed> {
        let too_long = match (value.of, of) {
            (Type::Text { length, .. }, Type::Text { length: Some(most), .. }) => {
                length.is_none_or(|length| length > most)
            }
            _ => false,
        };
        if shape.inserts && too_long {
            Ok(Typed::plain(format!("tsql_fits({}, '{of}')", value.sql), of))
        } else if shape.assigns {
            self.cast(value, of, None, false)
        } else {
            let value = self.implicit(value, of, false)?;
            let of = match of {
                Type::Unknown | Type::Null => value.of,
                of => of,
            };
            Ok(Typed { of, ..value })
        }
    }
}

pub(super) fn limits(fetch: Option<&str>, offset: Option<&str>) -> String {
    match (fetch, offset) {
        (None, None) => String::new(),
        (Some(fetch), None) => format!(" LIMIT {fetch}"),
        (None, Some(offset)) => format!(" LIMIT -1 OFFSET {offset}"),
        (Some(fetch), Some(offset)) => format!(" LIMIT {fetch} OFFSET {offset}"),
    }
}

pub(super) fn text_of(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Value(value) => match &value.value {
            Literal::SingleQuotedString(text) | Literal::NationalStringLiteral(text) => {
                Some(text.clone())
            }
            _ => None,
        },
        _ => None,
    }
}
