//! What a check of evidence may find, each with a stable code.

use crate::error::{Error, ErrorKind};

macro_rules! faults {
    ($($(#[doc = $doc:literal])+ $variant:ident = $code:literal, $words:literal;)+) => {
        /// A link of the evidence that does not hold. Closed; codes never change their meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Fault {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Fault {
            /// Every fault.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// Its stable code, for programs.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }
            /// What it means, in words that quote nothing of what was read.
            #[must_use]
            pub fn words(self) -> &'static str {
                match self { $(Self::$variant => $words),+ }
            }
        }
    };
}

faults! {
    /// A public key that is not written as one.
    KeyForm = "E_KEY_FORM", "a public key is not written as `name+id+key`";
    /// A note without its parts.
    NoteForm = "E_NOTE_FORM", "a signed note does not have the form of one";
    /// A checkpoint's text without its lines.
    CheckpointForm = "E_CHECKPOINT_FORM", "a checkpoint does not have the form of one";
    /// A proof file without its parts.
    ProofForm = "E_PROOF_FORM", "a proof does not have the form of one";
    /// An envelope that is not exactly what its content is written as.
    EnvelopeForm = "E_ENVELOPE_FORM", "an envelope does not have the form of one";
    /// A statement that is not exactly what its content is written as.
    StatementForm = "E_STATEMENT_FORM", "a statement does not have the form of one";
    /// No trusted key signed.
    Untrusted = "E_UNTRUSTED", "no trusted key signed it";
    /// A signature under a trusted key's name that does not verify.
    BadSignature = "E_BAD_SIGNATURE", "a signature is not of the key that it names";
    /// The checkpoint is of another log.
    OtherLog = "E_OTHER_LOG", "the checkpoint is of another log";
    /// The root does not belong to the entries.
    Root = "E_ROOT", "the root does not belong to the entries";
    /// The proof does not lead from the entry to the root.
    Inclusion = "E_INCLUSION", "the entry is not in the log that the checkpoint is of";
    /// The log lost entries since a checkpoint.
    Shrunk = "E_LOG_SHRUNK", "the log is shorter than it was";
    /// Two checkpoints of one size with different roots, or an older one that is not the start of the newer.
    Equivocation = "E_EQUIVOCATION", "the log shows another past than it did";
    /// A log folder whose files do not fit its checkpoint.
    LogFiles = "E_LOG_FILES", "files of the log are missing or do not fit its checkpoint";
    /// A file of the release is not there.
    FileMissing = "E_FILE_MISSING", "a file of the release is missing";
    /// A file that nobody planned lies in the release.
    FileUnplanned = "E_FILE_UNPLANNED", "a file lies in the release that its certificate does not name";
    /// A file has another digest than its certificate says.
    FileChanged = "E_FILE_CHANGED", "a file is not the one that its certificate names";
    /// A line of the log is no event in its one form.
    LogLine = "E_LOG_LINE", "a line of the log is not an event in the one form that events have";
    /// Events are missing, doubled, or of another run.
    LogSequence = "E_LOG_SEQUENCE", "events of the log are missing, doubled or of another run";
    /// Events stand in an order that no run has.
    LogOrder = "E_LOG_ORDER", "events of the log stand in an order that no run has";
    /// The log does not end as that of a published run.
    Unsealed = "E_UNSEALED", "the log does not end as that of a published run";
    /// Rows or shards do not add up.
    Rows = "E_ROWS", "rows do not add up: every row read is released, suppressed, rejected or not drawn";
    /// The times are not those that were sealed.
    Times = "E_TIMES", "the times are not those that were sealed, or go backwards";
    /// The key was not made and destroyed as the goal asks.
    KeyLife = "E_KEY_LIFE", "the key of the tokens was not made and destroyed as the goal asks";
    /// A rule of the gate is missing, or one that blocks did not hold.
    Gate = "E_GATE", "a rule of the gate is missing, doubled or did not hold";
    /// A second person was to agree, and there is no agreement that counts.
    Approval = "E_APPROVAL", "the profile asks that a second person approves, and no approval is there that counts";
    /// The certificate says something else than the log.
    Certificate = "E_CERTIFICATE", "the certificate says something else than the log and the files";
    /// The gate's statement says something else than the log.
    GateStatement = "E_GATE_STATEMENT", "the statement of the gate's tests says something else than the log";
    /// The report says something else than the log.
    Report = "E_REPORT", "the report says something else than the log";
    /// Plan or profile are not those of the log.
    Plan = "E_PLAN", "the plan or the profile is not the one that the log names";
    /// The release's list of keys is not that of its signers.
    Keys = "E_KEYS", "the list of keys is not that of the keys that signed";
    /// Nobody signed, and a trusted signature is asked for.
    Unsigned = "E_UNSIGNED", "nobody signed it";
    /// A data file cannot be read as what it should be.
    Unreadable = "E_UNREADABLE", "a data file cannot be read as what the log says it is";
    /// The data files have other columns than the log says.
    Columns = "E_COLUMNS", "the data files have other columns than the log says";
    /// The data files have other rows than the log says.
    Counts = "E_COUNTS", "the rows counted in the data files are not those of the log";
    /// The data files do not keep the promise of the release.
    Models = "E_MODELS", "the classes counted in the data files are not those of the log, or smaller than was asked";
    /// The release is not in the organisation's log as its own log says.
    Registration = "E_REGISTRATION", "the release is not registered in the organisation's log that its own log names";
    /// A source file is not what was committed to.
    Source = "E_SOURCE", "a source is not the one that the log commits to, or the salt is another";
    /// A rotation that the old key did not sign.
    Rotation = "E_ROTATION", "a key was replaced without the old key's word";
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::new(ErrorKind::Evidence { code: fault.code(), what: fault.words() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_of_one_form() {
        let mut codes: Vec<&str> = Fault::ALL.iter().map(|fault| fault.code()).collect();
        assert!(
            codes.iter().all(
                |code| code.starts_with("E_") && code.bytes().all(|byte| byte == b'_' || byte.is_ascii_uppercase())
            )
        );
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Fault::ALL.len());
    }
}
