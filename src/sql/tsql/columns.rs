//! Names of columns and variables, and what they mean.

use sqlparser::ast::{BinaryOperator, Expr, Ident, SelectItem};

use super::expr::Typed;
use super::names::quoted;
use super::state::{Scope, Source};
use super::translator::{R, Translator};
use crate::diagnostic::did_you_mean;
use crate::schema::types::Type;
use crate::sql::functions::Value;
use crate::sql::functions::table::SERVER;

impl Translator<'_> {
    pub fn identifier(&mut self, ident: &Ident) -> R<Typed> {
        self.see(ident.span);
        if ident.quote_style.is_none() {
            if ident.value.eq_ignore_ascii_case("@@datefirst") {
                let day = Value::Integer(i64::from(self.session.first_day));
                return Ok(Typed::value(day, Type::TinyInt));
            }
            if ident.value.starts_with("@@") {
                return self.global(&ident.value);
            }
            if let Some(name) = ident.value.strip_prefix('@') {
                let name = name.to_lowercase();
                let of = self.variable(&name)?;
                self.met.variables.insert(name.clone());
                return Ok(Typed::plain(format!("@{name}"), of));
            }
            if ident.value.starts_with('$') {
                return Err(self.unsupported(ident.value.clone()));
            }
        }
        self.column(std::slice::from_ref(ident))
    }

    /// What SQL Server tells of itself and of the statement before.
    fn global(&mut self, name: &str) -> R<Typed> {
        match name.to_lowercase().as_str() {
            "@@rowcount" if self.session.counts_rows => {
                self.met.row_count = true;
                Ok(Typed::plain(format!("@{}", super::ROWCOUNT), Type::Int))
            }
            "@@rowcount" => Err(self.unsupported("@@ROWCOUNT in this position").with_hint(
                "it is read in the statement after a SELECT, INSERT, UPDATE or DELETE; SET @rows = @@ROWCOUNT keeps it",
            )),
            // What fails ends the text, and none of it is in a transaction.
            "@@error" | "@@trancount" => Ok(Typed::value(Value::Integer(0), Type::Int)),
            "@@fetch_status" | "@@cursor_rows" => {
                Err(self.unsupported(name).with_hint(super::reader::CURSORS))
            }
            "@@identity" => Err(self
                .unsupported(name)
                .with_hint("SELECT MAX(column) gives the number of the newest row")),
            _ => Err(self.unsupported(name).with_hint(SERVER)),
        }
    }

    /// A column by its name and what qualifies it.
    pub fn column(&mut self, parts: &[Ident]) -> R<Typed> {
        let Some((own, qualifiers)) = parts.split_last() else {
            return Err(self.invalid("a column has no name"));
        };
        self.see(own.span);
        if qualifiers.len() > 3 {
            return Err(self.unsupported("a linked server").with_hint(
                "load its rows into the import database; this one holds the tables of one database",
            ));
        }
        if let [.., schema, _] = qualifiers {
            self.name_schema(&schema.value)?;
        }
        if let [database, _, _] = qualifiers {
            self.name_database(&database.value)?;
        }
        let table = qualifiers.last();
        if let Some(table) = table {
            self.see(table.span);
        }
        self.resolve(table, own)
    }

    fn resolve(&mut self, table: Option<&Ident>, own: &Ident) -> R<Typed> {
        let wanted = own.value.to_lowercase();
        let qualifier = table.map(|table| table.value.to_lowercase());
        let columns = |source: &Source| 1 + source.columns.as_ref().map_or(0, Vec::len);
        let looked_at =
            |scope: &Scope| scope.grouping.len() + scope.sources.iter().map(columns).sum::<usize>();
        self.spend(self.names.scopes.iter().map(looked_at).sum())?;
        for depth in (0..self.names.scopes.len()).rev() {
            let scope = &self.names.scopes[depth];
            let mut found: Option<(usize, Option<usize>)> = None;
            let mut open: Vec<usize> = Vec::new();
            let mut qualified = false;
            for (at, source) in scope.sources.iter().enumerate().skip(scope.from) {
                if let Some(qualifier) = &qualifier
                    && source.name.to_lowercase() != *qualifier
                {
                    continue;
                }
                qualified = qualifier.is_some();
                match &source.columns {
                    None => open.push(at),
                    Some(columns) => {
                        let here =
                            columns.iter().position(|column| column.name.to_lowercase() == wanted);
                        if let Some(column) = here {
                            if found.is_some() {
                                return Err(self
                                    .invalid(format!("`{}` is in more than one table", own.value))
                                    .with_hint("write the table before it: table.column"));
                            }
                            found = Some((at, Some(column)));
                        }
                    }
                }
            }
            let known = found.is_some() || qualifier.is_some() || open.len() == 1;
            let found = found.or(open.last().map(|at| (*at, None)));
            if let Some((source, column)) = found {
                return self.found(depth, source, column, known, own);
            }
            if qualified {
                return Err(self.no_column(table, own));
            }
        }
        Err(self.no_column(table, own))
    }

    /// A column as it is written: always as its table and itself are declared, so that one column is one text however
    /// the query spells it. Where it may be in several tables of unknown columns, it stands alone.
    fn found(
        &mut self,
        depth: usize,
        source_at: usize,
        column_at: Option<usize>,
        known: bool,
        own: &Ident,
    ) -> R<Typed> {
        self.met.scopes.insert(depth);
        let source = &self.names.scopes[depth].sources[source_at];
        let column = column_at.and_then(|at| source.columns.as_ref()?.get(at));
        let of = column.map_or(Type::Unknown, |column| column.of);
        let table = quoted(source.emitted.as_deref().unwrap_or(&source.name));
        let name = quoted(column.map_or(&own.value, |column| &column.name));
        let sql = match column.and_then(|column| column.instead.as_ref()) {
            // A query without FROM has no names that could be taken for those of the expression.
            Some(instead)
                if self.names.scopes[depth + 1..].iter().all(|scope| scope.sources.is_empty()) =>
            {
                instead.clone()
            }
            Some(_) => {
                return Err(self
                    .unsupported("a subquery that refers to a column of an APPLY")
                    .with_hint("put the APPLY into a common table expression first"));
            }
            None if known => format!("{table}.{name}"),
            None => name,
        };
        // A database of chatdb's own stores times to the millisecond, whatever their column is declared as.
        let other = matches!(of, Type::Time(_) | Type::DateTime2(0..=2));
        let foreign =
            source.stored && of.is_temporal() && (other || !self.given.catalog.canonical_times);
        let read_as = column.and_then(|column| column.read_as.as_deref());
        let doubt = column.and_then(|column| column.doubt.clone());
        let is_read_as = read_as.is_some();
        let sql = match read_as {
            Some(read_as) => read_as.replace("{}", &sql),
            None if foreign => format!("tsql_convert('{of}', {sql}, 'unknown')"),
            None => sql,
        };
        // An expression that stands for a column may be within the next, twice.
        self.spend(sql.len())?;
        if !self.names.scopes[depth].grouping.contains(&sql) {
            let met = (self.at, own.value.clone());
            self.names.scopes[depth].ungrouped.push(met);
        }
        Ok(Typed { is_read_as, doubt, ..Typed::plain(sql, of) })
    }

    /// Says what there is to say of a column of texts that is sorted or compared.
    pub fn note_doubt(&mut self, value: &Typed) {
        if let Some(doubt) = value.doubt.as_deref().filter(|_| value.of.is_text()) {
            self.output.notes.insert(doubt.to_owned().into());
        }
    }

    fn no_column(&self, table: Option<&Ident>, own: &Ident) -> super::TsqlError {
        let sources = || self.names.scopes.iter().rev().flat_map(|scope| &scope.sources);
        let named = |source: &&Source| {
            table.is_none_or(|table| source.name.eq_ignore_ascii_case(&table.value))
        };
        if let Some(table) = table
            && !sources().any(|source| source.name.eq_ignore_ascii_case(&table.value))
        {
            let error = self.invalid(format!(
                "`{}.{}` refers to no table of the preceding FROM",
                table.value, own.value
            ));
            let known: Vec<&str> = sources().map(|source| source.name.as_str()).collect();
            return match did_you_mean(&table.value, known.iter().copied()) {
                Some(meant) => error.with_hint(format!("did you mean `{meant}`?")),
                None => error,
            };
        }
        let who = ["current_user", "session_user", "system_user", "user"];
        if table.is_none() && who.contains(&own.value.to_lowercase().as_str()) {
            return self.unsupported(own.value.to_uppercase()).with_hint(SERVER);
        }
        let error = match table {
            Some(table) => self.invalid(format!("`{}` has no column `{}`", table.value, own.value)),
            None => self.invalid(format!("there is no column `{}`", own.value)),
        };
        let listed = self.scope().listed.iter();
        if table.is_none() && listed.into_iter().any(|name| name.eq_ignore_ascii_case(&own.value)) {
            let name = &own.value;
            return error.with_hint(format!(
                "only ORDER BY sees names of the select list: write the expression that `{name}` stands for again, or \
                 SELECT * FROM (SELECT ... AS {name} ...) AS t WHERE {name} ..."
            ));
        }
        let columns: Vec<&str> = sources()
            .filter(named)
            .filter_map(|source| source.columns.as_ref())
            .flatten()
            .map(|column| column.name.as_str())
            .collect();
        match did_you_mean(&own.value, columns) {
            Some(meant) => error.with_hint(format!("did you mean `{meant}`?")),
            None => error,
        }
    }
}

/// The names that a select list gives to its expressions.
pub(super) fn listed(projection: &[SelectItem]) -> Vec<String> {
    let names = projection.iter().filter_map(|item| match item {
        SelectItem::ExprWithAlias { alias, .. } => Some(alias.value.clone()),
        SelectItem::UnnamedExpr(Expr::BinaryOp { left, op: BinaryOperator::Eq, .. }) => {
            match left.as_ref() {
                Expr::Identifier(name) => Some(name.value.clone()),
                _ => None,
            }
        }
        _ => None,
    });
    names.collect()
}
