//! `chatdb report` renders a saved run again.

use chatdb::render::{Pictures, RenderOptions};
use chatdb::replay;

use crate::cli::ReportArgs;
use crate::failure::{Code, Failure};
use crate::output::{self, SideOutput};
use crate::{open, watch};

pub fn run(args: &ReportArgs) -> Result<Code, Failure> {
    let mut names: Vec<&str> = args.format.iter().map(String::as_str).collect();
    if args.open && !names.contains(&output::PAGE) {
        names.push(output::PAGE);
    }
    let formats = names.iter().map(|name| output::format(name));
    let formats: Vec<_> = formats.collect();
    output::check_csv(&args.csv, formats.iter().copied())?;
    let (folder, force) = open::folder(args.out.as_ref(), args.force);
    let library = output::library(&args.chosen.folders)?;
    let names = output::chosen(&library, &args.chosen)?;
    let mut options = output::options(&args.chosen, None)?;
    options.illustrated = formats.iter().any(|format| format.can.pictures != Pictures::Never);
    let (report, _) = replay::replay(&library, &names, &options)?;
    let stem = output::stem(&report);
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
            (&folder, stem),
            SideOutput::default(),
            force,
        )
    };
    let written = watch::while_writing(write)?;
    for path in &written {
        list.push_str(&format!("{}\n", path.display()));
    }
    output::print(list.as_bytes())?;
    if args.open {
        open::show(&written);
    }
    Ok(output::verdict(&report))
}
