//! What the gate let pass stays passed only as long as it is the same, byte for byte.

use super::{FileFacts, Judgement, Passed};

/// Lets pass what was judged before and waited since: its files must be those that were judged, each with the same bytes. `judged`
/// comes from the log that the run sealed, `found` from the disk as it is now.
pub fn readmit<S>(staged: S, judged: &[FileFacts], found: &[FileFacts]) -> Judgement<S> {
    let known = |files: &[FileFacts]| {
        let mut files: Vec<_> = files.iter().map(|file| (file.name.clone(), file.bytes, file.digest.clone())).collect();
        files.sort();
        files
    };
    let same = !judged.is_empty() && known(judged) == known(found);
    if same { Judgement::Passed(Passed(staged)) } else { Judgement::Refused(staged) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Digest;

    #[test]
    fn only_the_very_files_pass_again() {
        let file = |name: &str, text: &str| FileFacts {
            name: name.into(),
            bytes: text.len() as u64,
            digest: Digest::of_text(text),
        };
        let passes =
            |judged: &[FileFacts], found: &[FileFacts]| matches!(readmit((), judged, found), Judgement::Passed(_));
        let (one, two) = (file("a", "1"), file("b", "2"));
        assert!(passes(&[one.clone(), two.clone()], &[two.clone(), one.clone()]));
        let alone = std::slice::from_ref(&one);
        assert!(!passes(alone, &[file("a", "2")]), "other bytes");
        assert!(!passes(&[one.clone(), two.clone()], alone), "one is missing");
        assert!(!passes(alone, &[one.clone(), two]), "one more");
        assert!(!passes(alone, &[one.clone(), one.clone()]), "one twice");
        assert!(!passes(&[], &[]), "nothing was judged");
    }
}
