//! `chatdb query` runs a query over a scenario or exports.

mod advice;
mod answers;

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chatdb::ask::{self, AskError, Question};
use chatdb::assets;
use chatdb::diagnostic::did_you_mean;
use chatdb::import::Summary;
use chatdb::import::needed::{self, TablePredicate};
use chatdb::query::{Dialect, Query as Documented, QueryParameter};
use chatdb::render::{Detail, MakeRows};
use chatdb::replay::{self, ReplayOptions};
use chatdb::report::{Listing, Report};
use chatdb::scenario::{Library, ScenarioError, resolve_parameters};
use chatdb::sql::authored::authored;
use chatdb::sql::tsql::Literal;
use chatdb::store::{Binding, Store, StoreError};
use chatdb::table::{Cell, Kind};

use crate::cli::QueryArgs;
use crate::codes;
use crate::failure::{Code, Failure};
use crate::import;
use crate::inputs;
use crate::output;
use crate::time::TimeOptions;
use crate::watch;

use advice::{change_instead, empty_tables, missing_columns, quotes_the_author, time_instead};
use answers::listed;

pub fn run(args: &QueryArgs) -> Result<Code, Failure> {
    output::prepare(&args.form)?;
    let dialect = dialect(&args.dialect)?;
    let library = output::library(&args.folders)?;
    let sets = output::pairs("--set", &args.values)?;
    let times = TimeOptions::of(args.reading.date_format.as_deref(), None)?;
    let at = |text| times.at("--as-of", text, None).map(|read| Cell::Timestamp(read.ms));
    let mut now = args.as_of.as_deref().map(at).transpose()?;
    let asked = asked(args, dialect, &library)?;
    let exports = exports(args)?;
    if let (None, Some(exported_at)) = (&now, &args.reading.exported_at) {
        let read = times.at("--exported-at", exported_at, None)?;
        now = Some(Cell::Timestamp(read.ms));
    }
    let (mut store, mut values) = if exports.is_empty() {
        database(args, &library, &sets)?
    } else {
        (Store::for_exports()?, Vec::new())
    };
    give_values(&mut values, &asked, &sets, &times)?;
    // A database with a scenario clock is a replay's; any other may hold rows of production.
    let exported = store.now()?.is_none();
    let literals =
        asked.documented.as_ref().map_or_else(Vec::new, |query| replay::literals_of(query));
    let question = Question {
        text: &asked.text,
        dialect: asked.dialect,
        literals: &literals,
        kinds: asked.documented.as_ref().map_or(&[], |query| &query.kinds),
        values: &values,
        now,
        limit: args.limit,
    };
    let stops = stops(args, &store)?;
    let needs = needs(&asked, &literals, &exports);
    let loaded = match load(&exports, &needs, args, &mut store, &|| stops.have_come()) {
        Err(_) if stops.have_come() => return Err(stops.failure()),
        loaded => loaded?,
    };
    let run = QueryRun {
        args,
        asked: &asked,
        store: &store,
        question: &question,
        stops: &stops,
        loaded: &loaded,
        files: &exports,
        exported,
    };
    match rows(args, exported)? {
        Some(rows) => run.show_rows(rows)?,
        None => run.show()?,
    }
    Ok(import::code_of(&loaded, args.allow_rejects))
}

/// What ends the query before its time.
fn stops(args: &QueryArgs, store: &Store) -> Result<watch::Cancellation, Failure> {
    let patience = if args.write { watch::PATIENCE_WITH_CHANGES } else { watch::PATIENCE };
    let timeout = args.timeout.map(|seconds| watch::Timeout {
        seconds,
        what: "the query",
        hint: "raise `--timeout`; `--explain` shows the query plan",
    });
    watch::stops(store.interrupter(), timeout, patience)
}

/// A query with the database that it is run on, and what was loaded for it.
struct QueryRun<'r> {
    args: &'r QueryArgs,
    asked: &'r Asked,
    store: &'r Store,
    question: &'r Question<'r>,
    stops: &'r watch::Cancellation,
    loaded: &'r [Summary],
    files: &'r [PathBuf],
    exported: bool,
}

impl QueryRun<'_> {
    fn failed(&self, error: AskError) -> Failure {
        let failure = match &error {
            AskError::Store(StoreError::Interrupted)
            | AskError::Statement { source: StoreError::Interrupted, .. } => {
                return self.stops.failure();
            }
            AskError::Tsql(refused) if refused.hint.is_none() && refused.changes_rows() => {
                match change_instead(self.args, self.files, &self.asked.text) {
                    Some(hint) => Failure::from(error).hint(hint),
                    None => error.into(),
                }
            }
            AskError::NoTime { .. } if self.asked.dialect == Dialect::Tsql => {
                Failure::from(error).hint(time_instead(self.store, &self.asked.text))
            }
            // A value that cannot be converted is quoted.
            AskError::Statement { source: StoreError::Value(_), .. }
                if self.exported
                    && !self.args.privacy.include_pii
                    && !self.quotes_author(&error) =>
            {
                Failure::from(error).quoting_rows()
            }
            _ => error.into(),
        };
        match &self.asked.file {
            Some(file) => failure.in_file(file),
            None => failure,
        }
    }

    /// Whether a message quotes nothing but what the query's author wrote.
    fn quotes_author(&self, error: &AskError) -> bool {
        let own = authored(&self.asked.text, self.asked.dialect == Dialect::Tsql);
        quotes_the_author(&error.to_string(), &own)
    }

    /// Writes rows as they come.
    fn show_rows(&self, rows: MakeRows) -> Result<(), Failure> {
        let mut notes = Vec::new();
        output::show_rows(rows, &self.args.form, self.exported, |rows| {
            let stopped = || self.stops.have_come();
            notes = ask::ask_into(self.store, self.question, &stopped, rows)
                .map_err(|error| self.failed(error))?;
            self.stops.no_more();
            Ok(())
        })?;
        notes.extend(self.loaded.iter().flat_map(import::remarks));
        notes.extend(missing_columns(self.store, self.question));
        notes.extend(empty_tables(self.store, self.question, self.args));
        notes.iter().for_each(|sentence| output::note(sentence));
        Ok(())
    }

    /// Writes the answers, or how they are computed, once all are there.
    fn show(&self) -> Result<(), Failure> {
        let mut listings = self.listings()?;
        self.stops.no_more();
        if let Some(last) = listings.last_mut() {
            last.remarks.extend(self.loaded.iter().flat_map(import::remarks));
            if self.exported && !self.args.explain {
                last.remarks.extend(missing_columns(self.store, self.question));
                last.remarks.extend(empty_tables(self.store, self.question, self.args));
            }
        }
        let report = Report::of_listings(listings);
        if self.exported {
            let authored = authored(&self.asked.text, self.asked.dialect == Dialect::Tsql);
            output::show_answers(report, &self.args.form, &self.args.privacy, authored)
        } else {
            output::show(&report, &self.args.form, Detail::Full)
        }
    }

    fn listings(&self) -> Result<Vec<Listing>, Failure> {
        let failed = |error| self.failed(error);
        if self.args.explain {
            let mut listings = ask::explain(self.store, self.question).map_err(failed)?;
            let own = ["part".to_owned(), "as run".to_owned()];
            listings.iter_mut().for_each(|listing| listing.table.mark_own(&own));
            return Ok(listings);
        }
        let run = if self.args.write { ask::change } else { ask::ask };
        let stopped = || self.stops.have_come();
        let answers = run(self.store, self.question, &stopped).map_err(failed)?;
        let documented = self.asked.documented.as_ref();
        Ok(listed(answers, documented.map(|query| query.title.as_str())))
    }
}

/// How the rows are written as they come, where nothing has to be known of them all before.
fn rows(args: &QueryArgs, exported: bool) -> Result<Option<MakeRows>, Failure> {
    let format = output::format_of(&args.form)?;
    let as_they_are = !exported || args.privacy.include_pii;
    let only_asked = !args.explain && !args.write;
    // The time is that of the query, and not of whoever reads its rows.
    let may_wait = args.timeout.is_none();
    Ok(format.rows.filter(|_| as_they_are && only_asked && may_wait))
}

/// The exported files that are queried. With `--file` there is no SQL among the words, and the first of them is a file.
fn exports(args: &QueryArgs) -> Result<Vec<PathBuf>, Failure> {
    let first = args.sql.iter().filter(|_| args.file.is_some());
    let exports: Vec<PathBuf> =
        first.map(PathBuf::from).chain(args.exports.iter().cloned()).collect();
    if !exports.is_empty() && (args.db.is_some() || args.after.is_some()) {
        let message = "export files cannot be combined with `--db` or `--after`";
        return Err(Failure::new(Code::Usage, message)
            .hint("`chatdb import FILE... --db FILE` loads them into a database first"));
    }
    inputs::expand(&exports)
}

/// Which rows of the files the question needs. Standard input is read once, so that nothing of it may be passed over.
fn needs(asked: &Asked, literals: &[Literal], exports: &[PathBuf]) -> Vec<TablePredicate> {
    let again = exports.iter().all(|path| path.as_os_str() != "-");
    match asked.dialect {
        Dialect::Tsql if again && !exports.is_empty() => needed::needs(&asked.text, literals),
        _ => Vec::new(),
    }
}

/// Loads of exported files what is needed, to be asked.
fn load(
    exports: &[PathBuf],
    needs: &[TablePredicate],
    args: &QueryArgs,
    store: &mut Store,
    stopped: &dyn Fn() -> bool,
) -> Result<Vec<Summary>, Failure> {
    if exports.is_empty() {
        return Ok(Vec::new());
    }
    let options = import::options(&args.reading)?;
    needed::load_needed(exports.len(), needs, store, &mut |at, needs, store| {
        let options = chatdb::import::ImportOptions {
            needs: needs.to_vec(),
            unhashed: true,
            ..options.clone()
        };
        Ok(import::load(&exports[at], &options, store, stopped)?.parts())
    })
}

pub fn dialect(name: &str) -> Result<Dialect, Failure> {
    [Dialect::Tsql, Dialect::Sqlite].into_iter().find(|dialect| dialect.name() == name).ok_or_else(
        || {
            Failure::new(Code::Usage, format!("unknown dialect `{name}`"))
                .hint("valid dialects: tsql, sqlite")
        },
    )
}

/// The text of the query, and the documented query that it comes from.
struct Asked {
    text: String,
    dialect: Dialect,
    documented: Option<Arc<Documented>>,
    file: Option<String>,
}

fn asked(args: &QueryArgs, dialect: Dialect, library: &Library) -> Result<Asked, Failure> {
    let plain = |text, file| Asked { text, dialect, documented: None, file };
    let from_input = |path: &Path| path.as_os_str() == "-";
    match (&args.sql, &args.file) {
        (Some(text), None) if text == "-" => Ok(plain(standard_input()?, None)),
        (_, Some(path)) if from_input(path) => Ok(plain(standard_input()?, None)),
        (_, Some(path)) => {
            let shown = path.display().to_string();
            let bytes = fs::read(path).map_err(|error| {
                Failure::new(Code::Environment, format!("cannot read `{shown}`: {error}"))
            })?;
            Ok(plain(decoded(bytes, &shown)?, Some(shown)))
        }
        (Some(name), None) if is_name(name) => {
            let query = documented(name, args.after.as_deref(), library)?;
            Ok(Asked {
                text: query.sql.clone(),
                dialect: query.dialect,
                file: None,
                documented: Some(query),
            })
        }
        (Some(text), None) => Ok(plain(text.clone(), None)),
        (None, None) => Err(Failure::new(Code::Usage, "the query is empty")),
    }
}

fn standard_input() -> Result<String, Failure> {
    let mut bytes = Vec::new();
    io::stdin().read_to_end(&mut bytes).map_err(|error| {
        Failure::new(Code::Environment, format!("cannot read standard input: {error}"))
    })?;
    decoded(bytes, "standard input")
}

/// Text in UTF-8, or in the UTF-16 that SQL Server's own client saves.
fn decoded(bytes: Vec<u8>, from: &str) -> Result<String, Failure> {
    let wide = |pair: &[u8]| u16::from_le_bytes([pair[0], *pair.get(1).unwrap_or(&0)]);
    let text = match bytes.strip_prefix(b"\xff\xfe") {
        Some(rest) => {
            let units: Vec<u16> = rest.chunks(2).map(wide).collect();
            String::from_utf16(&units).ok()
        }
        None => String::from_utf8(bytes).ok(),
    };
    match text {
        Some(text) => Ok(text.trim_start_matches('\u{feff}').to_owned()),
        None => Err(Failure::new(Code::Rejected, format!("{from} is neither UTF-8 nor UTF-16"))
            .hint("save the text as UTF-8 first")),
    }
}

/// The documented query or the finding of that name.
pub fn carried(name: &str) -> Result<Documented, Failure> {
    let Some((file, text)) = assets::question(name) else {
        let known = assets::questions();
        let failure = Failure::new(Code::Usage, format!("unknown query `{name}`"));
        let meant = did_you_mean(name, known.iter().copied());
        return Err(failure.meant(meant, || format!("valid names: {}", known.join(", "))));
    };
    Ok(Documented::read(name, &file, text).map_err(ScenarioError::from)?)
}

/// Whether a word can only be the name of a query: no statement is one word.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn documented(
    name: &str,
    after: Option<&str>,
    library: &Library,
) -> Result<Arc<Documented>, Failure> {
    if let Some(after) = after {
        let (scenario, _) = step_of(after, library)?;
        let scenario = library.get(&scenario)?;
        return Ok(library.query(&scenario, name)?);
    }
    Ok(Arc::new(carried(name)?))
}

/// The scenario and the step that `SCENARIO[/STEP]` names.
fn step_of(after: &str, library: &Library) -> Result<(String, Option<String>), Failure> {
    let (scenario, step) = library.with_step(after);
    library.get(scenario)?;
    Ok((scenario.to_owned(), step.map(str::to_owned)))
}

/// Opens the file, or plays the scenario, and gives the scenario's values.
fn database(
    args: &QueryArgs,
    library: &Library,
    sets: &[(String, String)],
) -> Result<(Store, Vec<Binding>), Failure> {
    if let Some(path) = &args.db {
        let store =
            if args.write { Store::open_to_change(path) } else { Store::open_read_only(path) };
        let store = store.map_err(|error| {
            let verb = if args.write { "change" } else { "read" };
            let code = if error.is_of_the_schema() { Code::Refused } else { Code::Environment };
            let failure =
                Failure::new(code, format!("cannot {verb} `{}`: {error}", path.display()));
            if error.is_cut_off() {
                failure.hint(
                    "an earlier change was interrupted; `--write` or another import rolls it back",
                )
            } else {
                failure
            }
        })?;
        return Ok((store, Vec::new()));
    }
    let Some(after) = &args.after else {
        return Err(
            Failure::new(Code::Usage, "no database to query").hint(
                "use `--db FILE`, `--after SCENARIO/STEP` for a scenario after a step, or list export files \
                 after the SQL",
            ),
        );
    };
    let (scenario, until) = step_of(after, library)?;
    let chain = library.chain(&scenario)?;
    let own = resolve_parameters(&chain, &[])?;
    let of_scenario: Vec<(String, String)> = sets
        .iter()
        .filter(|(name, _)| own.iter().any(|parameter| parameter.name == *name))
        .cloned()
        .collect();
    let values = resolve_parameters(&chain, &of_scenario)?
        .into_iter()
        .map(|parameter| (parameter.name, parameter.value))
        .collect();
    let options = ReplayOptions { until, ..watch::guarded(of_scenario) };
    let (report, store) = replay::replay(library, &[scenario], &options)?;
    let problem = report.runs.iter().find_map(|run| {
        let of_step = || run.steps.iter().find_map(|step| step.problem.clone());
        run.problem.clone().or_else(of_step)
    });
    match problem {
        None => Ok((store, values)),
        Some(problem) => {
            let message = format!("`{after}` cannot be replayed: {problem}");
            Err(Failure::new(Code::Differs, message))
        }
    }
}

/// Adds what is set, and the query's own values where nothing is.
fn give_values(
    values: &mut Vec<Binding>,
    asked: &Asked,
    sets: &[(String, String)],
    times: &TimeOptions,
) -> Result<(), Failure> {
    for (name, text) in sets {
        if values.iter().any(|(known, _)| known == name) {
            continue;
        }
        let cell = match &asked.documented {
            Some(query) => {
                let parameter = query.parameter(name);
                value_of(parameter.ok_or_else(|| no_parameter(query, name))?, text, times)?
            }
            None => value(text),
        };
        values.push((name.clone(), cell));
    }
    for parameter in asked.documented.iter().flat_map(|query| &query.parameters) {
        let given = values.iter().any(|(name, _)| *name == parameter.name);
        if let (false, Some(default)) = (given, &parameter.default) {
            values.push((parameter.name.clone(), default.clone()));
        }
    }
    Ok(())
}

/// The error for a value that is not a parameter of the query.
pub fn no_parameter(query: &Documented, name: &str) -> Failure {
    let known = query.parameters.iter().map(|p| p.name.as_str());
    let message = format!("`{}` has no parameter `{name}`", query.name);
    let failure = Failure::new(Code::Usage, message);
    match did_you_mean(name, known) {
        Some(meant) => failure.hint(format!("did you mean `{meant}`?")),
        None => failure,
    }
}

/// A value as it is set, of what the parameter's values are: a time as `--outage` takes it, a whole number, or whatever
/// the text may be. NULL is NULL.
pub fn value_of(
    parameter: &QueryParameter,
    text: &str,
    times: &TimeOptions,
) -> Result<Cell, Failure> {
    let option = format!("--set {}", parameter.name);
    let is_number = matches!(parameter.default, Some(Cell::Integer(_)));
    match parameter.kind {
        Some(_) if text == "NULL" => Ok(Cell::Null),
        Some(Kind::Timestamp) => Ok(Cell::Timestamp(times.at(&option, text, None)?.ms)),
        kind if kind == Some(Kind::Integer) || is_number => {
            Kind::Integer.parse(text).ok_or_else(|| {
                let message = format!("`{option}`: expected a whole number, found `{text}`");
                Failure::new(&codes::INVALID_VALUE, message).typed()
            })
        }
        _ => Ok(value(text)),
    }
}

/// A value as it is set: a whole number, a time, or a text.
pub fn value(text: &str) -> Cell {
    [Kind::Integer, Kind::Timestamp]
        .iter()
        .find_map(|kind| kind.parse(text))
        .unwrap_or_else(|| Cell::Text(text.to_owned()))
}
