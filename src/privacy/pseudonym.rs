//! The key, and the word that replaces a value.

use std::collections::{HashMap, HashSet};
use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use thiserror::Error;

use super::DataClass;

/// The key of pseudonyms. Who does not have it cannot tell whether it replaces a value that they guess.
#[derive(Clone, PartialEq, Eq)]
pub struct Key([u8; Key::BYTES]);

/// Why bytes are no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a key has {} bytes, found {found}", Key::BYTES)]
pub struct KeyLengthError {
    /// How many there are.
    pub found: usize,
}

impl Key {
    /// How long a key is.
    pub const BYTES: usize = 32;

    /// The key of these bytes, which are random and secret.
    #[must_use]
    pub fn new(bytes: [u8; Self::BYTES]) -> Self {
        Self(bytes)
    }

    /// The key that a file holds: its bytes and nothing else.
    ///
    /// # Errors
    /// When there are more or fewer than [`Key::BYTES`].
    pub fn from_file(bytes: &[u8]) -> Result<Self, KeyLengthError> {
        let found = bytes.len();
        bytes.try_into().map(Self).map_err(|_| KeyLengthError { found })
    }
}

/// A key is never shown.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

/// Digits and letters that are not taken for one another.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Letters of a pseudonym, five bits each: with a million persons, the odds are one to two million that two of them
/// share one.
const LETTERS: u32 = 12;

/// Makes pseudonyms, and remembers those made.
pub(super) struct Pseudonyms {
    mac: Hmac<Sha256>,
    /// Of short values, which repeat.
    made: HashMap<(DataClass, String), String>,
    counted: HashSet<(DataClass, u64)>,
}

/// Values longer than this are transcripts and mails: they do not repeat, and are not kept in memory twice.
const LONGEST_KEPT: usize = 256;

impl Pseudonyms {
    pub(super) fn new(key: &Key) -> Self {
        Self {
            mac: Hmac::new_from_slice(&key.0).expect("a MAC takes a key of any length"),
            made: HashMap::new(),
            counted: HashSet::new(),
        }
    }

    /// The pseudonym of a value, of which `canonical` is the one spelling: `address-7f3a9c21d0b4`. Classes have
    /// pseudonyms of their own, so that a name that is also an account number shows as neither.
    pub(super) fn of(&mut self, class: DataClass, canonical: &str) -> String {
        if canonical.len() > LONGEST_KEPT {
            return self.make(class, canonical);
        }
        let known = (class, canonical.to_owned());
        if let Some(made) = self.made.get(&known) {
            return made.clone();
        }
        let pseudonym = self.make(class, canonical);
        self.made.insert(known, pseudonym.clone());
        pseudonym
    }

    fn make(&mut self, class: DataClass, canonical: &str) -> String {
        let mut mac = self.mac.clone();
        mac.update(b"chatdb pseudonym 1\0");
        mac.update(class.name().as_bytes());
        mac.update(b"\0");
        mac.update(canonical.as_bytes());
        let code = mac.finalize().into_bytes();
        let first = code[..8].try_into().expect("a code has 32 bytes");
        let bits = u64::from_be_bytes(first);
        self.counted.insert((class, bits));
        let letter = |at: u32| char::from(ALPHABET[(bits >> (59 - 5 * at)) as usize & 31]);
        let word: String = (0..LETTERS).map(letter).collect();
        format!("{}-{word}", class.name())
    }

    /// How many values of the class have a pseudonym.
    pub(super) fn count(&self, class: DataClass) -> usize {
        self.counted.iter().filter(|(of, _)| *of == class).count()
    }
}
