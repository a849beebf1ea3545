//! The examples that open the help of each command. They are kept as text, and a test runs every one of them.

/// The name of a command at the beginning of a line, and its examples as the help shows them, indented.
const EXAMPLES: &str = include_str!("examples.txt");

/// The examples of a command as the help shows them, or nothing for a command without any.
pub fn help(command: &str) -> Option<String> {
    let mut entries = EXAMPLES.split("\n\n");
    let lines = entries.find_map(|entry| entry.strip_prefix(command)?.strip_prefix('\n'))?;
    Some(format!("Examples:\n{}", lines.trim_end()))
}
