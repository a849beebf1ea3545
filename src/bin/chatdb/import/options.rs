//! What the command line says about how to read exports.

use chatdb::command_line::CommandLine;
use chatdb::import::format::bcp_format_file::terminator;
use chatdb::import::format::escape::Escape;
use chatdb::import::reader::fixed_width::Widths;
use chatdb::import::{ImportOptions, Quote};
use chatdb::record::RecordLimits;

use crate::cli::{ImportArgs, ReadArgs};
use crate::failure::{Code, Failure};
use crate::time;

/// What the command line says about how to load.
pub fn options(args: &ImportArgs) -> Result<ImportOptions, Failure> {
    let times = time::TimeOptions::of(args.date_format.as_deref(), None)?;
    let exported_at = |text| times.at("--exported-at", text, None).map(|read| read.ms);
    Ok(ImportOptions {
        table: args.table.clone(),
        exported_at_ms: args.exported_at.as_deref().map(exported_at).transpose()?,
        date_format: args.date_format.as_deref().map(time::format).transpose()?,
        renames: args.renames.clone(),
        ..read_options(&args.text)?
    })
}

/// What the command line says about how to read.
pub fn read_options(args: &ReadArgs) -> Result<ImportOptions, Failure> {
    let defaults = RecordLimits::default();
    if args.result_set == Some(0) {
        return Err(Failure::new(Code::Usage, "`--result-set` counts from 1"));
    }
    Ok(ImportOptions {
        form: args.input_format.clone(),
        encoding: args.encoding.clone(),
        lossy: args.lossy,
        result_set: args.result_set,
        limits: RecordLimits {
            record: args.max_record.unwrap_or(defaults.record),
            field: args.max_field.unwrap_or(defaults.field),
            ..defaults
        },
        format_file: args.format_file.clone(),
        field_terminator: args.field_terminator.as_deref().map(terminator),
        row_terminator: args.row_terminator.as_deref().map(terminator),
        quote: args.quote.as_deref().map(quote).transpose()?,
        escape: args.escape.as_deref().map(escape).transpose()?,
        widths: args.widths.as_deref().map(widths).transpose()?,
        header: args.header.as_deref().map(yes_or_no).transpose()?,
        columns: args.columns.as_deref().map(names),
        skip: args.skip.unwrap_or(0),
        sheet: args.sheet.clone(),
        null_texts: args.null.clone(),
        empty_is_null: args.empty_is_null,
        ..ImportOptions::default()
    })
}

/// A command with the same options for loading.
pub fn typed(args: &ImportArgs, command: CommandLine) -> CommandLine {
    let command = command
        .option("--table", &args.table)
        .option("--exported-at", &args.exported_at)
        .option("--date-format", &args.date_format);
    let args = &args.text;
    let flags = [("--lossy", args.lossy), ("--empty-is-null", args.empty_is_null)];
    let flags = flags.into_iter().filter(|(_, is_set)| *is_set);
    let command = command
        .option("--input-format", &args.input_format)
        .option("--encoding", &args.encoding)
        .option("--result-set", args.result_set)
        .option("--format-file", args.format_file.as_ref().map(|file| file.display()))
        .option("--field-terminator", &args.field_terminator)
        .option("--row-terminator", &args.row_terminator)
        .option("--quote", &args.quote)
        .option("--escape", &args.escape)
        .option("--widths", &args.widths)
        .option("--header", &args.header)
        .option("--columns", &args.columns)
        .option("--skip", args.skip)
        .option("--sheet", &args.sheet)
        .option("--null", &args.null)
        .option("--max-record", args.max_record)
        .option("--max-field", args.max_field);
    flags.fold(command, |command, (name, _)| command.flag(name))
}

fn yes_or_no(text: &str) -> Result<bool, Failure> {
    match text {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err(Failure::new(Code::Usage, format!("invalid `--header {text}`"))
            .hint("use `--header yes` or `--header no`")),
    }
}

fn quote(text: &str) -> Result<Quote, Failure> {
    Quote::parse(text).ok_or_else(|| {
        let said = format!("invalid `--quote {text}`: expected one character or `none`");
        Failure::new(Code::Usage, said)
            .hint("write `--quote \"'\"` for single quotes, or `--quote none`")
    })
}

fn escape(name: &str) -> Result<Escape, Failure> {
    Escape::parse(name).ok_or_else(|| {
        let said = format!("invalid `--escape {name}`");
        Failure::new(Code::Usage, said).hint(
            "use `--escape none` if a backslash is an ordinary character, `--escape backslash` if it escapes quotes \
             and separators, or `--escape mysql` if `\\n` is a line break as well",
        )
    })
}

fn names(list: &str) -> Vec<String> {
    list.split(',').map(|name| name.trim().to_owned()).collect()
}

fn widths(text: &str) -> Result<Widths, Failure> {
    Widths::parse(text).ok_or_else(|| {
        let said = format!("invalid `--widths {text}`: expected a list of widths");
        Failure::new(Code::Usage, said).hint(
            "write `--widths 20,6,23`, or `--widths 20,6,*` where the last column is not padded",
        )
    })
}
