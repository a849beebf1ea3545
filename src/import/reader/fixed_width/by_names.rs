//! Columns that begin where the names in the first line do.

use std::ops::Range;

use crate::import::format::detect;
use crate::import::reader::aligned::Measure;

/// The maximum length of the header line, and of adjacent names.
const LONGEST_HEAD: usize = 64 << 10;
const LONGEST_TOKEN: usize = 2000;

/// The longest name: SQL Server allows as many characters.
const LONGEST_NAME: usize = 128;

/// The column names in `head`, if the texts at `places` are names.
pub(super) fn names_at(head: &str, places: &[Range<usize>]) -> Option<Vec<String>> {
    let cut = Measure::Units.cut(head, places)?;
    let names = || cut.iter().map(|place| head[place.clone()].trim());
    detect::are_names(names()).then(|| names().map(str::to_owned).collect())
}

/// The columns that the names in `head` begin, if it is a header and unambiguous.
pub(super) fn by_names(head: &str, rows: &[&str]) -> Option<(Vec<Range<usize>>, Vec<String>)> {
    let odd = |c: char| !c.is_ascii() || matches!(c, ',' | ';' | '\t' | '"' | '|' | ':');
    if head.len() > LONGEST_HEAD || head.contains(odd) {
        return None;
    }
    let mut names: Vec<(usize, &str)> = Vec::new();
    let mut at = 0;
    for token in head.split(' ') {
        if !token.is_empty() {
            let parts = parts(token)?;
            let mut start = at;
            for part in parts {
                names.push((start, part));
                start += part.len();
            }
        }
        at += token.len() + 1;
    }
    if names.len() < 2 || !detect::are_names(names.iter().map(|(_, name)| *name)) {
        return None;
    }
    // A single blank may be inside a name, unless both sides are columns, or the rows have a blank there as well.
    let sure = names.windows(2).all(|pair| {
        let ((before, name), (start, next)) = (pair[0], pair[1]);
        let known = detect::is_known_column(name) && detect::is_known_column(next);
        let blank = |row: &&str| row.as_bytes().get(start - 1).is_none_or(|b| *b == b' ');
        known || start - before - name.len() > 1 || !rows.is_empty() && rows.iter().all(blank)
    });
    let starts = names.iter().map(|(start, _)| *start);
    let ends = starts.clone().skip(1).chain([head.len()]);
    let places: Vec<Range<usize>> = starts.zip(ends).map(|(start, end)| start..end).collect();
    let first = places.first().is_some_and(|place| place.start == 0);
    let names = names.into_iter().map(|(_, name)| name.to_owned()).collect();
    (sure && first).then_some((places, names))
}

/// The names adjacent in `token`: the token itself if it is a column or contains none at its ends, otherwise the
/// columns that it consists of, if there is only one way to split it.
fn parts(token: &str) -> Option<Vec<&str>> {
    if token.len() > LONGEST_TOKEN {
        return None;
    }
    // The ways to part the text from each byte on, and the end of the first name in one of them.
    let mut ways = vec![(0_u32, 0); token.len() + 1];
    ways[token.len()] = (1, 0);
    for start in (0..token.len()).rev() {
        for end in start + 1..=token.len().min(start + LONGEST_NAME) {
            let known = ways[end].0 > 0 && detect::is_known_column(&token[start..end]);
            if known {
                ways[start] = (ways[start].0.saturating_add(ways[end].0), end);
            }
        }
    }
    match ways[0].0 {
        0 => {
            let joint = |at: usize| token[..at].ends_with('_') || token[at..].starts_with('_');
            let part = |at: usize| {
                let either =
                    detect::is_known_column(&token[..at]) || detect::is_known_column(&token[at..]);
                either && !joint(at)
            };
            let whole = !(1..token.len()).any(part);
            whole.then(|| vec![token])
        }
        1 => {
            let (mut found, mut start) = (Vec::new(), 0);
            while start < token.len() {
                let end = ways[start].1;
                found.push(&token[start..end]);
                start = end;
            }
            Some(found)
        }
        _ => None,
    }
}
