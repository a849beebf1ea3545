//! Gaps between events, and how many events were expected in each.

use super::{History, MINUTE};

pub(super) const HOUR: i64 = 60 * MINUTE;
const QUARTER: i64 = 15 * MINUTE;
pub(super) const DAY: i64 = 24 * HOUR;

/// A gap is reported if fewer than this many like it are expected by chance over the period of the rows.
pub(super) const FALSE_ALARM_RATE: f64 = 0.001;

/// For a long gap, only its first and last hours show whether there was work when it began and ended.
pub(super) const EDGE: i64 = 2 * HOUR;

/// A pattern on only two other days is not a habit.
const MIN_DAYS: usize = 3;

/// Gaps with fewer expected events are not scored.
pub(super) const MIN_EXPECTED: f64 = 4.0;

/// A period without events: after the one at `from`, before the one at `to`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Gap {
    pub(super) from: i64,
    pub(super) to: i64,
    /// The expected number of events.
    pub(super) expected: f64,
    /// The observed number of events: not zero if several gaps were joined.
    pub(super) observed: usize,
    /// How many gaps like this one are expected by chance.
    pub(super) p: f64,
}

/// A gap with enough expected events, to be scored.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate {
    pub(super) from: i64,
    pub(super) to: i64,
    /// The first estimate of the expected number of events.
    pub(super) estimate: f64,
    /// How much more the estimates of all gaps vary than by chance.
    pub(super) dispersion: f64,
    /// The surprise from which it is reported. Once it is known to be less, the rest need not be computed.
    pub(super) needed: f64,
}

/// A gap after closer inspection.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Score {
    /// The expected number of events.
    pub(super) expected: f64,
    /// The log-probability of the gap at a healthy site.
    pub(super) surprise: f64,
}

/// The days of the rows, for finding the same time of day on other days.
pub(super) struct Clock {
    since: i64,
    pub(super) until: i64,
}

impl Clock {
    pub(super) fn of(history: &History) -> Self {
        Self { since: history.since, until: history.until }
    }

    /// The distances of the other days of the same kind; empty if there are too few.
    pub(super) fn days(&self, from: i64, to: i64) -> Vec<i64> {
        let weekend = |at: i64| (at.div_euclid(DAY) + 3).rem_euclid(7) > 4;
        let kind = weekend(from);
        let back = (from - self.since).div_euclid(DAY).min(60);
        let ahead = (self.until - to).div_euclid(DAY).min(60);
        let days = (-back..=ahead).map(|days| days * DAY);
        let days: Vec<i64> =
            days.filter(|days| *days != 0 && weekend(from + days) == kind).collect();
        if days.len() < MIN_DAYS {
            return Vec::new();
        }
        days
    }

    /// The median of `counted` between the same times of day on the other days of the same kind, working day or
    /// weekend; `None` if there are too few to know what is usual.
    pub(super) fn median(
        &self,
        from: i64,
        to: i64,
        counted: impl Fn(i64, i64) -> usize,
    ) -> Option<f64> {
        let days = self.days(from, to).into_iter();
        let mut others: Vec<usize> = days.map(|days| counted(from + days, to + days)).collect();
        others.sort_unstable();
        let high = *others.get(others.len() / 2)?;
        let low = others[(others.len() - 1) / 2];
        Some((real(low) + real(high)) / 2.0)
    }

    fn usual(&self, times: &[i64], from: i64, to: i64) -> Option<f64> {
        self.median(from, to, |from, to| count(times, from, to))
    }

    /// The same for a gap: for its first hours or its last, whichever expects less. A holiday begins at night.
    pub(super) fn usual_of_gap(&self, times: &[i64], from: i64, to: i64) -> Option<f64> {
        if to - from <= EDGE {
            return self.usual(times, from + 1, to);
        }
        let first = self.usual(times, from + 1, from + EDGE)?;
        Some(first.min(self.usual(times, to - EDGE, to)?))
    }
}

/// How many of sorted `times` are at or after `from` and before `to`.
pub(super) fn count(times: &[i64], from: i64, to: i64) -> usize {
    let before = |limit: i64| times.partition_point(|at| *at < limit);
    before(to).saturating_sub(before(from))
}

#[allow(clippy::cast_precision_loss)] // counts of events
pub(super) fn real(count: usize) -> f64 {
    count as f64
}

#[allow(clippy::cast_precision_loss)] // less than a year of milliseconds
pub(super) fn share_of(part: i64, whole: i64) -> f64 {
    part as f64 / whole.max(1) as f64
}

/// How much more the expectations of empty gaps vary than by chance: by chance they decay as exp(-x). The slope is
/// taken between high quantiles, which a few outages among the gaps do not affect.
fn overdispersion(mut expected: Vec<f64>, least: f64) -> f64 {
    let n = expected.len();
    if n < 40 {
        return least.max(2.0);
    }
    let above_high = (n / 200).max(5);
    let above_low = (n / 10).max(above_high * 2);
    let mut of = |above: usize| {
        let at = n - 1 - above.min(n - 1);
        *expected.select_nth_unstable_by(at, f64::total_cmp).1
    };
    let slope = (of(above_high) - of(above_low)) / (real(above_low) / real(above_high)).ln();
    slope.max(least)
}

/// The gaps between sorted `times`, and the one up to `until`.
pub(super) fn gaps(times: &[i64], until: i64) -> impl Iterator<Item = (i64, i64)> {
    let last = times.last().map(|last| (*last, until));
    let pairs = times.windows(2).map(|pair| (pair[0], pair[1]));
    pairs.chain(last).filter(|(from, to)| from < to)
}

/// The log-probability of at least `count` events if `mean` are expected; none if there are fewer.
pub(super) fn log_surprise(observed: usize, mean: f64) -> f64 {
    let (observed, mean) = (real(observed), mean.max(1e-3));
    if observed <= mean {
        return 0.0;
    }
    observed * (observed / mean).ln() - (observed - mean)
}

/// The same for at most `observed` events.
pub(crate) fn log_lack(observed: usize, mean: f64) -> f64 {
    let observed = real(observed);
    if observed >= mean {
        return 0.0;
    }
    let kept = if observed > 0.0 { observed * (mean / observed).ln() } else { 0.0 };
    (mean - observed - kept).max(0.0)
}

/// Counts in sorted times. It searches from where the last search ended, so that queries in order of time cost one step
/// each.
pub(super) struct Cursor<'t> {
    times: &'t [i64],
    at: usize,
}

impl<'t> Cursor<'t> {
    pub(super) fn new(times: &'t [i64]) -> Self {
        Self { times, at: 0 }
    }

    /// How many times are before `limit`.
    pub(super) fn before(&mut self, limit: i64) -> usize {
        let (mut low, mut high) = (self.at, self.at);
        let mut step = 1;
        while high < self.times.len() && self.times[high] < limit {
            (low, high) = (high + 1, (high + step).min(self.times.len()));
            step *= 2;
        }
        step = 1;
        while low > 0 && self.times[low - 1] >= limit {
            (low, high) = (low.saturating_sub(step), low - 1);
            step *= 2;
        }
        self.at = low + self.times[low..high].partition_point(|at| *at < limit);
        self.at
    }
}

/// Counts between times, each of which is shortly after the previous one.
pub(super) struct Counter<'t> {
    from: Cursor<'t>,
    to: Cursor<'t>,
}

impl<'t> Counter<'t> {
    pub(super) fn new(times: &'t [i64]) -> Self {
        Self { from: Cursor::new(times), to: Cursor::new(times) }
    }

    /// How many are at or after `from` and before `to`.
    pub(super) fn count(&mut self, from: i64, to: i64) -> usize {
        let before = self.from.before(from);
        self.to.before(to).saturating_sub(before)
    }
}

/// The expected number of `times` in a gap by the rate of the hours before and after it, as far as the rows go.
pub(super) struct Pace<'t> {
    until: i64,
    /// One hour before, the beginning and the end of the gap, and one hour after.
    cursors: [Cursor<'t>; 4],
}

impl<'t> Pace<'t> {
    pub(super) fn new(times: &'t [i64], until: i64) -> Self {
        Self { until, cursors: [(); 4].map(|()| Cursor::new(times)) }
    }

    /// By the hour before a gap, and by the hour after it.
    pub(super) fn of(&mut self, from: i64, to: i64) -> (f64, f64) {
        let [hour_before, begin, end, hour_after] = &mut self.cursors;
        let length = share_of(to - from, MINUTE);
        let counted = begin.before(from + 1) - hour_before.before(from - HOUR);
        let before = real(counted) / 60.0;
        if self.until - to < HOUR / 4 {
            return (before * length, before * length);
        }
        let span = HOUR.min(self.until - to);
        let counted = hour_after.before(to + span) - end.before(to);
        let after = real(counted) / share_of(span, MINUTE);
        (before * length, after * length)
    }
}

/// The same for a single gap.
pub(super) fn paced(times: &[i64], from: i64, to: i64, until: i64) -> (f64, f64) {
    Pace::new(times, until).of(from, to)
}

/// The same, including the other days: the minimum of the usual rate and that of the busier neighbouring hour; without
/// other days, that of the quieter one.
pub(super) fn usual(times: &[i64], clock: &Clock, from: i64, to: i64) -> f64 {
    let paced = paced(times, from, to, clock.until);
    least_of(clock.usual_of_gap(times, from, to), paced)
}

/// The same, from what is usual on other days, if known, and the rate of the neighbouring hours.
pub(super) fn least_of(usual: Option<f64>, (before, after): (f64, f64)) -> f64 {
    match usual {
        Some(usual) => usual.min(before.max(after)),
        None => before.min(after),
    }
}

/// Scores every gap with enough expected events, and joins reported gaps that follow each other directly. `expected` is
/// a first estimate. Both functions are called in order of time.
pub(super) fn judge(
    times: &[i64],
    gaps: impl Iterator<Item = (i64, i64)>,
    least_dispersion: f64,
    mut expected: impl FnMut(i64, i64) -> f64,
    mut score: impl FnMut(Candidate) -> Score,
) -> Vec<Gap> {
    let mut candidates = Vec::new();
    let mut estimates = Vec::with_capacity(times.len());
    for (from, to) in gaps {
        let estimate = expected(from, to);
        estimates.push(estimate);
        if estimate >= MIN_EXPECTED {
            candidates.push((from, to, estimate));
        }
    }
    let all = estimates.len();
    let dispersion = overdispersion(estimates, least_dispersion);
    let lengths = candidates.iter().map(|(from, to, _)| to - from);
    let places = Places::of(times, all, lengths);
    let mut found: Vec<Gap> = Vec::new();
    for (from, to, estimate) in candidates {
        let trials = places.of_length(to - from);
        let Score { expected, surprise } = score(Candidate {
            from,
            to,
            estimate,
            dispersion,
            needed: (trials / FALSE_ALARM_RATE).ln(),
        });
        let p = trials * (-surprise).exp();
        if p >= FALSE_ALARM_RATE {
            continue;
        }
        match found.last_mut() {
            Some(last) if from - last.to <= 5 * MINUTE && count(times, last.to, from + 1) <= 3 => {
                last.observed += count(times, last.to, to);
                last.to = to;
                last.expected += expected;
                last.p = last.p.min(p);
            }
            _ => found.push(Gap { from, to, expected, observed: count(times, from + 1, to), p }),
        }
    }
    found
}

/// The number of positions at which a gap could occur.
struct Places {
    gaps: usize,
    /// The active time, in quarter-hours.
    active: i64,
    /// How long the candidates are, the shortest first.
    lengths: Vec<i64>,
}

impl Places {
    fn of(times: &[i64], gaps: usize, lengths: impl Iterator<Item = i64>) -> Self {
        let quarters = times.chunk_by(|a, b| a.div_euclid(QUARTER) == b.div_euclid(QUARTER));
        let active = QUARTER * quarters.map(|_| 1).sum::<i64>();
        let mut lengths: Vec<i64> = lengths.collect();
        lengths.sort_unstable();
        Self { gaps, active, lengths }
    }

    /// For a gap length: at most the number of gaps, and what fits the active time with four starting points each; at
    /// least the number of gaps of that length, such as nights.
    fn of_length(&self, length: i64) -> f64 {
        let as_long = self.lengths.len() - self.lengths.partition_point(|own| *own < length);
        let room = (4.0 * share_of(self.active, length)).max(real(as_long));
        room.clamp(1.0, real(self.gaps.max(1)))
    }
}
