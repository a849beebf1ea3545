//! One address is spelt in many ways: encoded for a URL, for mail or for a page, broken over lines, beside the name of
//! its owner. Here the spellings become one, and addresses are found in text.
//!
//! What is found may be too much: a word more that is hidden is no harm, a customer who is not is. Base64 is not
//! looked into, and neither are pictures; a host name in decomposed Unicode counts as another one.

use std::borrow::Cow;
use std::net::IpAddr;
use std::ops::Range;

/// Something found in a text: where, and its one spelling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) at: Range<usize>,
    pub(super) canonical: String,
}

// DECODING -------------------------------------------------------------------------------------------------

/// How often a text is decoded at most: a URL in a page in a mail in a record.
const LAYERS: usize = 6;

/// The text without its encodings: percent signs of URLs, quoted-printable, entities of HTML, escapes of JSON, wide
/// and spelt-out @ signs, invisible characters.
pub(super) fn decoded(text: &str) -> Cow<'_, str> {
    let mut now = Cow::Borrowed(text);
    for _ in 0..LAYERS {
        let next = once(&now);
        if next == now {
            break;
        }
        now = Cow::Owned(next.into_owned());
    }
    now
}

fn once(text: &str) -> Cow<'_, str> {
    let encoded = |c: char| matches!(c, '%' | '=' | '&' | '\\') || !c.is_ascii();
    if !text.contains(encoded) && !text.contains("at)") && !text.contains("at]") {
        return Cow::Borrowed(text);
    }
    let mut out: Vec<u8> = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let taken = match c {
            '%' => hex_byte(&rest[1..]).map(|byte| (vec![byte], 3)),
            '=' if begins_with_date(&rest[1..]) => None,
            '=' => soft_break(&rest[1..])
                .map(|length| (Vec::new(), 1 + length))
                .or_else(|| hex_byte(&rest[1..]).map(|byte| (vec![byte], 3))),
            '&' => entity(rest),
            '\\' => escape(rest),
            '(' | '[' => spelt_out(rest),
            '\u{ff20}' | '\u{fe6b}' => Some((b"@".to_vec(), c.len_utf8())),
            '\u{ff0e}' | '\u{3002}' | '\u{fe52}' => Some((b".".to_vec(), c.len_utf8())),
            '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}' => {
                Some((Vec::new(), c.len_utf8()))
            }
            _ => None,
        };
        let length = match taken {
            Some((bytes, length)) => {
                out.extend_from_slice(&bytes);
                length
            }
            None => {
                out.extend_from_slice(&rest.as_bytes()[..c.len_utf8()]);
                c.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    // Bytes that are no UTF-8 are some other encoding's; where they stand no letter of an address is lost.
    Cow::Owned(String::from_utf8_lossy(&out).into_owned())
}

/// Whether a date follows, `2026-11-25`, of which `=20` is no blank in quoted-printable.
fn begins_with_date(text: &str) -> bool {
    text.len() >= 10
        && text.bytes().take(10).enumerate().all(|(at, b)| match at {
            4 | 7 => b == b'-',
            _ => b.is_ascii_digit(),
        })
}

fn hex_byte(text: &str) -> Option<u8> {
    let digits = text.get(..2)?;
    let hex = digits.bytes().all(|b| b.is_ascii_hexdigit());
    hex.then(|| u8::from_str_radix(digits, 16).ok())?
}

/// The length of blanks and the line end after the `=` of quoted-printable.
fn soft_break(text: &str) -> Option<usize> {
    let blanks = text.len() - text.trim_start_matches([' ', '\t']).len();
    let rest = &text[blanks..];
    if rest.starts_with("\r\n") {
        Some(blanks + 2)
    } else {
        rest.starts_with('\n').then_some(blanks + 1)
    }
}

fn entity(text: &str) -> Option<(Vec<u8>, usize)> {
    const LONGEST: usize = 12;
    const NAMED: [(&str, &str); 14] = [
        ("commat", "@"),
        ("amp", "&"),
        ("lt", "<"),
        ("gt", ">"),
        ("quot", "\""),
        ("apos", "'"),
        ("period", "."),
        ("nbsp", " "),
        ("lowbar", "_"),
        ("hyphen", "-"),
        ("plus", "+"),
        ("percnt", "%"),
        ("colon", ":"),
        ("shy", ""),
    ];
    let body = &text[1..];
    if let Some(number) = body.strip_prefix('#') {
        let (radix, digits) = match number.strip_prefix(['x', 'X']) {
            Some(hex) => (16, hex),
            None => (10, number),
        };
        let count = digits
            .bytes()
            .take_while(|b| char::from(*b).is_digit(radix))
            .count();
        let code = u32::from_str_radix(digits.get(..count.min(8))?, radix).ok()?;
        let end = digits[count..].starts_with(';');
        let length = text.len() - digits.len() + count + usize::from(end);
        return Some((char::from_u32(code)?.to_string().into_bytes(), length));
    }
    let end = body.bytes().take(LONGEST).position(|b| b == b';')?;
    let name = body.get(..end)?;
    let (_, means) = NAMED
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name))?;
    Some((means.as_bytes().to_vec(), end + 2))
}

/// A character written as `\u0040` or `\x40`.
fn escape(text: &str) -> Option<(Vec<u8>, usize)> {
    let length = match text.as_bytes().get(1)? {
        b'u' => 4,
        b'x' => 2,
        _ => return None,
    };
    let digits = text.get(2..2 + length)?;
    let code = u32::from_str_radix(digits, 16).ok()?;
    Some((char::from_u32(code)?.to_string().into_bytes(), 2 + length))
}

/// `(at)`, `[dot]`, with the blanks around them inside the brackets.
fn spelt_out(text: &str) -> Option<(Vec<u8>, usize)> {
    let close = if text.starts_with('(') { ')' } else { ']' };
    let end = text.bytes().take(8).position(|b| char::from(b) == close)?;
    let means = match text.get(1..end)?.trim().to_ascii_lowercase().as_str() {
        "at" => b"@".to_vec(),
        "dot" => b".".to_vec(),
        _ => return None,
    };
    Some((means, end + 1))
}

// ADDRESSES ------------------------------------------------------------------------------------------------

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
pub(super) fn addresses(text: &str) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
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
    let host_end = host_start + host_length(&after[host_start..]);
    let solid = |text: &str| text.chars().filter(|c| !is_blank(*c)).collect::<String>();
    let host = solid(&after[host_start..host_end]);
    let host = host.trim_matches(['.', '-', '_']);
    let has_dot = host.contains('.');
    let apart = blanks != [0, 0];
    if host.is_empty() || (apart && !has_dot) || blanks.iter().any(|blanks| *blanks > BLANKS) {
        return None;
    }
    let start = local_start(near, has_dot)?;
    let local = solid(&text[start..near.len()]);
    let local = local.trim_matches(['\'', '"', '`']);
    if !local.contains(char::is_alphanumeric) {
        return None;
    }
    let (start, end) = with_name(text, start, at + 1 + host_end);
    Some(Found {
        at: start..end,
        canonical: format!("{}@{}", local.to_lowercase(), canonical_host(host)),
    })
}

/// The stretch of an address with the name of its owner before it: `"Jane Doe" <address>`, `Jane Doe <address>`.
fn with_name(text: &str, start: usize, end: usize) -> (usize, usize) {
    let (Some(before), true) = (
        text[..start].strip_suffix('<'),
        text[end..].starts_with('>'),
    ) else {
        return (start, end);
    };
    let named = before.trim_end_matches(is_blank);
    if let Some(quoted) = named.strip_suffix('"') {
        return (quoted.rfind('"').unwrap_or(before.len()), end + 1);
    }
    // Words that begin with a capital or a digit; others are of the sentence.
    let mut from = named.len();
    while let Some(word) = named[..from].split(is_blank).next_back() {
        if !word.starts_with(|c: char| c.is_uppercase() || c.is_numeric()) {
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

/// The bytes of a host name: one line break may stand in it, as long as no whole name stands before it.
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
    let ends = name
        .rsplit_once('.')
        .is_some_and(|(_, last)| last.chars().count() >= 2);
    let goes_on = text[..first].ends_with('.') || !ends || text[first + gap..].starts_with('.');
    let second = if broken && first > 0 && goes_on {
        word(first + gap)
    } else {
        0
    };
    let length = if second > 0 {
        first + gap + second
    } else {
        first
    };
    text[..length].trim_end_matches(['.', '-', '_']).len()
}

/// Where the part before the `@` begins, in text that ends with it.
fn local_start(text: &str, has_dot: bool) -> Option<usize> {
    let last = text.chars().next_back()?;
    if last == '"' {
        return text[..text.len() - 1].rfind('"');
    }
    // `where id=@id` is no address.
    if !(last.is_alphanumeric() || "_-+.}~'".contains(last)) {
        return None;
    }
    let mut start = text.trim_end_matches(is_local).len();
    let head = &text[..start];
    let gap = head.len() - head.trim_end_matches(is_blank).len();
    if has_dot && head[head.len() - gap..].contains('\n') {
        let broken = head
            .trim_end_matches(is_blank)
            .trim_end_matches(is_local)
            .len();
        if broken < start - gap {
            start = broken;
        }
    }
    Some(start + glued(&text[start..]))
}

/// How much of what stands before the `@` belongs to a URL or to a word like `to=`, and not to the address.
fn glued(local: &str) -> usize {
    let mut cut = local
        .rfind(['/', '?', '&', '|', '{', '}'])
        .map_or(0, |at| at + 1);
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
pub(super) fn addresses_of_cell(text: &str) -> Vec<String> {
    let text = decoded(text);
    let text = without_tags(&text);
    let one = text.matches('@').count() == 1;
    let line: String = if one {
        text.split(['\r', '\n'])
            .map(|line| line.trim_start_matches([' ', '\t']))
            .collect()
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

/// The text without the tags of HTML, but for those that hold an `@`.
fn without_tags(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find('<') {
        out.push_str(&rest[..open]);
        let tag = rest[open..].find('>').map(|end| &rest[open..=open + end]);
        let named = |tag: &str| tag[1..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
        match tag {
            Some(tag) if named(tag) && !tag.contains('@') => rest = &rest[open + tag.len()..],
            _ => {
                out.push('<');
                rest = &rest[open + 1..];
            }
        }
    }
    out.push_str(rest);
    out
}

// MACHINES -------------------------------------------------------------------------------------------------

/// The IP addresses in a text.
pub(super) fn machines(text: &str) -> Vec<Found> {
    let part = |c: char| c.is_ascii_hexdigit() || matches!(c, '.' | ':');
    runs(text, part)
        .filter(|run| !beside_word(text, run))
        .filter_map(|run| {
            let word = &text[run.clone()];
            let trimmed = word.trim_end_matches(['.', ':']);
            let lead = if trimmed.starts_with("::") {
                0
            } else {
                word.len() - word.trim_start_matches(':').len()
            };
            let word = trimmed.get(lead..)?;
            let start = run.start + lead;
            let with_port = word.rsplit_once(':').map(|(ip, _)| ip);
            let (length, ip) = [Some(word), with_port]
                .into_iter()
                .flatten()
                .find_map(|word| Some((word.len(), machine(word)?)))?;
            Some(Found {
                at: start..start + length,
                canonical: ip,
            })
        })
        .collect()
}

/// The one spelling of an IP address; `None` when the word is none. `::` alone is none either.
pub(super) fn machine(word: &str) -> Option<String> {
    let word = word.trim().trim_matches(['[', ']']);
    let word = word.split_once('%').map_or(word, |(ip, _)| ip);
    if word.len() < 3 {
        return None;
    }
    let ip = match word.parse::<IpAddr>() {
        Ok(ip) => ip,
        // Leading zeros, which some tools write.
        Err(_) => padded(word)?,
    };
    Some(match ip {
        IpAddr::V6(six) => six
            .to_ipv4_mapped()
            .map_or_else(|| six.to_string(), |four| four.to_string()),
        IpAddr::V4(four) => four.to_string(),
    })
}

fn padded(word: &str) -> Option<IpAddr> {
    let parts: Vec<u8> = word
        .split('.')
        .map(|part| {
            if part.len() <= 3 {
                part.parse().ok()
            } else {
                None
            }
        })
        .collect::<Option<_>>()?;
    let parts: [u8; 4] = parts.try_into().ok()?;
    Some(IpAddr::from(parts))
}

// TELEPHONES -----------------------------------------------------------------------------------------------

/// What looks like a telephone number in a text.
pub(super) fn phones(text: &str) -> Vec<Found> {
    let part = |c: char| {
        c.is_ascii_digit() || matches!(c, '+' | '(' | ')' | '-' | '.' | '/' | ' ' | '\u{a0}')
    };
    let mut found = Vec::new();
    for run in runs(text, part) {
        for range in candidates(text, run) {
            if !beside_word(text, &range) && is_phone(&text[range.clone()]) {
                let canonical = phone(&text[range.clone()]);
                found.push(Found {
                    at: range,
                    canonical,
                });
            }
        }
    }
    found
}

/// Parts of a run that could be a number each: cut where two blanks follow one another, and before `+`.
fn candidates(text: &str, run: Range<usize>) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let mut start = run.start;
    let body = &text[run.clone()];
    let mut ends: Vec<usize> = body
        .match_indices("  ")
        .map(|(at, _)| run.start + at)
        .collect();
    ends.extend(body.match_indices('+').map(|(at, _)| run.start + at));
    ends.push(run.end);
    ends.sort_unstable();
    for end in ends {
        let word = &text[start..end];
        let front = word.len()
            - word
                .trim_start_matches([' ', '-', '.', '/', ')', '\u{a0}'])
                .len();
        let back = word
            .trim_end_matches([' ', '-', '.', '/', '(', '+', '\u{a0}'])
            .len();
        if front < back {
            parts.push(start + front..start + back);
        }
        start = end;
    }
    parts
}

/// The digits, by which a number is known.
pub(super) fn phone(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

fn is_phone(text: &str) -> bool {
    let groups: Vec<&str> = text
        .split(|c: char| !c.is_ascii_digit())
        .filter(|g| !g.is_empty())
        .collect();
    let digits: usize = groups.iter().map(|group| group.len()).sum();
    if !(7..=15).contains(&digits) || is_date(&groups) {
        return false;
    }
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    let north_american = matches!(lengths.as_slice(), [3, 3, 4] | [1, 3, 3, 4]);
    if text.starts_with('+') || north_american || (text.starts_with('(') && digits >= 9) {
        return true;
    }
    if groups.len() == 1 {
        return digits >= 10 && !is_stamp(groups[0]);
    }
    text.starts_with('0') && digits >= 9
}

/// `2011-07-12`, `12.07.2011`, with or without more behind.
fn is_date(groups: &[&str]) -> bool {
    let lengths: Vec<usize> = groups.iter().take(3).map(|group| group.len()).collect();
    let year = |group: &str| group.starts_with("19") || group.starts_with("20");
    matches!(lengths.as_slice(), [4, 2, 2]) && year(groups[0])
        || matches!(lengths.as_slice(), [1 | 2, 1 | 2, 4]) && year(groups[2])
}

/// Digits that are a date with a time behind it, or milliseconds since 1970.
fn is_stamp(digits: &str) -> bool {
    let number = |range: Range<usize>| digits.get(range).and_then(|part| part.parse::<u32>().ok());
    let date = matches!(digits.len(), 12 | 14)
        && matches!(number(0..4), Some(1970..=2099))
        && matches!(number(4..6), Some(1..=12))
        && matches!(number(6..8), Some(1..=31));
    date || (digits.len() == 13 && digits.starts_with('1'))
}

// SHARED ---------------------------------------------------------------------------------------------------

/// The longest stretches of characters that are `part`.
fn runs(text: &str, part: impl Fn(char) -> bool) -> impl Iterator<Item = Range<usize>> {
    let mut runs = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices() {
        match (part(c), start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                runs.push(from..at);
                start = None;
            }
            _ => {}
        }
    }
    runs.extend(start.map(|from| from..text.len()));
    runs.into_iter()
}

/// Whether a letter, a digit or `_` touches the range, so that it is part of a longer word.
fn beside_word(text: &str, range: &Range<usize>) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    text[..range.start].chars().next_back().is_some_and(word) || text[range.end..].starts_with(word)
}
