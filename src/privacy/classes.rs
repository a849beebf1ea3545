//! What each column of the schema holds of a person.

use std::collections::HashMap;
use std::sync::LazyLock;

use thiserror::Error;

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
    /// A record as it is in a file.
    Record,
    /// The heading of a column that is no word of the product's or the program's.
    Heading,
    /// The name of a file or a folder.
    File,
}

impl DataClass {
    /// Every class, in their order.
    pub const ALL: [Self; 13] = [
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
        Self::Heading,
        Self::File,
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
            Self::Heading => "column",
            Self::File => "file",
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
const CLASSES: &str = include_str!("classes.txt");

/// A line of the list of classes that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ClassesError {
    /// There is no such class.
    #[error("line {line}: unknown class `{word}`")]
    NoClass {
        /// The line, from 1.
        line: usize,
        /// What is there.
        word: String,
    },
    /// A class precedes any table.
    #[error("line {line}: no `[table]` precedes it")]
    NoTable {
        /// The line, from 1.
        line: usize,
    },
    /// A column has two classes.
    #[error("line {line}: `{table}.{column}` already has a class")]
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
    /// Those of the product's schema and of chatdb's own tables in an import database.
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
            if let Some(name) = first.strip_prefix('[').and_then(|word| word.strip_suffix(']')) {
                table = Some(name);
                continue;
            }
            let word = first.to_owned();
            let class = DataClass::from_name(first).ok_or(ClassesError::NoClass { line, word })?;
            let table = table.ok_or(ClassesError::NoTable { line })?;
            for column in words {
                let entry = (table.to_owned(), column.to_owned(), class);
                if columns.iter().any(|known| known.0 == entry.0 && known.1 == entry.1) {
                    let (table, column, _) = entry;
                    return Err(ClassesError::Twice { line, table, column });
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
        self.columns.iter().map(|(table, column, class)| (table.as_str(), column.as_str(), *class))
    }

    /// The class of a column of a result: of all columns of that name the one that says most of a person. `None` for
    /// a name that the schema does not have. Letter case does not matter.
    #[must_use]
    pub fn of(&self, column: &str) -> Option<DataClass> {
        self.by_name.get(&column.to_ascii_lowercase()).copied()
    }

    /// The names of all tables and columns.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let columns = self.columns.iter();
        columns.flat_map(|(table, column, _)| [table.as_str(), column.as_str()])
    }
}
