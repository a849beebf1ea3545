//! Rules and times of the platform model that a lab sets for itself: `[rules]` and `[times]` of a scenario or of the
//! lab file above it.

use std::sync::Arc;

use super::Scenario;
use super::fields::{At, Fields, Reader, describe, seconds_of, shorten, text_of};
use crate::diagnostic::{Place, did_you_mean, hint_among};
use crate::sql::quote::literal;

/// Every rule of the model by the name that `chatdb rules` shows: its kind, its name, what it says, and whose it is: a
/// chat's, an agent's or the system's.
static RULES: &[(&str, &str, &str, &str)] = include!(concat!(env!("OUT_DIR"), "/rules.rs"));

/// The statements that a cell of the matrix can make, and their values in the model's table.
const STATEMENTS: [(&str, &str); 4] = [
    ("not needed", "needed = 0, recovers = NULL"),
    ("needed; back at once", "needed = 1, recovers = 'at once'"),
    ("needed; back at the next log-in", "needed = 1, recovers = 'log-in'"),
    ("needed; never back for that chat", "needed = 1, recovers = 'never'"),
];

/// The longest time that a rule can be, in seconds: 30 days.
const LONGEST: i64 = 30 * 24 * 60 * 60;

/// A rule or a time of the platform model as set by a lab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabRule {
    /// Its name, as `chatdb rules` shows it: `exchange messages / messaging`, `a few minutes`.
    pub rule: String,
    /// Its statement in the lab.
    pub value: LabRuleValue,
    /// Where the lab sets it.
    pub place: Place,
}

/// The statement of a lab's rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LabRuleValue {
    /// A cell of the matrix, in the words of `chatdb rules`: `needed; back at once`.
    Statement(&'static str),
    /// A time, in seconds.
    Seconds(i64),
}

impl LabRule {
    /// The SQL statements that replace the built-in rule.
    #[must_use]
    pub fn to_sql(&self) -> String {
        let name = literal(&self.rule);
        let change = match self.value {
            LabRuleValue::Statement(statement) => set_statement(&self.rule, statement),
            LabRuleValue::Seconds(seconds) => {
                format!("UPDATE time_rule SET seconds = {seconds} WHERE time_rule = {name}")
            }
        };
        let place = literal(&format!("{}:{}", self.place.file, self.place.line));
        let built_in = literal(built_in(&self.rule).unwrap_or_default());
        format!(
            "{change};\nINSERT INTO lab_rule (rule, place, built_in) VALUES ({name}, {place}, {built_in});"
        )
    }

    /// Whether the built-in rule says the same.
    fn is_built_in(&self) -> bool {
        let Some(says) = built_in(&self.rule) else {
            return false;
        };
        match self.value {
            LabRuleValue::Statement(statement) => says == statement,
            LabRuleValue::Seconds(seconds) => says == format!("{seconds} s"),
        }
    }
}

/// The built-in statement of this rule: a statement of the matrix, or a time such as `180 s`.
fn built_in(rule: &str) -> Option<&'static str> {
    let found = RULES.iter().find(|(_, name, ..)| *name == rule)?;
    Some(found.2.split(": ").next().unwrap_or_default())
}

/// The SQL statement that changes the statement of a cell of the matrix.
fn set_statement(rule: &str, statement: &str) -> String {
    let (capability, server) = rule.rsplit_once(" / ").unwrap_or((rule, ""));
    let set = STATEMENTS.iter().find(|(known, _)| *known == statement);
    let set = set.map_or("", |(_, set)| set);
    format!(
        "UPDATE server_rule SET {set} WHERE capability = {} AND server = {}",
        literal(capability),
        literal(server)
    )
}

/// Every way in which a cell of the matrix can make a statement other than `statement`, in SQL. A rule that is not
/// needed can be needed in three ways.
pub(crate) fn other_statements(rule: &str, statement: &str) -> Vec<String> {
    let others = STATEMENTS.iter().filter(|(known, _)| *known != statement);
    others.map(|(known, _)| set_statement(rule, known)).collect()
}

/// The lab rules in effect for a chain of scenarios: those of lab files, overridden by those of the scenarios,
/// of which the last one wins. They apply from the start of the chain. Rules equal to the built-in ones are
/// omitted.
#[must_use]
pub fn lab_rules(chain: &[Arc<Scenario>]) -> Vec<LabRule> {
    let of_labs = chain.iter().filter_map(|scenario| scenario.lab.as_ref());
    let of_labs = of_labs.flat_map(|lab| &lab.rules);
    let own = chain.iter().flat_map(|scenario| &scenario.rules);
    let mut rules: Vec<LabRule> = Vec::new();
    for rule in of_labs.chain(own) {
        match rules.iter_mut().find(|known| known.rule == rule.rule) {
            Some(known) => known.clone_from(rule),
            None => rules.push(rule.clone()),
        }
    }
    rules.retain(|rule| !rule.is_built_in());
    rules
}

/// Reads `[rules]` and `[times]`.
pub(super) fn read(fields: &Fields<'_>) -> Vec<LabRule> {
    let reader = fields.reader;
    let mut rules = Vec::new();
    for (name, value) in fields.entries("rules") {
        let known = is_known(reader, &name, "matrix", "rule");
        let Some(text) = text_of(value) else {
            let message = format!(
                "`{}` is {}; expected {}",
                shorten(&name.value),
                describe(value.get_ref()),
                statements()
            );
            reader.problem(value.span().start, message);
            continue;
        };
        let found = STATEMENTS.iter().find(|(known, _)| *known == text.value);
        let Some((statement, _)) = found else {
            let message = format!("invalid rule value `{}`", shorten(&text.value));
            let hint = hint_among(&text.value, STATEMENTS.iter().map(|(known, _)| *known));
            reader.hinted(text.at, message, hint.or_else(|| Some(statements())));
            continue;
        };
        if known && comes_back(reader, &name, (text.at, statement)) {
            rules.push(LabRule {
                place: reader.place(name.at),
                rule: name.value,
                value: LabRuleValue::Statement(statement),
            });
        }
    }
    for (name, value) in fields.entries("times") {
        let known = is_known(reader, &name, "time", "time");
        let text = text_of(value);
        let seconds = text.as_ref().and_then(|text| seconds_of(&text.value));
        let Some(seconds) = seconds.filter(|seconds| (0..=LONGEST).contains(seconds)) else {
            let message = format!(
                "`{}` is {}; expected a time of up to 30 days, such as `\"15 minutes\"` or `\"00:15:00\"`",
                shorten(&name.value),
                describe(value.get_ref())
            );
            reader.problem(value.span().start, message);
            continue;
        };
        if known {
            rules.push(LabRule {
                place: reader.place(name.at),
                rule: name.value,
                value: LabRuleValue::Seconds(seconds),
            });
        }
    }
    rules
}

/// Whether what the rule is about can come back in this way; keeps a mistake where it cannot. A log-in brings back what
/// is an agent's, and only what is a chat's is lost with it.
fn comes_back(reader: &Reader<'_>, name: &At<String>, (at, statement): (usize, &str)) -> bool {
    let found = RULES.iter().find(|(_, known, ..)| *known == name.value);
    let subject = found.map_or("", |(.., subject)| *subject);
    let wrong = match (subject, statement) {
        ("chat" | "system", "needed; back at the next log-in") => "a log-in does not bring it back",
        ("agent" | "system", "needed; never back for that chat") => {
            "no chat keeps it from coming back"
        }
        _ => return true,
    };
    let whose = match subject {
        "system" => "the system's".to_owned(),
        subject => format!("{} {subject}'s", if subject == "agent" { "an" } else { "a" }),
    };
    let message = format!("`{}` is {whose}: {wrong}", name.value);
    let other = match subject {
        "chat" => ", `\"needed; never back for that chat\"`",
        "agent" => ", `\"needed; back at the next log-in\"`",
        _ => "",
    };
    let hint = format!("`\"not needed\"`, `\"needed; back at once\"`{other}");
    reader.hinted(at, message, Some(hint));
    false
}

fn statements() -> String {
    let all = STATEMENTS.iter().map(|(known, _)| format!("`\"{known}\"`"));
    all.collect::<Vec<_>>().join(", ")
}

/// Whether the model has a rule of this name and kind; records an error if not.
fn is_known(reader: &Reader<'_>, name: &At<String>, kind: &str, what: &str) -> bool {
    let names = || {
        let own = RULES.iter().filter(|(own, ..)| *own == kind);
        own.map(|(_, name, ..)| *name)
    };
    if names().any(|known| known == name.value) {
        return true;
    }
    let message = format!("the model has no {what} `{}`", shorten(&name.value));
    let elsewhere = RULES.iter().find(|(_, known, ..)| *known == name.value);
    let hint = match elsewhere {
        Some(("matrix", ..)) => Some("it is a rule: write it under `[rules]`".to_owned()),
        Some(("time", ..)) => Some("it is a time: write it under `[times]`".to_owned()),
        _ => did_you_mean(&name.value, names()).map(|meant| format!("did you mean `{meant}`?")),
    };
    let all = || Some("`chatdb rules` lists the names".to_owned());
    reader.hinted(name.at, message, hint.or_else(all));
    false
}
