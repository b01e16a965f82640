//! Rules broken on purpose, as others have broken them.

/// One broken rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// The platform answers before it has written (invariant: on disk before it matters).
    AnswerBeforeCommit,
    /// The platform writes a row for each push, whatever its `uuid` (D-13).
    NoKey,
    /// What was fetched is written beside what was pushed (D-19).
    FetchedBeside,
    /// The gateway pushes first and writes afterwards: a kill loses it (D-18).
    PushBeforeWrite,
    /// A failed push stays in the table of what is to be pushed: two tables say what is (PUSH-3, PUSH-4).
    FailedStaysPending,
    /// An answer to an attempt that was given up settles the record all the same, failed or not.
    LateAnswerCounts,
    /// A start forgets what was under way (D-18).
    StartForgetsPending,
    /// A failed push is recorded nowhere (PUSH-2).
    FailureForgotten,
    /// A start drops what had failed, as a buffer in memory does.
    StartForgetsFailed,
    /// An outage moves nothing: the next pass begins at the last one (D-19).
    NoOverlap,
    /// The checkpoint moves although not every page was taken.
    CheckpointBeforeLastPage,
    /// The checkpoint is the time at which the pass ended.
    CheckpointAtTheEnd,
    /// A failed abnormality stays failed (PUSH-5).
    AbnormalityGivenUp,
    /// What was asked for once is not there the next time (UNPUSH-2).
    AskedForIsGone,
}

impl Defect {
    /// Every one.
    pub const ALL: [Defect; 14] = [
        Defect::AnswerBeforeCommit,
        Defect::NoKey,
        Defect::FetchedBeside,
        Defect::PushBeforeWrite,
        Defect::FailedStaysPending,
        Defect::LateAnswerCounts,
        Defect::StartForgetsPending,
        Defect::FailureForgotten,
        Defect::StartForgetsFailed,
        Defect::NoOverlap,
        Defect::CheckpointBeforeLastPage,
        Defect::CheckpointAtTheEnd,
        Defect::AbnormalityGivenUp,
        Defect::AskedForIsGone,
    ];
}
