//! What the author of a query wrote or has computed: a value that comes of it names nobody of the rows.

use std::collections::HashSet;

use sqlparser::ast::{
    BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments,
    JoinConstraint, JoinOperator, Query, Select, SelectItem, SetExpr, Statement, TableAlias,
    TableFactor, Value,
};
use sqlparser::dialect::SQLiteDialect;
use sqlparser::parser::Parser;

use super::{TokenKind, Tokens, tsql};

/// What of a query's answer is its author's own, and not of the rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Authored {
    /// Texts that the query writes where a value of its answer comes from.
    pub texts: HashSet<String>,
    /// Names and quoted names in the query, in lower case.
    pub names: HashSet<String>,
    /// The columns of each answer.
    pub answers: Vec<ComputedColumns>,
}

impl Authored {
    /// Whether a text is made of words of the query alone, as the heading is of a column without a name.
    #[must_use]
    pub fn writes(&self, heading: &str) -> bool {
        let mut words = heading
            .split(|c: char| !c.is_alphanumeric() && c != '_')
            .filter(|word| !word.is_empty() && word.parse::<f64>().is_err())
            .peekable();
        words.peek().is_some() && words.all(|word| self.names.contains(&word.to_lowercase()))
    }
}

/// Functions whose result is a count, a measure or a time, whatever they are given.
const MEASURES: [&str; 46] = [
    "count",
    "count_big",
    "sum",
    "avg",
    "total",
    "stdev",
    "stdevp",
    "var",
    "varp",
    "len",
    "length",
    "datalength",
    "datediff",
    "datediff_big",
    "datepart",
    "datename",
    "year",
    "month",
    "day",
    "row_number",
    "rank",
    "dense_rank",
    "ntile",
    "percent_rank",
    "percentile_cont",
    "cume_dist",
    "charindex",
    "patindex",
    "instr",
    "sign",
    "getdate",
    "getutcdate",
    "sysdatetime",
    "current_timestamp",
    "isdate",
    "isnumeric",
    "grouping",
    "grouping_id",
    "unicode",
    "ascii",
    "checksum",
    "datetrunc",
    "eomonth",
    "datefromparts",
    "julianday",
    "strftime",
];

/// Functions whose result comes of their arguments alone.
const CHOICES: [&str; 18] = [
    "iif",
    "coalesce",
    "isnull",
    "ifnull",
    "nullif",
    "concat",
    "concat_ws",
    "upper",
    "lower",
    "trim",
    "ltrim",
    "rtrim",
    "round",
    "abs",
    "floor",
    "ceiling",
    "choose",
    "str",
];

/// Reads a query in T-SQL, or in SQLite's SQL. Of what cannot be read nothing is the author's.
#[must_use]
pub fn authored(text: &str, is_tsql: bool) -> Authored {
    let statements = if is_tsql {
        tsql::statements(text).unwrap_or_default()
    } else {
        Parser::parse_sql(&SQLiteDialect {}, text).unwrap_or_default()
    };
    let mut author = Author {
        texts: HashSet::new(),
        ctes: Vec::new(),
        sources: Vec::new(),
    };
    let answers = statements.iter().filter_map(|statement| match statement {
        Statement::Query(query) => {
            let columns = author.query(query);
            has_answer(&query.body).then_some(columns)
        }
        Statement::Insert(insert) => insert.output.is_some().then(unknown),
        Statement::Update(update) => update.output.is_some().then(unknown),
        Statement::Delete(delete) => delete.output.is_some().then(unknown),
        _ => None,
    });
    let answers = answers.collect();
    Authored {
        texts: author.texts,
        names: names(text),
        answers,
    }
}

/// Whether rows of a query are shown: not those that go into a table or a variable.
fn has_answer(body: &SetExpr) -> bool {
    let is_variable = |item: &SelectItem| {
        matches!(item, SelectItem::UnnamedExpr(Expr::BinaryOp { left, op: BinaryOperator::Eq, .. })
            if matches!(&**left, Expr::Identifier(name) if name.value.starts_with('@')))
    };
    match body {
        SetExpr::Select(select) => {
            select.into.is_none() && !select.projection.iter().any(is_variable)
        }
        SetExpr::SetOperation { left, .. } => has_answer(left),
        SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) => false,
        _ => true,
    }
}

fn names(text: &str) -> HashSet<String> {
    let named =
        |kind: &TokenKind| matches!(kind, TokenKind::Word | TokenKind::Name | TokenKind::Literal);
    Tokens::new(text)
        .map_while(Result::ok)
        .filter(|token| named(&token.kind))
        .map(|token| {
            token
                .text
                .trim_matches(['"', '[', ']', '`', '\''])
                .to_lowercase()
        })
        .collect()
}

/// A column of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Computed {
    /// Its name; empty where it has none.
    pub name: String,
    /// Whether it only counts, measures or chooses among literals.
    pub is_computed: bool,
}

/// The columns of a query from the left; `None` is any number of unknown ones.
pub type ComputedColumns = Vec<Option<Computed>>;

fn unknown() -> ComputedColumns {
    vec![None]
}

struct Author {
    texts: HashSet<String>,
    /// The queries that WITH names around the place, and their columns.
    ctes: Vec<(String, ComputedColumns)>,
    /// What FROM has at the place, and its columns.
    sources: Vec<(String, ComputedColumns)>,
}

impl Author {
    fn query(&mut self, query: &Query) -> ComputedColumns {
        let before = self.ctes.len();
        for table in query.with.iter().flat_map(|with| &with.cte_tables) {
            // Within itself its columns are not known yet.
            let name = table.alias.name.value.clone();
            self.ctes.push((name, unknown()));
            let columns = renamed(self.query(&table.query), &table.alias);
            if let Some((_, known)) = self.ctes.last_mut() {
                *known = columns;
            }
        }
        let columns = self.body(&query.body);
        self.ctes.truncate(before);
        columns
    }

    fn body(&mut self, body: &SetExpr) -> ComputedColumns {
        match body {
            SetExpr::Select(select) => self.select(select),
            SetExpr::Query(query) => self.query(query),
            SetExpr::SetOperation { left, right, .. } => {
                let (left, right) = (self.body(left), self.body(right));
                let is_known = |columns: &ComputedColumns| columns.iter().all(Option::is_some);
                if left.len() != right.len() || !is_known(&left) || !is_known(&right) {
                    return unknown();
                }
                let both = left.into_iter().zip(right).map(|(left, right)| {
                    let (left, right) = (left?, right?);
                    Some(Computed {
                        is_computed: left.is_computed && right.is_computed,
                        ..left
                    })
                });
                both.collect()
            }
            _ => unknown(),
        }
    }

    fn select(&mut self, select: &Select) -> ComputedColumns {
        let mut sources = Vec::new();
        for item in &select.from {
            sources.push(self.source(&item.relation));
            for join in &item.joins {
                sources.push(self.source(&join.relation));
            }
        }
        let joins = select.from.iter().flat_map(|item| &item.joins);
        if joins.clone().any(|join| !is_plain(&join.join_operator)) {
            // One column stands for those of both sides.
            sources
                .iter_mut()
                .for_each(|(_, columns)| *columns = unknown());
        }
        let around = std::mem::replace(&mut self.sources, sources);
        let items = select.projection.iter();
        let columns = items.flat_map(|item| self.item(item)).collect();
        self.sources = around;
        columns
    }

    fn source(&mut self, factor: &TableFactor) -> (String, ComputedColumns) {
        match factor {
            TableFactor::Table {
                name,
                alias,
                args: None,
                ..
            } => {
                let own = name.0.last().and_then(|part| part.as_ident());
                let own = own.map_or_else(String::new, |own| own.value.clone());
                let is_it = |(cte, _): &&(String, ComputedColumns)| {
                    name.0.len() == 1 && cte.eq_ignore_ascii_case(&own)
                };
                let known = self.ctes.iter().rev().find(is_it);
                let columns = known.map_or_else(unknown, |(_, columns)| columns.clone());
                match alias {
                    Some(alias) => (alias.name.value.clone(), renamed(columns, alias)),
                    None => (own, columns),
                }
            }
            TableFactor::Derived {
                subquery,
                alias: Some(alias),
                ..
            } => {
                let columns = renamed(self.query(subquery), alias);
                (alias.name.value.clone(), columns)
            }
            _ => (String::new(), unknown()),
        }
    }

    fn item(&mut self, item: &SelectItem) -> ComputedColumns {
        let (expr, name) = match item {
            SelectItem::ExprWithAlias { expr, alias } => (expr, alias.value.clone()),
            // T-SQL's `name = expression`.
            SelectItem::UnnamedExpr(Expr::BinaryOp {
                left,
                op: BinaryOperator::Eq,
                right,
            }) if matches!(**left, Expr::Identifier(_)) => (&**right, left.to_string()),
            SelectItem::UnnamedExpr(expr) => {
                let name = match expr {
                    Expr::Identifier(name) => name.value.clone(),
                    Expr::CompoundIdentifier(parts) => parts
                        .last()
                        .map_or_else(String::new, |last| last.value.clone()),
                    _ => String::new(),
                };
                (expr, name)
            }
            SelectItem::Wildcard(_) => {
                let all = self.sources.iter().flat_map(|(_, columns)| columns);
                return all.cloned().collect();
            }
            _ => return unknown(),
        };
        vec![Some(Computed {
            name: name.trim_matches(['[', ']', '"', '`']).to_owned(),
            is_computed: self.is_computed(expr),
        })]
    }

    /// Whether a column of the tables in FROM is computed, wherever it can come from.
    fn is_column_computed(&self, qualifier: Option<&str>, name: &str) -> bool {
        let sources = self.sources.iter().filter(|(source, _)| {
            qualifier.is_none_or(|qualifier| source.eq_ignore_ascii_case(qualifier))
        });
        let columns = sources.flat_map(|(_, columns)| columns.iter().flatten());
        let mut found = columns
            .filter(|column| column.name.eq_ignore_ascii_case(name))
            .peekable();
        found.peek().is_some() && found.all(|column| column.is_computed)
    }

    /// Whether a value is the author's own or a measure. Texts on the way are the author's, wherever they come out.
    fn is_computed(&mut self, expr: &Expr) -> bool {
        match expr {
            Expr::Value(value) => {
                if let Value::SingleQuotedString(text) | Value::NationalStringLiteral(text) =
                    &value.value
                {
                    self.texts.insert(text.clone());
                }
                true
            }
            Expr::Identifier(name) => self.is_column_computed(None, &name.value),
            Expr::CompoundIdentifier(parts) => match parts.as_slice() {
                [table, name] => self.is_column_computed(Some(&table.value), &name.value),
                _ => false,
            },
            Expr::Nested(inner)
            | Expr::Cast { expr: inner, .. }
            | Expr::UnaryOp { expr: inner, .. } => self.is_computed(inner),
            Expr::Convert { expr, .. } => self.is_computed(expr),
            Expr::Case {
                conditions,
                else_result,
                ..
            } => {
                let mut all = true;
                for when in conditions {
                    all &= self.is_computed(&when.result);
                }
                for result in else_result.iter() {
                    all &= self.is_computed(result);
                }
                all
            }
            Expr::BinaryOp { left, right, .. } => {
                let left = self.is_computed(left);
                self.is_computed(right) && left
            }
            Expr::Floor { expr, .. } | Expr::Ceil { expr, .. } | Expr::Trim { expr, .. } => {
                self.is_computed(expr)
            }
            Expr::Extract { .. } | Expr::Exists { .. } | Expr::IsNull(_) | Expr::IsNotNull(_) => {
                true
            }
            Expr::Function(function) => self.is_computed_by(function),
            _ => false,
        }
    }

    fn is_computed_by(&mut self, function: &Function) -> bool {
        let name = function.name.to_string().to_lowercase();
        if MEASURES.contains(&name.as_str()) {
            return true;
        }
        let FunctionArguments::List(list) = &function.args else {
            return false;
        };
        let mut all = CHOICES.contains(&name.as_str());
        for (at, argument) in list.args.iter().enumerate() {
            if let FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) = argument {
                // The condition of a choice is not its result.
                let is_condition = name == "iif" && at == 0;
                let computed = self.is_computed(expr);
                all &= computed || is_condition;
            }
        }
        all
    }
}

/// The columns under the names that an alias gives them.
fn renamed(mut columns: ComputedColumns, alias: &TableAlias) -> ComputedColumns {
    if alias.columns.is_empty() {
        return columns;
    }
    if columns.len() != alias.columns.len() || columns.iter().any(Option::is_none) {
        return unknown();
    }
    for (column, name) in columns.iter_mut().flatten().zip(&alias.columns) {
        column.name.clone_from(&name.name.value);
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
