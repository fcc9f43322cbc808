//! Numbers of a column, whatever its type, one by one through a function; the type stays where it can.

use super::faults::Faults;
use super::output::Output;
use super::{Cells, OnInvalid, Outcome};
use crate::error::{ErrorKind, Result};
use crate::value::{Column, DataType, Decimal};

/// What becomes of a number.
pub(super) enum Change {
    /// It stays as it is written.
    Keep,
    /// It becomes this.
    To(Decimal),
    /// It does not leave.
    Nothing,
    /// There is no result: what was expected of the cell.
    Unfit,
}

const NUMBER: &str = "a number";

/// The type of the result; `whole` says that whole numbers become whole numbers.
pub(super) fn output_type(input: DataType, whole: bool) -> std::result::Result<DataType, &'static str> {
    match input {
        DataType::Integer if !whole => Ok(DataType::Decimal),
        DataType::Text | DataType::Integer | DataType::Decimal | DataType::Float => Ok(input),
        DataType::Boolean | DataType::Date | DataType::Timestamp => Err("numbers"),
    }
}

/// The numbers of a column; none where there is no cell, or no number in it.
///
/// # Errors
/// Where the column is of a type that holds no numbers.
pub fn numbers(column: &Column<'_>) -> Result<Vec<Option<Decimal>>> {
    Ok(match column {
        Column::Text(text) => text.iter().map(|cell| Decimal::parse(cell?)).collect(),
        Column::Integer(numbers) => numbers.iter().map(|number| number.map(Decimal::whole)).collect(),
        Column::Decimal(numbers) => numbers.clone(),
        Column::Float(numbers) => numbers.iter().map(|number| from_float((*number)?)).collect(),
        Column::Boolean(_) | Column::Date(_) | Column::Timestamp(_) => {
            return Err(ErrorKind::Internal("a column that holds no numbers").into());
        }
    })
}

/// Puts every number of the column through `change`. Cells of text that are no numbers, infinities and numbers that are
/// too large to be exact are not of the type.
pub(super) fn map<'a>(
    cells: &Cells<'_, 'a>,
    on_invalid: OnInvalid,
    whole: bool,
    mut change: impl FnMut(Decimal) -> Change,
) -> Result<Outcome<'a>> {
    map_rows(cells, on_invalid, whole, |_, number| change(number))
}

/// The same, told the row in the batch.
pub(super) fn map_rows<'a>(
    cells: &Cells<'_, 'a>,
    on_invalid: OnInvalid,
    whole: bool,
    mut change: impl FnMut(usize, Decimal) -> Change,
) -> Result<Outcome<'a>> {
    let mut faults = Faults::new(cells, on_invalid);
    let column = match cells.column {
        Column::Text(text) => {
            let mut out = Output::new(text.len(), text.bytes().len());
            for (row, cell) in text.iter().enumerate() {
                let Some(cell) = cell else {
                    out.null();
                    continue;
                };
                match Decimal::parse(cell).map(|number| change(row, number)) {
                    Some(Change::Keep) => out.push(|bytes| bytes.extend_from_slice(cell)),
                    Some(Change::To(number)) => out.push(|bytes| write(number, bytes)),
                    Some(Change::Nothing) => out.null(),
                    Some(Change::Unfit) | None => {
                        faults.invalid(row, NUMBER);
                        out.null();
                    }
                }
            }
            // A cell that reads as a number holds digits, a point, signs, an exponent and blanks around.
            out.finish(text.plain())
        }
        Column::Integer(numbers) if whole => {
            Column::Integer(each(numbers, &mut faults, |row, number| match change(row, Decimal::whole(number)) {
                Change::Keep => Some(Some(number)),
                Change::To(new) => Some(Some(i64::try_from(new.rescaled(0)?.mantissa()).ok()?)),
                Change::Nothing => Some(None),
                Change::Unfit => None,
            }))
        }
        Column::Integer(numbers) => {
            Column::Decimal(each(numbers, &mut faults, |row, number| match change(row, Decimal::whole(number)) {
                Change::Keep => Some(Some(Decimal::whole(number))),
                Change::To(new) => Some(Some(new)),
                Change::Nothing => Some(None),
                Change::Unfit => None,
            }))
        }
        Column::Decimal(numbers) => {
            Column::Decimal(each(numbers, &mut faults, |row, number| match change(row, number) {
                Change::Keep => Some(Some(number)),
                Change::To(new) => Some(Some(new)),
                Change::Nothing => Some(None),
                Change::Unfit => None,
            }))
        }
        Column::Float(numbers) => {
            Column::Float(each(numbers, &mut faults, |row, number| match change(row, from_float(number)?) {
                Change::Keep => Some(Some(number)),
                Change::To(new) => Some(Some(new.to_f64())),
                Change::Nothing => Some(None),
                Change::Unfit => None,
            }))
        }
        Column::Boolean(_) | Column::Date(_) | Column::Timestamp(_) => {
            return Err(ErrorKind::Internal("a column that holds no numbers").into());
        }
    };
    faults.finish(column)
}

/// A column of the type that [`map`] gives, without a number.
pub(super) fn nothing<'a>(column: &Column<'_>, whole: bool) -> Column<'a> {
    let rows = column.len();
    match column {
        Column::Integer(_) if whole => Column::Integer(vec![None; rows]),
        Column::Integer(_) | Column::Decimal(_) => Column::Decimal(vec![None; rows]),
        Column::Float(_) => Column::Float(vec![None; rows]),
        Column::Text(_) | Column::Boolean(_) | Column::Date(_) | Column::Timestamp(_) => {
            let mut out = Output::new(rows, 0);
            (0..rows).for_each(|_| out.null());
            out.finish(true)
        }
    }
}

/// `None` of the outer option is a fault.
fn each<T: Copy, U>(
    cells: &[Option<T>],
    faults: &mut Faults,
    mut result: impl FnMut(usize, T) -> Option<Option<U>>,
) -> Vec<Option<U>> {
    let one = |(row, cell): (usize, &Option<T>)| {
        let new = result(row, (*cell)?);
        if new.is_none() {
            faults.invalid(row, NUMBER);
        }
        new.flatten()
    };
    cells.iter().enumerate().map(one).collect()
}

/// What a double says in its shortest form; digits after the thirtieth behind the point are rounded off. A finite number
/// that is too large becomes the largest of its sign. `None` for infinities and what is not a number.
fn from_float(number: f64) -> Option<Decimal> {
    if !number.is_finite() {
        return None;
    }
    Decimal::parse(format!("{number:?}").as_bytes()).or_else(|| {
        if number.abs() < 1e7 {
            return Decimal::parse(format!("{number:.30}").as_bytes());
        }
        Decimal::new(if number > 0.0 { i128::MAX } else { -i128::MAX }, 0)
    })
}

/// As [`Decimal::write`], quicker for numbers that fit in a machine word.
pub(super) fn write(number: Decimal, out: &mut Vec<u8>) {
    let Ok(mut rest) = u64::try_from(number.mantissa().unsigned_abs()) else { return number.write(out) };
    let scale = usize::from(number.scale());
    // 20 digits of a word, or 31 of the scale, a point and a sign
    let mut digits = [b'0'; 40];
    let mut at = digits.len();
    let mut written = 0;
    while rest > 0 || written <= scale {
        if written == scale && scale > 0 {
            at -= 1;
            digits[at] = b'.';
        }
        at -= 1;
        digits[at] = b'0' + u8::try_from(rest % 10).expect("a digit");
        rest /= 10;
        written += 1;
    }
    if number.mantissa() < 0 {
        at -= 1;
        digits[at] = b'-';
    }
    out.extend_from_slice(&digits[at..]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_quick_way_writes_the_same(mantissa in any::<i64>(), shift in 0_u32..64, scale in 0_u8..=30) {
            let number = Decimal::new(i128::from(mantissa >> shift), scale).unwrap();
            let (mut quick, mut slow) = (Vec::new(), Vec::new());
            write(number, &mut quick);
            number.write(&mut slow);
            prop_assert_eq!(String::from_utf8(quick).unwrap(), String::from_utf8(slow).unwrap());
        }
    }

    #[test]
    fn doubles_become_what_they_say() {
        let text = |number: f64| {
            from_float(number).map(|number| {
                let mut out = Vec::new();
                write(number.normalized(), &mut out);
                String::from_utf8(out).unwrap()
            })
        };
        assert_eq!(text(1945.3).as_deref(), Some("1945.3"));
        assert_eq!(text(-0.1).as_deref(), Some("-0.1"));
        assert_eq!(text(1e-40).as_deref(), Some("0"));
        assert_eq!(text(1.5e20).as_deref(), Some("150000000000000000000"));
        assert_eq!(text(1e300).as_deref(), Some(i128::MAX.to_string().as_str()));
        assert_eq!(text(f64::NAN), None);
        assert_eq!(text(f64::INFINITY), None);
    }
}
