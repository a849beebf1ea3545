//! E-mail addresses in text, and their one spelling.

use crate::work;

use super::{Found, decoded, machine};

fn is_local(c: char) -> bool {
    c.is_alphanumeric() || ".!#$%&'*+-/=?^_{|}~`".contains(c)
}

fn is_host(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '-' | '_')
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n' | '\u{a0}')
}

/// The e-mail addresses in decoded text, left to right. What could belong to two of them is one stretch.
pub(in crate::privacy) fn addresses(text: &str) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    work::steps(text.len());
    for (at, _) in text.match_indices('@') {
        let Some(mut address) = address(text, at) else {
            continue;
        };
        while let Some(last) = found.pop_if(|last| last.at.end > address.at.start) {
            address.at = last.at.start.min(address.at.start)..last.at.end.max(address.at.end);
        }
        found.push(address);
    }
    found
}

/// The address around the `@` at `at`.
fn address(text: &str, at: usize) -> Option<Found> {
    /// Blanks that may stand on either side of the `@`.
    const BLANKS: usize = 16;
    let (before, after) = (&text[..at], &text[at + 1..]);
    let near = before.trim_end_matches(is_blank);
    let host_start = after.len() - after.trim_start_matches(is_blank).len();
    let blanks = [before.len() - near.len(), host_start];
    let (host_length, host) = host(&after[host_start..]);
    let host_end = host_start + host_length;
    let has_dot = host.contains(['.', ':']);
    let apart = blanks != [0, 0];
    if host.is_empty() || (apart && !has_dot) || blanks.iter().any(|blanks| *blanks > BLANKS) {
        return None;
    }
    let start = local_start(near, has_dot)?;
    work::steps(text.len().min(host_end + near.len() - start));
    let local = solid(&text[start..near.len()]);
    let local = local.trim_matches(['\'', '"', '`']);
    if !local.contains(char::is_alphanumeric) {
        return None;
    }
    let (start, end) = with_name(text, start, at + 1 + host_end);
    Some(Found {
        at: start..end,
        canonical: format!("{}@{}", local.to_lowercase(), canonical_host(&host)),
    })
}

/// The text without blanks.
fn solid(text: &str) -> String {
    text.chars().filter(|c| !is_blank(*c)).collect()
}

/// The host that begins a text, and how many bytes it takes: a name, or an IP address in brackets.
fn host(text: &str) -> (usize, String) {
    /// The longest IP address in brackets, with `IPv6:` before it.
    const LONGEST: usize = 60;
    if let Some(inner) = text.strip_prefix('[')
        && let Some(end) = inner.bytes().take(LONGEST).position(|b| b == b']')
        && let Some(ip) = machine(inner[..end].trim_start_matches("IPv6:"))
    {
        return (end + 2, ip);
    }
    let length = host_length(text);
    let host = solid(&text[..length]);
    (length, host.trim_matches(['.', '-', '_']).to_owned())
}

/// How many words before an address may be its owner's name.
const WORDS_OF_A_NAME: usize = 8;

/// The stretch of an address with the name of its owner before it: `"Jane Doe" <address>`, `Jane Doe <address>`.
fn with_name(text: &str, start: usize, end: usize) -> (usize, usize) {
    let (Some(before), true) = (text[..start].strip_suffix('<'), text[end..].starts_with('>'))
    else {
        return (start, end);
    };
    let named = before.trim_end_matches(is_blank);
    if let Some(quoted) = named.strip_suffix('"') {
        return (quoted.rfind('"').unwrap_or(before.len()), end + 1);
    }
    // Words that begin with a capital or a digit; others are of the sentence.
    let mut from = named.len();
    for _ in 0..WORDS_OF_A_NAME {
        let word = named[..from].split(is_blank).next_back().unwrap_or("");
        if !word.starts_with(|c: char| c.is_uppercase() || c.is_numeric()) || word.contains('@') {
            break;
        }
        from = named[..from - word.len()].trim_end_matches(is_blank).len();
        if from == 0 {
            return (0, end + 1);
        }
    }
    let gap = text[from..].len() - text[from..].trim_start_matches(is_blank).len();
    (from + gap, end + 1)
}

/// The bytes of a host name: one line break may stand in it, as long as no whole name precedes it.
fn host_length(text: &str) -> usize {
    let word = |from: usize| {
        let rest = &text[from..];
        rest.len() - rest.trim_start_matches(is_host).len()
    };
    let first = word(0);
    let rest = &text[first..];
    let gap = rest.len() - rest.trim_start_matches(is_blank).len();
    let broken = rest[..gap].contains('\n');
    let name = text[..first].trim_end_matches('.');
    let ends = name.rsplit_once('.').is_some_and(|(_, last)| last.chars().count() >= 2);
    let goes_on = text[..first].ends_with('.') || !ends || text[first + gap..].starts_with('.');
    let second = if broken && first > 0 && goes_on { word(first + gap) } else { 0 };
    let length = if second > 0 { first + gap + second } else { first };
    text[..length].trim_end_matches(['.', '-', '_']).len()
}

/// Where the part before the `@` begins, in text that ends with it.
fn local_start(text: &str, has_dot: bool) -> Option<usize> {
    let last = text.chars().next_back()?;
    if last == '"' {
        return text[..text.len() - 1].rfind('"');
    }
    // `where id=@id` is no address; before a whole host name any sign may end one.
    let ends = last.is_alphanumeric() || "_-+.}~'".contains(last);
    if !(ends || has_dot && is_local(last)) {
        return None;
    }
    let mut start = text.trim_end_matches(is_local).len();
    let head = &text[..start];
    let gap = head.len() - head.trim_end_matches(is_blank).len();
    if has_dot && head[head.len() - gap..].contains('\n') {
        let broken = head.trim_end_matches(is_blank).trim_end_matches(is_local).len();
        if broken < start - gap {
            start = broken;
        }
    }
    Some(start + glued(&text[start..]))
}

/// How much of what precedes the `@` belongs to a URL or to a word like `to=`, and not to the address.
fn glued(local: &str) -> usize {
    const SIGNS: [char; 6] = ['/', '?', '&', '|', '{', '}'];
    // At its end a sign is the address's own.
    let body = local.trim_end_matches(SIGNS);
    let mut cut = body.rfind(SIGNS).map_or(0, |at| at + 1);
    if let Some((before, _)) = local[cut..].split_once('=')
        && before.chars().all(|c| c.is_alphabetic() || c == '_')
    {
        cut += before.len() + 1;
    }
    cut
}

/// The host in lower case, its labels in Unicode.
fn canonical_host(host: &str) -> String {
    let host = host.to_lowercase();
    let label = |label: &str| {
        let decoded = label.strip_prefix("xn--").and_then(punycode);
        decoded.map_or_else(|| label.to_owned(), |text| text.to_lowercase())
    };
    host.split('.').map(label).collect::<Vec<_>>().join(".")
}

/// Reads Punycode (RFC 3492, section 6.2).
fn punycode(text: &str) -> Option<String> {
    const LONGEST: usize = 63;
    let (mut out, tail): (Vec<char>, &str) = match text.rsplit_once('-') {
        Some((plain, tail)) => (plain.chars().collect(), tail),
        None => (Vec::new(), text),
    };
    if tail.is_empty() || text.len() > LONGEST {
        return None;
    }
    let (mut code, mut bias, mut at) = (128_u32, 72_u32, 0_u32);
    let mut letters = tail.bytes().peekable();
    let mut first = true;
    while letters.peek().is_some() {
        let (before, mut weight, mut step) = (at, 1_u32, 36_u32);
        loop {
            let digit = match letters.next()? {
                letter @ b'a'..=b'z' => u32::from(letter - b'a'),
                letter @ b'0'..=b'9' => u32::from(letter - b'0') + 26,
                _ => return None,
            };
            at = at.checked_add(digit.checked_mul(weight)?)?;
            let threshold = step.saturating_sub(bias).clamp(1, 26);
            if digit < threshold {
                break;
            }
            weight = weight.checked_mul(36 - threshold)?;
            step += 36;
        }
        let length = u32::try_from(out.len()).ok()? + 1;
        bias = adapted(at - before, length, first);
        first = false;
        code = code.checked_add(at / length)?;
        at %= length;
        out.insert(at as usize, char::from_u32(code)?);
        at += 1;
    }
    Some(out.into_iter().collect())
}

fn adapted(delta: u32, length: u32, first: bool) -> u32 {
    let mut delta = if first { delta / 700 } else { delta / 2 };
    delta += delta / length;
    let mut bias = 0;
    while delta > 455 {
        delta /= 35;
        bias += 36;
    }
    bias + 36 * delta / (delta + 38)
}

/// The one spelling of each address in a cell that holds addresses, without repetition; none when there is none.
pub(in crate::privacy) fn addresses_of_cell(text: &str) -> Vec<String> {
    let text = without_tags(&decoded(text).text);
    let one = text.matches('@').count() == 1;
    let line: String = if one {
        text.split(['\r', '\n']).map(|line| line.trim_start_matches([' ', '\t'])).collect()
    } else {
        text
    };
    let mut all: Vec<String> = Vec::new();
    for found in addresses(&line) {
        if !all.contains(&found.canonical) {
            all.push(found.canonical);
        }
    }
    all
}

/// The text without the tags of HTML, but for those that hold an `@`. The next `>` and the next `@` are looked for once
/// for all that precedes them.
fn without_tags(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut close, mut sign) = (0, 0);
    let next = |sign: char, from: usize, known: &mut usize| {
        if *known < from {
            let found = text[from..].find(sign).map_or(text.len(), |at| from + at);
            work::steps(found - from);
            *known = found;
        }
        *known
    };
    let mut at = 0;
    while let Some(open) = text[at..].find('<').map(|open| at + open) {
        out.push_str(&text[at..open]);
        let inner = open + 1;
        let end = next('>', inner, &mut close);
        let named = text[inner..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
        if end < text.len() && named && next('@', inner, &mut sign) > end {
            at = end + 1;
        } else {
            out.push('<');
            at = inner;
        }
    }
    work::steps(text.len());
    out.push_str(&text[at..]);
    out
}
