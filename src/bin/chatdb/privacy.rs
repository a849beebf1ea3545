//! Where the key of pseudonyms lies, and what is done before rows of exports leave the terminal.

use std::cell::RefCell;
use std::fs::{self, File};
use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::path::{Path, PathBuf};

use chatdb::diagnostic::did_you_mean;
use chatdb::privacy::{Classes, INCLUDED, Key, Redactor, Replaced};
use chatdb::render::Format;
use chatdb::report::Report;
use chatdb::schema::product::PRODUCT;
use chatdb::sql::authored::Authored;
use etcetera::{BaseStrategy as _, choose_base_strategy};

use crate::cli::{OutputArgs, Privacy};
use crate::failure::{Code, Failure};
use crate::output;

/// The folder of chatdb in the user's folder for settings, and the key in it.
const FOLDER: &str = "chatdb";
const NAME: &str = "privacy.key";

/// Whether what is written stays on the user's terminal.
pub fn stays(form: &OutputArgs, format: &Format) -> bool {
    form.output.is_none() && format.can.for_terminal && io::stdout().is_terminal()
}

/// Makes a report of exported rows fit to leave the terminal, and gives the sentence that says what was done; `None`
/// where there was nothing to do. An analysis has a place for the sentence, and has it whatever was done.
pub fn protect(
    report: &mut Report,
    privacy: &Privacy,
    authored: Authored,
) -> Result<Option<String>, Failure> {
    let (sentence, changed) = if privacy.include_pii {
        (INCLUDED.to_owned(), true)
    } else {
        let replaced = replace(report, privacy, authored)?;
        (replaced.sentence(), !replaced.is_nothing())
    };
    if let Some(analysis) = &mut report.analysis {
        analysis.privacy = sentence;
        return Ok(None);
    }
    Ok(changed.then_some(sentence))
}

fn replace(
    report: &mut Report,
    privacy: &Privacy,
    authored: Authored,
) -> Result<Replaced, Failure> {
    let failure = RefCell::new(None);
    let key = || match key(privacy) {
        Ok(key) => Some(key),
        Err(error) => {
            *failure.borrow_mut() = Some(error);
            None
        }
    };
    let done = Redactor::asking(key, Classes::known())
        .leaving_plain(&privacy.plain)
        .of_author(authored)
        .report(report);
    if let Ok(replaced) = &done {
        say_unknown(&privacy.plain, &replaced.plain);
    }
    done.map_err(|error| {
        let failure = failure.into_inner();
        failure.unwrap_or_else(|| Failure::new(Code::Environment, error.to_string()))
    })
}

/// Says which columns were to be left unchanged and are not there.
fn say_unknown(wanted: &[String], found: &[String]) {
    for name in wanted {
        if found.iter().any(|found| found.eq_ignore_ascii_case(name)) {
            continue;
        }
        let columns = PRODUCT.iter().flat_map(|table| table.columns);
        let meant = did_you_mean(name, columns.map(|(name, _)| *name));
        let meant = meant.filter(|meant| !meant.eq_ignore_ascii_case(name));
        let meant = meant.map_or_else(String::new, |meant| format!("; did you mean `{meant}`?"));
        output::note(&format!("`--plain {name}`: this output has no column `{name}`{meant}"));
    }
}

/// The key: of the file that is named, else of the user's own, which is made when it is first needed.
fn key(privacy: &Privacy) -> Result<Key, Failure> {
    if let Some(path) = &privacy.key_file {
        return read(path)?.ok_or_else(|| {
            Failure::new(Code::Environment, format!("there is no key file `{}`", path.display()))
                .hint("omit `--key-file` to use the key that chatdb creates and keeps for you")
        });
    }
    let folder = choose_base_strategy().map_err(|error| {
        Failure::new(Code::Environment, format!("cannot locate the pseudonym key: {error}"))
            .hint("`--key-file FILE` names a file of 32 random bytes")
    })?;
    let folder = folder.config_dir().join(FOLDER);
    let path = folder.join(NAME);
    // Between looking and writing another chatdb may make one: then that one counts.
    for _ in 0..2 {
        if let Some(key) = read(&path)? {
            return Ok(key);
        }
        make(&folder, &path)?;
    }
    read(&path)?.ok_or_else(|| refused(&path, "disappeared while it was being created"))
}

fn io_failure<'p>(action: &'p str, path: &'p Path) -> impl Fn(io::Error) -> Failure + 'p {
    move |error| {
        Failure::new(Code::Environment, format!("cannot {action} `{}`: {error}", path.display()))
            .hint("use another key with `--key-file FILE`")
    }
}

fn no_key(path: &Path, why: &str) -> Failure {
    refused(path, why).hint(format!(
        "head -c {} /dev/urandom > '{}' makes one",
        Key::BYTES,
        path.display()
    ))
}

fn refused(path: &Path, why: &str) -> Failure {
    Failure::new(Code::Refused, format!("the pseudonym key `{}` {why}", path.display()))
}

/// Reads a key; `None` where there is no file. One that others may read, or that is a link, is refused: whoever has the
/// key can try names and addresses until the pseudonym fits.
fn read(path: &Path) -> Result<Option<Key>, Failure> {
    let failed = || io_failure("read", path);
    let found = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(failed())?,
    };
    if found.is_symlink() {
        return Err(refused(path, "is a symbolic link, which is not followed"));
    }
    if !found.is_file() {
        return Err(refused(path, "is not a regular file"));
    }
    let file = File::open(path).map_err(failed())?;
    let opened = file.metadata().map_err(failed())?;
    private(path, &found, &opened)?;
    unwritable(path)?;
    let mut bytes = Vec::new();
    let most = u64::try_from(Key::BYTES).unwrap_or(u64::MAX) + 1;
    file.take(most).read_to_end(&mut bytes).map_err(failed())?;
    if bytes.len() != Key::BYTES {
        let length = opened.len();
        let why = format!("has {length} bytes instead of {}, so it is not a valid key", Key::BYTES);
        return Err(no_key(path, &why));
    }
    if bytes.iter().all(|byte| *byte == bytes[0]) {
        let why = format!("is one byte repeated {} times, which is easy to guess", Key::BYTES);
        return Err(no_key(path, &why));
    }
    Ok(Key::from_file(&bytes).ok())
}

#[cfg(unix)]
fn private(path: &Path, found: &fs::Metadata, opened: &fs::Metadata) -> Result<(), Failure> {
    use std::os::unix::fs::MetadataExt as _;
    if (found.dev(), found.ino()) != (opened.dev(), opened.ino()) {
        return Err(refused(path, "was replaced while it was being read"));
    }
    if opened.mode() & 0o077 != 0 {
        let mode = opened.mode() & 0o777;
        return Err(refused(path, &format!("can be read or changed by others (mode {mode:o})"))
            .hint(format!("chmod 600 '{}', if nobody has copied it", path.display())));
    }
    Ok(())
}

/// Who may write into the folder of a key may put another in its place. A folder like `/tmp`, where only the owner of a
/// file may replace it (mode 1777), is safe.
#[cfg(unix)]
fn unwritable(path: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::MetadataExt as _;
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mode = fs::metadata(folder).map_err(io_failure("inspect", folder))?.mode();
    if mode & 0o022 != 0 && mode & 0o1000 == 0 {
        let why = format!(
            "is in a folder that others can write to (mode {:o}), so anyone may have put it there",
            mode & 0o777
        );
        let hint = format!("chmod go-w '{}', if nobody has changed it", folder.display());
        return Err(refused(path, &why).hint(hint));
    }
    Ok(())
}

#[cfg(not(unix))]
fn unwritable(_: &Path) -> Result<(), Failure> {
    Ok(())
}

/// Elsewhere the user's folder for settings is the user's alone by the system's own rules.
#[cfg(not(unix))]
fn private(_: &Path, _: &fs::Metadata, _: &fs::Metadata) -> Result<(), Failure> {
    Ok(())
}

/// Makes a key of random bytes, which appears whole or not at all, and never replaces another.
fn make(folder: &Path, path: &Path) -> Result<(), Failure> {
    let failed = || io_failure("write", path);
    make_folder(folder)?;
    let mut bytes = [0; Key::BYTES];
    getrandom::fill(&mut bytes).map_err(|error| {
        Failure::new(Code::Environment, format!("cannot get random bytes from the system: {error}"))
    })?;
    // Files of this kind are for their owner alone from the beginning.
    let mut file = tempfile::Builder::new()
        .prefix(".chatdb-")
        .suffix(".tmp")
        .tempfile_in(folder)
        .map_err(|error| failed()(error.kind().into()))?;
    file.write_all(&bytes).map_err(failed())?;
    file.as_file().sync_all().map_err(failed())?;
    match file.persist_noclobber(path) {
        Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => {
            Err(failed()(error.error))
        }
        _ => Ok(()),
    }
}

fn make_folder(folder: &Path) -> Result<(), Failure> {
    let parents: PathBuf = folder.parent().map(Path::to_path_buf).unwrap_or_default();
    fs::create_dir_all(&parents).map_err(io_failure("create folder", &parents))?;
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(io_failure("create folder", folder)(error))
        }
        _ => own_folder(folder),
    }
}

/// Who may write into the folder may put a key of their own there.
fn own_folder(folder: &Path) -> Result<(), Failure> {
    let found = fs::symlink_metadata(folder).map_err(io_failure("inspect", folder))?;
    let refused = |why: &str| {
        let message = format!("the folder of the pseudonym key, `{}`, {why}", folder.display());
        Err(Failure::new(Code::Refused, message).hint("use another key with `--key-file FILE`"))
    };
    if !found.is_dir() {
        return refused("is not a real folder");
    }
    #[cfg(unix)]
    if std::os::unix::fs::MetadataExt::mode(&found) & 0o022 != 0 {
        return refused("can be written to by others");
    }
    Ok(())
}
