//! Detection scores of the delimited formats, between -0.5 and 0.5: what each tool is known for.

use super::detect::{Preamble, Sample, SplitCandidate};

/// The evidence that a format is scored by.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'e> {
    /// The format's own trial.
    own: &'e SplitCandidate,
    /// The trial with quotes that it is scored by.
    quoted: &'e SplitCandidate,
    /// Whether a row count is below.
    footer: bool,
    /// Whether the file begins with a byte order mark.
    has_mark: bool,
    /// Whether that is the UTF-8 mark.
    mark: bool,
    /// Whether the file is UTF-16.
    wide: bool,
    /// Whether NULL is the word.
    word: bool,
    /// Whether empty quoted texts occur together with empty fields.
    both: bool,
    /// Points of a tool that writes NULL as the word.
    by_word: f64,
    /// Points of a tool that writes NULL as nothing.
    by_nothing: f64,
    /// Penalty for a first line that another tool writes.
    other_tool: f64,
    /// Points of a tool that quotes nothing.
    unquoted: f64,
    /// Whether fields in quotes contain quotes or line breaks, all of them read well: whoever wrote these quotes what
    /// needs it.
    qualifies: bool,
}

fn when(condition: bool, points: f64) -> f64 {
    if condition { points } else { 0.0 }
}

impl<'e> Evidence<'e> {
    /// `own` is the format's own trial, `quoted` the trial with quotes that it is scored by, `other` the trial with
    /// quotes at the same separator.
    pub(super) fn new(
        sample: &Sample<'_>,
        footer: bool,
        own: &'e SplitCandidate,
        quoted: &'e SplitCandidate,
        other: &SplitCandidate,
    ) -> Self {
        let mark = sample.mark && !sample.wide;
        // NULL is the word, or nothing: the more frequent of the two says which.
        let by_evidence = match (own.typed_word > 0, own.typed_nothing > 0) {
            (true, false) => Some(true),
            (false, true) => Some(false),
            _ => None,
        };
        let word = by_evidence.unwrap_or(own.word > 0 && own.word * 2 >= own.nothing);
        // An empty text in quotes beside nothing: whoever writes both tells them apart.
        let both = own.empty > 0 && own.nothing > 0;
        let by_word = when(word, 0.2)
            + when(own.typed_nothing > 0, -0.3)
            + when(both, -0.3)
            + when(own.nul > 0, -0.4)
            + when(!word && own.nothing > 0, -0.05);
        let by_nothing = when(own.nothing > 0 && !word, 0.05)
            + when(own.typed_nothing > 0, 0.2)
            + when(word, -0.3);
        let other_tool = when(own.preamble.is_some(), -0.4);
        // Quotes that a tool which quotes nothing would not have, and that read well as quotes.
        let well_quoted = other.quoted() > 0 && other.rejects == 0 && other.fit >= own.fit;
        let unquoted =
            when(well_quoted, -0.25) + when(other.rejects > 0 && other.fit < own.fit, 0.1);
        Self {
            own,
            quoted,
            footer,
            has_mark: sample.mark,
            mark,
            wide: sample.wide,
            word,
            both,
            by_word,
            by_nothing,
            other_tool,
            unquoted,
            qualifies: quoted.qualified > 0 && quoted.odd + quoted.rejects + quoted.ragged == 0,
        }
    }
}

/// No tool is known for it.
pub(super) fn nothing(_: &Evidence<'_>) -> f64 {
    0.0
}

/// SSMS quotes nothing, writes a UTF-8 mark, and no row count below.
pub(super) fn ssms_csv(e: &Evidence<'_>) -> f64 {
    e.by_word + e.unquoted + e.other_tool + when(e.mark, 0.15) + when(e.footer || e.own.rule, -0.3)
}

/// As SSMS with commas; text copied from its grid has neither mark nor header.
pub(super) fn ssms_tab(e: &Evidence<'_>) -> f64 {
    e.by_word
        + e.unquoted
        + e.other_tool
        + 0.05
        + when(e.mark, 0.15)
        + when(e.footer || e.own.rule, -0.3)
        + when(!e.own.header && e.own.nothing > 0 && !e.word && !e.wide, 0.05)
}

/// SSMS quotes only fields that contain the separator.
pub(super) fn ssms_csv_quoted(e: &Evidence<'_>) -> f64 {
    e.by_word
        + e.other_tool
        + when(e.mark, 0.15)
        + when(e.footer || e.own.rule, -0.3)
        + when(!e.mark && !e.wide, -0.2)
        + when(e.quoted.separated > 0, 0.2)
        + when(e.quoted.quoted() == 0, -0.1)
        + when(e.quoted.odd > 0 && e.quoted.separated > 0, 0.05)
        + when(e.quoted.empty + e.quoted.digits + e.quoted.needless > 0, -0.3)
        + when(e.qualifies, -0.3)
        + when(e.quoted.rejects > 0, -0.05)
}

/// SSMS writes a row count below, and no dashes.
pub(super) fn ssms_report(e: &Evidence<'_>) -> f64 {
    e.by_word + e.unquoted + e.other_tool + if e.footer && !e.own.rule { 0.25 } else { -0.25 }
}

/// sqlcmd writes dashes under the header, or pads every field alike.
pub(super) fn sqlcmd_separated(e: &Evidence<'_>) -> f64 {
    e.by_word
        + e.other_tool
        + if e.own.rule {
            0.45
        } else {
            when(e.own.header, -0.3)
                + when(e.own.delimiter == "|", 0.1)
                // sqlcmd pads every field or none.
                + when(e.own.trailing > 0 && e.own.trailing * 3 < e.own.bare, -0.15)
                + when(e.mark, -0.2)
                + e.unquoted
        }
}

/// bcp writes no header, and one NUL for the empty text.
pub(super) fn bcp(e: &Evidence<'_>) -> f64 {
    when(e.own.header, -0.4)
        + when(e.own.nul > 0, 0.35)
        + e.by_nothing
        + e.other_tool
        + e.unquoted
        + when(e.mark, -0.1)
        + when(e.own.delimiter == "\t", 0.05)
        + when(e.footer, -0.3)
}

/// No other format has its separators.
pub(super) fn egain_bulk(_: &Evidence<'_>) -> f64 {
    0.5
}

/// The wizard does not distinguish NULL from the empty text.
pub(super) fn wizard(e: &Evidence<'_>) -> f64 {
    e.by_nothing
        + e.other_tool
        + when(e.own.nul > 0, -0.4)
        + when(e.own.rejects > 0, -0.1)
        + when(e.own.needless > 0 && e.own.bare > 0, 0.2)
        + when(e.both, -0.5)
        + when(e.own.rule || e.footer, -0.3)
}

/// Azure Data Studio quotes only what needs it.
pub(super) fn ads_csv(e: &Evidence<'_>) -> f64 {
    e.by_word
        + e.other_tool
        + when(!e.has_mark, 0.1)
        + when(e.own.rule || e.footer, -0.3)
        + when(e.own.needed > 0, 0.15)
        + when(e.own.separated > 0, 0.05)
        + when(e.own.needless + e.own.digits + e.own.empty > 0, -0.25)
        + when(e.own.odd > 0, -0.15)
        + when(e.own.rejects > 0, -0.05)
}

/// DBeaver writes `""` for the empty text, next to empty fields.
pub(super) fn dbeaver_csv(e: &Evidence<'_>) -> f64 {
    e.by_nothing
        + e.other_tool
        + when(e.both, 0.3)
        + when(e.own.needless > 0 && !e.both, -0.25)
        + when(e.own.digits > 0 && e.own.needless == 0, 0.05)
        + when(e.own.nul > 0, -0.3)
        + when(e.own.rejects > 0, -0.1)
        + when(e.own.rule || e.footer, -0.3)
}

/// PowerShell quotes every field.
pub(super) fn powershell_csv(e: &Evidence<'_>) -> f64 {
    when(e.own.preamble == Some(Preamble::Type), 0.4)
        + when(e.own.quoted() > 0 && e.own.bare == 0, 0.45)
        // From a database, it writes NULL and the empty text as `""` alike.
        + when(e.both, -0.5)
        + when(e.own.bare > 0, -0.3)
        + when(e.own.rejects > 0, -0.1)
}

/// Excel damages times, may write its separator or a UTF-8 mark first, and quotes only what needs it.
pub(super) fn excel_csv(e: &Evidence<'_>) -> f64 {
    when(e.own.preamble == Some(Preamble::Separator), 0.45) + e.by_word * 0.75 - 0.05
        + when(e.own.spoiled.is_some() || e.own.resaved, 0.35)
        + when(e.mark && e.qualifies && e.own.quoted() == e.own.needed + e.own.separated, 0.25)
        + when(e.own.rule || e.footer, -0.3)
        + when(e.own.preamble == Some(Preamble::Type), -0.4)
}
