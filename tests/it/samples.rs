//! The finished reports in `reports/samples/`: reproduced to the byte, and read as documentation.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use chatdb::render::{self, RenderOptions};
use chatdb::replay;

use crate::honesty::{library, ten};

/// The formats of which samples are kept: one to read, one for a spreadsheet, one for programs.
const FORMATS: [&str; 3] = ["markdown", "csv", "json"];

/// `UPDATE=1` rewrites the samples; read the difference before you commit it.
#[test]
fn the_samples_are_reproduced_to_the_byte() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("reports/samples");
    let library = library();
    let mut expected = BTreeSet::from(["README.md".to_owned()]);
    let mut wrong = Vec::new();
    for scenario in ten() {
        let (report, _) =
            replay::replay(&library, &[scenario.to_owned()], &replay::ReplayOptions::default())
                .expect("it can be played");
        for name in FORMATS {
            let format = render::format(name).expect("a format");
            let mut bytes = Vec::new();
            (format.render)(&report, RenderOptions::default(), &mut bytes)
                .expect("it can be written");
            let file = format!("{scenario}.{}", format.extension);
            if std::env::var_os("UPDATE").is_some() {
                fs::create_dir_all(&folder).expect("a folder");
                fs::write(folder.join(&file), &bytes).expect("a sample");
            } else if fs::read(folder.join(&file)).ok().as_ref() != Some(&bytes) {
                wrong.push(file.clone());
            }
            expected.insert(file);
        }
    }
    assert!(
        wrong.is_empty(),
        "not what is printed now: {wrong:?}; `UPDATE=1 cargo test samples` rewrites them"
    );
    let found: BTreeSet<String> = fs::read_dir(&folder)
        .expect("samples")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(found, expected);
}
