//! `chatdb record` writes the result of each check that has no expected table yet.

use chatdb::acceptance::{self, ReviewState};

use crate::cli::RecordArgs;
use crate::failure::{Code, Failure};
use crate::output;
use crate::watch;

pub fn run(args: &RecordArgs) -> Result<Code, Failure> {
    let library = output::library(&args.folders)?;
    let mut text = String::new();
    let (mut recorded, mut waiting, mut wrong) = (0, 0, false);
    for name in output::expanded(&library, &args.names)? {
        let reviewed = acceptance::review(&library, &name, &watch::guarded(Vec::new()))?;
        wrong |= reviewed.run.steps.iter().any(|step| !step.holds());
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
                ReviewState::Differs | ReviewState::Kept => {
                    text.push_str(&format!("differs   {}  {path}\n", item.id));
                }
            }
        }
        if wrong {
            text.push_str(&format!(
                "`{}` failed: `{}` shows where\n",
                reviewed.run.scenario, reviewed.run.reproduce
            ));
        }
    }
    if recorded + waiting > 0 {
        text.push_str(&format!("next: chatdb review {}\n", args.names.join(" ")));
    } else if !wrong {
        text.push_str("every check has its expected table\n");
    }
    output::print(text.as_bytes())?;
    Ok(match wrong || (args.check && waiting > 0) {
        true => Code::Differs,
        false => Code::Success,
    })
}
