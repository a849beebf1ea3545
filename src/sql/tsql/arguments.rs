//! Arguments of functions: how many, of which kind, and the type of what is made of them.

use sqlparser::ast::{FunctionArg, FunctionArgExpr};

use super::expr::Typed;
use super::translator::{R, Translator};
use crate::schema::types::Type;
use crate::sql::functions::Value;
use crate::sql::functions::table::{ArgumentKind, Entry, ReturnKind};

/// The most characters of a number or a date as text.
const LONGEST_NUMBER: u32 = 60;

impl Translator<'_> {
    /// A call of one of SQLite's registered functions.
    pub fn function(&self, name: &str, arguments: &[String], of: Type) -> Typed {
        Typed::plain(format!("{name}({})", arguments.join(", ")), of)
    }

    /// The value as text, as a text function is given it.
    pub fn as_text(&mut self, value: Typed) -> R<String> {
        match value.of {
            Type::Text { .. } | Type::Unknown | Type::Null => Ok(value.sql),
            Type::Binary { .. } => Err(self
                .invalid("expected text, found a binary value")
                .with_hint("CONVERT(varchar(n), value, 1) writes its digits")),
            _ => Ok(self.cast(value, Type::VARCHAR, None, false)?.sql),
        }
    }

    /// The type of a text made of another.
    pub fn text_type(&self, value: &Typed) -> Type {
        match value.of {
            Type::Text { length, national, .. } => Type::Text { length, national, fixed: false },
            Type::Unknown => Type::NVARCHAR,
            _ => Type::VARCHAR,
        }
    }

    pub fn arguments(&mut self, list: &[FunctionArg]) -> R<Vec<Typed>> {
        list.iter()
            .map(|argument| match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => self.value(expr),
                other => Err(self.unsupported(format!("the argument {other}"))),
            })
            .collect()
    }

    /// Refuses another number of arguments than the function takes.
    pub fn counted(&self, entry: &Entry, given: usize) -> R<()> {
        let most = entry.most().unwrap_or(usize::MAX);
        if (entry.least()..=most).contains(&given) {
            return Ok(());
        }
        let (name, takes) = (entry.name.to_uppercase(), entry.arity());
        Err(self.invalid(format!("{name} takes {takes}, not {given}")))
    }

    /// The value as the function's argument of this kind is given it.
    pub fn argument(&mut self, entry: &Entry, at: usize, value: Typed) -> R<String> {
        let takes = entry.takes.get(at).or(entry.takes.last()).copied();
        let of = value.of;
        let untyped = matches!(of, Type::Unknown | Type::Null);
        let wrong = |this: &Self, what: &str| {
            let name = entry.name.to_uppercase();
            let error = this.invalid(format!(
                "{name} takes {what} as its argument {}, not a value of type {of}",
                at + 1
            ));
            Err(error.with_hint("CAST it first"))
        };
        match takes.unwrap_or(ArgumentKind::Any) {
            ArgumentKind::Text => self.as_text(value),
            ArgumentKind::Searched => {
                self.default_collation(entry.name, &[&value])?;
                self.as_text(value)
            }
            ArgumentKind::Characters if of.is_text() || untyped => Ok(value.sql),
            ArgumentKind::Characters => wrong(self, "a text"),
            ArgumentKind::Whole if of.is_number() || of.is_text() || untyped => Ok(value.sql),
            ArgumentKind::Whole => wrong(self, "a whole number"),
            ArgumentKind::Number => Ok(self.number_argument(entry.name, value)?.sql),
            ArgumentKind::Date if matches!(of, Type::Time(_)) => wrong(self, "a date"),
            ArgumentKind::Date => self.as_date(value),
            ArgumentKind::Any | ArgumentKind::Condition | ArgumentKind::Part => Ok(value.sql),
        }
    }

    /// A call of a function in Rust, by its entry alone.
    pub fn computed(&mut self, entry: &Entry, sql_name: &str, list: &[FunctionArg]) -> R<Typed> {
        let at = self.at;
        let values = self.arguments(list)?;
        self.at = at;
        let of = match entry.gives {
            ReturnKind::Of(of) => of,
            ReturnKind::TextOfFirst => {
                values.first().map_or(Type::VARCHAR, |first| self.text_type(first))
            }
            ReturnKind::PartOfFirst(count) => {
                let of = values.first().map_or(Type::VARCHAR, |first| self.text_type(first));
                values.get(count).map_or(of, |count| shorter(of, count))
            }
            ReturnKind::Joined | ReturnKind::Depends => {
                let wide = |value: &Typed| value.of.is_national() || value.of == Type::Unknown;
                if values.iter().any(wide) { Type::NVARCHAR } else { Type::VARCHAR }
            }
        };
        let types: Vec<Type> = values.iter().map(|value| value.of).collect();
        let mut written = Vec::with_capacity(values.len());
        for (at, value) in values.into_iter().enumerate() {
            written.push(self.argument(entry, at, value)?);
        }
        let made = self.function(sql_name, &written, of);
        let length = |of: &Type| match of {
            Type::Text { length, .. } => length.unwrap_or(0),
            _ => LONGEST_NUMBER,
        };
        let sum = |types: &[Type]| types.iter().map(length).sum();
        Ok(match (entry.name, types.as_slice()) {
            ("replace", _) => self.in_room(made, &types, None, true),
            ("concat", all) => self.in_room(made, &types, Some(sum(all)), true),
            ("concat_ws", [separator, rest @ ..]) => {
                let between = length(separator) * u32::try_from(rest.len()).unwrap_or(0);
                self.in_room(made, &types, Some(sum(rest) + between), true)
            }
            ("stuff", [text, .., with]) => {
                let longest = sum(&[*text, *with]);
                self.in_room(made, &[*text, *with], Some(longest), false)
            }
            _ => made,
        })
    }

    pub fn exactly<const N: usize>(&mut self, name: &str, list: &[FunctionArg]) -> R<[Typed; N]> {
        let arguments = self.arguments(list)?;
        let count = arguments.len();
        arguments.try_into().map_err(|_| {
            let takes = if N == 1 { "1 argument".to_owned() } else { format!("{N} arguments") };
            self.invalid(format!("{} takes {takes}, not {count}", name.to_uppercase()))
        })
    }

    /// Functions that search compare as the default collation does, and can compare in no other way.
    pub fn default_collation(&self, name: &str, values: &[&Typed]) -> R<()> {
        let other = values.iter().find_map(|value| {
            value.collation.filter(|name| *name != crate::sql::functions::collation::DEFAULT)
        });
        match other {
            None => Ok(()),
            Some(other) => {
                Err(self.unsupported(format!("{} COLLATE {other}", name.to_uppercase())))
            }
        }
    }

    pub fn number_argument(&mut self, name: &str, value: Typed) -> R<Typed> {
        match value.of {
            of if of.is_number() || of == Type::Null => Ok(value),
            Type::Text { .. } => self.cast(value, Type::Float, None, false),
            of => Err(self
                .invalid(format!(
                    "{} takes a number, not a value of type {of}",
                    name.to_uppercase()
                ))
                .with_hint("CAST it to a number first")),
        }
    }
}

/// The type of a part of a text that is `count` long.
pub(super) fn shorter(of: Type, count: &Typed) -> Type {
    let most = match &count.literal {
        Some(Value::Integer(n)) => u32::try_from(*n).ok().map(|n| n.max(1)),
        _ => None,
    };
    match of {
        Type::Text { length, national, fixed } => Type::Text {
            length: length.into_iter().chain(most).min().filter(|n| *n <= 8000),
            national,
            fixed,
        },
        of => of,
    }
}
