//! Converts a record to rows of its tables, or to a reject.

use crate::import::convert;
use crate::import::convert::Rules;
use crate::import::convert::Seen;
use crate::import::mapping;
use crate::import::mapping::Plan;
use crate::record::Reason;
use crate::record::Record;
use crate::record::Reject;
use crate::record::batch::Batch;
use crate::record::batch::RowValue;

/// The replacement for the text of a reject that may contain a password.
pub(super) const NOT_KEPT: &str = "(not kept: the file has a password column)";

/// Why a field does not fit: the position of its column in the row, and what is wrong.
pub(super) type RowConversionError = (Option<usize>, convert::ConversionError);

/// Converts the row of one table; `false` if the record has no row for it.
pub(super) fn row(
    plan: &Plan,
    target: &mapping::Target,
    record: &Record<'_>,
    rules: &Rules,
    seen: &mut [Seen],
    batch: &mut Batch,
) -> Result<bool, RowConversionError> {
    let first = batch.values.len();
    for (step, ((at, cast), seen)) in target.steps.iter().zip(seen).enumerate() {
        let field = record.fields[*at];
        let value = convert::value(record.cells, field, *cast, rules, seen, batch)
            .map_err(|misfit| (Some(step), misfit))?;
        batch.values.push(value);
    }
    if let Some(key) = target.key
        && batch.values[first + key] == RowValue::Null
    {
        // Beside the first table no key means that the join found no row.
        if target.shape.repeated {
            return Ok(false);
        }
        let misfit = convert::ConversionError {
            reason: Reason::MissingKey,
            detail: format!("`{}` is NULL", target.shape.columns[key].name),
        };
        return Err((Some(key), misfit));
    }
    if let (true, Some(changes)) = (target.shape.history, plan.changes) {
        change(changes, record, rules, batch)?;
    }
    Ok(true)
}

/// What identifies a change in a change table: the transaction, its position in it, the operation.
pub(super) fn change(
    changes: mapping::Changes,
    record: &Record<'_>,
    rules: &Rules,
    batch: &mut Batch,
) -> Result<(), RowConversionError> {
    let mut unseen = Seen::default();
    let fields = [Some(changes.transaction), changes.sequence];
    for at in fields {
        let value = match at {
            Some(at) => convert::value(
                record.cells,
                record.fields[at],
                convert::Cast::Binary,
                rules,
                &mut unseen,
                batch,
            ),
            None => Ok(RowValue::Null),
        };
        batch.values.push(value.map_err(|misfit| (None, misfit))?);
    }
    let operation = convert::Cast::Integer { least: 1, greatest: 4 };
    let field = record.fields[changes.operation];
    let value = convert::value(record.cells, field, operation, rules, &mut unseen, batch)
        .map_err(|misfit| (None, misfit))?;
    batch.values.push(value);
    Ok(())
}

/// Whether a record has as many fields as there are columns, and no characters that are never allowed.
pub(super) fn check_text(
    plan: &Plan,
    record: &Record<'_>,
    lossy: bool,
    nul_is_empty: bool,
    replacement: &memchr::memmem::Finder<'_>,
) -> Result<(), Box<Reject>> {
    let found = |reason, detail: String, place: Option<usize>| {
        let at = place.and_then(|place| {
            record.fields.iter().position(|field| (field.start..field.end).contains(&place))
        });
        let misfit = convert::ConversionError { reason, detail };
        Box::new(Reject {
            line: record.line,
            column: at.map(|at| at as u64 + 1),
            column_name: None,
            text: shown_text(plan, record),
            reason: misfit.reason,
            detail: misfit.detail,
            records: 1,
        })
    };
    if record.fields.len() != plan.width {
        let detail = format!("expected {} fields, found {}", plan.width, record.fields.len());
        return Err(found(Reason::Ragged, detail, None));
    }
    let bytes = record.cells.as_bytes();
    if memchr::memchr(0, bytes).is_some() {
        let stray = record.fields.iter().find_map(|field| {
            let cell = &bytes[field.start..field.end];
            let empty = nul_is_empty && cell == b"\0";
            let place = memchr::memchr(0, cell)?;
            (!empty).then_some(field.start + place)
        });
        if let Some(place) = stray {
            let zeros = memchr::memchr_iter(0, bytes).count();
            let detail = match zeros * 5 > bytes.len() * 2 {
                true => "it is UTF-16, in a file that begins in another encoding",
                false => "it contains a NUL character",
            };
            let detail = detail.to_owned();
            return Err(found(Reason::Nul, detail, Some(place)));
        }
    }
    if !lossy && let Some(place) = replacement.find(bytes) {
        let detail = "it contains U+FFFD, the replacement for a lost character".to_owned();
        return Err(found(Reason::Replacement, detail, Some(place)));
    }
    Ok(())
}

/// A record as shown in a reject: without the fields that must be hidden.
pub(super) fn shown_text(plan: &Plan, record: &Record<'_>) -> String {
    if !plan.has_secrets() {
        let mut end = record.text.len().min(Reject::LONGEST);
        while !record.text.is_char_boundary(end) {
            end -= 1;
        }
        return record.text[..end].to_owned();
    }
    if record.fields.len() != plan.width {
        return NOT_KEPT.to_owned();
    }
    let secret =
        |at: usize| plan.dropped.iter().any(|dropped| dropped.secret && dropped.position == at + 1);
    let fields: Vec<&str> = record
        .fields
        .iter()
        .enumerate()
        .map(|(at, field)| match secret(at) {
            true => "(not kept)",
            false => &record.cells[field.start..field.end],
        })
        .collect();
    fields.join("\t")
}

pub(super) fn rejected(
    plan: &Plan,
    target: &mapping::Target,
    record: &Record<'_>,
    at: Option<usize>,
    misfit: convert::ConversionError,
) -> Reject {
    let column = at.map(|at| &target.shape.columns[at]);
    Reject {
        line: record.line,
        column: column.map(|column| column.position as u64),
        column_name: column.map(|column| column.name.clone()),
        text: shown_text(plan, record),
        reason: misfit.reason,
        detail: misfit.detail,
        records: 1,
    }
}
