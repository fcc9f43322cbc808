//! in-toto statements (Statement v1): files named by digest, and what is said about them.
//!
//! Responsible for: the statement's form, and the predicate `test-result` for the gate. The predicate of our certificate
//! stands in `certificate`. Given: names and digests of released files, which are public. It never judges.

use super::{Fault, json};
use crate::error::Result;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const STATEMENT: &str = "https://in-toto.io/Statement/v1";

/// What a statement can say; each has one type.
pub trait Predicate: Serialize + DeserializeOwned {
    /// Its type, which says how to read it.
    const TYPE: &'static str;
}

/// Something said about files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, bound(deserialize = "P: DeserializeOwned"))]
pub struct Statement<P> {
    #[serde(rename = "_type")]
    form: String,
    /// The files that it is about.
    pub subject: Vec<Resource>,
    predicate_type: String,
    /// What is said.
    pub predicate: P,
}

/// A file, known by its digests (in-toto ResourceDescriptor).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resource {
    /// Name inside the release, as `data/part-00000.csv`.
    pub name: String,
    /// Algorithm (`sha256`, `sm3`) to lower-case hex.
    pub digest: BTreeMap<String, String>,
}

impl Resource {
    /// A file by its SHA-256.
    #[must_use]
    pub fn by_sha256(name: &str, digest: &str) -> Self {
        Self { name: name.to_owned(), digest: BTreeMap::from([("sha256".to_owned(), digest.to_owned())]) }
    }
}

impl<P: Predicate> Statement<P> {
    /// Says something about files.
    #[must_use]
    pub fn new(subject: Vec<Resource>, predicate: P) -> Self {
        Self { form: STATEMENT.to_owned(), subject, predicate_type: P::TYPE.to_owned(), predicate }
    }
    /// The bytes that are signed.
    ///
    /// # Errors
    /// When the predicate holds anything but integers and texts.
    pub fn to_payload(&self) -> Result<Vec<u8>> {
        json::encode(self)
    }
    /// From the payload of an envelope that was verified. Only the exact form of [`Statement::to_payload`] is taken.
    ///
    /// # Errors
    /// [`Fault::StatementForm`], also for a predicate of another type.
    pub fn parse(payload: &[u8]) -> Result<Self> {
        let statement: Option<Self> = json::decode(payload);
        let ours = |statement: &Self| statement.form == STATEMENT && statement.predicate_type == P::TYPE;
        statement.filter(ours).ok_or_else(|| Fault::StatementForm.into())
    }
}

/// How a set of tests went (in-toto predicate `test-result` v0.1): the gate, for policy engines that know nothing of us.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TestResult {
    /// In one word.
    pub result: TestVerdict,
    /// What the tests were configured by: the plan and the profile, by digest.
    pub configuration: Vec<Resource>,
    /// Where the tests are described, where there is such a place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Ids of the rules that hold.
    pub passed_tests: Vec<String>,
    /// Ids of the rules that warn.
    pub warned_tests: Vec<String>,
    /// Ids of the rules that do not hold.
    pub failed_tests: Vec<String>,
}

/// The outcome of a set of tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum TestVerdict {
    /// All hold.
    Passed,
    /// All that block hold; some warn.
    Warned,
    /// One does not hold.
    Failed,
}

impl Predicate for TestResult {
    const TYPE: &'static str = "https://in-toto.io/attestation/test-result/v0.1";
}

impl TestResult {
    /// The outcome of rules, by id.
    #[must_use]
    pub fn new(configuration: Vec<Resource>, passed: Vec<String>, warned: Vec<String>, failed: Vec<String>) -> Self {
        let result = match (failed.is_empty(), warned.is_empty()) {
            (false, _) => TestVerdict::Failed,
            (true, false) => TestVerdict::Warned,
            (true, true) => TestVerdict::Passed,
        };
        Self { result, configuration, url: None, passed_tests: passed, warned_tests: warned, failed_tests: failed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_read_back_in_its_own_form_and_type_only() {
        let gate =
            TestResult::new(vec![Resource::by_sha256("evidence/plan.txt", "ab")], vec!["rows".into()], vec![], vec![]);
        let statement = Statement::new(vec![Resource::by_sha256("data/part-00000.csv", "cd")], gate);
        let payload = statement.to_payload().unwrap();
        let text = String::from_utf8(payload.clone()).unwrap();
        assert!(
            text.starts_with(r#"{"_type":"https://in-toto.io/Statement/v1","predicate":{"configuration":"#),
            "{text}"
        );
        assert_eq!(Statement::<TestResult>::parse(&payload).unwrap(), statement);
        for (old, new) in [
            ("test-result/v0.1", "test-result/v0.2"),
            ("Statement/v1", "Statement/v2"),
            ("{\"_type", "{ \"_type"),
            ("\"result\"", "\"more\":1,\"result\""),
        ] {
            assert!(Statement::<TestResult>::parse(text.replacen(old, new, 1).as_bytes()).is_err(), "{old}");
        }
    }

    #[test]
    fn one_failed_rule_fails_and_a_warning_does_not() {
        let of = |warned: &[&str], failed: &[&str]| {
            let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
            TestResult::new(vec![], vec![], owned(warned), owned(failed)).result
        };
        assert_eq!(
            (of(&[], &[]), of(&["a"], &[]), of(&["a"], &["b"])),
            (TestVerdict::Passed, TestVerdict::Warned, TestVerdict::Failed)
        );
    }
}
