//! Checks random schedules against invariants, and shrinks one that violates one.

use super::{Course, Scheduled, Simulation, SimulationError};
use crate::causes::Cause;
use crate::invariant::Invariant;
use crate::store::StoreError;
use crate::table::Cell;

/// The number of events of a random schedule.
const EVENTS: usize = 12;

/// A schedule that violates an invariant.
#[derive(Debug, Clone, PartialEq)]
pub struct Broken {
    /// Its number, from 1.
    pub number: u64,
    /// How many events it had before it was shrunk.
    pub events_before: usize,
    /// The remaining events: without any one of them, the invariant is not violated.
    pub schedule: Vec<Scheduled>,
    /// The index of the invariant.
    pub invariant: usize,
    /// The simulation of the schedule.
    pub course: Course,
}

/// A pseudo-random sequence that depends only on its seed (splitmix64).
struct Series(u64);

impl Series {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn one_of<'t, T>(&mut self, all: &'t [T]) -> &'t T {
        let count = all.len().max(1) as u64;
        &all[usize::try_from(self.next() % count).unwrap_or_default()]
    }
}

impl Simulation {
    /// Runs `count` random schedules of these causes, with gaps around each time rule, until one violates an invariant;
    /// that one is shrunk. The same seed gives the same schedules.
    ///
    /// # Errors
    /// When the database fails, or a condition cannot be evaluated.
    pub fn random(
        &self,
        causes: &[Cause],
        invariants: &[Invariant],
        count: u64,
        seed: u64,
    ) -> Result<Option<Broken>, SimulationError> {
        let gaps = self.gaps()?;
        for number in 0..count {
            // Each schedule has a series of its own, so that its number and the seed make it again.
            let mut series = Series(seed ^ number.wrapping_mul(0x2545_f491_4f6c_dd1d));
            let mut at = self.now_ms;
            let schedule: Vec<Scheduled> = (0..EVENTS)
                .map(|_| {
                    at += *series.one_of(&gaps);
                    (at, series.one_of(causes).clone())
                })
                .collect();
            if let Some(invariant) = self.breaks(&schedule, invariants)? {
                let shrunk = self.shrunk(schedule, &invariants[invariant])?;
                let own = std::slice::from_ref(&invariants[invariant]);
                let course = self.run(&shrunk, own)?;
                return Ok(Some(Broken {
                    number: number + 1,
                    events_before: EVENTS,
                    schedule: shrunk,
                    invariant,
                    course,
                }));
            }
        }
        Ok(None)
    }

    /// Gaps equal to each time rule and slightly shorter and longer, in milliseconds.
    fn gaps(&self) -> Result<Vec<i64>, StoreError> {
        let answer =
            self.store.ask("SELECT DISTINCT seconds FROM time_rule ORDER BY 1", &[], &[])?;
        let mut gaps = vec![1_000, 10_000, 600_000];
        for cell in answer.rows.iter().flatten() {
            if let Cell::Integer(seconds) = cell {
                let near = [seconds - 1, *seconds, seconds + 1];
                gaps.extend(near.iter().filter(|gap| **gap > 0).map(|gap| gap * 1000));
            }
        }
        Ok(gaps)
    }

    /// The invariant that a schedule violates. An impossible schedule violates none.
    fn breaks(
        &self,
        schedule: &[Scheduled],
        invariants: &[Invariant],
    ) -> Result<Option<usize>, SimulationError> {
        match self.tried(schedule, invariants) {
            Ok(course) => Ok(course.broken.map(|(invariant, _)| invariant)),
            Err(SimulationError::Impossible { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Removes every event without which the invariant is still violated, and then shortens the gaps between the
    /// remaining ones.
    fn shrunk(
        &self,
        mut schedule: Vec<Scheduled>,
        invariant: &Invariant,
    ) -> Result<Vec<Scheduled>, SimulationError> {
        let own = std::slice::from_ref(invariant);
        let mut changed = true;
        while changed {
            changed = false;
            for at in (0..schedule.len()).rev() {
                let mut fewer = schedule.clone();
                fewer.remove(at);
                if self.breaks(&fewer, own)?.is_some() {
                    schedule = fewer;
                    changed = true;
                }
            }
        }
        for at in 0..schedule.len() {
            let before = at.checked_sub(1).map_or(self.now_ms, |before| schedule[before].0);
            let excess = schedule[at].0 - before - super::GAP_MS;
            let mut closer = schedule.clone();
            closer[at..].iter_mut().for_each(|(time, _)| *time -= excess.max(0));
            if excess > 0 && self.breaks(&closer, own)?.is_some() {
                schedule = closer;
            }
        }
        Ok(schedule)
    }
}
