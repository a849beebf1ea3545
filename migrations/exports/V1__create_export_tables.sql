-- What chatdb keeps beside the product's tables in a copy made of exported rows. It is chatdb's own: no name in this
-- set is the vendor's.
--
-- In such a copy every product table has its columns without NOT NULL, since exports hold parts of tables, a key of one
-- column as SQLite's row number, and two columns more: chatdb_export and chatdb_line say which file and line a row is
-- from. A table with a key of one column has a twin, `<table>_earlier`: the states that newer exports have replaced.
-- The build makes both from the product's schema.

-- A file that was read. Times of exports are on the wall clock of whoever exported.
CREATE TABLE chatdb_export (
    export_id     INTEGER PRIMARY KEY,
    file          NVARCHAR(4000) NOT NULL,   -- as it was named
    sha256        CHAR(64) NOT NULL UNIQUE,  -- of its bytes as they lie there, by which it is known again
    bytes         INTEGER NOT NULL,
    form          NVARCHAR(40) NOT NULL,     -- the form that it was read in
    encoding      NVARCHAR(40) NOT NULL,
    taken_at      DATETIME,                  -- when it was exported, as far as that is known
    taken_from    NVARCHAR(40) NOT NULL,     -- '--taken-at', 'completion time', 'file time' or 'unknown'
    records       INTEGER NOT NULL,          -- records in the file
    loaded        INTEGER NOT NULL,          -- of these, loaded
    rejected      INTEGER NOT NULL,          -- of these, rejected: loaded + rejected = records
    footer        INTEGER                    -- how many rows the producer says there are
);

-- The columns that a file had, and what became of them.
CREATE TABLE chatdb_export_column (
    export_id     INTEGER NOT NULL REFERENCES chatdb_export,
    position      INTEGER NOT NULL,          -- in the file, from 1
    heading       NVARCHAR(4000),            -- as the file spells it; NULL without a header
    table_name    NVARCHAR(255),             -- where it went; NULL when it was dropped
    column_name   NVARCHAR(255),
    newest        DATETIME,                  -- the newest time in it, for columns of times
    dropped       NVARCHAR(200),             -- why it was dropped
    PRIMARY KEY (export_id, position)
) WITHOUT ROWID;

-- Records that did not become rows, and why.
CREATE TABLE rejects (
    export_id INTEGER NOT NULL REFERENCES chatdb_export,
    file      NVARCHAR(4000) NOT NULL,
    line      INTEGER NOT NULL,
    "column"  NVARCHAR(255),                 -- the name of the column, else its number
    text      NVARCHAR(4096),
    code      CHAR(11) NOT NULL,
    reason    NVARCHAR(4000) NOT NULL,
    advice    NVARCHAR(4000) NOT NULL,
    records   INTEGER NOT NULL               -- how many records of the file it is; 0 for text that was never one
);
