//! Groups of arguments that several commands take.

use std::path::PathBuf;

use clap::Args;

use crate::complete;

/// Where text output goes that is neither a record nor rows.
#[derive(Debug, Args)]
pub struct FileArgs {
    /// Write to FILE instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Replace an existing file
    #[arg(long, requires = "output")]
    pub force: bool,
}

#[derive(Debug, Args)]
pub struct Folders {
    /// Also use the scenario folders in DIR; may be repeated
    #[arg(long, help_heading = "Scenarios", value_name = "DIR")]
    pub scenarios: Vec<PathBuf>,
    /// Let a folder replace the built-in scenario of the same name
    #[arg(long, help_heading = "Scenarios")]
    pub replace_built_in: bool,
}

#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("written").multiple(true)))]
pub struct OutputArgs {
    // `command` adds its help and its values: the formats that the command can write.
    #[arg(long, value_name = "FORMAT", help_heading = "Output")]
    pub format: Option<String>,
    /// Write to FILE instead of standard output
    #[arg(short, long, value_name = "FILE", help_heading = "Output", group = "written")]
    pub output: Option<PathBuf>,
    /// Replace existing files
    #[arg(long, help_heading = "Output", requires = "written")]
    pub force: bool,
    /// Show only the result: no titles, remarks, notes or progress
    #[arg(short, long, help_heading = "Output", conflicts_with = "verbose")]
    pub quiet: bool,
    /// Show everything: every step, row and remark
    #[arg(short, long, help_heading = "Output")]
    pub verbose: bool,
    /// Output width (default: terminal width, or 180)
    #[arg(long, value_name = "COLUMNS", help_heading = "Output")]
    pub width: Option<usize>,
    /// Colour the tables: on a terminal unless NO_COLOR is set, always or never
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = ColorWhen::Auto, help_heading = "Output")]
    pub color: ColorWhen,
    #[command(flatten)]
    pub csv: CsvArgs,
}

/// How CSV is written.
#[derive(Debug, Args)]
pub struct CsvArgs {
    /// In CSV and TSV, do not escape formulas and hidden characters
    #[arg(long, help_heading = "Output", conflicts_with = "for_spreadsheet")]
    pub raw: bool,
    /// In CSV and TSV, start with a byte order mark, so that spreadsheets read UTF-8
    #[arg(long, help_heading = "Output")]
    pub for_spreadsheet: bool,
}

/// When tables are coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ColorWhen {
    Auto,
    Always,
    Never,
}

/// What happens to personal data in output that leaves the terminal.
#[derive(Debug, Args)]
pub struct Privacy {
    /// Write personal data unchanged to files and pipes, instead of pseudonyms
    #[arg(long, help_heading = "Personal data")]
    pub include_pii: bool,
    /// Write COLUMN unchanged, not as pseudonyms; may be repeated, or a list with commas
    #[arg(
        add = complete::columns(),
        long,
        value_delimiter = ',',
        help_heading = "Personal data",
        value_name = "COLUMN",
        conflicts_with = "include_pii"
    )]
    pub plain: Vec<String>,
    /// Key of the pseudonyms: 32 random bytes (default: a key in your config directory)
    #[arg(
        long,
        help_heading = "Personal data",
        value_name = "FILE",
        conflicts_with = "include_pii"
    )]
    pub key_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Chosen {
    /// Scenario names, or paths of scenario folders
    #[arg(add = complete::scenarios(), value_name = "SCENARIO", required_unless_present = "all")]
    pub names: Vec<String>,
    /// Use every scenario
    #[arg(long, conflicts_with = "names")]
    pub all: bool,
    #[command(flatten)]
    pub set: Sets,
    #[command(flatten)]
    pub folders: Folders,
}

#[derive(Debug, Args)]
pub struct Sets {
    /// Set a scenario parameter, e.g. activity_id=2001; may be repeated
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub values: Vec<String>,
}

/// How exports are loaded, if not as detected.
#[derive(Debug, Args, Default)]
#[command(next_help_heading = "Reading files")]
pub struct ImportArgs {
    #[command(flatten)]
    pub text: ReadArgs,
    /// Load into TABLE (created if it is not a product table)
    #[arg(add = complete::tables(), long, value_name = "TABLE")]
    pub table: Option<String>,
    /// Time of the export (default: from the files)
    #[arg(long, value_name = "TIME")]
    pub exported_at: Option<String>,
    /// Date format, if not SQL Server's own, e.g. "dd/MM/yyyy HH:mm" or "%d/%m/%Y %H:%M"
    #[arg(long, value_name = "FORMAT")]
    pub date_format: Option<String>,
    /// Columns that the installation renamed, from the settings.
    #[arg(skip)]
    pub renames: Vec<(String, String)>,
}

/// How files are read as tables of text, if not as detected.
#[derive(Debug, Args, Default)]
#[command(next_help_heading = "Reading files")]
pub struct ReadArgs {
    /// Input format, e.g. ssms_csv (default: detect)
    #[arg(add = complete::input_formats(), long, value_name = "FORMAT")]
    pub input_format: Option<String>,
    /// Encoding of the files, e.g. windows-1252 (default: detect)
    #[arg(long, value_name = "NAME")]
    pub encoding: Option<String>,
    /// Keep undecodable bytes as U+FFFD, instead of rejecting the record
    #[arg(long)]
    pub lossy: bool,
    /// Read the Nth result of a file with several
    #[arg(long, value_name = "N")]
    pub result_set: Option<usize>,
    /// bcp format file of the data files
    #[arg(long, value_name = "FILE")]
    pub format_file: Option<PathBuf>,
    /// Field terminator, e.g. "|^|" or "\t" (default: detect)
    #[arg(long, value_name = "TEXT")]
    pub field_terminator: Option<String>,
    /// Row terminator, e.g. "&|\n" or 0x0a (default: end of line)
    #[arg(long, value_name = "TEXT")]
    pub row_terminator: Option<String>,
    /// Quote character around text, e.g. "'", or none (default: detect)
    #[arg(long, value_name = "CHAR|none")]
    pub quote: Option<String>,
    /// What a backslash means: none, backslash or mysql (default: detect)
    #[arg(long, value_name = "KIND")]
    pub escape: Option<String>,
    /// Widths of fixed-width columns; * is the rest of the line
    #[arg(long, value_name = "N,N,...")]
    pub widths: Option<String>,
    /// Whether the first record is a header: yes or no (default: detect)
    #[arg(long, value_name = "YES|NO")]
    pub header: Option<String>,
    /// Column names, instead of those in the files
    #[arg(long, value_name = "NAME,NAME,...")]
    pub columns: Option<String>,
    /// Skip the first N lines
    #[arg(long, value_name = "N")]
    pub skip: Option<usize>,
    /// Read only this sheet of a workbook
    #[arg(long, value_name = "NAME")]
    pub sheet: Option<String>,
    /// Also read TEXT without quotes as NULL, e.g. "(null)"; may be repeated
    #[arg(long, value_name = "TEXT")]
    pub null: Vec<String>,
    /// Read empty fields as NULL, in text columns too
    #[arg(long)]
    pub empty_is_null: bool,
    /// Reject records longer than BYTES
    #[arg(long, value_name = "BYTES")]
    pub max_record: Option<usize>,
    /// Reject fields longer than BYTES
    #[arg(long, value_name = "BYTES")]
    pub max_field: Option<usize>,
}
