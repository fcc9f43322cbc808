//! What cells are: identifier packs with canonical forms, checks and domain sizes.
//!
//! Given: a cell as bytes. Makes: the one form that all spellings of the same thing share, so that equal things get equal
//! tokens (threats, A20). Never guesses, never keeps or prints a cell: a cell that is not of its type is told apart by a
//! fixed phrase of what was expected.

mod bank_card;
mod boolean;
mod characters;
pub mod check_digit;
mod date;
mod device;
mod email;
mod iban;
mod mobile;
mod network;
mod number;
mod plate;
mod postcode;
mod region;
mod resident_id;
mod text;
mod uscc;

pub use region::is_province;

/// What the cells of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SemanticType {
    /// Text where letters' case counts.
    Text,
    /// A person's name.
    Name,
    /// A whole number.
    Integer,
    /// An exact decimal number.
    Decimal,
    /// True or false.
    Boolean,
    /// A civil date.
    Date,
    /// A date with a time, to microseconds.
    Timestamp,
    /// An e-mail address.
    Email,
    /// A mobile number of mainland China.
    Mobile,
    /// A resident ID, GB 11643.
    ResidentId,
    /// A unified social credit code, GB 32100.
    Uscc,
    /// A vehicle plate of mainland China.
    Plate,
    /// A bank card number, ISO/IEC 7812.
    BankCard,
    /// A postcode of China.
    Postcode,
    /// A region code, GB/T 2260.
    Region,
    /// An international bank account number, ISO 13616.
    Iban,
    /// A device number of mobile networks.
    Imei,
    /// An IPv4 or IPv6 address.
    Ip,
    /// Prose, in which anything may stand.
    FreeText,
}

impl SemanticType {
    /// Every type with its name in profiles.
    pub const ALL: &'static [(&'static str, Self)] = &[
        ("text", Self::Text),
        ("name", Self::Name),
        ("integer", Self::Integer),
        ("decimal", Self::Decimal),
        ("boolean", Self::Boolean),
        ("date", Self::Date),
        ("timestamp", Self::Timestamp),
        ("email", Self::Email),
        ("cn.mobile", Self::Mobile),
        ("cn.resident_id", Self::ResidentId),
        ("cn.uscc", Self::Uscc),
        ("cn.plate", Self::Plate),
        ("bank_card", Self::BankCard),
        ("cn.postcode", Self::Postcode),
        ("cn.region", Self::Region),
        ("iban", Self::Iban),
        ("imei", Self::Imei),
        ("ip", Self::Ip),
        ("free_text", Self::FreeText),
    ];

    /// The type of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, semantic)| *semantic)
    }

    /// The name in profiles, plans and logs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Name => "name",
            Self::Integer => "integer",
            Self::Decimal => "decimal",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::Timestamp => "timestamp",
            Self::Email => "email",
            Self::Mobile => "cn.mobile",
            Self::ResidentId => "cn.resident_id",
            Self::Uscc => "cn.uscc",
            Self::Plate => "cn.plate",
            Self::BankCard => "bank_card",
            Self::Postcode => "cn.postcode",
            Self::Region => "cn.region",
            Self::Iban => "iban",
            Self::Imei => "imei",
            Self::Ip => "ip",
            Self::FreeText => "free_text",
        }
    }

    /// One line for a person who writes a profile: what it is, and which spellings are the same.
    #[must_use]
    pub fn description(self) -> &'static str {
        match self {
            Self::Text => "text; full-width forms, spaces and invisible characters do not count, case does",
            Self::Name => {
                "a person's name; as text, and case, middle dots and blanks between Han characters do not count"
            }
            Self::Integer => "a whole number; a plus sign and leading zeros do not count",
            Self::Decimal => "an exact decimal number; trailing zeros and exponents do not count",
            Self::Boolean => "true or false; also 1/0, yes/no, y/n, t/f, 是/否",
            Self::Date => "a date as 1984-03-09, 1984/3/9, 19840309, 1984年3月9日",
            Self::Timestamp => "a date with a time, to microseconds; offsets are moved to UTC",
            Self::Email => "an e-mail address; case does not count",
            Self::Mobile => "a mobile number of mainland China; +86 and separators do not count",
            Self::ResidentId => "a resident ID of 18 characters or 15 digits with a right check character (GB 11643)",
            Self::Uscc => "a unified social credit code with a right check character (GB 32100)",
            Self::Plate => "a vehicle plate of mainland China, new-energy plates included; separators do not count",
            Self::BankCard => "a bank card number of 12 to 19 digits with a right Luhn digit",
            Self::Postcode => "a postcode of China, six digits",
            Self::Region => "a region code of six digits (GB/T 2260)",
            Self::Iban => "an international bank account number with right check digits (ISO 13616)",
            Self::Imei => "a device number of 15 digits with a right Luhn digit, or 14 without it",
            Self::Ip => "an IPv4 or IPv6 address",
            Self::FreeText => "prose; as text, but anything may stand in it, names and numbers included",
        }
    }

    /// Whether the values have an order of their own: numbers, dates.
    #[must_use]
    pub fn is_ordered(self) -> bool {
        matches!(self, Self::Integer | Self::Decimal | Self::Date | Self::Timestamp)
    }

    /// Version of the canonical form. It goes into the derivation of keys: a form that changes never shares tokens with
    /// the one before, so raise it with every change of what [`SemanticType::canonicalize`] appends.
    #[must_use]
    pub fn version(self) -> u32 {
        1
    }

    /// Appends the canonical form, in UTF-8.
    ///
    /// Idempotent; never panics, whatever the bytes. Nothing is appended where the cell is not of this type. An empty cell is
    /// text, and a name, but nothing else.
    ///
    /// # Errors
    /// What was expected, as "a resident ID".
    #[inline]
    pub fn canonicalize(self, cell: &[u8], out: &mut Vec<u8>) -> Result<(), &'static str> {
        match self {
            Self::Text | Self::FreeText => text::canonicalize(cell, out),
            Self::Name => text::canonicalize_name(cell, out),
            Self::Integer => number::canonicalize_integer(cell, out),
            Self::Decimal => number::canonicalize_decimal(cell, out),
            Self::Boolean => boolean::canonicalize(cell, out),
            Self::Date => date::canonicalize_date(cell, out),
            Self::Timestamp => date::canonicalize_timestamp(cell, out),
            Self::Email => email::canonicalize(cell, out),
            Self::Mobile => mobile::canonicalize(cell, out),
            Self::ResidentId => resident_id::canonicalize(cell, out),
            Self::Uscc => uscc::canonicalize(cell, out),
            Self::Plate => plate::canonicalize(cell, out),
            Self::BankCard => bank_card::canonicalize(cell, out),
            Self::Postcode => postcode::canonicalize(cell, out),
            Self::Region => region::canonicalize(cell, out),
            Self::Iban => iban::canonicalize(cell, out),
            Self::Imei => device::canonicalize(cell, out),
            Self::Ip => network::canonicalize(cell, out),
        }
    }

    /// Whether a cell is surely its own canonical form, so that [`Self::canonicalize`] would copy it; asked for types whose cells are so
    /// mostly.
    #[must_use]
    #[inline]
    pub fn is_canonical(self, cell: &[u8]) -> bool {
        match self {
            Self::Text | Self::FreeText => text::is_canonical(cell),
            Self::Mobile => mobile::is_canonical(cell),
            Self::ResidentId => resident_id::is_canonical(cell),
            _ => false,
        }
    }

    /// Bits of the number of plausible values: what a dictionary against an unkeyed digest must try. `None` where there is
    /// no bound. What an attacker usually knows is taken as known: a card's issuer, a device's model, an account's bank.
    #[must_use]
    pub fn domain_bits(self) -> Option<f64> {
        let values: f64 = match self {
            Self::Text | Self::FreeText | Self::Integer | Self::Decimal | Self::Email => return None,
            Self::Boolean => 2.0,
            // Regions in force.
            Self::Region => 3e3,
            // Days of a hundred years, and their seconds.
            Self::Date => 36_525.0,
            Self::Timestamp => 36_525.0 * 86_400.0,
            // A dictionary of a million names covers most people; a device's serial number, its model known.
            Self::Name | Self::Postcode | Self::Imei => 1e6,
            // A card: at 16 digits, the issuer known, the Luhn digit free.
            Self::Plate | Self::BankCard => 1e9,
            // Addresses of IPv4; those of IPv6 in use are not far from it.
            Self::Ip => 4_294_967_296.0,
            // 1[3-9] and nine digits.
            Self::Mobile => 7e9,
            // Account numbers of one bank.
            Self::Iban => 1e10,
            // Regions with abolished ones, 120 years, 999 numbers; the check character is a function of them.
            Self::ResidentId => 3e11,
            // Regions, and organization codes, of which a billion are likely.
            Self::Uscc => 3e12,
        };
        Some(values.log2())
    }

    /// Whether a value alone is a direct identifier of a person.
    #[must_use]
    pub fn identifies(self) -> bool {
        match self {
            Self::Name
            | Self::Email
            | Self::Mobile
            | Self::ResidentId
            | Self::Uscc
            | Self::Plate
            | Self::BankCard
            | Self::Iban
            | Self::Imei
            | Self::Ip => true,
            Self::Text
            | Self::Integer
            | Self::Decimal
            | Self::Boolean
            | Self::Date
            | Self::Timestamp
            | Self::Postcode
            | Self::Region
            | Self::FreeText => false,
        }
    }
}

#[cfg(test)]
mod tests;
