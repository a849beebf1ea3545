//! Text that may go to a terminal.
//!
//! Data can hold anything: an escape sequence that retitles the window, a carriage return that overwrites
//! the line, an override that turns text around. [`Sanitized`] shows such characters instead of sending them, and
//! it can be made only here, so a function that takes a `Sanitized` cannot be handed anything else.

use std::fmt::{self, Display, Write};

use unicode_width::UnicodeWidthStr;

/// One line of text in which every character can be seen.
///
/// Control characters stand as their pictures (`␛`, `␊`); others that have no shape, or change the shape of
/// their neighbours, as `\u{202e}`. Text that is safe stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sanitized(String);

impl Sanitized {
    /// Makes `text` safe.
    #[must_use]
    pub fn of(text: impl Display) -> Self {
        let mut shown = Shown(String::new());
        write!(shown, "{text}").expect("writing to a String does not fail");
        Self(shown.0)
    }

    /// The text, made safe to show.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The columns that it takes in a terminal.
    #[must_use]
    pub fn width(&self) -> usize {
        self.0.width()
    }
}

impl Display for Sanitized {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A text that takes characters and holds what stands for them.
struct Shown(String);

impl Write for Shown {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // Nearly every text, and ten thousands of them in an answer.
        if is_printable(text) {
            self.0.push_str(text);
            return Ok(());
        }
        for c in text.chars() {
            match u32::from(c) {
                0x20..0x7f => self.0.push(c),
                code @ 0..0x20 => self.0.extend(char::from_u32(0x2400 + code)),
                0x7f => self.0.push('\u{2421}'),
                code if is_hidden(c) => write!(self.0, "\\u{{{code:x}}}")?,
                _ => self.0.push(c),
            }
        }
        Ok(())
    }
}

/// Text of several lines: line breaks (LF, CR LF) and tabs stay what they are, and everything else is safe.
pub(super) fn with_breaks(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let breaks = text.matches('\n').count();
    for (at, line) in text.split('\n').enumerate() {
        // A carriage return elsewhere would have a terminal write over the line.
        let (line, end) = match line.strip_suffix('\r') {
            Some(before) if at < breaks => (before, "\r"),
            _ => (line, ""),
        };
        if at > 0 {
            shown.push('\n');
        }
        let parts = line.split('\t').map(|part| Sanitized::of(part).to_string());
        shown.push_str(&parts.collect::<Vec<_>>().join("\t"));
        shown.push_str(end);
    }
    shown
}

/// Whether every character is one of ASCII that can be seen. All are looked at, which is faster than to stop at the
/// first that is not.
pub(super) fn is_printable(text: &str) -> bool {
    let seen = |byte: u8| matches!(byte, b' '..=b'~');
    text.bytes().fold(true, |all, byte| all & seen(byte))
}

/// Whether `c` acts on a terminal or on the text around it, or cannot be seen: control characters (C0, DEL
/// and C1), line and paragraph separators, marks of direction, and characters without width.
///
/// Variation selectors are left alone, because they are part of how people write emoji.
#[must_use]
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{3164}'
            | '\u{feff}' | '\u{ffa0}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}
