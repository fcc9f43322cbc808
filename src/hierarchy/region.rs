//! Administrative codes of China (GB/T 2260): county, city, province, part of the country.
//!
//! A code has two digits each for province, city and county, so its levels are its prefixes. Cities keep their code, which ends
//! in `00`; provinces and parts of the country have names. The names are those of the 31 provinces, autonomous regions and
//! municipalities, of Hong Kong, Macao and Taiwan.

use super::{Miss, describe};

/// One level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RegionStep {
    /// The city's code, `110100`.
    City,
    /// The province's name, `北京市`.
    Province,
    /// The part of the country, `华北`.
    Part,
}

impl RegionStep {
    /// The name in profiles and plans.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::City => "city",
            Self::Province => "province",
            Self::Part => "part",
        }
    }
}

/// Levels from fine to coarse.
pub struct Region {
    steps: Vec<RegionStep>,
}

const REGION: Miss = Miss::NotA("a region code of six digits (GB/T 2260)");

/// First two digits, name, and part of the country. 83 stands for Taiwan on residence permits.
const PROVINCES: [(u32, &str); 35] = [
    (11, "北京市"),
    (12, "天津市"),
    (13, "河北省"),
    (14, "山西省"),
    (15, "内蒙古自治区"),
    (21, "辽宁省"),
    (22, "吉林省"),
    (23, "黑龙江省"),
    (31, "上海市"),
    (32, "江苏省"),
    (33, "浙江省"),
    (34, "安徽省"),
    (35, "福建省"),
    (36, "江西省"),
    (37, "山东省"),
    (41, "河南省"),
    (42, "湖北省"),
    (43, "湖南省"),
    (44, "广东省"),
    (45, "广西壮族自治区"),
    (46, "海南省"),
    (50, "重庆市"),
    (51, "四川省"),
    (52, "贵州省"),
    (53, "云南省"),
    (54, "西藏自治区"),
    (61, "陕西省"),
    (62, "甘肃省"),
    (63, "青海省"),
    (64, "宁夏回族自治区"),
    (65, "新疆维吾尔自治区"),
    (71, "台湾省"),
    (81, "香港特别行政区"),
    (82, "澳门特别行政区"),
    (83, "台湾省"),
];

/// The part of the country that a code's first digit stands for.
fn part(province: u32) -> &'static str {
    match province / 10 {
        1 => "华北",
        2 => "东北",
        3 => "华东",
        4 => "中南",
        5 => "西南",
        6 => "西北",
        _ => "港澳台",
    }
}

impl Region {
    /// Levels from fine to coarse.
    ///
    /// # Errors
    /// In words, where there is none or they do not rise.
    pub fn new(steps: Vec<RegionStep>) -> Result<Self, &'static str> {
        if steps.is_empty() {
            return Err("there is no step");
        }
        if steps.windows(2).any(|pair| pair[1] <= pair[0]) {
            return Err("a step is not coarser than the one before");
        }
        Ok(Self { steps })
    }

    pub(super) fn steps(&self) -> usize {
        self.steps.len()
    }

    pub(super) fn step_name(&self, step: usize) -> String {
        self.steps[step].name().to_owned()
    }

    pub(super) fn label(&self, step: usize, cell: &[u8], out: &mut Vec<u8>) -> Result<(), Miss> {
        let cell = cell.trim_ascii();
        let Some(code) = cell.first_chunk::<6>().filter(|code| cell.len() == 6 && code.iter().all(u8::is_ascii_digit))
        else {
            return Err(REGION);
        };
        let province = u32::from(code[0] - b'0') * 10 + u32::from(code[1] - b'0');
        let Ok(known) = PROVINCES.binary_search_by_key(&province, |(number, _)| *number) else { return Err(REGION) };
        match self.steps[step] {
            // a county without a city is no code
            RegionStep::City if &code[2..4] == b"00" && &code[4..] != b"00" => return Err(REGION),
            RegionStep::City => {
                out.extend_from_slice(&code[..4]);
                out.extend_from_slice(b"00");
            }
            RegionStep::Province => out.extend_from_slice(PROVINCES[known].1.as_bytes()),
            RegionStep::Part => out.extend_from_slice(part(province).as_bytes()),
        }
        Ok(())
    }

    pub(super) fn digest_bytes(&self, out: &mut Vec<u8>) {
        for step in &self.steps {
            describe(out, step.name().as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(step: RegionStep, cell: &str) -> Result<String, Miss> {
        let mut out = Vec::new();
        let region = Region::new(vec![step]).unwrap();
        region.label(0, cell.as_bytes(), &mut out).map(|()| String::from_utf8(out).unwrap())
    }

    #[test]
    fn a_code_becomes_its_city_its_province_and_its_part_of_the_country() {
        for (cell, city, province, part) in [
            ("110105", "110100", "北京市", "华北"),
            (" 469001", "469000", "海南省", "中南"),
            ("650000", "650000", "新疆维吾尔自治区", "西北"),
            ("810000", "810000", "香港特别行政区", "港澳台"),
            ("830000", "830000", "台湾省", "港澳台"),
        ] {
            assert_eq!(label(RegionStep::City, cell).as_deref(), Ok(city));
            assert_eq!(label(RegionStep::Province, cell).as_deref(), Ok(province));
            assert_eq!(label(RegionStep::Part, cell).as_deref(), Ok(part));
        }
        for wrong in ["", "11", "1101050", "11010X", "990000", "北京市"] {
            assert_eq!(label(RegionStep::Province, wrong), Err(REGION), "{wrong}");
        }
        assert_eq!(label(RegionStep::City, "110005"), Err(REGION));
    }

    #[test]
    fn every_province_of_the_codes_has_one_name() {
        assert!(PROVINCES.is_sorted_by_key(|(code, _)| *code));
        let names: std::collections::BTreeSet<&str> = PROVINCES.iter().map(|(_, name)| *name).collect();
        assert_eq!(names.len(), 34, "31 and three; Taiwan has two codes");
    }

    #[test]
    fn steps_must_rise() {
        use RegionStep::{City, Part, Province};
        assert!(Region::new(vec![City, Province, Part]).is_ok() && Region::new(vec![Province]).is_ok());
        assert!(Region::new(vec![]).is_err() && Region::new(vec![Province, City]).is_err());
        assert!(Region::new(vec![City, City]).is_err());
    }
}
