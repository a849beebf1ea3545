//! The common shape of script statements: the insertion of a row, with its values left out.
//!
//! Compiling an `INSERT` of a cause takes far longer than running it, since the triggers of the model are compiled with
//! it. Scripts insert rows into the same few columns again and again, so the statement is compiled once with a
//! placeholder for each value, and the values are bound. A bound value has the same effect as the literal.

use std::iter::Peekable;

use crate::schema::TABLES;
use crate::sql::guard;
use crate::sql::{Token, TokenKind, Tokens};
use crate::table::Cell;

/// The maximum length of a statement whose shape is used, in bytes: a longer one is mostly values.
const LONGEST: usize = 64 * 1024;

/// A statement with placeholders, and the bound values, in order.
#[derive(Debug, PartialEq)]
pub(super) struct Shape<'s> {
    pub(super) sql: String,
    pub(super) values: Vec<ShapeValue<'s>>,
}

/// The value of a placeholder.
#[derive(Debug, PartialEq)]
pub(super) enum ShapeValue<'s> {
    Given(Cell),
    /// A parameter of the script, with its `@`.
    Named(&'s str),
}

/// The shape of `INSERT INTO table (columns) VALUES (values)`, where each value is a text, a whole number, NULL or a
/// parameter; `None` for any other statement. Takes time in proportion to the text.
pub(super) fn shape_of(sql: &str) -> Option<Shape<'_>> {
    // To SQLite a text ends at its first NUL.
    if sql.len() > LONGEST || sql.contains('\0') {
        return None;
    }
    let mut words = Words(Tokens::new(sql).map_while(Result::ok).peekable());
    words.keyword("INSERT")?;
    words.keyword("INTO")?;
    let table = words.name()?;
    let mut columns = words.list(Words::name)?;
    words.keyword("VALUES")?;
    let mut values = words.list(Words::value)?;
    if words.0.next().is_some() || columns.len() != values.len() {
        return None;
    }
    if guard::is_cause(table) {
        values = of_all_columns(table, &columns, values)?;
        columns = columns_of(table).collect();
    }
    let placeholders = vec!["?"; values.len()].join(", ");
    let columns = columns.join(", ");
    let sql = format!("INSERT INTO {table} ({columns}) VALUES ({placeholders})");
    Some(Shape { sql, values })
}

/// The columns of a table of the model, in order.
fn columns_of(table: &str) -> impl Iterator<Item = &'static str> {
    let found = TABLES.iter().find(|(name, ..)| *name == table);
    let columns = found.into_iter().flat_map(|(.., columns)| *columns);
    columns.map(|(name, _)| *name)
}

/// The values of a whole row, so that rows with other columns have the same shape: an omitted column is NULL, since the
/// columns of causes have no defaults. `None` if the table has no such column, or one is named twice.
fn of_all_columns<'s>(
    table: &str,
    columns: &[&str],
    values: Vec<ShapeValue<'s>>,
) -> Option<Vec<ShapeValue<'s>>> {
    let mut row: Vec<Option<ShapeValue<'s>>> = columns_of(table).map(|_| None).collect();
    for (column, value) in columns.iter().zip(values) {
        let at = columns_of(table).position(|own| own == *column)?;
        if row[at].replace(value).is_some() {
            return None;
        }
    }
    let null = || ShapeValue::Given(Cell::Null);
    Some(row.into_iter().map(|value| value.unwrap_or_else(null)).collect())
}

/// The unread rest of a statement.
struct Words<I: Iterator>(Peekable<I>);

impl<'s, I: Iterator<Item = Token<'s>>> Words<I> {
    fn keyword(&mut self, keyword: &str) -> Option<()> {
        let found = self.0.next()?;
        let is_it = found.kind == TokenKind::Word && found.text.eq_ignore_ascii_case(keyword);
        is_it.then_some(())
    }

    fn name(&mut self) -> Option<&'s str> {
        let found = self.0.next()?;
        matches!(found.kind, TokenKind::Word | TokenKind::Name).then_some(found.text)
    }

    /// The items between parentheses, separated by commas.
    fn list<T>(&mut self, one: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let mut all = Vec::new();
        let mut before = '(';
        while before != ')' {
            let expected = |found: char| match all.is_empty() {
                true => found == '(',
                false => found == ',' || found == ')',
            };
            let TokenKind::Symbol(found) = self.0.next()?.kind else {
                return None;
            };
            if !expected(found) {
                return None;
            }
            before = found;
            if before != ')' {
                all.push(one(self)?);
            }
        }
        Some(all)
    }

    fn value(&mut self) -> Option<ShapeValue<'s>> {
        let found = self.0.next()?;
        Some(match found.kind {
            TokenKind::Literal => ShapeValue::Given(Cell::Text(self.text(found)?)),
            TokenKind::Parameter => ShapeValue::Named(found.text),
            TokenKind::Word if found.text.eq_ignore_ascii_case("NULL") => {
                ShapeValue::Given(Cell::Null)
            }
            TokenKind::Word if found.text.bytes().all(|byte| byte.is_ascii_digit()) => {
                ShapeValue::Given(Cell::Integer(found.text.parse().ok()?))
            }
            _ => return None,
        })
    }

    /// Quoted text, in which a doubled quote ends one token and starts the next.
    fn text(&mut self, first: Token<'s>) -> Option<String> {
        let inside = |token: &Token<'s>| token.text.get(1..token.text.len() - 1);
        let mut text = inside(&first)?.to_owned();
        let mut end = first.start + first.text.len();
        while let Some(more) =
            (self.0).next_if(|next| next.kind == TokenKind::Literal && next.start == end)
        {
            text.push('\'');
            text.push_str(inside(&more)?);
            end = more.start + more.text.len();
        }
        Some(text)
    }
}
