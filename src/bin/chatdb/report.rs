//! `chatdb report` renders a saved run again.

use chatdb::render::Pictures;
use chatdb::render::RenderOptions;
use chatdb::replay;

use crate::cli::ReportArgs;
use crate::failure::{Code, Failure};
use crate::output::{self, Beside};
use crate::watch;

/// The name of the files: one scenario's own, or this.
const TOGETHER: &str = "report";

pub fn run(args: &ReportArgs) -> Result<Code, Failure> {
    let formats = args
        .format
        .iter()
        .map(|name| output::format(name))
        .collect::<Result<Vec<_>, _>>()?;
    output::check_csv(&args.csv, formats.iter().copied())?;
    let library = output::library(&args.chosen.folders)?;
    let names = output::chosen(&library, &args.chosen)?;
    let mut options = output::options(&args.chosen, None)?;
    options.illustrated = formats
        .iter()
        .any(|format| format.pictures != Pictures::Never);
    let (report, _) = replay::replay(&library, &names, &options)?;
    let stem = match report.runs.as_slice() {
        [run] => run.scenario.as_str(),
        _ => TOGETHER,
    };
    let options = RenderOptions {
        width: 100,
        csv: output::csv_options(&args.csv, false),
        ..RenderOptions::default()
    };
    let mut list = String::new();
    let write = || {
        output::write_files(
            &report,
            &formats,
            options,
            (&args.out, stem),
            Beside::default(),
            args.force,
        )
    };
    for path in watch::while_writing(write)? {
        list.push_str(&format!("{}\n", path.display()));
    }
    output::print(list.as_bytes())?;
    Ok(output::verdict(&report))
}
