//! What FROM has at a place, and the columns of a query over it.

use std::ops::ControlFlow;

use sqlparser::ast::{
    BinaryOperator, Cte, Expr, ExprWithAlias, FunctionArg, FunctionArgExpr, JoinConstraint,
    JoinOperator, PivotValueSource, Query, Select, SelectItem, SelectItemQualifiedWildcardKind,
    SetExpr, TableAlias, TableFactor, TableWithJoins, Visit, visit_expressions, visit_relations,
};

use super::{Author, ColumnNames, Computed, ComputedColumns, last_of, many};

/// A table or a query in FROM.
#[derive(Debug, Clone, Default)]
pub(super) struct Source {
    name: String,
    /// The columns that `*` stands for.
    shown: ComputedColumns,
    /// The columns that can be named.
    pub known: ComputedColumns,
}

impl Source {
    pub fn new(name: &str, columns: ComputedColumns) -> Self {
        Self { name: name.to_owned(), shown: columns.clone(), known: columns }
    }

    /// The same under an alias, which may name its columns.
    fn renamed(mut self, alias: Option<&TableAlias>) -> Self {
        let Some(alias) = alias else {
            return self;
        };
        self.name.clone_from(&alias.name.value);
        if !alias.columns.is_empty() {
            self.known = renamed(self.shown, alias);
            self.shown = self.known.clone();
        }
        self
    }
}

/// What any of some columns comes from.
pub(super) fn all(columns: &[Computed]) -> ColumnNames {
    columns.iter().flat_map(|column| column.from.iter().cloned()).collect()
}

impl Author {
    pub(super) fn query(&mut self, query: &Query) -> ComputedColumns {
        let before = self.with(query);
        let columns = self.body(&query.body);
        self.ctes.truncate(before);
        match query.for_clause {
            // One text holds them all.
            Some(_) => vec![Computed { from: all(&columns), ..Computed::default() }],
            None => columns,
        }
    }

    /// Adds the queries that WITH names; gives how many there were.
    pub(super) fn with(&mut self, query: &Query) -> usize {
        let before = self.ctes.len();
        for table in query.with.iter().flat_map(|with| &with.cte_tables) {
            let name = table.alias.name.value.clone();
            self.ctes.push((name, many(ColumnNames::new())));
            let at = self.ctes.len() - 1;
            let columns = match first_member(&table.query) {
                Some(first) if names(&table.query, &table.alias.name.value) => {
                    let first = self.body(first);
                    self.recursive(at, first, table)
                }
                _ => self.query(&table.query),
            };
            self.ctes[at].1 = renamed(columns, &table.alias);
        }
        before
    }

    /// The columns of a query that reads itself: those of its first member, and what they get in any round.
    fn recursive(&mut self, at: usize, first: ComputedColumns, table: &Cte) -> ComputedColumns {
        let mut columns = first;
        while self.may_repeat() {
            self.ctes[at].1 = renamed(columns.clone(), &table.alias);
            let next = self.query(&table.query);
            let next = united(columns.clone(), next);
            if next == columns {
                break;
            }
            columns = next;
        }
        columns
    }

    fn body(&mut self, body: &SetExpr) -> ComputedColumns {
        match body {
            SetExpr::Select(select) => self.select(select),
            SetExpr::Query(query) => self.query(query),
            SetExpr::SetOperation { left, right, .. } => {
                let left = self.body(left);
                united(left, self.body(right))
            }
            SetExpr::Values(values) => {
                let mut columns: Option<ComputedColumns> = None;
                for row in &values.rows {
                    let row = row.content.iter().map(|value| self.value(value)).collect();
                    columns = Some(match columns {
                        Some(columns) => united(columns, row),
                        None => row,
                    });
                }
                columns.unwrap_or_default()
            }
            _ => many(ColumnNames::new()),
        }
    }

    fn select(&mut self, select: &Select) -> ComputedColumns {
        let sources = self.from(&select.from);
        self.scopes.push(sources);
        let items = select.projection.iter();
        let columns = items.flat_map(|item| self.item(item)).collect();
        self.scopes.pop();
        columns
    }

    /// What FROM has. What is applied sees what stands before it.
    pub(super) fn from(&mut self, from: &[TableWithJoins]) -> Vec<Source> {
        self.scopes.push(Vec::new());
        for item in from {
            self.joined(item);
        }
        let mut sources = self.scopes.pop().unwrap_or_default();
        let joins = from.iter().flat_map(|item| &item.joins);
        if joins.clone().any(|join| !is_plain(&join.join_operator)) {
            // One column stands for those of both sides.
            for source in &mut sources {
                let columns = many(all(&source.known));
                source.known.extend(columns.iter().cloned());
                source.shown = columns;
            }
        }
        sources
    }

    fn joined(&mut self, item: &TableWithJoins) {
        let joins = item.joins.iter().map(|join| &join.relation);
        for factor in std::iter::once(&item.relation).chain(joins) {
            if let TableFactor::NestedJoin { table_with_joins, alias: None } = factor {
                self.joined(table_with_joins);
                continue;
            }
            let source = self.source(factor);
            if let Some(scope) = self.scopes.last_mut() {
                scope.push(source);
            }
        }
    }

    /// The columns of a temporary table or of a query that WITH names; unknown ones of another table.
    pub(super) fn named(&self, name: &str) -> ComputedColumns {
        let is_it = |(cte, _): &&(String, ComputedColumns)| cte.eq_ignore_ascii_case(name);
        let found = self.ctes.iter().rev().find(is_it);
        let found = found.map(|(_, columns)| columns.clone());
        let found = found.or_else(|| self.tables.get(&name.to_lowercase()).cloned());
        found.unwrap_or_else(|| many(ColumnNames::new()))
    }

    fn source(&mut self, factor: &TableFactor) -> Source {
        match factor {
            TableFactor::Table { name, alias, args: None, .. } => {
                let own = last_of(name);
                let is_qualified = name.0.len() > 1 && !own.starts_with('#');
                let columns = match is_qualified {
                    true => many(ColumnNames::new()),
                    false => self.named(&own),
                };
                Source::new(&own, columns).renamed(alias.as_ref())
            }
            TableFactor::Derived { subquery, alias, .. } => {
                Source::new("", self.query(subquery)).renamed(alias.as_ref())
            }
            TableFactor::Pivot { .. } | TableFactor::Unpivot { .. } => self.turned(factor),
            TableFactor::Table { name, alias, .. } => {
                let columns = many(self.mentioned(factor));
                Source::new(&last_of(name), columns).renamed(alias.as_ref())
            }
            TableFactor::OpenJsonTable { alias, .. }
            | TableFactor::TableFunction { alias, .. }
            | TableFactor::Function { alias, .. }
            | TableFactor::UNNEST { alias, .. }
            | TableFactor::NestedJoin { alias, .. } => {
                let columns = many(self.mentioned(factor));
                Source::new("", columns).renamed(alias.as_ref())
            }
            _ => Source::new("", many(self.mentioned(factor))),
        }
    }

    /// What PIVOT or UNPIVOT makes of a table.
    fn turned(&mut self, factor: &TableFactor) -> Source {
        let (TableFactor::Pivot { table, alias, .. } | TableFactor::Unpivot { table, alias, .. }) =
            factor
        else {
            return Source::default();
        };
        let inner = self.source(table);
        let from_of = |this: &mut Self, values: &[ExprWithAlias]| -> ColumnNames {
            this.scopes.push(vec![inner.clone()]);
            let from = values.iter().flat_map(|one| this.value(&one.expr).from);
            let from = from.collect();
            this.scopes.pop();
            from
        };
        let column = |name: String, from: &ColumnNames| Computed {
            name,
            from: from.clone(),
            ..Computed::default()
        };
        let made: ComputedColumns = match factor {
            TableFactor::Pivot {
                aggregate_functions,
                value_source: PivotValueSource::List(list),
                ..
            } => {
                let from = from_of(self, aggregate_functions);
                let headings = list.iter().map(|one| match (&one.alias, &one.expr) {
                    (Some(alias), _) | (None, Expr::Identifier(alias)) => alias.value.clone(),
                    (None, expr) => expr.to_string(),
                });
                headings.map(|name| column(name, &from)).collect()
            }
            TableFactor::Unpivot { value, name, columns, .. } => {
                let from = from_of(self, columns);
                let value = value.to_string().trim_matches(['[', ']', '"']).to_owned();
                vec![column(value, &from), column(name.value.clone(), &ColumnNames::new())]
            }
            _ => many(self.mentioned(factor)),
        };
        let mut shown = many(all(&inner.known));
        match factor {
            TableFactor::Pivot { .. } => shown.extend(made.iter().cloned()),
            _ => shown[0].from.extend(all(&made)),
        }
        let mut known = made;
        known.extend(inner.known);
        Source { name: inner.name, shown, known }.renamed(alias.as_ref())
    }

    /// What all columns that something names come from.
    pub(super) fn mentioned(&self, part: &impl Visit) -> ColumnNames {
        let mut from = ColumnNames::new();
        let _ = visit_expressions(part, |expr| {
            match expr {
                Expr::Identifier(name) => from.extend(self.origins(None, &name.value)),
                Expr::CompoundIdentifier(parts) => {
                    if let [.., table, name] = parts.as_slice() {
                        from.extend(self.origins(Some(&table.value), &name.value));
                    }
                }
                _ => {}
            }
            ControlFlow::<()>::Continue(())
        });
        from
    }

    pub(super) fn item(&mut self, item: &SelectItem) -> ComputedColumns {
        let (expr, name) = match item {
            SelectItem::ExprWithAlias { expr, alias } => (expr, alias.value.clone()),
            // T-SQL's `name = expression`.
            SelectItem::UnnamedExpr(Expr::BinaryOp { left, op: BinaryOperator::Eq, right })
                if let Some(name) = heading(left) =>
            {
                (&**right, name)
            }
            SelectItem::UnnamedExpr(expr) => {
                let name = match expr {
                    Expr::Identifier(name) => name.value.clone(),
                    Expr::CompoundIdentifier(parts) => {
                        parts.last().map_or_else(String::new, |last| last.value.clone())
                    }
                    _ => String::new(),
                };
                (expr, name)
            }
            SelectItem::Wildcard(_) => return self.shown_of(|_| true),
            SelectItem::QualifiedWildcard(
                SelectItemQualifiedWildcardKind::ObjectName(table),
                _,
            ) => {
                let table = last_of(table);
                return self.shown_of(|name| name.eq_ignore_ascii_case(&table));
            }
            other => return many(self.mentioned(other)),
        };
        vec![Computed {
            name: name.trim_matches(['[', ']', '"', '`']).to_owned(),
            ..self.value(expr)
        }]
    }

    fn shown_of(&self, is_meant: impl Fn(&str) -> bool) -> ComputedColumns {
        let scope = self.scopes.last().into_iter().flatten();
        let meant = scope.filter(|source| is_meant(&source.name));
        meant.flat_map(|source| source.shown.iter().cloned()).collect()
    }

    /// The columns of this name in the nearest FROM that has one. Those that are `many` may be it.
    pub(super) fn found(&self, qualifier: Option<&str>, name: &str) -> Vec<&Computed> {
        for scope in self.scopes.iter().rev() {
            let sources = scope.iter().filter(|source| {
                qualifier.is_none_or(|qualifier| source.name.eq_ignore_ascii_case(qualifier))
            });
            let columns = sources.flat_map(|source| {
                let is_it = |column: &&Computed| column.name.eq_ignore_ascii_case(name);
                let own = source.known.iter().filter(|column| !column.is_many).filter(is_it);
                let own: Vec<&Computed> = own.collect();
                let open = source.known.iter().filter(|column| column.is_many);
                match own.is_empty() {
                    true => open.collect(),
                    false => own,
                }
            });
            let found: Vec<&Computed> = columns.collect();
            let known: Vec<&Computed> = found.iter().copied().filter(|one| !one.is_many).collect();
            match (known.is_empty(), found.is_empty()) {
                (false, _) => return known,
                (true, false) => return found,
                (true, true) => {}
            }
        }
        Vec::new()
    }

    /// What a column comes from: itself, where it is a table's.
    pub(super) fn origins(&self, qualifier: Option<&str>, name: &str) -> ColumnNames {
        if name.starts_with('@') {
            return self.variables.get(&name.to_lowercase()).cloned().unwrap_or_default();
        }
        let found = self.found(qualifier, name);
        let mut from: ColumnNames = found.iter().flat_map(|one| one.from.iter().cloned()).collect();
        if found.iter().all(|one| one.is_many) {
            from.insert(name.to_lowercase());
        }
        from
    }

    /// What an argument of a function comes from.
    pub(super) fn argument(&mut self, argument: &FunctionArg) -> Option<Computed> {
        let (FunctionArg::Named { arg, .. }
        | FunctionArg::ExprNamed { arg, .. }
        | FunctionArg::Unnamed(arg)) = argument;
        match arg {
            FunctionArgExpr::Expr(expr) => Some(self.value(expr)),
            _ => None,
        }
    }
}

/// The heading that `left = expression` gives in a select list.
fn heading(left: &Expr) -> Option<String> {
    match left {
        Expr::Identifier(name) => Some(name.value.clone()),
        Expr::Value(value) => value.value.clone().into_string(),
        _ => None,
    }
}

/// The member of a set operation that is read first.
fn first_member(query: &Query) -> Option<&SetExpr> {
    let mut body = query.body.as_ref();
    let mut is_one_of_several = false;
    loop {
        body = match body {
            SetExpr::SetOperation { left, .. } => {
                is_one_of_several = true;
                left
            }
            SetExpr::Query(query) if query.with.is_none() => &query.body,
            _ => return is_one_of_several.then_some(body),
        };
    }
}

/// Whether a query reads a table of this name.
fn names(query: &Query, table: &str) -> bool {
    let found = visit_relations(query, |name| match last_of(name).eq_ignore_ascii_case(table) {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    });
    found.is_break()
}

/// The columns of two members of a set operation, or of two rows.
fn united(left: ComputedColumns, right: ComputedColumns) -> ComputedColumns {
    let is_open = |columns: &ComputedColumns| columns.iter().any(|column| column.is_many);
    if left.len() != right.len() || is_open(&left) || is_open(&right) {
        let mut from = all(&left);
        from.extend(all(&right));
        // What they come from beside their own names is known of columns that have one.
        let named = left.iter().chain(&right).filter(|column| !column.is_many);
        from.extend(named.map(|column| column.name.to_lowercase()));
        return many(from);
    }
    let both = left.into_iter().zip(right).map(|(left, right)| Computed {
        is_computed: left.is_computed && right.is_computed,
        from: left.from.into_iter().chain(right.from).collect(),
        ..left
    });
    both.collect()
}

/// The columns under the names that an alias gives them.
fn renamed(mut columns: ComputedColumns, alias: &TableAlias) -> ComputedColumns {
    if alias.columns.is_empty() {
        return columns;
    }
    let names = alias.columns.iter().map(|column| column.name.value.clone());
    if columns.len() != alias.columns.len() || columns.iter().any(|column| column.is_many) {
        let from = all(&columns);
        let named = names.map(|name| Computed { name, from: from.clone(), ..Computed::default() });
        return named.collect();
    }
    for (column, name) in columns.iter_mut().zip(names) {
        column.name = name;
    }
    columns
}

/// Whether the columns of both sides of a join stay apart.
fn is_plain(join: &JoinOperator) -> bool {
    match join {
        JoinOperator::Join(on)
        | JoinOperator::Inner(on)
        | JoinOperator::Left(on)
        | JoinOperator::LeftOuter(on)
        | JoinOperator::Right(on)
        | JoinOperator::RightOuter(on)
        | JoinOperator::FullOuter(on)
        | JoinOperator::CrossJoin(on) => {
            matches!(on, JoinConstraint::On(_) | JoinConstraint::None)
        }
        JoinOperator::CrossApply | JoinOperator::OuterApply => true,
        _ => false,
    }
}
