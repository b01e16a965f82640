//! The vocabularies of the standard: one enum each, with the words of the wire; and its money.

mod money;

use std::fmt;

pub use self::money::Money;

/// How a gate is to be opened (`openMode`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OpenMode {
    /// `"0"`: hold the barrier open (OPEN-1).
    HoldOpen,
    /// `"1"`: back to one lift a vehicle (OPEN-2).
    Restore,
    /// `"2"`: open if the vehicle at the gate has the plate given (OPEN-3).
    Normal,
    /// `"3"`: open unconditionally (OPEN-4).
    Forced,
}

impl OpenMode {
    /// Every mode, in the order of its number.
    pub const ALL: [OpenMode; 4] = [
        OpenMode::HoldOpen,
        OpenMode::Restore,
        OpenMode::Normal,
        OpenMode::Forced,
    ];

    /// The digit on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            OpenMode::HoldOpen => "0",
            OpenMode::Restore => "1",
            OpenMode::Normal => "2",
            OpenMode::Forced => "3",
        }
    }

    /// The mode of a digit.
    pub fn parse(text: &str) -> Option<OpenMode> {
        find(OpenMode::ALL, OpenMode::as_str, text)
    }
}

/// The state of a parking space (`placeStatus`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PlaceStatus {
    /// `vacancy`: free.
    Vacant,
    /// `occupy`: a vehicle stands there.
    Occupied,
    /// `unusual`: the detector cannot tell.
    Unusual,
}

impl PlaceStatus {
    /// Every state.
    pub const ALL: [PlaceStatus; 3] = [
        PlaceStatus::Vacant,
        PlaceStatus::Occupied,
        PlaceStatus::Unusual,
    ];

    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            PlaceStatus::Vacant => "vacancy",
            PlaceStatus::Occupied => "occupy",
            PlaceStatus::Unusual => "unusual",
        }
    }

    /// The state of a word.
    pub fn parse(text: &str) -> Option<PlaceStatus> {
        find(PlaceStatus::ALL, PlaceStatus::as_str, text)
    }
}

/// Where a line stands on a display (`alignment`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Alignment {
    /// `left`, also when nothing is said (D-9).
    #[default]
    Left,
    /// `center`.
    Center,
    /// `right`.
    Right,
}

impl Alignment {
    /// Every alignment.
    pub const ALL: [Alignment; 3] = [Alignment::Left, Alignment::Center, Alignment::Right];

    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Alignment::Left => "left",
            Alignment::Center => "center",
            Alignment::Right => "right",
        }
    }

    /// The alignment of a word.
    pub fn parse(text: &str) -> Option<Alignment> {
        find(Alignment::ALL, Alignment::as_str, text)
    }
}

/// Which stays are asked for (`recordType`, D-12).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum RecordType {
    /// `A`: entered within the period.
    Entered,
    /// `B`: left within it.
    Left,
    /// `A|B`: either; the default.
    #[default]
    Either,
    /// `A&B`: both.
    Both,
}

impl RecordType {
    /// Every type.
    pub const ALL: [RecordType; 4] = [
        RecordType::Entered,
        RecordType::Left,
        RecordType::Either,
        RecordType::Both,
    ];

    /// The text on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            RecordType::Entered => "A",
            RecordType::Left => "B",
            RecordType::Either => "A|B",
            RecordType::Both => "A&B",
        }
    }

    /// The type of a text.
    pub fn parse(text: &str) -> Option<RecordType> {
        find(RecordType::ALL, RecordType::as_str, text)
    }
}

/// How a fee was paid (`payType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PayType {
    /// `1`: before driving to the exit.
    Prepaid,
    /// `2`: by the code on the display.
    DisplayCode,
    /// `3`: by WeChat.
    WeChat,
    /// `4`: at a pay station.
    PayStation,
    /// `5`: in cash.
    Cash,
}

impl PayType {
    /// Every way.
    pub const ALL: [PayType; 5] = [
        PayType::Prepaid,
        PayType::DisplayCode,
        PayType::WeChat,
        PayType::PayStation,
        PayType::Cash,
    ];

    /// The digit on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            PayType::Prepaid => "1",
            PayType::DisplayCode => "2",
            PayType::WeChat => "3",
            PayType::PayStation => "4",
            PayType::Cash => "5",
        }
    }

    /// The way of a digit.
    pub fn parse(text: &str) -> Option<PayType> {
        find(PayType::ALL, PayType::as_str, text)
    }
}

/// How a passage ended (`crossStatus`, D-12).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CrossStatus {
    /// `0`: the vehicle crossed.
    Crossed,
    /// `1`: the gate opened, the vehicle did not cross.
    OpenedNotCrossed,
    /// `2`: the vehicle backed out.
    BackedOut,
}

impl CrossStatus {
    /// Every ending.
    pub const ALL: [CrossStatus; 3] = [
        CrossStatus::Crossed,
        CrossStatus::OpenedNotCrossed,
        CrossStatus::BackedOut,
    ];

    /// The digit on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            CrossStatus::Crossed => "0",
            CrossStatus::OpenedNotCrossed => "1",
            CrossStatus::BackedOut => "2",
        }
    }

    /// The ending of a digit.
    pub fn parse(text: &str) -> Option<CrossStatus> {
        find(CrossStatus::ALL, CrossStatus::as_str, text)
    }
}

/// The one of `all` whose word `text` is.
fn find<T: Copy, const N: usize>(
    all: [T; N],
    word: fn(T) -> &'static str,
    text: &str,
) -> Option<T> {
    all.into_iter().find(|one| word(*one) == text.trim())
}

/// What is wrong (`abnormalCode`): an open list (D-15), of which these are ours and the standard's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AbnormalCode {
    /// `1101`: a display does not answer (ABN-1).
    DisplayLost,
    /// `1201`: a plate recognizer does not answer (ABN-1).
    RecognizerLost,
    /// `1301`: a barrier does not answer (ABN-1).
    BarrierLost,
    /// `1302`: a barrier did not come down (ABN-4, D-15).
    BarrierNotDown,
    /// `1401`: a vehicle presses a loop for too long (ABN-1).
    LoopPressed,
    /// `1501`: a vehicle crossed without a recognition (D-15).
    CrossedUnrecognized,
    /// `1502`: a vehicle crossed behind another without a lift of its own (D-15).
    Tailgated,
    /// Any other code.
    Other(String),
}

impl AbnormalCode {
    /// Every code that has a name here.
    pub const NAMED: [AbnormalCode; 7] = [
        AbnormalCode::DisplayLost,
        AbnormalCode::RecognizerLost,
        AbnormalCode::BarrierLost,
        AbnormalCode::BarrierNotDown,
        AbnormalCode::LoopPressed,
        AbnormalCode::CrossedUnrecognized,
        AbnormalCode::Tailgated,
    ];

    /// Whether it is about a crossing, and so over as it happens.
    pub const fn is_of_a_crossing(&self) -> bool {
        matches!(
            self,
            AbnormalCode::CrossedUnrecognized | AbnormalCode::Tailgated
        )
    }

    /// The code on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            AbnormalCode::DisplayLost => "1101",
            AbnormalCode::RecognizerLost => "1201",
            AbnormalCode::BarrierLost => "1301",
            AbnormalCode::BarrierNotDown => "1302",
            AbnormalCode::LoopPressed => "1401",
            AbnormalCode::CrossedUnrecognized => "1501",
            AbnormalCode::Tailgated => "1502",
            AbnormalCode::Other(code) => code,
        }
    }

    /// The code of a text; never fails, for the list is open.
    pub fn read(text: &str) -> AbnormalCode {
        let known = AbnormalCode::NAMED
            .into_iter()
            .find(|code| code.as_str() == text);
        known.unwrap_or_else(|| AbnormalCode::Other(text.to_owned()))
    }
}

impl fmt::Display for AbnormalCode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// OPEN-1, OPEN-2, OPEN-3, OPEN-4
    #[test]
    fn the_four_open_modes_are_the_digits_from_0_to_3() {
        assert_eq!(OpenMode::parse("0"), Some(OpenMode::HoldOpen));
        assert_eq!(OpenMode::parse("1"), Some(OpenMode::Restore));
        assert_eq!(OpenMode::parse("2"), Some(OpenMode::Normal));
        assert_eq!(OpenMode::parse("3"), Some(OpenMode::Forced));
        assert_eq!(OpenMode::parse("4"), None);
    }

    /// ABN-1, D-15
    #[test]
    fn every_abnormal_code_is_kept_also_one_that_nobody_knows() {
        for code in [
            "1101", "1201", "1301", "1302", "1401", "1501", "1502", "9999",
        ] {
            assert_eq!(AbnormalCode::read(code).as_str(), code);
        }
        assert_eq!(AbnormalCode::read("1401"), AbnormalCode::LoopPressed);
    }
}
