//! Made-up people: everything about a person that all rows of the person share.
//!
//! Identity numbers differ for all people of a file (up to 400 million): a person's index is shuffled over all pairs of a
//! district's residents and a year's births, and each pair owns one birthday and one sequence number.

use super::digits::{fixed, write, write_fixed};
use super::mix::{Bits, Mix, Permutation, Wheel};
use super::names::{GIVEN_FEMALE, GIVEN_MALE, SURNAMES, zipf};
use super::places::{DISTRICTS, District, MOST_PEOPLE};
use crate::domain::check_digit::resident_id_character;
use crate::value::Date;
use std::sync::LazyLock;

/// Makes people from their index.
pub(super) struct People {
    seed: u64,
    births: Permutation,
    tables: &'static Tables,
}

/// One person.
pub(super) struct Person {
    days: &'static [Vec<[u8; 4]>; 2],
    district: &'static District,
    year: usize,
    day: usize,
    sequence: usize,
    surname: &'static (&'static str, &'static str),
    given: [&'static (&'static str, &'static str); 2],
    /// 1 or 2.
    given_characters: usize,
    mobile: [u8; 11],
    postcode_end: usize,
    address_form: usize,
    address_domain: usize,
}

impl People {
    /// The people of a seed.
    pub(super) fn new(seed: u64) -> Self {
        let tables = &*TABLES;
        let numbers = u64::try_from(tables.residents.len() * tables.births.len()).expect("small");
        Self { seed, births: Permutation::new(seed, PURPOSE, numbers), tables }
    }
    /// The person of that index.
    #[inline]
    pub(super) fn person(&self, index: u64) -> Person {
        let births = u64::try_from(self.tables.births.len()).expect("small");
        let numbers = births * u64::try_from(self.tables.residents.len()).expect("small");
        let pair = self.births.place(index % numbers);
        let small = |number: u64| usize::try_from(number).expect("below the tables' lengths");
        let (district, resident) = self.tables.residents[small(pair / births)];
        let (year, birth) = self.tables.births[small(pair % births)];
        let year = usize::from(year);
        // Within the district and year: all different and below MOST_PEOPLE × MOST_BIRTHS.
        let own = usize::from(resident) * small(u64::from(BIRTHS[year])) + usize::from(birth);
        let spread = own * SPREAD % NUMBERS;
        let sequence = spread % SEQUENCES + 1;

        let mut mix = Mix::new(self.seed, PURPOSE, index);
        let mut bits = mix.bits();
        let (table, wheel) =
            if sequence % 2 == 1 { (GIVEN_MALE, &self.tables.male) } else { (GIVEN_FEMALE, &self.tables.female) };
        let surname = &SURNAMES[self.tables.surnames.draw(&mut bits)];
        let given = [&table[wheel.draw(&mut bits)], &table[wheel.draw(&mut bits)]];
        let given_characters = if bits.take(8) < 56 { 1 } else { 2 };
        let (address_form, address_domain) = (bits.take(3), bits.take(3));
        let mut bits = mix.bits();
        let mobile = mobile(&mut bits);
        // Two draws, so that low ends are more frequent, as main post offices are.
        let postcode_end = bits.take(4) * bits.take(3);
        Person {
            days: &self.tables.days,
            district: &DISTRICTS[usize::from(district)],
            year: FIRST_YEAR + year,
            day: spread / SEQUENCES,
            sequence,
            surname,
            given,
            given_characters,
            mobile,
            postcode_end,
            address_form,
            address_domain,
        }
    }
}

impl Person {
    /// Appends the resident ID.
    #[inline]
    pub(super) fn write_id(&self, out: &mut Vec<u8>) {
        let mut number = [0; 17];
        number[..6].copy_from_slice(self.district.code.as_bytes());
        number[6..10].copy_from_slice(&fixed::<4>(self.year));
        number[10..14].copy_from_slice(&self.month_and_day());
        number[14..].copy_from_slice(&fixed::<3>(self.sequence));
        out.extend_from_slice(&number);
        out.push(resident_id_character(&number).expect("all digits"));
    }
    /// Appends surname and given name.
    #[inline]
    pub(super) fn write_name(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.surname.0.as_bytes());
        for (character, _) in &self.given[..self.given_characters] {
            out.extend_from_slice(character.as_bytes());
        }
    }
    /// The mobile number.
    #[inline]
    pub(super) fn mobile(&self) -> &[u8; 11] {
        &self.mobile
    }
    /// Appends the e-mail address, under the domains that nobody can have (RFC 2606).
    #[inline]
    pub(super) fn write_email(&self, out: &mut Vec<u8>) {
        let given = &self.given[..self.given_characters];
        match self.address_form {
            0 => {
                for (_, letters) in given {
                    out.extend_from_slice(letters.as_bytes());
                }
                out.push(b'.');
                out.extend_from_slice(self.surname.1.as_bytes());
            }
            1..=5 => {
                out.push(self.surname.1.as_bytes()[0]);
                out.extend(given.iter().map(|(_, letters)| letters.as_bytes()[0]));
                out.extend_from_slice(&self.month_and_day());
            }
            6 => {
                out.extend_from_slice(self.surname.1.as_bytes());
                out.extend(given.iter().map(|(_, letters)| letters.as_bytes()[0]));
                write(self.sequence, out);
            }
            _ => {
                out.extend_from_slice(self.surname.1.as_bytes());
                out.extend_from_slice(given[0].1.as_bytes());
                write_fixed::<2>(self.year, out);
            }
        }
        out.extend_from_slice(match self.address_domain {
            0..=3 => b"@example.com",
            4 | 5 => b"@example.org",
            _ => b"@example.net",
        });
    }
    /// Whether the person is a man.
    #[inline]
    pub(super) fn is_male(&self) -> bool {
        self.sequence % 2 == 1
    }
    /// The year of birth.
    #[inline]
    pub(super) fn birth_year(&self) -> usize {
        self.year
    }
    /// Appends the date of birth as `YYYY-MM-DD`.
    #[inline]
    pub(super) fn write_birth(&self, out: &mut Vec<u8>) {
        let ([month, of_month, day, of_day], year) = (self.month_and_day(), fixed::<4>(self.year));
        out.extend_from_slice(&year);
        out.extend_from_slice(&[b'-', month, of_month, b'-', day, of_day]);
    }
    /// The date of birth.
    pub(super) fn birth(&self) -> Date {
        let year = i32::try_from(self.year).expect("a year");
        let first = Date::new(year, 1, 1).expect("a year of the calendar");
        first.shifted(i32::try_from(self.day).expect("a day of the year")).expect("a year of the calendar")
    }
    #[inline]
    fn month_and_day(&self) -> [u8; 4] {
        // Between 1935 and 2024 every fourth year is a leap year.
        self.days[usize::from(self.year.is_multiple_of(4))][self.day]
    }
    /// The district's code.
    #[inline]
    pub(super) fn region(&self) -> &'static str {
        self.district.code
    }
    /// Appends the postcode.
    #[inline]
    pub(super) fn write_postcode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.district.postcode.as_bytes());
        write_fixed::<2>(self.postcode_end, out);
    }
}

fn mobile(bits: &mut Bits) -> [u8; 11] {
    let prefix = MOBILE_PREFIXES[bits.take(6)];
    let rest = (bits.take(32) * 100_000_000) >> 32;
    let mut number = [0; 11];
    number[..3].copy_from_slice(prefix.as_bytes());
    number[3..].copy_from_slice(&fixed::<8>(rest));
    number
}

const PURPOSE: u64 = 0x7065_6F70;
const FIRST_YEAR: usize = 1935;
/// Sequence numbers of one day and district.
const SEQUENCES: usize = 999;
/// Numbers of one year and district.
const NUMBERS: usize = 365 * SEQUENCES;
/// Near the golden section of [`NUMBERS`] and without a common divisor, so that a few numbers lie over the whole year.
const SPREAD: usize = 225_349;
/// Bound of the births of a year.
const MOST_BIRTHS: u32 = 600;
const _: () = assert!(MOST_PEOPLE * MOST_BIRTHS <= 365 * 999, "each pair needs a number of its own");

/// How many people of each year live, from 1935 on, in proportion.
#[rustfmt::skip]
const BIRTHS: [u32; 90] = [
    40, 50, 60, 70, 80, 95, 110, 125, 140, 155, 170, 190, 210, 230, 250, 280, 300, 320, 340, 360,
    370, 370, 370, 340, 290, 260, 230, 380, 470, 460, 470, 480, 480, 500, 510, 520, 510, 510, 500, 490,
    440, 410, 390, 380, 390, 390, 430, 470, 450, 450, 480, 520, 560, 550, 540, 560, 470, 460, 450, 440,
    420, 410, 390, 370, 350, 350, 340, 340, 330, 330, 340, 340, 340, 350, 350, 350, 370, 390, 360, 380,
    350, 390, 370, 320, 300, 250, 220, 200, 190, 190,
];

/// Starts of mobile numbers; the older networks' twice as often.
#[rustfmt::skip]
const MOBILE_PREFIXES: [&str; 64] = [
    "138", "138", "139", "139", "136", "136", "137", "137", "135", "135", "134", "134", "150", "150", "151", "151",
    "152", "152", "158", "158", "159", "159", "187", "187", "188", "188", "182", "183", "184", "178", "157", "198",
    "130", "130", "131", "131", "132", "132", "155", "155", "156", "156", "185", "185", "186", "186", "176", "166",
    "133", "133", "153", "153", "180", "180", "181", "181", "189", "189", "177", "177", "173", "199", "191", "193",
];

struct Tables {
    /// District and resident for each unit of people.
    residents: Vec<(u8, u16)>,
    /// Year and birth for each unit of births.
    births: Vec<(u8, u16)>,
    surnames: Wheel,
    male: Wheel,
    female: Wheel,
    /// Month and day of each day of a common and of a leap year.
    days: [Vec<[u8; 4]>; 2],
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| Tables {
    residents: units(DISTRICTS.iter().map(|district| district.people)),
    births: units(BIRTHS.into_iter()),
    surnames: zipf(SURNAMES.len(), 4),
    male: zipf(GIVEN_MALE.len(), 12),
    female: zipf(GIVEN_FEMALE.len(), 12),
    days: [days_of(2001), days_of(2000)],
});

/// `(index, unit)` for each unit of each count.
fn units(counts: impl Iterator<Item = u32>) -> Vec<(u8, u16)> {
    let unit = |unit: u32| u16::try_from(unit).expect("at most 600");
    (0_u8..).zip(counts).flat_map(|(index, count)| (0..count).map(move |at| (index, unit(at)))).collect()
}

fn days_of(year: i32) -> Vec<[u8; 4]> {
    let first = Date::new(year, 1, 1).expect("a year of the calendar");
    let days = (0..365).map(|day| first.shifted(day).expect("a day of that year").parts());
    days.map(|(_, month, day)| fixed::<4>(usize::try_from(month * 100 + day).expect("small"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn numbers_fit_their_year() {
        assert!(BIRTHS.iter().all(|births| *births <= MOST_BIRTHS));
        assert!(DISTRICTS.iter().all(|district| district.people <= MOST_PEOPLE));
        let common = |mut left: usize, mut right: usize| {
            while right > 0 {
                (left, right) = (right, left % right);
            }
            left
        };
        assert_eq!(common(SPREAD, NUMBERS), 1);
        assert!(TABLES.residents.len() * TABLES.births.len() > 400_000_000);
    }

    #[test]
    fn no_two_people_share_an_id() {
        let people = People::new(11);
        let ids: BTreeSet<Vec<u8>> = (0..200_000)
            .map(|index| {
                let mut id = Vec::new();
                people.person(index).write_id(&mut id);
                id
            })
            .collect();
        assert_eq!(ids.len(), 200_000);
    }

    #[test]
    fn every_birthday_is_written_as_the_calendar_has_it() {
        let people = People::new(3);
        for index in 0..50_000 {
            let person = people.person(index);
            let (mut written, mut expected) = (Vec::new(), Vec::new());
            person.write_birth(&mut written);
            person.birth().write(&mut expected);
            assert_eq!(written, expected);
        }
    }
}
