//! What SSMS and sqlcmd write below a result: its row count, in any language, and its completion time.

use chrono::NaiveDateTime;

/// The count in a line such as `(3 rows affected)`, `(1 row(s) affected)` or `(затронуто строк: 13)`: one number and
/// words, in one pair of parentheses.
#[must_use]
pub fn rows(line: &str) -> Option<u64> {
    let line = line.trim();
    if line.len() > 120 {
        return None;
    }
    if !line.starts_with(['(', '\u{FF08}']) {
        return rows_in_set(line);
    }
    let inner = line.strip_prefix(['(', '\u{FF08}'])?.strip_suffix([')', '\u{FF09}'])?.trim();
    let begins = inner.find(|c: char| c.is_ascii_digit())?;
    let behind = &inner[begins..];
    let digits = behind.len() - behind.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (before, after) = (&inner[..begins], &behind[digits..]);
    let worded = |c: char| {
        c.is_alphabetic()
            || matches!(c, ' ' | '(' | ')' | '\u{A0}' | '.' | '\'' | ':' | '\u{FF1A}' | '-')
    };
    let words = || before.chars().chain(after.chars());
    // A number that stands last is told by the words before it: `(rows: 3)`, and not `(Mr. 3)`.
    let last = after.trim().is_empty() && !before.trim_end().ends_with([':', '\u{FF1A}']);
    (words().any(char::is_alphabetic) && words().all(worded) && !last)
        .then(|| behind[..digits].parse().ok())?
}

/// Says that lines with the names of the columns, after the first one, were skipped.
#[must_use]
pub fn repeated_headers(count: u64) -> String {
    match count {
        1 => "1 repeated header line was skipped".to_owned(),
        n => format!("{n} repeated header lines were skipped"),
    }
}

/// The count in MySQL's `2 rows in set, 1 warning (0.00 sec)`.
fn rows_in_set(line: &str) -> Option<u64> {
    let (count, rest) = line.split_once(' ')?;
    let rest =
        ["row in set", "rows in set"].into_iter().find_map(|words| rest.strip_prefix(words))?;
    let (warnings, time) = rest.split_once(" (")?;
    let is_time = time.strip_suffix(" sec)").is_some_and(|time| time.parse::<f64>().is_ok());
    let is_count = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let are_warnings = warnings.is_empty()
        || (warnings.strip_prefix(", "))
            .and_then(|text| text.split_once(" warning"))
            .is_some_and(|(count, end)| is_count(count) && matches!(end, "" | "s"));
    (is_time && are_warnings && is_count(count)).then(|| count.parse().ok())?
}

/// Messages of the server or the tool between results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Message {
    /// What stopped the query. Its text follows below.
    Stop(Stop),
    /// A message that says nothing about rows: statistics, the database, completed commands.
    Note,
}

/// What stopped a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// `Msg 208, Level 16, State 1, Line 1`, in any language: the number of the server's error.
    Server(u64),
    /// The tool itself: it lost the connection, waited too long, or was interrupted.
    Client,
}

/// What `line` is, if it is a server message. Only known messages count, so that a row is not mistaken for
/// one.
#[must_use]
pub fn message(line: &str) -> Option<Message> {
    let line = line.trim();
    if line.is_empty() || line.len() > 1000 || line.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    if let Some(stop) = stop(line) {
        return Some(Message::Stop(stop));
    }
    let is_sentence = |(begin, end): &(&str, &str)| {
        line.len() >= begin.len() + end.len() && line.starts_with(begin) && line.ends_with(end)
    };
    (SENTENCES.iter().any(is_sentence) || is_statistics(line)).then_some(Message::Note)
}

/// What stopped the query, if `line` says so.
#[must_use]
pub fn stop(line: &str) -> Option<Stop> {
    let line = line.trim();
    let is_client = || {
        let is_coded = ["HResult 0x", "Msg -"].iter().any(|code| line.starts_with(code));
        CLIENT_STOPS.iter().any(|begin| line.starts_with(begin))
            || CLIENT_LINES.contains(&line)
            || (is_coded && line.contains(", Level "))
    };
    let server = error(line).map(Stop::Server);
    server.or_else(|| is_client().then_some(Stop::Client))
}

/// The beginnings of what sqlcmd and SSMS write where they stop.
const CLIENT_STOPS: [&str; 4] = [
    "Sqlcmd: Error: ",
    "Sqlcmd: Warning: The last operation was terminated",
    "Timeout expired. ",
    "An error occurred while executing batch. Error message is: ",
];

/// The same, where it is the whole line.
const CLIENT_LINES: [&str; 3] =
    ["Timeout expired", "Query was cancelled by user.", "Query was canceled by user."];

/// Messages of the server and its tools, as the text before and after a name.
const SENTENCES: &[(&str, &str)] = &[
    ("Commands completed successfully.", ""),
    ("Command(s) completed successfully.", ""),
    ("Die Befehle wurden erfolgreich", "."),
    ("Befehl(e) erfolgreich", "."),
    ("Comandos completados correctamente", "."),
    ("Comandos conclu\u{ED}dos com \u{EA}xito", "."),
    ("Commandes r\u{E9}ussies", "."),
    ("Comandi completati", "."),
    ("Выполнение команд успешно", "."),
    ("\u{547D}\u{4EE4}\u{5DF2}\u{6210}\u{529F}\u{5B8C}\u{6210}", ""),
    ("Changed database context to '", "'."),
    ("Changed language setting to ", "."),
    ("Der Datenbankkontext wurde ", "."),
    ("Se cambi\u{F3} el contexto de la base de datos a ", "."),
    ("Le contexte de la base de donn\u{E9}es a chang\u{E9}", "."),
    ("Contexto do banco de dados alterado para ", "."),
    ("Il contesto di database \u{E8} stato modificato in ", "."),
    ("Warning: Null value is eliminated by an aggregate or other SET operation.", ""),
    ("Warnung: Ein NULL-Wert wird durch einen Aggregat- oder sonstigen SET-Vorgang", "."),
    ("Advertencia: valor NULL eliminado por el agregado u otra operaci\u{F3}n SET.", ""),
    ("Advertencia: el valor NULL se ha eliminado en el agregado", "."),
    ("Aviso: o valor nulo", "."),
    ("Avertissement : la valeur NULL est \u{E9}limin\u{E9}e", "."),
    ("The statement has been terminated.", ""),
    ("SQL Server parse and compile time:", ""),
    ("SQL Server Execution Times:", ""),
    ("SQL Server Analyse- und Kompilierzeit:", ""),
    ("SQL Server-Ausf\u{FC}hrungszeiten:", ""),
    ("Tiempo de an\u{E1}lisis y compilaci\u{F3}n de SQL Server:", ""),
    ("Tiempos de ejecuci\u{F3}n de SQL Server:", ""),
    ("Temps d'analyse et de compilation de SQL Server", ":"),
    ("Temps d'ex\u{E9}cution de SQL Server", ":"),
    (
        "\u{412}\u{440}\u{435}\u{43C}\u{44F} \u{440}\u{430}\u{431}\u{43E}\u{442}\u{44B} SQL Server:",
        "",
    ),
    ("Network packet size (bytes):", ""),
    ("Clock Time (ms.):", ""),
    ("Clock Time (ms.) total", ")"),
];

/// `Table 'chats'. Scan count 1, logical reads 5, ...`, `CPU time = 0 ms,  elapsed time = 12 ms.`, in any language.
fn is_statistics(line: &str) -> bool {
    let counted = |part: &str| {
        let part = part.trim_end_matches('.').trim();
        part.rsplit_once(' ').is_some_and(|(words, count)| {
            words.chars().any(char::is_alphabetic) && is_digits(count)
        })
    };
    let times = |part: &str| {
        let part = part.trim().trim_end_matches(['.', '\u{3002}']).trim();
        part.split_once(" = ").is_some_and(|(words, time)| {
            let mut pieces = time.split_whitespace();
            let number = pieces.next().is_some_and(is_digits);
            number && pieces.count() == 1 && words.chars().all(|c| !c.is_ascii_digit())
        })
    };
    let of_table = line.split_once("'. ").is_some_and(|(table, counts)| {
        table.split_once(" '").is_some_and(|(word, _)| word.chars().all(char::is_alphabetic))
            && counts.split(", ").count() > 3
            && counts.split(", ").all(counted)
    });
    of_table || (line.split(',').count() == 2 && line.split(',').all(times))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// The number in `Msg 208, Level 16, State 1, Server SQL01, Line 1`, in any language: an error number, its level, a
/// state and finally a line.
#[must_use]
pub fn error(line: &str) -> Option<u64> {
    if line.len() > 400 || line.starts_with(|c: char| c.is_ascii_digit() || c == '"') {
        return None;
    }
    let parts: Vec<&str> = line.split([',', '\u{FF0C}', '\u{3001}']).map(str::trim).collect();
    if !(4..=7).contains(&parts.len()) {
        return None;
    }
    let number = |part: &str| {
        let begins = part.find(|c: char| c.is_ascii_digit())?;
        let digits = part[begins..].trim_end_matches(|c: char| c.is_alphabetic() || c == ' ');
        let word = part[..begins].trim_end_matches(['.', ' ']);
        let worded = !word.is_empty() && word.chars().all(char::is_alphabetic);
        (worded && is_digits(digits)).then(|| digits.parse::<u64>().ok())?
    };
    let level = number(parts[1])?;
    let line = parts.last().and_then(|part| number(part.split(" [").next()?));
    (level <= 25 && number(parts[2])? <= 255 && line.is_some()).then(|| number(parts[0]))?
}

/// What an error means for an export, `below` its rows or among them.
#[must_use]
pub fn stopped(stop: Stop, below: bool) -> String {
    match (stop, below) {
        (Stop::Server(number), true) => {
            format!("the server reported error {number} outside the rows")
        }
        (Stop::Server(number), false) => {
            format!("the export stopped at server error {number}: it is incomplete")
        }
        (Stop::Client, true) => "the tool that ran the query stopped below the rows".to_owned(),
        (Stop::Client, false) => {
            "the export stopped at an error of the tool that wrote it: it is incomplete".to_owned()
        }
    }
}

/// What is said of messages that are not rows.
#[must_use]
pub fn passed_over(messages: u64) -> String {
    match messages {
        1 => "1 server message was skipped".to_owned(),
        n => format!("{n} server messages were skipped"),
    }
}

/// The error numbers in a text that consists only of messages, in order; `None` if it contains anything else.
#[must_use]
pub fn only_messages(text: &str) -> Option<Vec<u64>> {
    let mut errors = Vec::new();
    let (mut any, mut in_error) = (false, false);
    for line in text.lines().take(1000) {
        match message(line) {
            Some(Message::Stop(stop)) => {
                errors.extend(match stop {
                    Stop::Server(number) => Some(number),
                    Stop::Client => None,
                });
                in_error = true;
            }
            Some(Message::Note) => in_error = false,
            None if completed_at_ms(line).is_some() || rows(line).is_some() => in_error = false,
            None if line.trim().is_empty() => {
                in_error = false;
                continue;
            }
            None if in_error => {}
            None => return None,
        }
        any = true;
    }
    any.then_some(errors)
}

/// What the server and its tools say above a result.
#[derive(Debug)]
pub struct Above {
    /// How many lines it is, with blank lines.
    pub lines: usize,
    /// The errors of the server among it: the line, from 0, the text and the number.
    pub errors: Vec<(usize, String, u64)>,
}

impl Above {
    /// How many lines are inspected.
    const LINES: usize = 200;

    /// The messages at the beginning of `text`, if an error is among them and something follows them.
    #[must_use]
    pub fn of(text: &[u8]) -> Option<Self> {
        let begins = text.iter().position(|byte| !byte.is_ascii_whitespace())?;
        // Most files begin with something else; nothing of them is copied.
        let first = text[begins..].split(|byte| *byte == b'\n').next()?;
        message(std::str::from_utf8(first).ok()?)?;
        let text = String::from_utf8_lossy(text);
        let lines: Vec<&str> = text.lines().take(Self::LINES).collect();
        let (mut at, mut errors) = (0, Vec::new());
        while let Some(line) = lines.get(at) {
            let first = at;
            let is_said = line.trim().is_empty()
                || message(line).is_some()
                || rows(line).is_some()
                || completed_at_ms(line).is_some();
            if !is_said {
                break;
            }
            at += 1;
            if let Some(number) = error(line.trim()) {
                let is_text = |rest: &[&str]| {
                    !rest[0].trim().is_empty()
                        && message(rest[0]).is_none()
                        && rows(rest[0]).is_none()
                        && !begins_result(rest)
                };
                while at < lines.len() && is_text(&lines[at..]) {
                    at += 1;
                }
                errors.push((first, lines[first..at].join("\n"), number));
            }
        }
        (!errors.is_empty() && at < lines.len()).then_some(Self { lines: at, errors })
    }
}

/// Whether a result begins with `lines`, directly below the text of an error: its names, over dashes or over a line
/// with as many separators, or a document.
fn begins_result(lines: &[&str]) -> bool {
    let is_rule =
        |line: &str| line.contains("--") && line.bytes().all(|b| b"-+,;| \t".contains(&b));
    let is_split = |by: char| {
        let count = |line: &str| line.matches(by).count();
        super::detect::are_names(lines[0].split(by).map(str::trim))
            || (count(lines[0]) > 0
                && lines.get(1).is_some_and(|next| count(next) == count(lines[0])))
    };
    lines[0].starts_with(['{', '[', '<', '+'])
        || is_rule(lines[0])
        || lines.get(1).is_some_and(|next| is_rule(next))
        || [',', ';', '\t', '|'].into_iter().any(is_split)
}

/// The wall-clock time, in milliseconds since 1970, in a line such as
/// `Completion time: 2026-10-02T15:58:11.1234567+02:00`, in any
/// language.
#[must_use]
pub fn completed_at_ms(line: &str) -> Option<i64> {
    let (words, time) = line.trim().split_once(": ")?;
    let worded = |c: char| c.is_alphabetic() || matches!(c, ' ' | '\'' | '-');
    if words.is_empty() || words.len() > 60 || !words.chars().all(worded) {
        return None;
    }
    let time = time.trim();
    let local = time.get(..23)?;
    let rest = time.get(23..)?;
    let offset = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    let is_offset = offset == "Z" || (offset.len() == 6 && offset.starts_with(['+', '-']));
    let at = NaiveDateTime::parse_from_str(local, "%Y-%m-%dT%H:%M:%S%.3f").ok()?;
    is_offset.then(|| at.and_utc().timestamp_millis())
}
