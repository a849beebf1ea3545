//! Every function and module that SQLite lists, and whether foreign SQL may use it. No setting may be used.
//!
//! The lists are those of the SQLite that is built in. A test holds them against what it lists itself, so that
//! whatever a new version brings is refused, and noticed, until somebody has looked at it.

use crate::sql::functions::percentile::PERCENTILES;
use crate::sql::functions::spread::SPREADS;
use crate::sql::functions::{FUNCTIONS, SINGLE};

/// Whether foreign SQL may use something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// It may be used.
    Allowed,
    /// It may not, and why: the end of a sentence that begins with `which`.
    Refused(&'static str),
}

use Class::{Allowed as A, Refused as R};

const BEYOND: &str = "reaches beyond the database";
const CLOCK: &str = "reads the system clock; the scenario's time is the row of `chatdb_clock`";
const ELSE: &str = "is not deterministic";
const INDEX: &str = "belongs to virtual tables, which are not allowed";
const LARGE: &str = "creates text of any length; `||` and `->>` do not";
const PROGRAM: &str = "describes the program, not the data";
const SPACE: &str = "creates bytes that are in no table";
const SQUARE: &str = "takes time that grows with the square of its arguments";
const STATE: &str = "depends on earlier statements";

/// The functions, by name. Those that begin with `tsql_` are ours, see [`function`].
pub const SQLITE_FUNCTIONS: &[(&str, Class)] = &[
    ("->", A),
    ("->>", A),
    ("abs", A),
    ("avg", A),
    ("bm25", R(INDEX)),
    ("changes", R(STATE)),
    ("char", A),
    ("coalesce", A),
    ("concat", R(LARGE)),
    ("concat_ws", R(LARGE)),
    ("count", A),
    ("cume_dist", A),
    ("current_date", R(CLOCK)),
    ("current_time", R(CLOCK)),
    ("current_timestamp", R(CLOCK)),
    ("date", A),
    ("datetime", A),
    ("dense_rank", A),
    ("first_value", A),
    ("format", A),
    ("fts3_tokenizer", R(BEYOND)),
    ("fts5", R(INDEX)),
    ("fts5_get_locale", R(INDEX)),
    ("fts5_insttoken", R(INDEX)),
    ("fts5_locale", R(INDEX)),
    ("fts5_source_id", R(INDEX)),
    ("glob", A),
    ("group_concat", A),
    ("hex", A),
    ("highlight", R(INDEX)),
    ("if", A),
    ("ifnull", A),
    ("iif", A),
    ("instr", A),
    ("json", A),
    ("json_array", R(LARGE)),
    ("json_array_insert", R(LARGE)),
    ("json_array_length", A),
    ("json_error_position", A),
    ("json_extract", R(LARGE)),
    ("json_group_array", R(LARGE)),
    ("json_group_object", R(LARGE)),
    ("json_insert", R(LARGE)),
    ("json_object", R(LARGE)),
    ("json_patch", R(SQUARE)),
    ("json_pretty", R(LARGE)),
    ("json_quote", A),
    ("json_remove", A),
    ("json_replace", R(LARGE)),
    ("json_set", R(LARGE)),
    ("json_type", A),
    ("json_valid", A),
    ("jsonb", A),
    ("jsonb_array", R(LARGE)),
    ("jsonb_array_insert", R(LARGE)),
    ("jsonb_extract", R(LARGE)),
    ("jsonb_group_array", R(LARGE)),
    ("jsonb_group_object", R(LARGE)),
    ("jsonb_insert", R(LARGE)),
    ("jsonb_object", R(LARGE)),
    ("jsonb_patch", R(SQUARE)),
    ("jsonb_remove", A),
    ("jsonb_replace", R(LARGE)),
    ("jsonb_set", R(LARGE)),
    ("julianday", A),
    ("lag", A),
    ("last_insert_rowid", A),
    ("last_value", A),
    ("lead", A),
    ("length", A),
    ("like", A),
    ("likelihood", A),
    ("likely", A),
    ("load_extension", R(BEYOND)),
    ("lower", A),
    ("ltrim", A),
    ("match", R(INDEX)),
    ("matchinfo", R(INDEX)),
    ("max", A),
    ("min", A),
    ("nth_value", A),
    ("ntile", A),
    ("nullif", A),
    ("octet_length", A),
    ("offsets", R(INDEX)),
    ("optimize", R(INDEX)),
    ("percent_rank", A),
    ("printf", A),
    ("quote", A),
    ("random", R(ELSE)),
    ("randomblob", R(ELSE)),
    ("rank", A),
    ("replace", A),
    ("round", A),
    ("row_number", A),
    ("rtreecheck", R(INDEX)),
    ("rtreedepth", R(INDEX)),
    ("rtreenode", R(INDEX)),
    ("rtrim", A),
    ("sign", A),
    ("snippet", R(INDEX)),
    ("soundex", A),
    ("sqlite_compileoption_get", R(PROGRAM)),
    ("sqlite_compileoption_used", R(PROGRAM)),
    ("sqlite_log", R(BEYOND)),
    ("sqlite_source_id", R(PROGRAM)),
    ("sqlite_version", R(PROGRAM)),
    ("strftime", A),
    ("string_agg", A),
    ("substr", A),
    ("substring", A),
    ("subtype", A),
    ("sum", A),
    ("time", A),
    ("timediff", A),
    ("total", A),
    ("total_changes", R(STATE)),
    ("trim", A),
    ("typeof", A),
    ("unhex", R(SQUARE)),
    ("unicode", A),
    ("unistr", A),
    ("unistr_quote", A),
    ("unixepoch", A),
    ("unlikely", A),
    ("upper", A),
    ("zeroblob", R(SPACE)),
];

const NO_VIRTUAL: &str = "is a virtual table's module, and none can be made or opened";
const PAGES: &str = "shows pages of the file";

/// The modules, by name: of virtual tables, and of functions that give a table.
pub const MODULES: &[(&str, Class)] = &[
    ("dbstat", R(PAGES)),
    ("fts3", R(NO_VIRTUAL)),
    ("fts3tokenize", R(NO_VIRTUAL)),
    ("fts4", R(NO_VIRTUAL)),
    ("fts4aux", R(NO_VIRTUAL)),
    ("fts5", R(NO_VIRTUAL)),
    ("fts5vocab", R(NO_VIRTUAL)),
    ("json_each", A),
    ("json_tree", A),
    ("rtree", R(NO_VIRTUAL)),
    ("rtree_i32", R(NO_VIRTUAL)),
    ("sqlite_dbpage", R("reads and replaces pages of the file")),
];

/// How the names of the functions begin that give a setting as a table.
const PRAGMA_TABLES: &str = "pragma_";

/// How the names of our own functions begin.
const OWN: &str = "tsql_";

/// The class of the function `name`; `None` when nobody has classed it. Our own are pure, and look at no more than
/// their arguments; how much one call compares is limited where it is written.
#[must_use]
pub fn function(name: &str) -> Option<Class> {
    if !begins(name, OWN) {
        return find(SQLITE_FUNCTIONS, name);
    }
    let same = |own: &str| own.eq_ignore_ascii_case(name);
    let aggregate = same(SINGLE)
        || PERCENTILES.iter().any(|(own, _)| same(own))
        || SPREADS.iter().any(|(own, _)| same(own));
    (aggregate || FUNCTIONS.iter().any(|own| same(own.name))).then_some(A)
}

/// The class of what is read from by the name `name`: a table or view, unless it is a module's.
#[must_use]
pub fn table(name: &str) -> Class {
    if begins(name, PRAGMA_TABLES) {
        return R("reads or changes a setting (PRAGMA)");
    }
    find(MODULES, name).unwrap_or(A)
}

/// The class of the module `name`; `None` when nobody has classed it.
#[must_use]
pub fn module(name: &str) -> Option<Class> {
    match table(name) {
        refused @ R(_) => Some(refused),
        A => find(MODULES, name),
    }
}

/// Looks a name up whatever its letter case. Asked for each column of each statement, so nothing is copied.
fn find<T: Copy>(list: &[(&str, T)], name: &str) -> Option<T> {
    let order = |other: &str| {
        let other = other.bytes();
        other.cmp(name.bytes().map(|byte| byte.to_ascii_lowercase()))
    };
    let at = list.binary_search_by(|(other, _)| order(other)).ok()?;
    Some(list[at].1)
}

/// Whether a name begins so, whatever its letter case.
pub(super) fn begins(name: &str, prefix: &str) -> bool {
    let head = name.as_bytes().get(..prefix.len());
    head.is_some_and(|head| head.eq_ignore_ascii_case(prefix.as_bytes()))
}
