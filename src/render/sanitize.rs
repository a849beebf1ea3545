//! Text that is safe for a terminal.
//!
//! Data can contain anything: an escape sequence that retitles the window, a carriage return that overwrites the line,
//! a bidirectional override. [`Sanitized`] shows such characters instead of sending them, and can only be created here,
//! so a function that takes a `Sanitized` cannot receive anything else.

use std::fmt::{self, Display, Write};

use unicode_width::UnicodeWidthStr;

/// One line of text in which every character is visible.
///
/// Control characters are shown as their pictures (`␛`, `␊`); other invisible characters, or ones that affect their
/// neighbours, as `\u{202e}`. Safe text is unchanged.
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

    /// Its width in terminal columns.
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

/// A writer that stores the sanitized characters.
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

/// Text of several lines: line breaks (LF, CR LF) and tabs are kept, and everything else is made safe.
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

/// Whether every character is printable ASCII. All are checked, which is faster than stopping at the first that is
/// not.
pub(super) fn is_printable(text: &str) -> bool {
    let seen = |byte: u8| matches!(byte, b' '..=b'~');
    text.bytes().fold(true, |all, byte| all & seen(byte))
}

/// Whether `c` affects a terminal or the text around it, or is invisible: control characters (C0, DEL and C1), line and
/// paragraph separators, bidirectional marks, and zero-width characters.
///
/// Variation selectors are allowed, because they are part of emoji.
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
