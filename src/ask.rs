//! Runs a query of the user's own, in T-SQL or SQLite's SQL, and gives its results one after another.
//!
//! Keeps the order of statements and the values of variables. [`crate::sql::tsql`] translates the text, and
//! [`crate::store`] runs it.

use std::io;

use thiserror::Error;

use crate::query::Dialect;
use crate::report::Listing;
use crate::schema::types::Type;
use crate::sql::guard::limits::LONGEST_TEXT;
use crate::sql::tsql::{self, Literal, Script, Statement, Step, TsqlError};
use crate::sql::{self, SqlError};
use crate::store::{Answer, Binding, Store, StoreError};
use crate::table::{Cell, Column, Kind, ResultTable, Rows};

/// What SQL Server's own client writes above a column without a name.
pub const NO_NAME: &str = "(No column name)";

/// How many statements of a text are run, those of a loop as often as they are.
const MAX_RUN: usize = 10_000;

/// How many values the answers of one text may have together. A loop gives one answer for each of its rounds.
const MAX_HELD: usize = 20_000_000;

/// Why a query failed.
#[derive(Debug, Error)]
pub enum AskError {
    /// The T-SQL cannot be translated.
    #[error(transparent)]
    Tsql(#[from] TsqlError),
    /// The text cannot be split into statements.
    #[error(transparent)]
    Split(#[from] SqlError),
    /// A statement failed.
    #[error("line {line}: {source}")]
    Statement {
        /// The line on which it begins.
        line: u32,
        /// The error behind it.
        source: StoreError,
    },
    /// A statement does what a query may not.
    #[error("line {line}: the statement {what}")]
    Refused {
        /// The line on which it begins.
        line: u32,
        /// What it would do, as the end of a sentence.
        what: String,
    },
    /// The statement uses the current time, and the database has no clock.
    #[error("line {line}: the query uses the current time, and this database has no clock")]
    NoTime {
        /// The line on which it begins.
        line: u32,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It holds no statement.
    #[error("the query is empty")]
    Nothing,
}

/// A query with its values.
#[derive(Debug, Clone)]
pub struct Question<'q> {
    /// The text of the query.
    pub text: &'q str,
    /// The SQL that it is written in.
    pub dialect: Dialect,
    /// Literals of the text that stand for values.
    pub literals: &'q [Literal],
    /// The kinds of columns by name, where they are known.
    pub kinds: &'q [(String, Kind)],
    /// The values that it names.
    pub values: &'q [Binding],
    /// What `GETDATE()` is; the scenario clock unless given.
    pub now: Option<Cell>,
    /// How many rows of each answer to read; all unless given.
    pub limit: Option<usize>,
}

/// What a query returned.
#[derive(Debug, Clone, PartialEq)]
pub struct Answers {
    /// The answers, in order.
    pub answers: Vec<Answer>,
    /// What was changed: the line of each statement that writes, and how many rows it changed itself.
    pub changes: Vec<(u32, u64)>,
    /// What there is to say about them, in sentences.
    pub notes: Vec<String>,
}

/// A question as it is put to SQLite.
fn script(store: &Store, question: &Question<'_>, changes: bool) -> Result<Script, AskError> {
    if question.text.len() > LONGEST_TEXT as usize {
        return Err(AskError::Refused {
            line: 1,
            what: format!("is part of a script of more than {LONGEST_TEXT} bytes"),
        });
    }
    let script = match question.dialect {
        Dialect::Tsql => {
            let catalog = if tsql::asks_for_tables(question.text) {
                store.catalog()?
            } else {
                store.catalog_for(question.text)?
            };
            let types: Vec<_> = question
                .values
                .iter()
                .map(|(name, value)| (name.clone(), tsql::type_of(value)))
                .collect();
            let translate = if changes { tsql::translate_changes } else { tsql::translate_query };
            translate(question.text, &catalog, question.literals, &types)?
        }
        Dialect::Sqlite => {
            let steps = sql::split(question.text)?
                .into_iter()
                .map(|part| {
                    let sql = part.sql.to_owned();
                    let statement = if changes && store.writes(&sql) {
                        Statement::Write { sql }
                    } else {
                        Statement::Query { sql, columns: None }
                    };
                    let line = part.line;
                    Step { line, statement }
                })
                .collect();
            Script { steps, notes: Vec::new() }
        }
    };
    if script.steps.is_empty() {
        return Err(AskError::Nothing);
    }
    Ok(script)
}

fn values_of(store: &Store, question: &Question<'_>) -> Result<Vec<Binding>, AskError> {
    let now = match &question.now {
        Some(now) => Some(now.clone()),
        None => store.now()?,
    };
    let mut values = question.values.to_vec();
    values.extend(now.map(|now| (tsql::NOW.to_owned(), now)));
    Ok(values)
}

fn failed(step: &Step) -> impl Fn(StoreError) -> AskError {
    let line = step.line;
    move |source| match source {
        StoreError::Refused { what, .. } => AskError::Refused { line, what },
        StoreError::NotAQuery { found: "writes" } => {
            AskError::Refused { line, what: "writes, and queries are read-only".to_owned() }
        }
        StoreError::Unbound { ref name } if name.strip_prefix('@') == Some(tsql::NOW) => {
            AskError::NoTime { line }
        }
        source => AskError::Statement { line, source },
    }
}

/// Runs a query on a database. `stopped` is called between statements.
///
/// # Errors
/// At the first statement that is refused or fails; a text is refused as a whole before any of it runs.
pub fn ask(
    store: &Store,
    question: &Question<'_>,
    stopped: &dyn Fn() -> bool,
) -> Result<Answers, AskError> {
    run(store, question, stopped, false, None)
}

/// The same, with each row handed on when it comes, and none held; what there is to say about them is given back. What
/// came before a statement failed, or was stopped, has been handed on.
///
/// # Errors
/// As [`ask`], and when the rows are not taken.
pub fn ask_into(
    store: &Store,
    question: &Question<'_>,
    stopped: &dyn Fn() -> bool,
    rows: &mut dyn Rows,
) -> Result<Vec<String>, AskError> {
    run(store, question, stopped, false, Some(rows)).map(|answers| answers.notes)
}

/// The same for a text that may change rows of the product's tables, in a store that was opened for it with
/// [`Store::open_to_change`]. All that it changes happens, or none of it.
///
/// # Errors
/// As [`ask`]; nothing is changed then.
pub fn change(
    store: &Store,
    question: &Question<'_>,
    stopped: &dyn Fn() -> bool,
) -> Result<Answers, AskError> {
    store.begin()?;
    let outcome = run(store, question, stopped, true, None).and_then(|answers| {
        if stopped() {
            return Err(StoreError::Interrupted.into());
        }
        store.commit()?;
        Ok(answers)
    });
    if outcome.is_err() {
        store.abandon()?;
    }
    outcome
}

fn run(
    store: &Store,
    question: &Question<'_>,
    stopped: &dyn Fn() -> bool,
    may_change: bool,
    mut rows: Option<&mut dyn Rows>,
) -> Result<Answers, AskError> {
    let script = script(store, question, may_change)?;
    let mut running = Running {
        store,
        question,
        values: values_of(store, question)?,
        answers: Vec::new(),
        changes: Vec::new(),
        held: 0,
    };
    let (mut at, mut run) = (0, 0);
    let mut count = Some(Cell::Integer(0));
    while let Some(step) = script.steps.get(at) {
        at += 1;
        run += 1;
        if stopped() {
            return Err(StoreError::Interrupted.into());
        }
        let refused = |what: String| AskError::Refused { line: step.line, what };
        if run > MAX_RUN {
            let what = format!("is in a loop that ran more than {MAX_RUN} statements");
            return Err(refused(what));
        }
        if count.is_none() && step.statement.sql().contains(tsql::ROWCOUNT) {
            let what = "reads @@ROWCOUNT of a result that a limit cut off";
            return Err(refused(what.to_owned()));
        }
        let before = count.clone().unwrap_or(Cell::Null);
        set(&mut running.values, tsql::ROWCOUNT, before);
        count = match &step.statement {
            Statement::Jump { sql, to } => {
                if !running.holds(step, sql)? {
                    at = *to;
                }
                count
            }
            Statement::Query { sql, columns } => {
                let rows = rows.as_mut().map(|rows| &mut **rows as &mut dyn Rows);
                running.query(step, sql, columns.as_deref(), rows)?
            }
            Statement::Assign { sql, variables } => Some(running.assign(step, sql, variables)?),
            Statement::Temporary { sql } => {
                let changed = store.change_temporary(sql, &running.values);
                Some(number(changed.map_err(|error| failed(step)(no_null(error)))?))
            }
            Statement::Write { sql } => {
                let changed = store.change(sql, &running.values).map_err(failed(step))?;
                running.changes.push((step.line, changed));
                Some(number(changed))
            }
        };
    }
    Ok(Answers { answers: running.answers, changes: running.changes, notes: script.notes })
}

/// A script while it runs: the values of its variables, and what has come of it.
struct Running<'r, 'q> {
    store: &'r Store,
    question: &'r Question<'q>,
    values: Vec<Binding>,
    answers: Vec<Answer>,
    changes: Vec<(u32, u64)>,
    /// How many values are held.
    held: usize,
}

impl Running<'_, '_> {
    /// Whether the condition of a jump holds.
    fn holds(&self, step: &Step, sql: &str) -> Result<bool, AskError> {
        let answer = self.store.answer(sql, None, &self.values, Some(1));
        let table = answer.map_err(failed(step))?.table;
        let holds = table.rows.first().and_then(|row| row.first());
        Ok(holds == Some(&Cell::Integer(1)))
    }

    /// Runs a query, and hands its rows to `rows` or else holds them; gives how many there are, unless a limit cut them
    /// off.
    fn query(
        &mut self,
        step: &Step,
        sql: &str,
        columns: Option<&[tsql::AnswerColumn]>,
        rows: Option<&mut dyn Rows>,
    ) -> Result<Option<Cell>, AskError> {
        let singles = singles(columns);
        let kinds = self.question.kinds;
        let columns: Option<Vec<(String, Option<Kind>)>> =
            columns.map(|columns| columns.iter().map(|column| named(column, kinds)).collect());
        let (columns, limit) = (columns.as_deref(), self.question.limit);
        let given = if let Some(rows) = rows {
            let mut rows = CountedRows { rows, count: 0, singles };
            let answered = self.store.answer_into(sql, columns, &self.values, limit, &mut rows);
            answered.map_err(failed(step))?;
            rows.count
        } else {
            let answer = self.store.answer(sql, columns, &self.values, limit);
            let mut answer = answer.map_err(failed(step))?;
            for row in &mut answer.table.rows {
                show_singles(row, &singles);
            }
            let given = answer.table.rows.len();
            self.held += given * answer.table.columns.len().max(1);
            self.answers.push(answer);
            // One answer has its own limit.
            if self.answers.len() > 1 && self.held > MAX_HELD {
                return Err(AskError::Refused {
                    line: step.line,
                    what: format!("brings the results to more than {MAX_HELD} values"),
                });
            }
            given
        };
        let whole = limit.is_none_or(|limit| given < limit);
        Ok(whole.then(|| number(given as u64)))
    }

    /// Gives variables the values of the last row; without a row they keep theirs. Gives how many rows there were.
    fn assign(&mut self, step: &Step, sql: &str, variables: &[String]) -> Result<Cell, AskError> {
        let answer = self.store.answer(sql, None, &self.values, None);
        let table = answer.map_err(failed(step))?.table;
        let given = table.rows.len();
        let last = table.rows.into_iter().last();
        for (at, name) in variables.iter().enumerate() {
            let known = self.values.iter().position(|(own, _)| own == name);
            let value = last.as_ref().and_then(|row| row.get(at)).cloned();
            match (known, value) {
                (Some(known), Some(value)) => self.values[known].1 = value,
                (None, value) => {
                    let value = value.unwrap_or(Cell::Null);
                    self.values.push((name.clone(), value));
                }
                (Some(_), None) => {}
            }
        }
        Ok(number(given as u64))
    }
}

fn number(rows: u64) -> Cell {
    Cell::Integer(i64::try_from(rows).unwrap_or(i64::MAX))
}

/// Sets a named value.
fn set(values: &mut Vec<Binding>, name: &str, value: Cell) {
    match values.iter_mut().find(|(own, _)| own == name) {
        Some((_, known)) => *known = value,
        None => values.push((name.to_owned(), value)),
    }
}

/// Rows on their way to somebody else, counted.
struct CountedRows<'r> {
    rows: &'r mut dyn Rows,
    /// Those of the table that was begun last.
    count: usize,
    /// The columns that are of the type `real`.
    singles: Vec<usize>,
}

/// The columns that are of the type `real`.
fn singles(columns: Option<&[tsql::AnswerColumn]>) -> Vec<usize> {
    let columns = columns.unwrap_or_default().iter().enumerate();
    let singles = columns.filter(|(_, column)| column.of == Type::Real);
    singles.map(|(at, _)| at).collect()
}

/// Gives values of the type `real` the digits that four bytes have: 0.1, and not 0.10000000149011612.
fn show_singles(row: &mut [Cell], singles: &[usize]) {
    for at in singles {
        if let Some(Cell::Real(value)) = row.get_mut(*at) {
            let shown = (*value as f32).to_string().parse();
            *value = shown.unwrap_or(*value);
        }
    }
}

impl Rows for CountedRows<'_> {
    fn begin(&mut self, names: &[&str]) -> io::Result<()> {
        self.count = 0;
        self.rows.begin(names)
    }

    fn row(&mut self, cells: &[Cell]) -> io::Result<()> {
        self.count += 1;
        if self.singles.is_empty() {
            return self.rows.row(cells);
        }
        let mut cells = cells.to_vec();
        show_singles(&mut cells, &self.singles);
        self.rows.row(&cells)
    }

    fn end(&mut self) -> io::Result<()> {
        self.rows.end()
    }
}

/// What SQLite says of a NULL in a column that takes none, as SQL Server says it. A value is wrong, not the database.
fn no_null(error: StoreError) -> StoreError {
    let said = error.to_string();
    let place = said.strip_prefix('`');
    let place = place.and_then(|rest| rest.strip_suffix("` cannot be NULL"));
    match place.and_then(|place| place.split_once('.')) {
        Some((table, column)) => StoreError::of_value(&format!(
            "Cannot insert the value NULL into column '{column}', table '{table}'; column does not allow nulls. \
             INSERT fails."
        )),
        None => error,
    }
}

fn named(column: &tsql::AnswerColumn, kinds: &[(String, Kind)]) -> (String, Option<Kind>) {
    let given = kinds.iter().find(|(name, _)| *name == column.name);
    let kind = given.map(|(_, kind)| *kind);
    let name = if column.name.is_empty() { NO_NAME.to_owned() } else { column.name.clone() };
    (name, kind.or_else(|| tsql::kind_of(column.of)))
}

/// The SQL that a question is run as, and how SQLite goes about it: one listing for each statement. Temporary tables
/// are made, and stay empty; nothing else runs.
///
/// # Errors
/// As [`ask`], but for what only shows when it runs.
pub fn explain(store: &Store, question: &Question<'_>) -> Result<Vec<Listing>, AskError> {
    let script = script(store, question, false)?;
    let mut listings = Vec::new();
    for step in &script.steps {
        let failed = failed(step);
        let sql = step.statement.sql();
        let mut remarks = Vec::new();
        if let Statement::Jump { to, .. } = &step.statement {
            let line = script.steps.get(*to).map(|step| step.line);
            let there = line.map_or("the end".to_owned(), |line| format!("line {line}"));
            remarks.push(format!("unless it returns 1, execution continues at {there}"));
        }
        if let Statement::Assign { variables, .. } = &step.statement {
            let names: Vec<String> = variables.iter().map(|name| format!("@{name}")).collect();
            remarks.push(format!("the values of {}", names.join(", ")));
        }
        let plan = match &step.statement {
            Statement::Temporary { sql }
                if sql.starts_with("CREATE") || sql.starts_with("DROP") =>
            {
                store.change_temporary(sql, &[]).map_err(failed)?;
                Vec::new()
            }
            _ => store.plan(sql).map_err(failed)?,
        };
        let rows = std::iter::once(sql)
            .map(|sql| ("SQL", sql))
            .chain(plan.iter().map(|line| ("plan", line.as_str())));
        listings.push(Listing {
            title: format!("Line {}", step.line),
            table: ResultTable {
                columns: vec![Column::new("part", Kind::Text), Column::new("as run", Kind::Text)],
                rows: rows
                    .map(|(part, text)| {
                        vec![Cell::Text(part.to_owned()), Cell::Text(text.to_owned())]
                    })
                    .collect(),
            },
            remarks,
        });
    }
    Ok(listings)
}
