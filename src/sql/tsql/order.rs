//! What `ORDER BY` names, and in which direction.

use sqlparser::ast::{Expr, Ident, OrderByExpr, OrderByOptions, OrderBySort, Value as Literal};

use super::expr::Typed;
use super::names::quoted;
use super::operators::precedence;
use super::query::Column;
use super::select::{Item, Parts};
use super::translator::{R, Translator};
use crate::sql::guard::limits::MAX_LIST;

impl Translator<'_> {
    /// An order that can only name columns of the answer.
    pub fn order_of_columns(
        &mut self,
        order: &[OrderByExpr],
        columns: Option<&[Column]>,
    ) -> R<String> {
        if order.is_empty() {
            return Ok(String::new());
        }
        let columns = columns.unwrap_or(&[]);
        let mut written = Vec::new();
        for entry in order {
            self.see_expr(&entry.expr);
            let direction = self.direction(entry)?;
            let found = match &entry.expr {
                Expr::Identifier(ident) => columns
                    .iter()
                    .position(|column| {
                        column
                            .name
                            .as_ref()
                            .is_some_and(|name| name.eq_ignore_ascii_case(&ident.value))
                    })
                    .map(|at| (at, quoted(&ident.value))),
                other => ordinal(other)
                    .and_then(|n| (n < columns.len()).then(|| (n, (n + 1).to_string()))),
            };
            let Some((at, sql)) = found else {
                return Err(self
                    .invalid("ORDER BY of a UNION, INTERSECT or EXCEPT must name a result column")
                    .with_hint("name the column in the first SELECT, and order by that name"));
            };
            let column =
                Typed { doubt: columns[at].doubt.clone(), ..Typed::plain(sql, columns[at].of) };
            self.note_doubt(&column);
            self.has_order(&column)?;
            written.push(format!("{}{direction}", column.collated()));
        }
        Ok(format!(" ORDER BY {}", written.join(", ")))
    }

    pub fn direction(&self, entry: &OrderByExpr) -> R<&'static str> {
        let OrderByExpr { expr: _, options: OrderByOptions { sort, nulls_first }, with_fill } =
            entry;
        if with_fill.is_some() || nulls_first.is_some() {
            return Err(self.invalid("NULLS FIRST and NULLS LAST are not T-SQL").with_hint(
                "NULL comes first in ascending order; ORDER BY CASE WHEN x IS NULL THEN 1 ELSE 0 END, x puts it last",
            ));
        }
        match sort {
            None => Ok(""),
            Some(OrderBySort::Asc) => Ok(" ASC"),
            Some(OrderBySort::Desc) => Ok(" DESC"),
            Some(OrderBySort::Using(_)) => Err(self.unsupported("ORDER BY ... USING")),
        }
    }

    pub fn order(&mut self, order: &[OrderByExpr], parts: &mut Parts) -> R<()> {
        self.at_most(order.len(), MAX_LIST, "terms of an ORDER BY")?;
        for entry in order {
            self.see_expr(&entry.expr);
            let direction = self.direction(entry)?;
            self.spend(parts.items.len())?;
            let by_place = ordinal(&entry.expr);
            if let Some(at) = by_place {
                if parts.open {
                    parts.order.push(format!("{}{direction}", at + 1));
                    continue;
                }
                let Some(item) = parts.items.get(at) else {
                    return Err(self.invalid(format!(
                        "ORDER BY position {} exceeds the {} columns",
                        at + 1,
                        parts.items.len()
                    )));
                };
                let place = Typed {
                    sql: (at + 1).to_string(),
                    precedence: precedence::ATOM,
                    ..item.value.clone()
                };
                self.note_doubt(&place);
                self.has_order(&place)?;
                parts.order.push(format!("{}{direction}", place.collated()));
                parts.order_values.push(format!("{}{direction}", item.value.collated()));
                continue;
            }
            let listed = match &entry.expr {
                Expr::Identifier(ident) => self.listed(ident, parts)?,
                _ => None,
            };
            if let (Some(item), Expr::Identifier(ident)) = (listed, &entry.expr) {
                self.note_doubt(&item.value);
                self.has_order(&item.value)?;
                let by_name = if item.named {
                    Typed {
                        sql: quoted(&ident.value),
                        precedence: precedence::ATOM,
                        ..item.value.clone()
                    }
                } else {
                    item.value.clone()
                };
                parts.order.push(format!("{}{direction}", by_name.collated()));
                parts.order_values.push(format!("{}{direction}", item.value.collated()));
                continue;
            }
            let value = self.value(&entry.expr)?;
            if value.literal.is_some() {
                return Err(self.invalid("ORDER BY takes columns, not constants"));
            }
            if parts.distinct
                && !parts
                    .items
                    .iter()
                    .any(|item| item.value.sql == value.sql || item.value.sql == value.collated())
            {
                return Err(
                    self.invalid("ORDER BY items must be in the select list of SELECT DISTINCT")
                );
            }
            self.note_doubt(&value);
            self.has_order(&value)?;
            parts.order.push(format!("{}{direction}", value.collated()));
            parts.order_values.push(format!("{}{direction}", value.collated()));
        }
        Ok(())
    }

    /// The entry of the select list that a name in `ORDER BY` means; it goes before the columns of `FROM`.
    fn listed(&self, ident: &Ident, parts: &Parts) -> R<Option<Item>> {
        let mut found: Option<&Item> = None;
        for item in &parts.items {
            let same =
                item.name.as_ref().is_some_and(|name| name.eq_ignore_ascii_case(&ident.value));
            match found {
                Some(known) if same && known.value.sql != item.value.sql => {
                    return Err(self
                        .invalid(format!("`{}` is listed more than once", ident.value))
                        .with_hint("write the table before it, or give one another name"));
                }
                _ if same => found = Some(item),
                _ => {}
            }
        }
        Ok(found.cloned())
    }
}

/// The place, from 0, that a number in `ORDER BY` means.
pub(super) fn ordinal(expr: &Expr) -> Option<usize> {
    match expr {
        Expr::Value(value) => match &value.value {
            Literal::Number(digits, _) => digits.parse::<usize>().ok()?.checked_sub(1),
            _ => None,
        },
        Expr::Nested(inner) => ordinal(inner),
        _ => None,
    }
}
