//! Names of made-up people: common surnames and characters, most frequent first, with their letters for addresses.

use super::mix::Wheel;

/// Surnames, about in the order of how many people bear them.
#[rustfmt::skip]
pub(super) const SURNAMES: &[(&str, &str)] = &[
    ("王", "wang"), ("李", "li"), ("张", "zhang"), ("刘", "liu"), ("陈", "chen"), ("杨", "yang"), ("黄", "huang"),
    ("赵", "zhao"), ("吴", "wu"), ("周", "zhou"), ("徐", "xu"), ("孙", "sun"), ("马", "ma"), ("朱", "zhu"),
    ("胡", "hu"), ("郭", "guo"), ("何", "he"), ("林", "lin"), ("高", "gao"), ("罗", "luo"), ("郑", "zheng"),
    ("梁", "liang"), ("谢", "xie"), ("宋", "song"), ("唐", "tang"), ("许", "xu"), ("韩", "han"), ("邓", "deng"),
    ("冯", "feng"), ("曹", "cao"), ("彭", "peng"), ("曾", "zeng"), ("肖", "xiao"), ("田", "tian"), ("董", "dong"),
    ("潘", "pan"), ("袁", "yuan"), ("蔡", "cai"), ("蒋", "jiang"), ("余", "yu"), ("于", "yu"), ("杜", "du"),
    ("叶", "ye"), ("程", "cheng"), ("魏", "wei"), ("苏", "su"), ("吕", "lv"), ("丁", "ding"), ("任", "ren"),
    ("卢", "lu"), ("姚", "yao"), ("沈", "shen"), ("钟", "zhong"), ("姜", "jiang"), ("崔", "cui"), ("谭", "tan"),
    ("陆", "lu"), ("范", "fan"), ("汪", "wang"), ("廖", "liao"), ("石", "shi"), ("金", "jin"), ("韦", "wei"),
    ("贾", "jia"), ("夏", "xia"), ("付", "fu"), ("方", "fang"), ("邹", "zou"), ("熊", "xiong"), ("白", "bai"),
    ("孟", "meng"), ("秦", "qin"), ("邱", "qiu"), ("侯", "hou"), ("江", "jiang"), ("尹", "yin"), ("薛", "xue"),
    ("闫", "yan"), ("段", "duan"), ("雷", "lei"), ("龙", "long"), ("黎", "li"), ("史", "shi"), ("陶", "tao"),
    ("贺", "he"), ("毛", "mao"), ("郝", "hao"), ("顾", "gu"), ("龚", "gong"), ("邵", "shao"), ("万", "wan"),
    ("覃", "qin"), ("武", "wu"), ("钱", "qian"), ("戴", "dai"), ("严", "yan"), ("莫", "mo"), ("孔", "kong"),
    ("向", "xiang"), ("常", "chang"), ("欧阳", "ouyang"), ("司马", "sima"), ("上官", "shangguan"),
];

/// Characters of men's given names.
#[rustfmt::skip]
pub(super) const GIVEN_MALE: &[(&str, &str)] = &[
    ("伟", "wei"), ("强", "qiang"), ("磊", "lei"), ("军", "jun"), ("洋", "yang"), ("勇", "yong"), ("杰", "jie"),
    ("涛", "tao"), ("明", "ming"), ("超", "chao"), ("刚", "gang"), ("平", "ping"), ("辉", "hui"), ("鹏", "peng"),
    ("华", "hua"), ("飞", "fei"), ("波", "bo"), ("斌", "bin"), ("宇", "yu"), ("浩", "hao"), ("凯", "kai"),
    ("健", "jian"), ("俊", "jun"), ("帆", "fan"), ("帅", "shuai"), ("旭", "xu"), ("宁", "ning"), ("龙", "long"),
    ("林", "lin"), ("建", "jian"), ("国", "guo"), ("志", "zhi"), ("文", "wen"), ("海", "hai"), ("东", "dong"),
    ("峰", "feng"), ("亮", "liang"), ("毅", "yi"), ("博", "bo"), ("晨", "chen"), ("轩", "xuan"), ("泽", "ze"),
    ("子", "zi"), ("天", "tian"), ("翔", "xiang"), ("睿", "rui"), ("嘉", "jia"), ("昊", "hao"), ("航", "hang"),
    ("振", "zhen"), ("庆", "qing"), ("德", "de"), ("永", "yong"), ("福", "fu"), ("荣", "rong"), ("贵", "gui"),
    ("生", "sheng"), ("元", "yuan"), ("成", "cheng"), ("立", "li"),
];

/// Characters of women's given names.
#[rustfmt::skip]
pub(super) const GIVEN_FEMALE: &[(&str, &str)] = &[
    ("芳", "fang"), ("娜", "na"), ("秀", "xiu"), ("敏", "min"), ("静", "jing"), ("丽", "li"), ("艳", "yan"),
    ("娟", "juan"), ("霞", "xia"), ("燕", "yan"), ("玲", "ling"), ("红", "hong"), ("梅", "mei"), ("英", "ying"),
    ("玉", "yu"), ("兰", "lan"), ("萍", "ping"), ("琳", "lin"), ("雪", "xue"), ("莉", "li"), ("婷", "ting"),
    ("慧", "hui"), ("莹", "ying"), ("倩", "qian"), ("欣", "xin"), ("怡", "yi"), ("佳", "jia"), ("颖", "ying"),
    ("璐", "lu"), ("晶", "jing"), ("洁", "jie"), ("琴", "qin"), ("云", "yun"), ("桂", "gui"), ("春", "chun"),
    ("凤", "feng"), ("珍", "zhen"), ("花", "hua"), ("淑", "shu"), ("华", "hua"), ("洋", "yang"), ("宁", "ning"),
    ("雨", "yu"), ("梦", "meng"), ("思", "si"), ("诗", "shi"), ("涵", "han"), ("子", "zi"), ("可", "ke"),
    ("心", "xin"), ("悦", "yue"), ("馨", "xin"), ("瑶", "yao"), ("月", "yue"), ("美", "mei"), ("巧", "qiao"),
    ("爱", "ai"), ("香", "xiang"), ("蓉", "rong"),
];

/// A wheel over a table that is sorted by frequency: the weight of place `n` is about `1 / (n + shift)` (Zipf and Mandelbrot).
pub(super) fn zipf(len: usize, shift: u32) -> Wheel {
    Wheel::new((0_u32..).take(len).map(|place| 1_000_000 / (place + shift)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_han_characters_with_letters() {
        for table in [SURNAMES, GIVEN_MALE, GIVEN_FEMALE] {
            let distinct: BTreeSet<&str> = table.iter().map(|(name, _)| *name).collect();
            assert_eq!(distinct.len(), table.len());
            for (name, letters) in table {
                assert!(name.chars().all(|character| ('\u{4E00}'..='\u{9FFF}').contains(&character)));
                assert!(letters.bytes().all(|byte| byte.is_ascii_lowercase()) && !letters.is_empty());
            }
        }
        assert!(SURNAMES.len() >= 90 && GIVEN_MALE.len() >= 50 && GIVEN_FEMALE.len() >= 50);
    }
}
