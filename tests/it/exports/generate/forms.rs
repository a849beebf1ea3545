//! The text forms as data: what each does to a grid, how its bytes are written, and what comes back of a value.

use std::fmt::Write as _;

use chatdb::table::Cell;

use super::{Grid, Holds, Value};
use crate::exports::expected::written;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Encoding {
    Utf8,
    Utf8Mark,
    Utf16,
    Utf16Mark,
    Windows1252,
}

/// What a form puts quotes around, doubling those inside.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Quotes {
    Nothing,
    /// Fields with the separator in them; quotes inside stay as they are.
    Separators,
    /// What needs them, and what begins or ends in a blank or a tab.
    Needed,
    /// What needs them, the empty text, and texts that begin with a digit; NULL is nothing.
    Dbeaver,
    /// Every text.
    Texts,
    /// Everything.
    All,
}

/// How a form lays a grid out.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Shape {
    /// Fields with something between them.
    Delimited,
    /// Columns of a width, under names and dashes, or names alone.
    Aligned,
    /// Columns of a width with nothing between them.
    Widths,
    /// Azure Data Studio's Markdown.
    Markdown,
    /// Azure Data Studio's JSON.
    Json,
    /// A table printed between bars, with bars inside escaped.
    Printed,
    /// A box of `+`, `-` and `|`, in which nothing is escaped.
    Boxed,
}

/// What stands above the rows.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Above {
    Nothing,
    Names,
    NamesAndDashes,
    TypeAndNames,
}

/// A form, as what it does to a grid.
pub(super) struct Form {
    pub(super) id: &'static str,
    pub(super) encoding: Encoding,
    shape: Shape,
    above: Above,
    pub(super) separator: &'static str,
    pub(super) row_end: &'static str,
    quotes: Quotes,
    /// How NULL and the empty text are written.
    null: &'static str,
    empty: &'static str,
    /// Line breaks become blanks.
    is_flat: bool,
    /// Blanks at the end of a field are lost.
    is_trimmed: bool,
    /// The words after the count below, if there is one.
    footer: Option<&'static str>,
    /// Other names by which the separators are told.
    pub(super) tells_ends: bool,
    /// Whether it is told how wide the columns are.
    tells_widths: bool,
    /// The name of the form that it is read in, where its row of the matrix has several.
    pub(super) reads: Option<&'static str>,
}

const PLAIN: Form = Form {
    id: "",
    encoding: Encoding::Utf8,
    shape: Shape::Delimited,
    above: Above::Names,
    separator: ",",
    row_end: "\r\n",
    quotes: Quotes::Nothing,
    null: "NULL",
    empty: "",
    is_flat: false,
    is_trimmed: false,
    footer: None,
    tells_ends: false,
    tells_widths: false,
    reads: None,
};
const GRID: Form = Form { encoding: Encoding::Utf8Mark, is_flat: true, ..PLAIN };
const TEXT: Form = Form {
    shape: Shape::Aligned,
    above: Above::NamesAndDashes,
    separator: " ",
    is_trimmed: true,
    footer: Some("rows affected"),
    ..PLAIN
};
const BCP: Form = Form { above: Above::Nothing, separator: "\t", null: "", empty: "\0", ..PLAIN };
const FIXED: Form = Form {
    shape: Shape::Widths,
    above: Above::Nothing,
    separator: "",
    null: "",
    is_trimmed: true,
    tells_widths: true,
    reads: Some("fixed_width"),
    ..PLAIN
};

/// The forms, as tools write them.
#[rustfmt::skip]
pub(super) const IMPORT_FORMATS: [Form; 30] = [
    Form { id: "F01", above: Above::Nothing, ..GRID },
    Form { id: "F02", ..GRID },
    Form { id: "F03", quotes: Quotes::Separators, ..GRID },
    Form { id: "F04", is_flat: false, ..GRID },
    Form { id: "F05", separator: "\t", ..GRID },
    Form { id: "F06", separator: "\t", encoding: Encoding::Utf8, ..GRID },
    Form { id: "F07", ..TEXT },
    Form { id: "F08", encoding: Encoding::Utf16Mark, ..TEXT },
    Form { id: "F09", footer: Some("row(s) affected"), ..TEXT },
    Form { id: "F10", ..TEXT },
    Form { id: "F10 without dashes", above: Above::Names, reads: Some("aligned_bare"), ..TEXT },
    Form { id: "F11", encoding: Encoding::Utf16, ..TEXT },
    Form { id: "F12", shape: Shape::Delimited, separator: ",", ..TEXT },
    Form { id: "F13", above: Above::Nothing, separator: "|", is_trimmed: true, ..PLAIN },
    Form { id: "F15", row_end: "\n", ..TEXT },
    Form { id: "F16", shape: Shape::Boxed, row_end: "\n", footer: Some("rows affected"), ..PLAIN },
    Form { id: "F17", encoding: Encoding::Windows1252, ..BCP },
    Form { id: "F18", encoding: Encoding::Utf16Mark, ..BCP },
    Form { id: "F19", separator: "|^", row_end: "^|\n", tells_ends: true, ..BCP },
    Form { id: "F20", encoding: Encoding::Utf16Mark, quotes: Quotes::Texts, null: "", ..PLAIN },
    Form { id: "F20 ragged right", encoding: Encoding::Utf16Mark, above: Above::Names, tells_widths: false, ..FIXED },
    Form { id: "F20 fixed, rows", encoding: Encoding::Utf16Mark, ..FIXED },
    Form { id: "F20 fixed", encoding: Encoding::Windows1252, row_end: "", ..FIXED },
    Form { id: "F21", quotes: Quotes::Needed, ..PLAIN },
    Form { id: "F23", shape: Shape::Markdown, ..PLAIN },
    Form { id: "F23", shape: Shape::Json, ..PLAIN },
    Form { id: "F24", quotes: Quotes::Dbeaver, row_end: "\n", null: "", ..PLAIN },
    Form { id: "F27", above: Above::TypeAndNames, quotes: Quotes::All, null: "", ..PLAIN },
    Form { id: "F28", encoding: Encoding::Utf16Mark, ..TEXT },
    Form { id: "F29", shape: Shape::Printed, row_end: "\n", ..PLAIN },
];

/// How wide the columns of a grid are where they are padded.
fn widths(grid: &Grid) -> Vec<usize> {
    let width = |(name, holds): &(&str, Holds)| {
        let own = match *holds {
            Holds::Text(size) => size,
            Holds::Time | Holds::OptionalTime => 23,
            Holds::Small | Holds::OptionalSmall => 6,
            _ => 20,
        };
        own.max(name.len())
    };
    grid.columns.iter().map(width).collect()
}

fn doubled(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// One blank for each character of a line break.
fn flat(text: &str) -> String {
    text.replace(['\r', '\n'], " ")
}

impl Form {
    pub(super) fn has_names(&self) -> bool {
        self.above != Above::Nothing
    }

    fn field(&self, value: &Value) -> String {
        let mut text = value.text(self.null);
        if self.is_flat {
            text = flat(&text);
        }
        if self.is_trimmed {
            text.truncate(text.trim_end_matches(' ').len());
        }
        let is_text = matches!(value, Value::Text(_));
        if is_text && text.is_empty() && self.quotes == Quotes::Nothing {
            return self.empty.to_owned();
        }
        let has = |wrong: &[char]| text.contains(self.separator) || text.contains(wrong);
        let edge = |c: char| c == ' ' || c == '\t';
        let quote = match self.quotes {
            Quotes::Nothing => false,
            Quotes::Separators if text.contains(self.separator) => return format!("\"{text}\""),
            Quotes::Separators => false,
            Quotes::Needed => {
                has(&['"', '\r', '\n']) || text.starts_with(edge) || text.ends_with(edge)
            }
            Quotes::Dbeaver => {
                let digit = is_text && text.starts_with(|c: char| c.is_ascii_digit());
                has(&['"', '\r', '\n']) || digit || is_text && text.is_empty()
            }
            Quotes::Texts => is_text,
            Quotes::All => true,
        };
        if quote { doubled(&text) } else { text }
    }

    fn names(&self, grid: &Grid) -> String {
        let names = grid.columns.iter().map(|(name, _)| *name);
        let all: Vec<String> = match self.quotes {
            Quotes::All | Quotes::Texts => names.map(doubled).collect(),
            _ => names.map(str::to_owned).collect(),
        };
        all.join(self.separator)
    }

    fn delimited(&self, grid: &Grid) -> String {
        let mut text = String::new();
        if self.above == Above::TypeAndNames {
            text += "#TYPE System.Data.DataRow";
            text += self.row_end;
        }
        if self.has_names() {
            text += &self.names(grid);
            text += self.row_end;
        }
        if self.above == Above::NamesAndDashes {
            let dashes: Vec<String> =
                grid.columns.iter().map(|(name, _)| "-".repeat(name.len())).collect();
            text += &dashes.join(self.separator);
            text += self.row_end;
        }
        for row in &grid.rows {
            let fields: Vec<String> = row.iter().map(|value| self.field(value)).collect();
            text += &fields.join(self.separator);
            text += self.row_end;
        }
        text
    }

    /// What is told of the widths.
    pub(super) fn widths_told(&self, grid: &Grid) -> Option<String> {
        let widths: Vec<String> = widths(grid).iter().map(usize::to_string).collect();
        self.tells_widths.then(|| widths.join(","))
    }

    /// Columns of a width. The right is ragged where names are all that says the widths.
    fn fixed(&self, grid: &Grid) -> String {
        let widths = widths(grid);
        let line = |texts: Vec<String>| {
            let mut line: String = texts
                .iter()
                .zip(&widths)
                .map(|(text, width)| {
                    format!("{text}{}", " ".repeat(width - text.encode_utf16().count()))
                })
                .collect();
            if self.has_names() {
                line.truncate(line.trim_end_matches(' ').len());
            }
            line + self.row_end
        };
        let names = || grid.columns.iter().map(|(name, _)| (*name).to_owned());
        let mut text = if self.has_names() { line(names().collect()) } else { String::new() };
        for row in &grid.rows {
            text += &line(row.iter().map(|value| value.text(self.null)).collect());
        }
        text
    }

    fn aligned(&self, grid: &Grid) -> String {
        let widths = widths(grid);
        let line = |texts: Vec<String>| {
            let padded: Vec<String> =
                texts.iter().zip(&widths).map(|(text, width)| format!("{text:width$}")).collect();
            padded.join(" ") + self.row_end
        };
        let mut text = line(grid.columns.iter().map(|(name, _)| (*name).to_owned()).collect());
        if self.above == Above::NamesAndDashes {
            text += &line(widths.iter().map(|width| "-".repeat(*width)).collect());
        }
        for row in &grid.rows {
            text += &line(row.iter().map(|value| value.text(self.null)).collect());
        }
        text
    }

    fn markdown(&self, grid: &Grid) -> String {
        let escaped = |text: String| {
            let html = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            let html = html.replace('"', "&quot;").replace('\'', "&#39;").replace('|', "\\|");
            html.replace("\r\n", "\n").replace(['\r', '\n'], "<br />")
        };
        let line = |texts: Vec<String>| format!("|{}|{}", texts.join("|"), self.row_end);
        let mut text = line(grid.columns.iter().map(|(name, _)| (*name).to_owned()).collect());
        text += &line(vec!["---".to_owned(); grid.columns.len()]);
        for row in &grid.rows {
            text += &line(row.iter().map(|value| escaped(value.text("NULL"))).collect());
        }
        text
    }

    /// A table between bars, every cell padded, and a blank on either side.
    fn barred(&self, grid: &Grid) -> String {
        let is_box = self.shape == Shape::Boxed;
        let names: Vec<String> = grid.columns.iter().map(|(name, _)| (*name).to_owned()).collect();
        let cell = |value: &Value| {
            let text = value.text(self.null);
            if is_box { text } else { text.replace('|', "\\|") }
        };
        let mut lines = vec![names];
        lines.extend(grid.rows.iter().map(|row| row.iter().map(cell).collect()));
        let width = |at: usize| lines.iter().map(|line| line[at].chars().count()).max().unwrap();
        let widths: Vec<usize> = (0..grid.columns.len()).map(width).collect();
        let cross = if is_box { "+" } else { "|" };
        let dashes: Vec<String> = widths.iter().map(|width| "-".repeat(width + 2)).collect();
        let rule = format!("{cross}{}{cross}{}", dashes.join(cross), self.row_end);
        let line = |line: &Vec<String>| {
            let padded = line.iter().zip(&widths).map(|(text, width)| format!(" {text:width$} "));
            format!("|{}|{}", padded.collect::<Vec<_>>().join("|"), self.row_end)
        };
        let rows: String = lines[1..].iter().map(line).collect();
        let edge = if is_box { rule.as_str() } else { "" };
        format!("{edge}{}{rule}{rows}{edge}", line(&lines[0]))
    }

    fn json(&self, grid: &Grid) -> String {
        let end = self.row_end;
        let mut text = "[".to_owned();
        for (at, row) in grid.rows.iter().enumerate() {
            text += if at > 0 { "," } else { "" };
            let _ = write!(text, "{end}  {{");
            for (place, ((name, _), value)) in grid.columns.iter().zip(row).enumerate() {
                let written = match value {
                    Value::Null => "null".to_owned(),
                    value => written(&Cell::Text(value.text(""))),
                };
                let comma = if place > 0 { "," } else { "" };
                let _ = write!(text, "{comma}{end}    \"{name}\": {written}");
            }
            let _ = write!(text, "{end}  }}");
        }
        text + end + "]"
    }

    pub(super) fn write(&self, grid: &Grid) -> Vec<u8> {
        let mut text = match self.shape {
            Shape::Delimited => self.delimited(grid),
            Shape::Aligned => self.aligned(grid),
            Shape::Widths => self.fixed(grid),
            Shape::Markdown => self.markdown(grid),
            Shape::Json => self.json(grid),
            Shape::Printed | Shape::Boxed => self.barred(grid),
        };
        if let Some(words) = self.footer {
            let end = self.row_end;
            let _ = write!(text, "{end}({} {words}){end}", grid.rows.len());
        }
        self.encode(&text)
    }

    fn encode(&self, text: &str) -> Vec<u8> {
        let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        match self.encoding {
            Encoding::Utf8 => text.as_bytes().to_vec(),
            Encoding::Utf8Mark => format!("\u{feff}{text}").into_bytes(),
            Encoding::Utf16 => wide(text),
            Encoding::Utf16Mark => wide(&format!("\u{feff}{text}")),
            // Up to U+00FF the two agree, but for U+0080 to U+009F, of which no text has one.
            Encoding::Windows1252 => {
                text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect()
            }
        }
    }

    // WHAT COMES BACK --------------------------------------------------------------------------------------

    /// The cells that a value may come back as, in the notation of expectations.
    pub(super) fn comes_back(&self, value: &Value) -> Vec<String> {
        let Value::Text(text) = value else {
            return vec![value.cell()];
        };
        let mut text = if self.is_flat { flat(text) } else { text.clone() };
        if self.is_trimmed {
            text.truncate(text.trim_end_matches(' ').len());
        }
        let is_word = text == "NULL" && self.null == "NULL" && self.shape != Shape::Json;
        let nothing_is_null = self.writes_nothing_for_null() && text.is_empty();
        if is_word {
            return vec!["NULL".to_owned()];
        }
        let cell = |text: &str| Value::Text(text.to_owned()).cell();
        if nothing_is_null {
            return vec!["NULL".to_owned(), cell("")];
        }
        if self.quotes == Quotes::Separators && text == "\"\"" {
            // Two quotes that nothing was put around look like the empty text in quotes.
            return vec![cell(&text), cell("")];
        }
        if self.shape == Shape::Markdown {
            return vec![cell(&text.replace("\r\n", "\n").replace('\r', "\n"))];
        }
        if matches!(self.shape, Shape::Printed | Shape::Boxed) {
            // What stands at the edges is padding, or was a blank; whether entities are meant, nothing says.
            let plain = text.replace("<br />", "\n").replace("&lt;", "<");
            let edges = [text.trim_end_matches(' '), text.trim_matches(' '), &plain];
            return edges.map(cell).to_vec();
        }
        vec![cell(&text)]
    }

    /// NULL of a text column cannot be told from the empty text where everything is quoted.
    pub(super) fn null_comes_back(&self) -> Vec<String> {
        if self.writes_nothing_for_null() {
            vec!["NULL".to_owned(), "\"\"".to_owned()]
        } else {
            vec!["NULL".to_owned()]
        }
    }

    /// Whether NULL and the empty text are both written as nothing.
    fn writes_nothing_for_null(&self) -> bool {
        matches!(self.quotes, Quotes::All | Quotes::Texts) || self.shape == Shape::Widths
    }

    /// Whether the form makes a text doubtful: what is in it looks like the form's own marks.
    pub(super) fn is_doubtful(&self, text: &str) -> bool {
        let breaks = text.contains(['\r', '\n']) && !self.is_flat;
        match self.shape {
            Shape::Json => false,
            Shape::Printed => breaks || text.contains(['\\', '<', '&']),
            Shape::Boxed => breaks || text.contains('|'),
            // A backslash is not escaped, and stands before a bar, or means one.
            Shape::Markdown => text.contains('\\'),
            Shape::Widths => breaks && !self.row_end.is_empty(),
            Shape::Aligned => breaks || text.chars().any(|c| u32::from(c) > 0x2000),
            Shape::Delimited => match self.quotes {
                Quotes::Nothing => breaks || text.contains(self.separator) || text == "\0",
                Quotes::Separators => breaks || text.contains('"'),
                _ => false,
            },
        }
    }

    /// Whether a doubtful text of one row can take other rows with it.
    pub(super) fn spreads(&self, text: &str) -> bool {
        let breaks = text.contains(['\r', '\n']) && !self.is_flat;
        self.is_doubtful(text) && (breaks || self.quotes == Quotes::Separators)
    }
}

// THAT IT CAN FAIL -----------------------------------------------------------------------------------------

#[test]
fn the_forms_are_written_as_their_tools_do() {
    let row = vec![
        Value::Number(1001),
        Value::Text("a, \"b\"".to_owned()),
        Value::Null,
        Value::Text(String::new()),
        Value::Text("7 up".to_owned()),
    ];
    let columns = vec![
        ("id", Holds::Id),
        ("a", Holds::Text(3)),
        ("b", Holds::Text(3)),
        ("c", Holds::Text(3)),
        ("d", Holds::Text(4)),
    ];
    let grid = Grid { columns, rows: vec![row] };
    let text = |id: &str| {
        let form = IMPORT_FORMATS.iter().find(|form| form.id == id).unwrap();
        String::from_utf8_lossy(&form.write(&grid)).into_owned()
    };
    assert_eq!(text("F02"), "\u{feff}id,a,b,c,d\r\n1001,a, \"b\",NULL,,7 up\r\n");
    assert_eq!(text("F03"), "\u{feff}id,a,b,c,d\r\n1001,\"a, \"b\"\",NULL,,7 up\r\n");
    assert_eq!(text("F21"), "id,a,b,c,d\r\n1001,\"a, \"\"b\"\"\",NULL,,7 up\r\n");
    assert_eq!(text("F24"), "id,a,b,c,d\n1001,\"a, \"\"b\"\"\",,\"\",\"7 up\"\n");
    assert_eq!(text("F17"), "1001\ta, \"b\"\t\t\0\t7 up\r\n");
    assert_eq!(
        text("F12"),
        "id,a,b,c,d\r\n--,-,-,-,-\r\n1001,a, \"b\",NULL,,7 up\r\n\r\n(1 rows affected)\r\n"
    );
    assert_eq!(
        text("F23"),
        "|id|a|b|c|d|\r\n|---|---|---|---|---|\r\n|1001|a, &quot;b&quot;|NULL||7 up|\r\n"
    );
}
