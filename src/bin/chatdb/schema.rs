//! `chatdb schema` prints the JSON Schema of the format json.

use chatdb::report;

use crate::cli::SchemaArgs;
use crate::failure::{Code, Failure};
use crate::output;

pub fn run(args: &SchemaArgs) -> Result<Code, Failure> {
    let schema =
        serde_json::to_string_pretty(&report::json_schema()).map_err(std::io::Error::from)?;
    output::text(&args.file, &format!("{schema}\n"))?;
    Ok(Code::Success)
}
