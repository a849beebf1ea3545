//! The types of SQL Server that are distinguished here, by name and by precedence.
//!
//! Knows nothing of values: what a value of a type looks like is in [`crate::sql::functions`].

use std::fmt;

/// The longest that a `varchar` can be said to be; anything longer is `max`.
const LONGEST: u32 = 8000;

/// A type of SQL Server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// Not known: a view's expression, a named value without a declaration.
    Unknown,
    /// Of the literal `NULL`, which takes any other type.
    Null,
    /// SQL Server's type `bit`.
    Bit,
    /// SQL Server's type `tinyint`.
    TinyInt,
    /// SQL Server's type `smallint`.
    SmallInt,
    /// SQL Server's type `int`.
    Int,
    /// SQL Server's type `bigint`.
    BigInt,
    /// `decimal` and `numeric`.
    Decimal {
        /// All digits, up to 38.
        precision: u8,
        /// Those after the point.
        scale: u8,
    },
    /// `money`, and `smallmoney`, which is smaller.
    Money {
        /// Whether it is the smaller of the two.
        small: bool,
    },
    /// SQL Server's type `float`.
    Float,
    /// SQL Server's type `real`: a `float` of four bytes.
    Real,
    /// `char`, `varchar`, `nchar` and `nvarchar`.
    Text {
        /// The characters that fit; `None` for `max` and when it is not known.
        length: Option<u32>,
        /// Whether it is Unicode: `nchar` and `nvarchar`.
        national: bool,
        /// Whether it is padded: `char` and `nchar`.
        fixed: bool,
    },
    /// SQL Server's type `date`.
    Date,
    /// SQL Server's type `time` with its digits of seconds.
    Time(u8),
    /// SQL Server's type `smalldatetime`.
    SmallDateTime,
    /// SQL Server's type `datetime`.
    DateTime,
    /// `datetime2` with its digits of seconds.
    DateTime2(u8),
    /// `datetimeoffset` with its digits of seconds.
    DateTimeOffset(u8),
    /// SQL Server's type `uniqueidentifier`.
    UniqueIdentifier,
    /// `binary` and `varbinary`.
    Binary {
        /// The bytes that fit; `None` for `max` and when it is not known.
        length: Option<u32>,
        /// Whether it is filled up: `binary`.
        fixed: bool,
    },
}

impl Type {
    /// The type `varchar(max)`.
    pub const VARCHAR: Self = Self::Text { length: None, national: false, fixed: false };
    /// The type `nvarchar(max)`.
    pub const NVARCHAR: Self = Self::Text { length: None, national: true, fixed: false };

    /// The type `varbinary(max)`.
    pub const VARBINARY: Self = Self::Binary { length: None, fixed: false };

    /// The type `varchar(length)`.
    #[must_use]
    pub fn varchar(length: u32) -> Self {
        Self::Text { length: Some(length), national: false, fixed: false }
    }

    /// Reads a type as SQL Server and the schema write it: `NUMERIC(18,0)`, `nvarchar(max)`, `datetime`. A name
    /// that is not known is [`Type::Unknown`]; SQLite's own names are read by what they hold.
    #[must_use]
    pub fn declared(text: &str) -> Self {
        let text = text.trim().to_ascii_lowercase();
        let (name, arguments) = match text.split_once('(') {
            Some((name, rest)) => (name.trim(), rest.trim_end_matches(')').trim()),
            None => (text.as_str(), ""),
        };
        let mut numbers = arguments.split(',').map(|n| n.trim().parse::<u32>().ok());
        let (first, second) = (numbers.next().flatten(), numbers.next().flatten());
        let small = |n: Option<u32>, otherwise: u8| {
            n.and_then(|n| u8::try_from(n).ok()).unwrap_or(otherwise)
        };
        let characters = |national, fixed| Self::Text {
            length: match first {
                None if arguments == "max" => None,
                None => Some(1),
                length => length.filter(|n| *n <= LONGEST),
            },
            national,
            fixed,
        };
        match name {
            "bit" => Self::Bit,
            "tinyint" => Self::TinyInt,
            "smallint" => Self::SmallInt,
            "int" => Self::Int,
            "bigint" | "integer" => Self::BigInt,
            "numeric" | "decimal" | "dec" => Self::Decimal {
                precision: small(first, 18).clamp(1, 38),
                scale: small(second, 0).min(small(first, 18)),
            },
            "money" => Self::Money { small: false },
            "smallmoney" => Self::Money { small: true },
            "float" if matches!(first, Some(1..=24)) => Self::Real,
            "float" | "double" => Self::Float,
            "real" => Self::Real,
            "char" | "character" => characters(false, true),
            "nchar" => characters(true, true),
            "varchar" => characters(false, false),
            "nvarchar" => characters(true, false),
            "sysname" => Self::Text { length: Some(128), national: true, fixed: false },
            "text" | "ntext" => Self::NVARCHAR,
            "uniqueidentifier" => Self::UniqueIdentifier,
            "date" => Self::Date,
            "time" => Self::Time(small(first, 7).min(7)),
            "smalldatetime" => Self::SmallDateTime,
            "datetime" => Self::DateTime,
            "datetime2" => Self::DateTime2(small(first, 7).min(7)),
            "datetimeoffset" => Self::DateTimeOffset(small(first, 7).min(7)),
            "image" | "rowversion" | "timestamp" => Self::VARBINARY,
            "binary" | "varbinary" => Self::Binary {
                length: match first {
                    None if arguments == "max" => None,
                    None => Some(1),
                    length => length.filter(|n| *n <= LONGEST),
                },
                fixed: name == "binary",
            },
            _ => Self::Unknown,
        }
    }

    /// Whether it is a whole number, `bit` included.
    #[must_use]
    pub fn is_integer(self) -> bool {
        matches!(self, Self::Bit | Self::TinyInt | Self::SmallInt | Self::Int | Self::BigInt)
    }

    /// Whether it is a number.
    #[must_use]
    pub fn is_number(self) -> bool {
        self.is_integer()
            || matches!(self, Self::Decimal { .. } | Self::Money { .. } | Self::Float | Self::Real)
    }

    /// Whether it is text.
    #[must_use]
    pub fn is_text(self) -> bool {
        matches!(self, Self::Text { .. })
    }

    /// How many characters a text of this type has at most, where it is no `max`: 8000 bytes hold no more.
    #[must_use]
    pub fn room(self) -> Option<u32> {
        match self {
            Self::Text { length: None, .. } | Self::Unknown => None,
            Self::Text { national: true, .. } => Some(LONGEST / 2),
            _ => Some(LONGEST),
        }
    }

    /// Whether it is a date, a time or both.
    #[must_use]
    pub fn is_temporal(self) -> bool {
        self.has_date() || matches!(self, Self::Time(_))
    }

    /// Whether it holds a date.
    #[must_use]
    pub fn has_date(self) -> bool {
        matches!(
            self,
            Self::Date
                | Self::SmallDateTime
                | Self::DateTime
                | Self::DateTime2(_)
                | Self::DateTimeOffset(_)
        )
    }

    /// Whether it is `float` or `real`.
    #[must_use]
    pub fn is_approximate(self) -> bool {
        matches!(self, Self::Float | Self::Real)
    }

    /// Whether its values are compared by a collation; or may be, where it is not known.
    #[must_use]
    pub fn is_collated(self) -> bool {
        matches!(
            self,
            Self::Text { .. } | Self::Unknown | Self::UniqueIdentifier | Self::DateTimeOffset(_)
        )
    }

    /// Whether it holds a date and a time.
    #[must_use]
    pub fn is_moment(self) -> bool {
        self.has_date() && self != Self::Date
    }

    /// Whether it is Unicode text.
    #[must_use]
    pub fn is_national(self) -> bool {
        matches!(self, Self::Text { national: true, .. })
    }

    /// Its place in SQL Server's order of precedence: the operand of the lower place is converted.
    #[must_use]
    pub fn precedence(self) -> u8 {
        match self {
            Self::DateTimeOffset(_) => 20,
            Self::DateTime2(_) => 19,
            Self::DateTime => 18,
            Self::SmallDateTime => 17,
            Self::Date => 16,
            Self::Time(_) => 15,
            Self::Float => 14,
            Self::Real => 13,
            Self::Decimal { .. } => 12,
            Self::Money { small: false } => 11,
            Self::Money { small: true } => 10,
            Self::BigInt => 9,
            Self::Int => 8,
            Self::SmallInt => 7,
            Self::TinyInt => 6,
            Self::Bit => 5,
            Self::UniqueIdentifier => 4,
            Self::Text { national: true, .. } => 3,
            Self::Text { .. } => 2,
            Self::Binary { .. } => 1,
            Self::Unknown | Self::Null => 0,
        }
    }

    /// The least and the greatest whole number that it holds.
    #[must_use]
    pub fn range(self) -> Option<(i128, i128)> {
        let digits = |n: u8| (-(10_i128.pow(u32::from(n)) - 1), 10_i128.pow(u32::from(n)) - 1);
        match self {
            Self::Bit => Some((0, 1)),
            Self::TinyInt => Some((0, 255)),
            Self::SmallInt => Some((i128::from(i16::MIN), i128::from(i16::MAX))),
            Self::Int => Some((i128::from(i32::MIN), i128::from(i32::MAX))),
            Self::BigInt => Some((i128::from(i64::MIN), i128::from(i64::MAX))),
            Self::Decimal { precision, scale: 0 } => Some(digits(precision)),
            _ => None,
        }
    }

    /// The number as a decimal: its digits and those after the point.
    #[must_use]
    pub fn as_decimal(self) -> Option<(u8, u8)> {
        match self {
            Self::Bit => Some((1, 0)),
            Self::TinyInt => Some((3, 0)),
            Self::SmallInt => Some((5, 0)),
            Self::Int => Some((10, 0)),
            Self::BigInt => Some((19, 0)),
            Self::Decimal { precision, scale } => Some((precision, scale)),
            Self::Money { small: false } => Some((19, 4)),
            Self::Money { small: true } => Some((10, 4)),
            _ => None,
        }
    }

    /// The type of the values of two types taken together: in a `CASE`, a `UNION`, a comparison. `None` when SQL
    /// Server has none.
    #[must_use]
    pub fn common(self, other: Self) -> Option<Self> {
        match (self, other) {
            (Self::Null, other) | (other, Self::Null) => Some(other),
            (Self::Unknown, _) | (_, Self::Unknown) => Some(Self::Unknown),
            (
                Self::Text { length: a, national: m, fixed: f },
                Self::Text { length: b, national: n, fixed: g },
            ) => {
                let length = a.zip(b).map(|(a, b)| a.max(b));
                // Of `nchar` and `varchar` an `nchar` is made, and of `char` and `varchar` a `varchar`.
                let fixed = match (m, n) {
                    (true, false) => f,
                    (false, true) => g,
                    _ => f && g,
                };
                Some(Self::Text { length, national: m || n, fixed: fixed && length.is_some() })
            }
            (Self::DateTime2(a), Self::DateTime2(b)) => Some(Self::DateTime2(a.max(b))),
            (Self::DateTime2(a), Self::DateTime) | (Self::DateTime, Self::DateTime2(a)) => {
                Some(Self::DateTime2(a.max(3)))
            }
            (Self::DateTimeOffset(n), other) | (other, Self::DateTimeOffset(n)) => match other {
                Self::DateTimeOffset(m) | Self::DateTime2(m) | Self::Time(m) => {
                    Some(Self::DateTimeOffset(n.max(m)))
                }
                Self::DateTime => Some(Self::DateTimeOffset(n.max(3))),
                other if other.is_text() || other.has_date() => Some(Self::DateTimeOffset(n)),
                _ => None,
            },
            (Self::Time(a), Self::Time(b)) => Some(Self::Time(a.max(b))),
            (Self::Binary { length: a, fixed: f }, Self::Binary { length: b, fixed: g }) => {
                Some(Self::Binary { length: a.zip(b).map(|(a, b)| a.max(b)), fixed: f && g })
            }
            (Self::Binary { .. }, _) | (_, Self::Binary { .. }) => None,
            (Self::UniqueIdentifier, other) | (other, Self::UniqueIdentifier) => (other.is_text()
                || other == Self::UniqueIdentifier)
                .then_some(Self::UniqueIdentifier),
            (Self::Time(_), other) | (other, Self::Time(_))
                if other.is_number() || other == Self::Date =>
            {
                None
            }
            (Self::Date | Self::DateTime2(_), other) | (other, Self::Date | Self::DateTime2(_))
                if other.is_number() =>
            {
                None
            }
            (a, b) if matches!(a, Self::Decimal { .. }) || matches!(b, Self::Decimal { .. }) => {
                match (a.as_decimal(), b.as_decimal()) {
                    (Some((p, s)), Some((q, t))) => {
                        let scale = s.max(t);
                        let whole = (p - s).max(q - t);
                        let precision = (whole + scale).min(38);
                        Some(Self::Decimal { precision, scale: scale.min(precision) })
                    }
                    _ if a.precedence() >= b.precedence() => Some(a),
                    _ => Some(b),
                }
            }
            (a, b) if a.precedence() >= b.precedence() => Some(a),
            (_, b) => Some(b),
        }
    }
}

/// As SQL Server writes it, in lower case.
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("unknown"),
            Self::Null => f.write_str("null"),
            Self::Bit => f.write_str("bit"),
            Self::TinyInt => f.write_str("tinyint"),
            Self::SmallInt => f.write_str("smallint"),
            Self::Int => f.write_str("int"),
            Self::BigInt => f.write_str("bigint"),
            Self::Decimal { precision, scale } => write!(f, "decimal({precision},{scale})"),
            Self::Money { small } => f.write_str(if *small { "smallmoney" } else { "money" }),
            Self::Float => f.write_str("float"),
            Self::Real => f.write_str("real"),
            Self::Text { length, national, fixed } => {
                let n = if *national { "n" } else { "" };
                let var = if *fixed { "" } else { "var" };
                match length {
                    Some(length) => write!(f, "{n}{var}char({length})"),
                    None => write!(f, "{n}{var}char(max)"),
                }
            }
            Self::Date => f.write_str("date"),
            Self::Time(7) => f.write_str("time"),
            Self::Time(digits) => write!(f, "time({digits})"),
            Self::SmallDateTime => f.write_str("smalldatetime"),
            Self::DateTime => f.write_str("datetime"),
            Self::DateTime2(digits) => write!(f, "datetime2({digits})"),
            Self::DateTimeOffset(digits) => write!(f, "datetimeoffset({digits})"),
            Self::UniqueIdentifier => f.write_str("uniqueidentifier"),
            Self::Binary { length, fixed } => {
                let var = if *fixed { "" } else { "var" };
                match length {
                    Some(length) => write!(f, "{var}binary({length})"),
                    None => write!(f, "{var}binary(max)"),
                }
            }
        }
    }
}
