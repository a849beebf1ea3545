//! Answers of a query as lists, with what there is to say about them.

use chatdb::ask;
use chatdb::diagnostic::counted;
use chatdb::report::{CHANGED, Listing};
use chatdb::store::Answer;
use chatdb::table::{Cell, Column, Kind, ResultTable};

/// The answers, one list each, and the rows that were changed.
pub(super) fn listed(answers: ask::Answers, title: Option<&str>) -> Vec<Listing> {
    let count = answers.answers.len();
    let mut listings: Vec<Listing> = answers
        .answers
        .into_iter()
        .enumerate()
        .map(|(at, Answer { table, more })| {
            let rows = counted(table.rows.len(), "row");
            let remark = if more { format!("the first {rows}; there are more") } else { rows };
            Listing {
                title: match (title, count) {
                    (Some(title), 1) => title.to_owned(),
                    (_, 1) => "Result".to_owned(),
                    _ => format!("Result {}", at + 1),
                },
                table,
                remarks: vec![remark],
            }
        })
        .collect();
    if !answers.changes.is_empty() {
        listings.push(changed(&answers.changes));
    }
    if let Some(last) = listings.last_mut() {
        last.remarks.extend(answers.notes);
    }
    listings
}

/// How many rows each statement changed.
fn changed(changes: &[(u32, u64)]) -> Listing {
    let number = |n: u64| Cell::Integer(i64::try_from(n).unwrap_or(i64::MAX));
    let rows: u64 = changes.iter().map(|(_, rows)| rows).sum();
    Listing {
        title: CHANGED.to_owned(),
        table: ResultTable {
            columns: vec![
                Column::new("line", Kind::Integer),
                Column::new("rows changed", Kind::Integer),
            ],
            rows: changes
                .iter()
                .map(|(line, rows)| vec![number(u64::from(*line)), number(*rows)])
                .collect(),
        },
        remarks: vec![format!("{rows} in total, not counting changes made by triggers")],
    }
}
