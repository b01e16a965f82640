//! What can happen. `docs/EVENTS.md` shows an example of each.

/// A kind of event: its family, a dot, and what happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A recognition was decided on, for the first time or otherwise than before.
    RecognitionDecided,
    /// A recognition was fetched that was not known so (D-19).
    RecognitionFetched,
    /// A vehicle crossed, or another account of its crossing changes what is known.
    CrossingRecorded,
    /// A person said what plate a crossing had.
    CrossingCorrected,
    /// A vehicle is inside.
    StayOpened,
    /// It has left.
    StayClosed,
    /// It entered again without having left.
    StaySuperseded,
    /// It left without having entered.
    StayOrphaned,
    /// A stay is none any more: its crossing is paired otherwise now.
    StayWithdrawn,
    /// Something is wrong.
    AbnormalityOpened,
    /// Somebody has seen it.
    AbnormalityAcknowledged,
    /// It is over.
    AbnormalityCleared,
    /// A command is about to be sent.
    CommandAsked,
    /// It was executed, refused, or nobody knows.
    CommandEnded,
    /// A lot does not answer.
    OutageBegan,
    /// It answers again.
    OutageEnded,
    /// A plate got a permit, or one changed.
    PermitAdded,
    /// Permits were taken from a plate.
    PermitRemoved,
    /// A plate was put on the block list, or the reason changed.
    BlockAdded,
    /// It was taken from it.
    BlockRemoved,
    /// Somebody counted the vehicles in a lot.
    OccupancyCounted,
    /// A lot was registered or changed.
    LotChanged,
    /// A lot was retired.
    LotRetired,
    /// A webhook has failed for so long that nothing is sent to it any more.
    WebhookDisabled,
}

impl Kind {
    /// Every kind, in the order of the documents.
    pub(crate) const ALL: [Kind; 24] = [
        Kind::RecognitionDecided,
        Kind::RecognitionFetched,
        Kind::CrossingRecorded,
        Kind::CrossingCorrected,
        Kind::StayOpened,
        Kind::StayClosed,
        Kind::StaySuperseded,
        Kind::StayOrphaned,
        Kind::StayWithdrawn,
        Kind::AbnormalityOpened,
        Kind::AbnormalityAcknowledged,
        Kind::AbnormalityCleared,
        Kind::CommandAsked,
        Kind::CommandEnded,
        Kind::OutageBegan,
        Kind::OutageEnded,
        Kind::PermitAdded,
        Kind::PermitRemoved,
        Kind::BlockAdded,
        Kind::BlockRemoved,
        Kind::OccupancyCounted,
        Kind::LotChanged,
        Kind::LotRetired,
        Kind::WebhookDisabled,
    ];

    /// The word of the operators' interface.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Kind::RecognitionDecided => "recognition.decided",
            Kind::RecognitionFetched => "recognition.fetched",
            Kind::CrossingRecorded => "crossing.recorded",
            Kind::CrossingCorrected => "crossing.corrected",
            Kind::StayOpened => "stay.opened",
            Kind::StayClosed => "stay.closed",
            Kind::StaySuperseded => "stay.superseded",
            Kind::StayOrphaned => "stay.orphaned",
            Kind::StayWithdrawn => "stay.withdrawn",
            Kind::AbnormalityOpened => "abnormality.opened",
            Kind::AbnormalityAcknowledged => "abnormality.acknowledged",
            Kind::AbnormalityCleared => "abnormality.cleared",
            Kind::CommandAsked => "command.asked",
            Kind::CommandEnded => "command.ended",
            Kind::OutageBegan => "outage.began",
            Kind::OutageEnded => "outage.ended",
            Kind::PermitAdded => "permit.added",
            Kind::PermitRemoved => "permit.removed",
            Kind::BlockAdded => "block.added",
            Kind::BlockRemoved => "block.removed",
            Kind::OccupancyCounted => "occupancy.counted",
            Kind::LotChanged => "lot.changed",
            Kind::LotRetired => "lot.retired",
            Kind::WebhookDisabled => "webhook.disabled",
        }
    }

    /// Reads the word.
    pub(crate) fn parse(word: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// What comes before the dot.
    pub(crate) fn family(self) -> &'static str {
        let word = self.as_str();
        word.split_once('.').map_or(word, |(family, _)| family)
    }

    /// The kinds that `word` means: one, or all of a family.
    pub(crate) fn meant(word: &str) -> Vec<Kind> {
        let means = |kind: &Kind| kind.as_str() == word || kind.family() == word;
        Kind::ALL.into_iter().filter(means).collect()
    }

    /// Whether an event of no lot in particular is also of the lots of somebody who is bound to
    /// some: what holds for a plate everywhere does.
    pub(crate) fn holds_everywhere(self) -> bool {
        matches!(self.family(), "permit" | "block")
    }
}
