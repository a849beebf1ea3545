//! `chatdb completions` and `chatdb man`: the command line as shells and `man` want it, from the same definitions as
//! the help.

use chatdb::files::{self, Existing, NewFile};
use clap::CommandFactory as _;

use crate::cli::{Cli, CompletionArgs, ManArgs};
use crate::failure::{Code, Failure};
use crate::output;

/// Writes the completions of a shell to standard output.
pub fn completions(args: &CompletionArgs) -> Result<Code, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "chatdb", &mut script);
    output::print(&script)?;
    Ok(Code::Success)
}

/// Writes a manual page for the program and one for each command, replacing those that are there.
pub fn pages(args: &ManArgs) -> Result<Code, Failure> {
    let mut command = Cli::command();
    command.build();
    let mut pages = vec![page("chatdb", command.clone())?];
    for inner in command
        .get_subcommands()
        .filter(|inner| inner.get_name() != "help")
    {
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
    clap_mangen::Man::new(command).render(&mut bytes)?;
    Ok(NewFile {
        name: format!("{name}.1"),
        bytes,
    })
}
