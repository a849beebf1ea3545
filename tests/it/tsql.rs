//! What T-SQL comes to in SQLite.

use chatdb::sql::tsql;

#[test]
fn probe() {
    let text = std::fs::read_to_string("/tmp/probe2.txt").unwrap_or_default();
    let store = chatdb::store::Store::with_platform().expect("a store");
    let catalog = store.catalog().expect("a catalog");
    for line in text.lines().filter(|l| !l.is_empty()) {
        match tsql::translate(line, &catalog, &[]) {
            Ok(script) => {
                println!("OK  {line}");
                for step in script.steps {
                    println!("      {}", step.act.sql());
                }
            }
            Err(error) => println!("ERR {line}\n      {error}   hint: {:?}", error.hint),
        }
    }
}
