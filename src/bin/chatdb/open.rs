//! `--open`: a page in a file, shown in the browser.

use std::env;
use std::path::{self, PathBuf};

use chatdb::render::RenderOptions;
use chatdb::report::Report;

use crate::failure::Failure;
use crate::output::{self, SideOutput};

/// Where pages go that are only to be looked at. What is in it is replaced by the next ones.
const FOLDER: &str = "chatdb-reports";

/// A browser on another system of its own kind, such as Windows from a Linux in it, needs no display here.
const DISPLAYS: [&str; 3] = ["DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"];

/// The folder that pages are written into, and whether files in it are replaced: the user's, else our own.
pub fn folder(out: Option<&PathBuf>, force: bool) -> (PathBuf, bool) {
    match out {
        Some(folder) => (folder.clone(), force),
        None => (PathBuf::from(FOLDER), true),
    }
}

/// Writes a replay as a page, and gives its path.
pub fn write(report: &Report) -> Result<Vec<PathBuf>, Failure> {
    let (folder, force) = folder(None, false);
    let page = [output::format(output::PAGE)];
    let to = (folder.as_path(), output::stem(report));
    output::write_files(report, &page, RenderOptions::default(), to, SideOutput::default(), force)
}

/// Opens the page among files that were written in the browser, and says where it is; where nothing can show it, that
/// is not an error.
pub fn show(written: &[PathBuf]) {
    let is_page = |path: &&PathBuf| path.extension().is_some_and(|own| own == output::PAGE);
    let Some(page) = written.iter().find(is_page) else {
        return;
    };
    let shown = page.display();
    let is_seen = cfg!(any(windows, target_os = "macos"))
        || DISPLAYS.iter().any(|name| env::var_os(name).is_some_and(|value| !value.is_empty()));
    if !is_seen {
        output::note(&format!("no display is available; the page is in {shown}"));
        return;
    }
    let whole = path::absolute(page).unwrap_or_else(|_| page.clone());
    output::note(&match open::that_detached(whole) {
        Ok(()) => format!("the page is in {shown} and has been opened in the browser"),
        Err(error) => format!("cannot open the browser ({error}); the page is in {shown}"),
    });
}
