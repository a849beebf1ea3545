//! `chatdb analyze`

use std::path::PathBuf;

use chatdb::analysis::{self, Options, Outage, Server};
use chatdb::files::{self, Existing, NewFile};
use chatdb::render::{self, Detail};
use chatdb::report::Report;
use chatdb::store::Store;
use chatdb::table::{Cell, Kind};

use crate::cli::Analyze;
use crate::failure::{Code, Failure};
use crate::output;
use crate::query::time;

/// The formats that `--out` writes.
const WRITTEN: [&str; 3] = ["csv", "markdown", "json"];

pub fn run(args: &Analyze) -> Result<Code, Failure> {
    output::format(&args.form.format)?;
    let options = options(args)?;
    let store = rows(args)?;
    let analysis = analysis::analyze(&store, &options)?;
    let rejected = args.db.is_none() && analysis.files.iter().any(|file| file.rejected > 0);
    let report = Report {
        analysis: Some(analysis),
        ..Report::new()
    };
    if let Some(folder) = &args.out {
        write(&report, folder, args.force)?;
    }
    output::show(&report, &args.form, Detail::Full)?;
    Ok(match (rejected, report.holds()) {
        (true, _) => Code::Rejected,
        (false, true) => Code::Success,
        (false, false) => Code::Differs,
    })
}

/// The rows to search: those of a database, or of the files.
fn rows(args: &Analyze) -> Result<Store, Failure> {
    match &args.db {
        Some(path) => Store::open_read_only(path).map_err(|error| {
            let message = format!("cannot read `{}`: {error}", path.display());
            Failure::new(Code::Environment, message)
        }),
        None => read(&args.exports),
    }
}

/// Reads exported files into a database of their own, which is gone afterwards.
fn read(_: &[PathBuf]) -> Result<Store, Failure> {
    Err(
        Failure::new(Code::Usage, "exported files are not read by this build")
            .hint("`--db FILE` searches a database that holds the rows"),
    )
}

fn write(report: &Report, folder: &std::path::Path, force: bool) -> Result<(), Failure> {
    let mut written = Vec::new();
    for name in WRITTEN {
        let format = output::format(name)?;
        let mut bytes = Vec::new();
        (format.render)(report, render::Options::default(), &mut bytes)?;
        written.push(NewFile {
            name: format!("analysis.{}", format.extension),
            bytes,
        });
    }
    let existing = if force {
        Existing::Replace
    } else {
        Existing::Keep
    };
    files::write_all(folder, &written, existing)?;
    Ok(())
}

fn options(args: &Analyze) -> Result<Options, Failure> {
    let as_of_ms = match args.as_of.as_deref().map(time).transpose()? {
        Some(Cell::Timestamp(ms)) => Some(ms),
        _ => None,
    };
    let offset = args.utc_offset.as_deref().map(offset).transpose()?;
    let outages = args.outage.iter().map(|text| outage(text));
    let sets = output::pairs(&args.values)?
        .into_iter()
        .map(|(name, text)| {
            let cell = match text.as_str() {
                "NULL" => Cell::Null,
                text => crate::query::value(text),
            };
            (name, cell)
        });
    Ok(Options {
        as_of_ms,
        utc_offset_minutes: offset,
        outages: outages.collect::<Result<_, _>>()?,
        sets: sets.collect(),
        only: args.only.clone(),
    })
}

/// `+02:00`, `-05:30`, `Z`: minutes ahead of UTC.
fn offset(text: &str) -> Result<i64, Failure> {
    let wrong = || {
        Failure::new(
            Code::Usage,
            format!("`--utc-offset {text}` is no distance from UTC"),
        )
        .hint("write `--utc-offset +02:00`; west of Greenwich it is negative")
    };
    if text == "Z" {
        return Ok(0);
    }
    let (sign, rest) = match text.split_at_checked(1) {
        Some(("+", rest)) => (1, rest),
        Some(("-", rest)) => (-1, rest),
        _ => return Err(wrong()),
    };
    let (hours, minutes) = rest.split_once(':').ok_or_else(wrong)?;
    let number = |digits: &str, below: i64| {
        let plain = digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit());
        let number = digits.parse::<i64>().ok().filter(|n| plain && *n < below);
        number.ok_or_else(wrong)
    };
    // No place on earth is further from Greenwich.
    Ok(sign * (number(hours, 15)? * 60 + number(minutes, 60)?))
}

/// `application+messaging=FROM..TO`, where an outage without an end goes on.
fn outage(text: &str) -> Result<Outage, Failure> {
    let wrong = |what: &str| {
        Failure::new(Code::Usage, format!("`--outage {text}`: {what}")).hint(
            "write `--outage \"application=2026-11-25 09:00:00..2026-11-25 09:40:00\"`; there are application, \
             services and messaging, with `+` between them",
        )
    };
    let (servers, window) = text
        .split_once('=')
        .ok_or_else(|| wrong("there is no `=`"))?;
    let named = |name: &str| {
        let mut all = Server::ALL.into_iter();
        let found = all.find(|server| server.name() == name.trim());
        found.ok_or_else(|| wrong(&format!("there is no server `{name}`")))
    };
    let mut servers = servers
        .split('+')
        .map(named)
        .collect::<Result<Vec<_>, _>>()?;
    servers.sort();
    servers.dedup();
    let (from, to) = window
        .split_once("..")
        .ok_or_else(|| wrong("there is no `..`"))?;
    let moment = |text: &str| match Kind::Timestamp.parse(text.trim()) {
        Some(Cell::Timestamp(ms)) => Ok(ms),
        _ => Err(wrong(&format!("`{}` is no time", text.trim()))),
    };
    let from_ms = moment(from)?;
    let to_ms = match to.trim() {
        "" => None,
        text => Some(moment(text)?),
    };
    if to_ms.is_some_and(|to| to < from_ms) {
        return Err(wrong("it ends before it begins"));
    }
    Ok(Outage {
        servers,
        from_ms,
        to_ms,
    })
}
