//! `chatdb completions` and `chatdb man`: the command line as shells and `man` want it, from the same definitions as
//! the help.

use clap_complete::env::Shells;

use crate::cli::{self, CompletionArgs, ManArgs};
use crate::failure::{Code, Failure};
use crate::output;
use chatdb::files::{self, Existing, NewFile};

/// Writes the completions of a shell to standard output. They ask the program itself what fits, so that they offer
/// names of scenarios and findings too.
pub fn completions(args: &CompletionArgs) -> Result<Code, Failure> {
    let shells = Shells::builtins();
    let shell = shells
        .completer(&args.shell)
        .ok_or_else(|| Failure::new(Code::Usage, format!("unknown shell `{}`", args.shell)))?;
    let mut script = Vec::new();
    shell.write_registration("COMPLETE", "chatdb", "chatdb", "chatdb", &mut script)?;
    output::print(&script)?;
    Ok(Code::Success)
}

/// Writes a manual page for the program and one for each command, replacing those that are there.
pub fn pages(args: &ManArgs) -> Result<Code, Failure> {
    let mut command = cli::command();
    command.build();
    let mut pages = vec![page("chatdb", command.clone())?];
    for inner in command.get_subcommands().filter(|inner| inner.get_name() != "help") {
        let name = format!("chatdb-{}", inner.get_name());
        pages.push(page(&name, inner.clone().name(name.clone()))?);
    }
    let mut list = String::new();
    for path in files::write_all(&args.folder, &pages, Existing::Replace)? {
        list.push_str(&format!("{}\n", path.display()));
    }
    output::print(list.as_bytes())?;
    Ok(Code::Success)
}

fn page(name: &str, command: clap::Command) -> Result<NewFile, Failure> {
    let mut bytes = Vec::new();
    // `before_help` has the examples, which belong at the end of a manual page.
    let examples = command.get_before_help().map(ToString::to_string);
    let command = match examples {
        Some(text) => {
            let more = command.get_after_help().map(|more| format!("\n\n{more}"));
            let text = format!("{text}{}", more.unwrap_or_default());
            command.before_help("").after_help(text)
        }
        None => command,
    };
    clap_mangen::Man::new(command).render(&mut bytes)?;
    Ok(NewFile { name: format!("{name}.1"), bytes })
}
