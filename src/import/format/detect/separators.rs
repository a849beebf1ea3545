//! Separators of more than one character, detected from the beginning of a file.

use super::Sample;
use super::trial::SplitCandidate;

/// A separator followed by a space, if quotes after the space are meant to begin text: all records have the same number
/// of them, and no text follows a closing quote.
pub(super) fn spaced_separator(sample: &Sample<'_>) -> Option<&'static str> {
    [", ", "; ", "| "].into_iter().find(|spaced| {
        let begins = format!("{spaced}\"");
        if memchr::memmem::find(sample.bytes, begins.as_bytes()).is_none() {
            return false;
        }
        let trial = |separator: &str| SplitCandidate::new(sample, separator, true, None);
        let (with, without) = (trial(spaced), trial(&spaced[..1]));
        let is_clean = with.rejects == 0 && with.ragged == 0 && with.quoted() > 0;
        is_clean && with.records > 0 && with.width == without.width && without.odd > 0
    })
}

/// Multi-character separators commonly used with bcp and other scripts.
pub(super) const LONG: [&str; 15] = [
    "\u{FF0C}", "\u{FF1B}", "\u{FF5C}", "\u{60C}", "~||~", "|~|", "~|~", "|#|", "<|>", "|^|", "|^",
    "^|", "||", "^^", "~~",
];

/// The multi-character separator in the first line, with the record terminator if that is not a line end.
pub(super) fn long_delimiter(lines: &[String]) -> Option<(&'static str, Option<String>)> {
    // A text may hold the marks as well, so they have to stand as often as the ends of fields and of records do.
    let stand = |mark: &str| -> usize { lines.iter().map(|line| line.matches(mark).count()).sum() };
    let (fields, records) = (stand("<EOFD>"), stand("<EORD>"));
    let begins = lines.iter().find(|line| !line.is_empty());
    if records > 0 && fields >= 2 * records && begins.is_some_and(|line| line.contains("<EOFD>")) {
        return Some(("<EOFD>", Some("<EORD>".to_owned())));
    }
    let first = lines.iter().find(|line| !line.is_empty())?;
    let count = |long: &&&str| first.matches(**long).count();
    // Of two that stand equally often, the longer one is meant: it comes first, and the last maximum is taken.
    let long =
        LONG.iter().rev().max_by_key(count).filter(|long| first.matches(**long).count() > 1)?;
    // A single separator that stands more often is meant, be it a part of the long one or not.
    let stands = first.matches(long).count();
    let more = |c: char| first.matches(c).count() > stands * long.matches(c).count().max(1);
    if [',', '\t', ';', '|', '^', '~'].into_iter().any(more) {
        return None;
    }
    let ends = |line: &&String| !line.is_empty();
    let mark = |line: &String| {
        let text = line.trim_end_matches(|c: char| {
            c.is_ascii_punctuation() && !matches!(c, '"' | '.' | ')' | '\'')
        });
        line[text.len()..].to_owned()
    };
    let mark = mark(first);
    let all = lines.iter().filter(ends).count();
    let same = lines.iter().filter(|line| line.ends_with(&mark)).count();
    let own = !mark.is_empty() && !mark.ends_with(long) && same * 2 > all;
    Some((long, own.then(|| format!("{mark}\n"))))
}

/// The field and record terminators if each is a character plus a common separator, as in `1+|a+|b&|`: nearly every
/// separator in the text is part of one of the two, and each record has the same number.
pub(super) fn paired_marks(text: &str) -> Option<(String, String)> {
    let is_sign = |c: char| {
        c.is_ascii_punctuation()
            && !matches!(c, '"' | '\'' | '.' | ')' | ']' | '}' | '>' | '_' | '-')
    };
    ['|', ',', ';', '\t', '^', '~'].into_iter().find_map(|separator| {
        let sign =
            |at: usize| text[..at].chars().next_back().filter(|c| is_sign(*c) && *c != separator);
        let first = text.find(separator)?;
        let between = format!("{}{separator}", sign(first)?);
        let line_end = text.match_indices(separator).find_map(|(at, found)| {
            let rest = &text[at + found.len()..];
            let line_end = ["\r\n", "\n"].into_iter().find(|end| rest.starts_with(end))?;
            Some(format!("{}{separator}{line_end}", sign(at)?))
        })?;
        let (fields, records) = (text.matches(&between).count(), text.matches(&line_end).count());
        let behind = line_end.trim_end_matches(['\r', '\n']);
        let all = text.matches(separator).count();
        (behind != between && fields >= records && (fields + records) * 20 >= all * 19)
            .then_some((between, line_end.clone()))
    })
}
