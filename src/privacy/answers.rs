//! Marks the columns of answers that the author of the query has computed, by their places.

use crate::report::{CHANGED, Listing};
use crate::sql::authored::{Authored, Computed};
use crate::table::Column;

/// Marks the columns that are computed in the answers of the query, where each of its queries has one.
pub fn mark_computed(authored: &Authored, listings: &mut [Listing]) {
    let is_change = |listing: &&mut Listing| listing.title == CHANGED;
    let listings: Vec<&mut Listing> = (listings.iter_mut())
        .filter(|listing| !is_change(listing))
        .collect();
    if listings.len() != authored.answers.len() {
        return;
    }
    for (listing, columns) in listings.into_iter().zip(&authored.answers) {
        mark(&mut listing.table.columns, columns);
    }
}

/// Marks columns by their places: those before a `*` count from the left, those behind it from the right.
fn mark(shown: &mut [Column], columns: &[Option<Computed>]) {
    let known = columns.iter().take_while(|column| column.is_some()).count();
    let behind = columns.iter().rev().take_while(|column| column.is_some());
    let behind = if known == columns.len() {
        0
    } else {
        behind.count()
    };
    let is_exact = known == columns.len() && shown.len() == known;
    if !is_exact && (known == columns.len() || shown.len() < known + behind) {
        return;
    }
    let tail = shown.len() - behind;
    let (first, last) = shown.split_at_mut(tail);
    let first = first.iter_mut().zip(&columns[..known]);
    let last = last.iter_mut().zip(&columns[columns.len() - behind..]);
    for (column, computed) in first.chain(last) {
        let is_it =
            |of: &Computed| of.name.is_empty() || of.name.eq_ignore_ascii_case(&column.name);
        let is_own = computed
            .as_ref()
            .is_some_and(|of| of.is_computed && is_it(of));
        column.own |= is_own;
    }
}
