//! Text that a person has read and found good, kept in `tests/snapshots/`.

use std::path::Path;
use std::{env, fs};

/// Compares `actual` with the file called `name`. With `UPDATE=1` the file is written instead; read what
/// changed before you commit it.
pub fn check(name: &str, actual: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots").join(name);
    if env::var_os("UPDATE").is_some_and(|value| value == "1") {
        fs::create_dir_all(path.parent().expect("the folder of snapshots")).expect("a folder");
        fs::write(&path, actual).expect("a snapshot can be written");
        return;
    }
    let expected = fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; UPDATE=1 writes it", path.display()));
    if expected != actual {
        let same = expected.lines().zip(actual.lines()).take_while(|(a, b)| a == b).count();
        panic!(
            "{name}:{} is not what it was (UPDATE=1 rewrites it)\n expected {:?}\n   actual {:?}",
            same + 1,
            expected.lines().nth(same).unwrap_or("the end"),
            actual.lines().nth(same).unwrap_or("the end"),
        );
    }
}
