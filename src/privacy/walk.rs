//! Every table, cell and sentence of a report, in one place. Records are taken apart field by field, so that a new
//! field does not compile until somebody has decided what it holds.

use crate::import::format;
use crate::report::{
    AnalysisRun, CellRun, CellVerdict, Comparison, FileRun, LastSignRun, Listing, NamedComparison,
    PeriodRun, Report, RowRun, SeriesRun,
};
use crate::table::{Cell, Column, Kind, ResultTable};

/// What is done with each part of a report.
pub(super) trait Visitor {
    /// A cell, and its column.
    fn cell(&mut self, column: &Column, cell: &mut Cell);
    /// The heading of a column.
    fn heading(&mut self, text: &mut String);
    /// The name of a file.
    fn file(&mut self, text: &mut String);
    /// A title, a remark, a reason.
    fn sentence(&mut self, text: &mut String);
    /// What the document prints.
    fn printed(&mut self, _: &str) {}
}

/// Walks a report of exported rows. Replays are the document's own.
pub(super) fn report(report: &mut Report, visitor: &mut dyn Visitor) {
    let Report {
        schema: _,
        program: _,
        runs: _,
        validated: _,
        analysis: searched,
        comparisons,
        listings,
    } = report;
    if let Some(searched) = searched {
        analysis(searched, visitor);
    }
    for NamedComparison { expected, actual, comparison: found } in comparisons {
        visitor.file(expected);
        visitor.file(actual);
        comparison(found, visitor);
    }
    for Listing { title, table: rows, remarks } in listings {
        visitor.sentence(title);
        table(rows, visitor);
        remarks.iter_mut().for_each(|remark| visitor.sentence(remark));
    }
}

/// Walks what exported rows were searched for. A column that a finding computes is the program's own words only where
/// its header says so.
fn analysis(run: &mut AnalysisRun, visitor: &mut dyn Visitor) {
    let AnalysisRun {
        files,
        as_of: _,
        as_of_from,
        utc_offset: _,
        utc_offset_from: _,
        open_chats: _,
        activities: _,
        changes,
        summary,
        command: typed,
        outages,
        detected,
        periods,
        last_signs,
        undetectable,
        findings,
        candidates,
        next,
        unlocks,
        privacy: _,
    } = run;
    visitor.sentence(as_of_from);
    files.iter_mut().for_each(|file| of_file(file, visitor));
    // Names of application servers are of rows; the rest is the program's own.
    let given = outages.iter_mut().filter_map(|outage| outage.host.as_mut());
    let found = detected.iter_mut().filter_map(|outage| outage.host.as_mut());
    given.chain(found).for_each(|host| of_host(host, visitor));
    periods.iter_mut().for_each(|period| of_period(period, visitor));
    last_signs.iter_mut().for_each(|sign| of_sign(sign, visitor));
    typed.iter_mut().for_each(|typed| command(typed, visitor));
    if let Some(compared) = changes {
        visitor.sentence(&mut compared.earlier);
        visitor.sentence(&mut compared.later);
    }
    sentences(summary, visitor);
    sentences(undetectable, visitor);
    for finding in findings {
        table(&mut finding.table, visitor);
        sentences(&mut finding.needs_missing, visitor);
        sentences(&mut finding.helps_missing, visitor);
        sentences(&mut finding.remarks, visitor);
    }
    for candidate in candidates {
        sentences(&mut candidate.evidence_for, visitor);
        sentences(&mut candidate.evidence_against, visitor);
        sentences(&mut candidate.not_in_export, visitor);
        sentences(&mut candidate.separated_by, visitor);
    }
    next.iter_mut().for_each(|one| step(one, visitor));
    unlocks.iter_mut().for_each(|one| visitor.sentence(&mut one.needs));
}

/// Options whose values name nobody.
const PLAIN_OPTIONS: [&str; 4] = ["--utc-offset", "--encoding", "--input-format", "--only"];

/// A next step: its command, which stands in front, and the sentence after it.
fn step(said: &mut String, visitor: &mut dyn Visitor) {
    let parts = said.strip_prefix('`').and_then(|rest| Some((rest, unquoted(rest, '`').next()?)));
    let Some((rest, end)) = parts else {
        visitor.sentence(said);
        return;
    };
    let (mut typed, mut sentence) = (rest[..end].to_owned(), rest[end + 1..].to_owned());
    command(&mut typed, visitor);
    visitor.sentence(&mut sentence);
    *said = format!("`{typed}`{sentence}");
}

/// Where a command has a sign outside the quotes of a shell. `\'` is a quote that a word in quotes has itself.
fn unquoted(typed: &str, wanted: char) -> impl Iterator<Item = usize> {
    let mut quote = None;
    let mut before = ' ';
    typed.char_indices().filter_map(move |(at, sign)| {
        let escaped = quote.is_none() && before == '\\' && sign == '\'';
        before = sign;
        match quote {
            Some(open) if open == sign => quote = None,
            Some(_) => {}
            None if !escaped && ['\'', '"'].contains(&sign) => quote = Some(sign),
            None if sign == wanted => return Some(at),
            None => {}
        }
        None
    })
}

/// The words of a command, each with its quotes.
fn words(typed: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut start = 0;
    for at in unquoted(typed, ' ').chain([typed.len()]) {
        words.push(&typed[start..at]);
        start = at + 1;
    }
    words
}

/// A command to type: the names of files in it, and of servers. The program's name and the command's are our own, and
/// so is the name of the query behind `query`.
fn command(typed: &mut String, visitor: &mut dyn Visitor) {
    let words = words(typed);
    let own = match words.get(1) {
        Some(&"query") => 3,
        _ => 2,
    };
    let redacted = words.iter().enumerate().map(|(at, word)| {
        let before = match at {
            0 => "",
            _ => words[at - 1],
        };
        let of_option = before.starts_with("--") && before != "--db";
        if at < own || PLAIN_OPTIONS.contains(&before) {
            (*word).to_owned()
        } else if of_option && word.contains(['=', ':', '.']) {
            let parts = word.split(' ').map(|part| value(part, visitor));
            parts.collect::<Vec<_>>().join(" ")
        } else if word.starts_with('-') {
            (*word).to_owned()
        } else {
            file_word(word, visitor)
        }
    });
    let mut redacted: Vec<String> = redacted.collect();
    redacted.dedup_by(|next, before| next == REPLACED_FILE && before == REPLACED_FILE);
    *typed = redacted.join(" ");
}

/// What stands in a command for names of files that are replaced: a pseudonym would look like a file that there is.
const REPLACED_FILE: &str = "FILE";

/// A part of an option's value, without spaces.
fn value(part: &str, visitor: &mut dyn Visitor) -> String {
    if is_of_times(part) {
        return part.to_owned();
    }
    let Some((before, host, after)) = outage_of_host(part) else {
        let mut part = part.to_owned();
        if part.contains(['=', ':']) || part.contains("..") {
            visitor.sentence(&mut part);
        } else {
            visitor.file(&mut part);
        }
        return part;
    };
    let (mut host, mut after) = (host.to_owned(), after.to_owned());
    of_host(&mut host, visitor);
    visitor.sentence(&mut after);
    format!("{before}{host}={after}")
}

/// The name of a file as it is typed, or what stands for it.
fn file_word(word: &str, visitor: &mut dyn Visitor) -> String {
    let quote = word.chars().next().filter(|sign| ['\'', '"'].contains(sign));
    let name = match quote {
        Some(quote) => word.trim_start_matches(quote).trim_end_matches(quote),
        None => word,
    };
    let name = name.replace("'\\''", "'");
    let mut shown = name.clone();
    visitor.file(&mut shown);
    match shown == name {
        true => word.to_owned(),
        false => REPLACED_FILE.to_owned(),
    }
}

/// Whether a word is of dates and times of day alone, such as `09:00:00..2026-11-25`, which looks like a telephone
/// number.
fn is_of_times(word: &str) -> bool {
    let is_date = |part: &str| {
        let shape = part.bytes().map(|b| if b.is_ascii_digit() { b'0' } else { b });
        shape.eq(*b"0000-00-00")
    };
    let is_time = |part: &str| {
        let signs = part.bytes().all(|b| b.is_ascii_digit() || b":.".contains(&b));
        signs && part.contains(':') && part.len() <= "00:00:00.000".len()
    };
    let word = word.trim_matches('"');
    let known = |part: &str| part.is_empty() || is_date(part) || is_time(part);
    !word.is_empty() && word.split("..").all(known)
}

/// `"application@43app=2026-11-25`, taken apart before and behind the name of the server. As a whole it looks like an
/// address.
fn outage_of_host(word: &str) -> Option<(&str, &str, &str)> {
    const SERVER: &str = "application@";
    let at = word.find(SERVER)? + SERVER.len();
    let (before, rest) = word.split_at(at);
    let servers = before.trim_start_matches('"').trim_end_matches(SERVER);
    let (host, after) = rest.split_once('=')?;
    let is_own = servers.is_empty() || ["services+", "messaging+"].contains(&servers);
    is_own.then_some((before, host, after))
}

/// What happened, in counts, which the program names itself, by server.
fn of_period(period: &mut PeriodRun, visitor: &mut dyn Visitor) {
    let PeriodRun { from: _, to: _, part_minutes: _, series } = period;
    for one in series {
        let SeriesRun { what: _, host, counts: _, outside: _ } = one;
        host.iter_mut().for_each(|host| of_host(host, visitor));
    }
}

/// The number of a chat stays in a table as well.
fn of_sign(sign: &mut LastSignRun, visitor: &mut dyn Visitor) {
    let LastSignRun { at: _, host, state: _, chats: _, activity_id: _ } = sign;
    host.iter_mut().for_each(|host| of_host(host, visitor));
}

/// The name of a server is a value of `login_ip`.
fn of_host(host: &mut String, visitor: &mut dyn Visitor) {
    let mut cell = Cell::Text(std::mem::take(host));
    visitor.cell(&Column::new("login_ip", Kind::Text), &mut cell);
    *host = cell.to_string();
}

/// What is said of a file is the program's own, but in an import database that somebody else made.
fn of_file(file: &mut FileRun, visitor: &mut dyn Visitor) {
    let FileRun {
        file,
        input_format,
        encoding,
        exported_at: _,
        exported_at_from,
        tables,
        records: _,
        loaded: _,
        rejected: _,
        trailer: _,
        remarks,
        rejects,
    } = file;
    // In a database that somebody else made, all of it may be anything.
    for name in [file, encoding, exported_at_from] {
        visitor.file(name);
    }
    if format::by_id(input_format).is_none() {
        visitor.file(input_format);
    }
    tables.iter_mut().for_each(|table| visitor.file(table));
    sentences(remarks, visitor);
    sentences(rejects, visitor);
}

fn sentences(all: &mut [String], visitor: &mut dyn Visitor) {
    all.iter_mut().for_each(|sentence| visitor.sentence(sentence));
}

/// Walks a table; a column whose cells are no longer of its kind becomes one of texts.
pub(super) fn table(table: &mut ResultTable, visitor: &mut dyn Visitor) {
    let ResultTable { columns, rows } = table;
    for row in rows {
        for (column, cell) in columns.iter_mut().zip(row) {
            let was_text = matches!(cell, Cell::Text(_));
            visitor.cell(column, cell);
            if !was_text && matches!(cell, Cell::Text(_)) {
                column.kind = Kind::Text;
            }
        }
    }
    headings(columns, visitor);
}

/// The header of a file without one is its first record.
fn headings(columns: &mut [Column], visitor: &mut dyn Visitor) {
    columns.iter_mut().for_each(|column| visitor.heading(&mut column.name));
}

/// Walks a comparison.
fn comparison(found: &mut Comparison, visitor: &mut dyn Visitor) {
    let Comparison {
        same: _,
        key,
        expected_columns,
        actual_columns,
        header,
        rows,
        left_out: _,
        taken_over: _,
        remarks,
    } = found;
    let column = |name: &str| Column::new(name, Kind::Text);
    for row in rows {
        let RowRun { key: values, verdict: _, source_line: _, file_line: _, cells } = row;
        let public = |name: &str| {
            cells.iter().any(|cell| cell.column == name && is_public(cell, cell.actual.as_ref()))
        };
        for (name, value) in key.iter().zip(values) {
            if !public(name) {
                visitor.cell(&column(name), value);
            }
        }
        for cell in cells {
            compared(cell, &column(&cell.column), visitor);
        }
    }
    headings(expected_columns, visitor);
    headings(actual_columns, visitor);
    key.iter_mut().for_each(|name| visitor.heading(name));
    header.iter_mut().for_each(|sentence| visitor.sentence(sentence));
    remarks.iter_mut().for_each(|sentence| visitor.sentence(sentence));
}

fn compared(cell: &mut CellRun, of: &Column, visitor: &mut dyn Visitor) {
    let (expected_public, actual_public) =
        (is_public(cell, cell.expected.as_ref()), is_public(cell, cell.actual.as_ref()));
    // What is printed is the document's, and is shown as it is.
    let CellRun { column, printed, expected, actual, verdict, erratum: _, reason } = cell;
    if let Some(printed) = printed {
        visitor.printed(printed);
    }
    if let Some(expected) = expected.as_mut().filter(|_| !expected_public) {
        visitor.cell(of, expected);
    }
    if let Some(actual) = actual.as_mut().filter(|_| !actual_public) {
        visitor.cell(of, actual);
    }
    visitor.heading(column);
    if *verdict != CellVerdict::NotData
        && let Some(reason) = reason
    {
        visitor.sentence(reason);
    }
}

/// Whether a value is the one that the document prints in this place.
fn is_public(cell: &CellRun, value: Option<&Cell>) -> bool {
    match (&cell.printed, value) {
        // A row's number may be printed in its first cell.
        (Some(printed), Some(value)) => {
            let value = value.to_string();
            *printed == value || printed.ends_with(&format!(" {value}"))
        }
        _ => false,
    }
}
