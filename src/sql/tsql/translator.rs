//! The state of a rewriting: the tables, columns and variables that are known at a place of the text.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sqlparser::ast::{Expr, Query, SetExpr};
use sqlparser::tokenizer::Span;

use super::batch;
use super::query::Shape;
use super::script::Step;
use super::temporary::Identity;
use super::{Literal, TsqlError, TsqlProblem};
use crate::diagnostic::Position;
use crate::schema::catalog::{Catalog, Table};
use crate::schema::types::Type;
use crate::sql::guard::limits::{LONGEST_REWRITTEN, MAX_REWRITE_STEPS};

pub(super) type R<T> = Result<T, TsqlError>;

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
    /// The columns among them.
    pub left_out_columns: Vec<(usize, String)>,
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
    pub declared: BTreeSet<String>,
    pub literals: Vec<Literal>,
    pub used: Vec<bool>,
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
    pub ungrouped: Vec<(usize, Position, String)>,
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
    pub rounds: Option<(usize, Vec<usize>)>,
    /// The steps that leave the batch.
    pub returns: Vec<usize>,
    /// How many IF and WHILE stand around this.
    pub depth: usize,
    /// Variables that are declared where they may not be reached, with their lines.
    pub hoisted: Vec<(u32, String)>,
    /// The first day of the week, from 1 for Monday.
    pub first_day: u8,
    /// The style in which texts are read as dates, where a language or a format is set.
    pub date_style: Option<i64>,
    /// The columns that number the rows of temporary tables.
    pub identities: BTreeMap<String, Identity>,
    /// The groupings of ROLLUP or CUBE for the SELECT that comes next: all, and those that are NULL.
    pub left_out: Option<(Vec<Expr>, Vec<Expr>)>,
    /// Whether the statement before this one counts rows, so that `@@ROWCOUNT` tells of it.
    pub counted: bool,
    /// Whether `@@ROWCOUNT` was met since this was last looked at.
    pub asked_count: bool,
    /// The temporary tables that are there only if an IF or a WHILE goes a certain way.
    pub uncertain: BTreeSet<String>,
    /// Whether a window function may not stand here: in WHERE, ON, GROUP BY and HAVING.
    pub no_windows: bool,
    pub steps: Vec<Step>,
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
            ungrouped: Vec::new(),
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
            counted: false,
            asked_count: false,
            uncertain: BTreeSet::new(),
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
                "part of this becomes more than {LONGEST_REWRITTEN} bytes of SQL"
            )));
        }
        if self.spent > MAX_REWRITE_STEPS {
            return Err(self.too_large(format!(
                "this needs more than {MAX_REWRITE_STEPS} rewriting steps"
            )));
        }
        Ok(())
    }

    fn too_large(&self, what: String) -> TsqlError {
        TsqlError::new(self.at, TsqlProblem::TooLarge(what))
            .with_hint("compute repeated parts once, in a temporary table: SELECT ... INTO #part")
    }

    /// Refuses a list that is longer than SQL Server takes.
    pub fn at_most(&self, count: usize, most: usize, what: &str) -> R<()> {
        if count > most {
            let what = format!("more than {most} {what}, which is SQL Server's limit too");
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

    /// Notes the database that the text names; a second one cannot be told apart from the first.
    pub fn name_database(&mut self, name: &str) -> R<()> {
        let lower = name.to_lowercase();
        match &self.database {
            Some(known) if *known != lower => Err(self
                .invalid(format!(
                    "`{name}` is a second database; this import database holds the tables of one, here `{known}`"
                ))
                .with_hint(
                    "import the tables of both into one database, and leave the names of the databases out",
                )),
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
                    "the schema `{name}` is SQL Server's own, and not in this import database"
                ))
                .with_hint(
                    "SELECT name FROM sqlite_schema lists the tables, with --dialect sqlite",
                ));
        }
        match &self.schema {
            Some(known) if *known != lower => Err(self.invalid(format!(
                "`{name}` is a second schema; this import database holds the tables of one, here `{known}`"
            ))),
            _ => {
                self.schema = Some(lower);
                Ok(())
            }
        }
    }
}
