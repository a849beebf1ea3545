//! `chatdb new` begins a scenario of your own.

use chatdb::command_line::CommandLine;
use chatdb::files::{self, Existing, NewFile};
use chatdb::scenario;

use crate::cli::{Folders, New};
use crate::failure::{Code, Failure};
use crate::{output, watch};

pub fn run(args: &New) -> Result<Code, Failure> {
    let library = output::library(&Folders { scenarios: Vec::new(), replace_built_in: false })?;
    let (parent, name) = match args.name.trim_end_matches('/').rsplit_once('/') {
        Some(("", name)) => ("/", name),
        Some(path) => path,
        None => ("", args.name.as_str()),
    };
    if library.names().contains(&name) {
        let message = format!("`{name}` is a built-in scenario");
        return Err(Failure::new(Code::Usage, message)
            .hint("choose another name, or copy the output of `chatdb show`"));
    }
    let template = scenario::template(name)?;
    let new: Vec<NewFile> = template
        .into_iter()
        .map(|(name, text)| NewFile { name, bytes: text.into_bytes() })
        .collect();
    let folder = args.folder.join(parent).join(name);
    let mut list = String::new();
    for path in watch::while_writing(|| Ok(files::write_all(&folder, &new, Existing::Keep)?))? {
        list.push_str(&format!("{}\n", path.display()));
    }
    let path = if folder.is_absolute() || folder.starts_with(".") {
        folder.display().to_string()
    } else {
        format!("./{}", folder.display())
    };
    list.push_str(&format!("next: {}\n", CommandLine::new("replay").arg(path)));
    output::print(list.as_bytes())?;
    Ok(Code::Success)
}
