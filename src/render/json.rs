//! JSON: the record itself, for programs. [`SCHEMA`](crate::report::SCHEMA) names its version and comes first; an
//! incompatible change gets a new number.
//!
//! Characters that would affect a terminal are written as `\u001b` and the like, so that a report can be shown with
//! `cat`; a parser restores them.

use std::io::{self, Write};

use serde::Serialize as _;
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};

use super::RenderOptions;
use super::sanitize::is_hidden;
use crate::report::Report;

/// Writes the report, indented by two spaces, with a trailing newline.
pub fn render(report: &Report, _: RenderOptions, out: &mut dyn Write) -> io::Result<()> {
    let mut out = io::BufWriter::new(out);
    let mut serializer = Serializer::with_formatter(&mut out, Visible(PrettyFormatter::new()));
    report.serialize(&mut serializer)?;
    out.write_all(b"\n")?;
    out.flush()
}

/// A formatter that escapes hidden characters.
pub(super) struct Visible<F>(pub(super) F);

/// Forwards calls to the inner formatter.
macro_rules! pass_on {
    ($($name:ident($($argument:ident: $type:ty),*);)*) => {$(
        fn $name<W: ?Sized + Write>(&mut self, out: &mut W $(, $argument: $type)*) -> io::Result<()> {
            self.0.$name(out $(, $argument)*)
        }
    )*};
}

impl<F: Formatter> Formatter for Visible<F> {
    pass_on! {
        begin_array();
        end_array();
        begin_array_value(first: bool);
        end_array_value();
        begin_object();
        end_object();
        begin_object_key(first: bool);
        begin_object_value();
        end_object_value();
    }

    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        out: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(is_hidden) {
            let (before, from) = rest.split_at(at);
            out.write_all(before.as_bytes())?;
            let mut characters = from.chars();
            let hidden = characters.next().into_iter();
            for unit in hidden.flat_map(|c| c.encode_utf16(&mut [0; 2]).to_vec()) {
                write!(out, "\\u{unit:04x}")?;
            }
            rest = characters.as_str();
        }
        out.write_all(rest.as_bytes())
    }
}
