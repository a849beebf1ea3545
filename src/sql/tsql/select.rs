//! Queries: common table expressions, `SELECT`, set operations, order and how many rows.

use std::collections::BTreeMap;
use std::sync::Arc;

use sqlparser::ast::{
    BinaryOperator, Distinct, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, GroupByExpr,
    Ident, LimitClause, ObjectName, OrderBy, OrderByExpr, OrderByKind, OrderByOptions, OrderBySort,
    Query, Select, SelectFlavor, SelectItem, SelectItemQualifiedWildcardKind, SetExpr, SetOperator,
    SetQuantifier, TopQuantity, Value as Literal, Values, WildcardAdditionalOptions, With,
};

use super::expr::Typed;
use super::names::quoted;
use super::ops::power;
use super::script::{R, Scope, Source, SourceColumn, Translator};
use crate::schema::types::Type;
use crate::sql::functions::Value;
use crate::sql::functions::collation::DEFAULT;
use crate::sql::guard::limits::{MAX_LIST, NODE_STEPS};

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
pub(super) struct Answered {
    pub sql: String,
    /// The columns; `None` when they are not known.
    pub columns: Option<Vec<Column>>,
    /// Whether it cannot have more than one row.
    pub single: bool,
}

/// One entry of a select list.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub value: Typed,
    pub name: Option<String>,
    /// Whether the name is written out.
    pub named: bool,
}

/// The parts of a `SELECT`, before they are put together.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub items: Vec<Item>,
    /// The list as it stands in the text, where nothing in it must change.
    pub list: Option<String>,
    /// Whether it has a `*` of columns that are not known.
    pub open: bool,
    pub distinct: bool,
    pub from: String,
    pub selection: Option<String>,
    pub grouping: Vec<String>,
    pub having: Option<String>,
    pub order: Vec<String>,
    /// The order as `rank()` needs it: with expressions in the place of names.
    pub order_values: Vec<String>,
    pub top: Top,
    pub offset: Option<String>,
    pub fetch: Option<String>,
    pub aggregates: bool,
}

/// The `TOP` of a query.
#[derive(Debug, Default)]
pub(super) struct Top {
    pub rows: Option<String>,
    pub one: bool,
    pub percent: bool,
    pub ties: bool,
}

impl Translator<'_> {
    /// Rewrites a query with all that may stand around its body.
    pub fn query(&mut self, query: &Query, shape: Shape<'_>) -> R<Answered> {
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
                "STRING_AGG joins texts of several rows; --format json writes the answer as JSON",
            ));
        }
        let foreign = !locks.is_empty()
            || settings.is_some()
            || format_clause.is_some()
            || !pipe_operators.is_empty();
        if foreign {
            return Err(self.unsupported("a clause after the query"));
        }
        self.ctes.push(BTreeMap::new());
        let head = match with {
            Some(with) => self.with(with)?,
            None => String::new(),
        };
        let page = self.page(limit_clause.as_ref(), fetch.as_ref())?;
        let order = match order_by {
            None => &[][..],
            Some(OrderBy {
                kind: OrderByKind::Expressions(list),
                interpolate: None,
            }) => list,
            Some(_) => return Err(self.unsupported("ORDER BY ALL")),
        };
        let mut answer = self.body(body, order, page, shape)?;
        self.ctes.pop();
        self.spend(NODE_STEPS + head.len() + answer.sql.len())?;
        answer.sql = format!("{head}{}", answer.sql);
        Ok(answer)
    }

    /// Rewrites a query that stands within another. Its rows have no order, so that SQL Server refuses to be asked for
    /// one which decides nothing; and it takes none within an aggregate.
    pub fn inner_query(&mut self, query: &Query, shape: Shape<'_>) -> R<Answered> {
        if self.in_aggregate {
            return Err(self
                .invalid("a subquery stands within an aggregate")
                .with_hint("compute it in a derived table"));
        }
        let top = matches!(query.body.as_ref(), SetExpr::Select(select) if select.top.is_some());
        let some = top || query.limit_clause.is_some() || query.fetch.is_some();
        if let (Some(order), false) = (&query.order_by, some) {
            if let OrderByKind::Expressions(list) = &order.kind
                && let Some(first) = list.first()
            {
                self.see_expr(&first.expr);
            }
            return Err(self
                .invalid("ORDER BY stands in a query within another, which takes all of its rows")
                .with_hint("order the outer query; or take some rows by it, with TOP or OFFSET"));
        }
        self.query(query, shape)
    }

    fn with(&mut self, with: &With) -> R<String> {
        let mut written = Vec::new();
        let names = with
            .cte_tables
            .iter()
            .map(|cte| cte.alias.name.value.to_lowercase());
        self.in_with.extend(names);
        for cte in &with.cte_tables {
            self.see(cte.alias.name.span);
            if cte.from.is_some() || cte.materialized.is_some() || with.recursive {
                return Err(self.unsupported("WITH RECURSIVE or MATERIALIZED"));
            }
            let name = cte.alias.name.value.clone();
            let names: Vec<String> = cte
                .alias
                .columns
                .iter()
                .map(|column| column.name.value.clone())
                .collect();
            let shape = Shape {
                names: (!names.is_empty()).then_some(&names[..]),
                ..Shape::default()
            };
            let rounds = self.recursion(&cte.query, &name, shape)?;
            let shape = Shape {
                rounds: rounds.as_deref(),
                ..shape
            };
            let answer = self.inner_query(&cte.query, shape)?;
            let mut columns = self.cte_columns(&name, answer.columns)?;
            for column in &mut columns {
                column.hidden = rounds.as_ref() == Some(&column.name);
            }
            self.register(&name, columns);
            written.push(format!("{} AS ({})", quoted(&name), answer.sql));
        }
        Ok(format!("WITH {} ", written.join(", ")))
    }

    /// Makes the columns of a query that names itself known to it: those of what it starts from, and one that counts
    /// the rounds, whose name is given back.
    fn recursion(&mut self, query: &Query, name: &str, shape: Shape<'_>) -> R<Option<String>> {
        if !names_table(query, name) {
            return Ok(None);
        }
        let mut start = query.clone();
        start.order_by = None;
        while let SetExpr::SetOperation {
            left,
            op,
            set_quantifier,
            ..
        } = start.body.as_ref()
            && names_table(&start, name)
        {
            if *op != SetOperator::Union || *set_quantifier != SetQuantifier::All {
                return Err(self.invalid(format!(
                    "`{name}` names itself; what it starts from and what it repeats are joined by UNION ALL"
                )));
            }
            start.body = left.clone();
        }
        if names_table(&start, name) {
            return Ok(None);
        }
        let serial = self.serial;
        let bare = self.bare.len();
        let started = self.inner_query(&start, shape)?;
        self.serial = serial;
        self.bare.truncate(bare);
        let mut columns = self.cte_columns(name, started.columns)?;
        let rounds = (self.max_recursion > 0).then(|| self.fresh("round"));
        columns.extend(rounds.iter().map(|rounds| SourceColumn {
            hidden: true,
            ..SourceColumn::plain(rounds.clone(), Type::Int)
        }));
        self.register(name, columns);
        Ok(rounds)
    }

    /// Adds the column that counts the rounds of a recursion to one of its parts.
    fn count_round(&mut self, rounds: &str, parts: &mut Parts) -> R<()> {
        let scope = self.scopes.last();
        let sources = scope.iter().flat_map(|scope| &scope.sources);
        let counted = sources.into_iter().find(|source| {
            let columns = source.columns.iter().flatten();
            columns.into_iter().any(|column| column.name == rounds)
        });
        let sql = match counted {
            None => "0".to_owned(),
            Some(_) if parts.aggregates || !parts.grouping.is_empty() || parts.distinct => {
                return Err(self.invalid(
                    "the part of a query that names itself has no DISTINCT, GROUP BY or aggregate",
                ));
            }
            Some(source) => format!(
                "tsql_recursion({}.{rounds} + 1, {})",
                quoted(&source.name),
                self.max_recursion
            ),
        };
        let item = Item {
            value: Typed::plain(sql, Type::Int),
            name: Some(rounds.to_owned()),
            named: true,
        };
        if let Some(list) = &mut parts.list {
            list.push_str(&format!(", {}", written(&item)));
        }
        parts.items.push(item);
        Ok(())
    }

    /// The parts of a query that names itself have the same types, as SQL Server has it.
    fn alike_in_recursion(&self, branches: &[Answered]) -> R<()> {
        let Some((first, rest)) = branches.split_first() else {
            return Ok(());
        };
        for branch in rest {
            let columns = first
                .columns
                .iter()
                .flatten()
                .zip(branch.columns.iter().flatten());
            for (start, again) in columns {
                if !same_in_recursion(start.of, again.of) {
                    let name = start.name.as_deref().unwrap_or_default();
                    return Err(self
                        .invalid(format!(
                            "the types of `{name}` in what a recursion starts from and in what it repeats differ: \
                             {} and {}",
                            start.of, again.of
                        ))
                        .with_hint("CAST both to one type"));
                }
            }
        }
        Ok(())
    }

    fn register(&mut self, name: &str, columns: Vec<SourceColumn>) {
        if let Some(known) = self.ctes.last_mut() {
            known.insert(name.to_lowercase(), columns);
        }
    }

    fn cte_columns(&self, name: &str, columns: Option<Vec<Column>>) -> R<Vec<SourceColumn>> {
        let Some(columns) = columns else {
            return Err(self
                .unsupported(format!("`*` of unknown columns in `{name}`"))
                .with_hint("name its columns"));
        };
        let columns = self.columns_of_derived(name, Some(columns))?;
        Ok(columns.unwrap_or_default())
    }

    /// `OFFSET n ROWS FETCH NEXT m ROWS ONLY`.
    fn page(
        &mut self,
        limit: Option<&LimitClause>,
        fetch: Option<&sqlparser::ast::Fetch>,
    ) -> R<(Option<String>, Option<String>)> {
        let offset = match limit {
            None => None,
            Some(LimitClause::LimitOffset {
                limit: None,
                offset: Some(offset),
                limit_by,
            }) if limit_by.is_empty() => Some(self.rows(&offset.value)?),
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
    fn rows(&mut self, expr: &Expr) -> R<String> {
        let value = self.value(expr)?;
        match &value.literal {
            Some(Value::Integer(n)) if *n >= 0 => Ok(n.to_string()),
            Some(_) => Err(self.invalid(format!("`{}` is no number of rows", value.sql))),
            None if value.of.is_integer() || value.of == Type::Unknown => {
                Ok(format!("tsql_rows({})", value.sql))
            }
            None => Err(self.invalid(format!("a value of type {} is no number of rows", value.of))),
        }
    }

    fn body(
        &mut self,
        body: &SetExpr,
        order: &[OrderByExpr],
        (offset, fetch): (Option<String>, Option<String>),
        shape: Shape<'_>,
    ) -> R<Answered> {
        let paged = offset.is_some() || fetch.is_some();
        match body {
            SetExpr::Select(select) if has_sets(&select.group_by) => {
                if paged || select.top.is_some() || select.distinct.is_some() {
                    return Err(self
                        .unsupported("ROLLUP or CUBE beside TOP, DISTINCT or OFFSET")
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
                    return Err(self.invalid("TOP and OFFSET do not go together"));
                }
                (parts.offset, parts.fetch) = (offset, fetch);
                self.assemble(parts)
            }
            SetExpr::Query(inner) if order.is_empty() && !paged => self.inner_query(inner, shape),
            SetExpr::Query(inner) => {
                let inner = self.inner_query(inner, shape)?;
                let order = self.order_of_columns(order, inner.columns.as_deref())?;
                Ok(Answered {
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
                Ok(Answered {
                    sql: format!(
                        "{}{order}{}",
                        answer.sql,
                        limits(fetch.as_deref(), offset.as_deref())
                    ),
                    ..answer
                })
            }
            SetExpr::Values(values) => self.values(values, shape),
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => {
                let word = super::expr::short(&body.to_string());
                let word = word.split_whitespace().next().unwrap_or("").to_uppercase();
                if self.changes {
                    return Err(self.unsupported(format!("WITH before {word}")));
                }
                Err(self.writes(word))
            }
            SetExpr::Table(_) => Err(self.unsupported("TABLE")),
        }
    }

    /// `GROUP BY ROLLUP (a, b)` and `CUBE`: a query for each set of groupings, in which the others are NULL.
    fn grouped_by_sets(
        &mut self,
        select: &Select,
        order: &[OrderByExpr],
        shape: Shape<'_>,
    ) -> R<Answered> {
        let (all, sets) = sets_of(&select.group_by);
        self.at_most(sets.len(), MAX_SETS, "sets of groupings")?;
        let mut written = Vec::new();
        let mut answered: Option<Answered> = None;
        let (serial, bare) = (self.serial, self.bare.len());
        for set in &sets {
            let mut one = select.clone();
            let kept = |(at, expr): (usize, &Expr)| set.contains(&at).then(|| expr.clone());
            let own: Vec<Expr> = all.iter().enumerate().filter_map(kept).collect();
            let left_out = |(at, expr): (usize, &Expr)| (!set.contains(&at)).then(|| expr.clone());
            let others: Vec<Expr> = all.iter().enumerate().filter_map(left_out).collect();
            one.group_by = GroupByExpr::Expressions(own, Vec::new());
            self.serial = serial;
            self.bare.truncate(bare);
            self.left_out = Some((all.clone(), others));
            let parts = self.select(&one, &[], shape);
            self.left_out = None;
            let mut parts = parts?;
            // Of all rows there is one group, also where nothing is counted.
            if parts.grouping.is_empty() && !parts.aggregates {
                parts.having = Some(match parts.having {
                    Some(having) => format!("({having}) AND count(*) > 0"),
                    None => "count(*) > 0".to_owned(),
                });
                if let Some(item) = parts.items.first_mut() {
                    item.named = item.name.is_some();
                    item.value.sql = format!("CASE WHEN count(*) >= 0 THEN {} END", item.value.sql);
                }
                parts.list = None;
            }
            let answer = self.assemble(parts)?;
            written.push(answer.sql.clone());
            answered = Some(answer);
        }
        let Some(answer) = answered else {
            return Err(self.invalid("a grouping without a set"));
        };
        let order = self.order_of_columns(order, answer.columns.as_deref())?;
        Ok(Answered {
            sql: format!("{}{order}", written.join(" UNION ALL ")),
            columns: answer.columns,
            single: false,
        })
    }

    /// `VALUES` as rows, with the column names that SQLite gives them unless others are asked for.
    fn values(&mut self, values: &Values, shape: Shape<'_>) -> R<Answered> {
        let mut rows: Vec<Vec<Typed>> = Vec::new();
        for row in &values.rows {
            let mut typed = Vec::new();
            for expr in &row.content {
                typed.push(self.value(expr)?);
            }
            rows.push(typed);
        }
        if shape.rounds.is_some() {
            return Err(self.unsupported("VALUES in a query that names itself"));
        }
        let width = rows.first().map_or(0, Vec::len);
        if width == 0 || rows.iter().any(|row| row.len() != width) {
            return Err(self.invalid("the rows of VALUES have different numbers of columns"));
        }
        let mut types = Vec::new();
        for at in 0..width {
            let column: Vec<Typed> = rows.iter().map(|row| row[at].clone()).collect();
            let mut column = self.together(column)?;
            if let Some(of) = shape.types.and_then(|types| types.get(at)) {
                for value in &mut column {
                    *value = self.assigned(value.clone(), *of, shape)?;
                }
            }
            types.push(column.first().map_or(Type::Null, |value| value.of));
            for (row, value) in rows.iter_mut().zip(column) {
                row[at] = value;
            }
        }
        let written: Vec<String> = rows
            .iter()
            .map(|row| {
                let cells: Vec<&str> = row.iter().map(|value| value.sql.as_str()).collect();
                format!("({})", cells.join(", "))
            })
            .collect();
        let mut sql = format!("VALUES {}", written.join(", "));
        let names: Vec<Option<String>> = match shape.names {
            None => vec![None; width],
            Some(names) if names.len() == width => {
                // The first row has the names; SQLite finds no names in VALUES that look at the tables around them.
                let first = rows.first().into_iter().flatten().zip(names);
                let list: Vec<String> = first
                    .map(|(value, name)| format!("{} AS {}", value.sql, quoted(name)))
                    .collect();
                sql = format!("SELECT {}", list.join(", "));
                if written.len() > 1 {
                    sql.push_str(&format!(" UNION ALL VALUES {}", written[1..].join(", ")));
                }
                names.iter().cloned().map(Some).collect()
            }
            Some(names) => {
                return Err(self.invalid(format!(
                    "{} names are given to {width} columns",
                    names.len()
                )));
            }
        };
        let columns = names.into_iter().zip(types).map(|(name, of)| Column {
            name,
            of,
            doubt: None,
        });
        Ok(Answered {
            sql,
            columns: Some(columns.collect()),
            single: rows.len() == 1,
        })
    }

    fn assigned(&mut self, value: Typed, of: Type, shape: Shape<'_>) -> R<Typed> {
        let too_long = match (value.of, of) {
            (
                Type::Text { length, .. },
                Type::Text {
                    length: Some(most), ..
                },
            ) => length.is_none_or(|length| length > most),
            _ => false,
        };
        if shape.inserts && too_long {
            Ok(Typed::plain(
                format!("tsql_fits({}, '{of}')", value.sql),
                of,
            ))
        } else if shape.assigns {
            self.cast(value, of, None, false)
        } else {
            self.implicit(value, of, false)
        }
    }

    fn set_operation(&mut self, body: &SetExpr, shape: Shape<'_>) -> R<Answered> {
        let mut steps = Vec::new();
        let mut inner = body;
        while let SetExpr::SetOperation {
            left,
            op,
            set_quantifier,
            right,
        } = inner
        {
            let word = match (op, set_quantifier) {
                (SetOperator::Union, SetQuantifier::None | SetQuantifier::Distinct) => "UNION",
                (SetOperator::Union, SetQuantifier::All) => "UNION ALL",
                (SetOperator::Except, SetQuantifier::None | SetQuantifier::Distinct) => "EXCEPT",
                (SetOperator::Intersect, SetQuantifier::None | SetQuantifier::Distinct) => {
                    "INTERSECT"
                }
                (op, quantifier) => return Err(self.unsupported(format!("{op} {quantifier}"))),
            };
            steps.push((word, right.as_ref()));
            inner = left;
        }
        steps.reverse();
        let collated = shape.collated || steps.iter().any(|(word, _)| *word != "UNION ALL");
        let branches = || std::iter::once(inner).chain(steps.iter().map(|(_, branch)| *branch));
        // Once to learn the types, and again where they differ.
        let shape = Shape { collated, ..shape };
        let serial = self.serial;
        let bare = self.bare.len();
        let mut written = Vec::new();
        for branch in branches() {
            written.push(self.branch(branch, shape)?);
        }
        if shape.rounds.is_some() {
            self.alike_in_recursion(&written)?;
        }
        if let Some(types) = self.common_types(&written)? {
            let differ = written.iter().any(|branch| {
                let columns = branch.columns.iter().flatten();
                columns.zip(&types).any(|(column, of)| {
                    column.of != *of
                        && !(column.of.is_text() && of.is_text() && !is_fixed(*of))
                        && !(column.of.is_integer() && of.is_integer())
                        && column.of != Type::Null
                })
            });
            if differ && shape.types.is_none() {
                self.serial = serial;
                self.bare.truncate(bare);
                written.clear();
                for branch in branches() {
                    let shape = Shape {
                        types: Some(&types),
                        ..shape
                    };
                    written.push(self.branch(branch, shape)?);
                }
            }
            let first = written
                .first_mut()
                .and_then(|branch| branch.columns.as_mut());
            for (column, of) in first.into_iter().flatten().zip(types) {
                column.of = of;
            }
        }
        let mut written = written.into_iter();
        let Some(first) = written.next() else {
            return Err(self.invalid("a set operation without a query"));
        };
        let mut sql = first.sql;
        for ((word, _), branch) in steps.iter().zip(written) {
            sql.push_str(&format!(" {word} {}", branch.sql));
        }
        Ok(Answered {
            sql,
            columns: first.columns,
            single: false,
        })
    }

    /// One member of a set operation; what SQLite does not take there is wrapped.
    fn branch(&mut self, branch: &SetExpr, shape: Shape<'_>) -> R<Answered> {
        let plain = match branch {
            SetExpr::Select(select) => select.top.is_none(),
            SetExpr::Values(_) => true,
            _ => false,
        };
        let answer = self.body(branch, &[], (None, None), shape)?;
        if plain {
            return Ok(answer);
        }
        Ok(Answered {
            sql: format!("SELECT * FROM ({})", answer.sql),
            ..answer
        })
    }

    fn common_types(&self, branches: &[Answered]) -> R<Option<Vec<Type>>> {
        let Some(lists) = branches
            .iter()
            .map(|branch| branch.columns.as_ref())
            .collect::<Option<Vec<_>>>()
        else {
            return Ok(None);
        };
        let Some((first, rest)) = lists.split_first() else {
            return Ok(None);
        };
        let mut types: Vec<Type> = first.iter().map(|column| column.of).collect();
        for list in rest {
            if list.len() != types.len() {
                return Err(self.invalid(
                    "the queries of a UNION, INTERSECT or EXCEPT have different numbers of columns",
                ));
            }
            for (of, column) in types.iter_mut().zip(list.iter()) {
                *of = of.common(column.of).ok_or_else(|| {
                    self.invalid(format!(
                        "columns of the types {of} and {} have no type in common",
                        column.of
                    ))
                })?;
            }
        }
        Ok(Some(types))
    }

    /// An order that can only name columns of the answer.
    fn order_of_columns(&mut self, order: &[OrderByExpr], columns: Option<&[Column]>) -> R<String> {
        if order.is_empty() {
            return Ok(String::new());
        }
        let columns = columns.unwrap_or(&[]);
        let mut written = Vec::new();
        for entry in order {
            self.see_expr(&entry.expr);
            let direction = self.direction(entry)?;
            let found = match &entry.expr {
                Expr::Identifier(ident) => columns
                    .iter()
                    .position(|column| {
                        column
                            .name
                            .as_ref()
                            .is_some_and(|name| name.eq_ignore_ascii_case(&ident.value))
                    })
                    .map(|at| (at, quoted(&ident.value))),
                other => ordinal(other)
                    .and_then(|n| (n < columns.len()).then(|| (n, (n + 1).to_string()))),
            };
            let Some((at, sql)) = found else {
                return Err(self
                    .invalid(
                        "ORDER BY of a UNION, INTERSECT or EXCEPT names a column of the answer",
                    )
                    .with_hint("name the column in the first SELECT, and order by that name"));
            };
            let column = Typed {
                doubt: columns[at].doubt.clone(),
                ..Typed::plain(sql, columns[at].of)
            };
            self.note_doubt(&column);
            written.push(format!("{}{direction}", column.collated()));
        }
        Ok(format!(" ORDER BY {}", written.join(", ")))
    }

    fn direction(&self, entry: &OrderByExpr) -> R<&'static str> {
        let OrderByExpr {
            expr: _,
            options: OrderByOptions { sort, nulls_first },
            with_fill,
        } = entry;
        if with_fill.is_some() || nulls_first.is_some() {
            return Err(self.invalid("NULLS FIRST and NULLS LAST are not T-SQL").with_hint(
                "NULL comes first in ascending order; ORDER BY CASE WHEN x IS NULL THEN 1 ELSE 0 END, x puts it last",
            ));
        }
        match sort {
            None => Ok(""),
            Some(OrderBySort::Asc) => Ok(" ASC"),
            Some(OrderBySort::Desc) => Ok(" DESC"),
            Some(OrderBySort::Using(_)) => Err(self.unsupported("ORDER BY ... USING")),
        }
    }

    /// Rewrites the parts of a `SELECT`.
    pub fn select(&mut self, select: &Select, order: &[OrderByExpr], shape: Shape<'_>) -> R<Parts> {
        self.scopes.push(Scope::default());
        let bare = self.bare.len();
        let parts = self.select_inside(select, order, shape);
        self.scopes.pop();
        let depth = self.scopes.len() + 1;
        // What was left of outer queries' columns stays for them to judge.
        let kept: Vec<_> = self
            .bare
            .drain(bare..)
            .filter(|(at, ..)| *at < depth)
            .collect();
        self.bare.extend(kept);
        parts
    }

    fn select_inside(
        &mut self,
        select: &Select,
        order: &[OrderByExpr],
        shape: Shape<'_>,
    ) -> R<Parts> {
        let Select {
            select_token,
            optimizer_hints,
            distinct,
            select_modifiers,
            top,
            top_before_distinct: _,
            projection,
            exclude,
            into,
            from,
            lateral_views,
            prewhere,
            selection,
            connect_by,
            group_by,
            cluster_by,
            distribute_by,
            sort_by,
            having,
            named_window,
            qualify,
            window_before_qualify: _,
            value_table_mode,
            flavor,
        } = select;
        self.see(select_token.0.span);
        let foreign = !optimizer_hints.is_empty()
            || select_modifiers.is_some()
            || exclude.is_some()
            || !lateral_views.is_empty()
            || prewhere.is_some()
            || !connect_by.is_empty()
            || !cluster_by.is_empty()
            || !distribute_by.is_empty()
            || !sort_by.is_empty()
            || qualify.is_some()
            || value_table_mode.is_some()
            || *flavor != SelectFlavor::Standard;
        if foreign {
            return Err(self.unsupported("a clause of another dialect"));
        }
        if !named_window.is_empty() {
            return Err(self
                .unsupported("WINDOW")
                .with_hint("write the window within OVER (...)"));
        }
        if into.is_some() {
            return Err(self.unsupported("INTO within a query"));
        }
        let mut parts = Parts {
            distinct: match distinct {
                None | Some(Distinct::All) => false,
                Some(Distinct::Distinct) => true,
                Some(Distinct::On(_)) => return Err(self.unsupported("DISTINCT ON")),
            },
            ..Parts::default()
        };
        if let Some(top) = top {
            parts.top = self.top(top)?;
        }
        let outer = std::mem::replace(&mut self.no_windows, true);
        parts.from = self.from(from)?;
        let outside = self.bare.len();
        if let Some(condition) = selection {
            let before = self.aggregates();
            parts.selection = Some(self.condition(condition)?.sql);
            if self.aggregates() != before {
                return Err(self
                    .invalid("an aggregate stands in WHERE")
                    .with_hint("write the condition in HAVING"));
            }
        }
        self.group_by(group_by, &mut parts)?;
        self.no_windows = false;
        // Columns of WHERE and ON need not be grouped.
        let depth = self.scopes.len();
        let kept: Vec<_> = self
            .bare
            .drain(outside..)
            .filter(|(at, ..)| *at != depth)
            .collect();
        self.bare.extend(kept);
        self.projection(projection, shape, &mut parts)?;
        if let Some(condition) = having {
            self.no_windows = true;
            let listed = self.aggregates();
            parts.having = Some(self.condition(condition)?.sql);
            self.no_windows = false;
            // SQLite takes HAVING without GROUP BY only beside an aggregate.
            if parts.grouping.is_empty() && !listed {
                parts.list = None;
                if let Some(item) = parts.items.first_mut() {
                    item.named = item.name.is_some();
                    item.value.sql = format!("CASE WHEN count(*) >= 0 THEN {} END", item.value.sql);
                    item.value.power = power::ATOM;
                }
            }
        }
        self.order(order, &mut parts)?;
        self.no_windows = outer;
        parts.aggregates = self.aggregates();
        let grouped = parts.aggregates || !parts.grouping.is_empty() || having.is_some();
        if grouped
            && let Some((_, at, name)) = self.bare[outside..]
                .iter()
                .find(|(at, ..)| *at == depth)
                .cloned()
        {
            self.at = at;
            return Err(self
                .invalid(format!("`{name}` is neither grouped nor in an aggregate"))
                .with_hint("add it to GROUP BY, spelt the same, or take MIN or MAX of it"));
        }
        if grouped && parts.open {
            return Err(self.invalid("`*` does not go with GROUP BY"));
        }
        Ok(parts)
    }

    fn aggregates(&self) -> bool {
        self.scopes.last().is_some_and(|scope| scope.aggregates)
    }

    fn top(&mut self, top: &sqlparser::ast::Top) -> R<Top> {
        let one = matches!(&top.quantity, Some(TopQuantity::Constant(1)))
            || matches!(&top.quantity, Some(TopQuantity::Expr(expr)) if ordinal(expr) == Some(0));
        let rows = match &top.quantity {
            Some(TopQuantity::Constant(n)) => n.to_string(),
            Some(TopQuantity::Expr(expr)) if top.percent => self.value(expr)?.sql,
            Some(TopQuantity::Expr(expr)) => self.rows(expr)?,
            None => return Err(self.invalid("TOP says no number of rows")),
        };
        Ok(Top {
            rows: Some(rows),
            one: one && !top.with_ties && !top.percent,
            percent: top.percent,
            ties: top.with_ties,
        })
    }

    fn group_by(&mut self, group_by: &GroupByExpr, parts: &mut Parts) -> R<()> {
        let GroupByExpr::Expressions(list, modifiers) = group_by else {
            return Err(self.unsupported("GROUP BY ALL"));
        };
        if !modifiers.is_empty() {
            return Err(self
                .unsupported("WITH ROLLUP")
                .with_hint("UNION ALL the groupings"));
        }
        let mut written = Vec::new();
        let mut columns = Vec::new();
        self.at_most(list.len(), MAX_LIST, "groupings")?;
        for expr in list {
            self.see_expr(expr);
            let name = match expr {
                Expr::Rollup(_) => Some("ROLLUP"),
                Expr::Cube(_) => Some("CUBE"),
                Expr::GroupingSets(_) => Some("GROUPING SETS"),
                Expr::Function(function) => {
                    let name = function.name.to_string().to_uppercase();
                    ["ROLLUP", "CUBE"].into_iter().find(|known| *known == name)
                }
                _ => None,
            };
            if let Some(name) = name {
                return Err(self.unsupported(name).with_hint("UNION ALL the groupings"));
            }
            let value = self.value(expr)?;
            if value.literal.is_some() {
                return Err(self.invalid("GROUP BY takes columns, not constants"));
            }
            let expr = bared(expr);
            written.push(self.value(expr)?.sql);
            if let Expr::Identifier(own) = expr {
                columns.extend(self.place_of(None, own));
            } else if let Expr::CompoundIdentifier(names) = expr
                && let [.., table, own] = names.as_slice()
            {
                columns.extend(self.place_of(Some(table), own));
            }
            parts.grouping.push(value.collated());
            written.push(value.sql);
        }
        let mut left_out = Vec::new();
        let mut sets = Vec::new();
        if let Some((all, others)) = self.left_out.take() {
            for expr in &others {
                left_out.push(self.value(expr)?.sql);
            }
            for expr in &all {
                sets.push(self.value(expr)?.sql);
            }
        }
        if let Some(scope) = self.scopes.last_mut() {
            scope.grouping = written;
            scope.grouped = columns;
            scope.left_out = left_out;
            scope.sets = sets;
        }
        Ok(())
    }

    /// The source and the name of a column of the innermost query.
    fn place_of(&self, table: Option<&Ident>, own: &Ident) -> Option<(usize, String)> {
        let scope = self.scopes.last()?;
        let name = own.value.to_lowercase();
        let at = scope.sources.iter().position(|source| {
            table.is_none_or(|table| source.name.eq_ignore_ascii_case(&table.value))
                && source.columns.as_ref().is_none_or(|columns| {
                    columns
                        .iter()
                        .any(|column| column.name.to_lowercase() == name)
                })
        })?;
        Some((at, name))
    }

    fn projection(
        &mut self,
        projection: &[SelectItem],
        shape: Shape<'_>,
        parts: &mut Parts,
    ) -> R<()> {
        let mut open = false;
        let mut list: Vec<String> = Vec::new();
        for item in projection {
            let (expr, name) = match item {
                SelectItem::UnnamedExpr(Expr::BinaryOp {
                    left,
                    op: BinaryOperator::Eq,
                    right,
                }) if text_of(left).is_some() => (right.as_ref(), text_of(left)),
                SelectItem::UnnamedExpr(expr) => (expr, None),
                SelectItem::ExprWithAlias { alias, .. }
                    if alias.value.starts_with('@')
                        && alias.quote_style.is_none()
                        && !shape.assigns =>
                {
                    self.see(alias.span);
                    return Err(self.invalid(
                        "a SELECT that assigns a variable stands alone, not in a UNION or a subquery",
                    ));
                }
                SelectItem::ExprWithAlias { expr, alias } => (expr, Some(alias.value.clone())),
                SelectItem::ExprWithAliases { .. } => {
                    return Err(self.unsupported("several names for one column"));
                }
                SelectItem::Wildcard(options) => {
                    open |= !self.expand(None, options, parts, &mut list)?;
                    continue;
                }
                SelectItem::QualifiedWildcard(
                    SelectItemQualifiedWildcardKind::ObjectName(table),
                    options,
                ) => {
                    open |= !self.expand(Some(table), options, parts, &mut list)?;
                    continue;
                }
                SelectItem::QualifiedWildcard(..) => return Err(self.unsupported("(...).*")),
            };
            self.see_expr(expr);
            let value = self.value(expr)?;
            let own = match expr {
                Expr::Identifier(ident) if !ident.value.starts_with('@') => {
                    Some(ident.value.clone())
                }
                Expr::CompoundIdentifier(names) => names.last().map(|name| name.value.clone()),
                _ => None,
            };
            let named = name.is_some();
            let item = Item {
                value,
                name: name.or(own),
                named,
            };
            list.push(written(&item));
            parts.items.push(item);
            self.at_most(parts.items.len(), MAX_LIST, "columns")?;
        }
        if open {
            if shape.names.is_some() || shape.types.is_some() {
                return Err(self
                    .unsupported("`*` of columns that are not known")
                    .with_hint("name the columns"));
            }
            parts.open = true;
            parts.list = Some(list.join(", "));
            return Ok(());
        }
        let as_it_is = shape.names.is_none() && shape.types.is_none() && !shape.collated;
        if as_it_is && !parts.distinct {
            parts.list = Some(list.join(", "));
        }
        if let Some(names) = shape.names {
            if names.len() != parts.items.len() {
                return Err(self.invalid(format!(
                    "{} names are given to {} columns",
                    names.len(),
                    parts.items.len()
                )));
            }
            for (item, name) in parts.items.iter_mut().zip(names) {
                item.named = item.name.as_ref() != Some(name) || item.value.sql != quoted(name);
                item.name = Some(name.clone());
            }
        }
        if let Some(types) = shape.types {
            for (at, of) in types.iter().enumerate() {
                if let Some(item) = parts.items.get(at).cloned() {
                    let value = self.assigned(item.value.clone(), *of, shape)?;
                    let named = item.named || value.sql != item.value.sql;
                    parts.items[at] = Item {
                        value,
                        named,
                        ..item
                    };
                }
            }
        }
        if shape.collated || parts.distinct {
            for item in &mut parts.items {
                let sql = item.value.collated();
                if sql != item.value.sql
                    && matches!(item.value.of, Type::Text { .. } | Type::Unknown)
                {
                    item.named |= item.name.is_some();
                    item.value.sql = sql;
                    item.value.power = power::COLLATE;
                }
            }
        }
        if let Some(rounds) = shape.rounds {
            self.count_round(rounds, parts)?;
        }
        Ok(())
    }

    /// Adds the columns of `*` or `table.*`; `false` when they are not known, and the list says so itself.
    fn expand(
        &mut self,
        table: Option<&ObjectName>,
        options: &WildcardAdditionalOptions,
        parts: &mut Parts,
        list: &mut Vec<String>,
    ) -> R<bool> {
        let WildcardAdditionalOptions {
            wildcard_token,
            opt_ilike: None,
            opt_exclude: None,
            opt_except: None,
            opt_replace: None,
            opt_rename: None,
            opt_alias: None,
        } = options
        else {
            return Err(self.unsupported("* with options"));
        };
        self.see(wildcard_token.0.span);
        let wanted = match table {
            None => None,
            Some(name) => {
                let ident = name.0.last().and_then(|part| part.as_ident());
                ident.map(|ident| ident.value.clone())
            }
        };
        let Some(scope) = self.scopes.last() else {
            return Err(self.invalid("`*` without FROM"));
        };
        let sources: Vec<Source> = scope
            .sources
            .iter()
            .filter(|source| {
                wanted
                    .as_ref()
                    .is_none_or(|wanted| source.name.eq_ignore_ascii_case(wanted))
            })
            .cloned()
            .collect();
        if sources.is_empty() {
            return Err(self.invalid(match wanted {
                Some(wanted) => format!("`{wanted}.*` names no table of FROM"),
                None => "`*` without FROM".to_owned(),
            }));
        }
        let star = match &wanted {
            Some(wanted) => format!("{}.*", quoted(wanted)),
            None => "*".to_owned(),
        };
        if sources.iter().any(|source| source.columns.is_none()) {
            list.push(star);
            return Ok(false);
        }
        let own = |source: &Source| {
            let stored_otherwise = source.stored && !self.catalog.canonical_times;
            let columns = source.columns.iter().flatten();
            source.emitted.is_none()
                && !stored_otherwise
                && columns.into_iter().all(|column| {
                    column.instead.is_none() && column.read_as.is_none() && !column.hidden
                })
        };
        let whole = sources.iter().all(own);
        if whole {
            list.push(star);
        }
        let several = self
            .scopes
            .last()
            .is_some_and(|scope| scope.sources.len() > 1);
        for source in sources {
            for column in source.columns.iter().flatten().filter(|c| !c.hidden) {
                let own = Ident::new(column.name.clone());
                let qualifier = Ident::new(source.name.clone());
                let value = if several || source.emitted.is_some() || wanted.is_some() {
                    let at = self.at;
                    let names = [qualifier, own];
                    let value = self.value(&Expr::CompoundIdentifier(names.to_vec()))?;
                    self.at = at;
                    value
                } else {
                    self.value(&Expr::Identifier(own))?
                };
                let item = Item {
                    named: column.instead.is_some(),
                    value,
                    name: Some(column.name.clone()),
                };
                if !whole {
                    list.push(written(&item));
                }
                parts.items.push(item);
                self.at_most(parts.items.len(), MAX_LIST, "columns")?;
            }
        }
        Ok(true)
    }

    fn order(&mut self, order: &[OrderByExpr], parts: &mut Parts) -> R<()> {
        self.at_most(order.len(), MAX_LIST, "terms of an ORDER BY")?;
        for entry in order {
            self.see_expr(&entry.expr);
            let direction = self.direction(entry)?;
            self.spend(parts.items.len())?;
            let by_place = ordinal(&entry.expr);
            if let Some(at) = by_place {
                if parts.open {
                    parts.order.push(format!("{}{direction}", at + 1));
                    continue;
                }
                let Some(item) = parts.items.get(at) else {
                    return Err(self.invalid(format!(
                        "ORDER BY {} is beyond the {} columns",
                        at + 1,
                        parts.items.len()
                    )));
                };
                let place = Typed {
                    sql: (at + 1).to_string(),
                    power: power::ATOM,
                    ..item.value.clone()
                };
                self.note_doubt(&place);
                parts.order.push(format!("{}{direction}", place.collated()));
                parts
                    .order_values
                    .push(format!("{}{direction}", item.value.collated()));
                continue;
            }
            let listed = match &entry.expr {
                Expr::Identifier(ident) => self.listed(ident, parts)?,
                _ => None,
            };
            if let (Some(item), Expr::Identifier(ident)) = (listed, &entry.expr) {
                self.note_doubt(&item.value);
                let by_name = if item.named {
                    Typed {
                        sql: quoted(&ident.value),
                        power: power::ATOM,
                        ..item.value.clone()
                    }
                } else {
                    item.value.clone()
                };
                parts
                    .order
                    .push(format!("{}{direction}", by_name.collated()));
                parts
                    .order_values
                    .push(format!("{}{direction}", item.value.collated()));
                continue;
            }
            let value = self.value(&entry.expr)?;
            if value.literal.is_some() {
                return Err(self.invalid("ORDER BY takes columns, not constants"));
            }
            if parts.distinct
                && !parts
                    .items
                    .iter()
                    .any(|item| item.value.sql == value.sql || item.value.sql == value.collated())
            {
                return Err(self.invalid("ORDER BY names what SELECT DISTINCT does not list"));
            }
            self.note_doubt(&value);
            parts.order.push(format!("{}{direction}", value.collated()));
            parts
                .order_values
                .push(format!("{}{direction}", value.collated()));
        }
        Ok(())
    }

    /// The entry of the select list that a name in `ORDER BY` means; it goes before the columns of `FROM`.
    fn listed(&self, ident: &Ident, parts: &Parts) -> R<Option<Item>> {
        let mut found: Option<&Item> = None;
        for item in &parts.items {
            let same = item
                .name
                .as_ref()
                .is_some_and(|name| name.eq_ignore_ascii_case(&ident.value));
            match found {
                Some(known) if same && known.value.sql != item.value.sql => {
                    return Err(self
                        .invalid(format!("`{}` is listed more than once", ident.value))
                        .with_hint("write the table before it, or give one another name"));
                }
                _ if same => found = Some(item),
                _ => {}
            }
        }
        Ok(found.cloned())
    }

    /// Puts the parts of a `SELECT` together.
    pub fn assemble(&mut self, parts: Parts) -> R<Answered> {
        let single = parts.top.one
            || (parts.from.is_empty() && parts.grouping.is_empty())
            || (parts.aggregates && parts.grouping.is_empty());
        let columns = (!parts.open).then(|| {
            let column = |item: &Item| Column {
                name: item.name.clone(),
                of: item.value.of,
                doubt: item.value.doubt.clone(),
            };
            parts.items.iter().map(column).collect()
        });
        if parts.top.ties && !parts.top.percent {
            let sql = self.with_ties(&parts)?;
            return Ok(Answered {
                sql,
                columns,
                single,
            });
        }
        if parts.top.ties {
            return Err(self.unsupported("TOP ... PERCENT WITH TIES"));
        }
        let list = match &parts.list {
            Some(list) => list.clone(),
            None => parts
                .items
                .iter()
                .map(written)
                .collect::<Vec<_>>()
                .join(", "),
        };
        let mut sql = body_of(&parts, &list);
        let whole = sql.clone();
        if !parts.order.is_empty() {
            sql.push_str(&format!(" ORDER BY {}", parts.order.join(", ")));
        }
        match &parts.top.rows {
            Some(percent) if parts.top.percent => {
                sql.push_str(&format!(
                    " LIMIT (SELECT tsql_percent(count(*), {percent}) FROM ({whole}))"
                ));
            }
            Some(rows) => sql.push_str(&format!(" LIMIT {rows}")),
            None => {
                sql.push_str(&limits(parts.fetch.as_deref(), parts.offset.as_deref()));
            }
        }
        Ok(Answered {
            sql,
            columns,
            single,
        })
    }

    /// `TOP n WITH TIES`: the rows whose rank is n at most.
    fn with_ties(&mut self, parts: &Parts) -> R<String> {
        if parts.order_values.is_empty() {
            return Err(self.invalid("TOP ... WITH TIES needs an ORDER BY"));
        }
        if parts.distinct {
            return Err(self
                .unsupported("DISTINCT TOP ... WITH TIES")
                .with_hint("put the SELECT DISTINCT into a common table expression"));
        }
        if parts.open {
            return Err(self
                .unsupported("TOP ... WITH TIES of columns that are not known")
                .with_hint("name the columns"));
        }
        let rank = self.fresh("rank");
        let names: Vec<String> = (1..=parts.items.len())
            .map(|n| format!("{rank}_{n}"))
            .collect();
        let mut inner: Vec<String> = parts
            .items
            .iter()
            .zip(&names)
            .map(|(item, name)| format!("{} AS {name}", item.value.sql))
            .collect();
        // A window function does not stand within another's ORDER BY: it is computed one level further in.
        let windows = parts
            .order_values
            .iter()
            .any(|value| value.contains(" OVER ("));
        let mut order = parts.order_values.clone();
        if windows {
            for (at, value) in order.iter_mut().enumerate() {
                let (plain, direction) = match value.strip_suffix(" DESC") {
                    Some(plain) => (plain, " DESC"),
                    None => (value.strip_suffix(" ASC").unwrap_or(value), ""),
                };
                let key = format!("{rank}_k{}", at + 1);
                inner.push(format!("{plain} AS {key}"));
                *value = format!("{key}{direction}");
            }
        }
        let ranked = format!("rank() OVER (ORDER BY {}) AS {rank}", order.join(", "));
        let body = if windows {
            format!(
                "SELECT *, {ranked} FROM ({})",
                body_of(parts, &inner.join(", "))
            )
        } else {
            inner.push(ranked);
            body_of(parts, &inner.join(", "))
        };
        let outer: Vec<String> = parts
            .items
            .iter()
            .zip(&names)
            .map(|(item, name)| match &item.name {
                Some(own) => format!("{name} AS {}", quoted(own)),
                None => name.clone(),
            })
            .collect();
        let rows = parts.top.rows.as_deref().unwrap_or("0");
        Ok(format!(
            "SELECT {} FROM ({body}) WHERE {rank} <= {rows} ORDER BY {rank}",
            outer.join(", ")
        ))
    }
}

/// `SELECT list FROM ...` without order.
pub(super) fn body_of(parts: &Parts, list: &str) -> String {
    let distinct = if parts.distinct { "DISTINCT " } else { "" };
    let mut sql = format!("SELECT {distinct}{list}");
    if !parts.from.is_empty() {
        sql.push_str(&format!(" FROM {}", parts.from));
    }
    if let Some(condition) = &parts.selection {
        sql.push_str(&format!(" WHERE {condition}"));
    }
    if !parts.grouping.is_empty() {
        sql.push_str(&format!(" GROUP BY {}", parts.grouping.join(", ")));
    }
    if let Some(condition) = &parts.having {
        sql.push_str(&format!(" HAVING {condition}"));
    }
    sql
}

fn written(item: &Item) -> String {
    match &item.name {
        Some(name) if item.named || item.value.is_read_as => {
            format!("{} AS {}", item.value.sql, quoted(name))
        }
        _ => item.value.sql.clone(),
    }
}

fn limits(fetch: Option<&str>, offset: Option<&str>) -> String {
    match (fetch, offset) {
        (None, None) => String::new(),
        (Some(fetch), None) => format!(" LIMIT {fetch}"),
        (None, Some(offset)) => format!(" LIMIT -1 OFFSET {offset}"),
        (Some(fetch), Some(offset)) => format!(" LIMIT {fetch} OFFSET {offset}"),
    }
}

fn same_in_recursion(a: Type, b: Type) -> bool {
    let of_no_type = |of: Type| matches!(of, Type::Unknown | Type::Null);
    match (a, b) {
        (a, b) if of_no_type(a) || of_no_type(b) => true,
        (
            Type::Text {
                length: a,
                national: m,
                fixed: f,
            },
            Type::Text {
                length: b,
                national: n,
                fixed: g,
            },
        ) => m == n && f == g && a.zip(b).is_none_or(|(a, b)| a == b),
        (a, b) => a == b,
    }
}

/// Whether it is a `char`, which is filled up with blanks.
fn is_fixed(of: Type) -> bool {
    matches!(of, Type::Text { fixed: true, .. })
}

/// How many sets of groupings one query may have.
const MAX_SETS: usize = 64;

/// The groupings of ROLLUP and CUBE, in the order of the text: `None` for any other expression.
fn set_groups(expr: &Expr) -> Option<(bool, Vec<Vec<Expr>>)> {
    match expr {
        Expr::Rollup(groups) => Some((true, groups.clone())),
        Expr::Cube(groups) => Some((false, groups.clone())),
        Expr::Function(function) => {
            let rollup = match function.name.to_string().to_uppercase().as_str() {
                "ROLLUP" => true,
                "CUBE" => false,
                _ => return None,
            };
            let FunctionArguments::List(list) = &function.args else {
                return None;
            };
            let group = |argument: &FunctionArg| match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Tuple(list))) => {
                    Some(list.clone())
                }
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(vec![expr.clone()]),
                _ => None,
            };
            Some((rollup, list.args.iter().map(group).collect::<Option<_>>()?))
        }
        _ => None,
    }
}

fn has_sets(group_by: &GroupByExpr) -> bool {
    matches!(group_by, GroupByExpr::Expressions(list, modifiers)
        if modifiers.is_empty() && list.iter().any(|expr| set_groups(expr).is_some()))
}

/// Every grouping, and the sets of them that the rows are grouped by.
fn sets_of(group_by: &GroupByExpr) -> (Vec<Expr>, Vec<Vec<usize>>) {
    let GroupByExpr::Expressions(list, _) = group_by else {
        return (Vec::new(), Vec::new());
    };
    let mut all: Vec<Expr> = Vec::new();
    let mut sets: Vec<Vec<usize>> = vec![Vec::new()];
    for expr in list {
        let (rollup, groups) = match set_groups(expr) {
            Some(found) => found,
            None => {
                for set in &mut sets {
                    set.push(all.len());
                }
                all.push(expr.clone());
                continue;
            }
        };
        let mut places: Vec<Vec<usize>> = Vec::new();
        for group in groups {
            places.push((all.len()..all.len() + group.len()).collect());
            all.extend(group);
        }
        let chosen: Vec<Vec<usize>> = if rollup {
            (0..=places.len())
                .rev()
                .map(|n| places[..n].concat())
                .collect()
        } else {
            let most = 1_usize << places.len().min(7);
            let with = |mask: usize| {
                let own = places
                    .iter()
                    .enumerate()
                    .filter(|(at, _)| mask & (1 << at) != 0);
                own.flat_map(|(_, place)| place.clone())
                    .collect::<Vec<usize>>()
            };
            (0..most).rev().map(with).collect()
        };
        // More sets than are taken are refused by whoever asked for them.
        sets = sets
            .iter()
            .flat_map(|set| {
                chosen
                    .iter()
                    .map(|more| [set.clone(), more.clone()].concat())
            })
            .take(MAX_SETS + 1)
            .collect();
    }
    (all, sets)
}

/// An expression without the parentheses around it and the collation that it has anyway.
fn bared(expr: &Expr) -> &Expr {
    match expr {
        Expr::Nested(inner) => bared(inner),
        Expr::Collate { expr, collation } if collation.to_string() == DEFAULT => bared(expr),
        _ => expr,
    }
}

/// The place, from 0, that a number in `ORDER BY` means.
fn ordinal(expr: &Expr) -> Option<usize> {
    match expr {
        Expr::Value(value) => match &value.value {
            Literal::Number(digits, _) => digits.parse::<usize>().ok()?.checked_sub(1),
            _ => None,
        },
        Expr::Nested(inner) => ordinal(inner),
        _ => None,
    }
}

fn text_of(expr: &Expr) -> Option<String> {
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

/// Whether a query names a table without qualifying it.
fn names_table(query: &Query, name: &str) -> bool {
    use std::ops::ControlFlow;
    let found = sqlparser::ast::visit_relations(query, |relation: &ObjectName| {
        let same = relation.0.len() == 1
            && relation
                .0
                .last()
                .and_then(|part| part.as_ident())
                .is_some_and(|ident| ident.value.eq_ignore_ascii_case(name));
        if same {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    found.is_break()
}

/// A name as a text, for a column that stands for one.
pub(super) fn as_text_literal(name: &str) -> Typed {
    Typed::value(Value::Text(name.to_owned()), Type::NVARCHAR)
}
