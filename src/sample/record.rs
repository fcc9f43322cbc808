//! One row of a sample, whatever the shape, and the cells that columns take from it.

use super::person::{People, Person};
use super::quasi::Answers;
use super::repeat::Repeats;
use super::visit::Visit;
use super::{SampleOptions, SampleShape};
use crate::value::{DataType, Date, Decimal};

/// A column of a sample.
#[derive(Clone, Copy)]
pub(super) enum Cell {
    IdNo,
    Name,
    Phone,
    Email,
    Gender,
    Birth,
    Region,
    Postcode,
    Amount,
    Diagnosis,
    Visited,
    Note,
    Age,
    /// A label of the survey, by its place.
    Label(usize),
}

impl Cell {
    pub(super) fn name(self) -> &'static str {
        const LABELS: [&str; 9] =
            ["sex", "ethnicity", "marital", "education", "region", "occupation", "birthplace", "work", "income"];
        match self {
            Self::IdNo => "id_no",
            Self::Name => "name",
            Self::Phone => "phone",
            Self::Email => "email",
            Self::Gender => "gender",
            Self::Birth => "birth",
            Self::Region => "region",
            Self::Postcode => "postcode",
            Self::Amount => "amount",
            Self::Diagnosis => "diagnosis",
            Self::Visited => "visit",
            Self::Note => "note",
            Self::Age => "age",
            Self::Label(place) => LABELS[place],
        }
    }
    pub(super) fn data_type(self) -> DataType {
        match self {
            Self::Birth | Self::Visited => DataType::Date,
            Self::Amount => DataType::Decimal,
            Self::Age => DataType::Integer,
            _ => DataType::Text,
        }
    }
}

/// Makes records of the options' table.
pub(super) enum Maker {
    Personal { seed: u64, repeats: Repeats, people: People },
    Quasi { seed: u64 },
}

impl Maker {
    pub(super) fn new(options: &SampleOptions) -> Self {
        let seed = options.seed;
        match options.shape {
            SampleShape::Personal | SampleShape::Full => {
                Self::Personal { seed, repeats: Repeats::new(seed, options.rows), people: People::new(seed) }
            }
            SampleShape::Quasi9 => Self::Quasi { seed },
        }
    }
    #[inline]
    pub(super) fn record(&self, row: u64) -> Record {
        match self {
            Self::Personal { seed, repeats, people } => {
                let person = people.person(repeats.person(row));
                let visit = Visit::new(*seed, row, &person);
                Record::Personal(person, visit)
            }
            Self::Quasi { seed } => Record::Quasi(Answers::new(*seed, row)),
        }
    }
}

/// One row.
pub(super) enum Record {
    Personal(Person, Visit),
    Quasi(Answers),
}

impl Record {
    /// Appends a cell as text; `false` for null.
    #[inline]
    pub(super) fn write(&self, cell: Cell, out: &mut Vec<u8>) -> bool {
        let (person, visit) = match self {
            Self::Personal(person, visit) => (person, visit),
            Self::Quasi(answers) => {
                match cell {
                    Cell::Label(place) => out.extend_from_slice(answers.label(place).as_bytes()),
                    _ => answers.write_age(out),
                }
                return true;
            }
        };
        match cell {
            Cell::IdNo => person.write_id(out),
            Cell::Name => person.write_name(out),
            Cell::Phone => out.extend_from_slice(person.mobile()),
            Cell::Email => person.write_email(out),
            Cell::Gender => out.push(if person.is_male() { b'M' } else { b'F' }),
            Cell::Birth => person.write_birth(out),
            Cell::Region => out.extend_from_slice(person.region().as_bytes()),
            Cell::Postcode => person.write_postcode(out),
            Cell::Amount => visit.write_amount(out),
            Cell::Diagnosis => out.extend_from_slice(visit.diagnosis().as_bytes()),
            Cell::Visited => visit.day().expect("in the calendar").write(out),
            Cell::Note => return visit.write_note(person, out),
            Cell::Age | Cell::Label(_) => unreachable!("cells of the survey are of the other record"),
        }
        true
    }
    pub(super) fn date(&self, cell: Cell) -> Option<Date> {
        match (self, cell) {
            (Self::Personal(person, _), Cell::Birth) => Some(person.birth()),
            (Self::Personal(_, visit), _) => visit.day(),
            (Self::Quasi(_), _) => None,
        }
    }
    pub(super) fn amount(&self) -> Option<Decimal> {
        if let Self::Personal(_, visit) = self { visit.amount() } else { None }
    }
    pub(super) fn age(&self) -> Option<i64> {
        if let Self::Quasi(answers) = self { i64::try_from(answers.age()).ok() } else { None }
    }
}
