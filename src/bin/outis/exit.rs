//! Exit codes. An unknown code is a failure.

use std::process::ExitCode;

/// How the program ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0: published, or what was asked holds.
    Fine,
    /// 1: the gate refused, or what was asked does not hold.
    Refused,
    /// 2: it could not run: profile, input, disk, or arguments. No data is left behind.
    CouldNotRun,
    /// 3: the gate let it pass and it waits for a second person: nothing is published yet.
    Waiting,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Fine => Self::from(0),
            Exit::Refused => Self::from(1),
            Exit::CouldNotRun => Self::from(2),
            Exit::Waiting => Self::from(3),
        }
    }
}
