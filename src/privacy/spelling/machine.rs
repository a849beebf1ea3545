//! IP addresses in text, and their one spelling.

use std::net::IpAddr;

use crate::work;

use super::{Found, beside_word, runs};

/// The IP addresses in a text.
pub(in crate::privacy) fn machines(text: &str) -> Vec<Found> {
    work::steps(text.len());
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
            Some(Found { at: start..start + length, canonical: ip })
        })
        .collect()
}

/// The one spelling of an IP address; `None` when the word is none. `::` alone is none either.
pub(in crate::privacy) fn machine(word: &str) -> Option<String> {
    let word = word.trim().trim_matches(['[', ']']);
    let word = word.split_once('%').map_or(word, |(ip, _)| ip);
    if word.len() < 3 {
        return None;
    }
    if is_network_card(word) {
        return Some(word.to_ascii_lowercase());
    }
    let ip = match word.parse::<IpAddr>() {
        Ok(ip) => ip,
        // Leading zeros, which some tools write.
        Err(_) => padded(word)?,
    };
    Some(match ip {
        IpAddr::V6(six) => {
            six.to_ipv4_mapped().map_or_else(|| six.to_string(), |four| four.to_string())
        }
        IpAddr::V4(four) => four.to_string(),
    })
}

/// Whether a word is the address of a network card, `00:1B:44:11:3A:B7`.
fn is_network_card(word: &str) -> bool {
    let is_pair = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_hexdigit());
    word.split(':').count() == 6 && word.split(':').all(is_pair)
}

fn padded(word: &str) -> Option<IpAddr> {
    let parts: Vec<u8> = word
        .split('.')
        .map(|part| if part.len() <= 3 { part.parse().ok() } else { None })
        .collect::<Option<_>>()?;
    let parts: [u8; 4] = parts.try_into().ok()?;
    Some(IpAddr::from(parts))
}
