//! `FROM`: tables and their names, derived tables, joins, `PIVOT`.

use std::collections::BTreeSet;

use sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, Join, JoinConstraint, JoinOperator, ObjectName,
    PivotValueSource, Query, TableAlias, TableFactor, TableFunctionArgs, TableWithJoins,
};

use super::TsqlError;
use super::expr::{short, span_of};
use super::names::quoted;
use super::query::Shape;
use super::state::{Source, SourceColumn};
use super::system_views::is_system_schema;
use super::table_functions::list_function;
use super::translator::{R, Translator};
use crate::diagnostic::did_you_mean;
use crate::schema::types::Type;
use crate::sql::guard::limits::{MAX_SOURCES, NODE_STEPS};

/// Hints that say how to read, lock or plan, and nothing about what the answer is.
const HINTS: [&str; 22] = [
    "forcescan",
    "forceseek",
    "fastfirstrow",
    "holdlock",
    "index",
    "keepidentity",
    "noexpand",
    "nolock",
    "nowait",
    "paglock",
    "readcommitted",
    "readcommittedlock",
    "readpast",
    "readuncommitted",
    "repeatableread",
    "rowlock",
    "serializable",
    "snapshot",
    "tablock",
    "tablockx",
    "updlock",
    "xlock",
];

impl Translator<'_> {
    pub fn from(&mut self, from: &[TableWithJoins]) -> R<String> {
        let mut written = Vec::new();
        for (at, item) in from.iter().enumerate() {
            let first = self.scope().sources.len();
            let sql = self.joined(item, first)?;
            // A comma binds less than a join in T-SQL and as much in SQLite, which shows in outer joins that keep
            // the rows of their right side.
            let keeps_right = item.joins.iter().any(|join| {
                matches!(
                    join.join_operator,
                    JoinOperator::Right(_)
                        | JoinOperator::RightOuter(_)
                        | JoinOperator::FullOuter(_)
                )
            });
            written.push(if at > 0 && keeps_right { format!("({sql})") } else { sql });
        }
        self.scope_mut().from = 0;
        Ok(written.join(", "))
    }

    /// What is said of a function in FROM.
    fn table_function(&self, name: &ObjectName) -> TsqlError {
        let error = self.unsupported(format!("{name}(...)"));
        match name.to_string().to_lowercase().as_str() {
            "openquery" | "openrowset" | "opendatasource" => {
                error.with_hint("import its rows, and name the table that they are in")
            }
            _ => error,
        }
    }

    fn joined(&mut self, item: &TableWithJoins, first: usize) -> R<String> {
        let mut sql = self.factor(&item.relation)?;
        for join in &item.joins {
            let Join { relation, global: false, join_operator } = join else {
                return Err(self.unsupported("GLOBAL JOIN"));
            };
            let (word, constraint) = match join_operator {
                JoinOperator::Join(on) | JoinOperator::Inner(on) => ("JOIN", on),
                JoinOperator::Left(on) | JoinOperator::LeftOuter(on) => ("LEFT JOIN", on),
                JoinOperator::Right(on) | JoinOperator::RightOuter(on) => ("RIGHT JOIN", on),
                JoinOperator::FullOuter(on) => ("FULL JOIN", on),
                JoinOperator::CrossJoin(JoinConstraint::None) => {
                    let right = self.factor(relation)?;
                    sql.push_str(&format!(" CROSS JOIN {right}"));
                    continue;
                }
                JoinOperator::CrossApply => {
                    sql.push_str(&self.apply(relation, false)?);
                    continue;
                }
                JoinOperator::OuterApply => {
                    sql.push_str(&self.apply(relation, true)?);
                    continue;
                }
                other => {
                    let what = short(&format!("{other:?}"));
                    let what = what.split('(').next().unwrap_or("join").to_owned();
                    return Err(self.unsupported(what));
                }
            };
            let right = self.factor(relation)?;
            let JoinConstraint::On(condition) = constraint else {
                return Err(self
                    .invalid("a join without ON")
                    .with_hint("T-SQL joins ON a condition; CROSS JOIN takes every pair"));
            };
            // Only the tables of this chain of joins can be seen in its conditions.
            self.scope_mut().from = first;
            let condition = self.condition(condition)?;
            self.scope_mut().from = 0;
            sql.push_str(&format!(" {word} {right} ON {}", condition.sql));
        }
        Ok(sql)
    }

    pub fn add_source(&mut self, source: Source) -> R<()> {
        let known = self.scope().sources.len();
        self.at_most(known + 1, MAX_SOURCES, "tables in one FROM")?;
        self.spend(known + NODE_STEPS * source.columns.as_ref().map_or(0, Vec::len))?;
        let same = |known: &Source| known.name.eq_ignore_ascii_case(&source.name);
        if self.scope().sources.iter().any(same) {
            return Err(self
                .invalid(format!("two tables of FROM are called `{}`", source.name))
                .with_hint("give one of them another name: table AS name"));
        }
        self.scope_mut().sources.push(source);
        Ok(())
    }

    pub fn factor(&mut self, factor: &TableFactor) -> R<String> {
        match factor {
            TableFactor::Table {
                name,
                alias,
                args,
                with_hints,
                version,
                with_ordinality: false,
                partitions,
                json_path: None,
                sample: None,
                index_hints,
            } if partitions.is_empty() && index_hints.is_empty() => {
                self.see(span_of(name));
                if version.is_some() {
                    return Err(self.unsupported("FOR SYSTEM_TIME").with_hint(
                        "the import database holds one state; --after SCENARIO/STEP queries another",
                    ));
                }
                self.hints(with_hints)?;
                self.named(name, args.as_ref(), alias.as_ref())
            }
            TableFactor::Table { name, .. } => {
                self.see(span_of(name));
                Err(self.unsupported("TABLESAMPLE or a partition"))
            }
            TableFactor::Derived { lateral: false, subquery, alias, sample: None } => {
                self.derived(subquery, alias.as_ref())
            }
            TableFactor::NestedJoin { table_with_joins, alias: None } => {
                let first = self.scope().sources.len();
                Ok(format!("({})", self.joined(table_with_joins, first)?))
            }
            TableFactor::Pivot {
                table,
                aggregate_functions,
                value_column,
                value_source: PivotValueSource::List(values),
                default_on_null: None,
                alias: Some(alias),
            } => self.reshaped(alias, |this| {
                this.pivoted(table, aggregate_functions, value_column, values)
            }),
            TableFactor::Pivot { .. } => Err(self.unsupported("PIVOT")),
            TableFactor::Unpivot {
                table,
                value: Expr::Identifier(value),
                name,
                columns,
                null_inclusion: None,
                alias: Some(alias),
            } => self.reshaped(alias, |this| this.unpivoted(table, value, name, columns)),
            TableFactor::Unpivot { name, .. } => {
                self.see(name.span);
                Err(self
                    .unsupported("UNPIVOT of such columns")
                    .with_hint("supported: UNPIVOT (value FOR name IN (column, ...)) AS table"))
            }
            TableFactor::OpenJsonTable { .. } => {
                let listed = self.outside(|this| this.open_json(factor))?;
                self.json_table(listed)
            }
            TableFactor::Function { name, .. } => {
                self.see(span_of(name));
                Err(self.table_function(name))
            }
            other => {
                let text = other.to_string();
                let word = text.split(['(', ' ']).next().unwrap_or("").to_owned();
                Err(self.unsupported(word))
            }
        }
    }

    /// A table by its name, or a function that gives one.
    fn named(
        &mut self,
        name: &ObjectName,
        args: Option<&TableFunctionArgs>,
        alias: Option<&TableAlias>,
    ) -> R<String> {
        if let Some((args, function)) = args.zip(list_function(name)) {
            let split = self.outside(|this| this.split_of(function, &args.args))?;
            return self.string_split(split, alias);
        }
        if let Some(args) = args {
            // The old way to write hints, without WITH.
            let hints = args.args.iter().map(hint_argument).collect::<Option<Vec<_>>>();
            match hints {
                Some(hints) if args.settings.is_none() && known_hints(&hints) => {}
                _ => return Err(self.table_function(name)),
            }
        }
        self.table(name, alias)
    }

    fn derived(&mut self, subquery: &Query, alias: Option<&TableAlias>) -> R<String> {
        let Some(alias) = alias else {
            return Err(self
                .invalid("a derived table has no name")
                .with_hint("give it one: (SELECT ...) AS name"));
        };
        self.see(alias.name.span);
        let names = self.alias_columns(alias)?;
        let shape = Shape { names: names.as_deref(), ..Shape::default() };
        let answer = self.outside(|this| this.inner_query(subquery, shape))?;
        self.see(alias.name.span);
        let columns = self.columns_of_derived(&alias.name.value, answer.columns)?;
        self.add_source(Source {
            name: alias.name.value.clone(),
            emitted: None,
            columns,
            stored: false,
        })?;
        Ok(format!("({}) AS {}", answer.sql, quoted(&alias.name.value)))
    }

    pub fn alias_columns(&mut self, alias: &TableAlias) -> R<Option<Vec<String>>> {
        if alias.at.is_some() || alias.columns.iter().any(|column| column.data_type.is_some()) {
            return Err(self.unsupported("types in a list of column names"));
        }
        let names: Vec<String> =
            alias.columns.iter().map(|column| column.name.value.clone()).collect();
        Ok((!names.is_empty()).then_some(names))
    }

    pub fn columns_of_derived(
        &self,
        name: &str,
        columns: Option<Vec<super::query::Column>>,
    ) -> R<Option<Vec<SourceColumn>>> {
        let Some(columns) = columns else {
            return Ok(None);
        };
        let mut seen = BTreeSet::new();
        let mut known = Vec::new();
        for (at, column) in columns.into_iter().enumerate() {
            let Some(own) = column.name.filter(|own| !own.is_empty()) else {
                return Err(self
                    .invalid(format!("column {} of `{name}` has no name", at + 1))
                    .with_hint("give it one: expression AS name"));
            };
            if !seen.insert(own.to_lowercase()) {
                return Err(self.twice(name, &own));
            }
            known.push(SourceColumn { doubt: column.doubt, ..SourceColumn::plain(own, column.of) });
        }
        Ok(Some(known))
    }

    /// The error for a column that a table would have twice.
    pub fn twice(&self, table: &str, column: &str) -> TsqlError {
        self.invalid(format!("two columns of `{table}` are called `{column}`"))
            .with_hint("name the columns instead of *, or give one another name")
    }

    fn hints(&mut self, hints: &[Expr]) -> R<()> {
        let names: Vec<String> = hints
            .iter()
            .map(|hint| match hint {
                Expr::Identifier(ident) => ident.value.clone(),
                Expr::Function(function) => function.name.to_string(),
                // `INDEX = name` and `FORCESEEK (name (column))`.
                other => other.to_string().split(['(', ' ', '=']).next().unwrap_or("").to_owned(),
            })
            .collect();
        match names.iter().find(|name| !known_hints(std::slice::from_ref(name))) {
            None => Ok(()),
            Some(name) => Err(self.unsupported(format!("WITH ({name})"))),
        }
    }

    /// A table by its name, whose qualifiers say nothing that the import database does not.
    fn table(&mut self, name: &ObjectName, alias: Option<&TableAlias>) -> R<String> {
        let mut parts = Vec::new();
        for part in &name.0 {
            match part.as_ident() {
                Some(ident) => parts.push(ident.clone()),
                None => return Err(self.unsupported(name.to_string())),
            }
        }
        let Some((own, qualifiers)) = parts.split_last() else {
            return Err(self.invalid("a table has no name"));
        };
        let temporary = Self::temporary_name(name);
        if temporary.is_none() {
            let system = qualifiers.last().filter(|schema| is_system_schema(&schema.value));
            if let Some(schema) = system {
                if let [database, _] = qualifiers {
                    self.name_database(&database.value)?;
                }
                let called = alias.map_or(&own.value, |alias| &alias.name.value);
                return self.system_view(&schema.value, &own.value, called);
            }
            match qualifiers {
                [] => {}
                [schema] => self.name_schema(&schema.value)?,
                [database, schema] => {
                    self.name_database(&database.value)?;
                    if !schema.value.is_empty() {
                        self.name_schema(&schema.value)?;
                    }
                }
                _ => {
                    return Err(self.unsupported("a linked server").with_hint(
                        "load its rows into the import database; this one holds the tables of one database",
                    ));
                }
            }
        }
        if let Some(alias) = alias
            && !alias.columns.is_empty()
            // The old way to write hints, without WITH.
            && !known_hints(&alias.columns.iter().map(|c| c.name.value.clone()).collect::<Vec<_>>())
        {
            return Err(self
                .unsupported("names for the columns of a table")
                .with_hint("name them in a derived table: (SELECT a AS b FROM t) AS name"));
        }
        let can_be_hidden = temporary.is_none() && !qualifiers.is_empty();
        let (columns, stored) = self.known_table(&own.value, temporary, qualifiers.is_empty())?;
        // What WITH calls by the table's name is meant only where the name stands alone.
        let hidden = can_be_hidden && self.names.in_with.contains(&own.value.to_lowercase());
        let table = format!("{}{}", if hidden { "main." } else { "" }, quoted(&own.value));
        let lifted = self.scope_mut().lift.take();
        let source = Source {
            name: alias.map_or_else(|| own.value.clone(), |alias| alias.name.value.clone()),
            emitted: lifted.clone(),
            columns,
            stored,
        };
        self.add_source(source)?;
        if let Some(lifted) = lifted {
            return Ok(format!("{table} AS {lifted}"));
        }
        Ok(match alias {
            Some(alias) => format!("{table} AS {}", quoted(&alias.name.value)),
            None => table,
        })
    }

    /// The columns of a table of WITH.
    pub fn cte(&self, name: &str) -> Option<&Vec<SourceColumn>> {
        let lower = name.to_lowercase();
        let innermost = self.names.ctes.iter().rev();
        innermost.filter_map(|known| known.get(&lower)).next()
    }

    fn known_table(
        &mut self,
        name: &str,
        temporary: Option<String>,
        unqualified: bool,
    ) -> R<(Option<Vec<SourceColumn>>, bool)> {
        let plain = |columns: &[(String, Type)]| {
            columns
                .iter()
                .map(|(name, of)| SourceColumn::plain(name.clone(), *of))
                .collect::<Vec<_>>()
        };
        if let Some(own) = temporary {
            return match self.session.temporary.get(&own) {
                Some(table) => {
                    let mut columns = table.columns.as_deref().map(plain);
                    if let (Some(columns), Some(row)) = (&mut columns, self.session.row) {
                        let mut row = SourceColumn::plain(row.to_owned(), Type::BigInt);
                        row.hidden = true;
                        columns.push(row);
                    }
                    Ok((columns, false))
                }
                None => Err(self.invalid(format!("there is no table `{own}`")).with_hint(
                    "a temporary table is made by SELECT ... INTO or CREATE TABLE in the same text",
                )),
            };
        }
        if let Some(columns) = self.cte(name).filter(|_| unqualified) {
            return Ok((Some(columns.clone()), false));
        }
        match self.given.catalog.table(name) {
            Some(table) => {
                let mut columns = table.columns.as_deref().map(plain);
                for column in columns.iter_mut().flatten() {
                    column.hidden = table.hidden.contains(&column.name);
                    if let Some(inferred) = table.inferred.get(&column.name) {
                        column.read_as.clone_from(&inferred.read_as);
                        column.doubt.clone_from(&inferred.doubt);
                    }
                }
                Ok((columns, true))
            }
            None if self.given.catalog.open => Ok((None, true)),
            None => {
                let error = self.invalid(format!("there is no table `{name}`"));
                Err(match did_you_mean(name, self.given.catalog.names()) {
                    Some(meant) => error.with_hint(format!("did you mean `{meant}`?")),
                    None => error.with_hint(
                        "SELECT TABLE_NAME FROM INFORMATION_SCHEMA.TABLES lists the tables",
                    ),
                })
            }
        }
    }
}

fn known_hints(names: &[String]) -> bool {
    !names.is_empty() && names.iter().all(|name| HINTS.contains(&name.to_lowercase().as_str()))
}

fn hint_argument(argument: &FunctionArg) -> Option<String> {
    match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Identifier(ident))) => {
            Some(ident.value.clone())
        }
        FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Function(function))) => {
            Some(function.name.to_string())
        }
        _ => None,
    }
}
