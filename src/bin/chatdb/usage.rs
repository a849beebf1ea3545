//! Mistakes on the command line, with a code and a hint like every other error.

use chatdb::command_line::CommandLine;
use chatdb::diagnostic::did_you_mean;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::cli::{self, ErrorFormat};
use crate::failure::{Code, Failure};
use crate::{codes, topics};

/// Turns what clap says of a command line into a failure.
pub fn failure(error: &clap::Error, words: &[String]) -> Failure {
    let arg = shown(error, ContextKind::InvalidArg);
    let option = arg.split(' ').next().unwrap_or_default();
    let command = command(error, words);
    let help = match command.strip_prefix("chatdb ") {
        None => "`chatdb help` lists the commands".to_owned(),
        Some(name) => {
            format!("`{}` shows examples and options", CommandLine::new("help").arg(name))
        }
    };
    let usage = |message: String| Failure::new(Code::Usage, message);
    let failure = match error.kind() {
        ErrorKind::UnknownArgument if arg.starts_with('-') => {
            let hint = instead(&command, option, error).unwrap_or(help);
            usage(format!("`{command}` has no option `{option}`")).hint(hint)
        }
        ErrorKind::UnknownArgument => {
            usage(format!("`{command}` does not take `{arg}`")).hint(help)
        }
        ErrorKind::InvalidSubcommand => {
            unknown_command(&shown(error, ContextKind::InvalidSubcommand), words)
        }
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => value(error, &arg, option, help),
        ErrorKind::MissingRequiredArgument => {
            let missing = list(error, ContextKind::InvalidArg).join("`, `");
            Failure::new(&codes::MISSING_VALUE, format!("`{command}` needs `{missing}`")).hint(help)
        }
        ErrorKind::ArgumentConflict => {
            let others = list(error, ContextKind::PriorArg);
            let others = others.iter().filter_map(|one| one.split(' ').next());
            let others: Vec<&str> = others.collect();
            let message = match others.as_slice() {
                [same] if *same == option => format!("`{option}` is given twice"),
                others => format!("`{option}` cannot be used with `{}`", others.join("`, `")),
            };
            usage(message).hint(help)
        }
        _ => {
            let text = error.to_string();
            let text = text.trim_start_matches("error: ");
            let message = text.split("\n\n").next().unwrap_or(text).trim();
            usage(message.to_owned()).hint(help)
        }
    };
    failure.typed()
}

/// A value that is missing, or invalid for its option.
fn value(error: &clap::Error, arg: &str, option: &str, help: String) -> Failure {
    let value = shown(error, ContextKind::InvalidValue);
    if value.is_empty() {
        let message = format!("`{option}` needs a value: `{arg}`");
        return Failure::new(&codes::MISSING_VALUE, message).hint(help);
    }
    let mut message = format!("invalid value `{value}` for `{option}`");
    if let Some(reason) = std::error::Error::source(error) {
        message.push_str(&format!(": {reason}"));
    }
    let known = list(error, ContextKind::ValidValue);
    let near = did_you_mean(&value, known.iter().map(String::as_str));
    Failure::new(&codes::INVALID_VALUE, message).meant(near, || match known.as_slice() {
        [] => help,
        known => format!("valid values: {}", known.join(", ")),
    })
}

/// The `--error-format` of a command line that is otherwise invalid.
pub fn format(words: &[String]) -> ErrorFormat {
    let name = "--error-format";
    let pairs = words.iter().zip(words.iter().skip(1));
    let apart = pairs.filter(|(option, _)| *option == name).map(|(_, value)| value.as_str());
    let together = words.iter().filter_map(|word| word.strip_prefix(name)?.strip_prefix('='));
    match apart.chain(together).any(|value| value == "json") {
        true => ErrorFormat::Json,
        false => ErrorFormat::Text,
    }
}

fn unknown_command(name: &str, words: &[String]) -> Failure {
    let command = cli::command();
    let mut known: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
    let topics = topics::names();
    let help = words.first().is_some_and(|word| word == "help");
    let message = if help {
        known.extend(topics.split(", "));
        format!("no command or topic is called `{name}`")
    } else {
        format!("no command is called `{name}`")
    };
    let near = did_you_mean(name, known).map(|near| match help {
        true => CommandLine::new("help").arg(near),
        false => CommandLine::new(near),
    });
    let topics = match help {
        true => format!("the topics are {topics}; "),
        false => String::new(),
    };
    let list = || format!("{topics}`chatdb help` lists the commands");
    Failure::new(&codes::UNKNOWN_NAME, message).meant(near, list)
}

/// What to type instead of an option that a command does not have.
fn instead(command: &str, option: &str, error: &clap::Error) -> Option<String> {
    let name = command.trim_start_matches("chatdb ");
    let known = cli::command();
    let known = known.find_subcommand(name)?;
    let has = |long: &str| known.get_arguments().any(|arg| arg.get_long() == Some(long));
    if matches!(option, "-o" | "--output") && has("out") {
        return Some(format!("`{command}` writes into a folder: `--out DIR`"));
    }
    let near = shown(error, ContextKind::SuggestedArg);
    if !near.is_empty() {
        return Some(format!("did you mean `{near}`?"));
    }
    None
}

/// The command that was typed, as far as it is known.
fn command(error: &clap::Error, words: &[String]) -> String {
    let usage = shown(error, ContextKind::Usage);
    let typed = usage.trim_start_matches("Usage:").split_whitespace();
    let typed: Vec<&str> = typed.take_while(|word| !word.starts_with(['[', '<', '-'])).collect();
    let known = cli::command();
    let first = words.iter().find(|word| known.find_subcommand(word).is_some());
    match (typed.as_slice(), first) {
        ([], None) => "chatdb".to_owned(),
        ([], Some(first)) => CommandLine::new(first).to_string(),
        (typed, _) => typed.join(" "),
    }
}

/// One thing that clap knows of an error, as text; empty where it knows none.
fn shown(error: &clap::Error, kind: ContextKind) -> String {
    match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::StyledStr(text)) => text.to_string(),
        Some(ContextValue::Strings(all)) => all.join(", "),
        Some(ContextValue::StyledStrs(all)) => {
            all.first().map_or_else(String::new, ToString::to_string)
        }
        _ => String::new(),
    }
}

fn list(error: &clap::Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::Strings(all)) => all.clone(),
        Some(ContextValue::String(one)) => vec![one.clone()],
        _ => Vec::new(),
    }
}
