//! What a cell, a column and a batch are.
//!
//! Responsible for: the light columns that travel through the two passes. Cells stay bytes until an operator needs more.
//! Cells are secret: no type that holds one has `Debug` or `Display`, and nothing here puts one in an error.

mod batch;
mod column;
mod date;
mod decimal;

pub use batch::{Batch, Field, Schema};
pub use column::{Column, Span, Text, TextBuilder};
pub use date::Date;
pub use decimal::{Decimal, MOST_SCALE};

/// The types that a column can have. CSV knows [`DataType::Text`] only; typed files keep theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DataType {
    /// UTF-8 text.
    Text,
    /// 64-bit signed integer.
    Integer,
    /// Exact decimal: 128-bit mantissa and a scale.
    Decimal,
    /// IEEE 754 double.
    Float,
    /// True or false.
    Boolean,
    /// Civil date.
    Date,
    /// Microseconds since 1970-01-01T00:00:00, without a zone.
    Timestamp,
}

impl DataType {
    /// The name in plans, logs and messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "integer",
            Self::Decimal => "decimal",
            Self::Float => "float",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::Timestamp => "timestamp",
        }
    }
}
