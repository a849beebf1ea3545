//! Files that are mistaken for exports of rows, recognised by how they begin.

/// A kind of file that is not an export of rows, recognised by how it begins.
#[derive(Debug, PartialEq, Eq)]
pub struct UnsupportedFile {
    /// What it is.
    pub what: &'static str,
    /// What to do.
    pub advice: &'static str,
    /// How it begins.
    pub(super) begins: &'static [u8],
    /// The offset of that.
    pub(super) at: usize,
}

pub(super) const EXPORT: &str = "export the rows as CSV with column headers";

pub(super) const BACKUP: &str = "restore it on a server, and export the tables from there as CSV";

pub(super) const CONVERT: &str =
    "open it in the program that created it, and save the table as CSV or .xlsx";

/// The kinds of files that are mistaken for exports.
pub(super) static FOREIGN: &[UnsupportedFile] = &[
    UnsupportedFile::new("a Parquet file", CONVERT, b"PAR1"),
    UnsupportedFile::new("an ORC file", CONVERT, b"ORC"),
    UnsupportedFile::new("an Avro file", CONVERT, b"Obj\x01"),
    UnsupportedFile::new("an Arrow file", CONVERT, b"ARROW1"),
    UnsupportedFile::new("an image (PNG)", EXPORT, b"\x89PNG\r\n\x1A\n"),
    UnsupportedFile::new("an image (JPEG)", EXPORT, b"\xFF\xD8\xFF"),
    UnsupportedFile::new("an image (GIF)", EXPORT, b"GIF8"),
    UnsupportedFile::new("a PDF document", EXPORT, b"%PDF-"),
    UnsupportedFile::new("an RTF document", EXPORT, b"{\\rtf"),
    UnsupportedFile::new(
        "an old Office file (.xls, .doc, .msg) or a Crystal report (.rpt)",
        "open it, and save the sheet as .xlsx or CSV",
        b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1",
    ),
    UnsupportedFile::new("a SQL Server backup (.bak)", BACKUP, b"TAPE\0\0"),
    UnsupportedFile::new("a compressed SQL Server backup (.bak)", BACKUP, b"MSSQLBAK"),
    UnsupportedFile::new(
        "a SQL Server data file (.mdf)",
        "attach it on a server, and export the tables from there as CSV",
        b"\x01\x0F\x00\x00",
    ),
    UnsupportedFile::new("an SQLite database", "name it with `--db`", b"SQLite format 3\0"),
    UnsupportedFile::new("an Access database", CONVERT, b"\x00\x01\x00\x00Standard "),
    UnsupportedFile::new("a program", EXPORT, b"MZ\x90\0"),
    UnsupportedFile::new("a program", EXPORT, b"\x7FELF"),
    UnsupportedFile {
        what: "a tar archive",
        advice: "unpack it with `tar -xf`, and name the files in it",
        begins: b"ustar",
        at: 257,
    },
];

impl UnsupportedFile {
    pub(super) const fn new(
        what: &'static str,
        advice: &'static str,
        begins: &'static [u8],
    ) -> Self {
        Self { what, advice, begins, at: 0 }
    }

    /// The kind of a file that begins with `bytes`; `None` if it may be an export.
    pub(super) fn of(bytes: &[u8]) -> Option<&'static Self> {
        let begins =
            |kind: &&Self| bytes.get(kind.at..).is_some_and(|bytes| bytes.starts_with(kind.begins));
        FOREIGN.iter().find(begins)
    }

    /// Recognises bytes that are not text in any code page: numbers as SQL Server stores them, with many different
    /// control characters among them.
    #[must_use]
    pub fn native(bytes: &[u8]) -> Option<&'static Self> {
        /// The control characters that text may have as separators, or for an empty text.
        const KINDS: u32 = 4;
        static NATIVE: UnsupportedFile = UnsupportedFile::new(
            "in SQL Server's native format (`bcp -n`, or an image)",
            "export it as text: `bcp TABLE out FILE.csv -c -C 65001 -t , -S SERVER -d DATABASE -T`",
            b"",
        );
        let is_control = |byte: u8| byte < 32 && !matches!(byte, b'\t' | b'\n' | b'\r' | 12 | 0x1A);
        let (mut kinds, mut count) = (0_u32, 0);
        for byte in bytes.iter().copied().filter(|byte| is_control(*byte)) {
            kinds |= 1 << byte;
            count += 1;
        }
        (kinds.count_ones() >= KINDS && count * 20 >= bytes.len()).then_some(&NATIVE)
    }

    /// Recognises text formatted for display: a web page, whatever its name.
    #[must_use]
    pub fn page(text: &[u8]) -> Option<&'static Self> {
        static PAGE: UnsupportedFile = UnsupportedFile::new(
            "a web page (HTML)",
            "open it in a spreadsheet, and save the table as .xlsx or CSV",
            b"",
        );
        let begins = text.trim_ascii_start();
        let tag = |tag: &&[u8]| {
            begins.get(..tag.len()).is_some_and(|begins| begins.eq_ignore_ascii_case(tag))
                && begins.get(tag.len()).is_none_or(|b| !b.is_ascii_alphanumeric() && *b != b'_')
        };
        let tags: [&[u8]; 5] = [b"<!doctype html", b"<html", b"<head", b"<meta", b"<table"];
        tags.iter().any(tag).then_some(&PAGE)
    }
}
