//! The functions of T-SQL: one entry for each in `table/entries.rs`, from its name to its line of help.
//!
//! A function is added here and nowhere else, unless it is more than a call: what the translator writes in another way
//! ([`CallKind::Written`]) has an arm in `tsql/functions.rs` besides. The registration with SQLite, the check of a
//! call's arguments, the type of its result, what is suggested for a misspelt name, the page `FUNCTIONS.md` and the
//! tests over all entries follow from this table.

mod entries;

pub use entries::{SERVER, TABLE};

use super::{Outcome, Value};
use crate::schema::types::Type;

/// What an argument must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArgumentKind {
    /// Any value; the translator looks at it.
    Any,
    /// A condition, true or not.
    Condition,
    /// The name of a part of a date.
    Part,
    /// A text, or a value that SQL Server makes one of.
    Text,
    /// The same, searched in the default collation only.
    Searched,
    /// A text and nothing else, as SQL Server has it.
    Characters,
    /// A whole number; a fraction is cut off, and a text is read.
    Whole,
    /// A number; a text is read as a `float`.
    Number,
    /// A date, a time or both, or a text that is one.
    Date,
}

/// The type of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReturnKind {
    /// Always this type.
    Of(Type),
    /// The text type of the first argument.
    TextOfFirst,
    /// The text type of the first argument, no longer than the argument of this index says.
    PartOfFirst(usize),
    /// `varchar(max)`, or `nvarchar(max)` where an argument is Unicode.
    Joined,
    /// What the translator finds.
    Depends,
}

/// How a call comes to SQLite.
#[derive(Debug, Clone, Copy)]
pub enum CallKind {
    /// A function in Rust, registered under this name.
    Rust {
        /// The name under which SQLite knows it.
        name: &'static str,
        /// Computes the value from its arguments.
        call: fn(&[Value]) -> Outcome,
    },
    /// The translator writes it in another way.
    Written,
    /// An aggregate, which the translator writes.
    Aggregate,
    /// A window function that SQLite has as well.
    Window,
    /// It is syntax of its own, such as `CAST(x AS type)`; listed for suggestions.
    Syntax,
    /// It is known and not computed; the help says what works instead.
    Refused,
}

/// A function of T-SQL.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// The name, in lower case.
    pub name: &'static str,
    /// What its arguments are.
    pub takes: &'static [ArgumentKind],
    /// How many of them may be left out at the end.
    pub optional: usize,
    /// Whether the last one may come any number of times.
    pub repeats: bool,
    /// The type of its result.
    pub gives: ReturnKind,
    /// How it is run.
    pub form: CallKind,
    /// What it gives, in one line; of what is refused, what works instead, or nothing.
    pub help: &'static str,
}

impl Entry {
    /// The least number of arguments.
    #[must_use]
    pub fn least(&self) -> usize {
        self.takes.len() - self.optional
    }

    /// The greatest number of arguments; `None` when there is none.
    #[must_use]
    pub fn most(&self) -> Option<usize> {
        (!self.repeats).then_some(self.takes.len())
    }

    /// How many arguments it takes, in words.
    #[must_use]
    pub fn arity(&self) -> String {
        let plural = |n: usize| if n == 1 { "argument" } else { "arguments" };
        match (self.least(), self.most()) {
            (least, None) => format!("{least} {} or more", plural(least)),
            (least, Some(most)) if least == most => format!("{least} {}", plural(least)),
            (least, Some(most)) => format!("{least} to {most} arguments"),
        }
    }
}

/// The entry of this name, in any letter case.
#[must_use]
pub fn entry(name: &str) -> Option<&'static Entry> {
    let lower = name.to_ascii_lowercase();
    let at = TABLE.binary_search_by(|entry| entry.name.cmp(&lower));
    at.ok().and_then(|at| TABLE.get(at))
}

const fn plain(
    name: &'static str,
    takes: &'static [ArgumentKind],
    gives: ReturnKind,
    form: CallKind,
    help: &'static str,
) -> Entry {
    Entry { name, takes, optional: 0, repeats: false, gives, form, help }
}

impl Entry {
    const fn optional(mut self, count: usize) -> Self {
        self.optional = count;
        self
    }

    const fn repeating(mut self) -> Self {
        self.repeats = true;
        self
    }
}

macro_rules! rust {
    ($name:literal, $takes:expr, $gives:expr, $call:path, $help:literal) => {
        plain(
            $name,
            &$takes,
            $gives,
            CallKind::Rust { name: concat!("tsql_", $name), call: $call },
            $help,
        )
    };
}

const fn written(
    name: &'static str,
    takes: &'static [ArgumentKind],
    gives: ReturnKind,
    help: &'static str,
) -> Entry {
    plain(name, takes, gives, CallKind::Written, help)
}

const fn aggregate(
    name: &'static str,
    takes: &'static [ArgumentKind],
    help: &'static str,
) -> Entry {
    plain(name, takes, ReturnKind::Depends, CallKind::Aggregate, help)
}

const fn window(
    name: &'static str,
    takes: &'static [ArgumentKind],
    gives: ReturnKind,
    help: &'static str,
) -> Entry {
    plain(name, takes, gives, CallKind::Window, help)
}

const fn syntax(name: &'static str, help: &'static str) -> Entry {
    plain(name, &[], ReturnKind::Depends, CallKind::Syntax, help)
}

const fn refused(name: &'static str, help: &'static str) -> Entry {
    plain(name, &[], ReturnKind::Depends, CallKind::Refused, help)
}

use rust;
