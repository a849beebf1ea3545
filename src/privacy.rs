//! Takes customers out of a report before it leaves the terminal: addresses, names, telephone numbers, IP addresses and
//! what people wrote become pseudonyms, the same person the same one in every table and every run with the same key.
//!
//! ```text
//!   classes    what each column of the schema holds of a person; a column that is not known holds text
//!   spelling   the many ways to spell an address become one; addresses and the like are found in text
//!   pseudonym  keyed HMAC-SHA-256: without the key no guess can be tried
//!   walk       every table, cell and sentence of a report, in one place
//! ```
//!
//! This is for rows of exports. What a replay shows is the document's own and stays as printed, and so do cells of a
//! comparison that say what the document prints.
//!
//! Limits: a column is known by its name, so a query that calls a customer's name `queue_name` keeps it; a name that
//! stands in a sentence is found only if it also stands in a column of names of the same report. This module does not
//! know where a key is kept.

mod pseudonym;
mod spelling;
mod walk;

use std::collections::{HashMap, HashSet};
use std::mem;
use std::ops::Range;
use std::sync::LazyLock;

use thiserror::Error;

use crate::report::Report;
use crate::table::{Cell, Column, Kind, ResultTable};

use pseudonym::Pseudonyms;
pub use pseudonym::{Key, KeyLengthError};
use walk::Visitor;

// CLASSES --------------------------------------------------------------------------------------------------

/// What a column holds of a person, from least to most: where columns of several tables have one name, the last
/// counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DataClass {
    /// Codes, times, counts, numbers of work and configuration.
    Technical,
    /// How the product knows an agent: staff.
    Agent,
    /// Numbers of customers, by which rows are joined.
    Customer,
    /// A sentence of chatdb's that may quote a record.
    Message,
    /// The address of somebody's machine.
    Ip,
    /// A telephone number.
    Phone,
    /// Words by which somebody is known elsewhere: accounts, visitors, sessions.
    Token,
    /// A person's name.
    Name,
    /// An e-mail address, or another address of a customer.
    Address,
    /// What people wrote.
    Text,
    /// A record as it stands in a file.
    Record,
}

impl DataClass {
    /// Every class, in their order.
    pub const ALL: [Self; 11] = [
        Self::Technical,
        Self::Agent,
        Self::Customer,
        Self::Message,
        Self::Ip,
        Self::Phone,
        Self::Token,
        Self::Name,
        Self::Address,
        Self::Text,
        Self::Record,
    ];

    /// The word for it, in the list of classes and in pseudonyms.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Technical => "technical",
            Self::Agent => "agent",
            Self::Customer => "customer",
            Self::Message => "message",
            Self::Ip => "ip",
            Self::Phone => "phone",
            Self::Token => "token",
            Self::Name => "name",
            Self::Address => "address",
            Self::Text => "text",
            Self::Record => "record",
        }
    }

    /// Whether values of the class are replaced as a whole.
    #[must_use]
    pub fn is_replaced(self) -> bool {
        self >= Self::Ip
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == name)
    }
}

/// The classes of all columns, as they are written down.
const CLASSES: &str = include_str!("privacy/classes.txt");

/// A line of the list of classes that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ClassesError {
    /// There is no such class.
    #[error("line {line}: no class is called `{word}`")]
    NoClass {
        /// The line, from 1.
        line: usize,
        /// What stands there.
        word: String,
    },
    /// A class stands before any table.
    #[error("line {line}: no `[table]` stands before")]
    NoTable {
        /// The line, from 1.
        line: usize,
    },
    /// A column has two classes.
    #[error("line {line}: `{table}.{column}` has a class already")]
    Twice {
        /// The line, from 1.
        line: usize,
        /// The name of the table.
        table: String,
        /// The name of the column.
        column: String,
    },
}

/// Which column is of which class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Classes {
    columns: Vec<(String, String, DataClass)>,
    by_name: HashMap<String, DataClass>,
}

impl Classes {
    /// Those of the product's schema and of chatdb's own tables in a copy.
    #[must_use]
    pub fn known() -> &'static Self {
        static KNOWN: LazyLock<Classes> =
            LazyLock::new(|| Classes::read(CLASSES).expect("a test reads the list of classes"));
        &KNOWN
    }

    /// Reads a list of classes: `[table]`, then lines of a class and its columns. `[*]` are columns of any table.
    ///
    /// # Errors
    /// When a line is none of these, or a column has two classes.
    pub fn read(text: &str) -> Result<Self, ClassesError> {
        let mut columns: Vec<(String, String, DataClass)> = Vec::new();
        let mut by_name: HashMap<String, DataClass> = HashMap::new();
        let mut table = None;
        for (at, text) in text.lines().enumerate() {
            let line = at + 1;
            let mut words = text.split_whitespace();
            let Some(first) = words.next().filter(|word| !word.starts_with('#')) else {
                continue;
            };
            if let Some(name) = first
                .strip_prefix('[')
                .and_then(|word| word.strip_suffix(']'))
            {
                table = Some(name);
                continue;
            }
            let word = first.to_owned();
            let class = DataClass::from_name(first).ok_or(ClassesError::NoClass { line, word })?;
            let table = table.ok_or(ClassesError::NoTable { line })?;
            for column in words {
                let entry = (table.to_owned(), column.to_owned(), class);
                if columns
                    .iter()
                    .any(|known| known.0 == entry.0 && known.1 == entry.1)
                {
                    let (table, column, _) = entry;
                    return Err(ClassesError::Twice {
                        line,
                        table,
                        column,
                    });
                }
                let strictest = by_name.entry(entry.1.clone()).or_insert(class);
                *strictest = class.max(*strictest);
                columns.push(entry);
            }
        }
        Ok(Self { columns, by_name })
    }

    /// Every table, column and class, as listed.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, DataClass)> {
        self.columns
            .iter()
            .map(|(table, column, class)| (table.as_str(), column.as_str(), *class))
    }

    /// The class of a column of a result: of all columns of that name the one that says most of a person. `None` for
    /// a name that the schema does not have. Letter case does not matter.
    #[must_use]
    pub fn of(&self, column: &str) -> Option<DataClass> {
        self.by_name.get(&column.to_ascii_lowercase()).copied()
    }

    /// Whether one of the product's tables has a column of this name.
    fn is_of_product(&self, column: &str) -> bool {
        let column = column.to_ascii_lowercase();
        let of_product = |table: &str| table.starts_with("eg");
        self.columns
            .iter()
            .any(|(table, name, _)| *name == column && of_product(table))
    }

    /// Whether a table or a column is called so.
    fn is_word(&self, word: &str) -> bool {
        let word = word.to_ascii_lowercase();
        self.by_name.contains_key(&word) || self.columns.iter().any(|(table, ..)| *table == word)
    }
}

// REDACTION ------------------------------------------------------------------------------------------------

/// A pseudonym was needed, and there was no key. What was to be replaced is withheld.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("there is no key to make pseudonyms with")]
pub struct NoKeyError;

/// What was replaced, by kind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Replaced {
    /// How many values of each class have a pseudonym; classes without any are left out.
    pub values: Vec<(DataClass, usize)>,
    /// How many records are withheld.
    pub records: usize,
}

impl Replaced {
    /// Whether nothing was.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.values.is_empty() && self.records == 0
    }

    /// What was done, in a sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        const SAME: &str =
            "with the same key, the same value has the same pseudonym in every report";
        if self.is_nothing() {
            return "Privacy: no personal data was found that had to be replaced.".to_owned();
        }
        let mut parts: Vec<String> = self
            .values
            .iter()
            .map(|(class, n)| counted(*class, *n))
            .collect();
        if self.records > 0 {
            let records = if self.records == 1 {
                "record is"
            } else {
                "records are"
            };
            parts.push(format!("{} {records} withheld", self.records));
        }
        format!(
            "Privacy: pseudonyms stand for personal data ({}); {SAME}.",
            parts.join(", ")
        )
    }
}

fn counted(class: DataClass, n: usize) -> String {
    let (one, more) = match class {
        DataClass::Address => ("address", "addresses"),
        DataClass::Name => ("name", "names"),
        DataClass::Phone => ("telephone number", "telephone numbers"),
        DataClass::Ip => ("IP address", "IP addresses"),
        DataClass::Token => ("token", "tokens"),
        _ => ("text", "texts"),
    };
    format!("{n} {}", if n == 1 { one } else { more })
}

/// The sentence for a report in which nothing was replaced because the user wants it so.
pub const INCLUDED: &str =
    "Privacy: this report includes personal data as it stands in the rows (`--include-pii`).";

/// Where a pseudonym would stand if there were a key.
const WITHHELD: &str = "(withheld)";

/// Replaces what is personal. It asks for the key when it first needs one, so that none is made for nothing.
pub struct Redactor<'k> {
    classes: &'k Classes,
    key: Box<dyn FnMut() -> Option<Key> + 'k>,
    pseudonyms: Option<Pseudonyms>,
    lacks_key: bool,
    records: usize,
    seen: Seen,
    /// Addresses that the document prints.
    public: HashSet<String>,
    /// Texts of columns that are kept, which repeat, and what became of them.
    kept: HashMap<(DataClass, String), String>,
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
            seen: Seen::default(),
            public: HashSet::new(),
            kept: HashMap::new(),
        }
    }

    /// Replaces what is personal in a report of exported rows. Replays in it stay as they are.
    ///
    /// # Errors
    /// When there is no key; the report then holds nothing personal either.
    pub fn report(&mut self, report: &mut Report) -> Result<Replaced, NoKeyError> {
        let mut seeing = Seeing {
            classes: self.classes,
            seen: Seen::default(),
            public: HashSet::new(),
        };
        walk::report(report, self.classes, &mut seeing);
        self.seen = seeing.seen;
        self.public = seeing.public;
        self.kept.clear();
        let classes = self.classes;
        walk::report(report, classes, &mut Replacing(self));
        if self.lacks_key {
            Err(NoKeyError)
        } else {
            Ok(self.replaced())
        }
    }

    /// What has been replaced so far.
    #[must_use]
    pub fn replaced(&self) -> Replaced {
        let count = |class: DataClass| self.pseudonyms.as_ref().map_or(0, |made| made.count(class));
        let classes = DataClass::ALL
            .into_iter()
            .rev()
            .map(|class| (class, count(class)));
        Replaced {
            values: classes.filter(|(_, n)| *n > 0).collect(),
            records: self.records,
        }
    }

    /// Replaces what is personal in a table.
    pub fn table(&mut self, table: &mut ResultTable) {
        walk::table(table, &mut Replacing(self));
    }

    /// Replaces addresses and the like in a sentence, and values that stand in columns of the same report.
    pub fn sentence(&mut self, text: &mut String) {
        self.scan(text);
    }

    /// The same for a sentence that quotes records in backticks: what is quoted and is no name of the schema goes too.
    pub fn message(&mut self, text: &mut String) {
        let mut parts: Vec<String> = text.split('`').map(str::to_owned).collect();
        let last = parts.len() - 1;
        for (at, part) in parts.iter_mut().enumerate() {
            // What is quoted may hold a backtick itself: then the words between two look glued to them.
            let apart =
                part.starts_with([' ', ',', ';', ':', '.', ')']) && part.ends_with([' ', '(']);
            let quoted = at % 2 == 1 || (at > 0 && at < last && !apart);
            let is_kind = Kind::ALL.iter().any(|kind| kind.name() == part);
            if quoted && part.len() > 1 && !is_kind && !self.classes.is_word(part) {
                *part = self.text(part);
            }
        }
        *text = parts.join("`");
        self.scan(text);
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
        let unit = if length == 1 {
            "character"
        } else {
            "characters"
        };
        format!("{pseudonym}({length} {unit})")
    }

    fn cell(&mut self, column: &Column, cell: &mut Cell) {
        let class = self.classes.of(&column.name);
        match (class, &mut *cell) {
            (_, Cell::Null) => {}
            (_, Cell::Text(text)) if text.trim().is_empty() => {}
            (Some(DataClass::Record), _) => {
                self.records += 1;
                *cell = Cell::Text(WITHHELD.to_owned());
            }
            (Some(class), cell) if class.is_replaced() => {
                *cell = Cell::Text(self.value(class, &cell.to_string()));
            }
            (Some(DataClass::Message), Cell::Text(text)) => self.message(text),
            (_, Cell::Text(text)) if column.own => self.scan(text),
            (Some(class), Cell::Text(text)) => self.kept(class, text),
            (None, Cell::Text(text)) => *text = self.text(text),
            (None, cell) if !column.own && is_long(cell) => {
                *cell = Cell::Text(self.text(&cell.to_string()));
            }
            _ => {}
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
                let text = spelling::decoded(text);
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
                let digits = spelling::phone(text);
                let known = if digits.is_empty() {
                    plain(text)
                } else {
                    digits
                };
                self.pseudonym(class, &known)
            }
            _ => self.pseudonym(class, &plain(text)),
        }
    }

    /// A text of a column that is kept: it stays, unless something personal is in it.
    fn kept(&mut self, class: DataClass, text: &mut String) {
        let known = (class, mem::take(text));
        if let Some(kept) = self.kept.get(&known) {
            text.clone_from(kept);
            return;
        }
        *text = self.looked_at(class, &known.1);
        self.kept.insert(known, text.clone());
    }

    fn looked_at(&mut self, class: DataClass, text: &str) -> String {
        // How an agent is called in one column may be the agent's first name in another: staff is not hidden.
        let counts = |found: DataClass| found != DataClass::Name || class != DataClass::Agent;
        if let Some((found, value)) = self.seen.whole(text) {
            return if counts(found) {
                self.value(found, &value)
            } else {
                text.to_owned()
            };
        }
        let all = spelling::addresses_of_cell(text);
        if let [only] = all.as_slice() {
            return self.pseudonym(DataClass::Address, only);
        }
        let decoded = spelling::decoded(text);
        let seen = self
            .seen
            .next_in(&decoded, 0)
            .is_some_and(|(_, found, _)| counts(found));
        let spelt = decoded != text && !spelling::machines(&decoded).is_empty();
        if seen || spelt || !all.is_empty() || !spelling::phones(&decoded).is_empty() {
            return self.text(text);
        }
        let mut text = text.to_owned();
        self.replace_found(&mut text, DataClass::Ip, spelling::machines);
        text
    }

    /// A sentence: what is personal in it is replaced, the rest stays.
    fn scan(&mut self, text: &mut String) {
        self.replace_seen(text);
        let decoded = spelling::decoded(text).into_owned();
        let spelt = decoded != *text
            && (self.seen.any_in(&decoded)
                || !spelling::machines(&decoded).is_empty()
                || !spelling::phones(&decoded).is_empty());
        if spelt || !spelling::addresses(&decoded).is_empty() {
            // Where it lies in the encoded text is not to be told; the sentence is shown decoded.
            *text = decoded;
            self.replace_seen(text);
            self.replace_found(text, DataClass::Address, spelling::addresses);
        }
        self.replace_found(text, DataClass::Ip, spelling::machines);
        self.replace_found(text, DataClass::Phone, spelling::phones);
    }

    fn replace_found(
        &mut self,
        text: &mut String,
        class: DataClass,
        find: fn(&str) -> Vec<spelling::Found>,
    ) {
        for found in find(text).into_iter().rev() {
            if self.public.contains(&found.canonical) {
                continue;
            }
            let pseudonym = self.pseudonym(class, &found.canonical);
            text.replace_range(found.at, &pseudonym);
        }
    }

    fn replace_seen(&mut self, text: &mut String) {
        let mut from = 0;
        while let Some((range, class, value)) = self.seen.next_in(text, from) {
            let pseudonym = self.value(class, &value);
            from = range.start + pseudonym.len();
            text.replace_range(range, &pseudonym);
        }
    }
}

/// A message without the addresses and numbers in it, and, where it `quotes` rows, without what stands in quotes or
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
        redactor.message(&mut text);
    } else {
        redactor.sentence(&mut text);
    }
    text
}

/// The one spelling of a value that is no address: lower case, single blanks.
fn plain(text: &str) -> String {
    text.to_lowercase()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

/// Whether a number has as many digits as a telephone number, so that it could be one where nothing says what it is.
fn is_long(cell: &Cell) -> bool {
    const SHORTEST: f64 = 1e6;
    match cell {
        Cell::Integer(value) => value.unsigned_abs() >= 1_000_000,
        Cell::Real(value) => value.abs() >= SHORTEST,
        Cell::Decimal(value) => {
            (value.as_str().parse()).is_ok_and(|value: f64| value.abs() >= SHORTEST)
        }
        _ => false,
    }
}

/// Values of columns that are replaced, to be found where sentences repeat them.
#[derive(Debug, Default)]
struct Seen {
    /// In lower case, with the class and the spelling seen first.
    values: HashMap<String, (DataClass, String)>,
    /// The lengths of values by their first word, longest first.
    lengths: HashMap<String, Vec<usize>>,
}

impl Seen {
    /// Shorter values would be found everywhere.
    const SHORTEST: usize = 3;
    /// Longer ones are not repeated as a whole.
    const LONGEST: usize = 300;
    /// Texts are found from here: below, they are words like any other.
    const SHORTEST_TEXT: usize = 8;
    /// From here on letter case does not matter: a short word in another one is likely another word.
    const ANY_CASE: usize = 6;

    fn add(&mut self, class: DataClass, text: &str) {
        let text = text.trim();
        let is_text = class == DataClass::Text;
        let least = if is_text {
            Self::SHORTEST_TEXT
        } else {
            Self::SHORTEST
        };
        if !(least..=Self::LONGEST).contains(&text.len()) {
            return;
        }
        let lower = text.to_ascii_lowercase();
        let lengths = self
            .lengths
            .entry(first_word(&lower).to_owned())
            .or_default();
        if let Err(at) = lengths.binary_search_by(|known| text.len().cmp(known)) {
            lengths.insert(at, text.len());
        }
        self.values
            .entry(lower)
            .or_insert_with(|| (class, text.to_owned()));
    }

    /// The next value in the text at or after `from`, as a word of its own.
    fn next_in(&self, text: &str, from: usize) -> Option<(Range<usize>, DataClass, String)> {
        if self.values.is_empty() {
            return None;
        }
        let lower = text.to_ascii_lowercase();
        for (at, _) in lower[from..].char_indices() {
            let at = from + at;
            if lower[..at].ends_with(is_word) {
                continue;
            }
            let lengths = self.lengths.get(first_word(&lower[at..]));
            for length in lengths.into_iter().flatten() {
                let Some(found) = lower.get(at..at + length) else {
                    continue;
                };
                let Some((class, value)) = self.values.get(found) else {
                    continue;
                };
                let same = *length >= Self::ANY_CASE || text[at..at + length] == *value;
                if same && !lower[at + length..].starts_with(is_word) {
                    return Some((at..at + length, *class, value.clone()));
                }
            }
        }
        None
    }

    fn any_in(&self, text: &str) -> bool {
        self.next_in(text, 0).is_some()
    }

    /// The value that the text is, as a whole.
    fn whole(&self, text: &str) -> Option<(DataClass, String)> {
        let text = text.trim();
        let (range, class, value) = self.next_in(text, 0)?;
        (range == (0..text.len())).then_some((class, value))
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn first_word(text: &str) -> &str {
    &text[..text.len() - text.trim_start_matches(is_word).len()]
}

/// The first walk: what stands in columns that are replaced.
struct Seeing<'c> {
    classes: &'c Classes,
    seen: Seen,
    public: HashSet<String>,
}

impl Visitor for Seeing<'_> {
    fn cell(&mut self, column: &Column, cell: &mut Cell) {
        if let Some(class) = self
            .classes
            .of(&column.name)
            .filter(|class| class.is_replaced())
            && class != DataClass::Record
            && *cell != Cell::Null
        {
            self.seen.add(class, &cell.to_string());
        }
    }

    fn sentence(&mut self, _: &mut String) {}

    fn printed(&mut self, text: &str) {
        self.public.extend(spelling::addresses_of_cell(text));
    }
}

/// The second walk.
struct Replacing<'r, 'k>(&'r mut Redactor<'k>);

impl Visitor for Replacing<'_, '_> {
    fn cell(&mut self, column: &Column, cell: &mut Cell) {
        self.0.cell(column, cell);
    }

    fn sentence(&mut self, text: &mut String) {
        self.0.scan(text);
    }
}
