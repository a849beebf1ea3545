//! `chatdb analyze` searches exports for what an outage left behind.

use std::path::{Path, PathBuf};

use chatdb::analysis::{self, AnalysisOptions, NextCommands, Outage, Server, summary};
use chatdb::command_line::CommandLine;
use chatdb::files::NewFile;
use chatdb::import::ImportError;
use chatdb::render::{CsvOptions, Detail, FORMATS, Format, RenderOptions, csv};
use chatdb::report::{AnalysisRun, Report};
use chatdb::signature;
use chatdb::sql::authored::Authored;
use chatdb::store::Store;
use chatdb::table::Cell;

use crate::cli::Analyze;
use crate::failure::{Code, Failure};
use crate::output::{self, SideOutput};
use crate::time::TimeOptions;
use crate::{codes, import, inputs, open, privacy, watch};

/// How long a database is searched unless the user gives it more.
const LONGEST_SECONDS: u64 = 600;

pub fn run(args: &Analyze) -> Result<Code, Failure> {
    output::prepare_beside_files(&args.form, args.out.is_some() || args.open)?;
    let options = options(args)?;
    let mut store = match &args.db {
        Some(path) => open(path)?,
        None => Store::for_exports()?,
    };
    // A database may come from anybody, and be made to keep the search for ever.
    let seconds = args.timeout.or(args.db.is_some().then_some(LONGEST_SECONDS));
    let timeout = seconds.map(|seconds| watch::Timeout {
        seconds,
        what: "the search",
        hint: "raise `--timeout`, or run fewer findings with `--only FINDING`",
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
    run.next = analysis::next_steps(
        &run,
        NextCommands {
            analyze: &again(args, &options),
            open_chats: &on_same_rows(args, CommandLine::new("query").arg(OPEN_CHATS)),
            shown: &args.only,
        },
    );
    if args.only.is_empty() {
        signature::compare(&mut run, &options);
        run.summary = summary::summary(&run);
        run.command = next_command(args, &options, &run);
    }
    let report = Report { analysis: Some(run), ..Report::new() };
    if args.out.is_some() || args.open {
        let (folder, force) = open::folder(args.out.as_ref(), args.form.force);
        let written = stops.writing(|| write(&report, &folder, force, args))?;
        if args.open {
            open::show(&written);
        }
    }
    if code == Code::Success && !report.holds() {
        code = Code::Differs;
    }
    let unanswered = report.analysis.as_ref().filter(|_| args.only.is_empty()).and_then(unanswered);
    if code == Code::Success && unanswered.is_some() {
        code = Code::Rejected;
    }
    // Whoever names findings wants to see their rows.
    let detail = match args.all || !args.only.is_empty() {
        true => Detail::Full,
        false => Detail::Brief,
    };
    if !args.open || output::format_of(&args.form)?.name != output::PAGE {
        output::show_exported(report, &args.form, detail, &args.privacy)?;
    }
    for failure in refused.into_iter().chain(unanswered) {
        failure.tell();
    }
    Ok(code)
}

/// What keeps the rows from showing lost sessions at all: that none are found then says nothing.
fn unanswered(run: &AnalysisRun) -> Option<Failure> {
    let missing = summary::missing(run);
    if missing.is_empty() {
        return None;
    }
    let message =
        format!("the rows cannot show what an outage left behind without {}", missing.join(", "));
    Some(
        Failure::new(Code::Rejected, message)
            .hint("export egpl_casemgmt_activity with its column headers and all of its columns"),
    )
}

/// Opens a database that may come from anybody.
pub fn open(path: &Path) -> Result<Store, Failure> {
    Store::open_read_only(path).map_err(|error| {
        let message = format!("cannot read `{}`: {error}", path.display());
        let code = if error.is_of_the_schema() { Code::Refused } else { Code::Environment };
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
    for path in &inputs::expand(&args.exports)? {
        match import::load(path, &options, store, stopped) {
            Ok(summary) => loaded.extend(summary.parts()),
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
    let of_refused = refused.iter().map(|failure| failure.code());
    let code = of_refused.fold(import::code_of(&loaded, args.allow_rejects), import::worse);
    Ok((code, refused))
}

/// A command on the same rows, read in the same way.
fn on_same_rows(args: &Analyze, command: CommandLine) -> CommandLine {
    let command = match &args.db {
        Some(path) => command.option("--db", [path.display()]),
        None => command.args(args.exports.iter().map(|path| path.display())),
    };
    import::typed(&args.reading, command)
}

/// The same command without `--only`.
fn again(args: &Analyze, options: &AnalysisOptions) -> CommandLine {
    let outages = options.outages.iter().map(|outage| {
        let servers = outage.servers.iter().map(|server| server.name());
        let servers = servers.collect::<Vec<_>>().join("+");
        as_option(&servers, outage.host.as_deref(), outage.from_ms, outage.to_ms)
    });
    on_same_rows(args, CommandLine::new("analyze"))
        .option("--as-of", &args.as_of)
        .option("--utc-offset", &args.utc_offset)
        .option("--set", &args.values)
        .option("--outage", outages)
}

/// The command that says more: all ghosts, else the page of the outages that were detected.
fn next_command(args: &Analyze, options: &AnalysisOptions, run: &AnalysisRun) -> Option<String> {
    let command = again(args, options);
    let has_ghosts = |run: &AnalysisRun| {
        run.findings.iter().any(|one| one.name == GHOSTS && !one.table.rows.is_empty())
    };
    let command = if has_ghosts(run) {
        command.option("--only", [GHOSTS])
    } else if !run.detected.is_empty() {
        command.flag("--open")
    } else {
        return None;
    };
    Some(command.to_string())
}

/// The documented query for open chats.
const OPEN_CHATS: &str = "open_chats";

/// The finding of chats without a session.
const GHOSTS: &str = "ghost_chats";

/// `application@43app=2011-07-14 09:37:10..2011-07-14 09:51:02`, as it is read again whatever the other options are.
fn as_option(servers: &str, host: Option<&str>, from: i64, to: Option<i64>) -> String {
    let at = |ms: i64| {
        let text = Cell::Timestamp(ms).to_string();
        text.strip_suffix(".000").map_or(text.clone(), str::to_owned)
    };
    let servers = match host {
        Some(host) => servers.replace("application", &format!("application@{host}")),
        None => servers.to_owned(),
    };
    let named = if servers.is_empty() { servers } else { format!("{servers}=") };
    format!("{named}{}..{}", at(from), to.map_or_else(String::new, at))
}

/// Writes the report as files, in which personal data has given way to pseudonyms unless the user wants it.
fn write(
    report: &Report,
    folder: &Path,
    force: bool,
    args: &Analyze,
) -> Result<Vec<PathBuf>, Failure> {
    let mut report = report.clone();
    privacy::protect(&mut report, &args.privacy, Authored::default())?;
    let formats: Vec<&Format> = (FORMATS.iter()).filter(|format| format.can.by_default).collect();
    let options = RenderOptions {
        csv: output::csv_options(&args.form.csv, false),
        tables_beside: true,
        ..RenderOptions::default()
    };
    let tables = tables(&report, options.csv)?;
    let to = (folder, "analysis");
    output::write_files(&report, &formats, options, to, tables, force)
}

/// The rows of each finding that was run as a file of its own, which is a header alone where there are none: a file of
/// an earlier run would else be taken for this one's.
fn tables(report: &Report, options: CsvOptions) -> Result<SideOutput, Failure> {
    let findings = report.analysis.iter().flat_map(|run| &run.findings);
    let run = findings.filter(|finding| !finding.table.columns.is_empty());
    let mut beside = SideOutput::default();
    for finding in run {
        let mut bytes = Vec::new();
        let rendered = csv::finding(finding, options, &mut bytes)?;
        beside.rendered = beside.rendered.and(rendered);
        beside.files.push(NewFile { name: format!("{}.csv", finding.name), bytes });
    }
    Ok(beside)
}

fn options(args: &Analyze) -> Result<AnalysisOptions, Failure> {
    let times = TimeOptions::of(args.reading.date_format.as_deref(), args.utc_offset.as_deref())?;
    let as_of = |text| times.at("--as-of", text, None).map(|read| read.ms);
    let outages = args.outage.iter().map(|text| outage(text, &times));
    let sets = output::pairs("--set", &args.values)?.into_iter().map(|(name, text)| {
        let cell = match text.as_str() {
            "NULL" => Cell::Null,
            text => crate::query::value(text),
        };
        (name, cell)
    });
    Ok(AnalysisOptions {
        as_of_ms: args.as_of.as_deref().map(as_of).transpose()?,
        utc_offset: times.offset,
        outages: outages.collect::<Result<_, _>>()?,
        sets: sets.collect(),
        only: args.only.clone(),
    })
}

/// The last millisecond of a day.
const LAST_OF_DAY: i64 = 24 * 60 * 60_000 - 1;

/// `application+messaging=FROM..TO`, `application@43app=FROM..TO` of one application server; without an end it goes on,
/// and `FROM..TO` is enough where nobody knows the servers.
fn outage(text: &str, times: &TimeOptions) -> Result<Outage, Failure> {
    let option = format!("--outage {text}");
    let wrong = |what: &str| {
        Failure::new(&codes::INVALID_VALUE, format!("`{option}`: {what}")).hint(
            "write `--outage \"application=2026-11-25 09:00..09:40\"`, or `application@43app=...` for one \
             server; servers are application, services and messaging, joined by `+`",
        )
        .typed()
    };
    let (servers, window) = match text.split_once('=') {
        Some((servers, window)) => (Some(servers), window),
        None => (None, text),
    };
    let mut host = None;
    let mut named = Vec::new();
    for word in servers.into_iter().flat_map(|servers| servers.split('+')) {
        let (name, of) = match word.trim().split_once('@') {
            Some((name, of)) => (name.trim(), Some(of.trim())),
            None => (word.trim(), None),
        };
        let mut all = Server::ALL.into_iter();
        let server = all.find(|server| server.name() == name);
        let server = server.ok_or_else(|| wrong(&format!("unknown server `{name}`")))?;
        if let Some(of) = of {
            if server != Server::Application || of.is_empty() {
                return Err(wrong("only Application servers have names, as in `login_ip`"));
            }
            if host.is_some() {
                return Err(wrong("it names two Application servers; use one `--outage` for each"));
            }
            host = Some(of.to_owned());
        }
        named.push(server);
    }
    named.sort();
    named.dedup();
    let (from, to) = window.split_once("..").ok_or_else(|| wrong("`..` is missing"))?;
    let from_ms = times.at(&option, from, None)?.ms;
    let to_ms = match to.trim() {
        "" => None,
        text => {
            let read = times.at(&option, text, Some(from_ms))?;
            // An outage until a day lasted through it.
            Some(if read.is_day { read.ms + LAST_OF_DAY } else { read.ms })
        }
    };
    if to_ms.is_some_and(|to| to < from_ms) {
        return Err(wrong("it ends before it starts"));
    }
    Ok(Outage { servers: named, host, from_ms, to_ms })
}
