//! Text without its encodings, byte by byte with the place that each comes from.

use std::borrow::Cow;
use std::ops::Range;

use crate::work;

/// How often a text is decoded at most: a URL in a page in a mail in a record.
const LAYERS: usize = 6;

/// A text without percent signs of URLs, quoted-printable, entities of HTML, escapes of JSON, wide and spelt-out @
/// signs, and invisible characters.
pub(in crate::privacy) struct Decoded<'t> {
    /// The text as people read it.
    pub(in crate::privacy) text: Cow<'t, str>,
    /// For each byte of it, and for its end, the place in the original; `None` where nothing is encoded.
    places: Option<Vec<usize>>,
}

impl Decoded<'_> {
    /// The stretch of the original that a stretch of the decoded text comes from.
    pub(in crate::privacy) fn original(&self, range: &Range<usize>) -> Range<usize> {
        match &self.places {
            Some(places) => places[range.start]..places[range.end],
            None => range.clone(),
        }
    }
}

/// Decodes a text, layer by layer.
pub(in crate::privacy) fn decoded(text: &str) -> Decoded<'_> {
    let mut now = Decoded { text: Cow::Borrowed(text), places: None };
    for _ in 0..LAYERS {
        work::steps(now.text.len());
        let Some((next, places)) = once(&now.text) else {
            break;
        };
        let places = match &now.places {
            Some(before) => places.into_iter().map(|place| before[place]).collect(),
            None => places,
        };
        now = Decoded { text: Cow::Owned(next), places: Some(places) };
    }
    now
}

/// The text with one layer less, and where each of its bytes and its end come from; `None` where nothing is encoded.
fn once(text: &str) -> Option<(String, Vec<usize>)> {
    let encoded = |c: char| matches!(c, '%' | '=' | '&' | '\\' | '(' | '[' | '{') || !c.is_ascii();
    if !text.contains(encoded) {
        return None;
    }
    let mut bytes: Vec<u8> = Vec::with_capacity(text.len());
    let mut places: Vec<usize> = Vec::with_capacity(text.len() + 1);
    let mut changed = false;
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let (put, length) = match taken(c, &text[at..]) {
            Some(taken) => {
                changed = true;
                taken
            }
            None => (text.as_bytes()[at..at + c.len_utf8()].to_vec(), c.len_utf8()),
        };
        places.resize(places.len() + put.len(), at);
        bytes.extend(put);
        at += length;
    }
    if !changed {
        return None;
    }
    places.push(text.len());
    Some(as_text(&bytes, &places))
}

/// Bytes that are no UTF-8 are of some other encoding: a sign stands for them, and no letter of an address is lost.
fn as_text(bytes: &[u8], places: &[usize]) -> (String, Vec<usize>) {
    let mut text = String::with_capacity(bytes.len());
    let mut kept = Vec::with_capacity(places.len());
    let mut at = 0;
    for chunk in bytes.utf8_chunks() {
        let valid = chunk.valid().len();
        text.push_str(chunk.valid());
        kept.extend_from_slice(&places[at..at + valid]);
        at += valid;
        if !chunk.invalid().is_empty() {
            text.push(char::REPLACEMENT_CHARACTER);
            kept.resize(text.len(), places[at]);
            at += chunk.invalid().len();
        }
    }
    kept.push(places[bytes.len()]);
    (text, kept)
}

/// What the encoded character at the start of a text stands for, and how many bytes it takes there.
fn taken(c: char, rest: &str) -> Option<(Vec<u8>, usize)> {
    match c {
        '%' => hex_byte(&rest[1..]).map(|byte| (vec![byte], 3)),
        '=' if is_number(&rest[1..]) => None,
        '=' => soft_break(&rest[1..])
            .map(|length| (Vec::new(), 1 + length))
            .or_else(|| hex_byte(&rest[1..]).map(|byte| (vec![byte], 3))),
        '&' => entity(rest),
        '\\' => escape(rest),
        '(' | '[' | '{' => spelt_out(rest),
        '\u{ff20}' | '\u{fe6b}' => Some((b"@".to_vec(), c.len_utf8())),
        '\u{ff0e}' | '\u{3002}' | '\u{fe52}' => Some((b".".to_vec(), c.len_utf8())),
        '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => {
            Some((b" ".to_vec(), c.len_utf8()))
        }
        '\u{ad}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2060}'..='\u{2064}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' => Some((Vec::new(), c.len_utf8())),
        _ => None,
    }
}

/// Whether a year or a longer number follows, as in `from=2026`, of which `=20` is no blank in quoted-printable.
fn is_number(text: &str) -> bool {
    text.len() >= 4 && text.bytes().take(4).all(|b| b.is_ascii_digit())
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
        let count = digits.bytes().take_while(|b| char::from(*b).is_digit(radix)).count();
        let code = u32::from_str_radix(digits.get(..count.min(8))?, radix).ok()?;
        let end = digits[count..].starts_with(';');
        let length = text.len() - digits.len() + count + usize::from(end);
        return Some((char::from_u32(code)?.to_string().into_bytes(), length));
    }
    let end = body.bytes().take(LONGEST).position(|b| b == b';')?;
    let name = body.get(..end)?;
    let (_, means) = NAMED.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
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

/// `(at)`, `[dot]`, `{ at }`, with blanks inside the brackets.
fn spelt_out(text: &str) -> Option<(Vec<u8>, usize)> {
    let close = match text.chars().next()? {
        '(' => ')',
        '[' => ']',
        _ => '}',
    };
    let end = text.bytes().take(8).position(|b| char::from(b) == close)?;
    let means = match text.get(1..end)?.trim().to_ascii_lowercase().as_str() {
        "at" => b"@".to_vec(),
        "dot" => b".".to_vec(),
        _ => return None,
    };
    Some((means, end + 1))
}
