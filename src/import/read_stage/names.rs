//! The column names, and which of several results is read.

use super::Disconnected;
use super::ReadStage;
use crate::command_line::quoted;
use crate::import::format::detect::CellShape;
use crate::import::format::detect::could_be_name;
use crate::import::mapping;
use crate::import::mapping::Hints;
use crate::import::mapping::TablesError;
use crate::import::reader;
use crate::import::row::NOT_KEPT;
use crate::record::OwnedRecord;
use crate::record::Reason;
use crate::record::Record;
use std::collections::BTreeSet;

/// Whether the first record of a table of the user's own is names: text over numbers or times is. `None` where all is
/// text, where a column would have no name, or where years are over numbers.
pub(in crate::import) fn are_names_of_new_table(
    first: &[String],
    rest: &[OwnedRecord],
) -> Option<bool> {
    let named: Vec<&String> = first.iter().filter(|name| !name.is_empty()).collect();
    let are_possible = !named.is_empty()
        && named.iter().all(|name| is_year(name) || could_be_name(&one_line(name)));
    let are_different = named.iter().collect::<BTreeSet<_>>().len() == named.len();
    if !are_possible || !are_different {
        return Some(false);
    }
    let looks = |at: usize| {
        let alike = rest.iter().filter(|record| record.fields.len() == first.len());
        let texts = alike.filter_map(|record| record.text_at(at));
        texts.fold(CellShape::Nothing, |look, text| look.and(CellShape::of(text)))
    };
    let typed = |at: usize| matches!(looks(at), CellShape::Number | CellShape::Time);
    let are_all_named = named.len() == first.len();
    let is_over = |at: usize| typed(at) && !is_year(&first[at]);
    ((0..first.len()).any(is_over) && are_all_named).then_some(true)
}

/// A name without the line breaks that a spreadsheet has put into it.
fn one_line(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a reader found no names for these columns: none at all, or their numbers instead.
fn are_nameless(names: &[String]) -> bool {
    let is_number =
        |(at, name): (usize, &String)| name.is_empty() || *name == format!("column {at}");
    (1..).zip(names).all(is_number)
}

/// Whether a text is a year, by which tables of totals name their columns.
fn is_year(text: &str) -> bool {
    matches!(text.as_bytes(), [b'1', b'9', ..] | [b'2', b'0', ..])
        && text.len() == 4
        && text.bytes().all(|b| b.is_ascii_digit())
}

impl ReadStage {
    /// The first header names the columns; a repetition is a new page of the same result set; a different one begins a
    /// second result set.
    pub(super) fn header(&mut self, names: Vec<String>) {
        let wanted = self.result_set.unwrap_or(1);
        if self.written.as_ref() == Some(&names) {
            return;
        }
        self.set += 1;
        if self.result_set.is_none() && self.set > 1 {
            self.note_nameless(&names);
        }
        if self.set == wanted {
            self.header = match &self.columns {
                Some(columns) => Some(columns.clone()),
                // The first record may be names that no table of the product has.
                None if wanted > 1 && are_nameless(&names) => None,
                None => Some(self.renamed(names.clone())),
            };
        }
        self.written = Some(names);
    }

    /// Says of a further result without column names how it is loaded, if it may go on with the first one.
    fn note_nameless(&mut self, names: &[String]) {
        let Some(first) = self.header.as_ref().filter(|_| are_nameless(names)) else {
            return;
        };
        if first.len() == names.len() {
            self.ended.warnings.push(format!(
                "result {0} has no column names; if it continues the first one, load it with `--result-set {0} \
                 --columns {1}`",
                self.set,
                quoted(&first.join(","))
            ));
        }
    }

    /// Whether the new result is not the current one, and is a table that its columns identify.
    pub(super) fn is_separate(&self, names: &[String]) -> bool {
        let begun = self.separate.last().is_none_or(|(set, _)| *set < self.set);
        let chosen = self.result_set.is_some() || self.table.is_some() || self.columns.is_some();
        if self.once || chosen || self.set < 2 || !begun {
            return false;
        }
        let hints = Hints { table: None, file: &self.file };
        mapping::plan(Some(names), &[], hints, &self.rules).is_ok()
    }

    /// The column names, after applying the installation's renames.
    fn renamed(&mut self, mut names: Vec<String>) -> Vec<String> {
        let mut renamed = Vec::new();
        for name in &mut names {
            let own = mapping::column_name(name);
            let mut renames = self.renames.iter();
            if let Some((_, to)) = renames.find(|(from, _)| from.to_lowercase() == own) {
                renamed.push(format!("`{to}`"));
                name.clone_from(to);
            }
        }
        if !renamed.is_empty() {
            let renamed = renamed.join(", ");
            let warning = format!("columns named by the settings: {renamed}");
            self.ended.warnings.push(warning);
        }
        names
    }

    /// Whether a record belongs to the result set being read. If the user chose none, records of a second one are
    /// rejected, not silently omitted.
    pub(super) fn is_wanted(&mut self, record: &Record<'_>) -> Result<bool, Disconnected> {
        // What precedes every header is the first result.
        self.set = self.set.max(1);
        let set = self.set;
        if self.result_set.is_some() || set == 1 || self.is_elsewhere() {
            return Ok(!self.is_elsewhere());
        }
        self.ended.records += 1;
        let text = if self.has_secrets() { NOT_KEPT } else { record.text };
        let has = match self.written.as_deref().is_some_and(are_nameless) {
            true => "no column names",
            false => "other columns",
        };
        let detail = format!(
            "it belongs to result set {set}, which has {has}; `--result-set {set} --table my_table` reads it"
        );
        // Whole as it is, it says nothing against how the file is read.
        self.keep(reader::queue::reject(record.line, text, Reason::SecondResultSet, detail, 1))?;
        Ok(false)
    }

    /// Whether the reader is in a result set that was not requested, or that is loaded separately.
    pub(super) fn is_elsewhere(&self) -> bool {
        let set = self.set.max(1);
        match self.result_set {
            Some(wanted) => wanted != set,
            None => self.separate.last().is_some_and(|(last, _)| *last == set),
        }
    }

    /// A first record of only known column names is a header, whatever the reader decided; and so is a first record of
    /// text above numbers or times in a user-defined table. If everything is text, it is ambiguous.
    pub(super) fn take_names(&mut self, sample: &mut Vec<OwnedRecord>) -> Result<(), TablesError> {
        let Some(first) = sample.first().filter(|_| self.header.is_none()) else {
            return Ok(());
        };
        let names = self.renamed(first.texts().map(str::to_owned).collect());
        let are_known = || names.iter().all(|name| mapping::is_known_heading(name));
        let is_new =
            self.table.as_deref().is_some_and(|table| mapping::product_table(table).is_none());
        let are_names = match self.has_names {
            Some(said) => said,
            None if names.is_empty() => false,
            None if are_known() => true,
            None if is_new => match are_names_of_new_table(&names, &sample[1..]) {
                Some(are) => are,
                None => return Err(TablesError::NamesOrRow),
            },
            None => false,
        };
        if are_names {
            self.header = Some(names);
            self.ended.has_header = true;
            self.ended.records -= 1;
            sample.remove(0);
        }
        Ok(())
    }

    /// Whether the file has a password column, as far as known.
    pub(super) fn has_secrets(&self) -> bool {
        let mut names = self.header.iter().flatten();
        self.plan.as_ref().is_some_and(|plan| plan.has_secrets())
            || names.any(|name| mapping::is_secret_heading(name))
    }
}
