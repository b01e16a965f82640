//! What happens outside the wire: vehicles, cables, operators, and what the eye sees of it.

mod configured;

pub use self::configured::{Ability, ConfiguredHands, Person, Step};

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::net::Later;
use crate::text::Text;

/// Something that somebody or something does for the kit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Act {
    /// A vehicle with the plate drives onto the recognizer's loop and stays.
    VehicleArrives,
    /// The vehicle on the loop backs out.
    VehicleLeaves,
    /// The vehicle on the loop drives through, over the anti-smash loop and away.
    VehicleCrosses,
    /// A vehicle drives over the anti-smash loop that nobody has recognized.
    VehicleTailgates,
    /// The vehicle stays on the loop for longer than the alarm's time.
    VehicleStays,
    /// The display's cable is pulled.
    DisplayLost,
    /// It is put back.
    DisplayBack,
    /// The recognizer's cable is pulled.
    RecognizerLost,
    /// It is put back.
    RecognizerBack,
    /// The barrier's cable is pulled.
    BarrierLost,
    /// It is put back.
    BarrierBack,
    /// The arm stays up although the vehicle did not pass.
    ArmStaysUp,
    /// The arm comes down.
    ArmComesDown,
    /// At the platform: the plate that may not pass now may.
    PermitPlate,
    /// At the platform: it may not any more.
    WithdrawPermit,
    /// At the platform: an operator opens the gate for the plate.
    OperatorOpens,
    /// At the platform: an operator has the gate held open.
    OperatorHolds,
    /// At the platform: an operator ends that.
    OperatorRestores,
    /// At the platform: an operator opens the gate whoever is there.
    OperatorForces,
    /// At the platform: an operator shows a text.
    OperatorShows,
}

/// Something that somebody or something sees for the kit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sight {
    /// How often the barrier has been driven up so far, as a number.
    Lifts,
    /// What the barrier was last told: `up` to stay up, `down` otherwise.
    Arm,
    /// The display's lines, with line feeds between them.
    Display,
}

/// The vehicle and the devices that an act is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// The plate.
    pub plate: String,
    /// The kit's number of the act, for whoever wants to tell one from another.
    pub number: u64,
    /// How long it lasts, where it does.
    pub lasting: Duration,
}

/// What could not be done or seen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Undone(pub String);

/// Who acts and looks.
pub trait Hands: Send + Sync {
    /// Whether that can be done.
    fn can(&self, act: Act) -> bool;

    /// Whether that can be seen.
    fn can_see(&self, sight: Sight) -> bool;

    /// Whether it is done without a person.
    fn acts_by_itself(&self, act: Act) -> bool;

    /// Whether it costs nobody anything to look again and again.
    fn looks_by_itself(&self, sight: Sight) -> bool;

    /// Does it, and comes back when it is done.
    fn act<'a>(&'a self, act: Act, about: &'a About) -> Later<'a, Result<(), Undone>>;

    /// Looks. For [`Sight::Lifts`] a person is asked how often it lifted since the case began.
    fn see(&self, sight: Sight) -> Later<'_, Result<String, Undone>>;
}

impl Act {
    /// The act that loses the device which this one puts back.
    pub fn undoes(self) -> Option<Act> {
        match self {
            Act::DisplayBack => Some(Act::DisplayLost),
            Act::RecognizerBack => Some(Act::RecognizerLost),
            Act::BarrierBack => Some(Act::BarrierLost),
            _ => None,
        }
    }

    /// The act that puts right what this one has done.
    pub fn undone_by(self) -> Option<Act> {
        match self {
            Act::DisplayLost => Some(Act::DisplayBack),
            Act::RecognizerLost => Some(Act::RecognizerBack),
            Act::BarrierLost => Some(Act::BarrierBack),
            Act::ArmStaysUp => Some(Act::ArmComesDown),
            Act::PermitPlate => Some(Act::WithdrawPermit),
            Act::OperatorHolds => Some(Act::OperatorRestores),
            _ => None,
        }
    }

    /// What a person is asked to do.
    pub fn request(self, about: &About) -> Text {
        let plate = &about.plate;
        let seconds = about.lasting.as_secs();
        let (zh, en) = match self {
            Act::VehicleArrives => (
                format!("请让车牌 {plate} 的车辆驶上识别区地感并停住"),
                format!("drive the vehicle {plate} onto the recognizer's loop and stop"),
            ),
            Act::VehicleLeaves => (
                "请让车辆倒车离开，不要过闸".into(),
                "back the vehicle out; do not cross".into(),
            ),
            Act::VehicleCrosses => (
                "请让车辆压过防砸地感并驶离".into(),
                "drive the vehicle over the anti-smash loop and away".into(),
            ),
            Act::VehicleTailgates => (
                "请让一辆未被识别的车辆压过防砸地感".into(),
                "drive a vehicle that was not recognized over the anti-smash loop".into(),
            ),
            Act::VehicleStays => (
                format!("请让车辆在地感上停留超过 {seconds} 秒"),
                format!("keep the vehicle on the loop for more than {seconds} seconds"),
            ),
            Act::DisplayLost => (
                "请拔掉显示屏的网线".into(),
                "pull the display's cable".into(),
            ),
            Act::DisplayBack => (
                "请接回显示屏的网线".into(),
                "put the display's cable back".into(),
            ),
            Act::RecognizerLost => (
                "请拔掉车牌识别器的网线".into(),
                "pull the recognizer's cable".into(),
            ),
            Act::RecognizerBack => (
                "请接回车牌识别器的网线".into(),
                "put the recognizer's cable back".into(),
            ),
            Act::BarrierLost => ("请断开栏杆机的连接".into(), "disconnect the barrier".into()),
            Act::BarrierBack => (
                "请接回栏杆机的连接".into(),
                "connect the barrier again".into(),
            ),
            Act::ArmStaysUp => (
                "请让栏杆抬起后不落下".into(),
                "keep the arm up after it was lifted".into(),
            ),
            Act::ArmComesDown => ("请让栏杆落下".into(), "let the arm come down".into()),
            Act::PermitPlate | Act::WithdrawPermit | Act::OperatorOpens => {
                return self.request_of_an_operator(plate);
            }
            Act::OperatorHolds
            | Act::OperatorRestores
            | Act::OperatorForces
            | Act::OperatorShows => {
                return self.request_of_an_operator(plate);
            }
        };
        Text::new(zh, en)
    }

    /// What an operator of the platform is asked to do; whatever is left is a text to show.
    fn request_of_an_operator(self, plate: &str) -> Text {
        let (zh, en) = match self {
            Act::PermitPlate => (
                format!("请在平台上放行车牌 {plate}"),
                format!("permit the plate {plate} at the platform"),
            ),
            Act::WithdrawPermit => (
                format!("请在平台上取消车牌 {plate} 的放行"),
                format!("withdraw the permit of {plate} at the platform"),
            ),
            Act::OperatorOpens => (
                format!("请在平台上为车牌 {plate} 远程开闸"),
                format!("open the gate for {plate} at the platform"),
            ),
            Act::OperatorHolds => (
                "请在平台上将该闸口设为常开".into(),
                "have the gate held open at the platform".into(),
            ),
            Act::OperatorRestores => (
                "请在平台上将该闸口恢复为一车一抬".into(),
                "restore the gate at the platform".into(),
            ),
            Act::OperatorForces => (
                "请在平台上强制开闸".into(),
                "open the gate by force at the platform".into(),
            ),
            _ => (
                "请在平台上向显示屏下发文字".into(),
                "show a text at the platform".into(),
            ),
        };
        Text::new(zh, en)
    }
}

impl Sight {
    /// What a person is asked.
    pub fn question(self) -> Text {
        let (zh, en) = match self {
            Sight::Lifts => (
                "本用例开始以来，栏杆抬起了几次？请输入次数",
                "how often has the barrier lifted since this case began? a number",
            ),
            Sight::Arm => (
                "栏杆现在保持抬起吗？保持抬起输入 up，已落下输入 down",
                "is the barrier held up now? up or down",
            ),
            Sight::Display => (
                "显示屏上显示的是什么？各行之间用 | 分开",
                "what does the display show? lines separated by |",
            ),
        };
        Text::new(zh, en)
    }
}
