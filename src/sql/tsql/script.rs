//! Statements in order: declarations and their values, temporary tables, queries.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sqlparser::ast::{
    ColumnOption, ConditionalStatements, CreateTable, DataType, Declare, DeclareAssignment, Expr,
    FunctionArguments, Ident, Insert, ObjectName, ObjectType, Query, Select, SelectItem, Set,
    SetExpr, Statement, TableConstraint, TableObject,
};
use sqlparser::tokenizer::Span;

use super::batch::Flow;
use super::expr::Typed;
use super::names::quoted;
use super::select::Shape;
use super::{Literal, TsqlError, TsqlProblem, batch};
use crate::diagnostic::{Position, did_you_mean};
use crate::schema::catalog::{Catalog, Table};
use crate::schema::types::Type;
use crate::sql::functions::collation;
use crate::sql::functions::time::{DMY, YDM};
use crate::sql::guard::limits::{LONGEST_REWRITTEN, MAX_REWRITE_STEPS, MAX_VARIABLES};

/// What a text comes to: steps to run in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// The steps in their order.
    pub steps: Vec<Step>,
    /// What there is to say about the answer, in sentences.
    pub notes: Vec<String>,
}

/// One statement for SQLite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The line of the text on which what it comes from begins.
    pub line: u32,
    /// What to do.
    pub act: Act,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// A query that gives rows.
    Ask {
        /// The query for SQLite.
        sql: String,
        /// Its columns, left to right; `None` when they are only known once it runs.
        columns: Option<Vec<AnswerColumn>>,
    },
    /// Gives values to variables: the columns of its last row, in this order. Without a row they keep theirs.
    Set {
        /// The query for SQLite.
        sql: String,
        /// The variables, without `@`.
        variables: Vec<String>,
    },
    /// Makes, fills or drops a temporary table.
    Change {
        /// The statement for SQLite.
        sql: String,
    },
    /// Goes on at another step, unless the query gives 1.
    Jump {
        /// The query for SQLite.
        sql: String,
        /// The step, from 0.
        to: usize,
    },
    /// Changes rows of one of the product's tables.
    Write {
        /// The statement for SQLite.
        sql: String,
    },
}

impl Act {
    /// The statement for SQLite.
    #[must_use]
    pub fn sql(&self) -> &str {
        match self {
            Self::Ask { sql, .. }
            | Self::Set { sql, .. }
            | Self::Change { sql }
            | Self::Jump { sql, .. }
            | Self::Write { sql } => sql,
        }
    }
}

/// A column of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerColumn {
    /// The name; empty where SQL Server gives none.
    pub name: String,
    /// The type of its values.
    pub of: Type,
}

pub(super) type R<T> = Result<T, TsqlError>;

/// The columns of a temporary table.
#[derive(Debug, Default)]
struct Declared {
    /// Their names and types.
    columns: Vec<(String, Type)>,
    /// The names of those that hold no NULL.
    filled: Vec<String>,
    /// The one that numbers the rows.
    identity: Option<String>,
    /// What a row has where an INSERT names no value: the column and a constant.
    defaults: Vec<(String, String)>,
}

/// A column of something in `FROM`.
#[derive(Debug, Clone)]
pub(super) struct SourceColumn {
    pub name: String,
    pub of: Type,
    /// What stands for it, when it is no column of its own in the SQL that is run.
    pub instead: Option<String>,
    /// Whether `*` leaves it out.
    pub hidden: bool,
    /// SQL that makes the value of what is stored, which `{}` stands for.
    pub read_as: Option<String>,
    /// What there is to say where it is sorted or compared.
    pub doubt: Option<Arc<str>>,
}

impl SourceColumn {
    /// A column that is stored as it is read.
    pub fn plain(name: String, of: Type) -> Self {
        Self {
            name,
            of,
            instead: None,
            hidden: false,
            read_as: None,
            doubt: None,
        }
    }
}

/// Something in `FROM`.
#[derive(Debug, Clone)]
pub(super) struct Source {
    /// The name by which columns are qualified.
    pub name: String,
    /// The name in the SQL that is run, where it is another one.
    pub emitted: Option<String>,
    /// The columns; `None` when they are not known.
    pub columns: Option<Vec<SourceColumn>>,
    /// Whether it is a table of the database, whose times may be stored in another form.
    pub stored: bool,
}

/// The names that a `SELECT` sees.
#[derive(Debug, Default)]
pub(super) struct Scope {
    pub sources: Vec<Source>,
    /// The first of the sources that can be seen: within the joins of one item of `FROM`, only that item's.
    pub from: usize,
    /// The grouping expressions as written out.
    pub grouping: Vec<String>,
    /// The groupings of ROLLUP or CUBE that are NULL in this set, as written out.
    pub left_out: Vec<String>,
    /// All groupings of ROLLUP or CUBE.
    pub sets: Vec<String>,
    /// Grouping columns: source and column.
    pub grouped: Vec<(usize, String)>,
    /// Whether an aggregate was met.
    pub aggregates: bool,
}

/// The state of a rewriting.
pub(super) struct Translator<'a> {
    pub catalog: &'a Catalog,
    pub temporary: BTreeMap<String, Table>,
    pub variables: BTreeMap<String, Type>,
    /// The variables that the batch declares itself.
    declared: BTreeSet<String>,
    pub literals: Vec<Literal>,
    used: Vec<bool>,
    pub now: &'a str,
    /// The database and the schema that the text names, which are one each.
    pub database: Option<String>,
    pub schema: Option<String>,
    pub ctes: Vec<BTreeMap<String, Vec<SourceColumn>>>,
    /// Every name that the statement gives in WITH, in lower case: to SQLite it hides the table of that name, however
    /// that is qualified, from its own definition as well.
    pub in_with: BTreeSet<String>,
    pub scopes: Vec<Scope>,
    /// Columns met outside of aggregates: how deep their scope is, where they stand and what they are called.
    pub bare: Vec<(usize, Position, String)>,
    /// The scopes that columns were found in since this was last looked at.
    pub reached: BTreeSet<usize>,
    /// Whether every column is written with its table.
    pub qualify: bool,
    /// The name that the next table goes by in the SQL, in the place of its own.
    pub lift: Option<String>,
    /// The variables met since this was last looked at.
    pub met: BTreeSet<String>,
    /// The place of the newest thing that has one.
    pub at: Position,
    pub serial: u32,
    /// Whether this is inside an aggregate, where another may not stand.
    pub in_aggregate: bool,
    pub notes: BTreeSet<Cow<'static, str>>,
    /// Whether the product's tables may be changed.
    pub changes: bool,
    /// The steps that the rewriting has taken, see [`MAX_REWRITE_STEPS`].
    pub spent: u64,
    /// After how many rounds a recursion is an error; 0 for never.
    pub max_recursion: u32,
    /// The first step of the WHILE around this, and the steps that leave it.
    rounds: Option<(usize, Vec<usize>)>,
    /// The steps that leave the batch.
    returns: Vec<usize>,
    /// How many IF and WHILE stand around this.
    depth: usize,
    /// Variables that are declared where they may not be reached, with their lines.
    hoisted: Vec<(u32, String)>,
    /// The first day of the week, from 1 for Monday.
    pub first_day: u8,
    /// The style in which texts are read as dates, where a language or a format is set.
    date_style: Option<i64>,
    /// The columns that number the rows of temporary tables.
    identities: BTreeMap<String, String>,
    /// The groupings of ROLLUP or CUBE for the SELECT that comes next: all, and those that are NULL.
    pub left_out: Option<(Vec<Expr>, Vec<Expr>)>,
    /// Whether a window function may not stand here: in WHERE, ON, GROUP BY and HAVING.
    pub no_windows: bool,
    steps: Vec<Step>,
}

impl<'a> Translator<'a> {
    pub fn new(catalog: &'a Catalog, now: &'a str) -> Self {
        Self {
            catalog,
            temporary: BTreeMap::new(),
            variables: BTreeMap::new(),
            declared: BTreeSet::new(),
            literals: Vec::new(),
            used: Vec::new(),
            now,
            database: None,
            schema: None,
            ctes: Vec::new(),
            in_with: BTreeSet::new(),
            scopes: Vec::new(),
            bare: Vec::new(),
            reached: BTreeSet::new(),
            qualify: false,
            lift: None,
            met: BTreeSet::new(),
            at: Position { line: 1, column: 1 },
            serial: 0,
            in_aggregate: false,
            notes: BTreeSet::new(),
            changes: false,
            spent: 0,
            max_recursion: 0,
            rounds: None,
            returns: Vec::new(),
            depth: 0,
            hoisted: Vec::new(),
            first_day: 7,
            date_style: None,
            identities: BTreeMap::new(),
            left_out: None,
            no_windows: false,
            steps: Vec::new(),
        }
    }

    pub fn stand_for(&mut self, literals: &[Literal]) {
        self.literals = literals.to_vec();
        self.used = vec![false; literals.len()];
    }

    pub fn declare(&mut self, values: &[(String, Type)]) {
        let lower = |(name, of): &(String, Type)| (name.to_lowercase(), *of);
        self.variables.extend(values.iter().map(lower));
    }

    pub fn unused_literal(&self) -> Option<&Literal> {
        let at = self.used.iter().position(|used| !used)?;
        self.literals.get(at)
    }

    pub fn use_literal(&mut self, at: usize) {
        if let Some(used) = self.used.get_mut(at) {
            *used = true;
        }
    }

    /// Notes where a node stands.
    pub fn see(&mut self, span: Span) {
        if span.start.line > 0 {
            self.at = batch::position(span.start);
        }
    }

    pub fn unsupported(&self, what: impl Into<String>) -> TsqlError {
        TsqlError::new(self.at, TsqlProblem::Unsupported(what.into()))
    }

    pub fn invalid(&self, what: impl Into<String>) -> TsqlError {
        TsqlError::new(self.at, TsqlProblem::Invalid(what.into()))
    }

    /// Counts the writing of `bytes`, before they are copied into anything larger.
    ///
    /// Some constructs write an operand more than once, and columns of nested queries multiply, so that a text of a
    /// kilobyte could stand for gigabytes. Everything that is written passes here, which bounds the memory and the
    /// time of a rewriting by constants.
    pub fn spend(&mut self, bytes: usize) -> R<()> {
        self.spent = self.spent.saturating_add(bytes as u64);
        if bytes > LONGEST_REWRITTEN {
            return Err(self.too_large(format!(
                "a part of this comes to more than {LONGEST_REWRITTEN} bytes of SQL"
            )));
        }
        if self.spent > MAX_REWRITE_STEPS {
            return Err(self.too_large(format!(
                "this comes to more than {MAX_REWRITE_STEPS} steps of rewriting"
            )));
        }
        Ok(())
    }

    fn too_large(&self, what: String) -> TsqlError {
        TsqlError::new(self.at, TsqlProblem::TooLarge(what))
            .with_hint("compute what is repeated once, in a temporary table: SELECT ... INTO #part")
    }

    /// Refuses a list that is longer than SQL Server takes.
    pub fn at_most(&self, count: usize, most: usize, what: &str) -> R<()> {
        if count > most {
            let what = format!("more than {most} {what}, which SQL Server does not take either");
            return Err(TsqlError::new(self.at, TsqlProblem::TooLarge(what)));
        }
        Ok(())
    }

    pub fn writes(&self, what: impl Into<String>) -> TsqlError {
        TsqlError::new(self.at, TsqlProblem::Writes(what.into()))
    }

    /// A name that nothing else in the SQL has.
    pub fn fresh(&mut self, stem: &str) -> String {
        self.serial += 1;
        format!("chatdb_{stem}{}", self.serial)
    }

    pub fn one_query(&mut self, query: &Query) -> R<String> {
        if let SetExpr::Select(select) = query.body.as_ref()
            && select.into.is_some()
        {
            return Err(self.unsupported("SELECT INTO"));
        }
        Ok(self.query(query, Shape::default())?.sql)
    }

    /// Rewrites a text, see [`Translator::finish`].
    pub fn script(&mut self, text: &str) -> R<()> {
        for tokens in batch::batches(batch::tokens(text)?)? {
            // Variables live as long as their batch.
            let before = self.variables.clone();
            self.declared.clear();
            let returns = std::mem::take(&mut self.returns);
            for parsed in batch::statements(tokens, self.changes)? {
                self.flow(&parsed)?;
            }
            let end = self.steps.len();
            for step in std::mem::replace(&mut self.returns, returns) {
                self.jump_to(step, end);
            }
            self.variables = before;
            let tables = self.temporary.keys().filter(|name| name.starts_with('@'));
            for name in tables.cloned().collect::<Vec<_>>() {
                self.temporary.remove(&name);
                let sql = format!("DROP TABLE {}", quoted(&name));
                self.push(self.at.line, Act::Change { sql });
            }
        }
        if let Some(missing) = self.unused_literal() {
            return Err(TsqlError::new(
                Position { line: 1, column: 1 },
                TsqlProblem::NoLiteral {
                    literal: missing.value.to_string(),
                    parameter: missing.parameter.clone(),
                },
            ));
        }
        Ok(())
    }

    /// What the text comes to.
    pub fn finish(self) -> Script {
        let first = self.hoisted.into_iter().map(|(line, variable)| Step {
            line,
            act: Act::Set {
                sql: "SELECT NULL".to_owned(),
                variables: vec![variable],
            },
        });
        let mut steps: Vec<Step> = first.collect();
        let before = steps.len();
        steps.extend(self.steps.into_iter().map(|mut step| {
            if let Act::Jump { to, .. } = &mut step.act {
                *to += before;
            }
            step
        }));
        Script {
            steps,
            notes: self.notes.into_iter().map(Cow::into_owned).collect(),
        }
    }

    pub fn push(&mut self, line: u32, act: Act) {
        self.steps.push(Step { line, act });
    }

    /// A statement, or one that holds others.
    fn flow(&mut self, parsed: &batch::Parsed) -> R<()> {
        self.at = parsed.at;
        self.max_recursion = parsed.max_recursion;
        self.scopes.clear();
        self.ctes.clear();
        self.in_with.clear();
        self.bare.clear();
        let line = parsed.at.line;
        match &parsed.flow {
            Flow::One(statement) => self.statement(statement),
            Flow::Block(list) => list.iter().try_for_each(|inner| self.flow(inner)),
            Flow::If {
                condition,
                then,
                otherwise,
            } => {
                let skip = self.jump_unless(condition, line)?;
                self.within(then)?;
                let Some(otherwise) = otherwise else {
                    self.jump_to(skip, self.steps.len());
                    return Ok(());
                };
                let end = self.jump(line);
                self.jump_to(skip, self.steps.len());
                self.within(otherwise)?;
                self.jump_to(end, self.steps.len());
                Ok(())
            }
            Flow::While { condition, body } => {
                let start = self.steps.len();
                let end = self.jump_unless(condition, line)?;
                let outer = self.rounds.replace((start, vec![end]));
                self.within(body)?;
                let again = self.jump(line);
                self.jump_to(again, start);
                let ends = std::mem::replace(&mut self.rounds, outer);
                for step in ends.map_or(Vec::new(), |(_, ends)| ends) {
                    self.jump_to(step, self.steps.len());
                }
                Ok(())
            }
            Flow::Break | Flow::Continue => {
                let step = self.jump(line);
                match (&parsed.flow, &mut self.rounds) {
                    (Flow::Break, Some((_, ends))) => ends.push(step),
                    (_, Some((start, _))) => {
                        let start = *start;
                        self.jump_to(step, start);
                    }
                    (_, None) => {
                        return Err(self.invalid("BREAK and CONTINUE stand within WHILE"));
                    }
                }
                Ok(())
            }
            Flow::Return => {
                let step = self.jump(line);
                self.returns.push(step);
                Ok(())
            }
        }
    }

    /// What IF or WHILE holds: it may not run, and what it declares has a value all the same.
    fn within(&mut self, parsed: &batch::Parsed) -> R<()> {
        self.depth += 1;
        let done = self.flow(parsed);
        self.depth -= 1;
        done
    }

    fn jump_unless(&mut self, condition: &Expr, line: u32) -> R<usize> {
        let condition = self.condition(condition)?.sql;
        let sql = format!("SELECT CASE WHEN {condition} THEN 1 ELSE 0 END");
        self.push(line, Act::Jump { sql, to: 0 });
        Ok(self.steps.len() - 1)
    }

    fn jump(&mut self, line: u32) -> usize {
        let sql = "SELECT 0".to_owned();
        self.push(line, Act::Jump { sql, to: 0 });
        self.steps.len() - 1
    }

    fn jump_to(&mut self, step: usize, target: usize) {
        if let Some(Step {
            act: Act::Jump { to, .. },
            ..
        }) = self.steps.get_mut(step)
        {
            *to = target;
        }
    }

    fn statement(&mut self, statement: &Statement) -> R<()> {
        let line = self.at.line;
        match statement {
            Statement::Query(query) => self.top_query(query, line),
            Statement::Declare { stmts } => {
                for declare in stmts {
                    self.declaration(declare, line)?;
                }
                Ok(())
            }
            Statement::Set(set) => self.set(set, line),
            Statement::Use(named) => {
                let text = named.to_string();
                let name = text
                    .trim_start_matches("USE ")
                    .trim_matches(['[', ']', '"']);
                self.name_database(name)
            }
            Statement::CreateTable(create) => self.create_table(create, line),
            Statement::Insert(insert) => self.insert(insert, line),
            Statement::Drop {
                object_type: ObjectType::Table,
                if_exists,
                names,
                ..
            } => {
                for name in names {
                    self.drop_table(name, *if_exists, line)?;
                }
                Ok(())
            }
            Statement::If(_) => self.drop_if_there(statement, line),
            Statement::Update(update) => self.update(update, line),
            Statement::Delete(delete) => self.delete(delete, line),
            // Of a temporary table, as the reader has seen to it: there for speed alone.
            Statement::CreateIndex(_) => Ok(()),
            other => {
                let word = batch::first_word(other);
                match word.as_str() {
                    "SELECT" | "WITH" | "(" => Err(self.unsupported(word)),
                    "IF" => Err(self.unsupported(word)),
                    _ => Err(self.writes(word)),
                }
            }
        }
    }

    fn top_query(&mut self, query: &Query, line: u32) -> R<()> {
        if let SetExpr::Select(select) = query.body.as_ref() {
            if select.into.is_some() {
                return self.select_into(query, select, line);
            }
            if let Some(targets) = self.assignments(select)? {
                return self.assign(query, select, targets, line);
            }
        }
        let answer = self.query(query, Shape::default())?;
        let columns = answer.columns.map(|columns| {
            let named = |column: super::select::Column| AnswerColumn {
                name: column.name.unwrap_or_default(),
                of: column.of,
            };
            columns.into_iter().map(named).collect()
        });
        self.push(
            line,
            Act::Ask {
                sql: answer.sql,
                columns,
            },
        );
        Ok(())
    }

    fn declaration(&mut self, declare: &Declare, line: u32) -> R<()> {
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
            return Err(self.unsupported("DECLARE CURSOR").with_hint(batch::CURSORS));
        };
        for name in names {
            self.see(name.span);
            let Some(variable) = name.value.strip_prefix('@') else {
                return Err(self.unsupported("DECLARE CURSOR").with_hint(batch::CURSORS));
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
            self.variables.insert(variable.clone(), of);
            if self.variables.len() > MAX_VARIABLES {
                let what = format!("more than {MAX_VARIABLES} variables are declared");
                return Err(
                    TsqlError::new(self.at, TsqlProblem::TooLarge(what)).with_hint(
                        "put the values into a temporary table: CREATE TABLE #values (...)",
                    ),
                );
            }
            if !self.declared.insert(variable.clone()) {
                return Err(self.invalid(format!("`@{variable}` is declared twice")));
            }
            if self.depth > 0 {
                self.hoisted.push((line, variable.clone()));
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
                Act::Set {
                    sql: format!("SELECT {}", value.sql),
                    variables: vec![variable],
                },
            );
        }
        Ok(())
    }

    fn set(&mut self, set: &Set, line: u32) -> R<()> {
        match set {
            Set::SingleAssignment {
                scope: None,
                hivevar: false,
                variable,
                values,
            } => {
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
                    Act::Set {
                        sql: format!("SELECT {}", value.sql),
                        variables: vec![variable],
                    },
                );
                Ok(())
            }
            // Locks and options of the session have no bearing on the answer.
            Set::SetTransaction { session: false, .. } => Ok(()),
            Set::SetSessionParam(option) => {
                const WITHOUT_BEARING: [&str; 22] = [
                    "ANSI_DEFAULTS ON",
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
                let harmless = WITHOUT_BEARING.contains(&text.as_str())
                    || [
                        "STATISTICS ",
                        "LOCK_TIMEOUT ",
                        "DEADLOCK_PRIORITY ",
                        "TEXTSIZE ",
                    ]
                    .iter()
                    .any(|name| text.starts_with(name));
                if harmless || self.session(&text)? {
                    Ok(())
                } else {
                    Err(self.unsupported(format!("SET {text}")))
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
                Ok(day @ 1..=7) => self.first_day = day,
                _ => return Err(self.invalid(format!("DATEFIRST takes 1 to 7, not {value}"))),
            },
            ("DATEFORMAT", "MDY") => self.date_style = None,
            ("DATEFORMAT", "DMY") => self.date_style = Some(DMY),
            ("DATEFORMAT", "YMD") => self.date_style = Some(111),
            ("LANGUAGE", "US_ENGLISH" | "ENGLISH") => (self.first_day, self.date_style) = (7, None),
            ("LANGUAGE", "BRITISH" | "BRITISH ENGLISH") => {
                (self.first_day, self.date_style) = (1, Some(DMY));
            }
            ("DATEFORMAT" | "LANGUAGE", _) => {
                return Err(self.unsupported(format!("SET {option}")).with_hint(
                    "DATEFORMAT mdy, dmy and ymd and LANGUAGE us_english and british are known",
                ));
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The style in which a text is read as a date of this type, where SET says so.
    pub fn date_style(&self, to: Type) -> Option<i64> {
        match (self.date_style, to) {
            (Some(DMY), Type::DateTime | Type::SmallDateTime) => Some(YDM),
            (style, to) => style.filter(|_| to.has_date()),
        }
    }

    /// The type of a variable.
    pub fn variable(&self, name: &str) -> R<Type> {
        match self.variables.get(name) {
            Some(of) => Ok(*of),
            // A scenario's values come from its parameters.
            None if self.catalog.open => Ok(Type::Unknown),
            None => {
                let error = self.invalid(format!("`@{name}` is not declared"));
                let known = self.variables.keys().map(String::as_str);
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
    fn assignments(&self, select: &Select) -> R<Option<Vec<Ident>>> {
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
                "a SELECT that assigns a variable gives no rows; assign all of its columns or none",
            )),
        }
    }

    fn assign(&mut self, query: &Query, select: &Select, targets: Vec<Ident>, line: u32) -> R<()> {
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
                self.push(line, Act::Set { sql, variables });
            }
            return Ok(());
        }
        self.met.clear();
        let names: Vec<String> = (1..=variables.len()).map(|n| format!("v{n}")).collect();
        let shape = Shape {
            names: Some(&names),
            types: Some(&types),
            assigns: true,
            ..Shape::default()
        };
        let answer = self.query(query, shape)?;
        if variables.iter().any(|name| self.met.contains(name)) {
            return Err(self
                .unsupported("SELECT @variable = @variable ... FROM")
                .with_hint("use STRING_AGG or SUM over the rows"));
        }
        self.push(
            line,
            Act::Set {
                sql: answer.sql,
                variables,
            },
        );
        Ok(())
    }

    /// The name of a temporary table or table variable, in lower case; `None` for any other table.
    pub fn temporary_name(name: &ObjectName) -> Option<String> {
        let last = name.0.last()?.as_ident()?;
        let temporary = last.value.starts_with(['#', '@']);
        temporary.then(|| last.value.to_lowercase())
    }

    fn select_into(&mut self, query: &Query, select: &Select, line: u32) -> R<()> {
        let targets = select.into.as_ref().map_or(&[][..], |into| &into.targets);
        let [Expr::Identifier(target)] = targets else {
            return Err(self.writes("SELECT INTO"));
        };
        self.see(target.span);
        if !target.value.starts_with('#') {
            return Err(self
                .writes(format!("SELECT INTO {}", target.value))
                .with_hint(format!(
                    "a temporary table is possible: INTO #{}",
                    target.value
                )));
        }
        let name = target.value.to_lowercase();
        if self.temporary.contains_key(&name) {
            return Err(self.invalid(format!("there is already a table `{name}`")));
        }
        let mut without = query.clone();
        if let SetExpr::Select(select) = without.body.as_mut() {
            select.into = None;
        }
        let answer = self.query(&without, Shape::default())?;
        let Some(columns) = answer.columns else {
            return Err(self.unsupported("SELECT INTO of columns that are not known"));
        };
        let (mut named, mut seen) = (Vec::new(), BTreeSet::new());
        for column in columns {
            let Some(own) = column.name.filter(|own| !own.is_empty()) else {
                return Err(self
                    .invalid("a column of SELECT INTO has no name")
                    .with_hint("give it one: expression AS name"));
            };
            if !seen.insert(own.to_lowercase()) {
                return Err(self.twice(&name, &own));
            }
            let of = if column.of == Type::Null {
                Type::Int
            } else {
                column.of
            };
            named.push((own, of));
        }
        let declared = Declared {
            columns: named,
            ..Declared::default()
        };
        self.make_table(&name, declared, line);
        self.push(
            line,
            Act::Change {
                sql: format!("INSERT INTO {} {}", quoted(&name), answer.sql),
            },
        );
        Ok(())
    }

    /// Makes a temporary table.
    fn make_table(&mut self, name: &str, made: Declared, line: u32) {
        let Declared {
            columns,
            filled,
            identity,
            defaults,
        } = made;
        let declared: Vec<String> = columns
            .iter()
            .map(|(column, of)| {
                let of = match of {
                    Type::Unknown | Type::Null => String::new(),
                    of => format!(" \"{of}\""),
                };
                let not_null = if filled.contains(column) {
                    " NOT NULL"
                } else {
                    ""
                };
                if identity.as_ref() == Some(column) {
                    return format!("{} INTEGER PRIMARY KEY", quoted(column));
                }
                let default = defaults.iter().find(|(own, _)| own == column);
                let default =
                    default.map_or(String::new(), |(_, value)| format!(" DEFAULT ({value})"));
                format!("{}{of}{not_null}{default}", quoted(column))
            })
            .collect();
        self.push(
            line,
            Act::Change {
                sql: format!(
                    "CREATE TEMP TABLE {} ({})",
                    quoted(name),
                    declared.join(", ")
                ),
            },
        );
        self.identities.remove(name);
        self.identities
            .extend(identity.map(|column| (name.to_owned(), column)));
        self.temporary.insert(
            name.to_owned(),
            Table {
                name: name.to_owned(),
                columns: Some(columns),
                rowid: true,
                hidden: Vec::new(),
                inferred: BTreeMap::new(),
            },
        );
    }

    /// The columns with their types, and the names of those that hold no NULL.
    fn columns_of(&mut self, columns: &[sqlparser::ast::ColumnDef]) -> R<Declared> {
        let (mut read, mut filled, mut identity) = (Vec::new(), Vec::new(), None);
        let mut defaults = Vec::new();
        for column in columns {
            self.see(column.name.span);
            let of = self.data_type(&column.data_type, Some(1))?;
            for option in &column.options {
                match &option.option {
                    ColumnOption::Null | ColumnOption::Unique(_) => {}
                    ColumnOption::NotNull | ColumnOption::PrimaryKey(_) => {
                        filled.push(column.name.value.clone());
                    }
                    ColumnOption::Identity(kind) => {
                        let text = kind.to_string().replace(' ', "").to_uppercase();
                        if !of.is_integer()
                            || !["IDENTITY", "IDENTITY(1,1)"].contains(&text.as_str())
                        {
                            return Err(self
                                .unsupported(format!("{kind} in a temporary table"))
                                .with_hint("IDENTITY(1, 1) of a whole number is known"));
                        }
                        identity = Some(column.name.value.clone());
                    }
                    ColumnOption::Default(value) => {
                        let value = self.value(value)?;
                        let value = self.cast(value, of, None, false)?;
                        if value.literal.is_none() {
                            return Err(self
                                .unsupported("DEFAULT of what is no constant")
                                .with_hint("name the column in each INSERT, with its value"));
                        }
                        defaults.push((column.name.value.clone(), value.sql));
                    }
                    ColumnOption::Collation(name)
                        if collation::named(&name.to_string()) == Some(collation::DEFAULT) => {}
                    other => {
                        return Err(self.unsupported(format!("{other} in a temporary table")));
                    }
                }
            }
            read.push((column.name.value.clone(), of));
        }
        Ok(Declared {
            columns: read,
            filled,
            identity,
            defaults,
        })
    }

    fn create_table(&mut self, create: &CreateTable, line: u32) -> R<()> {
        let Some(name) = Self::temporary_name(&create.name) else {
            return Err(self
                .writes("CREATE TABLE")
                .with_hint("a temporary table is possible: its name begins with #"));
        };
        if self.temporary.contains_key(&name) {
            return Err(self.invalid(format!("there is already a table `{name}`")));
        }
        if create.query.is_some() || create.like.is_some() || create.clone.is_some() {
            return Err(self.unsupported("CREATE TABLE AS"));
        }
        // Keys are there for speed; that they are kept is the matter of whoever fills the table.
        for constraint in &create.constraints {
            match constraint {
                TableConstraint::PrimaryKey(_) | TableConstraint::Unique(_) => {}
                other => return Err(self.unsupported(format!("{other} in a temporary table"))),
            }
        }
        let declared = self.columns_of(&create.columns)?;
        self.notes.insert(
            "keys of temporary tables are not enforced: SQL Server would refuse a row that comes twice".into(),
        );
        self.make_table(&name, declared, line);
        Ok(())
    }

    fn insert(&mut self, insert: &Insert, line: u32) -> R<()> {
        let TableObject::TableName(name) = &insert.table else {
            return Err(self.writes("INSERT"));
        };
        let (name, table) = match Self::temporary_name(name) {
            Some(name) => {
                let Some(table) = self.temporary.get(&name).cloned() else {
                    return Err(self.invalid(format!("there is no table `{name}`")));
                };
                (name, table)
            }
            None if self.changes => {
                let table = self.product_table(name)?;
                (table.name.clone(), table)
            }
            None => {
                return Err(self
                    .writes("INSERT")
                    .with_hint("a temporary table is possible: its name begins with #"));
            }
        };
        let temporary = self.temporary.contains_key(&name);
        let plain = insert.or.is_none()
            && !insert.ignore
            && !insert.overwrite
            && insert.table_alias.is_none()
            && insert.assignments.is_empty()
            && insert.partitioned.is_none()
            && insert.on.is_none()
            && insert.returning.is_none()
            && insert.output.is_none()
            && !insert.replace_into;
        let Some(source) = insert.source.as_ref().filter(|_| plain) else {
            return Err(self.unsupported("INSERT with more than columns and rows"));
        };
        let known = table.columns.unwrap_or_default();
        let mut targets = Vec::new();
        for column in &insert.columns {
            let wanted = column.to_string();
            let wanted = wanted.trim_matches(['[', ']', '"']);
            let found = known
                .iter()
                .find(|(own, _)| own.eq_ignore_ascii_case(wanted));
            match found {
                Some(found) => targets.push(found.clone()),
                None => return Err(self.invalid(format!("`{name}` has no column `{wanted}`"))),
            }
        }
        let identity = self.identities.get(&name).filter(|_| temporary).cloned();
        if targets.is_empty() {
            targets = known;
            targets.retain(|(own, _)| identity.as_ref() != Some(own));
        } else if let Some((own, _)) = targets
            .iter()
            .find(|(own, _)| identity.as_ref() == Some(own))
        {
            return Err(self.invalid(format!(
                "`{own}` numbers the rows itself, and takes no value"
            )));
        }
        let types: Vec<Type> = targets.iter().map(|(_, of)| *of).collect();
        let shape = Shape {
            types: Some(&types),
            assigns: true,
            inserts: true,
            ..Shape::default()
        };
        let answer = self.query(source, shape)?;
        if answer
            .columns
            .as_ref()
            .is_some_and(|columns| columns.len() != types.len())
        {
            return Err(self.invalid(format!(
                "`{name}` is given another number of columns than it takes, which is {}",
                types.len()
            )));
        }
        let columns: Vec<String> = targets.iter().map(|(own, _)| quoted(own)).collect();
        let sql = format!(
            "INSERT INTO {} ({}) {}",
            quoted(&name),
            columns.join(", "),
            answer.sql
        );
        self.push(
            line,
            if temporary {
                Act::Change { sql }
            } else {
                Act::Write { sql }
            },
        );
        Ok(())
    }

    fn drop_table(&mut self, name: &ObjectName, if_exists: bool, line: u32) -> R<()> {
        let Some(own) = Self::temporary_name(name) else {
            return Err(self.writes("DROP TABLE"));
        };
        if self.temporary.remove(&own).is_some() {
            self.push(
                line,
                Act::Change {
                    sql: format!("DROP TABLE {}", quoted(&own)),
                },
            );
        } else if !if_exists {
            return Err(self
                .invalid(format!("there is no table `{own}`"))
                .with_hint(format!("write DROP TABLE IF EXISTS {own}")));
        }
        Ok(())
    }

    /// `IF OBJECT_ID('tempdb..#t') IS NOT NULL DROP TABLE #t`, the one use of `IF` that is read.
    fn drop_if_there(&mut self, statement: &Statement, line: u32) -> R<()> {
        let refuse = |this: &Self| {
            Err(this
                .unsupported("IF OBJECT_ID(...)")
                .with_hint("IF OBJECT_ID('tempdb..#table') IS NOT NULL DROP TABLE #table is read"))
        };
        let Statement::If(branch) = statement else {
            return refuse(self);
        };
        let (Some(Expr::IsNotNull(test)), None, true) = (
            &branch.if_block.condition,
            &branch.else_block,
            branch.elseif_blocks.is_empty(),
        ) else {
            return refuse(self);
        };
        let statements = match &branch.if_block.conditional_statements {
            ConditionalStatements::Sequence { statements } => statements,
            ConditionalStatements::BeginEnd(block) => &block.statements,
        };
        let [
            Statement::Drop {
                object_type: ObjectType::Table,
                names,
                ..
            },
        ] = statements.as_slice()
        else {
            return refuse(self);
        };
        let [name] = names.as_slice() else {
            return refuse(self);
        };
        let asked = match test.as_ref() {
            Expr::Function(function)
                if function.name.to_string().eq_ignore_ascii_case("object_id") =>
            {
                match &function.args {
                    FunctionArguments::List(list) => list.args.first().map(ToString::to_string),
                    _ => None,
                }
            }
            _ => None,
        };
        let dropped = Self::temporary_name(name);
        let same = asked.zip(dropped).is_some_and(|(asked, own)| {
            let text = asked
                .trim_start_matches(['N', 'n'])
                .trim_matches('\'')
                .to_lowercase();
            text.rsplit('.')
                .next()
                .unwrap_or("")
                .trim_matches(['[', ']'])
                == own
        });
        if !same {
            return refuse(self);
        }
        self.drop_table(name, true, line)
    }

    /// The column that numbers the rows of a temporary table.
    pub fn identity_of(&self, table: &str) -> Option<&str> {
        self.identities.get(table).map(String::as_str)
    }

    /// Notes the database that the text names; a second one cannot be told apart from the first.
    pub fn name_database(&mut self, name: &str) -> R<()> {
        let lower = name.to_lowercase();
        match &self.database {
            Some(known) if *known != lower => Err(self.invalid(format!(
                "`{name}` is a second database; this copy holds the tables of one, here `{known}`"
            ))),
            _ => {
                self.database = Some(lower);
                Ok(())
            }
        }
    }

    /// Notes the schema that the text names.
    pub fn name_schema(&mut self, name: &str) -> R<()> {
        let lower = name.to_lowercase();
        if ["sys", "information_schema", "cdc"].contains(&lower.as_str()) {
            return Err(self
                .invalid(format!(
                    "the schema `{name}` is SQL Server's own, and not in this copy"
                ))
                .with_hint(
                    "SELECT name FROM sqlite_schema lists the tables, with --dialect sqlite",
                ));
        }
        match &self.schema {
            Some(known) if *known != lower => Err(self.invalid(format!(
                "`{name}` is a second schema; this copy holds the tables of one, here `{known}`"
            ))),
            _ => {
                self.schema = Some(lower);
                Ok(())
            }
        }
    }
}
