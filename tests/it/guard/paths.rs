//! That no path in a scenario folder leads out of it, and no report is written through a link or over a file.

use std::fs;
use std::path::Path;

use chatdb::assets::{AssetSource, is_name};
use chatdb::scenario::Library;

/// Names that would lead elsewhere, here or on another system.
const BAD: [&str; 34] = [
    "",
    ".",
    "..",
    "/",
    "/etc/passwd",
    "//etc/passwd",
    "../secret.sql",
    "../../secret.sql",
    "../lab/../secret.sql",
    "./../secret.sql",
    "10_a/../../secret.sql",
    "..\\secret.sql",
    "..\\..\\secret.sql",
    "\\\\elsewhere\\share\\secret.sql",
    "C:\\secret.sql",
    "C:secret.sql",
    "c:/secret.sql",
    "file:///etc/passwd",
    "secret.sql:stream",
    "10_a.sql\0.md",
    "10_a.sql\n",
    "10_a.sql/",
    "10_a.sql/.",
    "10_a.sql.",
    "10_a.sql ",
    "con",
    "CON.sql",
    "nul.sql",
    "Aux",
    "prn.10.sql",
    "com1",
    "LPT9.sql",
    "~/secret.sql/",
    "\u{7f}.sql",
];

/// A folder of scenarios in which one is called `lab`; beside it stands a secret.
fn laid() -> tempfile::TempDir {
    let top = tempfile::tempdir().expect("a folder");
    let lab = top.path().join("pack/lab");
    fs::create_dir_all(&lab).expect("a folder");
    fs::write(top.path().join("secret.sql"), "SELECT 'secret'").expect("written");
    fs::write(top.path().join("pack/secret.sql"), "SELECT 'secret'").expect("written");
    fs::write(lab.join("10_a.sql"), "SELECT 1").expect("written");
    top
}

#[test]
fn a_name_that_leads_elsewhere_is_not_read() {
    let top = laid();
    let source = AssetSource::Folder(top.path().join("pack"));
    for name in BAD {
        assert!(!is_name(name), "{name:?}");
        assert!(source.read("lab", name).is_err(), "{name:?} as a file");
        assert!(source.read(name, "10_a.sql").is_err(), "{name:?} as a scenario");
        assert!(AssetSource::Embedded.read("baseline", name).is_err(), "{name:?}");
    }
    let long = "x".repeat(10_000);
    assert!(!is_name(&long) && source.read("lab", &long).is_err());
    assert!(source.read("lab", "10_a.sql").is_ok());
    for name in ["10_a.sql", "console", "community.sql", "com10.sql", "lptx", "a..b", "ä.sql"] {
        assert!(is_name(name), "{name}");
    }
}

/// A `scenario.toml` that names `path` in each place where a file or a scenario is named.
fn scenarios(path: &str) -> [String; 6] {
    let path = format!("{path:?}").replace("\\0", "\\u0000").replace("\\u{7f}", "\\u007f");
    let head = "title = \"x\"\n";
    let step = "[[step]]\nid = \"10\"\nat = \"+00:01:00\"\ntitle = \"x\"\n";
    let check = format!("{head}continues = \"baseline\"\n{step}[[step.check]]\nderived = \"x\"\n");
    [
        format!("{head}continues = {path}\n{step}"),
        format!("{head}continues = \"baseline\"\nseeds = [{path}]\n{step}"),
        format!("{head}continues = \"baseline\"\n{step}script = {path}\n"),
        format!("{check}query = {path}\nrows = 0\n"),
        format!("{check}query = \"open_chats\"\nexpect = {path}\n"),
        format!("{check}query = \"open_chats\"\nexpect = \"other/{}\n", &path[1..]),
    ]
}

#[test]
fn a_scenario_that_names_a_path_elsewhere_is_invalid() {
    let top = laid();
    let file = top.path().join("pack/lab/scenario.toml");
    let found = |text: &str| {
        fs::write(&file, text).expect("written");
        let library = Library::new(vec![top.path().join("pack")]).expect("a library");
        library.validate(&["lab".to_owned()]).to_string()
    };
    // With names that lead nowhere else the same texts are valid.
    for (at, name) in [(1, "10_a.sql"), (2, "10_a.sql")] {
        assert_eq!(found(&scenarios(name)[at]), "");
    }
    for name in BAD {
        for text in scenarios(name) {
            let problems = found(&text);
            assert!(!problems.is_empty(), "{name:?} is valid in\n{text}");
            assert!(!problems.contains("'secret'"), "{name:?}: {problems}");
        }
    }
}

#[cfg(unix)]
#[test]
fn a_link_out_of_a_folder_is_not_followed_be_it_a_file_or_a_scenario() {
    use std::os::unix::fs::symlink;
    let top = laid();
    let pack = top.path().join("pack");
    let elsewhere = top.path().join("elsewhere");
    fs::create_dir(&elsewhere).expect("a folder");
    fs::write(elsewhere.join("10_a.sql"), "SELECT 'secret'").expect("written");
    let links = [
        ("passwd.sql", "/etc/passwd"),
        ("up.sql", "../../secret.sql"),
        ("beside.sql", "../secret.sql"),
        ("zero.sql", "/dev/zero"),
        ("self.sql", "self.sql"),
        ("process.sql", "/proc/self/environ"),
    ];
    for (name, target) in links {
        symlink(target, pack.join("lab").join(name)).expect("a link");
    }
    symlink("..", pack.join("lab/above")).expect("a link");
    symlink("../elsewhere", pack.join("linked")).expect("a link");
    symlink("lab", pack.join("alias")).expect("a link");
    let source = AssetSource::Folder(pack.clone());
    for (name, _) in links {
        assert!(source.read("lab", name).is_err(), "{name}");
    }
    assert!(source.read("lab", "above").is_err());
    let error = source.read("linked", "10_a.sql").expect_err("it is elsewhere");
    let shown = pack.join("linked/10_a.sql").display().to_string();
    assert_eq!(
        error.to_string(),
        format!("{shown}: is a link to a file outside its folder, which is not followed")
    );
    // Within the folder of scenarios a link changes nothing, and that folder may itself be one.
    assert!(source.read("alias", "10_a.sql").is_ok());
    symlink("pack", top.path().join("also")).expect("a link");
    let also = AssetSource::Folder(top.path().join("also"));
    assert!(also.read("lab", "10_a.sql").is_ok());
}

#[cfg(unix)]
#[test]
fn a_report_is_neither_written_through_a_link_nor_over_a_file() {
    use std::os::unix::fs::symlink;
    let top = tempfile::tempdir().expect("a folder");
    let out = top.path().join("out");
    fs::create_dir(&out).expect("a folder");
    let target = top.path().join("target");
    fs::write(&target, "mine").expect("written");
    let report = |force: bool| {
        let mut args = vec!["report", "baseline", "--out", "out", "--format", "csv"];
        args.extend(force.then_some("--force"));
        std::process::Command::new(env!("CARGO_BIN_EXE_chatdb"))
            .args(args)
            .current_dir(top.path())
            .output()
            .expect("the program starts")
    };
    let file = out.join("baseline.csv");
    for link_to in [target.as_path(), Path::new("nowhere"), Path::new("/dev/null")] {
        symlink(link_to, &file).expect("a link");
        for force in [false, true] {
            let output = report(force);
            assert_eq!(output.status.code(), Some(5), "{link_to:?} {force}");
        }
        fs::remove_file(&file).expect("removed");
    }
    assert_eq!(fs::read_to_string(&target).expect("a file"), "mine");
    fs::write(&file, "mine").expect("written");
    assert_eq!(report(false).status.code(), Some(5));
    assert_eq!(fs::read_to_string(&file).expect("a file"), "mine");
    assert_eq!(report(true).status.code(), Some(0));
    assert!(fs::read_to_string(&file).expect("a file").len() > 100);
    assert_eq!(fs::read_dir(&out).expect("a folder").count(), 1, "nothing is left beside it");
}

#[cfg(unix)]
#[test]
fn a_report_that_is_killed_leaves_the_whole_file_or_none() {
    let top = tempfile::tempdir().expect("a folder");
    let report = |out: &str| {
        std::process::Command::new(env!("CARGO_BIN_EXE_chatdb"))
            .args(["report", "baseline", "--out", out, "--format", "json"])
            .current_dir(top.path())
            .stdout(std::process::Stdio::null())
            .spawn()
            .expect("the program starts")
    };
    assert!(report("whole").wait().expect("it ends").success());
    let whole = fs::read(top.path().join("whole/baseline.json")).expect("a report");
    for number in 0..50_u64 {
        let out = format!("out{number}");
        let mut child = report(&out);
        std::thread::sleep(std::time::Duration::from_millis(number * 3));
        let _ = child.kill();
        child.wait().expect("it ends");
        if let Ok(bytes) = fs::read(top.path().join(&out).join("baseline.json")) {
            assert!(bytes == whole, "{number}");
        }
    }
}
