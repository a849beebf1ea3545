//! Steps and checks as written: when each happens, by script or in words, and what is expected afterwards.

use std::collections::BTreeMap;

use super::repeat::{self, Case};
use super::{CheckDraft, ExpectDraft, Ids, StepDraft, Time, plain, short_value};
use crate::diff::{ColumnMode, RowOrder};
use crate::scenario::Basis;
use crate::scenario::fields::{At, Fields, seconds_of, shorten};
use crate::table::{Cell, parse_duration, parse_timestamp};

const STEP: [&str; 13] = [
    "at", "after", "title", "script", "happens", "every", "reuse", "for", "id", "changes", "error",
    "branch", "check",
];
const CHECK: [&str; 15] = [
    "query",
    "id",
    "with",
    "expect",
    "rows",
    "value",
    "printed",
    "stated",
    "derived",
    "observes",
    "key",
    "columns",
    "order",
    "ignore",
    "tolerance",
];
const IGNORE: [&str; 2] = ["column", "reason"];
const TOLERANCE: [&str; 3] = ["column", "within", "reason"];

const COLUMN_MODES: [(&str, ColumnMode); 3] = [
    ("exact", ColumnMode::Exact),
    ("any_order", ColumnMode::AnyOrder),
    ("subset", ColumnMode::Subset),
];
const ORDERS: [(&str, Order); 2] = [("strict", Order::Strict), ("unordered", Order::Unordered)];
#[derive(Clone, Copy)]
enum Order {
    Strict,
    Unordered,
}

/// Why a recorded table is expected.
const RECORDED: &str = "it was recorded and accepted";

/// What makes a step happen.
const CAUSES: [&str; 3] = ["script", "happens", "reuse"];

pub(super) fn steps(fields: &Fields<'_>) -> Vec<StepDraft> {
    let mut ids = Ids::new(fields.reader, "steps");
    let mut check_ids = Ids::new(fields.reader, "checks");
    let mut branches = Branches::default();
    let mut steps = Vec::new();
    for (at, fields) in fields.tables("step", "a step", &STEP).iter().enumerate() {
        let id = step_id(fields, at);
        let cases = repeat::cases(fields);
        for case in &cases {
            fields.reader.replace(&case.values);
            let id = suffixed(&id, case);
            let branch = match case.suffix.as_str() {
                "" => fields.text("branch"),
                _ => Some(id.clone()),
            };
            if !id.value.is_empty() {
                ids.take(&id);
            }
            branches.take(fields, branch.as_ref(), &id.value);
            let step = step(fields, id, branch, case, &mut check_ids);
            for step in one_by_one(fields, step) {
                steps.push(step);
            }
        }
        fields.reader.replace(&[]);
    }
    steps
}

/// The id for one case of a repeated step.
fn suffixed(id: &At<String>, case: &Case) -> At<String> {
    let value = match id.value.as_str() {
        "" => String::new(),
        id => format!("{id}{}", case.suffix),
    };
    At { value, at: id.at }
}

fn step(
    fields: &Fields<'_>,
    id: At<String>,
    branch: Option<At<String>>,
    case: &Case,
    check_ids: &mut Ids<'_>,
) -> StepDraft {
    one_cause(fields);
    let acts = fields.has("script") || fields.has("happens");
    for key in ["changes", "error"] {
        if fields.has(key) && !acts {
            let message = format!("`{key}` needs an event, and this step has none");
            fields.reader.problem(fields.place_of(key), message);
        }
    }
    if acts && fields.has("changes") && fields.has("error") {
        let message = "a step whose script fails changes nothing; omit `changes` or `error`";
        fields.reader.problem(fields.place_of("changes"), message);
    }
    let happens = happens(fields);
    let checks = fields.tables("check", "a check", &CHECK);
    let checks = checks.iter().map(|fields| check(fields, &id.value, case, check_ids)).collect();
    StepDraft {
        place: fields.at,
        at: time(fields),
        title: title(fields, &happens),
        script: fields.text("script"),
        happens,
        reuse: fields.text("reuse"),
        changes: fields.count("changes").map(|changes| changes.value),
        error: fields.text("error").map(|error| error.value),
        branch: branch.map(|branch| branch.value),
        checks,
        id,
    }
}

/// Rejects two ways of saying what happens.
fn one_cause(fields: &Fields<'_>) {
    let found: Vec<_> = CAUSES.iter().filter(|key| fields.has(key)).collect();
    if let [first, second, ..] = found.as_slice() {
        let message = format!("a step has either `{first}` or `{second}`");
        fields.reader.problem(fields.place_of(second), message);
    }
    if fields.has("every") && !fields.has("happens") {
        let message = "`every` is the time between the events of `happens`, and there are none";
        fields.reader.problem(fields.place_of("every"), message);
    }
}

/// The sentences of a step. A value of `for` that is a list is replaced by all of its sentences.
fn happens(fields: &Fields<'_>) -> Vec<At<String>> {
    let sentences = fields.texts("happens").unwrap_or_default().into_iter();
    let lines = sentences.flat_map(|At { value, at }| {
        let lines: Vec<String> = value.split('\n').map(str::to_owned).collect();
        lines.into_iter().map(move |value| At { value, at })
    });
    lines.filter(|line| !line.value.trim().is_empty()).collect()
}

/// The given title, or what happens.
fn title(fields: &Fields<'_>, happens: &[At<String>]) -> String {
    if fields.has("title") || fields.has("reuse") {
        return plain(fields.text("title"));
    }
    if happens.is_empty() {
        // What is wrong with `happens` has been said.
        if !fields.has("happens") {
            fields.lacks(&["title", "happens"], "a step needs `title`");
        }
        return String::new();
    }
    let sentences: Vec<&str> = happens.iter().map(|one| one.value.trim()).collect();
    let text = sentences.join("; ");
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string());
    format!("{}{}", first.unwrap_or_default(), chars.as_str())
}

/// Splits a step whose sentences happen one after another into several steps, the last of which has the checks.
fn one_by_one(fields: &Fields<'_>, step: StepDraft) -> Vec<StepDraft> {
    let Some(every) = fields.text("every").and_then(|text| gap(fields, "every", &text)) else {
        return vec![step];
    };
    let Some((last, before)) = step.happens.split_last() else {
        return vec![step];
    };
    let mut steps: Vec<StepDraft> = Vec::new();
    for (number, sentence) in before.iter().enumerate() {
        let at = match number {
            0 => step.at.clone(),
            _ => Some(every.clone()),
        };
        steps.push(StepDraft {
            place: step.place,
            at,
            title: title(fields, std::slice::from_ref(sentence)),
            script: None,
            happens: vec![sentence.clone()],
            reuse: None,
            id: At { value: format!("{}_{}", step.id.value, number + 1), at: step.id.at },
            changes: None,
            error: None,
            branch: step.branch.clone(),
            checks: Vec::new(),
        });
    }
    let at = match steps.is_empty() {
        true => step.at.clone(),
        false => Some(every),
    };
    let happens = vec![last.clone()];
    let title = title(fields, &happens);
    steps.push(StepDraft { at, title, happens, ..step });
    steps
}

/// The given id, or the number of the script, or that of the step: 10 for the first, 20 for the next.
fn step_id(fields: &Fields<'_>, index: usize) -> At<String> {
    let none = At { value: String::new(), at: fields.at };
    if fields.has("id") {
        let Some(id) = fields.text("id") else {
            return none;
        };
        is_id(fields, &id, "a step");
        return id;
    }
    match fields.peek_text("script") {
        Some(script) => {
            let digits = script.value.bytes().take_while(u8::is_ascii_digit).count();
            At { value: script.value[..digits].to_owned(), at: script.at }
        }
        None if fields.has("script") => none,
        None => At { value: format!("{}0", index + 1), at: fields.at },
    }
}

/// Ids are used in commands and in paths such as `services_failure/open_chats`.
fn is_id(fields: &Fields<'_>, id: &At<String>, what: &str) {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    if !id.value.bytes().all(plain) {
        let message = format!("invalid id `{}` for {what}", shorten(&id.value));
        let hint = "lower-case letters, digits and `_`".to_owned();
        fields.reader.hinted(id.at, message, Some(hint));
    }
}

fn time(fields: &Fields<'_>) -> Option<At<(String, Time)>> {
    if fields.has("at") && fields.has("after") {
        let message = "a step has either `at` or `after`";
        fields.reader.problem(fields.place_of("after"), message);
        return None;
    }
    if fields.has("after") {
        let text = fields.text("after")?;
        return gap(fields, "after", &text);
    }
    if !fields.has("at") {
        fields.lacks(&["at", "after"], "a step needs a time: `at` or `after`");
        return None;
    }
    let text = fields.text("at")?;
    let found = match text.value.strip_prefix('+') {
        Some(after) => parse_duration(after)
            .filter(|seconds| *seconds >= 0)
            .and_then(|seconds| seconds.checked_mul(1000))
            .map(Time::After),
        None => parse_timestamp(&text.value).map(Time::On),
    };
    if found.is_none() {
        let message = format!(
            "`at` is `{}`; expected a time after the start like `+00:09:00`, or like \
             `2011-07-12 14:58:55`",
            text.value
        );
        fields.reader.problem(text.at, message);
    }
    Some(At { value: (text.value, found?), at: text.at })
}

/// A time after the previous step, such as `00:00:30`.
fn gap(fields: &Fields<'_>, key: &str, text: &At<String>) -> Option<At<(String, Time)>> {
    let found = seconds_of(&text.value).and_then(|seconds| seconds.checked_mul(1000));
    if found.is_none() {
        let message = format!(
            "`{key}` is `{}`; expected hours, minutes and seconds, such as `00:00:30`, or `30 seconds`",
            shorten(&text.value)
        );
        fields.reader.problem(text.at, message);
    }
    Some(At { value: (text.value.clone(), Time::Since(found?)), at: text.at })
}

fn check(fields: &Fields<'_>, step: &str, case: &Case, ids: &mut Ids<'_>) -> CheckDraft {
    let query = fields.need_text("query");
    let own = fields.text("id");
    if let Some(own) = &own {
        is_id(fields, own, "a check");
    }
    let id = own.or_else(|| query.clone());
    let name = id.as_ref().map_or("", |id| id.value.as_str());
    let expect = expect(fields, &format!("{step}_{name}.md"));
    let id = id.map(|id| suffixed(&id, case));
    if let Some(id) = &id {
        ids.take(id);
    }
    meaningless(fields);
    CheckDraft {
        place: fields.at,
        id: plain(id),
        query,
        with: with(fields),
        expect,
        basis: basis(fields),
        observes: fields.texts("observes").unwrap_or_default(),
        key: fields.texts("key"),
        columns: fields.word("columns", &COLUMN_MODES).unwrap_or_default(),
        order: fields.word("order", &ORDERS).map(|order| match order {
            Order::Strict => RowOrder::Strict,
            Order::Unordered => RowOrder::Unordered,
        }),
        ignore: reasoned(fields, "ignore", "an ignored column", &IGNORE)
            .into_iter()
            .map(|(_, column, reason)| (column, reason))
            .collect(),
        tolerance: reasoned(fields, "tolerance", "a tolerance", &TOLERANCE)
            .into_iter()
            .filter_map(|(fields, column, reason)| {
                if !fields.has("within") {
                    fields.missing("within");
                }
                Some((column, fields.number("within")?, reason))
            })
            .collect(),
    }
}

fn with(fields: &Fields<'_>) -> Vec<(At<String>, At<Cell>)> {
    let entries = fields.entries("with");
    entries
        .into_iter()
        .filter_map(|(name, value)| {
            let value = short_value(fields.reader, &name.value, value)?;
            Some((name, value))
        })
        .collect()
}

/// Takes the columns named at `key`, each with its reason.
fn reasoned<'a>(
    fields: &Fields<'a>,
    key: &str,
    what: &'static str,
    keys: &'static [&'static str],
) -> Vec<(Fields<'a>, At<String>, String)> {
    let tables = fields.tables(key, what, keys);
    tables
        .into_iter()
        .filter_map(|fields| {
            if !fields.has("column") {
                fields.missing("column");
            }
            let reason = fields.need_text("reason");
            Some((fields, fields.any_text("column")?, plain(reason)))
        })
        .collect()
}

/// Lists which of `keys` are present if it is not exactly one.
fn exactly_one<'k>(fields: &Fields<'_>, keys: &[&'k str]) -> Option<&'k str> {
    let found: Vec<_> = keys.iter().filter(|key| fields.has(key)).collect();
    let listed = |keys: Vec<&str>, word| {
        let quoted: Vec<_> = keys.iter().map(|key| format!("`{key}`")).collect();
        quoted.join(word)
    };
    match found.as_slice() {
        [one] => Some(**one),
        [] => {
            let message = format!("a check needs one of {}", listed(keys.to_vec(), ", "));
            fields.lacks(keys, message);
            None
        }
        [_, second, ..] => {
            let both = listed(found.iter().map(|key| **key).collect(), " and ");
            let message =
                format!("a check has one of {}; this one has {both}", listed(keys.to_vec(), ", "));
            fields.reader.problem(fields.place_of(second), message);
            None
        }
    }
}

/// The expectation; if there is none, a table recorded in the file called `recorded`.
fn expect(fields: &Fields<'_>, recorded: &str) -> ExpectDraft {
    const KEYS: [&str; 3] = ["expect", "rows", "value"];
    if KEYS.iter().all(|key| !fields.has(key)) {
        let value = recorded.to_owned();
        for key in ["printed", "stated"].iter().filter(|key| fields.has(key)) {
            let message = format!("`{key}` needs an expectation: `expect`, `rows` or `value`");
            fields.lacks(&KEYS, message);
        }
        return ExpectDraft::Recorded(At { value, at: fields.at });
    }
    let file = |text: At<String>| match text.value.contains('\n') || text.value.starts_with('|') {
        true => ExpectDraft::Inline(text),
        false => ExpectDraft::File(text),
    };
    let found = match exactly_one(fields, &KEYS) {
        Some("expect") => fields.text("expect").map(file),
        Some("rows") => fields.count("rows").map(|rows| ExpectDraft::Rows(rows.value)),
        Some(_) => fields.scalar("value").map(|value| ExpectDraft::Value(value.value.to_string())),
        // The file is looked at even if there is another expectation beside it.
        None => fields.peek_text("expect").map(file),
    };
    found.unwrap_or(ExpectDraft::Unclear)
}

/// Rejects comparison keys where nothing is compared.
fn meaningless(fields: &Fields<'_>) {
    let (what, keys): (_, &[&str]) = match (fields.has("rows"), fields.has("value")) {
        (true, false) => ("rows", &["key", "columns", "order", "ignore", "tolerance"]),
        (false, true) => ("value", &["key", "columns", "order", "tolerance"]),
        _ => return,
    };
    for key in keys.iter().filter(|key| fields.has(key)) {
        let message = format!("`{key}` has no effect together with `{what}`");
        fields.reader.problem(fields.place_of(key), message);
    }
}

fn basis(fields: &Fields<'_>) -> Option<At<Basis>> {
    let keys = ["printed", "stated", "derived", "expect", "rows", "value"];
    if keys.iter().all(|key| !fields.has(key)) {
        return Some(At { value: Basis::Derived(RECORDED.to_owned()), at: fields.at });
    }
    let key = exactly_one(fields, &["printed", "stated", "derived"])?;
    let at = fields.place_of(key);
    let value = match key {
        "printed" => Basis::Printed(fields.lines(key)?.value),
        "stated" => Basis::Stated(fields.lines(key)?.value),
        _ => Basis::Derived(fields.text(key)?.value),
    };
    Some(At { value, at })
}

/// Groups the steps of each branch.
#[derive(Default)]
struct Branches {
    /// The branch of the previous step, if any.
    current: Option<String>,
    /// Finished branches, and the step that ended each.
    over: BTreeMap<String, String>,
}

impl Branches {
    fn take(&mut self, fields: &Fields<'_>, branch: Option<&At<String>>, step: &str) {
        let name = branch.map(|branch| branch.value.clone());
        if self.current != name
            && let Some(before) = self.current.take()
        {
            self.over.insert(before, step.to_owned());
        }
        if let Some(branch) = branch
            && let Some(end) = self.over.get(&branch.value)
        {
            let message = format!(
                "the branch `{}` ended at step `{end}`; its steps must be consecutive",
                branch.value
            );
            fields.reader.problem(branch.at, message);
        }
        self.current = name;
    }
}
