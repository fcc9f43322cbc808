//! The schema: names and types. Whatever else it says is metadata.

use super::column::Kind;
use crate::anatomy::flat::Table;
use crate::anatomy::{Anatomy, Oddity};

/// The columns of a schema table; `None` where it is broken.
pub(super) fn read(schema: Table<'_>, anatomy: &mut Anatomy) -> Option<Vec<Kind>> {
    schema.number::<2>(0)?;
    anatomy.odd(Oddity::Metadata, schema.others(2));
    schema.tables(1)?.into_iter().map(|field| column(field, anatomy)).collect()
}

fn column(field: Table<'_>, anatomy: &mut Anatomy) -> Option<Kind> {
    // name, nullable, kind, type, dictionary, children
    field.text(0);
    field.number::<1>(1)?;
    let kind = field.number::<1>(2)?;
    let about = field.table(3)?;
    anatomy.odd(Oddity::Metadata, field.others(6));
    if !field.tables(5)?.is_empty() {
        return Some(Kind::Unknown);
    }
    if field.has(4) {
        let dictionary = field.table(4)?;
        dictionary.number::<8>(0)?;
        dictionary.number::<1>(2)?;
        dictionary.number::<2>(3)?;
        let width = match dictionary.table(1) {
            Some(index) => {
                index.number::<1>(1)?;
                index.number::<4>(0)? / 8
            }
            None => 4,
        };
        return Some(Kind::Fixed(usize::try_from(width).ok()?));
    }
    Some(match kind {
        1 => Kind::Null,
        2 => {
            about.number::<1>(1)?;
            Kind::Fixed(usize::try_from(about.number::<4>(0)? / 8).ok()?)
        }
        3 => Kind::Fixed(2 << about.number::<2>(0)?.clamp(0, 2)),
        4 | 5 => Kind::Text(4),
        6 => Kind::Bits,
        7 => {
            about.number::<4>(0)?;
            about.number::<4>(1)?;
            let bits = if about.has(2) { about.number::<4>(2)? } else { 128 };
            Kind::Fixed(usize::try_from(bits / 8).ok()?)
        }
        // the unit is milliseconds where it is left out
        8 => Kind::Fixed(if about.has(0) && about.number::<2>(0)? == 0 { 4 } else { 8 }),
        9 => {
            about.number::<2>(0)?;
            Kind::Fixed(usize::try_from(if about.has(1) { about.number::<4>(1)? } else { 32 } / 8).ok()?)
        }
        10 => {
            about.number::<2>(0)?;
            about.text(1);
            Kind::Fixed(8)
        }
        15 => Kind::Fixed(usize::try_from(about.number::<4>(0)?).ok()?),
        18 => {
            about.number::<2>(0)?;
            Kind::Fixed(8)
        }
        19 | 20 => Kind::Text(8),
        23 | 24 => Kind::View,
        _ => Kind::Unknown,
    })
}
