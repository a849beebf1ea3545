//! What the command line takes: clap types and nothing else. Help texts are the doc comments here; those that
//! list report formats are built from the list.

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Args, CommandFactory as _, Parser, Subcommand};

use chatdb::command_line::CommandLine;
use chatdb::render::{FORMATS, Format, Pictures};

use crate::{complete, examples, topics};

mod explore;
mod groups;

pub use explore::{SimulateArgs, WhyArgs};
pub use groups::{
    Chosen, ColorWhen, CsvArgs, FileArgs, Folders, ImportArgs, OutputArgs, Privacy, ReadArgs, Sets,
};

/// Help begins with what the command does, then examples.
const TEMPLATE: &str =
    "{about-with-newline}\n{before-help}{usage-heading} {usage}\n\n{all-args}{after-help}";

/// The command line with the examples of each command in its help.
pub fn command() -> clap::Command {
    let topics = format!("Topics for `chatdb help TOPIC`: {}", topics::names());
    Cli::command().after_help(topics).mut_subcommands(|command| {
        let more = topics::of_command(command.get_name())
            .filter(|_| command.get_after_help().is_none())
            .map(|topic| format!("More: `{}`", CommandLine::new("help").arg(topic)));
        let command = match more {
            Some(more) => command.after_help(more),
            None => command,
        };
        let has_format = command.get_arguments().any(|arg| arg.get_id() == "format");
        let command = match has_format {
            true => with_formats(command),
            false => command,
        };
        match examples::help(command.get_name()) {
            Some(examples) => command.before_help(examples).help_template(TEMPLATE),
            None => command,
        }
    })
}

/// Gives `--format` the values and the help that are the command's.
fn with_formats(command: clap::Command) -> clap::Command {
    let (values, help) = (format_values(command.get_name()), format_help(command.get_name()));
    command.mut_arg("format", |arg| {
        let arg = arg.value_parser(values).hide_possible_values(true);
        // `report` writes several, and says so itself.
        if arg.get_help().is_some() { arg } else { arg.help(help) }
    })
}

/// The report formats that a command can write.
fn written_by(command: &str) -> impl Iterator<Item = &'static Format> {
    let shows = move |format: &&Format| match format.can.pictures {
        Pictures::Only => ["replay", "report"].contains(&command),
        _ if format.can.tables => true,
        _ => ["replay", "report", "validate", "record", "review"].contains(&command),
    };
    FORMATS.iter().filter(shows)
}

/// Their names and aliases, as values of an option.
fn format_values(command: &str) -> PossibleValuesParser {
    let value = |format: &Format| PossibleValue::new(format.name).aliases(format.aliases);
    PossibleValuesParser::new(written_by(command).map(value))
}

/// Lists them, with `word` before the last.
fn formats(command: &str, word: &str) -> String {
    let names: Vec<&str> = written_by(command).map(|format| format.name).collect();
    match names.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} {word} {last}", rest.join(", ")),
        None => String::new(),
    }
}

/// Lists the formats of a command and the default.
fn format_help(command: &str) -> String {
    let (all, first) = (formats(command, "or"), FORMATS[0].name);
    format!("Output format: {all} (default: {first}, or the one of FILE's extension)")
}

/// Reproduce documented chat failures on an embedded database, and find what an outage left behind in exported tables
#[derive(Debug, Parser)]
#[command(name = "chatdb", version, arg_required_else_help = true, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
    /// How errors are written to standard error
    #[arg(
        long,
        global = true,
        display_order = 1000,
        value_enum,
        value_name = "FORMAT",
        default_value = "text",
        help_heading = "Output"
    )]
    pub error_format: ErrorFormat,
    /// Print without a pager (default: page what is longer than the terminal, with CHATDB_PAGER, PAGER or less)
    #[arg(long, global = true, display_order = 1000, help_heading = "Output")]
    pub no_pager: bool,
}

/// How errors are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ErrorFormat {
    /// A message and a hint, for people
    Text,
    /// One JSON object per line, for programs
    Json,
}

// One of these is made in a run.
#[allow(clippy::large_enum_variant)]
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the scenarios, or find one by a symptom
    List(List),
    /// Show the steps, the SQL and the rules of a scenario
    Show(Show),
    /// Replay scenarios and compare every result with the support note
    Replay(Replay),
    /// Replay scenarios and write reports into a folder
    Report(ReportArgs),
    /// Compare two tables, or a check of a scenario with a table
    Diff(Diff),
    /// Run T-SQL on a database, on export files, or on a scenario at any step
    Query(Box<QueryArgs>),
    /// Load files exported from SQL Server into a database
    Import(Box<Import>),
    /// Print a documented query or a finding as a script to run on your server
    Sql(Sql),
    /// Find what an outage left behind in exported tables
    Analyze(Analyze),
    /// List the findings, or explain one
    Findings(Findings),
    /// Find every mistake in scenario folders
    Validate(Validate),
    /// Create a scenario folder to start from
    New(New),
    /// Fill in missing expected tables, to be reviewed
    Record(RecordArgs),
    /// Review expected tables that are pending or differ: accept, reject or skip each
    Review(ReviewArgs),
    /// Show which statements of the support note are reproduced
    Coverage(Coverage),
    /// List the rules of the model with their citations
    Rules(RulesArgs),
    /// Explain a result: the causes, rules and times that determine it
    Why(WhyArgs),
    /// Run a schedule of events, and show what changes for the database, the agent and the customer
    #[command(after_help = crate::simulate::states())]
    Simulate(Box<SimulateArgs>),
    /// Describe an error code or a reject code
    Explain(ExplainArgs),
    /// Show the settings and where each comes from
    Config(OutputArgs),
    /// Print the JSON Schema of the JSON format
    Schema(SchemaArgs),
    /// Print the completion script for a shell
    ///
    /// Write it where the shell looks for completions, then open a new shell. Bash:
    /// `~/.local/share/bash-completion/completions/chatdb`; zsh: `_chatdb` in a folder of `fpath`; fish:
    /// `~/.config/fish/completions/chatdb.fish`; PowerShell: `chatdb completions powershell | Out-String |
    /// Invoke-Expression` in the profile; elvish: `eval (chatdb completions elvish | slurp)` in `rc.elv`.
    Completions(CompletionArgs),
    /// Write manual pages into a folder
    ///
    /// `man -l DIR/chatdb.1` shows one. In the folder `man1` of a folder of `MANPATH`, such as
    /// `~/.local/share/man/man1`, `man chatdb` finds them.
    Man(ManArgs),
}

impl Command {
    /// How a command that prints a record writes it.
    pub fn output(&self) -> Option<&OutputArgs> {
        match self {
            Self::List(args) => Some(&args.form),
            Self::Replay(args) => Some(&args.form),
            Self::Diff(args) => Some(&args.form),
            Self::Query(args) => Some(&args.form),
            Self::Import(args) => Some(&args.form),
            Self::Analyze(args) => Some(&args.form),
            Self::Findings(args) => Some(&args.form),
            Self::Validate(args) => Some(&args.form),
            Self::Coverage(args) => Some(&args.form),
            Self::Rules(args) => Some(&args.form),
            Self::Why(args) => Some(&args.form),
            Self::Simulate(args) => Some(&args.form),
            Self::Show(args) => Some(&args.form),
            Self::Explain(args) => Some(&args.form),
            Self::Config(form) => Some(form),
            Self::Report(_)
            | Self::Sql(_)
            | Self::New(_)
            | Self::Record(_)
            | Self::Review(_)
            | Self::Schema(_)
            | Self::Completions(_)
            | Self::Man(_) => None,
        }
    }
}

#[derive(Debug, Args)]
pub struct SchemaArgs {
    #[command(flatten)]
    pub file: FileArgs,
}

#[derive(Debug, Args)]
pub struct List {
    /// Find scenarios, steps and checks by words for a symptom: "buttons grey", "session in progress"
    #[arg(long, value_name = "WORDS")]
    pub search: Option<String>,
    #[command(flatten)]
    pub folders: Folders,
    #[command(flatten)]
    pub form: OutputArgs,
}

#[derive(Debug, Args)]
pub struct Show {
    /// Scenario name, or path of a scenario folder
    #[arg(add = complete::scenarios())]
    pub scenario: String,
    /// Print the whole scenario as one SQL script for the `sqlite3` shell
    #[arg(long, conflicts_with_all = ["format", "width", "color", "quiet", "verbose", "raw", "for_spreadsheet"])]
    pub script: bool,
    #[command(flatten)]
    pub set: Sets,
    #[command(flatten)]
    pub folders: Folders,
    #[command(flatten)]
    pub form: OutputArgs,
}

#[derive(Debug, Args)]
pub struct Replay {
    #[command(flatten)]
    pub chosen: Chosen,
    /// Stop after this step
    #[arg(long, value_name = "STEP")]
    pub until: Option<String>,
    /// Show a timeline of what was true and what each side saw
    #[arg(long)]
    pub timeline: bool,
    /// Keep the database in FILE, for any SQLite client; a database that chatdb wrote is replaced
    #[arg(long, value_name = "FILE")]
    pub db: Option<PathBuf>,
    /// Write an HTML page to the folder chatdb-reports, and open it in the browser
    #[arg(long)]
    pub open: bool,
    #[command(flatten)]
    pub form: OutputArgs,
}

#[derive(Debug, Args)]
pub struct ReportArgs {
    #[command(flatten)]
    pub chosen: Chosen,
    /// Folder to write into; created if missing
    #[arg(long, value_name = "DIR", required_unless_present = "open")]
    pub out: Option<PathBuf>,
    /// Also write an HTML page, and open it in the browser; without --out, files go into the folder chatdb-reports
    #[arg(long)]
    pub open: bool,
    #[arg(
        long,
        value_name = "FORMATS",
        value_delimiter = ',',
        help = format!("Formats to write, separated by commas: {}", formats("report", "and")),
        default_value = "csv,markdown,json"
    )]
    pub format: Vec<String>,
    /// Replace existing files
    #[arg(long)]
    pub force: bool,
    #[command(flatten)]
    pub csv: CsvArgs,
}

#[derive(Debug, Args)]
pub struct Diff {
    /// Expected table: a file in any format that `import` reads, or a check such as services_failure/open_chats
    pub expected: String,
    /// Actual table: a file in any format that `import` reads; with --bind also an import database
    pub actual: PathBuf,
    /// Match rows by this column; for a key of several columns, repeat it or separate them by commas
    #[arg(add = complete::columns(), long, value_delimiter = ',', value_name = "COL")]
    pub key: Vec<String>,
    /// How to compare headers: exact, any_order, or subset (additional actual columns are ignored)
    #[arg(long, value_name = "MODE")]
    pub match_columns: Option<String>,
    /// How to compare the order of rows: unordered or strict
    #[arg(long, value_name = "ORDER")]
    pub order: Option<String>,
    /// Ignore a column, giving the reason
    #[arg(add = complete::columns(), long, value_name = "COL=REASON")]
    pub ignore: Vec<String>,
    /// Allow numbers to differ by N, or by N % of the larger one; N is in milliseconds for times, seconds for durations
    #[arg(add = complete::columns(), long, value_name = "COL=N[%][:REASON]")]
    pub tolerance: Vec<String>,
    /// Ignore differences in case
    #[arg(long)]
    pub ignore_case: bool,
    /// Ignore leading, trailing and repeated spaces
    #[arg(long)]
    pub ignore_blanks: bool,
    /// Compare production rows: give one value, e.g. activity_id=88123; chatdb finds your row by it, takes the other
    /// names, ids and times from that row, and lists each substitution
    #[arg(long, value_name = "NAME=VALUE", conflicts_with = "values")]
    pub bind: Vec<String>,
    /// Time limit for a query on a database, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub timeout: u64,
    #[command(flatten)]
    pub set: Sets,
    #[command(flatten)]
    pub reading: ReadArgs,
    #[command(flatten)]
    pub folders: Folders,
    #[command(flatten)]
    pub privacy: Privacy,
    #[command(flatten)]
    pub form: OutputArgs,
}

#[derive(Debug, Args)]
pub struct QueryArgs {
    /// SQL, the name of a query or finding such as open_chats, or - for standard input; omit it with --file
    #[arg(add = complete::queries(), value_name = "SQL", required_unless_present = "file")]
    pub sql: Option<String>,
    /// Export files to query; they are loaded into a temporary database
    #[arg(value_name = "EXPORT", conflicts_with_all = ["db", "after"])]
    pub exports: Vec<PathBuf>,
    /// Read the SQL from FILE
    #[arg(short, long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Query the database in FILE, read-only unless --write is given
    #[arg(long, value_name = "FILE", conflicts_with = "after")]
    pub db: Option<PathBuf>,
    /// Query a scenario after its last step, or after a step: services_failure/20
    #[arg(add = complete::scenarios(), long, value_name = "SCENARIO[/STEP]")]
    pub after: Option<String>,
    /// Time that GETDATE() returns (default: the scenario's clock)
    #[arg(long, value_name = "TIME")]
    pub as_of: Option<String>,
    /// Show at most N rows of each result
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// Time limit in seconds
    #[arg(long, value_name = "SECONDS")]
    pub timeout: Option<u64>,
    /// Allow changes to the product's tables in a database that chatdb wrote; all statements succeed or none
    #[arg(long, requires = "db", conflicts_with_all = ["after", "explain"])]
    pub write: bool,
    /// Show the SQL for SQLite and its query plan instead of rows
    #[arg(long)]
    pub explain: bool,
    /// SQL dialect of the query: tsql or sqlite
    #[arg(long, value_name = "DIALECT", default_value = "tsql")]
    pub dialect: String,
    /// Set a parameter of the query or the scenario, e.g. activity_id=2001; may be repeated
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub values: Vec<String>,
    #[command(flatten)]
    pub reading: ImportArgs,
    /// Succeed with up to N rejected records
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
    /// Export files, folders, or patterns such as *.csv; - is standard input
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Database to load into; created if missing
    #[arg(long, value_name = "FILE", default_value = "chatdb.sqlite")]
    pub db: PathBuf,
    #[command(flatten)]
    pub reading: ImportArgs,
    /// Succeed with up to N rejected records
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub allow_rejects: u64,
    /// Check the whole database after loading, and keep a new one only if it passes
    #[arg(long)]
    pub verify: bool,
    #[command(flatten)]
    pub privacy: Privacy,
    #[command(flatten)]
    pub form: OutputArgs,
}

#[derive(Debug, Args)]
pub struct Sql {
    /// Name of a documented query or finding, e.g. open_chats
    #[arg(add = complete::queries())]
    pub name: String,
    /// SQL dialect to print: tsql or sqlite
    #[arg(long, value_name = "DIALECT", default_value = "tsql")]
    pub dialect: String,
    /// Set a parameter of the query, e.g. activity_id=2001; may be repeated
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub values: Vec<String>,
    #[command(flatten)]
    pub file: FileArgs,
}

#[derive(Debug, Args)]
pub struct Analyze {
    /// Export files, folders, or patterns such as *.csv, in any format that `import` reads
    #[arg(value_name = "FILE", required_unless_present = "db", conflicts_with = "db")]
    pub exports: Vec<PathBuf>,
    /// Analyze the import database in FILE, read-only
    #[arg(long, value_name = "FILE")]
    pub db: Option<PathBuf>,
    /// Time from which ages are measured, on the servers' clock (default: the newest time in the rows)
    #[arg(long, value_name = "TIME")]
    pub as_of: Option<String>,
    /// Time zone of the servers, e.g. Europe/Berlin or +02:00; without it, event times (UTC) are not compared with row
    /// times
    #[arg(long, value_name = "OFFSET", allow_hyphen_values = true)]
    pub utc_offset: Option<String>,
    /// A known outage, e.g. "application=2026-11-25 09:00..09:40" or "services+messaging=2026-11-25 09:00.."; may be
    /// repeated (default: detect)
    #[arg(long, value_name = "[SERVERS=]FROM..TO")]
    pub outage: Vec<String>,
    /// Set a threshold, e.g. quiet_minutes=60, or for one finding ghost_chats.quiet_minutes=60
    #[arg(add = complete::thresholds(), long = "set", value_name = "NAME=VALUE")]
    pub values: Vec<String>,
    /// Run only this finding; for several, repeat it or separate them by commas
    #[arg(add = complete::findings(), long, value_delimiter = ',', value_name = "FINDING")]
    pub only: Vec<String>,
    /// Show every row of every finding; the same as -v
    #[arg(long, conflicts_with = "quiet")]
    pub all: bool,
    /// Also write the report into DIR as CSV, Markdown, HTML and JSON, and the rows of each finding as a CSV; created
    /// if missing
    #[arg(long, value_name = "DIR", group = "written")]
    pub out: Option<PathBuf>,
    /// Open the page of the report in the browser; without --out, files go into the folder chatdb-reports
    #[arg(long)]
    pub open: bool,
    /// Time limit in seconds (default: 600 for a database)
    #[arg(long, value_name = "SECONDS")]
    pub timeout: Option<u64>,
    /// Succeed with up to N rejected records
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
pub struct ExplainArgs {
    /// Code such as CHATDB-E201 or I018 (default: list all)
    pub code: Option<String>,
    #[command(flatten)]
    pub form: OutputArgs,
}

#[derive(Debug, Args)]
pub struct CompletionArgs {
    /// Shell to complete for
    #[arg(value_parser = ["bash", "elvish", "fish", "powershell", "zsh"])]
    pub shell: String,
}

#[derive(Debug, Args)]
pub struct ManArgs {
    /// Folder to write into; created if missing
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
}

#[derive(Debug, Args)]
pub struct Findings {
    /// Finding to explain
    #[arg(add = complete::findings())]
    pub name: Option<String>,
    #[command(flatten)]
    pub form: OutputArgs,
}

#[derive(Debug, Args)]
pub struct Validate {
    /// Scenario folders, or folders of scenario folders
    #[arg(required = true)]
    pub paths: Vec<PathBuf>,
    /// Let a folder replace the built-in scenario of the same name
    #[arg(long)]
    pub replace_built_in: bool,
    #[command(flatten)]
    pub form: OutputArgs,
}

#[derive(Debug, Args)]
pub struct New {
    /// Name of the scenario, or path of its new folder; a name has lower-case letters, digits and _
    pub name: String,
    /// Folder to create the scenario in
    #[arg(long = "in", value_name = "DIR", default_value = ".")]
    pub folder: PathBuf,
}

#[derive(Debug, Args)]
pub struct RecordArgs {
    /// Scenario folders, or folders of scenario folders
    #[arg(required = true, value_name = "SCENARIO")]
    pub names: Vec<String>,
    /// Write nothing, and fail if a table is missing or pending
    #[arg(long)]
    pub check: bool,
    #[command(flatten)]
    pub folders: Folders,
    #[command(flatten)]
    pub form: OutputArgs,
}

#[derive(Debug, Args)]
pub struct ReviewArgs {
    /// Scenario folders, or folders of scenario folders
    #[arg(required = true, value_name = "SCENARIO")]
    pub names: Vec<String>,
    /// Accept the table of a check, as SCENARIO/CHECK or CHECK; may be repeated
    #[arg(long, value_name = "CHECK")]
    pub accept: Vec<String>,
    /// Reject the recorded table of a check, and empty its file; may be repeated
    #[arg(long, value_name = "CHECK")]
    pub reject: Vec<String>,
    /// Accept every table that is pending or differs
    #[arg(long, conflicts_with_all = ["accept", "reject"])]
    pub accept_all: bool,
    /// Write nothing, do not prompt, and fail if a table is pending or differs
    #[arg(long, conflicts_with_all = ["accept", "reject", "accept_all"])]
    pub check: bool,
    #[command(flatten)]
    pub folders: Folders,
    #[command(flatten)]
    pub form: OutputArgs,
}

#[derive(Debug, Args)]
pub struct Coverage {
    /// Scenarios, or folders of scenarios (default: all)
    #[arg(add = complete::scenarios(), value_name = "SCENARIO")]
    pub names: Vec<String>,
    /// Group the scenarios whose exports cannot be distinguished, and name the export that would distinguish them
    #[arg(long)]
    pub groups: bool,
    #[command(flatten)]
    pub folders: Folders,
    #[command(flatten)]
    pub form: OutputArgs,
}

#[derive(Debug, Args)]
pub struct RulesArgs {
    /// Show only rules whose name contains TEXT
    pub text: Option<String>,
    /// Show the rules in effect in this scenario, including those of its lab
    #[arg(add = complete::scenarios(), long, value_name = "SCENARIO")]
    pub scenario: Option<String>,
    #[command(flatten)]
    pub folders: Folders,
    #[command(flatten)]
    pub form: OutputArgs,
}
