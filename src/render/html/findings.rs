//! The findings of an analysis on its page: by urgency, with what all rows share said once, and evidence as chips.

use super::analysis::verdict;
use super::page::{NO_BREAK, Page, TableCell, code, text};
use super::wording;
use crate::diagnostic::counted;
use crate::query::Urgency;
use crate::render::columns::{self, Columns};
use crate::report::{AnalysisRun, FindingRun, FindingVerdict};
use crate::table::{Cell, ResultTable};

/// How many rows of a finding the page shows.
const SHOWN: usize = 10;

/// The columns that hold evidence, with `; ` between two pieces of it, the class of its chips and a word before it.
const EVIDENCE: [(&str, &str, &str); 3] = [
    ("evidence_for", "for", ""),
    ("evidence_against", "against", "against: "),
    ("not_compared", "unsure", "not compared: "),
];

/// A verdict of more letters than this is a sentence.
const MARK: usize = 20;

/// The column of a row's own verdict.
const VERDICT: &str = "verdict";

pub(super) fn render(page: &mut Page, run: &AnalysisRun, tables_beside: bool) {
    page.element("h2", "", "What was found");
    for finding in wording::by_urgency(run) {
        of_finding(page, finding, tables_beside);
    }
    let nothing: Vec<String> = (run.findings.iter())
        .filter(|finding| finding.verdict == FindingVerdict::Nothing)
        .map(|finding| code(&finding.name))
        .collect();
    if !nothing.is_empty() {
        page.markup(format_args!("<p>No rows: {}</p>\n", nothing.join(" ")));
    }
}

fn of_finding(page: &mut Page, finding: &FindingRun, tables_beside: bool) {
    let is_open = finding.verdict == FindingVerdict::Found && finding.urgency != Urgency::Context;
    let count = finding.table.rows.len();
    let summary = format!(
        "{} {}",
        text(&finding.title),
        verdict(finding.verdict, count)
    );
    page.unfolding(is_open, &summary, |page| {
        page.prose("p", "small", &finding.meaning);
        rows(page, finding);
        if count > SHOWN {
            more(page, finding, tables_beside);
        }
        page.list(&finding.remarks);
        page.markup(format_args!(
            "<p class=\"small soft\">{} {}</p>\n",
            code(&finding.name),
            text(&wording::told(finding))
        ));
    });
}

/// Where the rows are that the page does not show.
fn more(page: &mut Page, finding: &FindingRun, tables_beside: bool) {
    let all = counted(finding.table.rows.len(), "row");
    let file = format!("{}.csv", finding.name);
    let place = if tables_beside {
        format!("all are in <a href=\"{0}\">{0}</a>", text(&file))
    } else {
        let option = code(&format!("--only {}", finding.name));
        format!(
            "{option} shows all, and {} writes them into {}",
            code("--out DIR"),
            code(&file)
        )
    };
    page.markup(format_args!(
        "<p class=\"small\">The first {SHOWN} of {}; {place}.</p>\n",
        text(&all)
    ));
}

fn rows(page: &mut Page, finding: &FindingRun) {
    let table = &finding.table;
    let shown = &table.rows[..table.rows.len().min(SHOWN)];
    if shown.is_empty() {
        return;
    }
    let mut columns = Columns::of(table, shown);
    let evidence = evidence_of(table, &mut columns);
    let one_file = columns.place.filter(|_| columns.place_is_of_one_file());
    columns.same.extend(one_file.map(|(file, _)| file));
    let all = match table.rows.len() == shown.len() {
        true => "In all rows".to_owned(),
        false => format!("In all {} rows", table.rows.len()),
    };
    said_once(page, &all, table, &columns.same);
    said_once(page, "In these rows", table, &columns.same_here);
    let names = columns.apart.iter().map(|at| &table.columns[*at].name);
    let mut header: Vec<String> = names.cloned().collect();
    header.extend(columns.place.map(|_| match one_file {
        Some(_) => "line".to_owned(),
        None => columns::PLACE.to_owned(),
    }));
    let mut lines = Vec::new();
    for row in shown {
        let cells = columns.apart.iter();
        let mut cells: Vec<TableCell> = cells
            .map(|at| value(&table.columns[*at].name, &row[*at]))
            .collect();
        cells.extend(columns.place.map(|(file, line)| match one_file {
            Some(_) => TableCell::value(&row[line]),
            None => TableCell::text(&columns::place(&row[file], &row[line])),
        }));
        if evidence.iter().any(Option::is_some) {
            cells.iter_mut().for_each(|cell| cell.class = "first");
            lines.push(cells);
            let chips = chips(&evidence, row);
            lines.push(vec![TableCell::html(format!(
                "<div class=\"below\">{chips}</div>"
            ))]);
        } else {
            lines.push(cells);
        }
    }
    page.table(&finding.title, &header, &lines);
}

/// Where the evidence of a table is. It leaves the columns that are shown side by side, but for what is not compared in
/// any row, which is said once; evidence against that no row has is not named.
fn evidence_of(table: &ResultTable, columns: &mut Columns) -> [Option<usize>; 3] {
    let mut evidence = EVIDENCE.map(|(name, ..)| table.position(name));
    let [_, others @ ..] = &mut evidence;
    let mut said_once = None;
    for other in others {
        if let Some(at) = other.filter(|at| columns.same.contains(at))
            && table.rows[0][at] != Cell::Null
        {
            said_once = Some(at);
            *other = None;
        }
    }
    for some in [
        &mut columns.same,
        &mut columns.same_here,
        &mut columns.apart,
    ] {
        let is_evidence = |at: &usize| EVIDENCE.iter().any(|one| table.columns[*at].name == one.0);
        some.retain(|at| !is_evidence(at) || said_once == Some(*at));
    }
    evidence
}

fn said_once(page: &mut Page, label: &str, table: &ResultTable, same: &[usize]) {
    if same.is_empty() {
        return;
    }
    let said = |at: &usize| {
        let name = &table.columns[*at].name;
        format!("{} {}", text(name), value(name, &table.rows[0][*at]).html)
    };
    let said: Vec<String> = same.iter().map(said).collect();
    page.markup(format_args!(
        "<p class=\"small\">{label}: {}</p>\n",
        said.join("; ")
    ));
}

/// A cell as it is shown: times to the second, and a verdict as a word on a coloured ground.
fn value(column: &str, cell: &Cell) -> TableCell {
    match cell {
        Cell::Text(word) if column == VERDICT && word.len() <= MARK => {
            let class = match word.as_str() {
                "ghost" => "bad",
                "probable" => "warn",
                _ => "over",
            };
            TableCell::mark(class, word)
        }
        Cell::Timestamp(_) => TableCell {
            class: NO_BREAK,
            ..TableCell::text(&wording::brief_value(cell))
        },
        cell => TableCell::value(cell),
    }
}

fn chips(evidence: &[Option<usize>; 3], row: &[Cell]) -> String {
    let mut chips = String::new();
    for ((_, class, word), at) in EVIDENCE.iter().zip(evidence) {
        let Some(Cell::Text(said)) = at.map(|at| &row[at]) else {
            continue;
        };
        for piece in said.split("; ").filter(|piece| !piece.is_empty()) {
            chips.push_str(&format!(
                "<span class=\"chip {class}\">{word}{}</span> ",
                text(piece)
            ));
        }
    }
    if chips.is_empty() {
        "<span class=\"soft\">none; another export may resolve it</span>".to_owned()
    } else {
        chips
    }
}
