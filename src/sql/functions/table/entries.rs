//! The entries of the table, in the order of their names.

use super::ArgumentKind::{Any, Characters, Condition, Date, Number, Part, Searched, Text, Whole};
use super::ReturnKind::{Depends, Joined, Of, PartOfFirst, TextOfFirst};
use super::{
    CallKind, Entry, ReturnKind, aggregate, plain, refused, rust, syntax, window, written,
};
use crate::schema::types::Type;
use crate::sql::functions::{json, like, number, text, time};

const INT: ReturnKind = Of(Type::Int);
const FLOAT: ReturnKind = Of(Type::Float);
const BIGINT: ReturnKind = Of(Type::BigInt);
const DATETIME: ReturnKind = Of(Type::DateTime);
const VARCHAR: ReturnKind = Of(Type::VARCHAR);
const NVARCHAR: ReturnKind = Of(Type::NVARCHAR);
const ANOTHER: &str = "the result would differ on each run";
/// Why what a server tells of itself is not known.
pub const SERVER: &str =
    "the database that is queried does not know the server that its rows came from";

/// Every function, by name.
pub const TABLE: &[Entry] = &[
    written("abs", &[Number], Depends, "The number without its sign."),
    rust!("acos", [Number], FLOAT, number::acos, "The angle whose cosine it is, in radians."),
    refused("approx_count_distinct", "COUNT(DISTINCT column) counts exactly"),
    rust!("ascii", [Text], INT, text::ascii, "The code of the first character in code page 1252."),
    rust!("asin", [Number], FLOAT, number::asin, "The angle whose sine it is, in radians."),
    rust!("atan", [Number], FLOAT, number::atan, "The angle whose tangent it is, in radians."),
    rust!(
        "atn2",
        [Number, Number],
        FLOAT,
        number::atn2,
        "The angle of the point (x, y), given as y, x."
    ),
    aggregate("avg", &[Any], "The mean; an integer for integers."),
    syntax("cast", "The value as another type: CAST(value AS type)."),
    written("ceiling", &[Number], Depends, "The smallest integer not less than the number."),
    rust!(
        "char",
        [Whole],
        Of(Type::Text { length: Some(1), national: false, fixed: false }),
        text::char_of,
        "The character with this code in code page 1252."
    ),
    rust!(
        "charindex",
        [Searched, Searched, Whole],
        INT,
        text::charindex,
        "The position of a text in another, 0 if it is not found."
    )
    .optional(1),
    refused("checksum", ""),
    written("choose", &[Whole, Any], Depends, "The value at a position in a list.").repeating(),
    written("coalesce", &[Any, Any], Depends, "The first value that is not NULL.").repeating(),
    refused("compress", ""),
    rust!(
        "concat",
        [Text, Text],
        Joined,
        text::concat,
        "The texts concatenated; NULL is empty text."
    )
    .repeating(),
    rust!(
        "concat_ws",
        [Text, Text, Text],
        Joined,
        text::concat_ws,
        "The texts with a separator between them; NULL is left out."
    )
    .repeating(),
    syntax("convert", "The value as another type, in a style: CONVERT(type, value, style)."),
    rust!("cos", [Number], FLOAT, number::cos, "The cosine of an angle in radians."),
    rust!("cot", [Number], FLOAT, number::cot, "The cotangent of an angle in radians."),
    aggregate("count", &[Any], "How many rows, or values that are not NULL."),
    aggregate("count_big", &[Any], "COUNT as a bigint."),
    window("cume_dist", &[], FLOAT, "The share of rows up to this one."),
    written("current_timestamp", &[], DATETIME, "The time of the query."),
    refused("current_user", SERVER),
    written("datalength", &[Any], INT, "The bytes of a text."),
    refused("date", "CAST(value AS date) drops the time"),
    written(
        "date_bucket",
        &[Part, Whole, Date, Date],
        Depends,
        "Where the bucket of so many dateparts begins that the date is in.",
    )
    .optional(1),
    written("dateadd", &[Part, Whole, Date], Depends, "The date plus a number of dateparts."),
    written(
        "datediff",
        &[Part, Date, Date],
        INT,
        "The number of datepart boundaries between two dates.",
    ),
    written("datediff_big", &[Part, Date, Date], BIGINT, "DATEDIFF as a bigint."),
    rust!(
        "datefromparts",
        [Whole, Whole, Whole],
        Of(Type::Date),
        time::datefromparts,
        "The date of a year, a month and a day."
    ),
    written("datename", &[Part, Date], NVARCHAR, "The name of a part of a date, in English."),
    written("datepart", &[Part, Date], INT, "A part of a date as a number."),
    refused("datetime", "CAST(value AS datetime) reads a date and a time"),
    written(
        "datetime2fromparts",
        &[Whole, Whole, Whole, Whole, Whole, Whole, Whole, Whole],
        Depends,
        "The datetime2 of its parts, from the year to fractions of a second, and how many digits these have.",
    ),
    rust!(
        "datetimefromparts",
        [Whole, Whole, Whole, Whole, Whole, Whole, Whole],
        DATETIME,
        time::datetimefromparts,
        "The datetime of its parts, from the year to milliseconds."
    ),
    written(
        "datetimeoffsetfromparts",
        &[Whole, Whole, Whole, Whole, Whole, Whole, Whole, Whole, Whole, Whole],
        Depends,
        "The datetimeoffset of its parts, from the year to fractions, its offset, and how many digits these have.",
    ),
    written("datetrunc", &[Part, Date], Depends, "The date truncated to a datepart."),
    written("day", &[Date], INT, "The day of the month."),
    written(
        "db_name",
        &[],
        NVARCHAR,
        "The database that the text names with USE or before a table.",
    ),
    window("dense_rank", &[], BIGINT, "The rank without gaps."),
    rust!(
        "eomonth",
        [Date, Whole],
        Of(Type::Date),
        time::eomonth,
        "The last day of the month, or of the month a number of months later."
    )
    .optional(1),
    rust!("exp", [Number], FLOAT, number::exp, "e to this power."),
    window("first_value", &[Any], Depends, "The value of the first row of the window."),
    written("floor", &[Number], Depends, "The largest integer not greater than the number."),
    written(
        "format",
        &[Any, Text, Text],
        NVARCHAR,
        "A number, a date or a time by a pattern of .NET, in en-US.",
    )
    .optional(1),
    syntax(
        "generate_series",
        "A row for each whole number: FROM GENERATE_SERIES(start, stop, step), also after APPLY.",
    ),
    written("getdate", &[], DATETIME, "The time of the query."),
    written("getutcdate", &[], DATETIME, "The time of the query; no time zone is known."),
    written("greatest", &[Any], Depends, "The greatest of the values that are not NULL.")
        .repeating(),
    written(
        "grouping",
        &[Any],
        Of(Type::TinyInt),
        "1 where ROLLUP, CUBE or GROUPING SETS leaves out this grouping, else 0.",
    ),
    written(
        "grouping_id",
        &[Any],
        INT,
        "GROUPING of each argument as bits, the last one the lowest.",
    )
    .repeating(),
    written(
        "hashbytes",
        &[Text, Characters],
        Depends,
        "The hash of a text or a binary value, by SHA2_256 or SHA2_512.",
    ),
    refused("host_name", SERVER),
    refused("identity", "ROW_NUMBER() OVER (ORDER BY column) numbers the rows"),
    written(
        "iif",
        &[Condition, Any, Any],
        Depends,
        "One value if a condition is true, otherwise another.",
    ),
    refused("instr", "CHARINDEX(part, text) gives the position; the part comes first"),
    rust!("isdate", [Text], INT, time::isdate, "1 where the text is a datetime, else 0."),
    rust!(
        "isjson",
        [Characters],
        INT,
        json::isjson,
        "1 where the text is a JSON object or array, else 0."
    ),
    written(
        "isnull",
        &[Any, Any],
        Depends,
        "The second value where the first is NULL, in the type of the first.",
    ),
    rust!(
        "isnumeric",
        [Text],
        INT,
        number::isnumeric,
        "1 where the text is a number or an amount of money, else 0."
    ),
    rust!(
        "json_query",
        [Characters, Characters],
        NVARCHAR,
        json::json_query,
        "The object or the array at a path of a JSON text."
    )
    .optional(1),
    rust!(
        "json_value",
        [Characters, Characters],
        Of(Type::Text { length: Some(4000), national: true, fixed: false }),
        json::json_value,
        "The scalar at a path of a JSON text."
    ),
    window("lag", &[Any, Whole, Any], Depends, "The value of an earlier row.").optional(2),
    window("last_value", &[Any], Depends, "The value of the last row of the window."),
    window("lead", &[Any, Whole, Any], Depends, "The value of a later row.").optional(2),
    written("least", &[Any], Depends, "The least of the values that are not NULL.").repeating(),
    rust!("left", [Text, Whole], PartOfFirst(1), text::left, "The first characters."),
    rust!("len", [Text], INT, text::len, "The characters, without the blanks at the end."),
    refused("length", "LEN(text) counts without the blanks at the end, DATALENGTH(text) bytes"),
    rust!(
        "log",
        [Number, Number],
        FLOAT,
        number::log,
        "The natural logarithm, or the logarithm to a base."
    )
    .optional(1),
    rust!("log10", [Number], FLOAT, number::log10, "The logarithm of base 10."),
    rust!("lower", [Text], TextOfFirst, text::lower, "The text in lower case."),
    rust!(
        "ltrim",
        [Text, Characters],
        TextOfFirst,
        text::ltrim,
        "The text without blanks at its start, or without the characters that are named."
    )
    .optional(1),
    aggregate("max", &[Any], "The greatest value."),
    aggregate("min", &[Any], "The least value."),
    written("month", &[Date], INT, "The month as a number."),
    rust!(
        "nchar",
        [Whole],
        Of(Type::Text { length: Some(1), national: true, fixed: false }),
        text::nchar,
        "The character with this Unicode code."
    ),
    refused("newid", ANOTHER),
    refused("newsequentialid", ANOTHER),
    refused("now", "GETDATE() is the time of the query"),
    window(
        "ntile",
        &[Whole],
        BIGINT,
        "The number of the group when the rows are divided into n groups.",
    ),
    written("nullif", &[Any, Any], Depends, "NULL where two values are equal, else the first."),
    written(
        "object_id",
        &[Text, Text],
        INT,
        "The object id of a table or view of this database; NULL if there is none.",
    )
    .optional(1),
    syntax(
        "openjson",
        "A row for each member of a JSON text: FROM OPENJSON(text, path) WITH (name type path), also after APPLY.",
    ),
    rust!(
        "parsename",
        [Text, Whole],
        Of(Type::Text { length: Some(128), national: true, fixed: false }),
        text::parsename,
        "A part of a name with dots, counted from its end."
    ),
    rust!(
        "patindex",
        [Searched, Searched],
        INT,
        like::patindex,
        "The first position where a pattern matches."
    ),
    window("percent_rank", &[], FLOAT, "The rank as a share of the rows."),
    syntax(
        "percentile_cont",
        "A percentile between two values: PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY x) OVER (PARTITION BY y).",
    ),
    syntax(
        "percentile_disc",
        "A percentile that is one of the values: PERCENTILE_DISC(0.5) WITHIN GROUP (ORDER BY x) OVER ().",
    ),
    rust!("pi", [], FLOAT, number::pi, "The constant pi."),
    written(
        "power",
        &[Number, Number],
        Depends,
        "The first number to the power of the second, in the first one's type.",
    ),
    rust!(
        "quotename",
        [Text, Text],
        Of(Type::Text { length: Some(258), national: true, fixed: false }),
        text::quotename,
        "The text as a name in brackets, or in the quotes that follow."
    )
    .optional(1),
    refused("rand", ANOTHER),
    window("rank", &[], BIGINT, "The rank, with gaps after equal rows."),
    rust!(
        "replace",
        [Searched, Searched, Text],
        Joined,
        text::replace,
        "The text with each part that is found replaced."
    ),
    written("replicate", &[Text, Whole], Depends, "The text repeated n times."),
    rust!("reverse", [Text], TextOfFirst, text::reverse, "The text reversed."),
    rust!("right", [Text, Whole], PartOfFirst(1), text::right, "The last characters."),
    written(
        "round",
        &[Number, Whole, Whole],
        Depends,
        "The number rounded to a number of digits, or truncated if the third argument is not 0.",
    )
    .optional(1),
    window("row_number", &[], BIGINT, "The number of the row."),
    rust!(
        "rtrim",
        [Text, Characters],
        TextOfFirst,
        text::rtrim,
        "The text without blanks at its end, or without the characters that are named."
    )
    .optional(1),
    refused("scope_identity", "INSERT ... OUTPUT inserted.id shows the numbers that were given"),
    refused("serverproperty", SERVER),
    written("sign", &[Number], Depends, "-1, 0 or 1."),
    rust!("sin", [Number], FLOAT, number::sin, "The sine of an angle in radians."),
    written(
        "smalldatetimefromparts",
        &[Whole, Whole, Whole, Whole, Whole],
        Of(Type::SmallDateTime),
        "The smalldatetime of its parts, from the year to the minute.",
    ),
    refused("soundex", ""),
    rust!("space", [Whole], VARCHAR, text::space, "A number of spaces."),
    rust!("sqrt", [Number], FLOAT, number::sqrt, "The square root."),
    rust!("square", [Number], FLOAT, number::square, "The square of the number."),
    aggregate("stdev", &[Number], "The standard deviation of a sample; NULL of one value."),
    aggregate("stdevp", &[Number], "The standard deviation of all values."),
    rust!(
        "str",
        [Number, Whole, Whole],
        VARCHAR,
        number::str,
        "The number as text of a length, with digits after the point."
    )
    .optional(2),
    refused("strftime", "FORMAT or CONVERT with a style writes a date"),
    aggregate("string_agg", &[Any, Any], "The texts of the rows with a separator between them."),
    syntax(
        "string_split",
        "A row for each part of a text: FROM STRING_SPLIT(text, separator), also after APPLY.",
    ),
    rust!(
        "stuff",
        [Characters, Whole, Whole, Text],
        Joined,
        text::stuff,
        "The text with a part of it replaced."
    ),
    rust!(
        "substring",
        [Characters, Whole, Whole],
        PartOfFirst(2),
        text::substring,
        "A part of the text."
    ),
    aggregate("sum", &[Any], "The sum."),
    refused("suser_sname", SERVER),
    written(
        "switchoffset",
        &[Date, Any],
        Depends,
        "The same moment as a datetimeoffset with another offset, such as '+02:00'.",
    ),
    written("sysdatetime", &[], Of(Type::DateTime2(7)), "The time of the query."),
    refused(
        "sysdatetimeoffset",
        "no time zone is known; TODATETIMEOFFSET(SYSDATETIME(), '+02:00') is the time of the query with an offset",
    ),
    written(
        "sysutcdatetime",
        &[],
        Of(Type::DateTime2(7)),
        "The time of the query; no time zone is known.",
    ),
    rust!("tan", [Number], FLOAT, number::tan, "The tangent of an angle in radians."),
    written(
        "timefromparts",
        &[Whole, Whole, Whole, Whole, Whole],
        Depends,
        "The time of its parts, from the hour to fractions of a second, and how many digits these have.",
    ),
    written(
        "todatetimeoffset",
        &[Date, Any],
        Depends,
        "A date and time as a datetimeoffset with an offset, such as '+02:00'.",
    ),
    rust!(
        "translate",
        [Searched, Searched, Text],
        Joined,
        text::translate,
        "The text with each character of one list replaced by that of another."
    ),
    rust!(
        "trim",
        [Characters, Characters],
        TextOfFirst,
        text::trim,
        "The text without blanks around it, or without the characters that are named."
    )
    .optional(1),
    syntax(
        "try_cast",
        "The value as another type, NULL where that fails: TRY_CAST(value AS type).",
    ),
    syntax(
        "try_convert",
        "The value as another type, NULL where that fails: TRY_CONVERT(type, value, style).",
    ),
    rust!("unicode", [Text], INT, text::unicode, "The Unicode code of the first character."),
    rust!("upper", [Text], TextOfFirst, text::upper, "The text in upper case."),
    refused("user_name", SERVER),
    aggregate("var", &[Number], "The variance of a sample; NULL of one value."),
    aggregate("varp", &[Number], "The variance of all values."),
    written("year", &[Date], INT, "The year."),
];
