//! What the program says when a command fails, and the code it exits with.

use std::error::Error;
use std::io::{self, IsTerminal as _};
use std::sync::atomic::{AtomicBool, Ordering};

use chatdb::acceptance::AcceptanceError;
use chatdb::analysis::AnalysisError;
use chatdb::ask::AskError;
use chatdb::assets::AssetSource;
use chatdb::check::BoundError;
use chatdb::command_line::CommandLine;
use chatdb::diagnostic::suggestion;
use chatdb::diff::DiffError;
use chatdb::files::FilesError;
use chatdb::privacy;
use chatdb::render::sanitize::Sanitized;
use chatdb::replay::ReplayError;
use chatdb::scenario::ScenarioError;
use chatdb::script::QueryExportError;
use chatdb::sql::tsql::{TsqlError, TsqlProblem};
use chatdb::store::StoreError;

use crate::cli::ErrorFormat;
use crate::codes::{self, ErrorCode};

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// Everything is reproduced; nothing differs.
    Success = 0,
    /// It ran, but something differs.
    Differs = 1,
    /// Usage, an unknown name, or an invalid scenario.
    Usage = 2,
    /// Some input was rejected.
    Rejected = 3,
    /// The environment: input and output, a full disk, a lock.
    Environment = 4,
    /// Refused by policy.
    Refused = 5,
    /// Stopped by whoever started it.
    Interrupted = 130,
}

/// Why a command could not be carried out.
#[derive(Debug)]
pub struct Failure {
    /// Whole messages, each with what belongs to it.
    messages: Vec<String>,
    /// What to do about it.
    hint: Option<String>,
    /// Whoever reads the output has gone: no failure at all.
    quiet: bool,
    /// It is the database that fails, so that nothing more can be loaded into it.
    of_the_database: bool,
    /// Whether a message may quote exported rows.
    quotes_rows: bool,
    /// What is quoted was typed as an option.
    typed: bool,
    /// What kind of error it is.
    kind: &'static ErrorCode,
}

/// Whether failures are written as JSON: the one setting that holds wherever one is told.
static AS_JSON: AtomicBool = AtomicBool::new(false);

/// Sets how failures are written from now on.
pub fn set_format(format: ErrorFormat) {
    AS_JSON.store(format == ErrorFormat::Json, Ordering::Relaxed);
}

impl Failure {
    /// A failure of one kind: an [`ErrorCode`], or the general one of an exit code.
    pub fn new(kind: impl Into<&'static ErrorCode>, message: impl Into<String>) -> Self {
        Self {
            messages: vec![message.into()],
            hint: None,
            quiet: false,
            of_the_database: false,
            quotes_rows: false,
            typed: false,
            kind: kind.into(),
        }
    }

    /// The exit code.
    pub fn code(&self) -> Code {
        self.kind.exit
    }

    pub fn of_the_database(mut self) -> Self {
        self.of_the_database = true;
        self
    }

    /// The same, where what is quoted was typed as an option, and nothing was read yet.
    pub fn typed(mut self) -> Self {
        self.typed = true;
        self
    }

    pub fn is_of_the_database(&self) -> bool {
        self.of_the_database
    }

    /// The same, where what is quoted in a message may come from exported rows.
    pub fn quoting_rows(mut self) -> Self {
        self.quotes_rows = true;
        self
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same with a hint where it has none.
    pub fn or_hint(mut self, hint: impl FnOnce() -> String) -> Self {
        self.hint = self.hint.or_else(|| Some(hint()));
        self
    }

    /// The same with a hint at the name that was likely meant, or with what else there is to say.
    pub fn meant(
        self,
        meant: Option<impl std::fmt::Display>,
        otherwise: impl FnOnce() -> String,
    ) -> Self {
        self.hint(suggestion(meant, otherwise))
    }

    pub fn of(kind: impl Into<&'static ErrorCode>, error: &dyn Error) -> Self {
        Self::new(kind, chain(error))
    }

    /// Puts the file before messages that begin with a place in it.
    pub fn in_file(mut self, file: &str) -> Self {
        for message in &mut self.messages {
            if message.starts_with(|c: char| c.is_ascii_digit()) {
                *message = format!("{file}:{message}");
            } else if let Some(rest) = message.strip_prefix("line ") {
                *message = format!("{file}:{rest}");
            }
        }
        self
    }

    /// Writes the failure to standard error, and gives the exit code. In a file or a pipe it holds no address, and
    /// nothing that it quotes from exported rows.
    pub fn tell(&self) -> u8 {
        if self.quiet {
            return Code::Success as u8;
        }
        let stays = self.typed || io::stderr().is_terminal();
        let shown = |message: &String, quotes_rows: bool| match stays {
            true => message.clone(),
            false => privacy::withheld(message, quotes_rows),
        };
        if AS_JSON.load(Ordering::Relaxed) {
            let _ = io::Write::write_all(&mut io::stderr(), self.json(shown).as_bytes());
            return self.code() as u8;
        }
        let mut text = String::new();
        for message in &self.messages {
            let message = shown(message, self.quotes_rows);
            match io::stderr().is_terminal() {
                true => text.push_str(&format!("error[{}]: ", self.kind.code)),
                false => text.push_str("error: "),
            }
            for (at, line) in message.lines().enumerate() {
                if at > 0 {
                    text.push_str("\n  ");
                }
                text.push_str(Sanitized::of(line).as_str());
            }
            text.push('\n');
        }
        if let Some(hint) = self.hint.as_ref().map(|hint| shown(hint, false)) {
            for (at, line) in hint.lines().enumerate() {
                text.push_str(if at == 0 { " hint: " } else { "       " });
                text.push_str(Sanitized::of(line).as_str());
                text.push('\n');
            }
        }
        // Where standard error is closed there is nobody to tell.
        let _ = io::Write::write_all(&mut io::stderr(), text.as_bytes());
        self.code() as u8
    }
}

impl Failure {
    /// One object a message, each on a line of its own.
    fn json(&self, shown: impl Fn(&String, bool) -> String) -> String {
        let one = |message: &String| {
            let object = serde_json::json!({
                "error": shown(message, self.quotes_rows),
                "code": self.kind.code,
                "kind": self.kind.title,
                "exit_code": self.code() as u8,
                "hint": self.hint.as_ref().map(|hint| shown(hint, false)),
            });
            format!("{object}\n")
        };
        self.messages.iter().map(one).collect()
    }
}

/// The message and those of its sources, unless a message already repeats its source.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let more = error.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        source = error.source();
    }
    text
}

impl Failure {
    /// Whether nobody is to be told, because whoever reads the output has gone.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        let quiet = error.kind() == io::ErrorKind::BrokenPipe;
        Self { quiet, ..Self::new(&codes::OUTPUT, format!("cannot write the output: {error}")) }
    }
}

impl From<FilesError> for Failure {
    fn from(error: FilesError) -> Self {
        match error {
            FilesError::Exists { .. } => Self::of(&codes::EXISTS, &error)
                .hint("replace it with `--force`, or choose another path"),
            _ if error.is_refusal() => Self::of(Code::Refused, &error),
            _ => Self::of(Code::Environment, &error),
        }
    }
}

impl From<DiffError> for Failure {
    fn from(error: DiffError) -> Self {
        let failure = Self::of(Code::Usage, &error);
        match (error.nearest(), error.known()) {
            (None, known) if known.is_empty() => failure,
            (name, known) => {
                failure.meant(name, || format!("the columns are {}", known.join(", ")))
            }
        }
    }
}

impl From<AcceptanceError> for Failure {
    fn from(error: AcceptanceError) -> Self {
        match error {
            AcceptanceError::Replay(error) => error.into(),
            AcceptanceError::Files(error) => error.into(),
            AcceptanceError::BuiltIn { .. } => {
                Self::of(Code::Refused, &error).hint("`chatdb new NAME` creates a scenario")
            }
            AcceptanceError::LineBreak { .. } => Self::of(Code::Usage, &error),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        if matches!(error, StoreError::Spent { .. }) {
            return Self::of(&codes::LIMIT, &error);
        }
        Self::of(&codes::DATABASE, &error)
    }
}

impl From<TsqlError> for Failure {
    fn from(error: TsqlError) -> Self {
        let kind = match error.problem {
            TsqlProblem::Writes(_) | TsqlProblem::Runs(_) => &codes::WRITES,
            _ => &codes::TSQL_NOT_SUPPORTED,
        };
        Self { hint: error.hint.clone(), ..Self::of(kind, &error) }
    }
}

impl From<AskError> for Failure {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Tsql(error) => error.into(),
            AskError::Refused { .. } => Self::of(Code::Refused, &error),
            AskError::Split(_) | AskError::Nothing => Self::of(Code::Usage, &error),
            AskError::NoTime { .. } => {
                Self::of(&codes::MISSING_VALUE, &error)
                    .hint("set the time: `--as-of \"2011-07-12 14:49:55\"`")
            }
            AskError::Statement {
                source: StoreError::NotTaken(error),
                ..
            } => error.into(),
            AskError::Statement { ref source, .. } => match source {
                StoreError::Value(_) => {
                    Self::of(&codes::INVALID_DATA, &error)
                }
                StoreError::Unbound { name } => {
                    let name = name.trim_start_matches('@');
                    let hint = format!("set one: `--set {name}=VALUE`");
                    Self::of(&codes::MISSING_VALUE, &error)
                        .hint(hint)
                }
                StoreError::NotAQuery { .. } => {
                    Self::of(&codes::INVALID_SQL, &error)
                }
                StoreError::TooMuch { .. } => Self::of(&codes::LIMIT, &error).hint(
                    "`--limit N` returns fewer rows; CSV without `--timeout` streams rows that need no \
                     pseudonyms",
                ),
                source if source.is_of_a_row() => {
                    Self::of(&codes::INVALID_DATA, &error)
                }
                source if source.is_in_the_text() => {
                    Self::of(&codes::INVALID_SQL, &error)
                }
                _ => Self::of(Code::Environment, &error),
            },
            AskError::Store(error) => error.into(),
        }
    }
}

impl From<QueryExportError> for Failure {
    fn from(error: QueryExportError) -> Self {
        match error {
            QueryExportError::Model { .. } => Self::of(Code::Usage, &error)
                .hint("`--dialect sqlite` prints it for the database that `replay --db` keeps"),
            QueryExportError::Tsql(error) => error.into(),
            QueryExportError::Store(error) => error.into(),
        }
    }
}

impl From<AnalysisError> for Failure {
    fn from(error: AnalysisError) -> Self {
        match &error {
            AnalysisError::UnknownFinding { suggestion, .. }
            | AnalysisError::UnknownThreshold { suggestion, .. } => {
                let list = || "`chatdb findings` lists them with their thresholds".to_owned();
                Self::of(&codes::UNKNOWN_NAME, &error).meant(suggestion.as_ref(), list)
            }
            AnalysisError::UnknownHost { known, .. } => Self::of(&codes::UNKNOWN_NAME, &error)
                .hint(format!("`login_ip` of the agents has {}", known.join(", "))),
            AnalysisError::OtherOffset { .. } => Self::of(&codes::INVALID_VALUE, &error)
                .hint("omit `--utc-offset`, or give the offset that the rows show"),
            AnalysisError::OutageLater { .. } => Self::of(&codes::INVALID_VALUE, &error).hint(
                "check the date in `--outage`, or give the time of the export with `--exported-at`",
            ),
            AnalysisError::Threshold { .. }
            | AnalysisError::Twice { .. }
            | AnalysisError::Never { .. } => Self::of(Code::Usage, &error),
            AnalysisError::Tsql { .. } | AnalysisError::Asked { .. } | AnalysisError::Store(_) => {
                Self::of(Code::Environment, &error)
            }
        }
    }
}

impl From<ScenarioError> for Failure {
    fn from(error: ScenarioError) -> Self {
        let meant = error.suggestion().map(str::to_owned);
        match error {
            ScenarioError::Invalid(problems) => Self {
                messages: problems.into_iter().map(|problem| problem.to_string()).collect(),
                ..Self::new(&codes::INVALID_SCENARIO, "")
            },
            ScenarioError::UnknownScenario { .. } => Self::of(&codes::UNKNOWN_NAME, &error)
                .meant(meant, || "`chatdb list` lists the scenarios".to_owned()),
            ScenarioError::UnknownParameter { ref known, .. } => {
                Self::of(&codes::UNKNOWN_NAME, &error).meant(meant, || of_parameters(known))
            }
            ScenarioError::NoScenario { ref path } if meant.is_none() => {
                let failure = Self::of(Code::Usage, &error);
                let step = path.split_once('/').filter(|(name, _)| AssetSource::Embedded.has(name));
                match step {
                    Some((name, step)) => {
                        let replay = CommandLine::new("replay").arg(name).arg("--until").arg(step);
                        failure.hint(format!("`{replay}` runs the scenario up to a step"))
                    }
                    None => failure,
                }
            }
            error if meant.is_some() => Self::of(Code::Usage, &error).meant(meant, String::new),
            error => Self::of(Code::Usage, &error),
        }
    }
}

/// What to set instead of a parameter that there is not.
pub fn of_parameters(known: &[String]) -> String {
    match known {
        [] => "it has no parameters: omit the option".to_owned(),
        known => format!("its parameters are {}", known.join(", ")),
    }
}

impl From<ReplayError> for Failure {
    fn from(error: ReplayError) -> Self {
        match error {
            ReplayError::Scenario(error) => error.into(),
            ReplayError::Store(error) => error.into(),
            ReplayError::UnknownStep { ref known, .. } => {
                let hint = format!("its steps are {}", known.join(", "));
                Self::of(&codes::UNKNOWN_NAME, &error).hint(hint)
            }
            ReplayError::UnknownCheck { ref known, .. } => {
                let hint = format!("its checks are {}", known.join(", "));
                Self::of(&codes::UNKNOWN_NAME, &error).hint(hint)
            }
            ReplayError::Diff(error) | ReplayError::Bound(BoundError::Diff(error)) => error.into(),
            ReplayError::Bound(BoundError::NotShown { ref known, .. }) if !known.is_empty() => {
                let hint = format!("its parameters are {}", known.join(", "));
                Self::of(Code::Usage, &error).hint(hint)
            }
            ReplayError::Bound(_) => Self::of(Code::Usage, &error),
            ReplayError::Ask(error) => Self::from(error).quoting_rows(),
            ReplayError::NotAsked { .. } | ReplayError::Query(_) => Self::of(Code::Usage, &error),
        }
    }
}
