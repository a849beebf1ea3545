//! Queries: common table expressions, `SELECT`, set operations, order and how many rows.

use sqlparser::ast::{
    BinaryOperator, Distinct, Expr, Ident, ObjectName, OrderByExpr, Select, SelectFlavor,
    SelectItem, SelectItemQualifiedWildcardKind, TopQuantity, WildcardAdditionalOptions,
};

use super::columns::listed;
use super::expr::Typed;
use super::names::quoted;
use super::operators::precedence;
use super::order::ordinal;
use super::query::{Column, Shape, TranslatedQuery, limits, text_of};
use super::state::{Scope, Source};
use super::translator::{R, Translator};
use crate::schema::types::Type;
use crate::sql::functions::Value;
use crate::sql::guard::limits::MAX_LIST;

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
    /// Whether it has a `*` of unknown columns.
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

impl Parts {
    /// The columns; `None` when they are not known.
    pub fn columns(&self) -> Option<Vec<Column>> {
        let column = |item: &Item| Column {
            name: item.name.clone(),
            of: item.value.of,
            doubt: item.value.doubt.clone(),
        };
        (!self.open).then(|| self.items.iter().map(column).collect())
    }
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
    /// Rewrites the parts of a `SELECT`.
    pub fn select(&mut self, select: &Select, order: &[OrderByExpr], shape: Shape<'_>) -> R<Parts> {
        self.select_in(Scope::default(), select, order, shape)
    }

    /// The same in a scope of which something is known before.
    pub fn select_in(
        &mut self,
        scope: Scope,
        select: &Select,
        order: &[OrderByExpr],
        shape: Shape<'_>,
    ) -> R<Parts> {
        self.in_scope(scope, |this| this.select_inside(select, order, shape))
    }

    fn select_inside(
        &mut self,
        select: &Select,
        order: &[OrderByExpr],
        shape: Shape<'_>,
    ) -> R<Parts> {
        self.see(select.select_token.0.span);
        self.refuse_foreign(select)?;
        let mut parts = Parts {
            distinct: match select.distinct {
                None | Some(Distinct::All) => false,
                Some(Distinct::Distinct) => true,
                Some(Distinct::On(_)) => return Err(self.unsupported("DISTINCT ON")),
            },
            ..Parts::default()
        };
        if let Some(top) = &select.top {
            parts.top = self.top(top)?;
        }
        self.scope_mut().no_windows = true;
        self.scope_mut().listed = listed(&select.projection);
        parts.from = self.from(&select.from)?;
        if let Some(condition) = &select.selection {
            let before = self.aggregates();
            parts.selection = Some(self.condition(condition)?.sql);
            if self.aggregates() != before {
                return Err(self
                    .invalid("an aggregate in WHERE")
                    .with_hint("write the condition in HAVING"));
            }
        }
        self.group_by(&select.group_by, &mut parts)?;
        let scope = self.scope_mut();
        scope.no_windows = false;
        // Columns of WHERE and ON need not be grouped.
        scope.ungrouped.clear();
        self.projection(&select.projection, shape, &mut parts)?;
        if let Some(condition) = &select.having {
            self.having(condition, &mut parts)?;
        }
        self.order(order, &mut parts)?;
        parts.aggregates = self.aggregates();
        let grouped = parts.aggregates || !parts.grouping.is_empty() || parts.having.is_some();
        if grouped && let Some((at, name)) = self.scope().ungrouped.first().cloned() {
            self.at = at;
            return Err(self
                .invalid(format!("`{name}` is neither grouped nor in an aggregate"))
                .with_hint("add it to GROUP BY, spelt the same, or take MIN or MAX of it"));
        }
        if grouped && parts.open {
            return Err(self.invalid("`*` cannot be combined with GROUP BY"));
        }
        Ok(parts)
    }

    /// Refuses the clauses that T-SQL has not, or not here.
    fn refuse_foreign(&self, select: &Select) -> R<()> {
        let Select {
            select_token: _,
            optimizer_hints,
            distinct: _,
            select_modifiers,
            top: _,
            top_before_distinct: _,
            projection: _,
            exclude,
            into,
            from: _,
            lateral_views,
            prewhere,
            selection: _,
            connect_by,
            group_by: _,
            cluster_by,
            distribute_by,
            sort_by,
            having: _,
            named_window,
            qualify,
            window_before_qualify: _,
            value_table_mode,
            flavor,
        } = select;
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
            return Err(self.unsupported("WINDOW").with_hint("write the window within OVER (...)"));
        }
        if into.is_some() {
            return Err(self.unsupported("INTO within a query"));
        }
        Ok(())
    }

    fn having(&mut self, condition: &Expr, parts: &mut Parts) -> R<()> {
        self.scope_mut().no_windows = true;
        let listed = self.aggregates();
        parts.having = Some(self.condition(condition)?.sql);
        self.scope_mut().no_windows = false;
        // SQLite takes HAVING without GROUP BY only beside an aggregate.
        if parts.grouping.is_empty() && !listed {
            parts.list = None;
            if let Some(item) = parts.items.first_mut() {
                item.named = item.name.is_some();
                item.value.sql = format!("CASE WHEN count(*) >= 0 THEN {} END", item.value.sql);
                item.value.precedence = precedence::ATOM;
            }
        }
        Ok(())
    }

    pub fn aggregates(&self) -> bool {
        self.scope().aggregates
    }

    pub fn top(&mut self, top: &sqlparser::ast::Top) -> R<Top> {
        let one = matches!(&top.quantity, Some(TopQuantity::Constant(1)))
            || matches!(&top.quantity, Some(TopQuantity::Expr(expr)) if ordinal(expr) == Some(0));
        let rows = match &top.quantity {
            Some(TopQuantity::Constant(n)) => n.to_string(),
            Some(TopQuantity::Expr(expr)) if top.percent => self.value(expr)?.sql,
            Some(TopQuantity::Expr(expr)) => self.rows(expr)?,
            None => return Err(self.invalid("TOP has no row count")),
        };
        Ok(Top {
            rows: Some(rows),
            one: one && !top.with_ties && !top.percent,
            percent: top.percent,
            ties: top.with_ties,
        })
    }

    pub fn projection(
        &mut self,
        projection: &[SelectItem],
        shape: Shape<'_>,
        parts: &mut Parts,
    ) -> R<()> {
        let mut open = false;
        let mut list: Vec<String> = Vec::new();
        for item in projection {
            let (expr, name) = match item {
                SelectItem::UnnamedExpr(Expr::BinaryOp { left, op: BinaryOperator::Eq, right })
                    if text_of(left).is_some() =>
                {
                    (right.as_ref(), text_of(left))
                }
                SelectItem::UnnamedExpr(expr) => (expr, None),
                SelectItem::ExprWithAlias { alias, .. }
                    if alias.value.starts_with('@')
                        && alias.quote_style.is_none()
                        && !shape.assigns =>
                {
                    self.see(alias.span);
                    return Err(self.invalid(
                        "a SELECT that assigns a variable must not be in a UNION or a subquery",
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
            // What stands for a column that is applied has no name of its own.
            let named = name.is_some() || own.is_some() && value.sql.starts_with('(');
            let item = Item { value, name: name.or(own), named };
            list.push(written(&item));
            parts.items.push(item);
            self.at_most(parts.items.len(), MAX_LIST, "columns")?;
        }
        if open {
            if shape.names.is_some() || shape.types.is_some() {
                return Err(self
                    .unsupported("`*` of unknown columns")
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
        self.shape_items(parts, shape)?;
        if let Some(rounds) = shape.rounds {
            self.count_round(rounds, parts)?;
        }
        Ok(())
    }

    /// Gives the columns the names, the types and the collation that the query must have.
    fn shape_items(&mut self, parts: &mut Parts, shape: Shape<'_>) -> R<()> {
        if let Some(names) = shape.names {
            if names.len() != parts.items.len() {
                return Err(self.invalid(format!(
                    "{} names for {} columns",
                    names.len(),
                    parts.items.len()
                )));
            }
            for (item, name) in parts.items.iter_mut().zip(names) {
                item.named = item.name.as_ref() != Some(name) || item.value.sql != quoted(name);
                item.name = Some(name.clone());
            }
        }
        self.give_types(parts, shape)
    }

    /// Gives the columns the types that the query must have, and what is compared as text its collation.
    pub fn give_types(&mut self, parts: &mut Parts, shape: Shape<'_>) -> R<()> {
        for (item, of) in parts.items.iter_mut().zip(shape.types.into_iter().flatten()) {
            let value = self.assigned(item.value.clone(), *of, shape)?;
            if value.sql != item.value.sql {
                item.named |= item.name.is_some();
                parts.list = None;
            }
            item.value = value;
        }
        if shape.collated || parts.distinct {
            for item in &mut parts.items {
                let sql = item.value.collated();
                if sql != item.value.sql && item.value.of.is_collated() {
                    item.named |= item.name.is_some();
                    item.value.sql = sql;
                    item.value.precedence = precedence::COLLATE;
                }
            }
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
        let sources: Vec<Source> = self
            .scope()
            .sources
            .iter()
            .filter(|source| {
                wanted.as_ref().is_none_or(|wanted| source.name.eq_ignore_ascii_case(wanted))
            })
            .cloned()
            .collect();
        if sources.is_empty() {
            return Err(self.invalid(match wanted {
                Some(wanted) => format!("`{wanted}.*` refers to no table of FROM"),
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
            let stored_otherwise = source.stored && !self.given.catalog.canonical_times;
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
        for source in sources {
            for column in source.columns.iter().flatten().filter(|c| !c.hidden) {
                let names = [&source.name, &column.name].map(|name| Ident::new(name.as_str()));
                let value = self.value(&Expr::CompoundIdentifier(names.to_vec()))?;
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

    /// Puts the parts of a `SELECT` together.
    pub fn assemble(&mut self, parts: Parts) -> R<TranslatedQuery> {
        let single = parts.top.one
            || (parts.from.is_empty() && parts.grouping.is_empty())
            || (parts.aggregates && parts.grouping.is_empty());
        let columns = parts.columns();
        if parts.top.ties && !parts.top.percent {
            let sql = self.with_ties(&parts)?;
            return Ok(TranslatedQuery { sql, columns, single });
        }
        if parts.top.ties {
            return Err(self.unsupported("TOP ... PERCENT WITH TIES"));
        }
        let list = match &parts.list {
            Some(list) => list.clone(),
            None => parts.items.iter().map(written).collect::<Vec<_>>().join(", "),
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
        Ok(TranslatedQuery { sql, columns, single })
    }

    /// `TOP n WITH TIES`: the rows whose rank is n at most.
    pub fn with_ties(&mut self, parts: &Parts) -> R<String> {
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
                .unsupported("TOP ... WITH TIES of unknown columns")
                .with_hint("name the columns"));
        }
        let rank = self.fresh("rank");
        let names: Vec<String> = (1..=parts.items.len()).map(|n| format!("{rank}_{n}")).collect();
        let mut inner: Vec<String> = parts
            .items
            .iter()
            .zip(&names)
            .map(|(item, name)| format!("{} AS {name}", item.value.sql))
            .collect();
        // A window function does not stand within another's ORDER BY: it is computed one level further in.
        let windows = parts.order_values.iter().any(|value| value.contains(" OVER ("));
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
            format!("SELECT *, {ranked} FROM ({})", body_of(parts, &inner.join(", ")))
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

pub(super) fn written(item: &Item) -> String {
    match &item.name {
        Some(name) if item.named || item.value.is_read_as => {
            format!("{} AS {}", item.value.sql, quoted(name))
        }
        _ => item.value.sql.clone(),
    }
}

/// A name as a text, for a column that stands for one.
pub(super) fn as_text_literal(name: &str) -> Typed {
    Typed::value(Value::Text(name.to_owned()), Type::NVARCHAR)
}
