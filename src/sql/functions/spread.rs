//! `STDEV`, `STDEVP`, `VAR` and `VARP`: how far numbers are from their mean.

/// What is computed of the squares of the distances from the mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spread {
    /// Whether the numbers are a sample, so that their sum is divided by one less than there are.
    is_sample: bool,
    /// Whether the root is taken.
    is_root: bool,
}

/// The functions by the names under which SQLite knows them.
pub const SPREADS: [(&str, Spread); 4] = [
    ("tsql_stdev", Spread::new(true, true)),
    ("tsql_stdevp", Spread::new(false, true)),
    ("tsql_var", Spread::new(true, false)),
    ("tsql_varp", Spread::new(false, false)),
];

impl Spread {
    const fn new(is_sample: bool, is_root: bool) -> Self {
        Self { is_sample, is_root }
    }

    /// The spread of the numbers; `None` of none, and of one that is a sample.
    #[must_use]
    pub fn of(self, numbers: &Moments) -> Option<f64> {
        let divisor = numbers.count.checked_sub(u64::from(self.is_sample))?;
        if divisor == 0 {
            return None;
        }
        let variance = numbers.squares.max(0.0) / divisor as f64;
        Some(if self.is_root { variance.sqrt() } else { variance })
    }
}

/// The count of some numbers, their mean, and the sum of the squares of their distances from it: kept while numbers
/// come and go, as Welford does, so that large numbers near each other lose no digits.
#[derive(Debug, Clone, Copy, Default)]
pub struct Moments {
    count: u64,
    mean: f64,
    squares: f64,
}

impl Moments {
    /// Takes a number in.
    pub fn add(&mut self, number: f64) {
        self.count += 1;
        let distance = number - self.mean;
        self.mean += distance / self.count as f64;
        self.squares += distance * (number - self.mean);
    }

    /// Takes a number out that was taken in before.
    pub fn remove(&mut self, number: f64) {
        if self.count <= 1 {
            *self = Self::default();
            return;
        }
        self.count -= 1;
        let distance = number - self.mean;
        self.mean -= distance / self.count as f64;
        self.squares -= distance * (number - self.mean);
    }
}
