//! Lists the files of `seeds/` and `reports/` that are compiled into the program, so that a new scenario,
//! query or finding is found without a line of Rust.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// The folders whose text files the program carries. `reports/samples` holds finished reports, not inputs.
const EMBEDDED: [&str; 2] = ["seeds", "reports"];
const LEFT_OUT: &str = "reports/samples";

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let mut files = Vec::new();
    for folder in EMBEDDED {
        println!("cargo:rerun-if-changed={folder}");
        if root.join(folder).is_dir() {
            list(&root, Path::new(folder), &mut files)?;
        }
    }
    println!("cargo:rerun-if-changed=migrations");
    files.sort();
    let mut source = String::from("&[\n");
    for file in &files {
        // Not as an absolute path: what is generated here outlives a move of the project's folder.
        let text = format!("include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/\", {file:?}))");
        writeln!(source, "    ({file:?}, {text}),").expect("writing to a String");
    }
    source.push(']');
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("embedded.rs"), source)
}

fn list(root: &Path, folder: &Path, files: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(root.join(folder))? {
        let entry = entry?;
        let path = folder.join(entry.file_name());
        let name = path
            .components()
            .map(|part| part.as_os_str().to_string_lossy())
            .collect::<Vec<_>>()
            .join("/");
        if name == LEFT_OUT || entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        if entry.file_type()?.is_dir() {
            list(root, &path, files)?;
        } else {
            files.push(name);
        }
    }
    Ok(())
}
