//! Records what statements read and write, for tests about dependencies.

use super::{Store, StoreError};
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

impl Store {
    /// Records which columns are read and written from now on, see [`Access`], instead of refusing anything.
    pub fn record_access(
        &mut self,
        recorder: Option<impl FnMut(Access<'_>) + Send + 'static>,
    ) -> Result<(), StoreError> {
        // Only what is compiled passes the authorizer: forget what was compiled before.
        self.conn.flush_prepared_statement_cache();
        let hook = recorder.map(|mut recorder| {
            move |context: AuthContext<'_>| {
                let through = context.accessor;
                match context.action {
                    AuthAction::Read { table_name, column_name } => recorder(Access {
                        table: table_name,
                        column: Some(column_name),
                        writes: false,
                        through,
                    }),
                    AuthAction::Update { table_name, column_name } => recorder(Access {
                        table: table_name,
                        column: Some(column_name),
                        writes: true,
                        through,
                    }),
                    AuthAction::Insert { table_name } | AuthAction::Delete { table_name } => {
                        recorder(Access { table: table_name, column: None, writes: true, through });
                    }
                    _ => {}
                }
                Authorization::Allow
            }
        });
        Ok(self.conn.authorizer(hook)?)
    }
}

/// One column, or for an INSERT or DELETE one table, that a statement accesses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access<'a> {
    /// The table or view.
    pub table: &'a str,
    /// The column; `None` for a whole row.
    pub column: Option<&'a str>,
    /// Whether it is written.
    pub writes: bool,
    /// The trigger or view that accesses it on the statement's behalf; `None` for the statement itself.
    pub through: Option<&'a str>,
}
