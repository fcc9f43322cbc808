//! From a profile's words to an operator: the only file here that knows profiles.

use super::{
    Centre, Clamp, DatePrecision, Distribution, Drop, Keep, Mask, Microaggregate, Noise, OnInvalid, Operator, Redact,
    Round, ShiftDate, Shuffle, Surrogate, Token, TokenRegistry, Truncate,
};
use crate::domain::SemanticType;
use crate::hierarchy::step_from_spec;
use crate::profile::{CentreName, Encoding, Invalid, NoiseSpec, OperatorSpec};
use crate::secret::{FieldKey, StreamKey, TextEncoding};
use std::sync::Arc;

/// What an operator needs besides its parameters. Keys are of this column or domain alone; those that the operator does
/// not use may be absent.
pub struct Materials {
    /// What the column's cells are.
    pub semantic: SemanticType,
    /// What the subject column's cells are, for `shift_date`, which cannot do without.
    pub subject: Option<SemanticType>,
    /// What happens to cells that are not of the type.
    pub on_invalid: OnInvalid,
    /// Key of the token's domain, or of the date shift.
    pub field_key: Option<Arc<FieldKey>>,
    /// Key of the surrogates.
    pub stream_key: Option<Arc<StreamKey>>,
    /// Shared by the token columns of the domain, for tokens below 128 bits.
    pub registry: Option<Arc<TokenRegistry>>,
}

/// Builds the operator of a column.
///
/// # Errors
/// In words, where the parameters do not fit together or a key that is needed was not given.
pub fn from_spec(spec: &OperatorSpec, materials: Materials) -> Result<Operator, &'static str> {
    const NO_KEY: &str = "the operator needs a key";
    let on_invalid = materials.on_invalid;
    Ok(match spec {
        OperatorSpec::Keep => Operator::Keep(Keep),
        OperatorSpec::Drop => Operator::Drop(Drop),
        OperatorSpec::Redact { with } => Operator::Redact(Redact::new(with)),
        OperatorSpec::Mask { keep_first, keep_last, keep_from, with, length } => {
            Operator::Mask(Mask::new(*keep_first, *keep_last, keep_from.as_deref(), *with, *length))
        }
        OperatorSpec::Token { domain, bits, encoding } => Operator::Token(Token::new(
            materials.field_key.ok_or(NO_KEY)?,
            domain,
            materials.semantic,
            on_invalid,
            (*bits, text_encoding(*encoding)),
            materials.registry,
        )?),
        OperatorSpec::Surrogate { bits, encoding } => {
            let key = materials.stream_key.ok_or(NO_KEY)?;
            Operator::Surrogate(Surrogate::new(key, *bits, text_encoding(*encoding))?)
        }
        OperatorSpec::Round { step } => Operator::Round(Round::new(*step, on_invalid)?),
        OperatorSpec::Clamp { low, high } => Operator::Clamp(Clamp::new(*low, *high, on_invalid)?),
        OperatorSpec::Truncate { characters } => Operator::Truncate(Truncate::new(*characters)),
        OperatorSpec::DatePrecision { step } => {
            Operator::DatePrecision(DatePrecision::new(step_from_spec(*step), on_invalid))
        }
        OperatorSpec::ShiftDate { days } => {
            let subject = materials.subject.ok_or("dates are moved by person, and no column has the role `subject`")?;
            Operator::ShiftDate(ShiftDate::new(materials.field_key.ok_or(NO_KEY)?, *days, subject, on_invalid)?)
        }
        OperatorSpec::Microaggregate { k, step, with, group } => {
            let centre = match with {
                CentreName::Mean => Centre::Mean,
                CentreName::Median => Centre::Median,
            };
            Operator::Microaggregate(Microaggregate::new(*k, centre, *step, on_invalid)?.together(group.clone()))
        }
        OperatorSpec::Noise { noise, step, low, high } => {
            let distribution = match noise {
                NoiseSpec::Laplace(scale) => Distribution::Laplace(*scale),
                NoiseSpec::Gaussian(sigma) => Distribution::Gaussian(*sigma),
            };
            Operator::Noise(Noise::new(distribution, *step, *low, *high, on_invalid)?)
        }
        OperatorSpec::Shuffle => Operator::Shuffle(Shuffle),
    })
}

/// What happens to cells that do not fit, as the profile says it.
#[must_use]
pub fn on_invalid_from_spec(invalid: Invalid) -> OnInvalid {
    match invalid {
        Invalid::Error => OnInvalid::Error,
        Invalid::Null => OnInvalid::Null,
        Invalid::Text => OnInvalid::Text,
    }
}

fn text_encoding(encoding: Encoding) -> TextEncoding {
    match encoding {
        Encoding::Hex => TextEncoding::Hex,
        Encoding::Base32 => TextEncoding::Base32,
        Encoding::Base64Url => TextEncoding::Base64Url,
    }
}
