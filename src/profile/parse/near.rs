//! "Did you mean": the nearest known word.

/// The known word that is nearest to what was written, if it is near enough to be a slip.
pub(super) fn near<'a>(written: &str, known: &[&'a str]) -> Option<&'a str> {
    let plain = |word: &str| word.to_lowercase().replace(['-', ' ', '.'], "_");
    let written = plain(written);
    let allowed = match written.chars().count() {
        0..=1 => 0,
        2..=4 => 1,
        5..=8 => 2,
        _ => 3,
    };
    known
        .iter()
        .map(|word| (distance(&written, &plain(word)), *word))
        .filter(|(edits, word)| *edits <= allowed && *edits < word.chars().count().max(1))
        .min()
        .map(|(_, word)| word)
}

/// Edits between two words, where swapping two neighbours counts as one (Damerau 1964, optimal string alignment).
fn distance(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    if left.len() > 200 {
        return usize::MAX;
    }
    let mut rows: Vec<Vec<usize>> = vec![(0..=right.len()).collect()];
    for (i, one) in left.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, other) in right.iter().enumerate() {
            let mut edits = (rows[i][j] + usize::from(one != other)).min(rows[i][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *one == right[j - 1] && left[i - 1] == *other {
                edits = edits.min(rows[i - 1][j - 1] + 1);
            }
            row.push(edits);
        }
        rows.push(row);
    }
    rows[left.len()][right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn slips_are_found_and_strangers_are_not() {
        let known = ["role", "name", "k_anonymity", "suppress_at_most", "as"];
        assert_eq!(near("rol", &known), Some("role"));
        assert_eq!(near("nmae", &known), Some("name"));
        assert_eq!(near("k-anonymity", &known), Some("k_anonymity"));
        assert_eq!(near("K_Anonimity", &known), Some("k_anonymity"));
        assert_eq!(near("colour", &known), None);
        assert_eq!(near("", &known), None);
        assert_eq!(near("x", &known), None);
    }

    proptest! {
        #[test]
        fn distance_is_symmetric_and_zero_for_equals_only(left in "[abc]{0,8}", right in "[abc]{0,8}") {
            prop_assert_eq!(distance(&left, &right), distance(&right, &left));
            prop_assert_eq!(distance(&left, &right) == 0, left == right);
            prop_assert!(distance(&left, &right) <= left.len().max(right.len()));
        }
    }
}
