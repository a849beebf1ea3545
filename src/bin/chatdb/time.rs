//! Dates, times and distances from UTC as options take them.

use chatdb::table::moment::{self, MomentError, TypedMoment, UtcOffset};

use crate::codes;
use crate::failure::{Code, Failure};

/// How the dates of options are read.
#[derive(Default)]
pub struct TimeOptions {
    /// As strftime has it.
    format: Option<String>,
    /// How far the servers' clock is ahead of UTC.
    pub offset: Option<UtcOffset>,
}

impl TimeOptions {
    /// By what `--date-format` and `--utc-offset` say.
    pub fn of(date_format: Option<&str>, utc_offset: Option<&str>) -> Result<Self, Failure> {
        Ok(Self {
            format: date_format.map(format).transpose()?,
            offset: utc_offset.map(offset).transpose()?,
        })
    }

    /// A time on the servers' clock, in milliseconds. A time of day alone is of the day of `day_ms`; a day alone is its
    /// first moment.
    pub fn at(
        &self,
        option: &str,
        text: &str,
        day_ms: Option<i64>,
    ) -> Result<TypedMoment, Failure> {
        let wrong = |error: MomentError| {
            let failure = Failure::new(&codes::INVALID_VALUE, format!("`{option}`: {error}"));
            failure.hint(match error {
                MomentError::TwoReadings { day_first, .. } => format!(
                    "write it as `{day_first}`, or use `--date-format dd/MM/yyyy` or `--date-format MM/dd/yyyy`"
                ),
                _ => "write it as `2026-11-24 09:00`, or use `--date-format dd/MM/yyyy`".to_owned(),
            }).typed()
        };
        let read = moment::parse(text, self.format.as_deref(), day_ms).map_err(wrong)?;
        let Some(minutes) = read.offset_minutes else {
            return Ok(read);
        };
        let Some(offset) = self.offset else {
            let message = format!(
                "`{option}`: `{text}` has a UTC offset, but the servers' time zone is unknown"
            );
            return Err(Failure::new(&codes::INVALID_VALUE, message)
                .hint("use `--utc-offset +02:00`, or write the time in the servers' local time")
                .typed());
        };
        let utc = read.ms - minutes * 60_000;
        Ok(TypedMoment { ms: utc + offset.at_utc(utc) * 60_000, ..read })
    }
}

/// A format of dates as strftime has it.
pub fn format(text: &str) -> Result<String, Failure> {
    moment::strftime(text).ok_or_else(|| {
        Failure::new(Code::Usage, format!("invalid `--date-format {text}`"))
            .hint("write `--date-format \"dd/MM/yyyy HH:mm\"`, a style such as `103`, or `\"%d/%m/%Y %H:%M\"`")
    })
}

fn offset(text: &str) -> Result<UtcOffset, Failure> {
    UtcOffset::parse(text).ok_or_else(|| {
        Failure::new(Code::Usage, format!("invalid `--utc-offset {text}`"))
            .hint("write `--utc-offset +02:00`, `-5`, or a time zone such as `Europe/Berlin`")
    })
}
