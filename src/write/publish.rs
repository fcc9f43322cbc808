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
/// What the gate passed can be published, once:
///
/// ```
/// use outis::{gate::{Judgement, Passed}, write::{Stage, publish}};
/// fn passed(proof: Passed<Stage>) { let _ = publish(proof); }
/// fn judged(it: Judgement<Stage>) { if let Judgement::Passed(proof) = it { passed(proof) } }
/// ```
///
/// A stage is no proof, none can be made of it, and one proof does not publish twice:
///
/// ```compile_fail,E0308
/// use outis::{gate::{Judgement, Passed}, write::{Stage, publish}};
/// fn passed(stage: Stage) { let _ = publish(stage); }
/// ```
/// ```compile_fail,E0423
/// use outis::{gate::{Judgement, Passed}, write::{Stage, publish}};
/// fn passed(stage: Stage) { let _ = publish(Passed(stage)); }
/// ```
/// ```compile_fail,E0382
/// use outis::{gate::{Judgement, Passed}, write::{Stage, publish}};
/// fn passed(proof: Passed<Stage>) { let _ = publish(proof); let _ = publish(proof); }
/// ```
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
