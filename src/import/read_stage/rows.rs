//! Converts records to rows of their tables, in batches.

use super::Disconnected;
use super::Message;
use super::ReadStage;
use crate::import::mapping::Plan;
use crate::import::row::check_text;
use crate::import::row::rejected;
use crate::import::row::row;
use crate::record::Reason;
use crate::record::Record;
use crate::record::Reject;

/// The size of the text, or the number of values, at which a batch is sent to the store.
pub(super) const BATCH_BYTES: usize = 256 << 10;

pub(super) const BATCH_VALUES: usize = 32 << 10;

impl ReadStage {
    /// Converts a record: to all of its rows, or to a reject.
    pub(super) fn record(&mut self, record: &Record<'_>) -> Result<(), Disconnected> {
        let Some(plan) = self.plan.take() else {
            return Ok(());
        };
        let outcome = self.rows_of(&plan, record);
        self.plan = Some(plan);
        match outcome {
            Ok(()) => {
                let full = self.batches.iter().any(|batch| {
                    batch.text.len() >= BATCH_BYTES || batch.values.len() >= BATCH_VALUES
                });
                if full { self.flush(false) } else { Ok(()) }
            }
            Err(reject) => self.reject(*reject),
        }
    }

    fn rows_of(&mut self, plan: &Plan, record: &Record<'_>) -> Result<(), Box<Reject>> {
        check_text(
            plan,
            record,
            self.rules.lossy,
            self.rules.nulls.nul_is_empty,
            &self.replacement,
        )?;
        for (nth, (later, first)) in plan.repeats.iter().enumerate() {
            let text = |at: &usize| {
                let field = record.fields[*at];
                &record.cells[field.start..field.end]
            };
            self.differing[nth] += u64::from(text(later) != text(first));
        }
        for (nth, target) in plan.targets.iter().enumerate() {
            let batch = &mut self.batches[nth];
            let start = (batch.text.len(), batch.values.len());
            let seen = &mut self.ended.seen[nth];
            let row = row(plan, target, record, &self.rules, seen, batch);
            match row {
                Ok(true) => batch.lines.push(record.line),
                Ok(false) => batch.take_off(start),
                Err((at, misfit)) => {
                    batch.take_off(start);
                    for before in 0..nth {
                        self.take_back(plan, before, record.line);
                    }
                    let dated = [Reason::NotADate, Reason::SpoiledDate].contains(&misfit.reason);
                    if let (true, Some(step)) = (dated, at) {
                        self.note_untold((nth, step), record, &target.steps, misfit.reason);
                    }
                    return Err(Box::new(rejected(plan, target, record, at, misfit)));
                }
            }
        }
        self.watch(plan, record.line);
        Ok(())
    }

    /// Takes back the newest row of a table if another table rejects the same record.
    pub(super) fn take_back(&mut self, plan: &Plan, table: usize, line: u64) {
        let batch = &mut self.batches[table];
        if batch.lines.last() == Some(&line) {
            let width = plan.targets[table].width();
            batch.lines.pop();
            batch.values.truncate(batch.values.len() - width);
        }
    }

    /// Passes on the batches that are large enough, or all.
    pub(super) fn flush(&mut self, all: bool) -> Result<(), Disconnected> {
        for nth in 0..self.batches.len() {
            let batch = &self.batches[nth];
            let full = batch.text.len() >= BATCH_BYTES || batch.values.len() >= BATCH_VALUES;
            if batch.lines.is_empty() || !(all || full) {
                continue;
            }
            let empty = self.used.try_recv().unwrap_or_default();
            let batch = std::mem::replace(&mut self.batches[nth], empty);
            self.send(Message::Rows(nth, batch))?;
        }
        if !self.rejects.is_empty() {
            let rejects = std::mem::take(&mut self.rejects);
            self.send(Message::Rejects(rejects))?;
        }
        Ok(())
    }
}
