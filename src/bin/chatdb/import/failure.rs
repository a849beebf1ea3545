//! What is reported when a file or its database is refused, and what to do about it.

use chatdb::import::ImportError;
use chatdb::import::convert::formatted;
use chatdb::import::input::source::TooMuch;
use chatdb::import::mapping::TablesError;
use chatdb::import::open::OpenError;
use chatdb::record::ReadError;
use chatdb::store::import_database::ImportDatabaseError;
use chrono::{Datelike as _, NaiveDate, NaiveDateTime};

use crate::failure::{Code, Failure};

impl From<ImportDatabaseError> for Failure {
    fn from(error: ImportDatabaseError) -> Self {
        let code = if error.is_refusal() { Code::Refused } else { Code::Environment };
        let failure = Self::of(code, &error);
        match error {
            ImportDatabaseError::NotOurs { .. }
            | ImportDatabaseError::Replay { .. }
            | ImportDatabaseError::NotAFile { .. } => {
                failure.hint("use another file with `--db FILE`")
            }
            ImportDatabaseError::Left { left, .. } => failure.hint(format!(
                "remove it (`rm {}`), or use another file with `--db FILE`",
                left.display()
            )),
            ImportDatabaseError::Appeared { .. } => {
                failure.hint("run it again to load into that one")
            }
            ImportDatabaseError::Busy { .. } => {
                failure.hint("wait for the other program, or close it")
            }
            ImportDatabaseError::Io { .. } => failure.hint("use a writable path with `--db FILE`"),
            ImportDatabaseError::Store { source, .. } if source.is_of_the_schema() => {
                failure.hint("use another file with `--db FILE`")
            }
            ImportDatabaseError::Store { .. } => failure,
        }
    }
}

/// Whether a file is refused because it unpacks to too much.
fn is_bomb(error: &ImportError) -> bool {
    let (ImportError::Read { source, .. }
    | ImportError::Open { source: OpenError::Read(source), .. }) = error
    else {
        return false;
    };
    matches!(source, ReadError::Io(cause) if TooMuch::behind(cause).is_some())
}

impl From<ImportError> for Failure {
    fn from(error: ImportError) -> Self {
        match &error {
            error if is_bomb(error) => Self::of(Code::Rejected, error).hint(
                "nothing was loaded; it may be a decompression bomb: inspect its contents, and export them as text",
            ),
            ImportError::Interrupted => Self::new(Code::Interrupted, "interrupted"),
            ImportError::Open { source, .. } => not_opened(&error, source),
            ImportError::Io { .. } => Self::of(Code::Environment, &error),
            ImportError::Store { source, .. } if source.is_of_a_row() => {
                Self::of(Code::Environment, &error)
                    .hint(
                        "nothing of this file is in the database: a trigger, index or constraint that somebody added \
                         to it refuses a row; load into a new one with `--db NEW.sqlite`",
                    )
                    .of_the_database()
            }
            ImportError::Store { .. } => Self::of(Code::Environment, &error)
                .hint("nothing of this file is in the database; free disk space, or use another path with `--db`")
                .of_the_database(),
            ImportError::Empty { .. } => {
                Self::of(Code::Rejected, &error).hint("export it again, and check that the query returned rows")
            }
            ImportError::NoResultSet { found, .. } => {
                let which = if *found == 1 { "only" } else { "last" };
                Self::of(Code::Rejected, &error).hint(format!("the {which} one is `--result-set {found}`"))
            }
            ImportError::Dates { spoiled: true, .. } => Self::of(Code::Rejected, &error).hint(
                "a spreadsheet saved the file and kept only minutes and seconds, which cannot be undone; \
                 export again, and load that file without opening it in a spreadsheet",
            ),
            ImportError::Dates { samples, .. } => {
                Self::of(Code::Rejected, &error).hint(date_hint(&in_backticks(samples)))
            }
            ImportError::LoadedOtherwise { .. } => Self::of(Code::Rejected, &error).hint(
                "nothing was loaded; load all files into a new database with `--db NEW.sqlite`",
            ),
            ImportError::Late { .. } => {
                Self::of(Code::Rejected, &error).hint("nothing was loaded; save it to a file, and load that")
            }
            ImportError::MostlyRejected { reason, .. } => Self::of(Code::Rejected, &error).hint(format!(
                "nothing was loaded: {}; describe the file with `--input-format` and `--table`",
                reason.advice()
            )),
            ImportError::Read { .. } => Self::of(Code::Rejected, &error)
                .hint("nothing was loaded; export it again, if possible as CSV with quoted text"),
            ImportError::Tables { source, .. } => {
                let code = match source {
                    TablesError::BadName { .. } => Code::Usage,
                    _ => Code::Rejected,
                };
                Self::of(code, &error).hint(table_hint(source))
            }
        }
    }
}

/// A file whose beginning could not be read.
fn not_opened(error: &ImportError, source: &OpenError) -> Failure {
    let code = match source {
        OpenError::Source(_) | OpenError::Read(ReadError::Io(_)) => Code::Environment,
        OpenError::UnknownForm { .. }
        | OpenError::WrongContainer { .. }
        | OpenError::NotUsed { .. } => Code::Usage,
        _ => Code::Rejected,
    };
    let failure = Failure::of(code, error);
    match source.advice() {
        Some(advice) => failure.hint(advice),
        None => failure,
    }
}

/// What to do where it is not known which tables a file belongs to.
fn table_hint(error: &TablesError) -> String {
    match error {
        TablesError::NoKey { key, .. } => format!("export `{key}` too"),
        TablesError::TooMany { .. } | TablesError::NoHistory { .. } => {
            "export the table itself".to_owned()
        }
        TablesError::BadName { .. } => {
            "name one of the product's tables, or a new table (letters, digits and _)".to_owned()
        }
        TablesError::NamesOrRow => {
            "use `--header yes` if it is a header, `--header no` if it is a row".to_owned()
        }
        TablesError::Nameless { .. } => {
            "export with column names, or name them in the order of the file with `--columns`; or \
                         load it into its own table, with `--table my_table --header no`"
                .to_owned()
        }
        TablesError::Ambiguous { .. } => {
            let named = in_backticks(&error.to_string());
            let options: Vec<String> =
                named.iter().map(|name| format!("`--table {name}`")).collect();
            format!("choose one: {}", options.join(" or "))
        }
        _ => "load it into its own table, e.g. `--table my_table`, or name the product table that \
                          it belongs to"
            .to_owned(),
    }
}

/// What to do about dates that are not written as SQL Server writes them: the formats in which all of `samples` can be
/// read.
fn date_hint(samples: &[String]) -> String {
    let found = date_formats(samples);
    let options: Vec<String> = (found.iter())
        .map(|format| format!("`--date-format \"{format}\"`{}", day_by(samples, format)))
        .collect();
    match options.as_slice() {
        [] => "export dates as `yyyy-mm-dd hh:mm:ss`".to_owned(),
        [one] => format!("if they are written that way, use {one}"),
        several => format!("specify how they are written: {}", several.join(" or ")),
    }
}

/// The day that the first of `samples` is by `format`, in parentheses.
fn day_by(samples: &[String], format: &str) -> String {
    let time = samples.first().and_then(|text| formatted(text, format));
    time.map_or_else(String::new, |time| format!(" ({})", &time[..10]))
}

/// The usual formats, in the words of `strftime`, in which each of `samples` is a date or a time.
fn date_formats(samples: &[String]) -> Vec<String> {
    let days = [
        "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%d/%m/%y", "%m/%d/%y", "%Y%m%d", "%b %d %Y",
        "%d %b %Y",
    ];
    let times =
        ["", " %H:%M", " %H:%M:%S", " %H:%M:%S%.f", " %I:%M %p", " %I:%M:%S %p", " %I:%M%p"];
    let year = |format: &str| if format.contains("%Y") { 1900 } else { 0 };
    // A format of blanks in other places reads the same; the first one is enough.
    let is_first = |found: &Vec<String>, format: &str| {
        let bare = |format: &str| format.replace(' ', "").replace("%S%.f", "%S");
        found.iter().all(|other| bare(other) != bare(format))
    };
    let reads = |format: &str, text: &str| {
        let time = NaiveDateTime::parse_from_str(text, format).map(|time| time.year());
        let day = NaiveDate::parse_from_str(text, format).map(|day| day.year());
        let is_day = !format.contains("%H") && !format.contains("%I");
        (if is_day { day } else { time }).is_ok_and(|found| found >= year(format))
    };
    let separators = ["/", ".", "-"].into_iter();
    let all = separators.flat_map(|separator| {
        days.into_iter().flat_map(move |day| {
            let day = day.replace('/', separator);
            times.into_iter().map(move |time| format!("{day}{time}"))
        })
    });
    let fits = |format: &String| samples.iter().all(|sample| reads(format, sample.trim()));
    let fitting = all.filter(|format| !samples.is_empty() && fits(format));
    fitting.fold(Vec::new(), |mut found, format| {
        if is_first(&found, &format) {
            found.push(format);
        }
        found
    })
}

/// The parts of `text` between backticks.
fn in_backticks(text: &str) -> Vec<String> {
    let parts = text.split('`').skip(1).step_by(2);
    parts.map(str::to_owned).collect()
}
