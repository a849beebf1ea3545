//! `chatdb config` shows each setting and where it comes from.

use std::collections::BTreeMap;

use chatdb::render::Detail;
use chatdb::report::{Listing, Report};

use crate::cli::OutputArgs;
use crate::failure::{Code, Failure};
use crate::output;
use crate::settings::{NAME, Setting, Settings, own_file};

/// Lists the settings: the value, and the file it is from.
pub fn run(form: &OutputArgs, settings: &Settings) -> Result<Code, Failure> {
    output::prepare(form)?;
    let mut listing = Listing::of_own("Settings", ["setting", "value", "from"], rows(settings));
    listing.remarks.push(places(settings));
    output::show(&Report::of_listings(vec![listing]), form, Detail::Brief)?;
    Ok(Code::Success)
}

fn rows(settings: &Settings) -> Vec<[String; 3]> {
    let unset = |name: &str, what: &str| [name.to_owned(), what.to_owned(), "default".to_owned()];
    let set = |name: &str, setting: &Setting<String>| {
        [name.to_owned(), setting.value.clone(), setting.file.display().to_string()]
    };
    let path = |setting: &Setting<std::path::PathBuf>| Setting {
        value: setting.value.display().to_string(),
        file: setting.file.clone(),
    };
    let mut rows = vec![
        settings
            .time_zone
            .as_ref()
            .map_or_else(|| unset("time_zone", "unknown"), |zone| set("time_zone", zone)),
        settings.date_format.as_ref().map_or_else(
            || unset("date_format", "as SQL Server writes dates"),
            |format| set("date_format", format),
        ),
        settings.key_file.as_ref().map_or_else(
            || unset("key_file", "a key that chatdb creates in the config directory"),
            |key| set("key_file", &path(key)),
        ),
    ];
    if settings.scenarios.is_empty() {
        rows.push(unset("scenarios", "the built-in scenarios only"));
    }
    rows.extend(settings.scenarios.iter().map(|folder| set("scenarios", &path(folder))));
    let mut by_name = |key: &str, values: &BTreeMap<String, Setting<String>>, otherwise: &str| {
        if values.is_empty() {
            rows.push(unset(key, otherwise));
        }
        let values = values.iter();
        rows.extend(values.map(|(name, setting)| set(&format!("{key}.{name}"), setting)));
    };
    by_name("columns", &settings.columns, "the names of the schema");
    by_name("thresholds", &settings.thresholds, "as `chatdb findings` lists them");
    rows
}

/// Which files are read, and whether they are there.
fn places(settings: &Settings) -> String {
    let state = |path: &std::path::Path| match settings.files.iter().any(|file| file == path) {
        true => "read",
        false => "not found",
    };
    let here = std::path::Path::new(NAME);
    match own_file() {
        Some(own) => format!(
            "settings files: `{}` ({}), then `{NAME}` in the working folder ({}); options win over both",
            own.display(),
            state(&own),
            state(here)
        ),
        None => format!("settings file: `{NAME}` in the working folder ({})", state(here)),
    }
}
