//! The program: reads the command line, calls the library, writes the result.

mod analyze;
mod cli;
mod codes;
mod complete;
mod config;
mod coverage;
mod diff;
mod examples;
mod explain;
mod failure;
mod findings;
mod import;
mod inputs;
mod list;
mod manual;
mod new;
mod open;
mod output;
mod pager;
mod privacy;
mod query;
mod record;
mod replay;
mod report;
mod review;
mod rules;
mod schema;
mod settings;
mod show;
mod simulate;
mod sink;
mod sql;
mod tables;
mod time;
mod topics;
mod usage;
mod validate;
mod watch;
mod why;

use std::panic;
use std::process::ExitCode;
use std::thread;

use clap::FromArgMatches as _;
use clap::error::ErrorKind;

use chatdb::import::reader::xlsx;

use cli::{Cli, Command};
use failure::{Code, Failure};
use settings::Settings;

/// Bytes that are asked for once and given back, see [`keep_memory`].
const FREED: usize = 16 << 20;

/// Keeps the allocator from handing memory back to the system after each statement, only to ask for it again:
/// a third of a replay's time. glibc trims the heap whenever 128 KiB at its top are free, until a block as
/// large as this one has been freed (`mallopt(3)`, `M_MMAP_THRESHOLD`). The block is never touched. Where the C
/// library is another one this does nothing.
fn keep_memory() {
    drop(std::hint::black_box(Vec::<u8>::with_capacity(FREED)));
}

fn main() -> ExitCode {
    keep_memory();
    say_nothing_of_workbooks();
    // A shell that asks what fits gets its answer here, and nothing else happens.
    clap_complete::CompleteEnv::with_factory(cli::command).complete();
    let words: Vec<String> =
        (std::env::args_os().skip(1)).map(|word| word.to_string_lossy().into_owned()).collect();
    if let Some(page) = page(&words) {
        return match output::print(page.as_bytes()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => ExitCode::from(failure.tell()),
        };
    }
    let parsed =
        cli::command().try_get_matches().and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => return not_parsed(&error, &words),
    };
    failure::set_format(cli.error_format);
    pager::allow(!cli.no_pager);
    output::set_quiet(cli.command.output().is_some_and(|form| form.quiet));
    match panic::catch_unwind(|| run(cli)) {
        Ok(Ok(code)) => ExitCode::from(code as u8),
        Ok(Err(failure)) => ExitCode::from(failure.tell()),
        Err(_) => {
            let message = "chatdb itself failed; the lines above say where";
            let failure = Failure::new(&codes::INTERNAL, message);
            ExitCode::from(failure.tell())
        }
    }
}

/// A workbook that ends its reader is reported as damaged: what the reader says of itself is for nobody here.
fn say_nothing_of_workbooks() {
    let say = panic::take_hook();
    panic::set_hook(Box::new(move |panicked| {
        if thread::current().name() != Some(xlsx::THREAD) {
            say(panicked);
        }
    }));
}

/// The page of help that is about no command: `chatdb help causes`.
fn page(words: &[String]) -> Option<String> {
    let [help, topic] = words else {
        return None;
    };
    let width = pager::terminal().map_or(80, |(columns, _)| columns);
    (help == "help").then(|| topics::page(topic, width)).flatten()
}

/// Help and version are asked for and go to standard output; anything else is a mistake.
fn not_parsed(error: &clap::Error, words: &[String]) -> ExitCode {
    let code = match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Code::Success,
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => Code::Usage,
        _ => {
            failure::set_format(usage::format(words));
            return ExitCode::from(usage::failure(error, words).tell());
        }
    };
    match error.print() {
        Ok(()) => ExitCode::from(code as u8),
        Err(error) => ExitCode::from(Failure::from(error).tell()),
    }
}

fn run(mut cli: Cli) -> Result<Code, Failure> {
    let settings = Settings::read()?;
    settings.apply(&mut cli.command);
    match cli.command {
        Command::List(args) => list::run(&args),
        Command::Show(args) => show::run(&args),
        Command::Replay(args) => replay::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Diff(args) => diff::run(args),
        Command::Query(args) => query::run(&args),
        Command::Import(args) => import::run(&args),
        Command::Sql(args) => sql::run(&args),
        Command::Analyze(args) => analyze::run(&args),
        Command::Findings(args) => findings::run(&args),
        Command::Validate(args) => validate::run(&args),
        Command::New(args) => new::run(&args),
        Command::Record(args) => record::run(&args),
        Command::Review(args) => review::run(&args),
        Command::Coverage(args) => coverage::run(&args),
        Command::Rules(args) => rules::run(&args),
        Command::Why(args) => why::run(&args),
        Command::Simulate(args) => simulate::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Config(form) => config::run(&form, &settings),
        Command::Schema(args) => schema::run(&args),
        Command::Completions(args) => manual::completions(&args),
        Command::Man(args) => manual::pages(&args),
    }
}
