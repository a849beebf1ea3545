//! `chatdb record` writes the result of each check that has no expected table yet.

use chatdb::acceptance::{self, ReviewState};
use chatdb::command_line::CommandLine;

use crate::cli::RecordArgs;
use crate::failure::{Code, Failure};
use crate::{output, watch};

pub fn run(args: &RecordArgs) -> Result<Code, Failure> {
    output::reports_checks(&args.form, args.check)?;
    let library = output::library(&args.folders)?;
    let mut text = String::new();
    let (mut recorded, mut waiting, mut differing, mut kept, mut wrong) = (0, 0, 0, 0, false);
    let mut runs = Vec::new();
    for name in output::of_folders(&library, &args.names)? {
        let reviewed = acceptance::review(&library, &name, &watch::guarded(Vec::new()))?;
        for item in &reviewed.items {
            let path = item.path.display();
            match item.state {
                ReviewState::Unrecorded if args.check => {
                    text.push_str(&format!("missing   {}  {path}\n", item.id));
                    waiting += 1;
                }
                ReviewState::Unrecorded => {
                    item.record()?;
                    text.push_str(&format!("recorded  {}  {path}\n", item.id));
                    recorded += 1;
                }
                ReviewState::Pending => {
                    text.push_str(&format!("pending   {}  {path}\n", item.id));
                    waiting += 1;
                }
                ReviewState::Differs => {
                    differing += 1;
                    text.push_str(&format!("differs   {}  {path}\n", item.id));
                }
                ReviewState::Kept => {
                    kept += 1;
                    let at = &item.run.expected_at;
                    text.push_str(&format!(
                        "differs   {}  edit {}:{}\n",
                        item.id, at.file, at.line
                    ));
                }
            }
        }
        let problems = reviewed.problems();
        wrong |= !problems.is_empty();
        text.push_str(&problems);
        runs.push(reviewed.run);
    }
    if recorded + waiting + differing > 0 {
        text.push_str(&format!("next: {}\n", CommandLine::new("review").args(&args.names)));
    } else if !wrong && kept == 0 {
        text.push_str("every check has its expected table\n");
    }
    if output::is_asked_for(&args.form) {
        output::show_runs(runs, &args.form)?;
    } else {
        output::print(text.as_bytes())?;
    }
    Ok(match wrong || (args.check && waiting + differing + kept > 0) {
        true => Code::Differs,
        false => Code::Success,
    })
}
