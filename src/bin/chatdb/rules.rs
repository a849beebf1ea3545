//! `chatdb rules` lists the rules of the platform model.

use chatdb::assets;
use chatdb::diagnostic::counted;
use chatdb::query::Query;
use chatdb::render::Detail;
use chatdb::report::{Listing, Report};
use chatdb::scenario::{ScenarioError, lab_rules};
use chatdb::store::Store;
use chatdb::table::Cell;

use crate::cli::RulesArgs;
use crate::failure::{Code, Failure};
use crate::output;

pub fn run(args: &RulesArgs) -> Result<Code, Failure> {
    output::prepare(&args.form)?;
    let (file, text) = assets::report("rules").expect("reports/rules.sql is compiled in");
    let query = Query::read("rules", &file, text).map_err(ScenarioError::from)?;
    let store = Store::with_platform()?;
    let mut rules = Vec::new();
    if let Some(scenario) = &args.scenario {
        rules = lab_rules(&output::library(&args.folders)?.chain(scenario)?);
    }
    for rule in &rules {
        store.run_own("lab rule", &rule.to_sql(), &[])?;
    }
    let mut table = store.ask(&query.sql, &query.kinds, &[])?;
    if let Some(text) = &args.text {
        let at = table.position("rule");
        let holds =
            |row: &Vec<Cell>| at.is_none_or(|at| row[at].to_string().contains(text.as_str()));
        table.rows.retain(holds);
        if table.rows.is_empty() {
            return Err(Failure::new(Code::Usage, format!("no rule name contains `{text}`"))
                .hint("`chatdb rules` lists them all"));
        }
    }
    let title = match &args.text {
        None => query.title.clone(),
        Some(text) => format!("Rules of the platform model whose name contains `{text}`"),
    };
    let mut remarks = vec![
        "documented: the document says so, on these lines, and where a server is named, for exactly this one; \
         extrapolated: our interpretation, explained in the last column"
            .to_owned(),
    ];
    if !rules.is_empty() {
        let count = counted(rules.len() as u64, "rule");
        remarks.push(format!("lab rule: set by the lab; {count} from the lab"));
    }
    let listing = Listing { title, table, remarks };
    output::show(&Report::of_listings(vec![listing]), &args.form, Detail::Brief)?;
    Ok(Code::Success)
}
