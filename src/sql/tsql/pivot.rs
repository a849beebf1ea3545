//! `PIVOT` and `UNPIVOT`: rows made of columns, and columns of rows.

use sqlparser::ast::{
    Expr, ExprWithAlias, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, TableAlias,
    TableFactor,
};

use super::expr::Typed;
use super::names::quoted;
use super::select::as_text_literal;
use super::state::{Scope, Source, SourceColumn};
use super::translator::{R, Translator};
use crate::schema::types::Type;
use crate::sql::quote::literal;

impl Translator<'_> {
    /// `UNPIVOT (value FOR name IN (a, b))`: a row for each of the columns that is not NULL.
    pub fn unpivoted(
        &mut self,
        table: &TableFactor,
        value: &Ident,
        name: &Ident,
        listed: &[ExprWithAlias],
    ) -> R<(String, Vec<SourceColumn>)> {
        let from = self.factor(table)?;
        let source = self.scope().sources.first();
        let Some(columns) = source.and_then(|source| source.columns.clone()) else {
            return Err(self.unsupported("UNPIVOT of unknown columns"));
        };
        let number = self.fresh("rows");
        let (mut values, mut names) = (String::new(), String::new());
        let mut of: Option<Type> = None;
        for (at, entry) in listed.iter().enumerate() {
            let Expr::Identifier(ident) = &entry.expr else {
                return Err(self.invalid("UNPIVOT takes the names of columns"));
            };
            let column = self.value(&entry.expr)?;
            if let Some(of) = of.filter(|of| *of != column.of) {
                return Err(self
                    .invalid(format!(
                        "the columns of UNPIVOT have the types {of} and {}",
                        column.of
                    ))
                    .with_hint("CAST them to one type in a derived table"));
            }
            of = Some(column.of);
            let when = at + 1;
            values.push_str(&format!(" WHEN {when} THEN {}", column.sql));
            names.push_str(&format!(" WHEN {when} THEN {}", literal(&ident.value)));
            self.spend(values.len() + names.len())?;
        }
        let is_listed = |column: &SourceColumn| {
            listed.iter().any(|entry| match &entry.expr {
                Expr::Identifier(own) => own.value.eq_ignore_ascii_case(&column.name),
                _ => false,
            })
        };
        let mut made: Vec<SourceColumn> =
            columns.into_iter().filter(|column| !column.hidden && !is_listed(column)).collect();
        let mut list: Vec<String> = made.iter().map(|column| quoted(&column.name)).collect();
        for (own, whens, of) in
            [(value, &values, of.unwrap_or(Type::Unknown)), (name, &names, Type::NVARCHAR)]
        {
            list.push(format!("CASE {number}.column1{whens} END AS {}", quoted(&own.value)));
            made.push(SourceColumn::plain(own.value.clone(), of));
        }
        let numbers: Vec<String> = (1..=listed.len()).map(|n| format!("({n})")).collect();
        let sql = format!(
            "SELECT {} FROM {from} JOIN (VALUES {}) AS {number} ON CASE {number}.column1{values} END IS NOT NULL",
            list.join(", "),
            numbers.join(", ")
        );
        Ok((sql, made))
    }

    /// A table in the place of another in FROM, which `make` reads. It sees what surrounds the query, and nothing
    /// beside.
    pub fn reshaped(
        &mut self,
        alias: &TableAlias,
        make: impl FnOnce(&mut Self) -> R<(String, Vec<SourceColumn>)>,
    ) -> R<String> {
        let made = self.outside(|this| this.in_scope(Scope::default(), make));
        let (sql, columns) = made?;
        self.see(alias.name.span);
        if !alias.columns.is_empty() {
            return Err(self.unsupported("names for the columns of a PIVOT"));
        }
        self.add_source(Source {
            name: alias.name.value.clone(),
            emitted: None,
            columns: Some(columns),
            stored: false,
        })?;
        Ok(format!("({sql}) AS {}", quoted(&alias.name.value)))
    }

    /// `PIVOT (aggregate(value) FOR column IN ([a], [b]))` as a grouping by all other columns.
    pub fn pivoted(
        &mut self,
        table: &TableFactor,
        aggregates: &[ExprWithAlias],
        by: &[Expr],
        values: &[ExprWithAlias],
    ) -> R<(String, Vec<SourceColumn>)> {
        let from = self.factor(table)?;
        let [ExprWithAlias { expr: Expr::Function(function), alias: None }] = aggregates else {
            return Err(self.unsupported("PIVOT with more than one aggregate"));
        };
        let name = function.name.to_string().to_uppercase();
        let known = ["SUM", "COUNT", "MIN", "MAX", "AVG"].contains(&name.as_str());
        let argument = match &function.args {
            FunctionArguments::List(list) => match list.args.as_slice() {
                [FunctionArg::Unnamed(FunctionArgExpr::Expr(argument))] => Some(argument),
                _ => None,
            },
            _ => None,
        };
        let (Some(Expr::Identifier(counted)), true, [Expr::Identifier(by)]) = (argument, known, by)
        else {
            return Err(self
                .unsupported(format!("PIVOT with {name}"))
                .with_hint("supported: PIVOT (SUM(column) FOR column IN ([value], ...))"));
        };
        let source = self.scope().sources.first();
        let Some(columns) = source.and_then(|source| source.columns.clone()) else {
            return Err(self.unsupported("PIVOT of unknown columns"));
        };
        let value = self.value(&Expr::Identifier(counted.clone()))?;
        let by_value = self.value(&Expr::Identifier(by.clone()))?;
        let kept: Vec<&SourceColumn> = columns
            .iter()
            .filter(|column| {
                !column.hidden
                    && !column.name.eq_ignore_ascii_case(&counted.value)
                    && !column.name.eq_ignore_ascii_case(&by.value)
            })
            .collect();
        let mut list: Vec<String> = kept.iter().map(|column| quoted(&column.name)).collect();
        let grouping: Vec<String> = kept
            .iter()
            .map(|column| Typed::plain(quoted(&column.name), column.of).collated())
            .collect();
        let of = match name.as_str() {
            "COUNT" => Type::Int,
            "SUM" | "AVG" => self.sum_type(value.of)?,
            _ => value.of,
        };
        let mut made: Vec<SourceColumn> = kept.into_iter().cloned().collect();
        for entry in values {
            let Expr::Identifier(ident) = &entry.expr else {
                return Err(self.invalid("the values of a PIVOT are names in brackets"));
            };
            self.see(ident.span);
            let wanted = as_text_literal(&ident.value);
            let (left, right) = self.comparable(by_value.clone(), wanted)?;
            let test = self.equal(&left, &right).sql;
            self.spend(test.len() + value.sql.len())?;
            let own = entry.alias.as_ref().unwrap_or(ident);
            let case = format!("CASE WHEN {test} THEN {} END", value.sql);
            let aggregate = match name.as_str() {
                "AVG" => self.average(&Typed::plain(case, value.of), false, "")?.sql,
                "MIN" | "MAX" => {
                    format!("{name}({})", Typed::plain(case, value.of).collated())
                }
                _ => format!("{name}({case})"),
            };
            list.push(format!("{aggregate} AS {}", quoted(&own.value)));
            made.push(SourceColumn::plain(own.value.clone(), of));
        }
        let group = if grouping.is_empty() {
            String::new()
        } else {
            format!(" GROUP BY {}", grouping.join(", "))
        };
        Ok((format!("SELECT {} FROM {from}{group}", list.join(", ")), made))
    }
}
