//! Rows as typed cells, for releases in which single columns are permuted: their rows are put together again after the
//! shuffle and only then become records of the release's format.

use crate::error::{Error, ErrorKind, Result};
use crate::value::{Column, DataType, Date, Decimal, TextBuilder};

const NULL: u8 = 0;
const VALUE: u8 = 1;

/// Appends the cells of one row.
///
/// # Errors
/// A cell of four gigabytes or more.
pub fn encode_cells(columns: &[&Column<'_>], row: usize, out: &mut Vec<u8>) -> Result<()> {
    for column in columns {
        if column.is_null(row) {
            out.push(NULL);
            continue;
        }
        out.push(VALUE);
        match column {
            Column::Text(cells) => {
                let cell = cells.get(row).unwrap_or_default();
                let length = u32::try_from(cell.len()).map_err(|_| Error::new(ErrorKind::Memory("a cell")))?;
                out.extend_from_slice(&length.to_le_bytes());
                out.extend_from_slice(cell);
            }
            Column::Integer(cells) | Column::Timestamp(cells) => {
                out.extend_from_slice(&cells[row].unwrap_or_default().to_le_bytes());
            }
            Column::Float(cells) => out.extend_from_slice(&cells[row].unwrap_or_default().to_bits().to_le_bytes()),
            Column::Boolean(cells) => out.push(u8::from(cells[row].unwrap_or_default())),
            Column::Date(cells) => out.extend_from_slice(&cells[row].map_or(0, Date::days).to_le_bytes()),
            Column::Decimal(cells) => {
                let number = cells[row].unwrap_or(Decimal::whole(0));
                out.extend_from_slice(&number.mantissa().to_le_bytes());
                out.push(number.scale());
            }
        }
    }
    Ok(())
}

/// Collects rows of cells back into columns.
pub struct CellBuilder {
    builders: Vec<Builder>,
}

enum Builder {
    Text(TextBuilder),
    Integer(Vec<Option<i64>>),
    Timestamp(Vec<Option<i64>>),
    Decimal(Vec<Option<Decimal>>),
    Float(Vec<Option<f64>>),
    Boolean(Vec<Option<bool>>),
    Date(Vec<Option<Date>>),
}

impl CellBuilder {
    /// For columns of these types.
    #[must_use]
    pub fn new(types: &[DataType]) -> Self {
        let builder = |kind: &DataType| match kind {
            DataType::Text => Builder::Text(TextBuilder::default()),
            DataType::Integer => Builder::Integer(Vec::new()),
            DataType::Timestamp => Builder::Timestamp(Vec::new()),
            DataType::Decimal => Builder::Decimal(Vec::new()),
            DataType::Float => Builder::Float(Vec::new()),
            DataType::Boolean => Builder::Boolean(Vec::new()),
            DataType::Date => Builder::Date(Vec::new()),
        };
        Self { builders: types.iter().map(builder).collect() }
    }
    /// Appends a row that [`encode_cells`] made for the same types.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`] for bytes that are no such row.
    pub fn push(&mut self, mut row: &[u8]) -> Result<()> {
        for builder in &mut self.builders {
            let present = take::<1>(&mut row)? != [NULL];
            match builder {
                Builder::Text(cells) => {
                    if !present {
                        cells.push_null();
                        continue;
                    }
                    let length = u32::from_le_bytes(take(&mut row)?) as usize;
                    let (cell, rest) = row.split_at_checked(length).ok_or_else(torn)?;
                    row = rest;
                    cells.push(cell);
                }
                Builder::Integer(cells) | Builder::Timestamp(cells) => {
                    cells.push(if present { Some(i64::from_le_bytes(take(&mut row)?)) } else { None });
                }
                Builder::Float(cells) => {
                    cells.push(if present { Some(f64::from_bits(u64::from_le_bytes(take(&mut row)?))) } else { None });
                }
                Builder::Boolean(cells) => cells.push(if present { Some(take(&mut row)? != [0]) } else { None }),
                Builder::Date(cells) => {
                    cells.push(if present { Date::from_days(i32::from_le_bytes(take(&mut row)?)) } else { None });
                }
                Builder::Decimal(cells) => cells.push(if present {
                    let mantissa = i128::from_le_bytes(take(&mut row)?);
                    Decimal::new(mantissa, take::<1>(&mut row)?[0])
                } else {
                    None
                }),
            }
        }
        if row.is_empty() { Ok(()) } else { Err(torn()) }
    }
    /// The columns.
    #[must_use]
    pub fn finish(self) -> Vec<Column<'static>> {
        let column = |builder| match builder {
            Builder::Text(cells) => Column::Text(cells.finish(false)),
            Builder::Integer(cells) => Column::Integer(cells),
            Builder::Timestamp(cells) => Column::Timestamp(cells),
            Builder::Decimal(cells) => Column::Decimal(cells),
            Builder::Float(cells) => Column::Float(cells),
            Builder::Boolean(cells) => Column::Boolean(cells),
            Builder::Date(cells) => Column::Date(cells),
        };
        self.builders.into_iter().map(column).collect()
    }
}

fn take<const N: usize>(row: &mut &[u8]) -> Result<[u8; N]> {
    let (head, rest) = row.split_first_chunk::<N>().ok_or_else(torn)?;
    *row = rest;
    Ok(*head)
}

fn torn() -> Error {
    Error::new(ErrorKind::Internal("a row of cells is torn"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_and_null_comes_back() {
        let mut text = TextBuilder::default();
        text.push("张三,\"x\"".as_bytes());
        text.push_null();
        let columns = [
            Column::Text(text.finish(false)),
            Column::Integer(vec![Some(-3), None]),
            Column::Timestamp(vec![Some(5), None]),
            Column::Decimal(vec![Decimal::parse(b"-1.50"), None]),
            Column::Float(vec![Some(0.1), None]),
            Column::Boolean(vec![Some(false), None]),
            Column::Date(vec![Date::new(2000, 2, 29), None]),
        ];
        let types: Vec<DataType> = columns.iter().map(Column::data_type).collect();
        let mut builder = CellBuilder::new(&types);
        for row in 0..2 {
            let mut bytes = Vec::new();
            encode_cells(&columns.iter().collect::<Vec<_>>(), row, &mut bytes).unwrap();
            builder.push(&bytes).unwrap();
            assert!(CellBuilder::new(&types).push(&bytes[..bytes.len() - 1]).is_err(), "a torn row is refused");
        }
        let back = builder.finish();
        for (before, after) in columns.iter().zip(&back) {
            for row in 0..2 {
                let (mut left, mut right) = (Vec::new(), Vec::new());
                assert_eq!(before.write_text(row, &mut left), after.write_text(row, &mut right));
                assert_eq!(left, right);
            }
            assert!(before.data_type() == after.data_type());
        }
    }
}
