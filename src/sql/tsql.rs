//! Rewrites T-SQL for SQLite: parsed by sqlparser's SQL Server dialect, changed on the tree, written out again.
//!
//! What it knows so far is what the document's queries need: comma joins, table hints, which SQLite has no use
//! for and loses, and a literal that stands for a parameter. Whatever else could mean something else in SQLite
//! is refused by name, never passed on in the hope that it means the same.

use std::ops::ControlFlow;

use sqlparser::ast::{
    BinaryOperator, Expr, GroupByExpr, Query, SelectItem, SetExpr, Statement, TableFactor, Value,
    VisitMut, VisitorMut,
};
use sqlparser::dialect::MsSqlDialect;
use sqlparser::parser::Parser;
use thiserror::Error;

use crate::table::Cell;

/// Why a statement was not rewritten.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum TsqlError {
    /// It is no T-SQL.
    #[error("not read as T-SQL: {0}")]
    Syntax(String),
    /// It is not one query.
    #[error("only one SELECT is read; found {0}")]
    NotAQuery(String),
    /// It holds something whose meaning in SQLite is not settled.
    #[error("`{0}` of T-SQL is not rewritten for SQLite")]
    Unsupported(String),
    /// A literal that should stand for a parameter does not occur.
    #[error("the literal `{literal}`, which stands for `@{parameter}`, does not occur")]
    NoLiteral {
        /// The literal.
        literal: String,
        /// The parameter.
        parameter: String,
    },
}

/// A literal of the text that stands for a parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct Literal {
    /// The parameter's name.
    pub parameter: String,
    /// The literal as the text has it.
    pub value: Cell,
}

/// Functions that SQL Server and SQLite know by the same name and with the same meaning.
const SHARED_FUNCTIONS: [&str; 9] = [
    "abs", "avg", "coalesce", "count", "max", "min", "nullif", "sum", "lower",
];

/// Rewrites one query. Each of `literals` becomes the named value `@parameter`.
///
/// # Errors
/// Refuses what it does not know, by name.
pub fn rewrite(text: &str, literals: &[Literal]) -> Result<String, TsqlError> {
    let mut statements = Parser::parse_sql(&MsSqlDialect {}, text)
        .map_err(|error| TsqlError::Syntax(error.to_string()))?;
    let [Statement::Query(query)] = statements.as_mut_slice() else {
        let found = match statements.as_slice() {
            [] => "nothing".to_owned(),
            [one] => first_word(&one.to_string()),
            more => format!("{} statements", more.len()),
        };
        return Err(TsqlError::NotAQuery(found));
    };
    let mut rewriter = Rewriter {
        literals,
        found: vec![false; literals.len()],
    };
    if let ControlFlow::Break(error) = VisitMut::visit(query, &mut rewriter) {
        return Err(error);
    }
    if let Some(at) = rewriter.found.iter().position(|found| !found) {
        return Err(TsqlError::NoLiteral {
            literal: literals[at].value.to_string(),
            parameter: literals[at].parameter.clone(),
        });
    }
    Ok(query.to_string())
}

fn first_word(text: &str) -> String {
    text.split_whitespace()
        .next()
        .unwrap_or("nothing")
        .to_owned()
}

struct Rewriter<'a> {
    literals: &'a [Literal],
    found: Vec<bool>,
}

fn refuse(what: impl Into<String>) -> ControlFlow<TsqlError> {
    ControlFlow::Break(TsqlError::Unsupported(what.into()))
}

impl VisitorMut for Rewriter<'_> {
    type Break = TsqlError;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<TsqlError> {
        if query.for_clause.is_some() {
            return refuse("FOR");
        }
        if query.limit_clause.is_some() || query.fetch.is_some() {
            return refuse("OFFSET ... FETCH");
        }
        let SetExpr::Select(select) = query.body.as_ref() else {
            return refuse("UNION, EXCEPT, INTERSECT or VALUES");
        };
        if select.top.is_some() {
            return refuse("TOP");
        }
        if select.into.is_some() {
            return refuse("INTO");
        }
        if let GroupByExpr::All(_) = select.group_by {
            return refuse("GROUP BY ALL");
        }
        for item in &select.projection {
            if let SelectItem::UnnamedExpr(Expr::BinaryOp {
                op: BinaryOperator::Eq,
                ..
            }) = item
            {
                return refuse("alias = expression");
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<TsqlError> {
        match factor {
            TableFactor::Table {
                name,
                args,
                with_hints,
                ..
            } => {
                if args.is_some() {
                    return refuse(format!("{name}(...)"));
                }
                if name.0.len() > 1 {
                    return refuse(name.to_string());
                }
                with_hints.clear();
                ControlFlow::Continue(())
            }
            TableFactor::Derived { lateral: false, .. } | TableFactor::NestedJoin { .. } => {
                ControlFlow::Continue(())
            }
            other => refuse(first_word(&other.to_string())),
        }
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<TsqlError> {
        match expr {
            Expr::BinaryOp { op, .. } => match op {
                BinaryOperator::Eq
                | BinaryOperator::NotEq
                | BinaryOperator::Lt
                | BinaryOperator::LtEq
                | BinaryOperator::Gt
                | BinaryOperator::GtEq
                | BinaryOperator::And
                | BinaryOperator::Or => ControlFlow::Continue(()),
                other => refuse(other.to_string()),
            },
            Expr::Function(function) => {
                let name = function.name.to_string().to_lowercase();
                if SHARED_FUNCTIONS.contains(&name.as_str()) {
                    ControlFlow::Continue(())
                } else {
                    refuse(format!("{}(...)", function.name))
                }
            }
            Expr::Value(value) => {
                let cell = match &value.value {
                    Value::Number(digits, _) => digits.parse().ok().map(Cell::Integer),
                    Value::SingleQuotedString(text) => Some(Cell::Text(text.clone())),
                    _ => None,
                };
                let at = self
                    .literals
                    .iter()
                    .position(|literal| Some(&literal.value) == cell.as_ref());
                if let Some(at) = at {
                    self.found[at] = true;
                    value.value = Value::Placeholder(format!("@{}", self.literals[at].parameter));
                }
                ControlFlow::Continue(())
            }
            Expr::Identifier(_)
            | Expr::CompoundIdentifier(_)
            | Expr::IsNull(_)
            | Expr::IsNotNull(_)
            | Expr::InList { .. }
            | Expr::InSubquery { .. }
            | Expr::Exists { .. }
            | Expr::Subquery(_)
            | Expr::Between { .. }
            | Expr::UnaryOp { .. }
            | Expr::Nested(_)
            | Expr::Case { .. } => ControlFlow::Continue(()),
            other => refuse(other.to_string()),
        }
    }
}
