//! Takes persons out of a report before it leaves the terminal: whatever is not known to be harmless becomes a
//! pseudonym, the same value the same one in every table and every run with the same key.
//!
//! ```text
//!   answers    which columns of an answer its author has computed
//!   classes    what each column of the schema holds of a person
//!   harmless   which values name nobody, whatever column they are in
//!   treatment  class of the column and value: kept, searched, replaced or withheld, in one place
//!   spelling   the many ways to spell an address become one; addresses and the like are found in text
//!   seen       values that are replaced are found where sentences repeat them
//!   pseudonym  keyed HMAC-SHA-256: without the key no guess can be tried
//!   walk       every table, cell, heading, file name and sentence of a report, in one place
//! ```
//!
//! This is for rows of exports. What a replay shows is the note's own and stays as printed, and so do cells of a
//! comparison that say what the note prints.
//!
//! Limits: the program's own sentences are searched for what can be recognised, for values that are replaced elsewhere
//! in the report, and for what they quote; a name that is in none of these would stay. This module does not know where
//! a key is kept.

mod answers;
mod classes;
mod harmless;
mod pseudonym;
mod seen;
mod spelling;
mod visitors;
mod walk;

use std::collections::{BTreeSet, HashSet};
use std::ops::Range;

use thiserror::Error;

use crate::ask::NO_NAME;
use crate::report::Report;
use crate::sql::authored::Authored;
use crate::table::{Cell, Column, ResultTable};

pub use answers::mark_computed;
pub use classes::{Classes, ClassesError, DataClass};
use harmless::{LONG_NUMBER, is_harmless, is_number, is_of_persons};
use pseudonym::Pseudonyms;
pub use pseudonym::{Key, KeyLengthError};
use seen::Seen;
use visitors::{Replacing, Seeing};

/// A pseudonym was needed, and there was no key. What was to be replaced is withheld.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("there is no key for pseudonyms")]
pub struct NoKeyError;

/// What was replaced, by kind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Replaced {
    /// How many values of each class have a pseudonym; classes without any are left out.
    pub values: Vec<(DataClass, usize)>,
    /// How many records are withheld.
    pub records: usize,
    /// The columns that were left as they are because the user wants it so, as they are spelt in the report.
    pub plain: Vec<String>,
}

impl Replaced {
    /// Whether nothing was.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.values.is_empty() && self.records == 0 && self.plain.is_empty()
    }

    /// What was done, in a sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        let mut parts: Vec<String> =
            self.values.iter().map(|(class, n)| counted(*class, *n)).collect();
        if self.records > 0 {
            let records = if self.records == 1 { "record is" } else { "records are" };
            parts.push(format!("{} {records} withheld", self.records));
        }
        let done = if parts.is_empty() {
            "nothing had to be replaced".to_owned()
        } else {
            format!(
                "possible personal data is replaced by pseudonyms ({}); with the same key, the same value has the same \
                 pseudonym in every report; `--plain COLUMN` shows a column unchanged",
                parts.join(", ")
            )
        };
        if self.plain.is_empty() {
            return format!("Privacy: {done}.");
        }
        let plain: Vec<String> = self.plain.iter().map(|name| format!("`{name}`")).collect();
        format!("Privacy: {done}; left unchanged by `--plain`: {}.", plain.join(", "))
    }
}

fn counted(class: DataClass, n: usize) -> String {
    let (one, more) = match class {
        DataClass::Address => ("address", "addresses"),
        DataClass::Name => ("name", "names"),
        DataClass::Phone => ("telephone number", "telephone numbers"),
        DataClass::Ip => ("IP address", "IP addresses"),
        DataClass::Token => ("token", "tokens"),
        DataClass::Agent => ("agent", "agents"),
        DataClass::Heading => ("heading", "headings"),
        DataClass::File => ("file name", "file names"),
        _ => ("text", "texts"),
    };
    format!("{n} {}", if n == 1 { one } else { more })
}

/// The sentence for a report in which nothing was replaced because the user wants it so.
pub const INCLUDED: &str =
    "Privacy: this report includes personal data unchanged (`--include-pii`).";

/// Where a pseudonym would stand if there were a key.
const WITHHELD: &str = "(withheld)";

/// What is done with a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Treatment {
    /// It is shown as it is.
    Keep,
    /// It is the program's own sentence: what is recognised in it is replaced.
    Search,
    /// A pseudonym of this class stands for it.
    Replace(DataClass),
    /// Nothing of it is shown.
    Withhold,
}

/// Replaces what is personal. It asks for the key when it first needs one, so that none is made for nothing.
pub struct Redactor<'k> {
    classes: &'k Classes,
    key: Box<dyn FnMut() -> Option<Key> + 'k>,
    pseudonyms: Option<Pseudonyms>,
    lacks_key: bool,
    records: usize,
    /// Columns that the user wants unchanged, in lower case, and those of them that the report has.
    plain: HashSet<String>,
    left_plain: BTreeSet<String>,
    authored: Authored,
    seen: Seen,
    /// What the note prints, and what is in columns that are left unchanged.
    public: HashSet<String>,
}

impl<'k> Redactor<'k> {
    /// Makes pseudonyms with `key`, by the classes of `classes`.
    #[must_use]
    pub fn new(key: Key, classes: &'k Classes) -> Self {
        Self::asking(move || Some(key.clone()), classes)
    }

    /// The same, with a key that is asked for once, when the first value is to be replaced. Where there is none, values
    /// are withheld and [`Redactor::report`] fails.
    #[must_use]
    pub fn asking(key: impl FnMut() -> Option<Key> + 'k, classes: &'k Classes) -> Self {
        Self {
            classes,
            key: Box::new(key),
            pseudonyms: None,
            lacks_key: false,
            records: 0,
            plain: HashSet::new(),
            left_plain: BTreeSet::new(),
            authored: Authored::default(),
            seen: Seen::default(),
            public: HashSet::new(),
        }
    }

    /// Leaves the columns of these names unchanged. Letter case does not matter.
    #[must_use]
    pub fn leaving_plain(mut self, columns: &[String]) -> Self {
        self.plain = columns.iter().map(|name| name.to_lowercase()).collect();
        self
    }

    /// Leaves unchanged what is the query's author's own.
    #[must_use]
    pub fn of_author(mut self, authored: Authored) -> Self {
        self.authored = authored;
        self
    }

    /// Replaces what is personal in a report of exported rows. Replays in it stay as they are.
    ///
    /// # Errors
    /// When there is no key; the report then holds nothing personal either.
    pub fn report(&mut self, report: &mut Report) -> Result<Replaced, NoKeyError> {
        mark_computed(&self.authored, &mut report.listings);
        walk::report(report, &mut Seeing(self));
        walk::report(report, &mut Replacing(self));
        if self.lacks_key { Err(NoKeyError) } else { Ok(self.replaced()) }
    }

    /// What has been replaced so far.
    #[must_use]
    pub fn replaced(&self) -> Replaced {
        let count = |class: DataClass| self.pseudonyms.as_ref().map_or(0, |made| made.count(class));
        let classes = DataClass::ALL.into_iter().rev().map(|class| (class, count(class)));
        Replaced {
            values: classes.filter(|(_, n)| *n > 0).collect(),
            records: self.records,
            plain: self.left_plain.iter().cloned().collect(),
        }
    }

    /// Replaces what is personal in a table.
    pub fn table(&mut self, table: &mut ResultTable) {
        walk::table(table, &mut Replacing(self));
    }

    /// Replaces what is personal in a sentence of the program's: addresses and the like, values that are replaced
    /// elsewhere in the report, and what it quotes in backticks and is not known to be harmless.
    pub fn sentence(&mut self, text: &mut String) {
        let parts: Vec<&str> = text.split('`').collect();
        let last = parts.len() - 1;
        let mut shown = Vec::with_capacity(parts.len());
        for (at, part) in parts.into_iter().enumerate() {
            // What is quoted may hold a backtick itself: then the words between two look glued to them.
            let apart =
                part.starts_with([' ', ',', ';', ':', '.', ')']) && part.ends_with([' ', '(']);
            let quoted = at % 2 == 1 || (at > 0 && at < last && !apart);
            shown.push(if quoted { self.quoted(part) } else { self.searched(part) });
        }
        *text = self.searched(&shown.join("`"));
    }

    /// What stands in backticks. A command is the program's own, but for the values in it.
    fn quoted(&mut self, text: &str) -> String {
        let is_command = text.starts_with("--") || text.starts_with("chatdb ");
        if is_command || self.is_known(text) {
            return text.to_owned();
        }
        let searched = self.searched(text);
        if searched == text {
            self.text(text)
        } else if is_harmless(&without_pseudonyms(&searched)) {
            searched
        } else {
            self.text(text)
        }
    }

    /// Whether a text is harmless, public, or the author's own.
    fn is_known(&self, text: &str) -> bool {
        self.public.contains(text)
            || self.authored.texts.contains(text)
            || self.authored.names.contains(&text.to_lowercase())
            || is_harmless(text)
    }

    fn pseudonym(&mut self, class: DataClass, canonical: &str) -> String {
        if self.pseudonyms.is_none() && !self.lacks_key {
            self.pseudonyms = (self.key)().as_ref().map(Pseudonyms::new);
        }
        match &mut self.pseudonyms {
            Some(pseudonyms) => pseudonyms.of(class, canonical),
            None => {
                self.lacks_key = true;
                WITHHELD.to_owned()
            }
        }
    }

    fn text(&mut self, text: &str) -> String {
        let pseudonym = self.pseudonym(DataClass::Text, text);
        let length = text.chars().count();
        let unit = if length == 1 { "character" } else { "characters" };
        format!("{pseudonym}({length} {unit})")
    }

    /// What is done with a cell: the one place that says so. The class of the column counts first, then the value.
    fn treatment(&self, column: &Column, cell: &Cell) -> Treatment {
        let class = self.class_of(column);
        let is_own = column.own;
        match (class, cell) {
            (_, Cell::Null) => Treatment::Keep,
            (_, Cell::Text(text)) if text.trim().is_empty() => Treatment::Keep,
            _ if self.plain.contains(&column.name.to_lowercase()) => Treatment::Keep,
            (Some(DataClass::Record), _) => Treatment::Withhold,
            (Some(_), Cell::Text(text)) if self.writes(column, text) => Treatment::Keep,
            (Some(class), _) if class.is_replaced() => Treatment::Replace(class),
            (Some(DataClass::Message), Cell::Text(_)) => Treatment::Search,
            (_, Cell::Text(_)) if is_own => Treatment::Search,
            (None, cell) if !is_own && is_somebodys(column, cell) => {
                Treatment::Replace(DataClass::Text)
            }
            (class, Cell::Text(text)) => self.of_text(class, text),
            (None, cell) if !is_own && is_long(cell) => Treatment::Replace(DataClass::Text),
            _ => Treatment::Keep,
        }
    }

    /// Whether a text is one that the author has the query write where others come from a table.
    fn writes(&self, column: &Column, text: &str) -> bool {
        self.classes.of(&column.name).is_none()
            && !column.from.is_empty()
            && self.authored.texts.contains(text)
    }

    /// What a column holds of a person: as what its values come from, or else its heading. A heading is its author's to
    /// choose, so that it makes a column no less of a person.
    fn class_of(&self, column: &Column) -> Option<DataClass> {
        let heading = self.classes.of(&column.name);
        if column.from.is_empty() {
            return heading;
        }
        let classes = column.from.iter().map(|name| self.classes.of(name));
        let is_known = classes.clone().all(|class| class.is_some());
        let from = classes.flatten().filter(|class| is_known || class.is_replaced());
        heading.filter(|class| class.is_replaced()).max(from.max())
    }

    fn of_text(&self, class: Option<DataClass>, text: &str) -> Treatment {
        let is_hash = class == Some(DataClass::Technical)
            && text.len() == 64
            && text.bytes().all(|b| b.is_ascii_hexdigit());
        if is_hash
            || self.public.contains(text)
            || self.authored.texts.contains(text)
            || is_harmless(text)
        {
            return Treatment::Keep;
        }
        match class {
            Some(DataClass::Agent) => Treatment::Replace(DataClass::Agent),
            _ => Treatment::Replace(DataClass::Text),
        }
    }

    fn cell(&mut self, column: &Column, cell: &mut Cell) {
        if self.plain.contains(&column.name.to_lowercase()) {
            self.left_plain.insert(column.name.clone());
        }
        match (self.treatment(column, cell), &mut *cell) {
            (Treatment::Keep, _) => {}
            (Treatment::Withhold, _) => {
                self.records += 1;
                *cell = Cell::Text(WITHHELD.to_owned());
            }
            (Treatment::Search, Cell::Text(text)) => self.sentence(text),
            (Treatment::Search, _) => {}
            (Treatment::Replace(DataClass::Text), Cell::Text(text)) => {
                *text = self.own_address(text).unwrap_or_else(|| self.text(text));
            }
            (Treatment::Replace(class), cell) => {
                *cell = Cell::Text(self.value(class, &cell.to_string()));
            }
        }
    }

    /// The pseudonym of an address that a text is, whatever its column: so it can be joined with others.
    fn own_address(&mut self, text: &str) -> Option<String> {
        match spelling::addresses_of_cell(text).as_slice() {
            [only] if !text.trim().contains(char::is_whitespace) => {
                Some(self.pseudonym(DataClass::Address, only))
            }
            _ => None,
        }
    }

    /// A value of a class that is replaced.
    fn value(&mut self, class: DataClass, text: &str) -> String {
        match class {
            DataClass::Text | DataClass::Record => self.text(text),
            DataClass::Address => {
                let all = spelling::addresses_of_cell(text);
                if all.is_empty() {
                    return self.pseudonym(class, &plain(text));
                }
                let all: Vec<String> = all.iter().map(|one| self.pseudonym(class, one)).collect();
                all.join("; ")
            }
            DataClass::Ip => {
                let text = spelling::decoded(text).text;
                let mut parts = Vec::new();
                for part in text.split(',') {
                    let ip = spelling::machines(part)
                        .pop()
                        .map_or_else(|| plain(part), |found| found.canonical);
                    parts.push(self.pseudonym(class, &ip));
                }
                parts.join(", ")
            }
            DataClass::Phone => {
                let digits = spelling::digits(text);
                let known = if digits.is_empty() { plain(text) } else { digits };
                self.pseudonym(class, &known)
            }
            DataClass::File => self.file_name(text),
            _ => self.pseudonym(class, &plain(text)),
        }
    }

    /// A heading that is no word of the schema's, the program's or the author's may be the first record of a file.
    fn heading(&mut self, text: &mut String) {
        if !self.is_known_heading(text) {
            *text = self.pseudonym(DataClass::Heading, &plain(text));
        }
    }

    fn is_known_heading(&self, text: &str) -> bool {
        self.plain.contains(&text.to_lowercase())
            || self.is_known(text)
            || self.authored.writes(text)
    }

    /// The path of a file: each name in it that is not harmless is replaced, its extension stays.
    fn file_name(&mut self, path: &str) -> String {
        if self.is_known(path) {
            return path.to_owned();
        }
        let mut shown = String::with_capacity(path.len());
        for part in path.split_inclusive(['/', '\\']) {
            let name = part.trim_end_matches(['/', '\\']);
            if self.is_known(name) {
                shown.push_str(part);
                continue;
            }
            shown.push_str(&self.pseudonym(DataClass::File, name));
            if let Some((stem, extension)) = name.rsplit_once('.')
                && !stem.is_empty()
                && is_harmless(extension)
            {
                shown.push('.');
                shown.push_str(extension);
            }
            shown.push_str(&part[name.len()..]);
        }
        shown
    }

    /// A text in which all that can be recognised is replaced, and everything else stays as it is.
    fn searched(&mut self, text: &str) -> String {
        let decoded = spelling::decoded(text);
        let mut found: Vec<(Range<usize>, DataClass, String)> = Vec::new();
        let whole = &decoded.text;
        for one in self.seen.all_in(whole) {
            found.push((one.at, one.class, one.value.to_owned()));
        }
        let finders: [(DataClass, spelling::Finder); 3] = [
            (DataClass::Address, spelling::addresses),
            (DataClass::Ip, spelling::machines),
            (DataClass::Phone, spelling::phones),
        ];
        for (class, find) in finders {
            let all = find(whole).into_iter();
            let all = all.filter(|one| !self.public.contains(&one.canonical));
            found.extend(all.map(|one| (one.at, class, one.canonical)));
        }
        if found.is_empty() {
            return text.to_owned();
        }
        // Where two overlap, the one that begins first counts for both; of these a value that is replaced elsewhere.
        found.sort_by_key(|(at, ..)| at.start);
        let mut shown = String::with_capacity(text.len());
        let (mut done, mut end) = (0, 0);
        for (at, class, value) in found {
            let original = decoded.original(&at);
            if at.start < end {
                done = done.max(original.end);
                end = end.max(at.end);
                continue;
            }
            shown.push_str(&text[done..original.start]);
            shown.push_str(&self.value(class, &value));
            (done, end) = (original.end, at.end);
        }
        shown.push_str(&text[done..]);
        shown
    }
}

/// The text without pseudonyms, to judge what is left.
fn without_pseudonyms(text: &str) -> String {
    let is_one = |word: &&str| {
        DataClass::ALL.iter().any(|class| word.contains(&format!("{}-", class.name())))
    };
    let words = text.split([' ', ',', ';']).filter(|word| !is_one(word));
    words.collect::<Vec<_>>().join(" ")
}

/// A message without the addresses and numbers in it, and, where it `quotes` rows, without what is in quotes or
/// backticks and is no name of the schema. It needs no key: nobody has to be recognised in a message about a failure.
#[must_use]
pub fn withheld(message: &str, quotes: bool) -> String {
    let mut redactor = Redactor::asking(|| None, Classes::known());
    let mut text = message.to_owned();
    if quotes {
        // SQL Server's own wording quotes so; a text between may hold a quote itself.
        if let (Some(from), Some(to)) = (text.find('\''), text.rfind('\''))
            && from < to
        {
            text.replace_range(from + 1..to, WITHHELD);
        }
        redactor.sentence(&mut text);
        text
    } else {
        redactor.searched(&text)
    }
}

/// The one spelling of a value that is no address: lower case, single blanks.
fn plain(text: &str) -> String {
    text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a cell is a number that the heading of its column makes a person's.
fn is_somebodys(column: &Column, cell: &Cell) -> bool {
    let is_number = match cell {
        Cell::Integer(_) | Cell::Real(_) | Cell::Decimal(_) => true,
        Cell::Text(text) => is_number(text),
        _ => false,
    };
    let is_somebodys = |name: &String| {
        Classes::known().of(name).is_none() && *name != NO_NAME && is_of_persons(name)
    };
    is_number && (is_somebodys(&column.name) || column.from.iter().any(is_somebodys))
}

/// Whether a number has as many digits as a telephone number, so that it could be one where nothing says what it is.
fn is_long(cell: &Cell) -> bool {
    match cell {
        Cell::Integer(value) => value.unsigned_abs() >= LONG_NUMBER as u64,
        Cell::Real(value) => value.abs() >= LONG_NUMBER,
        Cell::Decimal(value) => {
            (value.as_str().parse()).is_ok_and(|value: f64| value.abs() >= LONG_NUMBER)
        }
        _ => false,
    }
}
