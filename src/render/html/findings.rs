//! The findings of an analysis on its page: by urgency, with common values shown once, and evidence as chips.

use super::analysis::verdict;
use super::page::{NO_BREAK, Page, TableCell, code, text, words};
use super::wording;
use crate::diagnostic::counted;
use crate::query::Urgency;
use crate::render::columns::{self, Columns};
use crate::report::{AnalysisRun, FindingRun, FindingVerdict};
use crate::table::{Cell, ResultTable};

/// How many rows of a finding the page shows.
const SHOWN: usize = 10;

/// The columns with evidence, separated by `; `, with the CSS class of their chips and a label.
const EVIDENCE: [(&str, &str, &str); 3] = [
    ("evidence_for", "for", ""),
    ("evidence_against", "against", "against: "),
    ("not_compared", "unsure", "not compared: "),
];

/// A longer verdict is a sentence.
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
        .map(|finding| format!("<li>{} {}</li>\n", text(&finding.title), code(&finding.name)))
        .collect();
    if !nothing.is_empty() {
        let found_nothing = format!("{} without rows", counted(nothing.len(), "finding"));
        page.folded(false, &found_nothing, |page| {
            page.markup(format_args!("<ul>\n{}</ul>\n", nothing.concat()));
        });
    }
}

fn of_finding(page: &mut Page, finding: &FindingRun, tables_beside: bool) {
    let is_open = finding.verdict == FindingVerdict::Found && finding.urgency != Urgency::Context;
    let count = finding.table.rows.len();
    let summary = format!("{} {}", text(&finding.title), verdict(finding));
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

/// Where to find the rows that the page omits.
fn more(page: &mut Page, finding: &FindingRun, tables_beside: bool) {
    let all = counted(finding.table.rows.len(), "row");
    let file = format!("{}.csv", finding.name);
    let place = if tables_beside {
        format!("all are in <a href=\"{0}\">{0}</a>", text(&file))
    } else {
        let option = code(&format!("--only {}", finding.name));
        format!("{option} shows all, and {} writes them into {}", code("--out DIR"), code(&file))
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
    let shared = Shared::of(page, table, shown, &evidence);
    let mut lines = Vec::new();
    for row in shown {
        let cells = columns.apart.iter();
        let mut cells: Vec<TableCell> =
            cells.map(|at| value(&table.columns[*at].name, &row[*at])).collect();
        cells.extend(columns.place.map(|(file, line)| match one_file {
            Some(_) => TableCell::value(&row[line]),
            None => TableCell::text(&columns::place(&row[file], &row[line])),
        }));
        lines.push(cells);
        let own = shared.others(&evidence, row);
        if !own.is_empty() {
            let own = format!("<div class=\"below\">{own}</div>");
            lines.push(vec![TableCell::html(own)]);
        }
    }
    page.table(&finding.title, &header, &lines);
}

/// Where the evidence of a table is, which leaves the columns that are shown side by side.
fn evidence_of(table: &ResultTable, columns: &mut Columns) -> Evidence {
    let evidence = EVIDENCE.map(|(name, ..)| table.position(name));
    for some in [&mut columns.same, &mut columns.same_here, &mut columns.apart] {
        some.retain(|at| !evidence.contains(&Some(*at)));
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
    page.markup(format_args!("<p class=\"small\">{label}: {}</p>\n", said.join("; ")));
}

/// A cell as displayed: times to the second, and a verdict as a coloured label.
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
        Cell::Timestamp(_) => {
            TableCell { class: NO_BREAK, ..TableCell::text(&wording::brief_value(cell)) }
        }
        cell => TableCell::value(cell),
    }
}

/// Where the columns of evidence are.
type Evidence = [Option<usize>; EVIDENCE.len()];

/// The pieces of evidence of a row, each with the place of its column among those of evidence.
fn pieces<'r>(evidence: &Evidence, row: &'r [Cell]) -> Vec<(usize, &'r str)> {
    let mut pieces = Vec::new();
    for (of, at) in evidence.iter().enumerate() {
        if let Some(Cell::Text(said)) = at.map(|at| &row[at]) {
            let said = said.split("; ").filter(|piece| !piece.is_empty());
            pieces.extend(said.map(|piece| (of, piece)));
        }
    }
    pieces
}

fn chips(pieces: &[(usize, &str)]) -> String {
    let chip = |(of, piece): &(usize, &str)| {
        let (_, class, word) = EVIDENCE[*of];
        format!("<span class=\"chip {class}\">{word}{}</span> ", words(piece))
    };
    pieces.iter().map(chip).collect()
}

/// The evidence that is the same in all rows, which is said once.
struct Shared<'t>(Vec<(usize, &'t str)>);

impl<'t> Shared<'t> {
    /// Says above a table what evidence all its rows have, and what else those have that are shown.
    fn of(
        page: &mut Page,
        table: &'t ResultTable,
        shown: &'t [Vec<Cell>],
        evidence: &Evidence,
    ) -> Self {
        let mut said = Vec::new();
        let all = format!("Evidence in all {} rows", table.rows.len());
        for (label, rows) in [(all.as_str(), &table.rows[..]), ("Evidence in these rows", shown)] {
            if rows.len() < 2 {
                continue;
            }
            let mut same = pieces(evidence, &rows[0]);
            same.retain(|piece| !said.contains(piece));
            for row in &rows[1..] {
                let own = pieces(evidence, row);
                same.retain(|piece| own.contains(piece));
                if same.is_empty() {
                    break;
                }
            }
            if !same.is_empty() {
                let chips = chips(&same);
                page.markup(format_args!("<p class=\"small\">{label}: {chips}</p>\n"));
            }
            said.extend(same);
        }
        Self(said)
    }

    /// The other evidence of a row; nothing where the table has none.
    fn others(&self, evidence: &Evidence, row: &[Cell]) -> String {
        let mut own = pieces(evidence, row);
        let has_none = own.is_empty() && evidence.iter().any(Option::is_some);
        own.retain(|piece| !self.0.contains(piece));
        match has_none {
            true => "<span class=\"soft\">none; another export may resolve it</span>".to_owned(),
            false => chips(&own),
        }
    }
}
