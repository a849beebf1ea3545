//! `LIKE` and `PATINDEX`: `%`, `_`, `[a-z]`, `[^a-z]`, an escape character, letter case passed over.

use super::{FunctionError, Outcome, Value, Work, collation, unless_null};

/// One piece of a pattern.
enum Piece {
    /// The wildcard `%`: any text.
    Any,
    /// The wildcard `_`: one character.
    One,
    /// A character as it is.
    Just(char),
    /// One character of a set, `[...]`.
    Set { negated: bool, ranges: Vec<(char, char)> },
}

impl Piece {
    fn takes(&self, c: char) -> bool {
        match self {
            Self::Any | Self::One => true,
            Self::Just(own) => collation::same(*own, c),
            Self::Set { negated, ranges } => {
                *negated != ranges.iter().any(|(low, high)| collation::between(c, *low, *high))
            }
        }
    }
}

/// Reads a pattern; `None` when it can match nothing: a class that is not closed, an escape at the end.
fn read(pattern: &str, escape: Option<char>) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut rest = pattern.chars().peekable();
    while let Some(c) = rest.next() {
        pieces.push(match c {
            c if Some(c) == escape => Piece::Just(rest.next()?),
            '%' => Piece::Any,
            '_' => Piece::One,
            '[' => {
                let negated = rest.next_if_eq(&'^').is_some();
                let mut ranges = Vec::new();
                loop {
                    let mut low = rest.next()?;
                    if low == ']' {
                        break;
                    }
                    if Some(low) == escape {
                        low = rest.next()?;
                    }
                    let mut ahead = rest.clone();
                    if ahead.next() == Some('-') && ahead.peek().is_some_and(|c| *c != ']') {
                        rest.next();
                        ranges.push((low, rest.next()?));
                    } else {
                        ranges.push((low, low));
                    }
                }
                Piece::Set { negated, ranges }
            }
            c => Piece::Just(c),
        });
    }
    Some(pieces)
}

/// Whether the whole of `text` matches. In time proportional to the product of the lengths at worst.
fn matches(text: &[char], pieces: &[Piece], work: &mut Work) -> Result<bool, FunctionError> {
    let (mut t, mut p) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while t < text.len() {
        work.compare()?;
        match pieces.get(p) {
            Some(Piece::Any) => {
                retry = Some((t, p + 1));
                p += 1;
            }
            Some(piece) if piece.takes(text[t]) => {
                t += 1;
                p += 1;
            }
            _ => match retry {
                Some((from, piece)) => {
                    retry = Some((from + 1, piece));
                    (t, p) = (from + 1, piece);
                }
                None => return Ok(false),
            },
        }
    }
    Ok(pieces[p..].iter().all(|piece| matches!(piece, Piece::Any)))
}

fn escape_of(arguments: &[Value]) -> Result<Option<char>, FunctionError> {
    let Some(escape) = arguments.get(2) else {
        return Ok(None);
    };
    let text = escape.text();
    let mut characters = text.chars();
    match (characters.next(), characters.next()) {
        (Some(one), None) => Ok(Some(one)),
        _ => Err(FunctionError::new(format!(
            "The invalid escape character \"{text}\" was specified in a LIKE predicate."
        ))),
    }
}

fn like(arguments: &[Value], blanks_count: bool) -> Outcome {
    unless_null(arguments, || {
        let escape = escape_of(arguments)?;
        let text: Vec<char> = arguments[0].text().chars().collect();
        let Some(pieces) = read(&arguments[1].text(), escape) else {
            return Ok(Value::Integer(0));
        };
        let blanks = text.iter().rev().take_while(|c| **c == ' ').count();
        // Blanks at the end of a `varchar` may be there or not.
        let least = if blanks_count { text.len() } else { text.len() - blanks };
        let mut work = Work::new();
        for end in least..=text.len() {
            if matches(&text[..end], &pieces, &mut work)? {
                return Ok(Value::Integer(1));
            }
        }
        Ok(Value::Integer(0))
    })
}

/// `LIKE` of `varchar`: blanks at the end of the text do not count.
pub fn varchar(arguments: &[Value]) -> Outcome {
    like(arguments, false)
}

/// `LIKE` of `nvarchar`: blanks at the end of the text count.
pub fn nvarchar(arguments: &[Value]) -> Outcome {
    like(arguments, true)
}

/// `PATINDEX(pattern, text)`: the place where the pattern matches first, 0 for none.
pub fn patindex(arguments: &[Value]) -> Outcome {
    unless_null(arguments, || {
        let text: Vec<char> = arguments[1].text().chars().collect();
        let Some(pieces) = read(&arguments[0].text(), None) else {
            return Ok(Value::Integer(0));
        };
        let mut work = Work::new();
        let inner = match pieces.as_slice() {
            [Piece::Any, rest @ ..] if !rest.is_empty() => rest,
            _ => {
                let found = matches(&text, &pieces, &mut work)?;
                return Ok(Value::Integer(i64::from(found)));
            }
        };
        for at in 0..=text.len() {
            if matches(&text[at..], inner, &mut work)? {
                let before = text[..at].iter().map(|c| c.len_utf16()).sum::<usize>();
                return Ok(Value::Integer(i64::try_from(before + 1).unwrap_or(i64::MAX)));
            }
        }
        Ok(Value::Integer(0))
    })
}
