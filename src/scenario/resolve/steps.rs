//! Steps and checks of a draft, with their times, scripts, queries and expectations.

use std::sync::Arc;

use super::{FileText, Resolver, columns, texts, values};
use crate::assets::SCENARIO_FILE;
use crate::causes;
use crate::diagnostic::{count, hint_among};
use crate::query::Query;
use crate::scenario::draft::{CheckDraft, ExpectDraft, StepDraft, Time};
use crate::scenario::fields::{At, kind_of, shorten};
use crate::scenario::library::problems_of;
use crate::scenario::{
    Check, Expect, Expected, Scenario, ScenarioStep, Sentence, SqlFile, parameter_kind,
};
use crate::table::Cell;

impl Resolver<'_> {
    pub(super) fn steps(&mut self) -> Vec<ScenarioStep> {
        let draft = self.draft;
        let mut clock = Clock::new(self);
        let mut steps = Vec::new();
        for step in &draft.steps {
            let at = clock.time(self, step);
            let reused = step.reuse.as_ref().and_then(|name| self.reused(name));
            let script = match &step.script {
                Some(script) if script.value.contains('/') => {
                    let message = "a step's script is in the scenario's own folder";
                    let hint = "`reuse = \"SCENARIO/STEP\"` repeats another scenario's causes";
                    self.reader.hinted(script.at, message, Some(hint.to_owned()));
                    None
                }
                Some(script) => self.script(script),
                None => self.in_words(step),
            };
            let title = match (&reused, step.title.as_str()) {
                (Some(reused), "") => reused.title.clone(),
                (_, title) => title.to_owned(),
            };
            steps.push(ScenarioStep {
                id: step.id.value.clone(),
                at,
                at_text: clock.written(step, at),
                title,
                script: script.or_else(|| reused.as_ref()?.script.clone()),
                changes: step.changes.or_else(|| reused.as_ref()?.changes),
                error: step.error.clone().or_else(|| reused.as_ref()?.error.clone()),
                branch: step.branch.clone(),
                checks: step.checks.iter().filter_map(|check| self.check(check)).collect(),
                place: self.place(step.place),
            });
        }
        steps
    }

    /// The script generated from the sentences of a step. Each statement is on the line of `scenario.toml` of its
    /// sentence, so that errors are reported there.
    fn in_words(&mut self, step: &StepDraft) -> Option<SqlFile> {
        if step.happens.is_empty() {
            return None;
        }
        let (mut sql, mut sentences) = (String::new(), Vec::new());
        let mut line = 1;
        for sentence in &step.happens {
            match causes::parse(&sentence.value) {
                Ok(cause) => {
                    let at = self.reader.position(sentence.at);
                    while line < at.line {
                        sql.push('\n');
                        line += 1;
                    }
                    sentences.push(Sentence {
                        from: sql.len(),
                        at,
                        words: sentence.value.trim().to_owned(),
                    });
                    let statements = cause.to_sql().replace(";\n", "; ");
                    line += count(statements.matches('\n').count());
                    sql.push_str(&statements);
                    sql.push(' ');
                }
                Err(error) => {
                    let hint = Some(error.hint());
                    self.reader.hinted(sentence.at, error, hint);
                }
            }
        }
        let file = FileText {
            path: self.located.source.path(&self.located.name, SCENARIO_FILE),
            text: sql.trim_end().to_owned().into(),
        };
        self.parameters_are_declared(&file);
        (!file.text.is_empty()).then(|| SqlFile { sentences, ..file.into_script() })
    }

    /// The step of another scenario whose causes are repeated.
    fn reused(&mut self, name: &At<String>) -> Option<ScenarioStep> {
        let Some((scenario, id)) = name.value.split_once('/') else {
            let message = format!("`{}` is not a step of another scenario", shorten(&name.value));
            let hint = "write SCENARIO/STEP, with the name of a scenario and the id of its step";
            self.reader.hinted(name.at, message, Some(hint.to_owned()));
            return None;
        };
        let owner = self.other(name, scenario)?;
        let Some(step) = owner.steps.iter().find(|step| step.id == id) else {
            let message = format!("`{scenario}` has no step `{id}`");
            let hint = hint_among(id, owner.steps.iter().map(|step| step.id.as_str()));
            self.reader.hinted(name.at, message, hint);
            return None;
        };
        if let Some(script) = &step.script {
            let named = crate::sql::named_parameters(&script.sql);
            for named in &named {
                if self.chain.is_some() && !self.is_parameter(named.name) {
                    let message = format!(
                        "the script of `{}` uses `@{}`, which is not a parameter here",
                        name.value, named.name
                    );
                    let hint = "declare it under `[parameters]`".to_owned();
                    self.reader.hinted(name.at, message, Some(hint));
                }
            }
            self.named.extend(named.iter().map(|one| one.name.to_owned()));
        }
        Some(step.clone())
    }

    /// Another scenario, fully read.
    pub(super) fn other(&mut self, name: &At<String>, scenario: &str) -> Option<Arc<Scenario>> {
        let Some(other) = self.library.find(Some(&self.located.source), scenario) else {
            let message = format!("unknown scenario `{scenario}`");
            let hint = hint_among(scenario, self.library.names());
            self.reader.hinted(name.at, message, hint);
            return None;
        };
        if self.behind.iter().any(|one| one.key() == other.key()) {
            let message = format!("`{scenario}` depends on this scenario: circular `reuse`");
            let hint = "move the step to the scenario that does not need the other";
            self.reader.hinted(name.at, message, Some(hint.to_owned()));
            return None;
        }
        match self.library.load(&other, self.behind) {
            Ok(loaded) => loaded.last().cloned(),
            Err(error) => {
                for problem in problems_of(error) {
                    self.reader.push(problem);
                }
                None
            }
        }
    }

    pub(super) fn check(&mut self, draft: &CheckDraft) -> Option<Check> {
        let query = draft.query.as_ref().and_then(|name| self.query(name));
        self.unread |= query.is_none();
        if let Some(query) = &query {
            let parameters = query.parameters.iter();
            self.named.extend(parameters.map(|own| own.name.clone()));
            self.query_has_its_values(draft, query);
        }
        self.observed_exist(draft);
        self.value_is_printed(draft);
        let expect = match &draft.expect {
            ExpectDraft::Rows(rows) => Some(Expect::Rows(*rows)),
            ExpectDraft::Value(value) => Some(Expect::Value(value.clone())),
            ExpectDraft::File(name) | ExpectDraft::Inline(name) | ExpectDraft::Recorded(name) => {
                self.table_of(draft, name)
            }
            ExpectDraft::Unclear => None,
        };
        Some(Check {
            id: draft.id.clone(),
            query: draft.query.as_ref()?.value.clone(),
            with: values(&draft.with),
            expect: expect?,
            basis: draft.basis.as_ref()?.value.clone(),
            observes: texts(&draft.observes),
            key: draft.key.as_deref().map(texts),
            columns: draft.columns,
            order: draft.order.clone(),
            ignore: (draft.ignore.iter())
                .map(|(column, reason)| (column.value.clone(), reason.clone()))
                .collect(),
            tolerance: (draft.tolerance.iter())
                .map(|(column, within, reason)| {
                    (column.value.clone(), (*within).into(), reason.clone())
                })
                .collect(),
            place: self.place(draft.place),
        })
    }

    /// Checks the values of a check, and those of the scenario, against the parameters of the query.
    pub(super) fn query_has_its_values(&self, draft: &CheckDraft, query: &Query) {
        let known = query.parameters.iter().map(|parameter| parameter.name.as_str());
        for (name, value) in &draft.with {
            let Some(parameter) = query.parameter(&name.value) else {
                let message =
                    format!("the query `{}` has no parameter `{}`", query.name, name.value);
                let hint = hint_among(&name.value, known.clone());
                self.reader.hinted(name.at, message, hint);
                continue;
            };
            if let Some(default) = &parameter.default {
                self.kinds_fit(query, &parameter.name, default, &value.value, value.at);
            }
        }
        let place = draft.query.as_ref().map_or(draft.place, |query| query.at);
        for parameter in &query.parameters {
            if draft.with.iter().any(|(name, _)| name.value == parameter.name) {
                continue;
            }
            match (self.parameter_value(&parameter.name), &parameter.default) {
                (Some(value), Some(default)) => {
                    self.kinds_fit(query, &parameter.name, default, value, place);
                }
                (None, None) if self.chain.is_some() && !self.is_parameter(&parameter.name) => {
                    let name = &parameter.name;
                    let message = format!("the query `{}` needs a value for `{name}`", query.name);
                    let hint = format!("add `with = {{ {name} = ... }}`");
                    self.reader.absent(place, message, Some(hint));
                }
                _ => {}
            }
        }
    }

    pub(super) fn kinds_fit(
        &self,
        query: &Query,
        name: &str,
        default: &Cell,
        value: &Cell,
        at: usize,
    ) {
        if parameter_kind(default) != parameter_kind(value) {
            let message = format!(
                "`{name}` is {}; the query `{}` takes {}",
                kind_of(value),
                query.name,
                kind_of(default)
            );
            self.reader.problem(at, message);
        }
    }

    pub(super) fn columns_exist(&self, draft: &CheckDraft, table: &Expected) {
        let named = (draft.key.iter().flatten())
            .chain(draft.ignore.iter().map(|(column, _)| column))
            .chain(draft.tolerance.iter().map(|(column, _, _)| column));
        let known = columns(table);
        for column in named.filter(|column| !known.contains(&column.value.as_str())) {
            let message = format!("`{}` has no column `{}`", table.name, column.value);
            let hint = hint_among(&column.value, known.iter().copied());
            self.reader.hinted(column.at, message, hint);
        }
    }

    pub(super) fn observed_exist(&self, draft: &CheckDraft) {
        let known = self.known_observations();
        for id in &draft.observes {
            if !known.contains(&id.value.as_str()) {
                let message = format!("there is no observation `{}`", id.value);
                let hint = hint_among(&id.value, known.iter().copied());
                if !self.reader.broken() {
                    self.reader.citation(id.at, message, hint);
                }
            }
        }
    }
}

/// The scenario clock while the steps are read.
struct Clock {
    start: Option<i64>,
    /// The last step outside branches.
    trunk: Option<(i64, String)>,
    /// The branch of the previous step, and its last step.
    branch: Option<(String, (i64, String))>,
}

impl Clock {
    fn new(resolver: &Resolver<'_>) -> Self {
        let chain = resolver.chain.unwrap_or_default();
        let start = match chain.first() {
            Some(root) => root.clock,
            None => resolver.draft.clock,
        };
        let last = chain.iter().rev().find_map(|scenario| {
            let trunk = scenario.steps.iter().rfind(|step| step.branch.is_none())?;
            Some((trunk.at, format!("the end of `{}`", scenario.name)))
        });
        Self {
            start,
            // A scenario may begin before the moment from which its clock counts.
            trunk: last,
            branch: None,
        }
    }

    /// The previous step, in the same branch or outside branches.
    fn before(&self, step: &StepDraft) -> Option<&(i64, String)> {
        match (&self.branch, &step.branch) {
            (Some((current, before)), Some(branch)) if current == branch => Some(before),
            _ => self.trunk.as_ref(),
        }
    }

    /// The time of a step as reports show it: as written, or relative to the start of the clock if it is relative to
    /// the previous step.
    fn written(&self, step: &StepDraft, at: i64) -> String {
        let Some(written) = &step.at else {
            return String::new();
        };
        let since_start = self.start.and_then(|start| at.checked_sub(start));
        match (written.value.1, since_start) {
            (Time::Since(_), Some(ms)) if ms >= 0 => {
                let seconds = ms / 1000;
                format!("+{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
            }
            (Time::Since(_), _) => Cell::Timestamp(at).to_string(),
            _ => written.value.0.clone(),
        }
    }

    /// The time of a step, in ms, given the previous step. Zero if it is unknown.
    fn time(&mut self, resolver: &Resolver<'_>, step: &StepDraft) -> i64 {
        let Some(written) = &step.at else {
            return 0;
        };
        let time = match written.value.1 {
            Time::On(ms) => Some(ms),
            Time::After(ms) => self.start.and_then(|start| start.checked_add(ms)),
            Time::Since(ms) => {
                let before = self.before(step).map(|(before, _)| *before);
                before.or(self.start).and_then(|before| before.checked_add(ms))
            }
        };
        let Some(ms) = time else {
            return 0;
        };
        if let Some((before, what)) = self.before(step)
            && ms < *before
        {
            let message = format!(
                "`{}` is {}, before {what}, {}",
                written.value.0,
                Cell::Timestamp(ms),
                Cell::Timestamp(*before)
            );
            resolver.reader.problem(written.at, message);
        }
        let here = (ms, format!("step `{}`", step.id.value));
        match &step.branch {
            Some(branch) => self.branch = Some((branch.clone(), here)),
            None => {
                self.trunk = Some(here);
                self.branch = None;
            }
        }
        ms
    }
}
