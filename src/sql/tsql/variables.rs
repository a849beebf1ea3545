//! Variables: `DECLARE`, `SET` and `SELECT @a = ...`, and the options of a session that change an answer.

use sqlparser::ast::{
    DataType, Declare, DeclareAssignment, Ident, Query, Select, SelectItem, SessionParamValue, Set,
    SetSessionParamKind,
};

use super::expr::Typed;
use super::query::Shape;
use super::reader::CURSORS;
use super::script::Statement;
use super::translator::{R, Translator};
use super::{TsqlError, TsqlProblem};
use crate::diagnostic::did_you_mean;
use crate::schema::types::Type;
use crate::sql::functions::time::{DMY, YDM};
use crate::sql::guard::limits::MAX_VARIABLES;

impl Translator<'_> {
    pub fn declaration(&mut self, declare: &Declare, line: u32) -> R<()> {
        let Declare {
            names,
            data_type,
            assignment,
            declare_type: None,
            binary: None,
            sensitive: None,
            scroll: None,
            hold: None,
            for_query: None,
        } = declare
        else {
            return Err(self.unsupported("DECLARE CURSOR").with_hint(CURSORS));
        };
        for name in names {
            self.see(name.span);
            let Some(variable) = name.value.strip_prefix('@') else {
                return Err(self.unsupported("DECLARE CURSOR").with_hint(CURSORS));
            };
            let variable = variable.to_lowercase();
            let Some(data_type) = data_type else {
                return Err(self.invalid(format!("`@{variable}` is declared without a type")));
            };
            if let DataType::Table(columns) = data_type {
                let columns = columns.as_deref().unwrap_or(&[]);
                let table = format!("@{variable}");
                let declared = self.columns_of(columns)?;
                self.make_table(&table, declared, line);
                continue;
            }
            let of = self.data_type(data_type, Some(1))?;
            self.batch.variables.insert(variable.clone(), of);
            if self.batch.variables.len() > MAX_VARIABLES {
                let what = format!("more than {MAX_VARIABLES} variables are declared");
                return Err(TsqlError::new(self.at, TsqlProblem::TooLarge(what)).with_hint(
                    "put the values into a temporary table: CREATE TABLE #values (...)",
                ));
            }
            if !self.batch.declared.insert(variable.clone()) {
                return Err(self.invalid(format!("`@{variable}` is declared twice")));
            }
            if self.batch.depth > 0 {
                self.output.hoisted.push((line, variable.clone()));
                if assignment.is_none() {
                    continue;
                }
            }
            let value = match assignment {
                None => Typed::plain("NULL".to_owned(), Type::Null),
                Some(DeclareAssignment::MsSqlAssignment(expr)) => self.value(expr)?,
                Some(_) => return Err(self.unsupported("DECLARE")),
            };
            let value = self.cast(value, of, None, false)?;
            self.push(
                line,
                Statement::Assign {
                    sql: format!("SELECT {}", value.sql),
                    variables: vec![variable],
                },
            );
        }
        Ok(())
    }

    pub fn set(&mut self, set: &Set, line: u32) -> R<()> {
        match set {
            Set::SingleAssignment { scope: None, hivevar: false, variable, values } => {
                let name = variable.to_string();
                let Some(variable) = name.strip_prefix('@') else {
                    return Err(self.unsupported(format!("SET {name}")));
                };
                let [value] = values.as_slice() else {
                    return Err(self.unsupported(format!("SET {name}")));
                };
                let variable = variable.to_lowercase();
                let of = self.variable(&variable)?;
                let value = self.value(value)?;
                let value = self.cast(value, of, None, false)?;
                self.push(
                    line,
                    Statement::Assign {
                        sql: format!("SELECT {}", value.sql),
                        variables: vec![variable],
                    },
                );
                Ok(())
            }
            // Locks and options of the session have no bearing on the answer.
            Set::SetTransaction { session: false, .. } => Ok(()),
            Set::SetSessionParam(SetSessionParamKind::IdentityInsert(given)) => {
                self.identity_insert(&given.obj, given.value == SessionParamValue::On)
            }
            Set::SetSessionParam(option) => {
                const WITHOUT_BEARING: [&str; 23] = [
                    "ANSI_DEFAULTS ON",
                    // It counts only beside ANSI_WARNINGS OFF.
                    "ARITHABORT OFF",
                    "ANSI_NULL_DFLT_ON ON",
                    "ANSI_WARNINGS OFF",
                    "ARITHIGNORE OFF",
                    "CONCAT_NULL_YIELDS_NULL ON",
                    "CURSOR_CLOSE_ON_COMMIT OFF",
                    "FMTONLY OFF",
                    "IMPLICIT_TRANSACTIONS OFF",
                    "NOEXEC OFF",
                    "NUMERIC_ROUNDABORT OFF",
                    "PARSEONLY OFF",
                    "ROWCOUNT 0",
                    "SHOWPLAN_ALL OFF",
                    "XACT_ABORT OFF",
                    "NOCOUNT ON",
                    "NOCOUNT OFF",
                    "ANSI_NULLS ON",
                    "ANSI_PADDING ON",
                    "ANSI_WARNINGS ON",
                    "ARITHABORT ON",
                    "QUOTED_IDENTIFIER ON",
                    "XACT_ABORT ON",
                ];
                let text = option.to_string().to_uppercase();
                let (names, value) = text.rsplit_once(' ').unwrap_or((&text, ""));
                let mut each = names.split(", ").map(|name| format!("{name} {value}"));
                let harmless = each.all(|one| WITHOUT_BEARING.contains(&one.as_str()))
                    || ["STATISTICS ", "LOCK_TIMEOUT ", "DEADLOCK_PRIORITY ", "TEXTSIZE "]
                        .iter()
                        .any(|name| text.starts_with(name));
                if harmless || self.session(&text)? {
                    Ok(())
                } else {
                    let error = self.unsupported(format!("SET {text}"));
                    Err(match text.starts_with("ROWCOUNT ") {
                        true => error.with_hint("write TOP (n) after SELECT"),
                        false => error,
                    })
                }
            }
            other => Err(self.unsupported(other.to_string())),
        }
    }

    /// Options that say how dates are read and weeks are counted; whether it is one of them.
    fn session(&mut self, option: &str) -> R<bool> {
        let (name, value) = option.split_once(' ').unwrap_or((option, ""));
        let value = value.trim_matches(['\'', '[', ']', '"']);
        match (name, value) {
            ("DATEFIRST", value) => match value.parse() {
                Ok(day @ 1..=7) => self.session.first_day = day,
                _ => return Err(self.invalid(format!("DATEFIRST takes 1 to 7, not {value}"))),
            },
            ("DATEFORMAT", "MDY") => self.session.date_style = None,
            ("DATEFORMAT", "DMY") => self.session.date_style = Some(DMY),
            ("DATEFORMAT", "YMD") => self.session.date_style = Some(111),
            ("LANGUAGE", "US_ENGLISH" | "ENGLISH") => {
                (self.session.first_day, self.session.date_style) = (7, None)
            }
            ("LANGUAGE", "BRITISH" | "BRITISH ENGLISH") => {
                (self.session.first_day, self.session.date_style) = (1, Some(DMY));
            }
            ("DATEFORMAT" | "LANGUAGE", _) => {
                return Err(self.unsupported(format!("SET {option}")).with_hint(
                    "supported: DATEFORMAT mdy, dmy and ymd, and LANGUAGE us_english and british",
                ));
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The style in which a text is read as a date of this type, where SET says so.
    pub fn date_style(&self, to: Type) -> Option<i64> {
        match (self.session.date_style, to) {
            (Some(DMY), Type::DateTime | Type::SmallDateTime) => Some(YDM),
            (style, to) => style.filter(|_| to.has_date()),
        }
    }

    /// The type of a variable.
    pub fn variable(&self, name: &str) -> R<Type> {
        match self.batch.variables.get(name) {
            Some(of) => Ok(*of),
            // A scenario's values come from its parameters.
            None if self.given.catalog.open => Ok(Type::Unknown),
            None => {
                let error = self.invalid(format!("`@{name}` is not declared"));
                let known = self.batch.variables.keys().map(String::as_str);
                Err(match did_you_mean(name, known) {
                    Some(meant) => error.with_hint(format!("did you mean `@{meant}`?")),
                    None => error.with_hint(format!(
                        "write `DECLARE @{name} type = value` before it, in the same batch"
                    )),
                })
            }
        }
    }

    /// The variables that a `SELECT @a = ..., @b = ...` assigns; `None` when it gives rows.
    pub fn assignments(&self, select: &Select) -> R<Option<Vec<Ident>>> {
        let mut targets = Vec::new();
        for item in &select.projection {
            match item {
                SelectItem::ExprWithAlias { alias, .. } if alias.value.starts_with('@') => {
                    targets.push(alias.clone());
                }
                _ => {}
            }
        }
        match targets.len() {
            0 => Ok(None),
            n if n == select.projection.len() => Ok(Some(targets)),
            _ => Err(self.invalid(
                "a SELECT that assigns a variable returns no rows; assign all of its columns or none",
            )),
        }
    }

    pub fn assign(
        &mut self,
        query: &Query,
        select: &Select,
        targets: Vec<Ident>,
        line: u32,
    ) -> R<()> {
        let mut variables = Vec::new();
        let mut types = Vec::new();
        for target in &targets {
            self.see(target.span);
            let name = target.value.trim_start_matches('@').to_lowercase();
            types.push(self.variable(&name)?);
            variables.push(name);
        }
        if select.from.is_empty() && select.selection.is_none() {
            // One after the other: a later one sees what an earlier one was given.
            for ((item, variable), of) in select.projection.iter().zip(variables).zip(types) {
                let SelectItem::ExprWithAlias { expr, .. } = item else {
                    continue;
                };
                let value = self.value(expr)?;
                let value = self.cast(value, of, None, false)?;
                let sql = format!("SELECT {}", value.sql);
                let variables = vec![variable];
                self.push(line, Statement::Assign { sql, variables });
            }
            return Ok(());
        }
        let names: Vec<String> = (1..=variables.len()).map(|n| format!("v{n}")).collect();
        let shape =
            Shape { names: Some(&names), types: Some(&types), assigns: true, ..Shape::default() };
        let (answer, met) = self.observed(|this| this.query(query, shape));
        let answer = answer?;
        if variables.iter().any(|name| met.variables.contains(name)) {
            return Err(self
                .unsupported("SELECT @variable = @variable ... FROM")
                .with_hint("use STRING_AGG or SUM over the rows"));
        }
        self.push(line, Statement::Assign { sql: answer.sql, variables });
        Ok(())
    }
}
