//! A batch: some consecutive rows of a shard, column by column, and the schema that names them.

use super::{Column, DataType};

/// A column's name and type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The name as the file gives it.
    pub name: String,
    /// The type.
    pub data_type: DataType,
}

/// The columns of a table, in file order; names are unique.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Schema {
    fields: Vec<Field>,
    /// Digits after the point of decimal columns whose file fixes them; may be shorter than `fields`.
    scales: Vec<Option<u8>>,
}

impl Schema {
    /// A schema of these fields; `Err` gives the first name that stands twice.
    ///
    /// # Errors
    /// The repeated name.
    pub fn new(fields: Vec<Field>) -> Result<Self, String> {
        let mut names = std::collections::BTreeSet::new();
        for field in &fields {
            if !names.insert(field.name.as_str()) {
                return Err(field.name.clone());
            }
        }
        Ok(Self { fields, scales: Vec::new() })
    }
    /// The same with the digits after the point that the file fixes for its decimal columns.
    #[must_use]
    pub fn with_scales(mut self, scales: Vec<Option<u8>>) -> Self {
        self.scales = scales;
        self
    }
    /// Digits after the point of a decimal column, where the file fixes them.
    #[must_use]
    pub fn scale(&self, column: usize) -> Option<u8> {
        self.scales.get(column).copied().flatten()
    }
    /// The fields in order.
    #[must_use]
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }
    /// The place of a column.
    #[must_use]
    pub fn position(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.name == name)
    }
    /// Number of columns.
    #[must_use]
    pub fn len(&self) -> usize {
        self.fields.len()
    }
    /// Whether there is no column.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }
}

/// Consecutive rows of one shard, column by column in schema order.
pub struct Batch<'a> {
    /// Row of the shard that the batch starts with, from 0.
    pub first_row: u64,
    /// Number of rows.
    pub rows: usize,
    /// One column per field of the schema, each with `rows` cells.
    pub columns: Vec<Column<'a>>,
}
