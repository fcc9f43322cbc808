//! Holds a column to the type that the profile declares, whatever its operator does with the cells.
//!
//! Responsible for: finding cells that are not of their type before an operator sees them, under the column's `invalid`.
//! Given: a column and where it stands. It never changes a cell that fits, and costs nothing where no type is declared.

use super::faults::Faults;
use super::{Cells, OnInvalid, Operator, Outcome, Scratch};
use crate::domain::SemanticType;
use crate::error::Result;
use crate::value::{Column, DataType, Span, Text};

/// The check of one column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TypeCheck {
    semantic: SemanticType,
    on_invalid: OnInvalid,
}

impl TypeCheck {
    /// Whether cells that are not of the type go on as text.
    #[must_use]
    pub fn leaves_text(self) -> bool {
        self.on_invalid == OnInvalid::Text
    }
    /// The check that a column of this input type needs before `operator`; none where every cell is of the type already,
    /// where any text is, or where the operator looks at every cell itself.
    #[must_use]
    pub fn before(
        operator: &Operator,
        input: DataType,
        semantic: SemanticType,
        on_invalid: OnInvalid,
    ) -> Option<TypeCheck> {
        let any_text = matches!(semantic, SemanticType::Text | SemanticType::FreeText | SemanticType::Name);
        if any_text || agrees(input, semantic) || checks(operator, semantic) {
            return None;
        }
        // Text is left as it is only where the operator can do something with it; else it would be counted twice.
        let text_is_lost = on_invalid == OnInvalid::Text && !takes_text(operator);
        Some(Self { semantic, on_invalid: if text_is_lost { OnInvalid::Null } else { on_invalid } })
    }

    /// Looks at every cell. `None` where all fit; else the column that the operator is to work on, with the cells counted.
    ///
    /// # Errors
    /// Cells that are not of the type, where the profile says to stop.
    pub fn apply<'a>(&self, cells: &Cells<'_, 'a>, scratch: &mut Scratch) -> Result<Option<Outcome<'a>>> {
        let mut misses = Vec::new();
        match (cells.column, self.semantic) {
            (Column::Float(numbers), SemanticType::Integer) => {
                let fits = |number: f64| number.is_finite() && number.fract() == 0.0;
                misses.extend(rows_where(numbers, |number| !fits(number)).map(|row| (row, "an integer")));
            }
            (Column::Decimal(numbers), SemanticType::Integer) => {
                let rows = rows_where(numbers, |number| number.normalized().scale() > 0);
                misses.extend(rows.map(|row| (row, "an integer")));
            }
            (column, _) => {
                for (row, cell) in column.to_text().iter().enumerate() {
                    let Some(cell) = cell else { continue };
                    scratch.bytes.clear();
                    if let Err(expected) = self.semantic.canonicalize(cell, &mut scratch.bytes) {
                        misses.push((row, expected));
                    }
                }
            }
        }
        if misses.is_empty() {
            return Ok(None);
        }
        let mut faults = Faults::new(cells, self.on_invalid);
        for (row, expected) in &misses {
            faults.invalid(*row, expected);
        }
        let column = match self.on_invalid {
            OnInvalid::Null => without(cells.column, misses.iter().map(|(row, _)| *row)),
            OnInvalid::Error | OnInvalid::Text => cells.column.clone(),
        };
        faults.finish(column).map(Some)
    }
}

/// Whether a file that is typed like this can hold nothing else.
fn agrees(input: DataType, semantic: SemanticType) -> bool {
    match semantic {
        SemanticType::Integer => input == DataType::Integer,
        SemanticType::Decimal => matches!(input, DataType::Integer | DataType::Decimal | DataType::Float),
        SemanticType::Boolean => input == DataType::Boolean,
        SemanticType::Date | SemanticType::Timestamp => matches!(input, DataType::Date | DataType::Timestamp),
        _ => false,
    }
}

/// Whether the operator itself holds every cell to the type.
fn checks(operator: &Operator, semantic: SemanticType) -> bool {
    let dates = matches!(semantic, SemanticType::Date | SemanticType::Timestamp);
    match operator {
        // nothing of the column is read
        Operator::Drop(_) | Operator::Token(_) => true,
        Operator::Round(_) | Operator::Clamp(_) | Operator::Microaggregate(_) | Operator::Noise(_) => {
            semantic == SemanticType::Decimal
        }
        Operator::DatePrecision(_) | Operator::ShiftDate(_) => dates,
        Operator::Generalize(generalize) => {
            (generalize.reads_dates() && dates) || (generalize.reads_numbers() && semantic == SemanticType::Decimal)
        }
        Operator::Keep(_)
        | Operator::Redact(_)
        | Operator::Mask(_)
        | Operator::Surrogate(_)
        | Operator::Truncate(_)
        | Operator::Shuffle(_) => false,
    }
}

/// Whether the operator makes something of any text.
fn takes_text(operator: &Operator) -> bool {
    match operator {
        Operator::Round(_)
        | Operator::Clamp(_)
        | Operator::Microaggregate(_)
        | Operator::Noise(_)
        | Operator::DatePrecision(_)
        | Operator::ShiftDate(_) => false,
        Operator::Generalize(generalize) => !generalize.reads_dates() && !generalize.reads_numbers(),
        Operator::Keep(_)
        | Operator::Drop(_)
        | Operator::Redact(_)
        | Operator::Mask(_)
        | Operator::Token(_)
        | Operator::Surrogate(_)
        | Operator::Truncate(_)
        | Operator::Shuffle(_) => true,
    }
}

fn rows_where<T: Copy>(cells: &[Option<T>], wrong: impl Fn(T) -> bool) -> impl Iterator<Item = usize> {
    cells.iter().enumerate().filter(move |(_, cell)| cell.is_some_and(&wrong)).map(|(row, _)| row)
}

/// The column with nulls in these rows.
fn without<'a>(column: &Column<'a>, rows: impl Iterator<Item = usize>) -> Column<'a> {
    fn clear<T>(cells: &mut [Option<T>], rows: impl Iterator<Item = usize>) {
        for row in rows {
            cells[row] = None;
        }
    }
    if let Column::Text(text) = column {
        let mut spans = text.spans().to_vec();
        for row in rows {
            spans[row] = Span::NULL;
        }
        return Column::Text(Text::new(text.bytes().to_vec(), spans, text.plain()));
    }
    let mut column = column.clone();
    match &mut column {
        Column::Text(_) => {}
        Column::Integer(cells) | Column::Timestamp(cells) => clear(cells, rows),
        Column::Decimal(cells) => clear(cells, rows),
        Column::Float(cells) => clear(cells, rows),
        Column::Boolean(cells) => clear(cells, rows),
        Column::Date(cells) => clear(cells, rows),
    }
    column
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::transform::{Keep, Round, Truncate};
    use crate::value::{Decimal, TextBuilder};

    fn text(cells: &[Option<&str>]) -> Column<'static> {
        let mut builder = TextBuilder::default();
        for cell in cells {
            builder.push_option(cell.map(str::as_bytes));
        }
        Column::Text(builder.finish(false))
    }

    fn run<'a>(check: TypeCheck, column: &Column<'a>) -> Result<Option<Outcome<'a>>> {
        let cells = Cells { column, subject: None, shard: 0, first_row: 100 };
        check.apply(&cells, &mut Scratch::new())
    }

    fn cells(column: &Column<'_>) -> Vec<Option<String>> {
        let text = column.to_text();
        text.iter().map(|cell| cell.map(|cell| String::from_utf8(cell.to_vec()).unwrap())).collect()
    }

    fn check(semantic: SemanticType, on_invalid: OnInvalid) -> TypeCheck {
        TypeCheck::before(&Operator::Keep(Keep), DataType::Text, semantic, on_invalid).unwrap()
    }

    #[test]
    fn cells_that_fit_and_nulls_pass_untouched() {
        let column = text(&[Some("34"), None, Some("-7")]);
        assert!(run(check(SemanticType::Integer, OnInvalid::Error), &column).unwrap().is_none());
    }

    #[test]
    fn the_policy_decides_over_those_that_do_not() {
        let column = text(&[Some("34"), Some("1.5"), None, Some("x")]);
        let error = run(check(SemanticType::Integer, OnInvalid::Error), &column).err().unwrap();
        let ErrorKind::Many { errors, more: 0 } = error.kind() else { panic!("{error}") };
        let rows: Vec<_> = errors.iter().map(|error| error.place().row).collect();
        assert_eq!(rows, [Some(102), Some(104)]);
        let nulled = run(check(SemanticType::Integer, OnInvalid::Null), &column).unwrap().unwrap();
        assert_eq!((cells(&nulled.column), nulled.invalid), (vec![Some("34".into()), None, None, None], 2));
        let kept = run(check(SemanticType::Integer, OnInvalid::Text), &column).unwrap().unwrap();
        assert_eq!((cells(&kept.column), kept.invalid), (cells(&column), 2));
    }

    #[test]
    fn typed_columns_are_checked_by_value() {
        let whole = |number: &str| Decimal::parse(number.as_bytes());
        let floats = Column::Float(vec![Some(2.0), Some(2.5), None, Some(f64::NAN)]);
        let decimals = Column::Decimal(vec![whole("2.00"), whole("2.5"), None, whole("7")]);
        for (column, rows) in [(floats, vec![true, false, false, false]), (decimals, vec![true, false, false, true])] {
            let outcome = run(check(SemanticType::Integer, OnInvalid::Null), &column).unwrap().unwrap();
            let left: Vec<bool> = (0..4).map(|row| !outcome.column.is_null(row)).collect();
            assert_eq!(left, rows);
        }
    }

    #[test]
    fn no_check_where_nothing_can_be_wrong_or_is_found_anyway() {
        let none = |operator: &Operator, input, semantic| {
            TypeCheck::before(operator, input, semantic, OnInvalid::Error).is_none()
        };
        let (keep, truncate) = (Operator::Keep(Keep), Operator::Truncate(Truncate::new(2)));
        let round = Operator::Round(Round::new(Decimal::whole(10), OnInvalid::Error).unwrap());
        assert!(none(&keep, DataType::Text, SemanticType::Text));
        assert!(none(&keep, DataType::Integer, SemanticType::Integer));
        assert!(none(&round, DataType::Text, SemanticType::Decimal));
        assert!(!none(&round, DataType::Text, SemanticType::Integer));
        assert!(!none(&truncate, DataType::Text, SemanticType::Date));
        assert!(!none(&keep, DataType::Float, SemanticType::Integer));
        // a number cannot stay as text under `round`: it is lost once, and counted once
        let check = TypeCheck::before(&round, DataType::Text, SemanticType::Integer, OnInvalid::Text).unwrap();
        assert_eq!(check.on_invalid, OnInvalid::Null);
    }
}
