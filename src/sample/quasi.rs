//! Answers to a made-up household survey: nine quasi-identifiers that hang together as in life, and an income band.
//!
//! For timing and trying what groups rows: few frequent tuples, many rare ones, and dependent columns.

use super::digits::write;
use super::mix::{Bits, Mix, Wheel};
use std::sync::LazyLock;

/// One person's answers, each an index into its labels.
pub(super) struct Answers {
    age: usize,
    labels: [&'static str; 9],
}

impl Answers {
    /// The answers of a row.
    #[inline]
    pub(super) fn new(seed: u64, row: u64) -> Self {
        let wheels = &*WHEELS;
        let mut mix = Mix::new(seed, PURPOSE, row);
        let (mut first, mut second, mut third) = (mix.bits(), mix.bits(), mix.bits());
        let age = YOUNGEST + wheels.age.draw(&mut first);
        let male = first.take(10) < 522;
        let region = wheels.region.draw(&mut first);
        let band = match age {
            ..23 => 0,
            23..30 => 1,
            30..45 => 2,
            45..65 => 3,
            _ => 4,
        };
        let marital = wheels.marital[band].draw(&mut first);
        let education = wheels.education[band].draw(&mut first);
        let work = wheels.work[band].draw(&mut second);
        let works = work < 2;
        let schooling = education / 3;
        let occupation = if works { wheels.occupation[schooling].draw(&mut second) } else { NO_OCCUPATION };
        let birthplace = match second.take(10) {
            0..20 => ABROAD,
            20..220 => PROVINCES[wheels.region.draw(&mut second)].0,
            _ => PROVINCES[region].0,
        };
        let income = wheels.income[if works { schooling + 1 } else { 0 }].draw(&mut third);
        let labels = [
            if male { "male" } else { "female" },
            ethnicity(wheels, region, &mut third),
            MARITAL[marital],
            EDUCATION[education],
            PROVINCES[region].0,
            OCCUPATION[occupation],
            birthplace,
            WORK[work],
            INCOME[income],
        ];
        Self { age, labels }
    }
    /// Age in years.
    #[inline]
    pub(super) fn age(&self) -> usize {
        self.age
    }
    /// Appends the age.
    #[inline]
    pub(super) fn write_age(&self, out: &mut Vec<u8>) {
        write(self.age, out);
    }
    /// The label in that place after the age, in the order of the columns.
    #[inline]
    pub(super) fn label(&self, place: usize) -> &'static str {
        self.labels[place]
    }
}

fn ethnicity(wheels: &Wheels, region: usize, bits: &mut Bits) -> &'static str {
    let drawn = bits.take(10);
    match PROVINCES[region].2 {
        Some((group, share)) if drawn < share => group,
        _ => ETHNICITY[wheels.ethnicity.draw(bits)].0,
    }
}

const PURPOSE: u64 = 0x7175_6173;
const YOUNGEST: usize = 16;
const ABROAD: &str = "abroad";
const NO_OCCUPATION: usize = 8;

/// Code, people in units of a hundred thousand, and a group that many there belong to, with its share in 1024.
type Province = (&'static str, u32, Option<(&'static str, usize)>);

#[rustfmt::skip]
const PROVINCES: [Province; 31] = [
    ("110000", 219, None), ("120000", 139, None), ("130000", 746, None), ("140000", 349, None),
    ("150000", 240, Some(("mongol", 180))), ("210000", 426, Some(("manchu", 125))), ("220000", 241, None), ("230000", 319, None),
    ("310000", 249, None), ("320000", 847, None), ("330000", 646, None), ("340000", 610, None),
    ("350000", 415, None), ("360000", 452, None), ("370000", 1015, None), ("410000", 994, None),
    ("420000", 578, None), ("430000", 664, Some(("tujia", 45))), ("440000", 1260, None), ("450000", 501, Some(("zhuang", 320))),
    ("460000", 101, Some(("li", 150))), ("500000", 321, None), ("510000", 837, Some(("yi", 30))), ("520000", 386, Some(("miao", 120))),
    ("530000", 472, Some(("yi", 110))), ("540000", 36, Some(("tibetan", 880))), ("610000", 395, None), ("620000", 250, Some(("hui", 55))),
    ("630000", 59, Some(("tibetan", 255))), ("640000", 72, Some(("hui", 360))), ("650000", 259, Some(("uyghur", 460))),
];
#[rustfmt::skip]
const ETHNICITY: [(&str, u32); 13] = [
    ("han", 9600), ("zhuang", 45), ("hui", 75), ("miao", 50), ("manchu", 50), ("yi", 30), ("tujia", 60), ("tibetan", 15),
    ("mongol", 20), ("uyghur", 6), ("dong", 25), ("li", 4), ("other", 60),
];
const MARITAL: [&str; 5] = ["never-married", "married", "divorced", "widowed", "separated"];
const EDUCATION: [&str; 9] = [
    "none",
    "primary",
    "lower-secondary",
    "upper-secondary",
    "vocational",
    "college",
    "bachelor",
    "master",
    "doctorate",
];
const WORK: [&str; 7] = ["employed", "self-employed", "unemployed", "student", "retired", "homemaker", "unable"];
const OCCUPATION: [&str; 9] =
    ["manager", "professional", "technician", "clerk", "service", "agriculture", "craft", "operator", "none"];
const INCOME: [&str; 8] =
    ["none", "under-1000", "1000-1999", "2000-3999", "4000-6999", "7000-11999", "12000-24999", "25000-up"];

struct Wheels {
    age: Wheel,
    region: Wheel,
    ethnicity: Wheel,
    marital: [Wheel; 5],
    education: [Wheel; 5],
    work: [Wheel; 5],
    occupation: [Wheel; 3],
    income: [Wheel; 4],
}

fn wheels<const N: usize, const M: usize>(weights: [[u32; M]; N]) -> [Wheel; N] {
    weights.map(|weights| Wheel::new(weights.into_iter()))
}

#[rustfmt::skip]
static WHEELS: LazyLock<Wheels> = LazyLock::new(|| Wheels {
    // Seventy-five years, fewer of the young and the old.
    age: Wheel::new((16_u32..91).map(|age| match age {
        16..25 => 130,
        25..45 => 200,
        45..60 => 210,
        60..91 => 200 - (age - 60) * 6,
        _ => 0,
    })),
    region: Wheel::new(PROVINCES.iter().map(|(_, people, _)| *people)),
    ethnicity: Wheel::new(ETHNICITY.iter().map(|(_, people)| *people)),
    marital: wheels([
        [970, 28, 1, 0, 1], [520, 455, 15, 1, 9], [130, 800, 50, 5, 15], [35, 860, 60, 35, 10], [15, 690, 25, 265, 5],
    ]),
    education: wheels([
        [2, 20, 180, 420, 160, 110, 100, 8, 0], [4, 25, 240, 190, 120, 190, 200, 30, 1], [8, 70, 380, 160, 80, 150, 130, 20, 2],
        [40, 250, 430, 150, 40, 55, 32, 3, 1], [190, 420, 260, 80, 20, 18, 11, 1, 0],
    ]),
    work: wheels([
        [270, 40, 60, 600, 0, 25, 5], [700, 120, 60, 40, 0, 70, 10], [690, 190, 35, 3, 2, 65, 15],
        [500, 190, 40, 0, 160, 80, 30], [60, 90, 2, 0, 720, 58, 70],
    ]),
    occupation: wheels([
        [8, 5, 20, 25, 230, 420, 160, 132], [30, 60, 110, 120, 340, 60, 150, 130], [130, 430, 170, 160, 80, 4, 14, 12],
    ]),
    income: wheels([
        [330, 260, 180, 160, 50, 14, 5, 1], [10, 120, 230, 370, 200, 55, 12, 3], [5, 40, 110, 320, 330, 140, 45, 10],
        [3, 10, 35, 150, 320, 290, 150, 42],
    ]),
});

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    #[test]
    fn answers_hang_together() {
        let mut birthplace_is_region = 0;
        for row in 0..50_000 {
            let answers = Answers::new(9, row);
            assert!((16..=90).contains(&answers.age()));
            let works = answers.label(7) == "employed" || answers.label(7) == "self-employed";
            assert_eq!(works, answers.label(5) != "none");
            birthplace_is_region += u32::from(answers.label(4) == answers.label(6));
        }
        assert!((38_000..42_000).contains(&birthplace_is_region), "{birthplace_is_region}");
    }

    #[test]
    fn tuples_are_skewed() {
        let mut tuples = BTreeMap::<_, u32>::new();
        for row in 0..100_000 {
            let answers = Answers::new(9, row);
            let labels: Vec<&str> = (0..8).map(|place| answers.label(place)).collect();
            *tuples.entry((answers.age() / 10, labels)).or_default() += 1;
        }
        assert!(tuples.len() > 20_000, "{}", tuples.len());
        assert!(tuples.values().any(|count| *count > 40), "no frequent tuple");
        assert!(tuples.values().filter(|count| **count == 1).count() > 10_000, "too few unique tuples");
    }

    #[test]
    fn every_label_occurs() {
        let mut seen = BTreeSet::new();
        for row in 0..200_000 {
            let answers = Answers::new(1, row);
            seen.extend((0..9).map(|place| (place, answers.label(place))));
        }
        for (place, labels) in [(2, &MARITAL[..]), (3, &EDUCATION), (5, &OCCUPATION), (7, &WORK), (8, &INCOME)] {
            assert!(labels.iter().all(|label| seen.contains(&(place, *label))), "{place}");
        }
        assert!(ETHNICITY.iter().all(|(group, _)| seen.contains(&(1, *group))));
        assert!(PROVINCES.iter().all(|(code, ..)| seen.contains(&(4, *code)) && seen.contains(&(6, *code))));
    }
}
