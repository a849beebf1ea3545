//! The hash by which rows are known, seeded anew each time.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};

/// Random numbers for a hash.
pub(super) struct Seed {
    pub(super) start: u64,
    left: u64,
    right: u64,
    end: u64,
}

impl Seed {
    pub(super) fn new() -> Self {
        let state = RandomState::new();
        let number = |n: u64| {
            let mut hasher = state.build_hasher();
            hasher.write_u64(n);
            hasher.finish() | 1
        };
        Self { start: number(1), left: number(2), right: number(3), end: number(4) }
    }

    /// `hash` with one cell more.
    pub(super) fn cell(&self, mut hash: u64, text: &[u8], null: bool) -> u64 {
        let mut rest = text;
        while let Some((sixteen, behind)) = rest.split_first_chunk::<16>() {
            let (a, b) = halves(*sixteen);
            hash = fold(a ^ self.left ^ hash, b ^ self.right);
            rest = behind;
        }
        let (a, b) = tail(rest);
        let length = (text.len() as u64) << 1 | u64::from(null);
        hash = fold(a ^ self.left ^ hash, b ^ self.right);
        fold(hash ^ length, self.end)
    }
}

fn halves(bytes: [u8; 16]) -> (u64, u64) {
    let both = u128::from_le_bytes(bytes);
    (both as u64, (both >> 64) as u64)
}

/// Fewer than 16 bytes as two numbers, different for each text of that length.
fn tail(bytes: &[u8]) -> (u64, u64) {
    let four = |bytes: &[u8; 4]| u64::from(u32::from_le_bytes(*bytes));
    match (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
        _ => match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
            (Some(first), Some(last)) => (four(first), four(last)),
            _ => {
                let at = |n: usize| u64::from(bytes.get(n).copied().unwrap_or(0));
                (at(0) | at(1) << 8 | at(2) << 16, 0)
            }
        },
    }
}

pub(super) fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ (product >> 64) as u64
}

// KINDS --------------------------------------------------------------------------------------------------------
