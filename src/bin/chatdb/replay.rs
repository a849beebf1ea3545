//! `chatdb replay` replays scenarios and compares the results.

use std::fs;
use std::path::Path;

use chatdb::files::{self, Existing};
use chatdb::render::{Detail, Pictures};
use chatdb::replay::{self, UpcomingStore};
use chatdb::store::{self, Store, import_database};

use crate::cli::Replay;
use crate::failure::{Code, Failure};
use crate::{open, output, watch};

pub fn run(args: &Replay) -> Result<Code, Failure> {
    let store = UpcomingStore::begin();
    let format = output::prepare(&args.form)?;
    let library = output::library(&args.chosen.folders)?;
    let names = output::chosen(&library, &args.chosen)?;
    if names.len() != 1 && (args.db.is_some() || args.until.is_some()) {
        let option = if args.db.is_some() { "--db" } else { "--until" };
        return Err(Failure::new(Code::Usage, format!("`{option}` requires a single scenario"))
            .hint("name the scenario; each replay starts from its own database"));
    }
    let mut options = output::options(&args.chosen, args.until.as_ref())?;
    options.illustrated = format.can.pictures != Pictures::Never || args.timeline;
    let (report, mut store) = replay::replay_in(store, &library, &names, &options)?;
    if args.db.is_some() || args.open {
        let mut page = None;
        if args.open {
            // What is drawn is not in the report that other formats show.
            options.illustrated = true;
            page = Some(replay::replay(&library, &names, &options)?.0);
        }
        let written = watch::while_writing(|| {
            args.db.iter().try_for_each(|path| keep(&mut store, path))?;
            page.as_ref().map(open::write).transpose()
        })?;
        written.iter().for_each(|written| open::show(written));
    }
    let detail = if names.len() == 1 || args.timeline { Detail::Full } else { Detail::Brief };
    if !args.open || format.name != output::PAGE {
        output::show(&report, &args.form, detail)?;
    }
    Ok(output::verdict(&report))
}

/// Puts the database where the user wants it: whole, in one step, and never over a file that this
/// program did not write. Runs at the same time that name one file therefore each leave a whole database.
fn keep(store: &mut Store, path: &Path) -> Result<(), Failure> {
    import_database::no_journal_beside(path)?;
    let existing = match fs::symlink_metadata(path) {
        Ok(found) if found.is_file() && found.len() > 0 => {
            let ours = store::file_is_ours(path).map_err(|error| {
                Failure::new(
                    Code::Environment,
                    format!("cannot read `{}`: {error}", path.display()),
                )
            })?;
            if ours && store::file_is_import_database(path) {
                let message =
                    format!("`{}` contains exported rows and was not replaced", path.display());
                return Err(
                    Failure::new(Code::Refused, message).hint("use another file with `--db FILE`")
                );
            }
            if !ours {
                let message =
                    format!("`{}` was not written by chatdb and was not replaced", path.display());
                return Err(
                    Failure::new(Code::Refused, message).hint("name another file for `--db`")
                );
            }
            Existing::Replace
        }
        Ok(found) if found.is_file() => Existing::Replace,
        _ => Existing::Keep,
    };
    let image = store.image()?;
    match files::write(path, &image, existing) {
        // Somebody else made the file in the meantime: it is looked at again.
        Err(files::FilesError::Exists { .. }) if existing == Existing::Keep => keep(store, path),
        other => Ok(other?),
    }
}
