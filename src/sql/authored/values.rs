//! What a value comes from, and whether it is computed.

use sqlparser::ast::{BinaryOperator, Expr, Function, FunctionArguments, Value};

use super::sources::all;
use super::{Author, ColumnNames, Computed};

/// Functions whose result is a count, a measure or a time, whatever they are given.
const MEASURES: [&str; 35] = [
    "count",
    "count_big",
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
    "cume_dist",
    "charindex",
    "patindex",
    "instr",
    "getdate",
    "getutcdate",
    "sysdatetime",
    "current_timestamp",
    "isdate",
    "isnumeric",
    "grouping",
    "grouping_id",
    "date_bucket",
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

/// Functions that measure values, and of a single one may be the value itself.
const MEASURES_OF_VALUES: [&str; 12] = [
    "sum",
    "avg",
    "total",
    "stdev",
    "stdevp",
    "var",
    "varp",
    "percentile_cont",
    "sign",
    "unicode",
    "ascii",
    "checksum",
];

/// A value that is computed, and comes from nowhere.
fn measured() -> Computed {
    of(true, ColumnNames::new())
}

fn of(is_computed: bool, from: ColumnNames) -> Computed {
    Computed { is_computed, from, ..Computed::default() }
}

/// What comes of several values.
fn of_all(values: impl IntoIterator<Item = Computed>) -> Computed {
    values.into_iter().fold(measured(), |so_far, value| {
        let from = so_far.from.into_iter().chain(value.from);
        of(so_far.is_computed && value.is_computed, from.collect())
    })
}

impl Author {
    /// Where a value comes from. Texts on the way are the author's, wherever they come out.
    pub(super) fn value(&mut self, expr: &Expr) -> Computed {
        match expr {
            Expr::Value(value) => {
                if let Value::SingleQuotedString(text) | Value::NationalStringLiteral(text) =
                    &value.value
                {
                    self.texts.insert(text.clone());
                }
                measured()
            }
            Expr::Identifier(name) => self.column(None, &name.value),
            Expr::CompoundIdentifier(parts) => match parts.as_slice() {
                [.., table, name] => self.column(Some(&table.value), &name.value),
                _ => of(false, self.mentioned(expr)),
            },
            Expr::Nested(inner)
            | Expr::Cast { expr: inner, .. }
            | Expr::Collate { expr: inner, .. }
            | Expr::UnaryOp { expr: inner, .. }
            | Expr::Floor { expr: inner, .. }
            | Expr::Ceil { expr: inner, .. }
            | Expr::Convert { expr: inner, .. } => self.value(inner),
            Expr::Trim { expr, trim_what, .. } => {
                let both = [Some(&**expr), trim_what.as_deref()];
                self.values(both.into_iter().flatten())
            }
            Expr::Case { conditions, else_result, .. } => {
                let results = conditions.iter().map(|when| &when.result);
                let results = results.chain(else_result.as_deref());
                self.values(results)
            }
            Expr::BinaryOp { left, op, right } => {
                let both = self.values([&**left, &**right]);
                match is_condition(op) {
                    true => of(both.is_computed, ColumnNames::new()),
                    false => both,
                }
            }
            Expr::Extract { .. } | Expr::Exists { .. } | Expr::IsNull(_) | Expr::IsNotNull(_) => {
                measured()
            }
            Expr::Between { .. }
            | Expr::InList { .. }
            | Expr::InSubquery { .. }
            | Expr::Like { .. }
            | Expr::ILike { .. }
            | Expr::Position { .. } => of(false, ColumnNames::new()),
            Expr::Subquery(query) => {
                let columns = self.query(query);
                match columns.as_slice() {
                    [one] if !one.is_many => of(one.is_computed, one.from.clone()),
                    _ => of(false, all(&columns)),
                }
            }
            Expr::Function(function) => self.of_function(function),
            other => of(false, self.mentioned(other)),
        }
    }

    fn values<'e>(&mut self, values: impl IntoIterator<Item = &'e Expr>) -> Computed {
        let values = values.into_iter().map(|value| self.value(value));
        of_all(values)
    }

    fn column(&self, qualifier: Option<&str>, name: &str) -> Computed {
        let found = self.found(qualifier, name);
        let is_computed = !found.is_empty() && found.iter().all(|column| column.is_computed);
        of(is_computed, self.origins(qualifier, name))
    }

    fn of_function(&mut self, function: &Function) -> Computed {
        let name = function.name.to_string().to_lowercase();
        if MEASURES.contains(&name.as_str()) {
            return measured();
        }
        let mut values = Vec::new();
        match &function.args {
            FunctionArguments::None => {}
            FunctionArguments::Subquery(query) => {
                let columns = self.query(query);
                values.push(of(false, all(&columns)));
            }
            FunctionArguments::List(list) => {
                // The condition of a choice is not its result.
                let conditions = usize::from(name == "iif");
                for argument in list.args.iter().skip(conditions) {
                    values.extend(self.argument(argument));
                }
            }
        }
        if name.starts_with("percentile_") {
            let ordered = function.within_group.iter();
            values.extend(ordered.map(|by| self.value(&by.expr)).collect::<Vec<_>>());
        }
        let has_values = !values.is_empty();
        let all = of_all(values);
        // Whatever is made of the author's texts and of measures alone is of no row.
        let is_own = has_values && all.is_computed && all.from.is_empty();
        let is_measure = MEASURES_OF_VALUES.contains(&name.as_str());
        let is_choice = CHOICES.contains(&name.as_str());
        of(is_own || is_measure || is_choice && all.is_computed, all.from)
    }
}

/// Whether an operator gives nothing but whether something holds.
fn is_condition(op: &BinaryOperator) -> bool {
    matches!(
        op,
        BinaryOperator::Eq
            | BinaryOperator::NotEq
            | BinaryOperator::Lt
            | BinaryOperator::LtEq
            | BinaryOperator::Gt
            | BinaryOperator::GtEq
            | BinaryOperator::And
            | BinaryOperator::Or
    )
}
