//! Settings of an installation, from `chatdb.toml`: in the config directory, and in the working folder, whose values
//! win. Options win over both. A replay never depends on them.
//!
//! The working folder may hold files from anybody, so its file may not say which key makes the pseudonyms.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use chatdb::diagnostic::{did_you_mean, suggestion};
use chatdb::schema::product::PRODUCT;
use etcetera::{BaseStrategy as _, choose_base_strategy};
use serde::Deserialize;

use crate::cli::{Command, Folders, Privacy};
use crate::codes;
use crate::failure::Failure;

/// The name of the file.
pub const NAME: &str = "chatdb.toml";

/// The largest file that is read, in bytes.
const LARGEST: u64 = 1 << 20;

/// What one file says.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct SettingsFile {
    time_zone: Option<String>,
    date_format: Option<String>,
    key_file: Option<PathBuf>,
    #[serde(default)]
    scenarios: Vec<PathBuf>,
    #[serde(default)]
    columns: BTreeMap<String, String>,
    #[serde(default)]
    thresholds: BTreeMap<String, toml::Value>,
}

/// The keys of the file, as they are written.
const KEYS: [&str; 6] =
    ["time_zone", "date_format", "key_file", "scenarios", "columns", "thresholds"];

/// A value, and the file that it is from.
#[derive(Debug, Clone)]
pub struct Setting<T> {
    pub value: T,
    pub file: PathBuf,
}

/// All settings that are in force.
#[derive(Debug, Default)]
pub struct Settings {
    /// The files that were read, the weaker first.
    pub files: Vec<PathBuf>,
    pub time_zone: Option<Setting<String>>,
    pub date_format: Option<Setting<String>>,
    pub key_file: Option<Setting<PathBuf>>,
    pub scenarios: Vec<Setting<PathBuf>>,
    /// Names of the schema's columns, by the name that the installation gives them.
    pub columns: BTreeMap<String, Setting<String>>,
    /// By the name of the threshold.
    pub thresholds: BTreeMap<String, Setting<String>>,
}

impl Settings {
    /// Reads both files; one that is not there says nothing.
    pub fn read() -> Result<Self, Failure> {
        let mut settings = Self::default();
        if let Some(path) = own_file() {
            settings.add(&path, true)?;
        }
        settings.add(Path::new(NAME), false)?;
        Ok(settings)
    }

    fn add(&mut self, path: &Path, is_own: bool) -> Result<(), Failure> {
        let Some(text) = text(path)? else {
            return Ok(());
        };
        let file: SettingsFile =
            toml::from_str(&text).map_err(|error| invalid(path, &text, &error))?;
        if file.key_file.is_some() && !is_own {
            let own = own_file().map_or_else(|| NAME.to_owned(), |own| own.display().to_string());
            let message = format!(
                "{}: `key_file` is not read from the working folder, which others may control",
                path.display()
            );
            return Err(Failure::new(&codes::KEY, message)
                .hint(format!("write it into `{own}`, or use `--key-file`")));
        }
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        let from = |value| Setting { value, file: path.to_owned() };
        if let Some(zone) = file.time_zone {
            self.time_zone = Some(from(zone));
        }
        if let Some(format) = file.date_format {
            self.date_format = Some(from(format));
        }
        let beside = |value: PathBuf| Setting { value: folder.join(value), file: path.to_owned() };
        self.key_file = file.key_file.map(beside).or(self.key_file.take());
        self.scenarios.extend(file.scenarios.into_iter().map(beside));
        for (name, value) in file.columns {
            let value = column(path, &name, value)?;
            self.columns.insert(name, from(value));
        }
        for (name, value) in file.thresholds {
            let value = threshold(path, &name, &value)?;
            self.thresholds.insert(name, from(value));
        }
        self.files.push(path.to_owned());
        Ok(())
    }

    /// Fills in what the command line leaves open.
    pub fn apply(&self, command: &mut Command) {
        let zone = self.time_zone.as_ref().map(|zone| zone.value.clone());
        let format = self.date_format.as_ref().map(|format| format.value.clone());
        match command {
            Command::Analyze(args) => {
                args.utc_offset = args.utc_offset.take().or(zone);
                args.reading.date_format = args.reading.date_format.take().or(format);
                // The first value of a name is from the settings, a later one replaces it.
                let typed = std::mem::take(&mut args.values);
                let is_typed = |name: &str| {
                    typed
                        .iter()
                        .any(|text| text.split_once('=').is_some_and(|(typed, _)| typed == name))
                };
                let settings = self.thresholds.iter().filter(|(name, _)| !is_typed(name));
                args.values =
                    settings.map(|(name, setting)| format!("{name}={}", setting.value)).collect();
                args.values.extend(typed);
                args.reading.renames = self.renames();
                self.keep_private(&mut args.privacy);
            }
            Command::Query(args) => {
                args.reading.date_format = args.reading.date_format.take().or(format);
                args.reading.renames = self.renames();
                self.keep_private(&mut args.privacy);
                self.find_scenarios(&mut args.folders);
            }
            Command::Import(args) => {
                args.reading.date_format = args.reading.date_format.take().or(format);
                args.reading.renames = self.renames();
                self.keep_private(&mut args.privacy);
            }
            Command::Diff(args) => {
                self.keep_private(&mut args.privacy);
                self.find_scenarios(&mut args.folders);
            }
            Command::List(args) => self.find_scenarios(&mut args.folders),
            Command::Show(args) => self.find_scenarios(&mut args.folders),
            Command::Replay(args) if !args.chosen.all => {
                self.find_scenarios(&mut args.chosen.folders);
            }
            Command::Report(args) if !args.chosen.all => {
                self.find_scenarios(&mut args.chosen.folders);
            }
            Command::Why(args) => self.find_scenarios(&mut args.folders),
            _ => {}
        }
    }

    fn renames(&self) -> Vec<(String, String)> {
        let columns = self.columns.iter();
        columns.map(|(from, to)| (from.clone(), to.value.clone())).collect()
    }

    fn keep_private(&self, privacy: &mut Privacy) {
        if let (Some(key), None, false) = (&self.key_file, &privacy.key_file, privacy.include_pii) {
            privacy.key_file = Some(key.value.clone());
        }
    }

    fn find_scenarios(&self, folders: &mut Folders) {
        folders.scenarios.extend(self.scenarios.iter().map(|setting| setting.value.clone()));
    }
}

/// The file in the user's config directory, where there is one.
pub fn own_file() -> Option<PathBuf> {
    let folder = choose_base_strategy().ok()?.config_dir();
    Some(folder.join("chatdb").join(NAME))
}

/// The text of a settings file; `None` where there is none.
fn text(path: &Path) -> Result<Option<String>, Failure> {
    let unreadable = |why: String| {
        let message = format!("cannot read the settings in `{}`: {why}", path.display());
        Failure::new(&codes::NO_FILE, message)
    };
    let found = match fs::metadata(path) {
        Err(error)
            if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
        {
            return Ok(None);
        }
        other => other.map_err(|error| unreadable(error.to_string()))?,
    };
    if !found.is_file() {
        return Err(unreadable("it is not a regular file".to_owned()));
    }
    if found.len() > LARGEST {
        return Err(unreadable("it is larger than 1 MiB".to_owned()));
    }
    fs::read_to_string(path).map(Some).map_err(|error| unreadable(error.to_string()))
}

/// The key or the table of a line: its own, or that of the value that goes on there.
fn key_at(text: &str, line: usize) -> &str {
    let key = |own: &'_ str| -> Option<std::ops::Range<usize>> {
        let end = match own.trim_start().starts_with('[') {
            true => own.rfind(']')?,
            false => own.find('=')?,
        };
        Some(0..end)
    };
    let before = text.lines().take(line).collect::<Vec<_>>();
    let found = before.iter().rev().find_map(|own| Some(&own[key(own)?]));
    found.map_or("", |key| key.trim_matches(['[', ']', ' ', '\t']))
}

/// What is wrong with a file, where, and in words of our own.
fn invalid(path: &Path, text: &str, error: &toml::de::Error) -> Failure {
    let start = error.span().map_or(0, |span| span.start);
    let before = text.get(..start).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |begun| begun.chars().count()) + 1;
    let of_serde = error.message();
    let between = |before: &str| {
        let rest = of_serde.strip_prefix(before)?.strip_prefix(" `")?;
        rest.split_once('`').map(|(name, _)| name.to_owned())
    };
    let key = key_at(text, line);
    let (what, hint) = if let Some(name) = between("unknown field") {
        let list = || format!("valid keys: {}", KEYS.join(", "));
        let hint = suggestion(did_you_mean(&name, KEYS), list);
        (format!("unknown key `{name}`"), hint)
    } else if of_serde.starts_with("duplicate") {
        (format!("`{key}` is given twice"), "keep one of them".to_owned())
    } else if of_serde.starts_with("invalid type") {
        let hint = "`chatdb help settings` shows each setting as it is written".to_owned();
        (format!("`{key}` has a value of another kind than it takes"), hint)
    } else {
        let hint = "write `name = \"value\"`; `chatdb help settings` shows examples".to_owned();
        ("this line is not TOML".to_owned(), hint)
    };
    let file = path.display();
    Failure::new(&codes::SETTINGS, format!("{file}:{line}:{column}: {what}")).hint(hint)
}

/// The schema's column that another name stands for. A name that the schema has itself means nothing else.
fn column(path: &Path, from: &str, to: String) -> Result<String, Failure> {
    let columns = || {
        let all = PRODUCT.iter().flat_map(|table| table.columns);
        all.map(|(name, _)| *name)
    };
    let is_known = |name: &str| columns().any(|known| known.eq_ignore_ascii_case(name));
    let invalid = |what: String| {
        let message = format!("`{}`: [columns]: {what}", path.display());
        Failure::new(&codes::SETTINGS, message)
    };
    if is_known(from) {
        return Err(invalid(format!("`{from}` is a column of the schema itself"))
            .hint("write the name in your exports on the left, and the schema's on the right"));
    }
    if is_known(&to) {
        return Ok(to.to_lowercase());
    }
    let failure = invalid(format!("the schema has no column `{to}`"));
    let list = || "docs/exports.md lists the tables and their columns".to_owned();
    Err(failure.meant(did_you_mean(&to, columns()), list))
}

/// A threshold as `--set` takes it.
fn threshold(path: &Path, name: &str, value: &toml::Value) -> Result<String, Failure> {
    match value {
        toml::Value::Integer(number) => Ok(number.to_string()),
        toml::Value::Float(number) => Ok(number.to_string()),
        toml::Value::String(text) => Ok(text.clone()),
        _ => {
            let message =
                format!("`{}`: threshold `{name}`: expected a number or a text", path.display());
            Err(Failure::new(&codes::SETTINGS, message)
                .hint("write `\"ghost_chats.quiet_minutes\" = 60`, with the name in quotes"))
        }
    }
}
