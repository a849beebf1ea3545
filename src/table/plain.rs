//! Whether a text is plainly a number or a time, as nearly all are that are: told eight bytes at a time. What is not
//! plainly one may be one still, and is for a slower reader to say.

/// Whether it is a whole number as programs print one, of up to 16 digits: `0`, `1347`, `-5`.
#[must_use]
pub fn is_integer(text: &[u8]) -> bool {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    if !matches!(digits, [b'1'..=b'9', ..]) {
        return text == b"0";
    }
    let are_digits = |first: [u8; 8], last: [u8; 8]| {
        let zeros = u64::from_le_bytes(*b"00000000");
        [first, last].iter().all(|eight| are_below(u64::from_le_bytes(*eight) ^ zeros, [10; 8]))
    };
    match (digits.first_chunk(), digits.last_chunk()) {
        (Some(first), Some(last)) => digits.len() <= 16 && are_digits(*first, *last),
        _ => digits.iter().all(u8::is_ascii_digit),
    }
}

/// Whether it is a time of the calendar such as `2011-07-12 14:49:55.000`, from the year 1 on.
#[must_use]
pub fn is_time(text: &[u8]) -> bool {
    let Ok(text) = <&[u8; 23]>::try_from(text) else {
        return false;
    };
    let eight = |at: usize, zero: &[u8; 8]| {
        let eight = text[at..].first_chunk().copied().unwrap_or_default();
        u64::from_le_bytes(eight) ^ u64::from_le_bytes(*zero)
    };
    let well_formed = are_below(eight(0, b"0000-00-"), [10, 10, 10, 10, 1, 2, 10, 1])
        & are_below(eight(8, b"00 00:00"), [4, 10, 1, 3, 10, 1, 6, 10])
        & are_below(eight(15, b"0:00.000"), [10, 1, 6, 10, 1, 10, 10, 10]);
    if !well_formed {
        return false;
    }
    let two = |at: usize| 10 * (text[at] & 15) + (text[at + 1] & 15);
    const DAYS: [u8; 20] = [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 0, 0, 0, 0, 0, 0, 0];
    let (century, year, month, day) = (two(0), two(2), two(5), two(8));
    let is_leap = if year == 0 { century } else { year } % 4 == 0;
    let is_leap_day = month == 2 && day == 29 && is_leap;
    let is_day = (1..=DAYS[usize::from(month)]).contains(&day) || is_leap_day;
    is_day && two(11) < 24 && (century, year) != (0, 0)
}

/// Whether each of eight bytes is less than its limit, which is 128 at most.
fn are_below(eight: u64, limits: [u8; 8]) -> bool {
    let carried = u64::from_le_bytes(limits.map(|limit| 128 - limit));
    (eight | eight.wrapping_add(carried)) & 0x8080_8080_8080_8080 == 0
}
