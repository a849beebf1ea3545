//! Hands the fuzzer's bytes to the target that the variable `TARGET` names. `fuzz/run` sets it.
#![no_main]

use std::env;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/it/table_text.rs"]
mod table_text;
#[path = "../../tests/it/fuzz/targets.rs"]
mod targets;

static CHOSEN: LazyLock<targets::Target> = LazyLock::new(|| {
    let name = env::var("TARGET").unwrap_or_default();
    let found = targets::TARGETS.iter().find(|(known, _)| *known == name);
    let names: Vec<&str> = targets::TARGETS.iter().map(|(known, _)| *known).collect();
    found.unwrap_or_else(|| panic!("TARGET={name}; there are {}", names.join(", "))).1
});

fuzz_target!(|bytes: &[u8]| {
    if bytes.len() <= targets::LONGEST {
        (*CHOSEN)(bytes);
    }
});
