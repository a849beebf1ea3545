//! Statements that are refused by their first words, and what works instead.

use sqlparser::tokenizer::Token;

use super::Reader;
use crate::diagnostic::Position;
use crate::sql::tsql::batch::{position, unsupported, word};
use crate::sql::tsql::{TsqlError, TsqlProblem};

/// How many tokens of an INSERT are looked through for the EXEC that its rows come from.
const LONGEST_INSERT: usize = 60;

/// What works instead of dynamic SQL.
const DYNAMIC: &str = "run the text that is in the quotes itself, with DECLARE for its parameters";

/// What works instead of a cursor.
pub const CURSORS: &str = "a query over the same rows needs no cursor: SUM or ROW_NUMBER() OVER, STRING_AGG, or \
                           WHILE over a temporary table";

impl Reader<'_> {
    /// Refuses by their first word the statements that are not read at all, and those that hold others, into which the
    /// parser would go down without an end.
    pub(super) fn refuse_by_first_word(
        &self,
        token: &Token,
        at: Position,
    ) -> Result<(), TsqlError> {
        if self.is_at(0, "CREATE") && !self.is_at(1, "TABLE") {
            let index =
                self.is_at(1, "INDEX") || (self.is_at(1, "UNIQUE") && self.is_at(2, "INDEX"));
            let on = (2..8).find(|nth| self.is_at(*nth, "ON"));
            if index && on.is_some_and(|on| self.names_temporary(on + 1)) {
                return Ok(());
            }
            return Err(TsqlError::new(at, TsqlProblem::Writes("CREATE".to_owned())));
        }
        if self.is_at(0, "TRUNCATE") && self.is_at(1, "TABLE") && self.names_temporary(2) {
            return Ok(());
        }
        if self.is_at(0, "BEGIN") && (self.is_at(1, "TRY") || self.is_at(1, "CATCH")) {
            return Err(unsupported(at, "TRY and CATCH").with_hint(
                "run the statements without them; TRY_CAST, TRY_CONVERT and NULLIF give NULL instead of an error",
            ));
        }
        if self.is_at(0, "INSERT") && self.is_at(1, "TOP") {
            return Err(unsupported(at, "INSERT TOP").with_hint("write TOP (n) after SELECT"));
        }
        // A variable may be one too: `DECLARE @c CURSOR`.
        let is_cursor = (2..4).any(|nth| self.is_at(nth, "CURSOR"));
        if self.is_at(0, "DECLARE") && is_cursor {
            return Err(unsupported(at, "DECLARE CURSOR").with_hint(CURSORS));
        }
        let runs = |nth: usize| self.is_at(nth, "EXEC") || self.is_at(nth, "EXECUTE");
        let called = if self.is_at(0, "INSERT") {
            let end = (1..LONGEST_INSERT).find(|nth| self.ends_statement(*nth));
            let has_rows = |nth| ["SELECT", "VALUES"].iter().any(|word| self.is_at(nth, word));
            end.filter(|end| !(1..*end).any(has_rows)).map(|end| end + 1)
        } else {
            Some(0)
        };
        let called = called.filter(|nth| runs(*nth));
        if let Some(called) = called {
            return Err(self.procedure(called));
        }
        refuse_by_first_word(token, at)
    }

    /// Refuses the procedure or dynamic SQL that EXEC runs.
    fn procedure(&self, exec: usize) -> TsqlError {
        let token = self.parser.peek_nth_token_ref(exec);
        let word = word(&token.token).unwrap_or("EXEC").to_ascii_uppercase();
        // `EXEC @result = name`, or `schema.name`.
        let name =
            (exec + 1..exec + 7).take_while(|nth| !self.ends_statement(*nth)).find_map(|nth| {
                let text = self.parser.peek_nth_token_ref(nth).to_string();
                let text = text.trim_matches(['[', ']']).to_lowercase();
                text.starts_with("sp_").then_some(text)
            });
        let hint = match name.as_deref() {
            Some("sp_executesql") => DYNAMIC,
            Some("sp_help" | "sp_columns" | "sp_tables") => {
                "SELECT * FROM INFORMATION_SCHEMA.COLUMNS lists the columns of all tables"
            }
            _ if self.parser.peek_nth_token_ref(exec + 1).token == Token::LParen => DYNAMIC,
            _ => "run the query that the procedure holds, with DECLARE for its parameters",
        };
        TsqlError::new(position(token.span.start), TsqlProblem::Runs(word)).with_hint(hint)
    }
}

/// Refuses by their first word the statements that are not read at all.
fn refuse_by_first_word(token: &Token, at: Position) -> Result<(), TsqlError> {
    const READ: [&str; 9] =
        ["SELECT", "WITH", "DECLARE", "SET", "USE", "INSERT", "CREATE", "DROP", "IF"];
    const WRITE: [&str; 22] = [
        "ALTER",
        "BACKUP",
        "BULK",
        "CHECKPOINT",
        "COMMIT",
        "DBCC",
        "DELETE",
        "DENY",
        "GRANT",
        "KILL",
        "MERGE",
        "RECONFIGURE",
        "RESTORE",
        "REVOKE",
        "ROLLBACK",
        "SAVE",
        "SHUTDOWN",
        "TRUNCATE",
        "UPDATE",
        "UPDATETEXT",
        "WRITETEXT",
        "DISABLE",
    ];
    let Some(word) = word(token) else {
        return match token {
            Token::LParen => Ok(()),
            other => Err(TsqlError::new(
                at,
                TsqlProblem::Syntax(format!("expected a statement, found `{other}`")),
            )),
        };
    };
    let upper = word.to_ascii_uppercase();
    if READ.contains(&upper.as_str()) {
        return Ok(());
    }
    if WRITE.contains(&upper.as_str()) {
        let is_merge = upper == "MERGE";
        let error = TsqlError::new(at, TsqlProblem::Writes(upper));
        return Err(if is_merge {
            error.with_hint(
                "of a temporary table, UPDATE ... FROM and INSERT ... SELECT do the same",
            )
        } else {
            error
        });
    }
    let hint = match upper.as_str() {
        "BEGIN" => {
            "leave the transaction out; SELECT * INTO #copy FROM #table keeps rows that ROLLBACK would bring back"
        }
        "GOTO" => "supported: IF, WHILE, BREAK and RETURN",
        "OPEN" | "FETCH" | "CLOSE" | "DEALLOCATE" => CURSORS,
        "LIMIT" => "write TOP (n) after SELECT",
        "RAISERROR" | "THROW" | "WAITFOR" => "omit it; the query's result is returned",
        _ => {
            return Err(TsqlError::new(
                at,
                TsqlProblem::Syntax(format!("expected a statement, found `{word}`")),
            ));
        }
    };
    Err(unsupported(at, upper).with_hint(hint))
}
