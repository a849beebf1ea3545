//! What the whole file shows that its beginning does not: how NULL and numbers are written, and whether a time column
//! has any times.

use super::Decided;
use super::ReadStage;
use crate::import::convert;
use crate::import::convert::Seen;
use crate::import::error::ImportError;
use crate::import::format;
use crate::import::open::OpenError;
use crate::record::Reason;
use crate::record::Record;
use crate::record::batch::LayoutColumn;
use crate::schema::inferred::ColumnValues;

impl ReadStage {
    /// What the file as a whole shows that its beginning did not.
    pub(super) fn decide_again(&self) -> Option<Decided> {
        let columns = || self.ended.seen.iter().flatten();
        let again = columns().any(|seen| seen.is_mixed() || (!self.once && seen.is_settled_late()));
        let all = |seen: &Vec<Seen>| seen.iter().map(|seen| seen.separators).collect();
        let form = self.other_form();
        let empty = self.is_empty_null();
        let apart = self.separate.len() > self.decided.separate.len();
        if form.is_none() && !empty && !again && !apart && self.late_columns.is_empty() {
            return None;
        }
        let mut late_columns = self.decided.late_columns.clone();
        late_columns.extend(self.late_columns.iter().cloned());
        let found = Decided {
            separators: self.ended.seen.iter().map(all).collect(),
            form: form.or(self.decided.form),
            empty: empty || self.decided.empty,
            late_columns,
            separate: self.separate.clone(),
        };
        (found != self.decided).then_some(found)
    }

    /// How the file writes NULL: as the word or as an empty field, in columns where nothing else is possible.
    fn evidence(&self) -> (bool, bool) {
        let targets = self.plan.iter().flat_map(|plan| &plan.targets);
        let steps = targets.flat_map(|target| &target.steps);
        let seen = self.ended.seen.iter().flatten();
        let typed = steps.zip(seen).filter(|((_, cast), _)| *cast != convert::Cast::Text);
        typed.fold((false, false), |(word, nothing), (_, seen)| {
            (word || seen.word > 0, nothing || seen.nothing > 0)
        })
    }

    /// The format that reads the beginning alike and writes NULL as the whole file does.
    fn other_form(&self) -> Option<&'static format::ImportFormat> {
        let twin = self.twin.or(self.by_word)?;
        let nulls = twin.nulls.rule();
        match self.evidence() {
            (true, false) if nulls.word && !self.rules.nulls.word => Some(twin),
            (false, true)
                if nulls.empty && !self.rules.nulls.empty && self.has(|seen| seen.nothing) =>
            {
                Some(twin)
            }
            _ => None,
        }
    }

    /// Whether nothing is NULL in a format that writes the word: no column has the word, and columns of numbers or
    /// times have empty fields.
    fn is_empty_null(&self) -> bool {
        let layout = self.form.layout;
        let numbered = format::FormatLayout::Vertical(format::NameSeparator::Numbered);
        (matches!(layout, format::FormatLayout::Grid(_)) || layout == numbered)
            && !self.rules.nulls.empty
            && self.evidence() == (false, true)
            && !self.has(|seen| seen.word)
            && self.has(|seen| seen.nothing)
    }

    /// Whether a column of texts has such fields.
    pub(super) fn has(&self, count: impl Fn(&Seen) -> u64) -> bool {
        let targets = self.plan.iter().flat_map(|plan| &plan.targets);
        let steps = targets.flat_map(|target| target.steps.iter().zip(&target.shape.columns));
        let seen = self.ended.seen.iter().flatten();
        let values = self.ended.values.iter().flatten();
        // A column without a name and a value is one that a spreadsheet has left over.
        let is_left_over = |column: &LayoutColumn, values: &ColumnValues| {
            let unnamed = column.heading.as_deref().is_some_and(|name| name.trim().is_empty());
            unnamed && values.is_blank()
        };
        let mut texts = steps.zip(seen).zip(values).filter(|(((step, column), _), values)| {
            step.1 == convert::Cast::Text && !is_left_over(column, values)
        });
        texts.any(|((_, seen), _)| count(seen) > 0)
    }

    /// Values after the beginning may be NULL or not, depending on which of two formats applies, and the beginning does
    /// not show which.
    pub(super) fn undecided(&self) -> Option<ImportError> {
        let is_text = |twin: &&format::ImportFormat| twin.layout != format::FormatLayout::Workbook;
        let own = self.rules.nulls;
        if self.evidence() != (false, false) {
            return None;
        }
        let (nothing, word) = (self.has(|seen| seen.nothing), self.has(|seen| seen.word));
        // Both in one column of texts: the word is what stands for NULL, as nothing is told from it.
        let is_doubtful = |twin: &&format::ImportFormat| {
            let other = twin.nulls.rule();
            (nothing && !word && own.empty != other.empty)
                || (word && !nothing && own.word != other.word)
        };
        let by_word = self.by_word.filter(|_| word && !nothing && !own.word);
        let twin = self.twin.filter(is_text).filter(is_doubtful).or(by_word);
        twin.map(|twin| ImportError::Open {
            file: self.file.clone(),
            source: OpenError::Undecided { best: self.form, runner_up: twin },
        })
    }

    pub(super) fn note_untold(
        &mut self,
        column: (usize, usize),
        record: &Record<'_>,
        steps: &[(usize, convert::Cast)],
        reason: Reason,
    ) {
        const SAMPLES: usize = 3;
        let field = record.fields[steps[column.1].0];
        let text = &record.cells[field.start..field.end];
        let telling =
            reason == Reason::SpoiledDate || convert::is_ambiguous(text) || convert::is_dated(text);
        let telling = telling && convert::has_words_of_dates(text);
        let samples = self.untold.entry(column).or_default();
        if telling && samples.len() < SAMPLES {
            samples.push(format!("line {} `{}`", record.line, text.trim()));
            self.spoiled |= reason == Reason::SpoiledDate;
        }
    }

    /// A time column with `least` unreadable values and no readable one: the file is refused, since every row would be
    /// lost.
    pub(super) fn without_times(&self, least: u64) -> Option<ImportError> {
        if self.untold.is_empty() {
            return None;
        }
        let plan = self.plan.as_ref()?;
        self.untold.iter().find_map(|((table, step), samples)| {
            let seen = &self.ended.seen[*table][*step];
            if seen.times > 0 || seen.untold < least || samples.is_empty() {
                return None;
            }
            let column = &plan.targets[*table].shape.columns[*step];
            Some(ImportError::Dates {
                file: self.file.clone(),
                column: column.name.clone(),
                samples: samples.join(", "),
                spoiled: self.spoiled,
            })
        })
    }

    pub(super) fn sum_up(&mut self) {
        let Some(plan) = &self.plan else { return };
        if self.blank > 0 {
            self.ended.warnings.push(match self.blank {
                1 => "1 line of separators was skipped".to_owned(),
                n => format!("{n} lines of separators were skipped"),
            });
        }
        if self.headers > 0 {
            self.ended.warnings.push(format::trailer::repeated_headers(self.headers));
        }
        for ((later, first), count) in plan.repeats.iter().zip(&self.differing) {
            if *count > 0 {
                self.ended.warnings.push(format!(
                    "column {} has the same name as column {} but different values in {count} records; the first is \
                     kept",
                    later + 1,
                    first + 1
                ));
            }
        }
    }
}
