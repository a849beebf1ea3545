//! What a rewriting knows, by how long it knows it: what the caller gave, what lasts to the end of the text, what ends
//! with the batch, with the statement and with the `SELECT`.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sqlparser::ast::Expr;

use super::Literal;
use super::script::Step;
use super::temporary::Identity;
use crate::diagnostic::Position;
use crate::schema::catalog::{Catalog, Table};
use crate::schema::types::Type;

/// What the caller gives, the same for the whole text.
pub(super) struct Given<'a> {
    pub catalog: &'a Catalog,
    /// The SQL of the present time.
    pub now: &'a str,
    /// Whether the product's tables may be changed.
    pub changes: bool,
    /// The literals that stand for parameters, and whether each was met.
    pub literals: Vec<(Literal, bool)>,
}

/// What lasts to the end of the text, as a session on a server would keep it.
pub(super) struct Session {
    /// The database and the schema that the text names, which are one each.
    pub database: Option<String>,
    pub schema: Option<String>,
    pub temporary: BTreeMap<String, Table>,
    /// The statements that make temporary tables.
    pub made: BTreeMap<String, String>,
    /// The columns that number the rows of temporary tables.
    pub identities: BTreeMap<String, Identity>,
    /// The temporary table of which rows are given their number: `SET IDENTITY_INSERT #t ON`.
    pub numbered: Option<String>,
    /// The name by which the rows of temporary tables can be found, where a change is made through a query.
    pub row: Option<&'static str>,
    /// The columns of temporary tables that have the time as their default, with the SQL of it.
    pub timed: BTreeMap<String, Vec<(String, String)>>,
    /// The temporary tables that are there only if an IF or a WHILE goes a certain way.
    pub uncertain: BTreeSet<String>,
    /// The first day of the week, from 1 for Monday.
    pub first_day: u8,
    /// The style in which texts are read as dates, where a language or a format is set.
    pub date_style: Option<i64>,
    /// Whether the statement before this one counts rows, so that `@@ROWCOUNT` tells of it.
    pub counts_rows: bool,
}

impl Default for Session {
    fn default() -> Self {
        Self {
            database: None,
            schema: None,
            temporary: BTreeMap::new(),
            made: BTreeMap::new(),
            identities: BTreeMap::new(),
            numbered: None,
            row: None,
            timed: BTreeMap::new(),
            uncertain: BTreeSet::new(),
            first_day: 7,
            date_style: None,
            counts_rows: false,
        }
    }
}

/// What ends with the batch.
#[derive(Default)]
pub(super) struct Batch {
    /// The variables that can be named: those that are given, and those that are declared.
    pub variables: BTreeMap<String, Type>,
    /// The variables that the batch declares itself.
    pub declared: BTreeSet<String>,
    /// How many IF and WHILE stand around this.
    pub depth: usize,
    /// The first step of the WHILE around this, and the steps that leave it.
    pub rounds: Option<(usize, Vec<usize>)>,
    /// The steps that leave the batch.
    pub returns: Vec<usize>,
}

/// What ends with the statement.
pub(super) struct Names {
    /// The tables of the WITH of each query around this.
    pub ctes: Vec<BTreeMap<String, Vec<SourceColumn>>>,
    /// Every name that the statement gives in WITH, in lower case: to SQLite it hides the table of that name, however
    /// that is qualified, from its own definition as well.
    pub in_with: BTreeSet<String>,
    /// What each `SELECT` around this sees. The first is of the statement itself, and is never left.
    pub scopes: Vec<Scope>,
    /// After how many rounds a recursion is an error; 0 for never.
    pub max_recursion: u32,
}

impl Names {
    pub fn new(max_recursion: u32) -> Self {
        Self {
            ctes: Vec::new(),
            in_with: BTreeSet::new(),
            scopes: vec![Scope::default()],
            max_recursion,
        }
    }
}

/// What a `SELECT` knows: the names that it sees, and how it is grouped.
#[derive(Debug, Default)]
pub(super) struct Scope {
    pub sources: Vec<Source>,
    /// The first of the sources that can be seen: within the joins of one item of `FROM`, only that item's.
    pub from: usize,
    /// The name that its table goes by in the SQL, in the place of its own.
    pub lift: Option<String>,
    /// The groupings as written out, which is a normal form: one expression is one text.
    pub grouping: Vec<String>,
    /// The groupings of ROLLUP or CUBE, and whether this set has them.
    pub set: Option<Vec<(Expr, bool)>>,
    /// Those that it has not, as written out: they are NULL.
    pub left_out: Vec<String>,
    /// Whether it is grouped by sets.
    pub has_sets: bool,
    /// Columns met outside of aggregates: where they stand and what they are called.
    pub ungrouped: Vec<(Position, String)>,
    /// Whether an aggregate was met.
    pub aggregates: bool,
    /// Whether this is inside an aggregate, where another may not stand.
    pub in_aggregate: bool,
    /// The names of the select list, which only ORDER BY sees.
    pub listed: Vec<String>,
    /// Whether a window function may not stand here: in WHERE, ON, GROUP BY and HAVING.
    pub no_windows: bool,
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
        Self { name, of, instead: None, hidden: false, read_as: None, doubt: None }
    }
}

/// What was met in a part of the text, see [`super::translator::Translator::observed`].
#[derive(Default)]
pub(super) struct Met {
    /// How deep the scopes are that columns were found in.
    pub scopes: BTreeSet<usize>,
    pub variables: BTreeSet<String>,
    /// Whether `@@ROWCOUNT` was.
    pub row_count: bool,
}

/// What the text comes to, see [`super::Script`].
#[derive(Default)]
pub(super) struct Output {
    pub steps: Vec<Step>,
    /// Variables that are declared where they may not be reached, with their lines.
    pub hoisted: Vec<(u32, String)>,
    pub notes: BTreeSet<Cow<'static, str>>,
}
