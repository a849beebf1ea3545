//! Scenario folders: what is read from them, and what is found wrong with them.

use std::fs;
use std::path::{Path, PathBuf};

use chatdb::scenario::Library;
use tempfile::TempDir;

/// Lays out the files of a text, each headed `== name`, in a folder of its own. A name without a `/` stands
/// in the scenario `my_lab`. Gives the folder, what stands before the first file, and the part called
/// `finds`.
fn lay_out(text: &str) -> (TempDir, String, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut parts = text.split("== ");
    let about = parts.next().expect("a first part").to_owned();
    let mut finds = String::new();
    for part in parts {
        let (name, text) = part.split_once('\n').expect("a name on a line");
        if name == "finds" {
            text.clone_into(&mut finds);
            continue;
        }
        let path = match name.contains('/') {
            true => folder.path().join(name),
            false => folder.path().join("my_lab").join(name),
        };
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    (folder, about, finds)
}

fn library(folder: &TempDir) -> Library {
    Library::new(vec![folder.path().to_owned()]).expect("the folder is there")
}

fn without(folder: &TempDir, text: &str) -> String {
    text.replace(&format!("{}/", folder.path().display()), "")
}

fn problems(folder: &TempDir) -> String {
    let problems = library(folder).validate(&["my_lab".to_owned()]);
    without(folder, &problems.to_string())
}

fn cases(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/scenarios")
        .join(folder);
    let mut cases: Vec<_> = fs::read_dir(folder)
        .expect("the cases are there")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    cases.sort();
    cases
}

/// Each text lays out a folder and ends with everything that is found wrong with it. `UPDATE=1` rewrites
/// that part; read the difference.
#[test]
fn every_kind_of_mistake_is_found_where_it_stands() {
    let cases = cases("mistakes");
    assert!(cases.len() >= 40, "only {} cases", cases.len());
    let mut wrong = Vec::new();
    for path in cases {
        let text = fs::read_to_string(&path).expect("a case");
        let (folder, _, finds) = lay_out(&text);
        let found = problems(&folder) + "\n";
        if std::env::var_os("UPDATE").is_some() {
            let kept = text.find("== finds\n").expect("a part called finds") + "== finds\n".len();
            fs::write(&path, format!("{}{found}", &text[..kept])).expect("a case");
        } else if found != finds || finds.trim().is_empty() {
            wrong.push(format!("{}:\n{found}\ninstead of\n{finds}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
