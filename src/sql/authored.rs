//! What the author of a query wrote or has computed: a value that comes of it names nobody of the rows.

use std::collections::HashSet;

use sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Query, SelectItem, SetExpr,
    Statement, Value,
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
    /// Columns of the answer that only count, measure or choose among literals, in lower case.
    pub computed: HashSet<String>,
    /// For each query of the text and each of its columns whether it does; nothing for a query of unknown columns.
    pub by_place: Vec<Vec<bool>>,
}

impl Authored {
    /// Whether a column of the answer, in lower case, only counts, measures or chooses among literals. SQLite calls one
    /// without a name as its expression is written.
    #[must_use]
    pub fn computes(&self, column: &str) -> bool {
        self.computed.contains(column) || self.computed.contains(&without_blanks(column))
    }

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

fn without_blanks(text: &str) -> String {
    text.split_whitespace().collect()
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
        found: Authored {
            names: names(text),
            ..Authored::default()
        },
        other: HashSet::new(),
    };
    for statement in &statements {
        if let Statement::Query(query) = statement {
            author.query(query);
            let places = author.places(&query.body);
            author.found.by_place.push(places);
        }
    }
    // What one query computes may be a column of another.
    let Author { mut found, other } = author;
    found.computed.retain(|name| !other.contains(name));
    found
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

struct Author {
    found: Authored,
    /// Names of columns that hold what rows hold.
    other: HashSet<String>,
}

impl Author {
    fn query(&mut self, query: &Query) {
        for table in query.with.iter().flat_map(|with| &with.cte_tables) {
            self.inner(&table.query);
        }
        self.body(&query.body, true);
    }

    /// Which columns of an answer are computed, where all of them are written.
    fn places(&mut self, body: &SetExpr) -> Vec<bool> {
        let SetExpr::Select(select) = body else {
            return Vec::new();
        };
        let place = |item: &SelectItem| match item {
            SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => {
                Some(self.is_computed(expr))
            }
            _ => None,
        };
        let places: Option<Vec<bool>> = select.projection.iter().map(place).collect();
        places.unwrap_or_default()
    }

    /// A query within another: its texts may come up in the answer, its columns are not those of the answer.
    fn inner(&mut self, query: &Query) {
        self.body(&query.body, false);
    }

    fn body(&mut self, body: &SetExpr, is_answer: bool) {
        match body {
            SetExpr::Select(select) => {
                for item in &select.projection {
                    self.item(item, is_answer);
                }
            }
            SetExpr::Query(query) => self.body(&query.body, is_answer),
            SetExpr::SetOperation { left, right, .. } => {
                self.body(left, is_answer);
                self.body(right, is_answer);
            }
            _ => {}
        }
    }

    fn item(&mut self, item: &SelectItem, is_answer: bool) {
        let (expr, name) = match item {
            SelectItem::ExprWithAlias { expr, alias } => (expr, alias.value.to_lowercase()),
            SelectItem::UnnamedExpr(Expr::BinaryOp { left, right, .. })
                if matches!(**left, Expr::Identifier(_)) && self.is_computed(right) =>
            {
                // T-SQL's `name = expression`.
                let Expr::Identifier(name) = &**left else {
                    return;
                };
                (&**right, name.value.to_lowercase())
            }
            SelectItem::UnnamedExpr(expr) => (expr, String::new()),
            _ => return,
        };
        let computed = self.is_computed(expr);
        if computed {
            if name.is_empty() {
                let heading = without_blanks(&expr.to_string().to_lowercase());
                self.found.computed.insert(heading);
            }
            self.found.computed.insert(name);
        } else if is_answer || !name.is_empty() {
            self.other.insert(name);
        }
    }

    /// Whether a value is the author's own or a measure. Texts on the way are the author's, wherever they come out.
    fn is_computed(&mut self, expr: &Expr) -> bool {
        match expr {
            Expr::Value(value) => {
                if let Value::SingleQuotedString(text) | Value::NationalStringLiteral(text) =
                    &value.value
                {
                    self.found.texts.insert(text.clone());
                }
                true
            }
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
