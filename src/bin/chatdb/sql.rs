//! `chatdb sql`

use chatdb::assets;
use chatdb::problem::did_you_mean;
use chatdb::query::Query;
use chatdb::scenario::ScenarioError;
use chatdb::script;

use crate::cli::Sql;
use crate::failure::{Code, Failure};
use crate::output;
use crate::query;

pub fn run(args: &Sql) -> Result<Code, Failure> {
    let dialect = query::dialect(&args.dialect)?;
    let Some((file, text)) = assets::question(&args.name) else {
        let message = format!("there is no query `{}`", args.name);
        let failure = Failure::new(Code::Usage, message);
        return Err(match did_you_mean(&args.name, assets::questions()) {
            Some(meant) => failure.hint(format!("did you mean `{meant}`?")),
            None => failure.hint(format!("there are {}", assets::questions().join(", "))),
        });
    };
    let documented = Query::read(&args.name, &file, text).map_err(ScenarioError::from)?;
    let mut values = Vec::new();
    for (name, text) in output::pairs("--set", &args.values)? {
        if documented.parameter(&name).is_none() {
            let message = format!("`{}` has no parameter `{name}`", args.name);
            return Err(Failure::new(Code::Usage, message));
        }
        let value = query::value(&text);
        values.push((name, value));
    }
    let text = script::handout(&documented, dialect, &values)?;
    output::print(text.as_bytes())?;
    Ok(Code::Success)
}
