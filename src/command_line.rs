//! Commands to type next, for hints and remarks: built and quoted in one place, so that each works as it is shown.
//!
//! Plain words stay bare. Others are in double quotes, which the command interpreters of Windows understand too, unless
//! a POSIX shell reads something inside of them.

use std::fmt;

/// A command of this program, as it is typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandLine(String);

impl CommandLine {
    /// Begins with a command, which is not quoted.
    #[must_use]
    pub fn new(command: &str) -> Self {
        Self(format!("chatdb {command}"))
    }

    /// Adds a value, quoted where it has to be.
    #[must_use]
    pub fn arg(self, value: impl ToString) -> Self {
        let value = quoted(&value.to_string());
        self.flag(&value)
    }

    /// Adds each value.
    #[must_use]
    pub fn args(self, values: impl IntoIterator<Item = impl ToString>) -> Self {
        values.into_iter().fold(self, Self::arg)
    }

    /// Adds an option without a value.
    #[must_use]
    pub fn flag(mut self, name: &str) -> Self {
        self.0.push(' ');
        self.0.push_str(name);
        self
    }

    /// Adds an option once for each value: of an [`Option`] at most once.
    #[must_use]
    pub fn option(self, name: &str, values: impl IntoIterator<Item = impl ToString>) -> Self {
        let with = |command: Self, value| command.flag(name).arg(value);
        values.into_iter().fold(self, with)
    }
}

impl fmt::Display for CommandLine {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// A word as a shell takes it.
#[must_use]
pub fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "_-./:=+,@".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    let is_read =
        word.contains(['"', '$', '`', '!']) || word.contains(r"\\") || word.ends_with('\\');
    match is_read {
        true => format!("'{}'", word.replace('\'', r"'\''")),
        false => format!("\"{word}\""),
    }
}
