//! `chatdb sql` prints SQL for other tools.

use chatdb::script;

use crate::cli::Sql;
use crate::failure::{Code, Failure, of_parameters};
use crate::time::TimeOptions;
use crate::{output, query};

pub fn run(args: &Sql) -> Result<Code, Failure> {
    let dialect = query::dialect(&args.dialect)?;
    let documented = query::carried(&args.name)?;
    let mut values = Vec::new();
    for (name, text) in output::pairs("--set", &args.values)? {
        let Some(parameter) = documented.parameter(&name) else {
            let known: Vec<String> =
                (documented.parameters.iter()).map(|parameter| parameter.name.clone()).collect();
            let failure = query::no_parameter(&documented, &name);
            return Err(failure.or_hint(|| of_parameters(&known)));
        };
        let value = query::value_of(parameter, &text, &TimeOptions::default())?;
        values.push((name, value));
    }
    let text = script::export(&documented, dialect, &values)?;
    output::text(&args.file, &text)?;
    Ok(Code::Success)
}
