//! The lab file: settings for all scenarios of a folder, in a `lab.toml` next to their folders.

use std::sync::Arc;

use super::Observation;
use super::draft::{self, ObservationDraft};
use super::fields::{At, Fields, Reader};
use super::rules::{self, LabRule};
use crate::assets::{AssetSource, LAB_FILE};
use crate::diagnostic::{Problem, Problems};
use crate::document::{Lines, Printed};

const LAB: [&str; 4] = ["rules", "times", "document", "observation"];
const DOCUMENT: [&str; 2] = ["file", "lines"];

/// The settings of a lab for all its scenarios.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lab {
    /// The path of the lab file, as the user would open it.
    pub file: String,
    /// Its rules and times, in the order written.
    pub rules: Vec<LabRule>,
    /// The document that its scenarios reproduce.
    pub document: Option<LabDocument>,
    /// Whether there is one that cannot be read.
    pub(super) document_is_unread: bool,
}

/// A lab's own document, such as a runbook, cited by lines instead of the support note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabDocument {
    /// Its path, as the user would open it.
    pub file: String,
    /// The lines that the lab's scenarios are about; by default all of the document.
    pub lines: Lines,
    /// Its numbered statements, in the order written.
    pub observations: Vec<Observation>,
    /// The words of its lines, to check citations.
    pub(super) words: Arc<Printed>,
}

/// A lab file, as much as can be read, if there is one, and its errors.
pub(super) type LabRead = (Option<Arc<Lab>>, Problems);

/// Reads the lab file of a folder of scenarios.
pub(super) fn read(source: &AssetSource) -> LabRead {
    let text = match source.read_beside(LAB_FILE) {
        None => return LabRead::default(),
        Some(Ok(text)) => text,
        Some(Err(error)) => {
            let problem = Problem {
                file: error.path,
                at: None,
                message: error.problem.to_string(),
                hint: None,
            };
            return (None, std::iter::once(problem).collect());
        }
    };
    let file = source.beside(LAB_FILE);
    let reader = Reader::new(&file, &text);
    let lab = draft::with_table(&reader, &text, |table| {
        let fields = Fields::new(&reader, table, 0, "a lab file", &LAB);
        let document = document(source, &fields);
        Lab {
            file: file.clone(),
            rules: rules::read(&fields),
            document_is_unread: document.is_none() && fields.has("document") || reader.broken(),
            document,
        }
    });
    (Some(Arc::new(lab)), reader.into_problems().into_iter().collect())
}

fn document(source: &AssetSource, fields: &Fields<'_>) -> Option<LabDocument> {
    let observations = draft::observations(fields);
    let Some(own) = fields.table("document", "a lab's document", &DOCUMENT) else {
        if let Some(first) = observations.first() {
            let message = "observations of a lab need its document: `[document]` with `file`";
            fields.reader.absent(first.id.at, message, None);
        }
        return None;
    };
    let name = own.need_text("file");
    let lines = own.lines("lines");
    let name = name?;
    let text = match source.read_beside(&name.value) {
        Some(Ok(text)) => text,
        Some(Err(error)) => {
            let message = format!("`{}`: {}", name.value, error.problem);
            fields.reader.problem(name.at, message);
            return None;
        }
        None => {
            let message = format!("there is no file `{}` next to the lab file", name.value);
            fields.reader.problem(name.at, message);
            return None;
        }
    };
    let words = Printed::of(&text);
    let count = u32::try_from(words.line_count()).unwrap_or(u32::MAX);
    let whole = || format!("1-{}", count.max(1)).parse().ok();
    within(fields, lines.as_ref(), count);
    let lines = lines.map(|lines| lines.value).or_else(whole)?;
    for one in &observations {
        let Some(cited) = &one.lines else { continue };
        let mut bound = lines.iter();
        if let Some(outside) = cited.value.iter().find(|line| !bound.any(|own| own == *line)) {
            let message = format!("line {outside} is not among the document's lines, {lines}");
            fields.reader.problem(cited.at, message);
        }
    }
    Some(LabDocument {
        file: source.beside(&name.value),
        lines,
        observations: observations.iter().filter_map(ObservationDraft::read).collect(),
        words: Arc::new(words),
    })
}

/// Checks that the document has the cited lines.
fn within(fields: &Fields<'_>, lines: Option<&At<Lines>>, count: u32) {
    if let Some(lines) = lines
        && lines.value.last() > count
    {
        let message = format!("line {} is cited, but the document has {count}", lines.value.last());
        fields.reader.problem(lines.at, message);
    }
}
