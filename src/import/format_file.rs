//! bcp's format file (the one that is no XML): which columns a data file without names has, and what ends them.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// More than any format file has.
const LARGEST: u64 = 4 << 20;

/// Why a format file cannot be used.
#[derive(Debug, Error)]
#[error("{}:{line}: {what}", file.display())]
pub struct FormatError {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1; 0 for the file as a whole.
    pub line: usize,
    /// What was found, and what was expected.
    pub what: String,
}

/// What a format file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormatFile {
    /// The names of the columns, in the order of the data file.
    pub names: Vec<String>,
    /// What stands between two fields.
    pub delimiter: String,
    /// What ends a record; `None` for a line end.
    pub record_end: Option<String>,
}

impl FormatFile {
    /// Reads the format file at `path`.
    ///
    /// # Errors
    /// When it cannot be read, or is not understood.
    pub fn open(path: &Path) -> Result<Self, FormatError> {
        let wrong = |line, what| FormatError {
            file: path.to_owned(),
            line,
            what,
        };
        let mut text = String::new();
        File::open(path)
            .and_then(|file| file.take(LARGEST).read_to_string(&mut text))
            .map_err(|error| wrong(0, format!("cannot be read: {error}")))?;
        Self::parse(&text).map_err(|(line, what)| wrong(line, what))
    }

    /// The format file that lies beside the data file at `path`: `EGPL_USER_Format.fmt` beside `EGPL_USER.dat`.
    ///
    /// # Errors
    /// When there is one and it cannot be used.
    pub fn beside(path: &Path) -> Result<Option<Self>, FormatError> {
        let is_data = path
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("dat"));
        let Some(stem) = path.file_stem().filter(|_| is_data) else {
            return Ok(None);
        };
        let beside = path.with_file_name(format!("{}_Format.fmt", stem.to_string_lossy()));
        if beside.is_file() {
            Self::open(&beside).map(Some)
        } else {
            Ok(None)
        }
    }

    /// Reads the text of a format file.
    ///
    /// # Errors
    /// With the line and what is wrong there.
    pub fn parse(text: &str) -> Result<Self, (usize, String)> {
        let mut lines = (1..).zip(text.trim_start_matches('\u{FEFF}').lines());
        let version = lines
            .next()
            .map(|(_, line)| line.trim())
            .unwrap_or_default();
        if version.parse::<f64>().is_err() {
            return Err((1, format!("expected the version, found `{version}`")));
        }
        let (_, count) = lines
            .next()
            .ok_or((2, "expected the number of columns".to_owned()))?;
        let count: usize = count
            .trim()
            .parse()
            .map_err(|_| (2, "expected the number of columns".to_owned()))?;
        let mut names = Vec::new();
        let mut ends = Vec::new();
        for (number, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
            let (name, end) = column(line).ok_or_else(|| (number, "is no column".to_owned()))?;
            names.push(name);
            ends.push(end);
        }
        if names.len() != count || names.is_empty() {
            return Err((
                2,
                format!("says {count} columns, and {} follow", names.len()),
            ));
        }
        let record_end = ends.pop().filter(|end| end != "\r\n" && end != "\n");
        let delimiter = ends.first().cloned().unwrap_or_default();
        if let Some(at) = ends
            .iter()
            .position(|end| *end != delimiter || end.is_empty())
        {
            return Err((
                at + 3,
                "columns must all end in the same text; fixed widths are not read".to_owned(),
            ));
        }
        Ok(Self {
            names,
            delimiter,
            record_end,
        })
    }
}

/// The name and the end in a line such as `1 SQLNCHAR 0 48 "<\0E\0O\0F\0D\0>\0" 1 USER_ID ""`.
fn column(line: &str) -> Option<(String, String)> {
    let (before, rest) = line.split_once('"')?;
    if before.split_whitespace().count() != 4 {
        return None;
    }
    let (end, after) = rest.split_once('"')?;
    let name = after.split_whitespace().nth(1)?;
    let mut text = String::new();
    let mut chars = end.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            text.push(c);
            continue;
        }
        match chars.next()? {
            't' => text.push('\t'),
            'r' => text.push('\r'),
            'n' => text.push('\n'),
            // The second byte of a character of UTF-16.
            '0' => {}
            other => text.push(other),
        }
    }
    Some((name.to_owned(), text))
}
