//! Builds a table's b-tree from first row to last. The format is section 1.6 of SQLite's "Database File Format".

use super::End;

/// The kinds of pages.
const LEAF: u8 = 0x0d;
const INTERIOR: u8 = 0x05;

/// The header size of a leaf, and of an interior page.
const LEAF_HEADER: usize = 8;
const INTERIOR_HEADER: usize = 12;

/// The maximum size of a cell in an interior page, including its pointer: a page number, a row id, an offset.
const CHILD: usize = 4 + 9 + 2;

/// Whether this is the only page of an empty rowid table.
pub(super) fn is_empty_table(page: &[u8]) -> bool {
    page[0] == LEAF && page[3..5] == [0, 0]
}

/// Whether this is the only page of an empty index.
pub(super) fn is_empty_index(page: &[u8]) -> bool {
    page[0] == INDEX_LEAF && page[3..5] == [0, 0]
}

/// A page being filled with cells: pointers grow from the front, cells from the end.
struct Page {
    image: Vec<u8>,
    header: usize,
    cells: usize,
    /// Where the last cell begins.
    start: usize,
}

impl Page {
    fn new(kind: u8, header: usize, size: usize) -> Self {
        let mut image = vec![0; size];
        image[0] = kind;
        Self { image, header, cells: 0, start: size }
    }

    fn has_room(&self, length: usize) -> bool {
        self.header + 2 * self.cells + 2 + length <= self.start
    }

    /// The offset of one more cell of this length.
    fn cell(&mut self, length: usize) -> &mut [u8] {
        self.start -= length;
        let place = self.header + 2 * self.cells;
        self.image[place..place + 2].copy_from_slice(&two(self.start));
        self.cells += 1;
        &mut self.image[self.start..self.start + length]
    }

    /// Removes the last entry of an index.
    fn take_last(&mut self) -> Vec<u8> {
        // Its length is a number of one byte.
        let length = usize::from(self.image[self.start]);
        let entry = self.image[self.start + 1..self.start + 1 + length].to_vec();
        self.start += 1 + length;
        self.cells -= 1;
        entry
    }

    /// The page as it is stored.
    fn image(&mut self) -> &[u8] {
        // What is left there of cells before would be seen by nobody, and still be in the file.
        self.image[self.header + 2 * self.cells..self.start].fill(0);
        let (cells, start) = (two(self.cells), two(self.start));
        self.image[3..5].copy_from_slice(&cells);
        self.image[5..7].copy_from_slice(&start);
        &self.image
    }

    fn clear(&mut self) {
        self.cells = 0;
        self.start = self.image.len();
    }
}

/// The last two bytes of a number; 65,536 is written as 0.
fn two(number: usize) -> [u8; 2] {
    [(number >> 8) as u8, number as u8]
}

/// Writes a number as an SQLite varint, and returns its length.
pub(super) fn varint(number: u64, to: &mut [u8; 9]) -> usize {
    if number < 1 << 7 {
        to[0] = number as u8;
        return 1;
    }
    if number >> 56 != 0 {
        to[8] = number as u8;
        for (at, byte) in to[..8].iter_mut().enumerate() {
            *byte = (number >> (8 + 7 * (7 - at))) as u8 | 0x80;
        }
        return 9;
    }
    let length = (64 - number.leading_zeros() as usize).div_ceil(7);
    for (at, byte) in to[..length].iter_mut().enumerate() {
        *byte = (number >> (7 * (length - 1 - at))) as u8 | 0x80;
    }
    to[length - 1] &= 0x7f;
    length
}

/// A child page, and the greatest row id in it.
type Child = (u32, i64);

/// The tree of a table.
pub(super) struct Tree {
    root: u32,
    size: usize,
    leaf: Page,
    last: i64,
    /// The pages of each level that have no parent yet, from the leaves upward.
    levels: Vec<Vec<Child>>,
}

impl Tree {
    pub(super) fn new(root: u32, size: usize) -> Self {
        Self { root, size, leaf: Page::new(LEAF, LEAF_HEADER, size), last: 0, levels: Vec::new() }
    }

    /// Adds a row, whose id must be greater than the previous ones.
    pub(super) fn push(
        &mut self,
        number: i64,
        record: &[u8],
        end: &mut End<'_>,
    ) -> rusqlite::Result<()> {
        let mut head = [0; 18];
        let mut some = [0; 9];
        let first = varint(record.len() as u64, &mut some);
        head[..first].copy_from_slice(&some[..first]);
        let second = varint(number.cast_unsigned(), &mut some);
        head[first..first + second].copy_from_slice(&some[..second]);
        let head = &head[..first + second];
        let local = self.local(record.len());
        let rest = &record[local..];
        let pointer = if rest.is_empty() { 0 } else { 4 };
        let length = head.len() + local + pointer;
        if !self.leaf.has_room(length) {
            let page = end.append(self.leaf.image())?;
            self.leaf.clear();
            self.add(0, (page, self.last), end)?;
        }
        let cell = self.leaf.cell(length);
        cell[..head.len()].copy_from_slice(head);
        cell[head.len()..head.len() + local].copy_from_slice(&record[..local]);
        if !rest.is_empty() {
            let chain = chain(rest, self.size, end)?;
            self.leaf.image[self.leaf.start + length - 4..self.leaf.start + length]
                .copy_from_slice(&chain.to_be_bytes());
        }
        self.last = number;
        Ok(())
    }

    /// How much of a record is stored in the leaf.
    fn local(&self, record: usize) -> usize {
        let most = self.size - 35;
        if record <= most {
            return record;
        }
        let least = (self.size - 12) * 32 / 255 - 23;
        let fitting = least + (record - least) % (self.size - 4);
        if fitting <= most { fitting } else { least }
    }

    /// The maximum number of children of an interior page.
    fn most(&self) -> usize {
        (self.size - INTERIOR_HEADER) / CHILD + 1
    }

    fn add(&mut self, level: usize, child: Child, end: &mut End<'_>) -> rusqlite::Result<()> {
        if level == self.levels.len() {
            self.levels.push(Vec::new());
        }
        self.levels[level].push(child);
        // Two are left, since a page has to have more than one.
        if self.levels[level].len() == self.most() + 2 {
            self.write(level, self.most(), end)?;
        }
        Ok(())
    }

    /// Writes a parent of the first n pages of a level.
    fn write(&mut self, level: usize, count: usize, end: &mut End<'_>) -> rusqlite::Result<()> {
        let children: Vec<Child> = self.levels[level].drain(..count).collect();
        let page = end.append(&interior(&children, self.size))?;
        let last = children.last().expect("there are some").1;
        self.add(level + 1, (page, last), end)
    }

    /// Writes the remaining pages, the root last.
    pub(super) fn seal(mut self, end: &mut End<'_>) -> rusqlite::Result<()> {
        if self.levels.is_empty() {
            return end.replace(self.root, self.leaf.image());
        }
        let page = end.append(self.leaf.image())?;
        self.add(0, (page, self.last), end)?;
        let mut level = 0;
        loop {
            let count = self.levels[level].len();
            if level + 1 == self.levels.len() && count <= self.most() {
                let image = interior(&self.levels[level], self.size);
                return end.replace(self.root, &image);
            }
            if count > self.most() {
                self.write(level, count - 2, end)?;
            }
            let count = self.levels[level].len();
            self.write(level, count, end)?;
            level += 1;
        }
    }
}

/// A parent of these pages.
fn interior(children: &[Child], size: usize) -> Vec<u8> {
    let mut page = Page::new(INTERIOR, INTERIOR_HEADER, size);
    let (right, left) = children.split_last().expect("a page is above some");
    for (child, greatest) in left {
        let mut some = [0; 9];
        let length = varint(greatest.cast_unsigned(), &mut some);
        let cell = page.cell(4 + length);
        cell[..4].copy_from_slice(&child.to_be_bytes());
        cell[4..].copy_from_slice(&some[..length]);
    }
    page.image[8..12].copy_from_slice(&right.0.to_be_bytes());
    page.image();
    page.image
}

/// Writes the overflow of a record, and returns the number of its first page.
fn chain(rest: &[u8], size: usize, end: &mut End<'_>) -> rusqlite::Result<u32> {
    let pieces: Vec<&[u8]> = rest.chunks(size - 4).collect();
    let numbers: Vec<u32> = pieces.iter().map(|_| end.take()).collect();
    let mut image = vec![0; size];
    for (at, piece) in pieces.iter().enumerate() {
        let next = numbers.get(at + 1).copied().unwrap_or(0);
        image[..4].copy_from_slice(&next.to_be_bytes());
        image[4..4 + piece.len()].copy_from_slice(piece);
        image[4 + piece.len()..].fill(0);
        end.write(numbers[at], &image)?;
    }
    Ok(numbers[0])
}

// AN INDEX -------------------------------------------------------------------------------------------------

const INDEX_LEAF: u8 = 0x0a;
const INDEX_INTERIOR: u8 = 0x02;

/// The maximum size of an entry, including what precedes it in a page.
pub(super) const ENTRY: usize = 120;

/// The b-tree of an index, whose entries arrive sorted. An entry is stored only once: in a leaf, or between two
/// children in an interior page.
pub(super) struct IndexTree {
    root: u32,
    size: usize,
    leaf: Page,
    /// The written leaves, each with the entry after it.
    written: Vec<(u32, Vec<u8>)>,
    /// The entry after the last written leaf, until another one follows.
    between: Option<Vec<u8>>,
}

impl IndexTree {
    pub(super) fn new(root: u32, size: usize) -> Self {
        Self {
            root,
            size,
            leaf: Page::new(INDEX_LEAF, LEAF_HEADER, size),
            written: Vec::new(),
            between: None,
        }
    }

    /// Adds an entry of no more than [`ENTRY`] bytes, so that any page holds several.
    pub(super) fn push(&mut self, entry: &[u8], end: &mut End<'_>) -> rusqlite::Result<()> {
        if let Some(between) = self.between.take() {
            let page = end.append(self.leaf.image())?;
            self.leaf.clear();
            self.written.push((page, between));
        }
        if self.leaf.has_room(entry.len() + 2) {
            put(&mut self.leaf, &[], entry);
        } else {
            self.between = Some(entry.to_vec());
        }
        Ok(())
    }

    pub(super) fn seal(mut self, end: &mut End<'_>) -> rusqlite::Result<()> {
        if let Some(last) = self.between.take() {
            // No entry follows it that a leaf could begin with, so that it does itself, and the one before is between.
            let before = self.leaf.take_last();
            let page = end.append(self.leaf.image())?;
            self.leaf.clear();
            self.written.push((page, before));
            put(&mut self.leaf, &[], &last);
        }
        if self.written.is_empty() {
            return end.replace(self.root, self.leaf.image());
        }
        let mut right = end.append(self.leaf.image())?;
        let mut level = self.written;
        loop {
            let mut above = Vec::new();
            let mut page = Page::new(INDEX_INTERIOR, INTERIOR_HEADER, self.size);
            let count = level.len();
            for (at, (child, entry)) in level.into_iter().enumerate() {
                // The last one is not between pages, since a page has to have an entry.
                if at + 1 < count && !page.has_room(2 * (ENTRY + 2)) {
                    page.image[8..12].copy_from_slice(&child.to_be_bytes());
                    above.push((end.append(page.image())?, entry));
                    page.clear();
                } else {
                    put(&mut page, &child.to_be_bytes(), &entry);
                }
            }
            page.image[8..12].copy_from_slice(&right.to_be_bytes());
            if above.is_empty() {
                return end.replace(self.root, page.image());
            }
            right = end.append(page.image())?;
            level = above;
        }
    }
}

/// Puts an entry into a page, after the page number of its left child.
fn put(page: &mut Page, child: &[u8], entry: &[u8]) {
    let mut some = [0; 9];
    let length = varint(entry.len() as u64, &mut some);
    let cell = page.cell(child.len() + length + entry.len());
    cell[..child.len()].copy_from_slice(child);
    cell[child.len()..child.len() + length].copy_from_slice(&some[..length]);
    cell[child.len() + length..].copy_from_slice(entry);
}
