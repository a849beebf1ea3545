//! Marks the columns of answers, by their places: those that the author of the query has computed, and what the values
//! of the others come from.

use super::harmless::is_of_persons;
use super::{Classes, DataClass};
use crate::ask::NO_NAME;
use crate::report::{CHANGED, Listing};
use crate::sql::authored::{Authored, ColumnNames, Computed};
use crate::table::Column;

/// Marks the columns in the answers of the query, where it is known which of its queries gives each. Otherwise a value
/// may come from whatever a column of its name does in any answer.
pub fn mark_computed(authored: &Authored, listings: &mut [Listing]) {
    let is_change = |listing: &&mut Listing| listing.title == CHANGED;
    let listings: Vec<&mut Listing> =
        (listings.iter_mut()).filter(|listing| !is_change(listing)).collect();
    let of_answer = |at: usize| match authored.answers.as_slice() {
        [only] if authored.is_branched => Some(only),
        _ if authored.is_branched => None,
        each if each.len() == listings.len() => each.get(at),
        _ => None,
    };
    let columns: Vec<_> = (0..listings.len()).map(of_answer).collect();
    for (columns, listing) in columns.into_iter().zip(listings) {
        let shown = &mut listing.table.columns;
        let is_placed = columns.is_some_and(|columns| mark(shown, columns));
        if !is_placed {
            shown.iter_mut().for_each(|column| mark_by_name(column, authored));
        }
    }
}

/// Marks columns by their places: those before a `*` count from the left, those behind it from the right. Whether they
/// are those of the answer.
fn mark(shown: &mut [Column], columns: &[Computed]) -> bool {
    let known = columns.iter().take_while(|column| !column.is_many).count();
    let behind = columns.iter().rev().take_while(|column| !column.is_many);
    let behind = if known == columns.len() { 0 } else { behind.count() };
    let is_exact = known == columns.len() && shown.len() == known;
    if !is_exact && (known == columns.len() || shown.len() < known + behind) {
        return false;
    }
    let tail = shown.len() - behind;
    let (first, last) = (&columns[..known], &columns[columns.len() - behind..]);
    let is_it = |(column, of): (&Column, &Computed)| {
        of.name.is_empty() || of.name.eq_ignore_ascii_case(&column.name)
    };
    if !shown.iter().zip(first).all(is_it) || !shown[tail..].iter().zip(last).all(is_it) {
        return false;
    }
    let (first_shown, rest) = shown.split_at_mut(known);
    let (between, last_shown) = rest.split_at_mut(tail - known);
    let placed = first_shown.iter_mut().zip(first);
    for (column, of) in placed.chain(last_shown.iter_mut().zip(last)) {
        column.own |= of.is_computed;
        column.from.extend(of.from.iter().cloned());
    }
    let unknown = &columns[known..columns.len() - behind];
    for column in between {
        let from = unknown.iter().flat_map(|of| of.from.iter().cloned());
        column.from.extend(from);
    }
    true
}

/// What a column may come from by its name: as those that are called so in any answer, and as those without a known
/// name. Where one of several answers is shown, it is computed if all of them are.
fn mark_by_name(column: &mut Column, authored: &Authored) {
    let shown = if column.name == NO_NAME { "" } else { &column.name };
    let all = || authored.answers.iter().flatten();
    let called = |name: &str| -> Vec<&Computed> {
        all().filter(|of| of.is_many || of.name.eq_ignore_ascii_case(name)).collect()
    };
    let mut columns = called(shown);
    if columns.iter().all(|of| of.is_many) {
        columns = called("");
    }
    column.own |=
        authored.is_branched && !columns.is_empty() && columns.iter().all(|of| of.is_computed);
    let from: ColumnNames = columns.iter().flat_map(|of| of.from.clone()).collect();
    column.from.extend(from);
    let classes = Classes::known();
    if authored.is_unread && classes.of(&column.name).is_none() {
        let is_of_somebody = |name: &&String| {
            classes.of(name).map_or_else(|| is_of_persons(name), DataClass::is_replaced)
        };
        column.from.extend(authored.names.iter().filter(is_of_somebody).cloned());
    }
}
