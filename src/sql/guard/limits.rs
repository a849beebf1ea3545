//! How much a statement may ask for.
//!
//! A limit counts work or bytes, not time, so that the same input has the same outcome on every machine. The time
//! that a statement may take is the matter of whoever runs the program: see `LATE_SECONDS`.

/// How many steps of SQLite's machine a statement of a scenario may take. The greatest of the ten scenarios takes
/// less than a hundredth.
pub const MAX_STEPS: u64 = 200_000_000;

/// How many steps the statements of a scenario may take together, in all runs that one question needs: as many as
/// twenty statements may. To find what decides every check of one of the ten scenarios takes less than a tenth.
pub const MAX_STEPS_TOGETHER: u64 = 20 * MAX_STEPS;

/// How long they may take together, in seconds.
pub const TOGETHER_SECONDS: u64 = 12 * LATE_SECONDS;

/// How large a replay's database may grow, in bytes.
pub const MAX_DATABASE: u64 = 128 * MIB;

/// How much memory a check's answer may take, in bytes.
pub const MAX_ANSWER: u64 = 64 * MIB;

/// How much memory the answer to a question may take, in bytes.
pub const MAX_QUESTION_ANSWER: u64 = 1024 * MIB;

/// How much memory SQLite may take in all while the program plays scenarios, in bytes.
pub const MAX_MEMORY: u64 = 512 * MIB;

/// How long a statement of a scenario may take before the program stops it, in seconds. The library has no clock: it
/// is stopped from outside, and only where its steps are so slow that the limit of steps has not ended it yet.
pub const LATE_SECONDS: u64 = 5;

/// How many characters are compared in one call of a function that looks for a text in another.
pub const MAX_COMPARISONS: u64 = 20_000_000;

/// How large a database file may be to be checked for damage before it is queried, in bytes.
pub const MAX_INTEGRITY_CHECKED: u64 = 16 * MIB;

/// How long a text may be that is asked, in bytes; rewritten for SQLite it may be longer.
pub const LONGEST_TEXT: u32 = 1_000_000;

/// How long a part of a rewritten query may become, in bytes: what SQLite is given at most.
pub const LONGEST_REWRITTEN: usize = 4 * LONGEST_TEXT as usize;

/// How many steps the rewriting of a text may take: the bytes that are written, those of parts that are copied into
/// larger ones included, and [`NODE_STEPS`] for each value, condition and query.
pub const MAX_REWRITE_STEPS: u64 = 100_000_000;
/// What a value, condition or query counts for besides its bytes.
pub const NODE_STEPS: usize = 64;

/// How many columns, groupings or terms of an order one SELECT may have: SQL Server's own limit of columns.
pub const MAX_LIST: usize = 4096;
/// How many tables one FROM may have: SQL Server's own limit.
pub const MAX_SOURCES: usize = 256;
/// How many variables a text may declare.
pub const MAX_VARIABLES: usize = 1_000;

const MIB: u64 = 1024 * 1024;

/// What SQLite itself counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a text, a blob or a row.
    pub length: u32,
    /// Bytes of a statement.
    pub sql_length: u32,
    /// How deep an expression nests, and how many subqueries are in one another.
    pub depth: u32,
    /// How deep the parser nests.
    pub parser_depth: u32,
    /// Parts of a `UNION`.
    pub compound: u32,
    /// Columns of a table or an answer.
    pub columns: u32,
    /// Arguments of a function.
    pub arguments: u32,
    /// Most values that it names.
    pub values: u32,
    /// Bytes of a pattern of `LIKE` or `GLOB`.
    pub pattern: u32,
    /// Triggers that set off one another.
    pub triggers: u32,
    /// Databases beside the one that is open.
    pub attached: u32,
    /// Threads beside the one that asks.
    pub threads: u32,
}

/// For what a scenario's folder holds.
pub const FOLDER: Limits = Limits {
    length: 1_000_000,
    sql_length: 1_000_000,
    depth: 100,
    parser_depth: 1_000,
    compound: 50,
    columns: 200,
    arguments: 127,
    values: 999,
    pattern: 100,
    triggers: 10,
    attached: 0,
    threads: 0,
};

/// For what a user asks. A production row may be long, a table wide, and an expression of T-SQL is longer once it is
/// rewritten.
pub const QUESTION: Limits = Limits {
    length: 16 * 1024 * 1024,
    sql_length: 4 * LONGEST_TEXT,
    depth: 1_000,
    parser_depth: 2_500,
    compound: 500,
    columns: 2_000,
    arguments: 255,
    values: 999,
    pattern: 100,
    triggers: 10,
    attached: 0,
    threads: 0,
};

impl super::Origin {
    /// What SQLite counts for a statement of this origin.
    #[must_use]
    pub fn limits(self) -> Limits {
        match self {
            Self::Script | Self::Query => FOLDER,
            Self::Question | Self::Change => QUESTION,
        }
    }

    /// How many steps it may take; `None` where the user says when to stop.
    #[must_use]
    pub fn max_steps(self) -> Option<u64> {
        match self {
            Self::Script | Self::Query => Some(MAX_STEPS),
            Self::Question | Self::Change => None,
        }
    }

    /// How much memory its answer may take, in bytes.
    #[must_use]
    pub fn max_answer(self) -> u64 {
        match self {
            Self::Script | Self::Query => MAX_ANSWER,
            Self::Question | Self::Change => MAX_QUESTION_ANSWER,
        }
    }
}
