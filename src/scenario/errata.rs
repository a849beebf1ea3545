//! Misprints: checks each erratum against the cell or text that it corrects, so that one that no longer applies is
//! found.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::draft::{CellDraft, ErratumDraft, PrintedQueryDraft};
use super::fields::{At, shorten};
use super::resolve::{FileText, Resolver, columns};
use super::{Erratum, ErratumKind, Expected, PrintedQuery};
use crate::diagnostic::{did_you_mean, hint_among};
use crate::query::Query;

/// Reads the printed queries, and compares each, with its errata applied, with the restored query.
pub(super) fn printed_queries(resolver: &mut Resolver<'_>) -> Vec<PrintedQuery> {
    let draft = resolver.draft;
    let read = |printed| printed_query(resolver, printed);
    draft.printed_queries.iter().filter_map(read).collect()
}

fn printed_query(resolver: &mut Resolver<'_>, draft: &PrintedQueryDraft) -> Option<PrintedQuery> {
    let query = draft.query.as_ref().and_then(|name| resolver.query(name));
    let file = resolver.file(&draft.printed)?;
    if let Some(At { value, at }) = &draft.lines {
        resolver.is_printed(*at, &draft.printed.value, &file.text, value);
    }
    if let (Some(corrected), Some(query)) = (corrected(resolver, draft, &file), query) {
        restored_as_said(resolver, draft, &corrected, &query);
    }
    Some(PrintedQuery {
        query: draft.query.as_ref()?.value.clone(),
        printed: file.into_script(),
        lines: draft.lines.as_ref()?.value.clone(),
    })
}

/// The printed text with its errata applied, in the order written; `None` if one does not apply.
fn corrected(
    resolver: &Resolver<'_>,
    draft: &PrintedQueryDraft,
    file: &FileText,
) -> Option<String> {
    let mut text = file.text.replace("\r\n", "\n");
    let mut applied = true;
    for erratum in &resolver.draft.errata {
        let of_this = erratum.file.as_ref().is_some_and(|file| file.value == draft.printed.value);
        if !of_this || !matches!(erratum.cell, CellDraft::None) {
            continue;
        }
        let Some(printed) = &erratum.printed else {
            applied = false;
            continue;
        };
        let wanted = printed.value.replace("\r\n", "\n");
        let reading = erratum.reading.as_deref().unwrap_or("").replace("\r\n", "\n");
        let problem = match (wanted.is_empty(), text.matches(wanted.as_str()).count()) {
            (true, _) => Some("`printed` is empty; quote what is corrected".to_owned()),
            (false, 0) => Some(format!(
                "`{}` does not occur in `{}` after its earlier errata",
                shorten(&wanted),
                draft.printed.value
            )),
            (false, 1) => None,
            (false, found) => Some(format!(
                "`{}` occurs {found} times in `{}`; quote more of the text around it",
                shorten(&wanted),
                draft.printed.value
            )),
        };
        match problem {
            None => text = text.replacen(wanted.as_str(), &reading, 1),
            Some(message) => {
                resolver.reader.problem(printed.at, message);
                applied = false;
            }
        }
    }
    applied.then_some(text)
}

/// Compares line by line, ignoring trailing spaces and empty lines at the end.
fn restored_as_said(
    resolver: &Resolver<'_>,
    draft: &PrintedQueryDraft,
    corrected: &str,
    query: &Query,
) {
    let lines = |text: &str| -> Vec<String> {
        let text = text.trim_end();
        text.lines().map(|line| line.trim_end().to_owned()).collect()
    };
    let (printed, run) = (lines(corrected), lines(&query.sql));
    let length = printed.len().max(run.len());
    let differing = (0..length).find(|at| printed.get(*at) != run.get(*at));
    if let Some(at) = differing {
        let show = |line: Option<&String>| match line {
            Some(line) => format!("`{}`", shorten(line)),
            None => "nothing".to_owned(),
        };
        let message = format!(
            "`{}` with its errata is not the query `{}`: line {} is {} there, and {} in the query",
            draft.printed.value,
            query.name,
            at + 1,
            show(printed.get(at)),
            show(run.get(at))
        );
        resolver.reader.problem(draft.printed.at, message);
    }
}

/// Takes the errata, and marks the cells of expected files that they correct.
pub(super) fn apply(resolver: &mut Resolver<'_>) -> Vec<Erratum> {
    let draft = resolver.draft;
    let mut taken = BTreeMap::new();
    let mut errata = Vec::new();
    for (index, erratum) in draft.errata.iter().enumerate() {
        let whole = Erratum {
            id: format!("E{}", index + 1),
            file: erratum.file.as_ref().map_or_else(String::new, |file| file.value.clone()),
            cell: match &erratum.cell {
                CellDraft::At(row, column) => Some((row_number(row), column.value.clone())),
                CellDraft::None | CellDraft::Unclear => None,
            },
            printed: (erratum.printed.as_ref())
                .map_or_else(String::new, |printed| printed.value.clone()),
            reading: erratum.reading.clone(),
            kind: erratum.kind.unwrap_or(ErratumKind::Ocr),
            evidence: erratum.evidence.clone(),
            place: resolver.place(erratum.place),
        };
        if let Some(file) = &erratum.file {
            one(resolver, &whole, erratum, file, &mut taken);
        }
        errata.push(whole);
    }
    errata
}

fn row_number(row: &At<u64>) -> u32 {
    u32::try_from(row.value).unwrap_or(u32::MAX)
}

/// Cells corrected so far, by file, row and column, with the position of the erratum.
type Taken = BTreeMap<(String, usize, usize), usize>;

fn one(
    resolver: &mut Resolver<'_>,
    whole: &Erratum,
    erratum: &ErratumDraft,
    file: &At<String>,
    taken: &mut Taken,
) {
    let mut queries = resolver.draft.printed_queries.iter();
    if queries.any(|query| query.printed.value == file.value) {
        if let CellDraft::At(row, _) = &erratum.cell {
            let message = format!(
                "`{}` is a printed query, which has no rows; omit `row` and `column`",
                file.value
            );
            resolver.reader.problem(row.at, message);
        }
        return;
    }
    if file.value.contains('/') && resolver.expected.contains_key(&file.value) {
        let message =
            format!("`{}` belongs to another scenario and comes with its errata", file.value);
        return resolver.reader.problem(file.at, message);
    }
    let Some(table) = resolver.expected.get_mut(&file.value) else {
        return unknown_file(resolver, file);
    };
    let (Some(table), Some(printed)) = (table, &erratum.printed) else {
        return;
    };
    let table = &mut table.table;
    let (row, column) = match &erratum.cell {
        CellDraft::At(row, column) => (row, column),
        CellDraft::Unclear => return,
        CellDraft::None => {
            let message = format!("an erratum of `{}` needs `row` and `column`", file.value);
            return resolver.reader.absent(erratum.place, message, None);
        }
    };
    match cell_of(table, row, column) {
        Err((at, message, hint)) => resolver.reader.hinted(at, message, hint),
        Ok((row, column)) => {
            let first = taken.insert((file.value.clone(), row, column), erratum.place);
            if let Some(first) = first {
                let line = resolver.reader.position(first).line;
                let message = format!("another erratum corrects the same cell, in line {line}");
                return resolver.reader.problem(erratum.place, message);
            }
            let cell = &mut table.rows[row].cells[column];
            cell.erratum = Some(Arc::new(whole.clone()));
            if cell.text != printed.value {
                let message = format!(
                    "`printed` is `{}`; the cell is `{}`",
                    shorten(&printed.value),
                    shorten(&cell.text)
                );
                resolver.reader.problem(printed.at, message);
            }
        }
    }
}

type Mistake = (usize, String, Option<String>);

/// The row and the column of the cell that an erratum names, from 0.
fn cell_of(
    table: &Expected,
    row: &At<u64>,
    column: &At<String>,
) -> Result<(usize, usize), Mistake> {
    let rows = table.rows.len();
    let at = usize::try_from(row.value).ok().filter(|row| (1..=rows).contains(row));
    let Some(at) = at else {
        let message = match rows {
            0 => format!("`{}` has no rows", table.name),
            _ => format!("`{}` has rows 1 to {rows}, and no row {}", table.name, row.value),
        };
        return Err((row.at, message, None));
    };
    let names = columns(table);
    let found: Vec<_> = (0..names.len()).filter(|at| names[*at] == column.value).collect();
    match found.as_slice() {
        [one] => Ok((at - 1, *one)),
        [] => {
            let message = format!("`{}` has no column `{}`", table.name, column.value);
            Err((column.at, message, hint_among(&column.value, names)))
        }
        more => {
            let message = format!(
                "`{}` has {} columns called `{}`, so the cell is ambiguous",
                table.name,
                more.len(),
                column.value
            );
            Err((column.at, message, None))
        }
    }
}

fn unknown_file(resolver: &Resolver<'_>, file: &At<String>) {
    let printed = (resolver.draft.printed_queries.iter()).map(|query| query.printed.value.as_str());
    let expected = resolver.expected.keys().map(String::as_str);
    let hint = did_you_mean(&file.value, expected.chain(printed))
        .map(|meant| format!("did you mean `{meant}`?"));
    let message = if resolver.listing.contains(&file.value) {
        format!("no check expects `{}`, so nothing needs this erratum", file.value)
    } else {
        format!("`{}` is neither an expected file nor a printed query of the scenario", file.value)
    };
    resolver.reader.absent(file.at, message, hint);
}
