//! `chatdb analyze` searches exports for what an outage left behind.

use std::path::Path;

use chatdb::analysis::{self, Options, Outage, Server};
use chatdb::import::ImportError;
use chatdb::render::{Detail, RenderOptions};
use chatdb::report::Report;
use chatdb::signature;
use chatdb::store::Store;
use chatdb::table::{Cell, Kind};

use crate::cli::Analyze;
use crate::failure::{Code, Failure};
use crate::import;
use crate::output;
use crate::privacy;
use crate::query::time;
use crate::watch;

/// The formats that `--out` writes.
const WRITTEN: [&str; 3] = ["csv", "markdown", "json"];

/// How long a database is searched unless the user gives it more.
const LONGEST_SECONDS: u64 = 600;

pub fn run(args: &Analyze) -> Result<Code, Failure> {
    output::format(&args.form.format)?;
    let options = options(args)?;
    let mut store = match &args.db {
        Some(path) => open(path)?,
        None => Store::for_exports()?,
    };
    // A database may come from anybody, and be made to keep the search for ever.
    let seconds = args
        .timeout
        .or(args.db.is_some().then_some(LONGEST_SECONDS));
    let timeout = seconds.map(|seconds| watch::Timeout {
        seconds,
        what: "the search",
        hint: "`--timeout` gives it more; `--only FINDING` looks for less",
    });
    let stops = watch::stops(store.interrupter(), timeout, watch::PATIENCE)?;
    let stopped = || stops.have_come();
    let (mut code, refused) = match read(args, &mut store, &stopped) {
        Err(_) if stopped() => return Err(stops.failure()),
        read => read?,
    };
    let mut run = match analysis::analyze(&store, &options) {
        Err(_) if stopped() => return Err(stops.failure()),
        run => run?,
    };
    stops.no_more();
    if args.only.is_empty() {
        signature::compare(&mut run, &options);
    }
    let report = Report {
        analysis: Some(run),
        ..Report::new()
    };
    if let Some(folder) = &args.out {
        stops.writing(|| write(&report, folder, args))?;
    }
    if code == Code::Success && !report.holds() {
        code = Code::Differs;
    }
    output::show_exported(report, &args.form, Detail::Full, &args.privacy)?;
    for failure in refused {
        failure.tell();
    }
    Ok(code)
}

/// Opens a database that may come from anybody.
pub fn open(path: &Path) -> Result<Store, Failure> {
    Store::open_read_only(path).map_err(|error| {
        let message = format!("cannot read `{}`: {error}", path.display());
        let code = if error.is_of_the_schema() {
            Code::Refused
        } else {
            Code::Environment
        };
        Failure::new(code, message)
    })
}

/// Reads the exported files that are named, and says what that came to and which files were not read. A file that
/// cannot be read keeps no other from being searched.
fn read(
    args: &Analyze,
    store: &mut Store,
    stopped: &dyn Fn() -> bool,
) -> Result<(Code, Vec<Failure>), Failure> {
    let options = import::options(&args.reading)?;
    let mut loaded = Vec::new();
    let mut refused = Vec::new();
    for path in &args.exports {
        match import::load(path, &options, store, stopped) {
            Ok(summary) => loaded.push(summary),
            Err(error @ ImportError::Interrupted) => return Err(error.into()),
            Err(error) => refused.push(Failure::from(error)),
        }
    }
    if loaded.is_empty()
        && let Some(last) = refused.pop()
    {
        for failure in refused {
            failure.tell();
        }
        return Err(last);
    }
    let of_refused = refused.iter().map(|failure| failure.code);
    let code = of_refused.fold(import::code_of(&loaded, args.allow_rejects), import::worse);
    Ok((code, refused))
}

/// Writes the report as files, in which personal data has given way to pseudonyms unless the user wants it.
fn write(report: &Report, folder: &Path, args: &Analyze) -> Result<(), Failure> {
    let mut report = report.clone();
    privacy::protect(&mut report, &args.privacy)?;
    let formats = WRITTEN.iter().map(|name| output::format(name));
    let formats = formats.collect::<Result<Vec<_>, _>>()?;
    let options = RenderOptions::default();
    output::write_files(&report, &formats, options, (folder, "analysis"), args.force)?;
    Ok(())
}

fn options(args: &Analyze) -> Result<Options, Failure> {
    let as_of_ms = match args.as_of.as_deref().map(time).transpose()? {
        Some(Cell::Timestamp(ms)) => Some(ms),
        _ => None,
    };
    let offset = args.utc_offset.as_deref().map(offset).transpose()?;
    let outages = args.outage.iter().map(|text| outage(text));
    let sets = output::pairs("--set", &args.values)?
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

/// `application+messaging=FROM..TO`, where an outage without an end goes on; `FROM..TO` where nobody knows the servers.
fn outage(text: &str) -> Result<Outage, Failure> {
    let wrong = |what: &str| {
        Failure::new(Code::Usage, format!("`--outage {text}`: {what}")).hint(
            "write `--outage \"application=2026-11-25 09:00:00..2026-11-25 09:40:00\"`; there are application, \
             services and messaging, with `+` between them",
        )
    };
    let (servers, window) = match text.split_once('=') {
        Some((servers, window)) => (Some(servers), window),
        None => (None, text),
    };
    let named = |name: &str| {
        let mut all = Server::ALL.into_iter();
        let found = all.find(|server| server.name() == name.trim());
        found.ok_or_else(|| wrong(&format!("there is no server `{name}`")))
    };
    let mut servers = servers
        .into_iter()
        .flat_map(|servers| servers.split('+'))
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
