//! The one step that makes a release visible, and the one that lets it wait for a second person. Both take the gate's proof, so
//! forgetting the gate does not compile.

use super::Stage;
use crate::error::Result;
use crate::gate::Passed;
use std::path::PathBuf;

/// A release that is there, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Its folder.
    pub folder: PathBuf,
}

/// Forces the staged files to disk and renames the stage to its target.
///
/// # Errors
/// When the disk or the target refuses; then nothing is visible and the stage is removed.
pub fn publish<S: Into<Stage>>(proof: Passed<S>) -> Result<Published> {
    let stage: Stage = proof.into_inner().into();
    stage.sync()?;
    Ok(Published { folder: stage.reveal()? })
}

/// Forces the staged files to disk and keeps them, private and complete, as `TARGET.waiting`: nothing is visible yet.
///
/// # Errors
/// When the disk refuses; then the stage is removed.
pub fn wait<S: Into<Stage>>(proof: Passed<S>) -> Result<PathBuf> {
    let stage: Stage = proof.into_inner().into();
    stage.sync()?;
    stage.keep_waiting()
}
