//! A question: SQL with a header of comment lines that say what it is called, what its rows are matched by
//! and what its columns are.
//!
//! [`header`] reads the file, [`against_sql`] holds the header against the SQL as far as text can tell, and [`order`]
//! finds the columns of its ORDER BY. Nothing here knows SQLite, or rewrites T-SQL.

mod against_sql;
mod header;
mod order;

use schemars::JsonSchema;
use serde::Serialize;

use crate::diagnostic::{Place, Problems};
use crate::document::Lines;
use crate::table::{Cell, Kind};

use header::HeaderReader;
pub(crate) use header::is_parameter_name;

/// A question in SQL.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// Its name: of its file, without `.sql`.
    pub name: String,
    /// What it asks, in a few words.
    pub title: String,
    /// The lines of the document on which it is printed.
    pub lines: Option<Lines>,
    /// The columns that tell its rows apart; empty when nothing does.
    pub key: Vec<String>,
    /// The kinds of columns whose declared type does not tell, in the order written.
    pub kinds: Vec<(String, Kind)>,
    /// The SQL that it is written in.
    pub dialect: Dialect,
    /// The result column that says whether the note covers a row for the servers that are down. It is not compared.
    pub situation: Option<String>,
    /// Its parameters, in the order written.
    pub parameters: Vec<QueryParameter>,
    /// Why its text is not as printed.
    pub restored: Option<String>,
    /// What an empty result means.
    pub empty: Option<String>,
    /// The result columns that its rows are ordered by; empty when the order means nothing.
    pub order: Vec<String>,
    /// Where it comes from, beside the document.
    pub source: Option<String>,
    /// What a reader should know.
    pub note: Option<String>,
    /// What a row of a finding means, for an administrator.
    pub meaning: Option<String>,
    /// The tables, and columns as `table.column`, that a finding cannot do without.
    pub needs: Vec<String>,
    /// The tables and columns that add to what a finding can tell.
    pub helps: Vec<String>,
    /// Which outages a finding is run with; `None` when it is about none.
    pub outage: Option<OutageScope>,
    /// How well what a finding rests on is known in public.
    pub tag: Option<Tag>,
    /// How soon somebody should act on the rows of a finding.
    pub urgency: Option<Urgency>,
    /// The result columns that hold the query's own words, and nothing that is in a row.
    pub own: Vec<String>,
    /// The SQL exactly as the file has it, without the header and the line breaks at the end.
    pub sql: String,
    /// The line of the file on which the SQL starts, from 1.
    pub sql_line: u32,
    /// The file, and the line of its title.
    pub place: Place,
}

/// The SQL that a query is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// As SQLite understands it.
    Sqlite,
    /// As SQL Server understands it; rewritten before it is run.
    Tsql,
}

impl Dialect {
    const ALL: [Self; 2] = [Self::Sqlite, Self::Tsql];

    /// The word by which headers and reports call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Tsql => "tsql",
        }
    }
}

/// Which outages a finding is run with, once for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutageScope {
    /// Outages of any server; the finding is skipped where there is none.
    Any,
    /// Outages of Application servers, which end sessions; the finding also runs where there is none.
    Application,
}

impl OutageScope {
    const ALL: [Self; 2] = [Self::Any, Self::Application];

    /// The word by which headers call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Application => "application",
        }
    }
}

/// How well something is known in public.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Tag {
    /// Read in a public source.
    Documented,
    /// Follows from how a public source uses it.
    Inferred,
    /// Public sources disagree.
    Contested,
    /// No public source says.
    Unknown,
}

impl Tag {
    /// Every tag, the surest first.
    pub const ALL: [Self; 4] = [Self::Documented, Self::Inferred, Self::Contested, Self::Unknown];

    /// The word by which headers and reports call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::Inferred => "inferred",
            Self::Contested => "contested",
            Self::Unknown => "unknown",
        }
    }
}

/// How soon somebody should act on the rows of a finding, the most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Urgency {
    /// A customer waits, or an agent gets no work.
    Now,
    /// Rows are wrong, and stay so until somebody corrects them.
    Soon,
    /// It shows what happened, and there is nothing to correct.
    Context,
}

impl Urgency {
    const ALL: [Self; 3] = [Self::Now, Self::Soon, Self::Context];

    /// The word by which headers and reports call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Now => "now",
            Self::Soon => "soon",
            Self::Context => "context",
        }
    }
}

/// A parameter of a query.
#[derive(Debug, Clone, PartialEq)]
pub struct QueryParameter {
    /// The name, without the `@`.
    pub name: String,
    /// What its values are, where the header says so: `-- parameter: outage_from timestamp = NULL`.
    pub kind: Option<Kind>,
    /// The value when nothing gives another; in T-SQL without `@name`, the literal of the text that stands
    /// for the parameter. `None` when a value must be given.
    pub default: Option<Cell>,
}

impl Query {
    /// A query of somebody's own: its SQL, without a header.
    #[must_use]
    pub fn of_text(sql: &str, dialect: Dialect) -> Self {
        Self {
            name: String::new(),
            title: String::new(),
            lines: None,
            key: Vec::new(),
            kinds: Vec::new(),
            dialect,
            situation: None,
            parameters: Vec::new(),
            restored: None,
            empty: None,
            order: Vec::new(),
            source: None,
            note: None,
            meaning: None,
            needs: Vec::new(),
            helps: Vec::new(),
            outage: None,
            tag: None,
            urgency: None,
            own: Vec::new(),
            sql: sql.to_owned(),
            sql_line: 1,
            place: Place { file: "query".to_owned(), line: 1 },
        }
    }

    /// Reads the query `name` from the `text` of `file`, the path as the user would open it.
    ///
    /// # Errors
    /// With every mistake of the header, and what the SQL says against it.
    pub fn read(name: &str, file: &str, text: &str) -> Result<Self, Problems> {
        HeaderReader::new(file).read(name, text)
    }

    /// The parameter called `name`.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&QueryParameter> {
        self.parameters.iter().find(|parameter| parameter.name == name)
    }
}
