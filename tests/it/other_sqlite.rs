//! The database that a replay leaves behind is opened with other versions of SQLite than the one compiled in.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::cli::chatdb;

/// Opens a database and reads a table with another program. `None` where the program is not here.
type Reader = fn(&Path, &str) -> Option<Result<(), String>>;

fn done(mut command: Command) -> Option<Result<(), String>> {
    let output = command.stdin(Stdio::null()).output().ok()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Some(match output.status.success() && said.is_empty() {
        true => Ok(()),
        false => Err(said),
    })
}

fn shell(path: &Path, sql: &str) -> Option<Result<(), String>> {
    let mut command = Command::new("sqlite3");
    command.args(["-batch", "-bail"]).arg(path).arg(sql);
    done(command)
}

fn python(path: &Path, sql: &str) -> Option<Result<(), String>> {
    let script =
        "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchall()";
    let mut command = Command::new("python3");
    command.args(["-c", script]).arg(path).arg(sql);
    done(command)
}

#[test]
#[expect(clippy::print_stderr, reason = "whoever runs it should know what was not tried")]
fn every_view_of_a_replay_opens_in_the_sqlite_of_this_machine() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.sqlite");
    for scenario in ["application_restored", "all_servers_restored"] {
        let file = format!("{scenario}.sqlite");
        let output = chatdb(folder.path(), &["replay", scenario, "--db", &file]);
        assert_eq!(output.status.code(), Some(0), "{scenario}");
        std::fs::rename(folder.path().join(&file), &path).expect("a database");
        let conn = rusqlite::Connection::open(&path).expect("a database");
        let mut views = conn
            .prepare("SELECT name FROM sqlite_master WHERE type = 'view' ORDER BY name")
            .expect("a query");
        let views = views.query_map([], |row| row.get::<_, String>(0)).expect("views");
        let views: Vec<String> = views.map(|name| name.expect("a name")).collect();
        assert!(views.len() > 10, "{views:?}");
        let readers: [(&str, Reader); 2] = [("sqlite3", shell), ("python3", python)];
        for (program, read) in readers {
            if read(&path, "SELECT 1") != Some(Ok(())) {
                eprintln!("skipped: `{program}` with SQLite is not on this machine");
                continue;
            }
            assert!(
                read(&path, "SELECT * FROM no_such_view").is_some_and(|read| read.is_err()),
                "`{program}`: a failure is seen"
            );
            let failed = views.iter().filter_map(|view| {
                let error = read(&path, &format!("SELECT * FROM \"{view}\""))?.err()?;
                Some(format!("`{program}`: {view}: {error}"))
            });
            assert_eq!(failed.collect::<Vec<_>>(), [""; 0]);
        }
    }
}
