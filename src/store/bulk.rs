//! Writes rows in ascending key order into an empty table as whole pages, bypassing SQLite's insertion.
//!
//! SQLite inserts a row by finding its position in the table's b-tree, shifting cells and balancing pages. Rows in
//! ascending order all go to the end, so each page can be filled from its first row to its last and never touched
//! again: a fifth of the work. This module only builds the tree, in SQLite's published file format: leaves of records,
//! overflow chains for what is too long for a leaf, and the levels above.
//!
//! The pages are passed to SQLite through `sqlite_dbpage`, its virtual table of pages, so they are part of the
//! transaction: they are rolled back with it, and nobody sees them before it commits. A new page gets the number after
//! the last one. That number is in the database header, which SQLite rereads at the end of a savepoint; and it drops
//! pages rolled back to a savepoint from its cache, which is how it learns of a new root.
//!
//! If SQLite was built without that table, there is no [`Bulk`], and rows are inserted. So are the rows of a
//! table whose SQL text is not exactly what chatdb created (`made`): what somebody added to it may have further
//! effects.

mod index;
pub(super) mod made;
mod record;
mod row;
mod sorted;
mod tree;

use rusqlite::{Connection, OptionalExtension as _, Statement};

use super::load::line_number;
use crate::record::batch::{Batch, TableLayout};
use crate::sql::quote::identifier;
use index::Indexes;
use row::Encoder;
use tree::Tree;

/// The offset of the number of pages in the first page.
const COUNT: std::ops::Range<usize> = 28..32;

/// The byte that SQLite locks. The page with it is never used.
const LOCKED: u64 = 1 << 30;

/// Fills one table.
pub(super) struct Bulk<'s> {
    rows: Encoder,
    tree: Tree,
    end: End<'s>,
    /// The key of the last row.
    last: Option<i64>,
    indexes: Indexes,
    /// Held while pages are written.
    _small: SmallCache<'s>,
}

impl<'s> Bulk<'s> {
    /// For rows of this shape, from this export; `None` if they must be inserted.
    pub(super) fn new(
        conn: &'s Connection,
        shape: &TableLayout,
        export: i64,
    ) -> rusqlite::Result<Option<Self>> {
        if !made::is_as_made(conn, &shape.table)? {
            return Ok(None);
        }
        let Some(mut end) = End::of(conn)? else {
            return Ok(None);
        };
        end.begin()?;
        let root: Option<u32> = conn
            .prepare_cached(
                "SELECT rootpage FROM main.sqlite_schema \
                 WHERE type = 'table' AND name = ?1 COLLATE NOCASE",
            )?
            .query_row([&shape.table], |row| row.get(0))
            .optional()?;
        let Some(root) = root else { return Ok(None) };
        let is_empty = tree::is_empty_table(&end.read(root)?);
        if !is_empty || !end.is_plain() {
            return Ok(None);
        }
        let Some(rows) = Encoder::new(conn, shape, export)? else {
            return Ok(None);
        };
        let indexes = Indexes::of(conn, shape, &end)?;
        Ok(Some(Self {
            rows,
            tree: Tree::new(root, end.page),
            end,
            last: None,
            indexes,
            _small: SmallCache::of(conn)?,
        }))
    }

    /// Stores the rows of a batch, each of so many values, up to the first that must be inserted; returns how many.
    pub(super) fn store(&mut self, batch: &Batch, width: usize) -> rusqlite::Result<usize> {
        self.end.begin()?;
        let mut stored = 0;
        for (row, line) in batch.values.chunks_exact(width).zip(&batch.lines) {
            let number = self.rows.number(row, self.last);
            let Some(number) = number.filter(|number| self.last.is_none_or(|last| *number > last))
            else {
                break;
            };
            let Some(record) = self.rows.encode(row, &batch.text, line_number(*line)) else {
                break;
            };
            self.tree.push(number, record, &mut self.end)?;
            self.indexes.note(row, batch, number)?;
            self.last = Some(number);
            stored += 1;
        }
        self.end.close()?;
        Ok(stored)
    }

    /// Attaches the pages to the table, which is an ordinary table afterwards.
    pub(super) fn seal(mut self) -> rusqlite::Result<()> {
        self.end.begin()?;
        if self.last.is_some() {
            self.tree.seal(&mut self.end)?;
        }
        let others = self.indexes.make(&mut self.end)?;
        self.end.close()?;
        for name in others {
            let name = identifier(&name);
            self.end.conn.execute_batch(&format!("REINDEX main.{name}"))?;
        }
        Ok(())
    }
}

/// KiB of page cache while whole pages are written, none of which is needed again.
const CACHE: i64 = 1024;

/// Shrinks SQLite's page cache, and restores it at the end.
struct SmallCache<'s>(&'s Connection);

impl<'s> SmallCache<'s> {
    fn of(conn: &'s Connection) -> rusqlite::Result<Self> {
        conn.pragma_update(Some("main"), "cache_size", -CACHE)?;
        Ok(Self(conn))
    }
}

impl Drop for SmallCache<'_> {
    fn drop(&mut self) {
        // With a small one all is right, and slower.
        let all = -super::import_database::CACHE;
        let _ = self.0.pragma_update(Some("main"), "cache_size", all);
    }
}

/// The end of the database, where new pages are appended.
struct End<'s> {
    conn: &'s Connection,
    write: Statement<'s>,
    /// The first page, with the header.
    first: Vec<u8>,
    /// The number of the next page, while a batch of them is written.
    next: u32,
    /// Bytes of a page.
    page: usize,
}

impl<'s> End<'s> {
    fn of(conn: &'s Connection) -> rusqlite::Result<Option<Self>> {
        const WRITE: &str = "INSERT INTO sqlite_dbpage (pgno, data) VALUES (?1, ?2)";
        let Ok(write) = conn.prepare(WRITE) else {
            return Ok(None);
        };
        let page: u32 = conn.pragma_query_value(Some("main"), "page_size", |row| row.get(0))?;
        Ok(Some(Self { conn, write, first: Vec::new(), next: 0, page: page as usize }))
    }

    /// Whether pages have no reserved bytes, the schema format is the newest, the database is not auto-vacuumed, and
    /// texts are UTF-8.
    fn is_plain(&self) -> bool {
        self.first[20] == 0
            && self.first[44..48] == [0, 0, 0, 4]
            && self.first[52..56] == [0; 4]
            && self.first[56..60] == [0, 0, 0, 1]
    }

    fn read(&self, number: u32) -> rusqlite::Result<Vec<u8>> {
        let mut read =
            self.conn.prepare_cached("SELECT data FROM sqlite_dbpage WHERE pgno = ?1")?;
        read.query_row([number], |row| row.get(0))
    }

    /// Call before adding pages. Until [`End::close`] nothing else may be written.
    fn begin(&mut self) -> rusqlite::Result<()> {
        self.first = self.read(1)?;
        let count = <[u8; 4]>::try_from(&self.first[COUNT]).expect("it is four bytes");
        self.next = u32::from_be_bytes(count) + 1;
        Ok(())
    }

    /// The number of a page that is added but not written yet.
    fn take(&mut self) -> u32 {
        if u64::from(self.next) == LOCKED / self.page as u64 + 1 {
            self.next += 1;
        }
        let number = self.next;
        self.next += 1;
        number
    }

    fn write(&mut self, number: u32, image: &[u8]) -> rusqlite::Result<()> {
        self.write.raw_bind_parameter(1, number)?;
        self.write.raw_bind_parameter(2, image)?;
        self.write.raw_execute()?;
        Ok(())
    }

    /// Adds a page, and returns its number.
    fn append(&mut self, image: &[u8]) -> rusqlite::Result<u32> {
        let number = self.take();
        self.write(number, image)?;
        Ok(number)
    }

    /// Replaces a page that SQLite may know.
    fn replace(&mut self, number: u32, image: &[u8]) -> rusqlite::Result<()> {
        self.write(number, image)?;
        self.conn.execute_batch("SAVEPOINT chatdb_page")?;
        self.write(number, image)?;
        self.conn.execute_batch("ROLLBACK TO chatdb_page; RELEASE chatdb_page")
    }

    /// Makes the pages part of the database.
    fn close(&mut self) -> rusqlite::Result<()> {
        let count = (self.next - 1).to_be_bytes();
        if self.first[COUNT] == count {
            return Ok(());
        }
        let mut first = std::mem::take(&mut self.first);
        first[COUNT].copy_from_slice(&count);
        self.write(1, &first)?;
        self.conn.execute_batch("SAVEPOINT chatdb_page; RELEASE chatdb_page")
    }
}
