//! Window functions and `OVER`.

use sqlparser::ast::{
    FunctionArg, OrderByExpr, WindowFrame, WindowFrameBound, WindowFrameUnits, WindowSpec,
    WindowType,
};

use super::expr::Typed;
use super::functions::texts;
use super::translator::{R, Translator};
use crate::schema::types::Type;
use crate::sql::functions::Value;

impl Translator<'_> {
    pub fn order_list(&mut self, order: &[OrderByExpr]) -> R<String> {
        let terms = self.order_terms(order)?;
        let written =
            |(value, direction): &(Typed, &str)| format!("{}{direction}", value.collated());
        Ok(terms.iter().map(written).collect::<Vec<_>>().join(", "))
    }

    /// The values that the rows of a window or of a group are ordered by, and in which direction.
    fn order_terms(&mut self, order: &[OrderByExpr]) -> R<Vec<(Typed, &'static str)>> {
        let mut terms = Vec::new();
        for entry in order {
            let direction = self.direction(entry)?;
            let value = self.value(&entry.expr)?;
            if value.literal.is_some() {
                return Err(self
                    .invalid("the ORDER BY of a window takes columns, not constants")
                    .with_hint("ORDER BY (SELECT NULL) allows any order"));
            }
            self.note_doubt(&value);
            self.has_order(&value)?;
            terms.push((value, direction));
        }
        Ok(terms)
    }

    pub fn windows_may_stand(&self, name: &str) -> R<()> {
        if !self.scope().no_windows {
            return Ok(());
        }
        Err(self
            .invalid(format!(
                "{} ... OVER is allowed only in a select list or in ORDER BY",
                name.to_uppercase()
            ))
            .with_hint("compute it in a derived table or WITH, and write the condition over that"))
    }

    /// ` OVER (...)`.
    pub fn over(&mut self, over: &WindowType) -> R<String> {
        let WindowType::WindowSpec(WindowSpec {
            window_name: None,
            partition_by,
            order_by,
            window_frame,
        }) = over
        else {
            return Err(self
                .unsupported("OVER with the name of a window")
                .with_hint("write the window within OVER (...)"));
        };
        let mut parts = Vec::new();
        if !partition_by.is_empty() {
            let mut written = Vec::new();
            for expr in partition_by {
                written.push(self.value(expr)?.collated());
            }
            parts.push(format!("PARTITION BY {}", written.join(", ")));
        }
        if !order_by.is_empty() {
            parts.push(format!("ORDER BY {}", self.order_list(order_by)?));
        }
        if let Some(frame) = window_frame {
            parts.push(self.frame(frame)?);
        }
        Ok(format!(" OVER ({})", parts.join(" ")))
    }

    fn frame(&mut self, frame: &WindowFrame) -> R<String> {
        let units = match frame.units {
            WindowFrameUnits::Rows => "ROWS",
            WindowFrameUnits::Range => "RANGE",
            WindowFrameUnits::Groups => return Err(self.invalid("GROUPS is not T-SQL")),
        };
        let ranged = frame.units == WindowFrameUnits::Range;
        let mut bound = |bound: &WindowFrameBound| -> R<String> {
            let (rows, word) = match bound {
                WindowFrameBound::CurrentRow => return Ok("CURRENT ROW".to_owned()),
                WindowFrameBound::Preceding(rows) => (rows, "PRECEDING"),
                WindowFrameBound::Following(rows) => (rows, "FOLLOWING"),
            };
            match rows {
                None => Ok(format!("UNBOUNDED {word}")),
                Some(_) if ranged => {
                    Err(self.invalid("RANGE takes UNBOUNDED and CURRENT ROW only"))
                }
                Some(rows) => {
                    let rows = self.value(rows)?;
                    if !matches!(rows.literal, Some(Value::Integer(0..))) {
                        return Err(self.invalid("ROWS takes a whole number of rows, from 0"));
                    }
                    Ok(format!("{} {word}", rows.sql))
                }
            }
        };
        let start = bound(&frame.start_bound)?;
        Ok(match &frame.end_bound {
            None => format!("{units} {start}"),
            Some(end) => format!("{units} BETWEEN {start} AND {}", bound(end)?),
        })
    }

    /// `PERCENTILE_CONT(part) WITHIN GROUP (ORDER BY x) OVER (PARTITION BY y)`.
    pub fn percentile(
        &mut self,
        name: &str,
        list: &[FunctionArg],
        within: &[OrderByExpr],
        over: Option<&WindowType>,
    ) -> R<Typed> {
        let upper = name.to_uppercase();
        let ([_], Some(over)) = (within, over) else {
            return Err(self
                .invalid(format!("{upper} needs WITHIN GROUP and OVER"))
                .with_hint(format!(
                    "write {upper}(0.5) WITHIN GROUP (ORDER BY column) OVER (PARTITION BY column), or OVER ()"
                )));
        };
        let ordered = matches!(over, WindowType::WindowSpec(spec)
            if !spec.order_by.is_empty() || spec.window_frame.is_some());
        if ordered {
            return Err(self.invalid(format!("OVER of {upper} takes PARTITION BY only")));
        }
        self.windows_may_stand(name)?;
        let [part] = self.exactly(name, list)?;
        if !part.of.is_number() {
            return Err(self.invalid(format!("{upper} takes a number from 0 to 1")));
        }
        let Some((value, direction)) = self.order_terms(within)?.pop() else {
            return Err(self.invalid(format!("{upper} needs WITHIN GROUP and OVER")));
        };
        let of = match name {
            "percentile_disc" => value.of,
            _ if value.of.is_number() => Type::Float,
            _ => {
                return Err(
                    self.invalid(format!("{upper} takes numbers, not values of type {}", value.of))
                );
            }
        };
        let descending = u8::from(direction == " DESC");
        let window = self.over(over)?;
        Ok(Typed::plain(
            format!("tsql_{name}({}, {}, {descending}){window}", value.sql, part.sql),
            of,
        ))
    }

    pub fn window(&mut self, name: &str, list: &[FunctionArg], over: &WindowType) -> R<Typed> {
        let at = self.at;
        self.windows_may_stand(name)?;
        let window = self.over(over)?;
        self.at = at;
        let ordered = matches!(over, WindowType::WindowSpec(spec) if !spec.order_by.is_empty());
        let framed = matches!(over, WindowType::WindowSpec(spec) if spec.window_frame.is_some());
        if !ordered {
            return Err(self
                .invalid(format!("{} needs an ORDER BY in OVER", name.to_uppercase()))
                .with_hint("ORDER BY (SELECT NULL) allows any order"));
        }
        let value_of = matches!(name, "first_value" | "last_value");
        if framed && !value_of {
            return Err(self.invalid(format!("{} takes no ROWS or RANGE", name.to_uppercase())));
        }
        match name {
            "row_number" | "rank" | "dense_rank" => {
                let [] = self.exactly(name, list)?;
                Ok(Typed::plain(format!("{name}(){window}"), Type::BigInt))
            }
            "percent_rank" | "cume_dist" => {
                let [] = self.exactly(name, list)?;
                Ok(Typed::plain(format!("{name}(){window}"), Type::Float))
            }
            "ntile" => {
                let [groups] = self.exactly(name, list)?;
                Ok(Typed::plain(format!("ntile({}){window}", groups.sql), Type::BigInt))
            }
            "first_value" | "last_value" => {
                let [value] = self.exactly(name, list)?;
                Ok(Typed::plain(format!("{name}({}){window}", value.sql), value.of))
            }
            "lag" | "lead" => {
                let mut arguments = self.arguments(list)?;
                if !(1..=3).contains(&arguments.len()) {
                    return Err(
                        self.invalid(format!("{} takes 1 to 3 arguments", name.to_uppercase()))
                    );
                }
                let of = arguments[0].of;
                if let Some(offset) = arguments.get_mut(1) {
                    match offset.literal {
                        Some(Value::Integer(0..)) => {}
                        Some(Value::Integer(_)) => {
                            return Err(self
                                .invalid(format!(
                                    "{} takes no negative offset",
                                    name.to_uppercase()
                                ))
                                .with_hint("LAG looks at earlier rows, LEAD at later ones"));
                        }
                        _ => {
                            *offset =
                                Typed::plain(format!("tsql_offset({})", offset.sql), offset.of)
                        }
                    }
                }
                if let Some(otherwise) = arguments.get(2).cloned() {
                    arguments[2] = self.cast(otherwise, of, None, false)?;
                }
                Ok(Typed::plain(format!("{name}({}){window}", texts(&arguments).join(", ")), of))
            }
            _ => Err(self.unsupported(format!("{}(...) OVER", name.to_uppercase()))),
        }
    }
}
