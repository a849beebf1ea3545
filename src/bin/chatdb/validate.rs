//! `chatdb validate` finds every mistake in the files of scenarios without replaying them.

use chatdb::render::Detail;
use chatdb::report::Report;
use chatdb::validate;

use crate::cli::{Folders, Validate};
use crate::failure::{Code, Failure};
use crate::{output, watch};

pub fn run(args: &Validate) -> Result<Code, Failure> {
    output::prepare(&args.form)?;
    let paths: Vec<String> = args.paths.iter().map(|path| path.display().to_string()).collect();
    let library = output::library(&Folders {
        scenarios: Vec::new(),
        replace_built_in: args.replace_built_in,
    })?;
    let report = Report {
        validated: validate::validate(&library, &paths, &watch::guarded(Vec::new()))?,
        ..Report::new()
    };
    output::show(&report, &args.form, Detail::Full)?;
    Ok(if report.holds() { Code::Success } else { Code::Usage })
}
