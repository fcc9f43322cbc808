//! What happens to the cells of a column: a closed set of operators, one file each.
//!
//! Responsible for: columns in, columns out, batch by batch, with the same result wherever batches are cut. Given: a column,
//! the column of the person where needed, and the place of the batch in its shard. An operator does not know why it runs:
//! it reads no profile, opens no file, and puts no cell in an error.

mod build;
mod catalogue;
mod clamp;
mod date_precision;
mod drop;
mod faults;
mod generalize;
mod grid;
mod keep;
mod mask;
mod microaggregate;
mod noise;
mod numbers;
mod output;
mod redact;
mod registry;
mod round;
mod scratch;
mod shift_date;
mod shuffle;
mod surrogate;
mod token;
mod truncate;
mod tuples;
mod type_check;

pub use build::{Materials, from_spec, on_invalid_from_spec};
pub use catalogue::{OperatorInfo, catalogue};
pub use clamp::Clamp;
pub use date_precision::DatePrecision;
pub use drop::Drop;
pub use faults::OnInvalid;
pub use generalize::Generalize;
pub use keep::Keep;
pub use mask::Mask;
pub use microaggregate::{Centre, Microaggregate};
pub use noise::{Distribution, Noise};
pub use numbers::numbers;
pub use redact::Redact;
pub use registry::TokenRegistry;
pub use round::Round;
pub use scratch::Scratch;
pub use shift_date::ShiftDate;
pub use shuffle::Shuffle;
pub use surrogate::Surrogate;
pub use token::Token;
pub use truncate::Truncate;
pub use tuples::{NO_GROUP, Tuples};
pub use type_check::TypeCheck;

use crate::error::Result;
use crate::value::{Column, DataType};

/// What happens to a column's cells. A null stays a null under every operator: none invents a value.
pub enum Operator {
    /// Leaves as it is.
    Keep(Keep),
    /// Does not leave.
    Drop(Drop),
    /// One constant.
    Redact(Redact),
    /// Characters covered.
    Mask(Mask),
    /// Keyed pseudonym.
    Token(Token),
    /// Random name per row.
    Surrogate(Surrogate),
    /// A level of a hierarchy.
    Generalize(Generalize),
    /// Nearest multiple.
    Round(Round),
    /// Bottom and top coding.
    Clamp(Clamp),
    /// First characters.
    Truncate(Truncate),
    /// Precision of a date.
    DatePrecision(DatePrecision),
    /// Dates of a person moved together.
    ShiftDate(ShiftDate),
    /// Centres of groups of near numbers.
    Microaggregate(Microaggregate),
    /// Random noise added.
    Noise(Noise),
    /// Values permuted among the rows.
    Shuffle(Shuffle),
}

/// What an operator works on: one column of a batch and where it stands.
pub struct Cells<'r, 'a> {
    /// The column.
    pub column: &'r Column<'a>,
    /// The column that says whose row it is, where the table has one.
    pub subject: Option<&'r Column<'a>>,
    /// The shard that the batch is of.
    pub shard: u64,
    /// Row of the shard that the batch starts with, from 0.
    pub first_row: u64,
}

/// What an operator made of it.
pub struct Outcome<'a> {
    /// The new column, with as many cells. Equal cells of a text column may share their bytes.
    pub column: Column<'a>,
    /// Cells that became null, or were taken as plain text, because they were not of their type.
    pub invalid: u64,
}

/// Who can get the raw values back from the released column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reversal {
    /// Nobody.
    Nobody,
    /// Who has the key.
    KeyHolder,
    /// Anyone: the values are there.
    Anyone,
}

impl Reversal {
    /// In words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::KeyHolder => "the key holder",
            Self::Anyone => "anyone",
        }
    }
}

impl Operator {
    /// Applies the operator to a batch. Errors carry the row in the shard, from 1, and are told together.
    ///
    /// # Errors
    /// Cells that are not of the type that the operator needs, where the profile says to stop; what else each operator names.
    pub fn apply<'a>(&self, cells: &Cells<'_, 'a>, scratch: &mut Scratch) -> Result<Outcome<'a>> {
        match self {
            Self::Keep(keep) => Ok(keep.apply(cells)),
            Self::Drop(drop) => drop.apply(),
            Self::Redact(redact) => Ok(redact.apply(cells)),
            Self::Mask(mask) => Ok(mask.apply(cells)),
            Self::Token(token) => token.apply(cells, scratch),
            Self::Surrogate(surrogate) => Ok(surrogate.apply(cells)),
            Self::Generalize(generalize) => generalize.apply(cells, scratch),
            Self::Round(round) => round.apply(cells),
            Self::Clamp(clamp) => clamp.apply(cells),
            Self::Truncate(truncate) => Ok(truncate.apply(cells)),
            Self::DatePrecision(precision) => precision.apply(cells),
            Self::ShiftDate(shift) => shift.apply(cells, scratch),
            Self::Microaggregate(groups) => groups.apply(cells),
            Self::Noise(noise) => noise.apply(cells),
            Self::Shuffle(shuffle) => Ok(shuffle.apply(cells)),
        }
    }

    /// The entry of the catalogue.
    #[must_use]
    pub fn info(&self) -> &'static OperatorInfo {
        match self {
            Self::Keep(_) => &keep::INFO,
            Self::Drop(_) => &drop::INFO,
            Self::Redact(_) => &redact::INFO,
            Self::Mask(_) => &mask::INFO,
            Self::Token(_) => &token::INFO,
            Self::Surrogate(_) => &surrogate::INFO,
            Self::Generalize(_) => &generalize::INFO,
            Self::Round(_) => &round::INFO,
            Self::Clamp(_) => &clamp::INFO,
            Self::Truncate(_) => &truncate::INFO,
            Self::DatePrecision(_) => &date_precision::INFO,
            Self::ShiftDate(_) => &shift_date::INFO,
            Self::Microaggregate(_) => &microaggregate::INFO,
            Self::Noise(_) => &noise::INFO,
            Self::Shuffle(_) => &shuffle::INFO,
        }
    }
    /// The name in profiles, plans and logs.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.info().name
    }
    /// The class of technique in ISO/IEC 20889.
    #[must_use]
    pub fn iso_20889(&self) -> &'static str {
        self.info().iso_20889
    }
    /// One line on what it does.
    #[must_use]
    pub fn summary(&self) -> &'static str {
        self.info().summary
    }

    /// The operator with its parameters, for plans; never a key.
    #[must_use]
    pub fn describe(&self) -> String {
        let parameters = match self {
            Self::Keep(_) | Self::Drop(_) | Self::Shuffle(_) => String::new(),
            Self::Redact(redact) => redact.describe(),
            Self::Mask(mask) => mask.describe(),
            Self::Token(token) => token.describe(),
            Self::Surrogate(surrogate) => surrogate.describe(),
            Self::Generalize(generalize) => generalize.describe(),
            Self::Round(round) => round.describe(),
            Self::Clamp(clamp) => clamp.describe(),
            Self::Truncate(truncate) => truncate.describe(),
            Self::DatePrecision(precision) => precision.describe(),
            Self::ShiftDate(shift) => shift.describe(),
            Self::Microaggregate(groups) => groups.describe(),
            Self::Noise(noise) => noise.describe(),
        };
        if parameters.is_empty() { self.name().into() } else { format!("{}: {parameters}", self.name()) }
    }

    /// The type of the released column; `None` where there is none.
    ///
    /// # Errors
    /// What the operator needs, where it cannot work on that type.
    pub fn output_type(&self, input: DataType) -> std::result::Result<Option<DataType>, &'static str> {
        match self {
            Self::Keep(_) | Self::Shuffle(_) => Ok(Some(input)),
            Self::Drop(_) => Ok(None),
            Self::Redact(_) | Self::Mask(_) | Self::Token(_) | Self::Surrogate(_) | Self::Truncate(_) => {
                Ok(Some(DataType::Text))
            }
            Self::Generalize(generalize) => Ok(Some(generalize.output_type(input))),
            Self::Round(round) => round.output_type(input).map(Some),
            Self::Clamp(clamp) => clamp.output_type(input).map(Some),
            Self::DatePrecision(precision) => precision.output_type(input).map(Some),
            Self::ShiftDate(shift) => shift.output_type(input).map(Some),
            Self::Microaggregate(groups) => groups.output_type(input).map(Some),
            Self::Noise(noise) => noise.output_type(input).map(Some),
        }
    }

    /// Whether equal values, and only those, stay equal: a join or a count of distinct values still works.
    #[must_use]
    pub fn keeps_equality(&self) -> bool {
        match self {
            Self::Keep(_) | Self::Token(_) | Self::Shuffle(_) => true,
            Self::Generalize(generalize) => generalize.level() == 0,
            Self::Drop(_)
            | Self::Redact(_)
            | Self::Mask(_)
            | Self::Surrogate(_)
            | Self::Round(_)
            | Self::Clamp(_)
            | Self::Truncate(_)
            | Self::DatePrecision(_)
            | Self::ShiftDate(_)
            | Self::Microaggregate(_)
            | Self::Noise(_) => false,
        }
    }

    /// Whether raw values leave as they are, in their row or another, by what the operator is for.
    #[must_use]
    pub fn keeps_values(&self) -> bool {
        match self {
            Self::Keep(_) | Self::Shuffle(_) | Self::Clamp(_) => true,
            Self::Generalize(generalize) => generalize.level() == 0,
            Self::Drop(_)
            | Self::Redact(_)
            | Self::Mask(_)
            | Self::Token(_)
            | Self::Surrogate(_)
            | Self::Round(_)
            | Self::Truncate(_)
            | Self::DatePrecision(_)
            | Self::ShiftDate(_)
            | Self::Microaggregate(_)
            | Self::Noise(_) => false,
        }
    }

    /// Whether nothing of the value is left that could name a person without a key. A mask that shows characters is not.
    #[must_use]
    pub fn fit_for_direct_identifier(&self) -> bool {
        match self {
            Self::Drop(_) | Self::Redact(_) | Self::Token(_) | Self::Surrogate(_) => true,
            Self::Mask(mask) => mask.shows_nothing(),
            Self::Truncate(truncate) => truncate.shows_nothing(),
            Self::Generalize(generalize) => generalize.is_top(),
            Self::Keep(_)
            | Self::Round(_)
            | Self::Clamp(_)
            | Self::DatePrecision(_)
            | Self::ShiftDate(_)
            | Self::Microaggregate(_)
            | Self::Noise(_)
            | Self::Shuffle(_) => false,
        }
    }

    /// Who can get the raw values back from the released column.
    #[must_use]
    pub fn reversible_with(&self) -> Reversal {
        match self {
            Self::Keep(_) => Reversal::Anyone,
            Self::Generalize(generalize) if generalize.level() == 0 => Reversal::Anyone,
            Self::Token(_) | Self::ShiftDate(_) | Self::Shuffle(_) => Reversal::KeyHolder,
            Self::Drop(_)
            | Self::Redact(_)
            | Self::Mask(_)
            | Self::Surrogate(_)
            | Self::Generalize(_)
            | Self::Round(_)
            | Self::Clamp(_)
            | Self::Truncate(_)
            | Self::DatePrecision(_)
            | Self::Microaggregate(_)
            | Self::Noise(_) => Reversal::Nobody,
        }
    }

    /// Whether a key of the run takes part.
    #[must_use]
    pub fn needs_key(&self) -> bool {
        match self {
            Self::Token(_) | Self::Surrogate(_) | Self::ShiftDate(_) | Self::Shuffle(_) => true,
            Self::Keep(_)
            | Self::Drop(_)
            | Self::Redact(_)
            | Self::Mask(_)
            | Self::Generalize(_)
            | Self::Round(_)
            | Self::Clamp(_)
            | Self::Truncate(_)
            | Self::DatePrecision(_)
            | Self::Microaggregate(_)
            | Self::Noise(_) => false,
        }
    }

    /// Whether it must know whose row it is.
    #[must_use]
    pub fn needs_subject(&self) -> bool {
        match self {
            Self::ShiftDate(_) => true,
            Self::Keep(_)
            | Self::Drop(_)
            | Self::Redact(_)
            | Self::Mask(_)
            | Self::Token(_)
            | Self::Surrogate(_)
            | Self::Generalize(_)
            | Self::Round(_)
            | Self::Clamp(_)
            | Self::Truncate(_)
            | Self::DatePrecision(_)
            | Self::Microaggregate(_)
            | Self::Noise(_)
            | Self::Shuffle(_) => false,
        }
    }

    /// Whether the same input under the same keys gives the same output. Noise is drawn from the system and never repeats.
    #[must_use]
    pub fn deterministic(&self) -> bool {
        match self {
            Self::Noise(_) => false,
            Self::Keep(_)
            | Self::Drop(_)
            | Self::Redact(_)
            | Self::Mask(_)
            | Self::Token(_)
            | Self::Surrogate(_)
            | Self::Generalize(_)
            | Self::Round(_)
            | Self::Clamp(_)
            | Self::Truncate(_)
            | Self::DatePrecision(_)
            | Self::ShiftDate(_)
            | Self::Microaggregate(_)
            | Self::Shuffle(_) => true,
        }
    }

    /// Whether the store that holds all rows must permute the column; [`Operator::apply`] leaves it as it is then.
    #[must_use]
    pub fn permutes_rows(&self) -> bool {
        match self {
            Self::Shuffle(_) => true,
            Self::Keep(_)
            | Self::Drop(_)
            | Self::Redact(_)
            | Self::Mask(_)
            | Self::Token(_)
            | Self::Surrogate(_)
            | Self::Generalize(_)
            | Self::Round(_)
            | Self::Clamp(_)
            | Self::Truncate(_)
            | Self::DatePrecision(_)
            | Self::ShiftDate(_)
            | Self::Microaggregate(_)
            | Self::Noise(_) => false,
        }
    }
}

#[cfg(test)]
mod tests;
