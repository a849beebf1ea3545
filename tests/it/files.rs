//! Nothing of the user's is lost.

use std::fs;
use std::path::Path;

use chatdb::files::{Existing, FilesError, NewFile, write, write_all};

fn file(name: &str, text: &str) -> NewFile {
    NewFile { name: name.to_owned(), bytes: text.as_bytes().to_vec() }
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).expect("a file")
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
    let mut names: Vec<String> = entries.map(|entry| name(entry.expect("an entry"))).collect();
    names.sort();
    names
}

#[test]
fn files_are_written_into_a_folder_that_is_made() {
    let top = folder();
    let out = top.path().join("a/b");
    let files = [file("one.csv", "1\n"), file("two.md", "2\n")];
    let written = write_all(&out, &files, Existing::Keep).expect("written");
    assert_eq!(written, [out.join("one.csv"), out.join("two.md")]);
    assert_eq!(names(&out), ["one.csv", "two.md"]);
    assert_eq!(read(&out.join("two.md")), "2\n");
}

#[test]
fn a_file_that_is_there_is_kept_and_no_other_is_written() {
    let top = folder();
    fs::write(top.path().join("two.md"), "mine").expect("written");
    let files = [file("one.csv", "1\n"), file("two.md", "2\n")];
    let error = write_all(top.path(), &files, Existing::Keep).expect_err("refused");
    assert!(matches!(error, FilesError::Exists { .. }) && error.is_refusal());
    let path = top.path().join("two.md");
    assert_eq!(error.to_string(), format!("`{}` exists and was not replaced", path.display()));
    assert_eq!(names(top.path()), ["two.md"]);
    assert_eq!(read(&path), "mine");
}

#[test]
fn a_file_is_replaced_when_it_may_be() {
    let top = folder();
    let path = top.path().join("one.csv");
    write(&path, b"old", Existing::Keep).expect("written");
    write(&path, b"new", Existing::Replace).expect("replaced");
    assert_eq!(read(&path), "new");
    assert_eq!(names(top.path()), ["one.csv"]);
}

#[test]
fn a_name_does_not_lead_out_of_the_folder() {
    let top = folder();
    for name in ["", ".", "..", "../x", "a/b", "/x", "a/"] {
        let error = write_all(top.path(), &[file(name, "")], Existing::Replace).expect_err(name);
        assert!(matches!(error, FilesError::Name { .. }), "{name}: {error}");
    }
    assert!(names(top.path()).is_empty());
}

#[test]
fn a_folder_is_not_replaced() {
    let top = folder();
    fs::create_dir(top.path().join("x")).expect("a folder");
    let error = write(&top.path().join("x"), b"", Existing::Replace).expect_err("refused");
    assert!(matches!(error, FilesError::NotAFile { .. }));
}

#[test]
fn a_missing_folder_is_named() {
    let top = folder();
    let path = top.path().join("no/x");
    let error = write(&path, b"", Existing::Keep).expect_err("no folder");
    assert_eq!(error.to_string(), format!("cannot write `{}`", path.display()));
    assert!(!error.is_refusal());
}

#[cfg(unix)]
#[test]
fn a_symbolic_link_is_neither_followed_nor_replaced() {
    let top = folder();
    let target = top.path().join("target");
    let link = top.path().join("link");
    let dangling = top.path().join("dangling");
    fs::write(&target, "mine").expect("written");
    std::os::unix::fs::symlink(&target, &link).expect("a link");
    std::os::unix::fs::symlink(top.path().join("nowhere"), &dangling).expect("a link");
    for existing in [Existing::Keep, Existing::Replace] {
        for path in [&link, &dangling] {
            let error = write(path, b"theirs", existing).expect_err("refused");
            assert!(matches!(error, FilesError::Symlink { .. }), "{error}");
        }
    }
    assert_eq!(read(&target), "mine");
    assert_eq!(names(top.path()), ["dangling", "link", "target"]);
}

#[cfg(unix)]
#[test]
fn permissions_are_those_of_any_file_or_of_the_file_replaced() {
    use std::os::unix::fs::PermissionsExt;
    let top = folder();
    let mode = |path: &Path| fs::metadata(path).expect("a file").permissions().mode() & 0o777;
    let (ours, plain) = (top.path().join("ours"), top.path().join("plain"));
    fs::write(&plain, "").expect("written");
    write(&ours, b"", Existing::Keep).expect("written");
    assert_eq!(mode(&ours), mode(&plain));
    fs::set_permissions(&ours, fs::Permissions::from_mode(0o600)).expect("permissions");
    write(&ours, b"new", Existing::Replace).expect("replaced");
    assert_eq!(mode(&ours), 0o600);
}

/// The limit to the size of files stands for a disk that is full after the first of them.
#[cfg(unix)]
#[cfg(unix)]
#[test]
fn what_a_killed_process_left_is_removed_by_the_next_and_nothing_else() {
    let top = folder();
    let path = |name: &str| top.path().join(name);
    for name in [
        ".chatdb-dead.tmp",
        ".chatdb-alive.tmp",
        ".chatdb-notes",
        "chatdb-x.tmp",
        "x.tmp",
        "target",
    ] {
        fs::write(path(name), name).expect("written");
    }
    fs::create_dir(path(".chatdb-folder.tmp")).expect("a folder");
    std::os::unix::fs::symlink(path("target"), path(".chatdb-link.tmp")).expect("a link");
    let alive = fs::File::open(path(".chatdb-alive.tmp")).expect("a file");
    alive.lock().expect("locked, as by a process that writes it");
    write(&path("one.csv"), b"1", Existing::Keep).expect("written");
    let kept = [
        ".chatdb-alive.tmp",
        ".chatdb-folder.tmp",
        ".chatdb-link.tmp",
        ".chatdb-notes",
        "chatdb-x.tmp",
        "one.csv",
        "target",
        "x.tmp",
    ];
    assert_eq!(names(top.path()), kept);
}

#[cfg(unix)]
#[test]
fn files_written_side_by_side_into_one_folder_are_all_there() {
    let top = folder();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let top = top.path();
            scope.spawn(move || {
                for number in 0..50 {
                    let path = top.join(format!("{thread}-{number}.csv"));
                    write(&path, b"1", Existing::Keep).expect("written");
                }
            });
        }
    });
    assert_eq!(names(top.path()).len(), 400);
}

#[test]
fn on_a_full_disk_there_are_all_files_of_a_report_or_none() {
    let folder = tempfile::tempdir().unwrap();
    let run = |limit: &str| {
        let line = format!(
            "ulimit -f {limit}; trap '' XFSZ; exec \"$0\" report messaging_failure --out out \
             --format markdown --format csv --format json"
        );
        let mut command = std::process::Command::new("bash");
        command.args(["-c", &line, env!("CARGO_BIN_EXE_chatdb")]);
        command.current_dir(folder.path()).output().unwrap()
    };
    let list = || std::fs::read_dir(folder.path().join("out")).map_or(0, Iterator::count);
    let mut failed = 0;
    for limit in ["1", "4", "8", "16", "24", "32", "48", "64"] {
        let output = run(limit);
        if output.status.code() == Some(0) {
            std::fs::remove_dir_all(folder.path().join("out")).unwrap();
            break;
        }
        failed += 1;
        assert_eq!(output.status.code(), Some(4), "{limit}");
        assert_eq!(list(), 0, "{limit}");
    }
    assert!(failed > 1);
    assert_eq!(run("unlimited").status.code(), Some(0));
    assert_eq!(list(), 3);
}
