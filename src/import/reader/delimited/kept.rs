//! Names, padding and line breaks of records that a reader of delimited text has put aside.

use crate::import::format::detect::CellShape;
use crate::record::Field;
use crate::record::OwnedRecord;
use crate::record::Written;
use crate::table::text_formula;
use crate::work;
use std::borrow::Cow;

/// The name in a header field.
pub(super) fn name(kept: &OwnedRecord, field: Field) -> String {
    let text = kept.text.get(field.start..field.end).unwrap_or_default().trim_matches(' ');
    let name = if field.written == Written::Doubled {
        text.replace("\"\"", "\"")
    } else {
        text.to_owned()
    };
    text_formula::text_of(&name).map_or(name.clone(), Cow::into_owned)
}

/// Removes padding: trailing spaces of each field, and leading ones before numbers, times and NULL.
pub(super) fn trim(kept: &mut OwnedRecord) {
    for field in &mut kept.fields {
        let text = kept.text.get(field.start..field.end).unwrap_or_default();
        field.end = field.start + text.trim_end_matches(' ').len();
        let inner = text.trim_matches(' ');
        if inner.len() < text.len()
            && (inner == "NULL"
                || matches!(CellShape::of(inner), CellShape::Number | CellShape::Time))
        {
            field.start = field.end - inner.len();
        }
    }
}

/// Joins pieces with the line breaks that were between them.
pub(super) fn join(pieces: &[OwnedRecord]) -> OwnedRecord {
    work::steps(pieces.iter().map(|piece| piece.text.len() + 1).sum());
    let mut joined = pieces[0].clone();
    for piece in &pieces[1..] {
        let gap = piece.span.0.saturating_sub(joined.span.1);
        joined.text.push_str(if gap == 2 { "\r\n" } else { "\n" });
        let moved = joined.text.len();
        joined.text.push_str(&piece.text);
        let mut fields = piece.fields.iter().map(|field| Field {
            start: field.start + moved,
            end: field.end + moved,
            written: field.written,
        });
        if let (Some(last), Some(first)) = (joined.fields.last_mut(), fields.next()) {
            last.end = first.end;
        }
        joined.fields.extend(fields);
        joined.span.1 = piece.span.1;
    }
    joined
}
