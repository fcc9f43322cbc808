//! What one row says beside the person: amount, diagnosis, date, and a short note.

use super::digits::{write, write_fixed};
use super::mix::{Bits, Mix, Wheel};
use super::person::Person;
use crate::value::{Date, Decimal};
use std::sync::LazyLock;

/// One visit of a person.
pub(super) struct Visit {
    cents: usize,
    diagnosis: &'static str,
    day: i32,
    /// What the note is made from, once it is asked for.
    note: Bits,
}

struct Note {
    first: &'static str,
    second: Option<&'static str>,
    kind: Kind,
}

enum Kind {
    Absent,
    Plain,
    Comma,
    Quoted,
    Telephone,
}

impl Visit {
    /// The visit that a row tells of.
    #[inline]
    pub(super) fn new(seed: u64, row: u64, person: &Person) -> Self {
        let mut mix = Mix::new(seed, PURPOSE, row);
        let mut bits = mix.bits();
        let band = match LAST_YEAR.saturating_sub(person.birth_year()) {
            0..18 => 0,
            18..45 => 1,
            45..65 => 2,
            _ => 3,
        };
        let diagnosis = match DIAGNOSES[WHEELS[band].draw(&mut bits)].0 {
            "Z34.9" if person.is_male() => "Z00.0", // a check-up, of whatever kind
            diagnosis => diagnosis,
        };
        let day = FIRST_DAY + i32::try_from(bits.below(365)).expect("a day of a year");
        Self { note: mix.bits(), cents: cents(&mut mix.bits()), diagnosis, day }
    }
    /// Appends the amount with two decimals.
    #[inline]
    pub(super) fn write_amount(&self, out: &mut Vec<u8>) {
        write(self.cents / 100, out);
        out.push(b'.');
        write_fixed::<2>(self.cents, out);
    }
    /// The amount.
    pub(super) fn amount(&self) -> Option<Decimal> {
        Decimal::new(i128::try_from(self.cents).expect("small"), 2)
    }
    /// The diagnosis, ICD-10.
    #[inline]
    pub(super) fn diagnosis(&self) -> &'static str {
        self.diagnosis
    }
    /// The day of the visit, in 2025.
    pub(super) fn day(&self) -> Option<Date> {
        Date::from_days(self.day)
    }
    /// Appends the note; `false` where there is none. Some hold a comma, some quotes, one in a hundred the person's mobile
    /// number, as notes do that nobody meant to release.
    pub(super) fn write_note(&self, person: &Person, out: &mut Vec<u8>) -> bool {
        let Note { first, second, kind } = note(self.note);
        let between: &[u8] = match kind {
            Kind::Absent => return false,
            Kind::Comma => b",",
            _ => "，".as_bytes(),
        };
        match kind {
            Kind::Quoted => {
                out.extend_from_slice("自述\"".as_bytes());
                out.extend_from_slice(first.as_bytes());
                out.push(b'"');
            }
            _ => out.extend_from_slice(first.as_bytes()),
        }
        if let Some(second) = second {
            out.extend_from_slice(between);
            out.extend_from_slice(second.as_bytes());
        }
        if matches!(kind, Kind::Telephone) {
            out.extend_from_slice("，联系电话".as_bytes());
            out.extend_from_slice(person.mobile());
        }
        true
    }
}

/// About log-normal around 300.00, without a mathematical library: four even draws make the logarithm to the base two, and
/// the power is linear between whole exponents.
#[inline]
fn cents(bits: &mut Bits) -> usize {
    const MIDDLE: usize = 974_000; // 14.86 in units of 2^-16
    let sum = bits.take(16) + bits.take(16) + bits.take(16) + bits.take(16);
    let exponent = MIDDLE + sum * 5 / 2 - (5 << 16);
    ((1 << 16) + exponent % (1 << 16)) << (exponent >> 16) >> 16
}

fn note(mut bits: Bits) -> Note {
    let kind = match bits.take(10) {
        0..300 => Kind::Absent,
        300..380 => Kind::Comma,
        380..420 => Kind::Quoted,
        420..430 => Kind::Telephone,
        _ => Kind::Plain,
    };
    let first = FIRST[bits.below(FIRST.len())];
    let second = (matches!(kind, Kind::Comma) || bits.take(1) == 1).then(|| SECOND[bits.below(SECOND.len())]);
    Note { first, second, kind }
}

const PURPOSE: u64 = 0x7669_7369;
/// The last year in which somebody of the sample is born.
const LAST_YEAR: usize = 2024;
/// 2025-01-01.
const FIRST_DAY: i32 = 20_089;

const FIRST: [&str; 12] = [
    "复诊",
    "初诊",
    "病情稳定",
    "血压偏高",
    "血糖控制可",
    "咳嗽三天",
    "头晕一周",
    "无明显不适",
    "术后复查",
    "发热两天",
    "胸闷气短",
    "腰痛加重",
];
const SECOND: [&str; 10] = [
    "建议住院观察",
    "继续服药",
    "一个月后复查",
    "低盐饮食",
    "已预约检查",
    "注意休息",
    "转专科门诊",
    "家属陪同",
    "医保结算",
    "未见异常",
];

/// Diagnoses with their weights for children, adults below 45, below 65, and older people.
#[rustfmt::skip]
const DIAGNOSES: &[(&str, [u32; 4])] = &[
    ("J06.9", [260, 110, 60, 40]), ("I10", [0, 40, 180, 260]), ("E11.9", [1, 20, 110, 130]), ("J20.9", [110, 40, 35, 40]),
    ("K29.5", [10, 70, 75, 45]), ("M54.5", [2, 60, 70, 50]), ("I25.1", [0, 5, 50, 120]), ("E78.5", [0, 30, 60, 50]),
    ("K02.9", [70, 50, 30, 20]), ("L20.9", [60, 30, 15, 10]), ("J45.9", [45, 20, 15, 15]), ("H10.9", [40, 25, 15, 15]),
    ("N39.0", [15, 35, 30, 35]), ("I63.9", [0, 3, 25, 60]), ("A09", [80, 30, 15, 15]), ("J18.9", [60, 12, 15, 40]),
    ("M17.9", [0, 5, 35, 55]), ("H25.9", [0, 1, 15, 50]), ("F41.1", [5, 40, 25, 12]), ("F32.9", [4, 35, 18, 10]),
    ("K80.2", [0, 18, 22, 18]), ("D50.9", [20, 22, 10, 8]), ("E03.9", [3, 18, 16, 10]), ("Z34.9", [0, 50, 0, 0]),
    ("S52.5", [18, 8, 9, 12]), ("B18.1", [1, 18, 16, 8]), ("N18.9", [1, 4, 10, 16]), ("J44.9", [0, 1, 14, 40]),
    ("C34.9", [0, 1, 6, 10]), ("C50.9", [0, 3, 6, 4]), ("M32.9", [1, 3, 2, 1]), ("B20", [0, 2, 1, 1]),
];

static WHEELS: LazyLock<[Wheel; 4]> =
    LazyLock::new(|| std::array::from_fn(|band| Wheel::new(DIAGNOSES.iter().map(|(_, weights)| weights[band]))));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_skewed_around_three_hundred() {
        let mut mix = Mix::new(1, 2, 3);
        let mut amounts: Vec<usize> = (0..20_000).map(|_| cents(&mut mix.bits())).collect();
        amounts.sort_unstable();
        let (median, mean) = (amounts[10_000], amounts.iter().sum::<usize>() / amounts.len());
        assert!((27_000..33_000).contains(&median), "{median}");
        assert!(mean > median * 13 / 10, "{mean}");
        assert!(amounts[0] >= 500 && amounts[19_999] < 2_000_000);
    }

    #[test]
    fn every_diagnosis_has_a_place_on_some_wheel() {
        for (place, (code, _)) in DIAGNOSES.iter().enumerate() {
            let drawn = WHEELS.iter().any(|wheel| (0..4096).any(|at| wheel.draw(&mut Bits::fixed(at)) == place));
            assert!(drawn, "{code}");
        }
    }

    #[test]
    fn the_year_of_the_visits_starts_on_its_first_day() {
        assert!(Date::from_days(FIRST_DAY) == Date::new(2025, 1, 1));
    }
}
