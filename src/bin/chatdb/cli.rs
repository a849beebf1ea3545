//! What the command line takes: clap types and nothing else. Help texts are the doc comments here; those that
//! list report formats are built from the list.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use chatdb::render::FORMATS;

/// Lists the report formats, with `word` before the last.
fn formats(word: &str) -> String {
    let names: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
    match names.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} {word} {last}", rest.join(", ")),
        None => String::new(),
    }
}

/// Replay documented chat failures on an embedded database, and compare what comes back with what is printed
#[derive(Debug, Parser)]
#[command(
    name = "chatdb",
    version,
    arg_required_else_help = true,
    max_term_width = 100
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

// One of these is made in a run.
#[allow(clippy::large_enum_variant)]
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the scenarios
    List(List),
    /// Show what a scenario does: its steps, its SQL as printed and as run, the rules it uses
    Show(Show),
    /// Play scenarios and compare every result with the document
    Replay(Replay),
    /// Play scenarios and write the record into files
    Report(ReportArgs),
    /// Compare two tables, or a check of a scenario with a table
    Diff(Diff),
    /// Ask a database, or a scenario at any of its steps, in T-SQL or SQL
    Query(Box<QueryArgs>),
    /// Load files exported from SQL Server into a database, in whatever form a tool wrote them
    Import(Box<Import>),
    /// Print a documented query to be run elsewhere, its parameters declared at the top
    Sql(Sql),
    /// Search exported rows for what an outage leaves behind
    Analyze(Analyze),
    /// List what `analyze` looks for, or explain one of it
    Findings(Findings),
    /// Find every mistake in scenario folders
    Validate(Validate),
    /// Write a scenario folder to start from
    New(New),
    /// Write what comes back where a check has no expected table yet, to be reviewed
    Record(RecordArgs),
    /// Show the expected tables that are pending or differ, and accept or reject them
    Review(ReviewArgs),
    /// Show which statements of the document are reproduced
    Coverage(Coverage),
    /// List the rules of the platform model with their citations
    Rules(RulesArgs),
    /// Explain what a check's answer rests on, by leaving out causes and rules
    Why(WhyArgs),
    /// Run causes in words, and show what changes for the database, the agent and the customer
    #[command(after_help = crate::simulate::states())]
    Simulate(Box<SimulateArgs>),
    /// Write the completions of a shell, to be loaded by it
    Completions(CompletionArgs),
    /// Write the manual pages into a folder
    Man(ManArgs),
}

#[derive(Debug, Args)]
pub struct WhyArgs {
    /// The check, as SCENARIO/CHECK or SCENARIO/STEP/CHECK
    #[arg(value_name = "SCENARIO[/STEP]/CHECK")]
    pub check: String,
    /// Ask about the rows that have this value, such as activity_id=1347
    #[arg(long, value_name = "COLUMN=VALUE")]
    pub row: Vec<String>,
    /// Ask about this column alone
    #[arg(long, value_name = "COLUMN")]
    pub column: Option<String>,
    #[command(flatten)]
    pub set: Sets,
    #[command(flatten)]
    pub folders: Folders,
    #[command(flatten)]
    pub form: OutputArgs,
}

#[derive(Debug, Args)]
pub struct SimulateArgs {
    /// What happens, such as "+3:00 application stops"; times count from the start of the scenario's clock, and an
    /// event without one comes ten seconds after the one before. `chatdb help causes` lists what can happen
    #[arg(value_name = "EVENT")]
    pub events: Vec<String>,
    /// Read events from FILE, one a line
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Start where this scenario, or a step of it, ends; else where all scenarios start
    #[arg(long, value_name = "SCENARIO[/STEP]")]
    pub from: Option<String>,
    /// Run the events in every order, and group the orders by what everybody sees in the end
    #[arg(long, conflicts_with_all = ["find", "random"])]
    pub all_orders: bool,
    /// Search the shortest schedule that reaches a state: a name, or a condition in SQL. Events that are given are all
    /// that is tried
    #[arg(long, value_name = "STATE", conflicts_with = "random")]
    pub find: Option<String>,
    /// Give up a search after so many states
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    pub max_states: usize,
    /// Run N random schedules until one breaks what must hold, and shrink that one
    #[arg(long, value_name = "N")]
    pub random: Option<u64>,
    /// Make other random schedules
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,
    /// Say that a state must hold at every look
    #[arg(long, value_name = "STATE")]
    pub always: Vec<String>,
    /// Say that a state must hold at no look
    #[arg(long, value_name = "STATE")]
    pub never: Vec<String>,
    /// Read what must hold from FILE: lines such as `never phantom` or `always STATE until STATE`
    #[arg(long, value_name = "FILE")]
    pub invariants: Option<PathBuf>,
    #[command(flatten)]
    pub set: Sets,
    #[command(flatten)]
    pub folders: Folders,
    #[command(flatten)]
    pub form: OutputArgs,
}

#[derive(Debug, Args)]
pub struct Folders {
    /// Also look for scenarios in the folders of DIR
    #[arg(long, value_name = "DIR")]
    pub scenarios: Vec<PathBuf>,
    /// Let a folder stand for the built-in scenario of its name
    #[arg(long)]
    pub replace_built_in: bool,
}

#[derive(Debug, Args)]
pub struct OutputArgs {
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = FORMATS[0].name,
        help = format!("Output format: {}", formats("or"))
    )]
    pub format: String,
    /// Columns that a line may take; the terminal's unless given, and 180 where there is none
    #[arg(long, value_name = "COLUMNS")]
    pub width: Option<usize>,
}

/// What becomes of personal data in rows that were exported, where they do not stay on the terminal.
#[derive(Debug, Args)]
pub struct Privacy {
    /// Show personal data unchanged also in files, pipes and formats for programs
    #[arg(long)]
    pub include_pii: bool,
    /// Show COLUMN unchanged, not as pseudonyms; repeatable
    #[arg(long, value_name = "COLUMN", conflicts_with = "include_pii")]
    pub plain: Vec<String>,
    /// Make pseudonyms with the key in FILE, 32 random bytes, instead of the one in your config directory
    #[arg(long, value_name = "FILE", conflicts_with = "include_pii")]
    pub key_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Chosen {
    /// Names of scenarios, or paths of scenario folders
    #[arg(value_name = "SCENARIO", required_unless_present = "all")]
    pub names: Vec<String>,
    /// Take every scenario
    #[arg(long, conflicts_with = "names")]
    pub all: bool,
    #[command(flatten)]
    pub set: Sets,
    #[command(flatten)]
    pub folders: Folders,
}

#[derive(Debug, Args)]
pub struct Sets {
    /// Set a parameter of the scenario, such as activity_id=2001
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub values: Vec<String>,
}

#[derive(Debug, Args)]
pub struct List {
    #[command(flatten)]
    pub folders: Folders,
    #[command(flatten)]
    pub form: OutputArgs,
}

#[derive(Debug, Args)]
pub struct Show {
    /// Name of a scenario, or path of a scenario folder
    pub scenario: String,
    /// Print the whole scenario as one SQL script for the `sqlite3` shell
    #[arg(long)]
    pub script: bool,
    #[command(flatten)]
    pub set: Sets,
    #[command(flatten)]
    pub folders: Folders,
}

#[derive(Debug, Args)]
pub struct Replay {
    #[command(flatten)]
    pub chosen: Chosen,
    /// Stop after this step
    #[arg(long, value_name = "STEP")]
    pub until: Option<String>,
    /// Show what was so and what each side saw, by time
    #[arg(long)]
    pub timeline: bool,
    /// Keep the database in FILE, to look at with any SQLite client; one of chatdb's that is there is replaced
    #[arg(long, value_name = "FILE")]
    pub db: Option<PathBuf>,
    #[command(flatten)]
    pub form: OutputArgs,
}

#[derive(Debug, Args)]
pub struct ReportArgs {
    #[command(flatten)]
    pub chosen: Chosen,
    /// Folder to write into; made if missing
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    #[arg(
        long,
        value_name = "FORMATS",
        value_delimiter = ',',
        help = format!("Formats to write, separated by commas: {}", formats("and")),
        default_value = "csv,markdown,json"
    )]
    pub format: Vec<String>,
    /// Replace files that are there
    #[arg(long)]
    pub force: bool,
}

#[derive(Debug, Args)]
pub struct Diff {
    /// Table to hold against: a file in any form that `import` reads, or a check such as services_failure/open_chats
    pub expected: String,
    /// Table held against it: a file in any form that `import` reads; with --bind also a copy of exported tables
    pub actual: PathBuf,
    /// Match rows by this column; give it again for a key of several columns
    #[arg(long, value_name = "COL")]
    pub key: Vec<String>,
    /// Compare headers: exact, any_order or subset (further actual columns are not looked at)
    #[arg(long, value_name = "MODE")]
    pub columns: Option<String>,
    /// Order of rows: unordered or strict
    #[arg(long, value_name = "ORDER")]
    pub order: Option<String>,
    /// Leave a column out, for a reason
    #[arg(long, value_name = "COL=REASON")]
    pub ignore: Vec<String>,
    /// Allow numbers, seconds or (for times) milliseconds to differ by N, or by N % of the larger one
    #[arg(long, value_name = "COL=N[%][:REASON]")]
    pub tolerance: Vec<String>,
    /// Say whether the first record of each file holds the names of the columns: yes or no
    #[arg(long, value_name = "yes|no")]
    pub header: Option<String>,
    /// Read files that are no CSV, TSV or Markdown as this form, such as sqlcmd_fixed
    #[arg(long, value_name = "FORMAT")]
    pub input_format: Option<String>,
    /// Decode files that are not UTF-8 from this encoding, such as windows-1252
    #[arg(long, value_name = "NAME")]
    pub encoding: Option<String>,
    /// Compare the Nth of several results in a file
    #[arg(long, value_name = "N")]
    pub result_set: Option<usize>,
    /// Treat texts as equal that differ in letter case only
    #[arg(long)]
    pub ignore_case: bool,
    /// Treat texts as equal that differ only in blanks at either end or between words
    #[arg(long)]
    pub ignore_blanks: bool,
    /// Compare rows of production: find them by your value of a parameter, such as activity_id=88123, and take your
    /// other names, ids and times from them
    #[arg(long, value_name = "NAME=VALUE", conflicts_with = "values")]
    pub bind: Vec<String>,
    /// Give up the query of a check over a database after so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub timeout: u64,
    #[command(flatten)]
    pub set: Sets,
    #[command(flatten)]
    pub folders: Folders,
    #[command(flatten)]
    pub privacy: Privacy,
    #[command(flatten)]
    pub form: OutputArgs,
}

#[derive(Debug, Args)]
pub struct QueryArgs {
    /// SQL, the name of a documented query or a finding such as open_chats, or - to read SQL from standard input; left
    /// out with --file
    #[arg(value_name = "SQL", required_unless_present = "file")]
    pub sql: Option<String>,
    /// Ask exported files, which are loaded into a database that is gone afterwards
    #[arg(value_name = "EXPORT", conflicts_with_all = ["db", "after"])]
    pub exports: Vec<PathBuf>,
    /// Read the SQL from FILE
    #[arg(short, long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Ask the database in FILE; it is opened to read and nothing else, unless --write is given
    #[arg(long, value_name = "FILE", conflicts_with = "after")]
    pub db: Option<PathBuf>,
    /// Ask a scenario after its last step, or after a step: services_failure/20
    #[arg(long, value_name = "SCENARIO[/STEP]")]
    pub after: Option<String>,
    /// Let GETDATE() be TIME, in the place of the scenario clock
    #[arg(long, value_name = "TIME")]
    pub as_of: Option<String>,
    /// Show at most N rows of each answer
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// Give up after so many seconds
    #[arg(long, value_name = "SECONDS")]
    pub timeout: Option<u64>,
    /// Change rows of the product's tables, in a database that chatdb wrote; all happens, or nothing
    #[arg(long, requires = "db", conflicts_with_all = ["after", "explain"])]
    pub write: bool,
    /// Show the SQL as it is run and how SQLite goes about it, in the place of rows
    #[arg(long)]
    pub explain: bool,
    /// The SQL that the text is written in: tsql or sqlite
    #[arg(long, value_name = "DIALECT", default_value = "tsql")]
    pub dialect: String,
    /// Set a parameter of the query or the scenario, such as activity_id=2001
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub values: Vec<String>,
    #[command(flatten)]
    pub reading: ImportArgs,
    /// Count up to N rejected records of the exports as a success
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub allow_rejects: u64,
    #[command(flatten)]
    pub folders: Folders,
    #[command(flatten)]
    pub privacy: Privacy,
    #[command(flatten)]
    pub form: OutputArgs,
}

#[derive(Debug, Args)]
pub struct Import {
    /// Exported files, folders of them, or patterns such as *.csv; - is standard input
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Load into the database in FILE, which is made if it is missing
    #[arg(long, value_name = "FILE", default_value = "chatdb.sqlite")]
    pub db: PathBuf,
    #[command(flatten)]
    pub reading: ImportArgs,
    /// Count up to N rejected records as a success
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub allow_rejects: u64,
    #[command(flatten)]
    pub privacy: Privacy,
    #[command(flatten)]
    pub form: OutputArgs,
}

/// How exports are read, where it should not be told from the files.
#[derive(Debug, Args, Default)]
pub struct ImportArgs {
    /// Read the files as this form, such as ssms_csv, in the place of telling it from them
    #[arg(long, value_name = "FORMAT")]
    pub input_format: Option<String>,
    /// Take the rows as those of TABLE; one that the product does not have is made
    #[arg(long, value_name = "TABLE")]
    pub table: Option<String>,
    /// Decode the files from this encoding, such as windows-1252
    #[arg(long, value_name = "NAME")]
    pub encoding: Option<String>,
    /// When the files were exported, in the place of what they say
    #[arg(long, value_name = "TIME")]
    pub exported_at: Option<String>,
    /// How dates are written where not as SQL Server writes them, such as "%d/%m/%Y %H:%M"
    #[arg(long, value_name = "FORMAT")]
    pub date_format: Option<String>,
    /// Keep what cannot be decoded as U+FFFD, in the place of rejecting the record
    #[arg(long)]
    pub lossy: bool,
    /// Read the Nth of several results in a file
    #[arg(long, value_name = "N")]
    pub result_set: Option<usize>,
    /// The bcp format file that belongs to the files
    #[arg(long, value_name = "FILE")]
    pub format_file: Option<PathBuf>,
    /// What ends a field, such as "|^|" or "\\t", where it is none of the usual
    #[arg(long, value_name = "TEXT")]
    pub field_terminator: Option<String>,
    /// What ends a record, such as "&|\\n" or 0x0a, where it is not the end of a line
    #[arg(long, value_name = "TEXT")]
    pub row_terminator: Option<String>,
    /// How many places each column has where nothing stands between them; * is the rest of a line
    #[arg(long, value_name = "N,N,...")]
    pub widths: Option<String>,
    /// Whether the first record has the names of the columns: yes or no
    #[arg(long, value_name = "YES|NO")]
    pub header: Option<String>,
    /// Name the columns, instead of the names in the files or where there are none
    #[arg(long, value_name = "NAME,NAME,...")]
    pub columns: Option<String>,
    /// Pass over the first N lines
    #[arg(long, value_name = "N")]
    pub skip: Option<usize>,
    /// Read only the sheet called NAME of a workbook
    #[arg(long, value_name = "NAME")]
    pub sheet: Option<String>,
    /// Take TEXT without quotes for NULL as well, such as "(null)"; may be given more than once
    #[arg(long, value_name = "TEXT")]
    pub null: Vec<String>,
    /// Take nothing between two separators for NULL, in columns of text as well
    #[arg(long)]
    pub empty_is_null: bool,
    /// Give up a record that is longer than BYTES
    #[arg(long, value_name = "BYTES")]
    pub max_record: Option<usize>,
    /// Give up a field that is longer than BYTES
    #[arg(long, value_name = "BYTES")]
    pub max_field: Option<usize>,
}

#[derive(Debug, Args)]
pub struct Sql {
    /// Name of a documented query or a finding, such as open_chats
    pub name: String,
    /// The SQL to write it in: tsql or sqlite
    #[arg(long, value_name = "DIALECT", default_value = "tsql")]
    pub dialect: String,
    /// Set a parameter of the query, such as activity_id=2001
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub values: Vec<String>,
}

#[derive(Debug, Args)]
pub struct Analyze {
    /// Exported files; any form that `import` reads
    #[arg(
        value_name = "FILE",
        required_unless_present = "db",
        conflicts_with = "db"
    )]
    pub exports: Vec<PathBuf>,
    /// Search the database in FILE; it is opened to read and nothing else
    #[arg(long, value_name = "FILE")]
    pub db: Option<PathBuf>,
    /// Judge as of TIME on the servers' clock; the newest time in the rows unless given
    #[arg(long, value_name = "TIME")]
    pub as_of: Option<String>,
    /// How far the servers' clock is ahead of UTC, such as +02:00; events are compared with rows only if it is given
    #[arg(long, value_name = "OFFSET", allow_hyphen_values = true)]
    pub utc_offset: Option<String>,
    /// An outage that there was, such as "application=2026-11-25 09:00:00..2026-11-25 09:40:00"; without an end it
    /// goes on, and the servers may be left out
    #[arg(long, value_name = "[SERVERS=]FROM..TO")]
    pub outage: Vec<String>,
    /// Set a threshold, such as quiet_minutes=60, or for one finding ghost_chats.quiet_minutes=60
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub values: Vec<String>,
    /// Look for this finding only; give it again for more
    #[arg(long, value_name = "FINDING")]
    pub only: Vec<String>,
    /// Show every row of every finding, and what each rests on, instead of the first five of the urgent ones
    #[arg(long)]
    pub all: bool,
    /// Also write the report into DIR, as csv, markdown and json; made if missing
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Replace files that are there
    #[arg(long, requires = "out")]
    pub force: bool,
    /// Give up after so many seconds; a database is searched for 600 unless given
    #[arg(long, value_name = "SECONDS")]
    pub timeout: Option<u64>,
    /// Go on without complaint when up to N records are rejected
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub allow_rejects: u64,
    #[command(flatten)]
    pub reading: ImportArgs,
    #[command(flatten)]
    pub privacy: Privacy,
    #[command(flatten)]
    pub form: OutputArgs,
}

#[derive(Debug, Args)]
pub struct CompletionArgs {
    /// The shell to write them for
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub struct ManArgs {
    /// Folder to write into; created if missing
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
}

#[derive(Debug, Args)]
pub struct Findings {
    /// Name of a finding, to explain it in full
    pub name: Option<String>,
    #[command(flatten)]
    pub form: OutputArgs,
}

#[derive(Debug, Args)]
pub struct Validate {
    /// Scenario folders, or folders of scenario folders
    #[arg(required = true)]
    pub paths: Vec<PathBuf>,
    /// Let a folder stand for the built-in scenario of its name
    #[arg(long)]
    pub replace_built_in: bool,
    #[command(flatten)]
    pub form: OutputArgs,
}

#[derive(Debug, Args)]
pub struct New {
    /// Name of the scenario: lower-case letters, digits and _
    pub name: String,
    /// Folder in which to make the scenario's folder
    #[arg(long = "in", value_name = "DIR", default_value = ".")]
    pub folder: PathBuf,
}

#[derive(Debug, Args)]
pub struct RecordArgs {
    /// Folders of scenarios of your own, or folders of them
    #[arg(required = true, value_name = "SCENARIO")]
    pub names: Vec<String>,
    /// Write nothing, and fail where a table is missing or pending
    #[arg(long)]
    pub check: bool,
    #[command(flatten)]
    pub folders: Folders,
}

#[derive(Debug, Args)]
pub struct ReviewArgs {
    /// Folders of scenarios of your own, or folders of them
    #[arg(required = true, value_name = "SCENARIO")]
    pub names: Vec<String>,
    /// Accept the table of a check, as SCENARIO/CHECK or CHECK; may be given more than once
    #[arg(long, value_name = "CHECK")]
    pub accept: Vec<String>,
    /// Reject the recorded table of a check, which is empty afterwards; may be given more than once
    #[arg(long, value_name = "CHECK")]
    pub reject: Vec<String>,
    /// Accept every table that is pending or differs
    #[arg(long, conflicts_with_all = ["accept", "reject"])]
    pub accept_all: bool,
    /// Write nothing and ask nothing, and fail where a table is pending or differs
    #[arg(long, conflicts_with_all = ["accept", "reject", "accept_all"])]
    pub check: bool,
    #[command(flatten)]
    pub folders: Folders,
}

#[derive(Debug, Args)]
pub struct Coverage {
    #[command(flatten)]
    pub folders: Folders,
    #[command(flatten)]
    pub form: OutputArgs,
}

#[derive(Debug, Args)]
pub struct RulesArgs {
    /// Show only rules whose name holds TEXT
    pub text: Option<String>,
    #[command(flatten)]
    pub form: OutputArgs,
}
