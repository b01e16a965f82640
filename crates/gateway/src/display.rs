//! One display: what the lane has to tell, and for a while what the platform wants shown.

use std::time::Duration;

use boshi_protocol::code::Alignment;
use boshi_protocol::endpoint::Line;
use boshi_protocol::id::{DeviceNo, LotId};
use boshi_protocol::lane::{Side, Sign};
use boshi_protocol::plate::Plate;
use boshi_protocol::refusal::Refusal;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::config;
use crate::devices::{CommandError, Controller, Message, Urgency};
use crate::reload::InForce;

/// How many texts of the platform wait for one display at most: one that answers needs
/// milliseconds for each.
const TEXTS_QUEUED: usize = 8;

/// Longest that a text waits until the display has taken it; the platform waits no longer either.
const TEXT_PATIENCE: Duration = Duration::from_secs(5);

/// Longest that what the lane says waits until the display has taken it: what stands in front has
/// moved on by then.
const SIGN_PATIENCE: Duration = Duration::from_secs(5);

/// A text of the platform, and who waits to hear whether it is shown (SHOW-2).
struct Text {
    lines: Vec<Line>,
    at: Instant,
    shown: oneshot::Sender<Result<(), CommandError>>,
}

/// A display, from outside; cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Display {
    controller: Controller,
    device: DeviceNo,
    signs: watch::Sender<Sign>,
    texts: mpsc::Sender<Text>,
}

/// What is configured for one side of a lot.
#[derive(Clone, Debug)]
pub(crate) struct Wording {
    lot: LotId,
    side: Side,
    in_force: InForce,
}

/// The task that owns the display.
struct Keeper {
    controller: Controller,
    device: DeviceNo,
    wording: Wording,
    signs: watch::Receiver<Sign>,
    texts: mpsc::Receiver<Text>,
    /// Until when a text of the platform is shown.
    text_until: Option<Instant>,
    /// When there was news for a driver last.
    news_at: Option<Instant>,
}

impl Display {
    /// A display that shows what `wording` has for when nobody is there, and a text of the platform
    /// for as long as that says.
    pub(crate) fn start(
        controller: Controller,
        device: DeviceNo,
        wording: Wording,
        stop: CancellationToken,
    ) -> Display {
        let (sign_sender, signs) = watch::channel(Sign::Idle);
        let (text_sender, texts) = mpsc::channel(TEXTS_QUEUED);
        let keeper = Keeper {
            controller: controller.clone(),
            device: device.clone(),
            wording,
            signs,
            texts,
            text_until: None,
            news_at: None,
        };
        tokio::spawn(stop.run_until_cancelled_owned(keeper.run()));
        Display {
            controller,
            device,
            signs: sign_sender,
            texts: text_sender,
        }
    }

    /// The display's number.
    pub(crate) fn device(&self) -> &DeviceNo {
        &self.device
    }

    /// Whether it answers at this moment.
    pub(crate) async fn answers(&self) -> bool {
        let id = Uuid::now_v7().to_string();
        let devices = [self.device.clone()];
        let checked = self.controller.check(&id, &devices).await;
        checked.online.contains(&self.device)
    }

    /// What the lane has to tell from now on; the latest counts.
    pub(crate) fn sign(&self, sign: Sign) {
        self.signs.send_replace(sign);
    }

    /// Shows a text of the platform; success only when the display took it (SHOW-2).
    pub(crate) async fn text(&self, lines: Vec<Line>) -> Result<(), CommandError> {
        let (shown, answer) = oneshot::channel();
        let at = Instant::now();
        let sent = self.texts.try_send(Text { lines, at, shown });
        sent.map_err(|_| CommandError::NotDone("显示屏忙".to_owned()))?;
        let unknown = || CommandError::Unknown("显示屏忙或网关正在停止".to_owned());
        let answered = tokio::time::timeout(TEXT_PATIENCE, answer).await;
        let answered = answered.map_err(|_| unknown())?;
        answered.map_err(|_| unknown())?
    }
}

impl Wording {
    /// What is configured for displays on that side of a lot.
    pub(crate) fn new(lot: LotId, side: Side, in_force: InForce) -> Wording {
        Wording {
            lot,
            side,
            in_force,
        }
    }

    fn of<T>(&self, pick: impl FnOnce(&config::Display) -> T) -> T {
        let config = self.in_force.borrow();
        let lot = config.lot(&self.lot);
        pick(&lot.expect("a lot that runs stays configured").display)
    }

    /// Shown when nobody is there.
    fn idle(&self) -> String {
        self.of(|display| match self.side {
            Side::Entry => display.entry_idle.clone(),
            Side::Exit => display.exit_idle.clone(),
        })
    }

    /// How long a text of the platform stays.
    fn stay(&self) -> Duration {
        self.of(|display| display.message)
    }
}

impl Keeper {
    async fn run(mut self) {
        // What it showed before the start is nobody's any more.
        self.show_sign().await;
        loop {
            let until = self.text_until;
            tokio::select! {
                biased;
                // First: a driver waits for it.
                Ok(()) = self.signs.changed() => self.sign_changed().await,
                Some(text) = self.texts.recv() => self.show_text(text).await,
                Ok(()) = self.wording.in_force.changed() => self.sign_changed().await,
                () = sleep_until(until), if until.is_some() => {
                    self.text_until = None;
                    self.show_sign().await;
                }
                else => return,
            }
        }
    }

    /// News for a driver is shown at once; that nobody is there any more can wait.
    async fn sign_changed(&mut self) {
        let idle = *self.signs.borrow() == Sign::Idle;
        if idle && self.text_until.is_some() {
            return;
        }
        self.text_until = None;
        if !idle {
            self.news_at = Some(Instant::now());
        }
        self.show_sign().await;
    }

    async fn show_sign(&mut self) {
        let sign = self.signs.borrow_and_update().clone();
        let lines = lines(&sign, &self.wording.idle());
        let urgency = match sign {
            Sign::Idle => Urgency::Idle,
            Sign::Wait { .. }
            | Sign::Refused { .. }
            | Sign::MayPass { .. }
            | Sign::BarrierFault { .. } => Urgency::Vehicle,
        };
        let message = Message {
            lines: &lines,
            urgency,
            spoken: spoken(&sign),
            until: Instant::now() + SIGN_PATIENCE,
        };
        if let Err(error) = self.show(&message).await {
            tracing::debug!(device = %self.device, %error, "a display did not take its text");
        }
    }

    /// A text for which nobody waits any more, or that is older than news for a driver, is not shown
    /// (SHOW-2).
    async fn show_text(&mut self, text: Text) {
        let Text { lines, at, shown } = text;
        let until = at + TEXT_PATIENCE;
        let overtaken = self.news_at.is_some_and(|news| at < news);
        if overtaken || until <= Instant::now() || shown.is_closed() {
            let why = "显示屏忙，正在提示车辆".to_owned();
            let _ = shown.send(Err(CommandError::NotDone(why)));
            return;
        }
        let message = Message {
            lines: &lines,
            urgency: Urgency::Text,
            spoken: None,
            until,
        };
        let result = self.show(&message).await;
        // Nobody knows whether it is shown, so that it has to end all the same.
        if !matches!(result, Err(CommandError::NotDone(_))) {
            self.text_until = Some(Instant::now() + self.wording.stay());
        }
        let _ = shown.send(result);
    }

    async fn show(&self, message: &Message<'_>) -> Result<(), CommandError> {
        let id = Uuid::now_v7().to_string();
        self.controller.show(&id, &self.device, message).await
    }
}

/// Why a text is not shown, for whoever wanted it (SHOW-2).
pub(crate) fn not_shown(error: CommandError) -> Refusal {
    match error {
        CommandError::NotDone(why) => Refusal::new("DISPLAY_FAILED", format!("显示失败：{why}")),
        CommandError::Unknown(why) | CommandError::Unconfirmed(why) => {
            let sentence = format!("显示屏未应答，是否显示未知：{why}");
            Refusal::new("DISPLAY_SILENT", sentence)
        }
    }
}

async fn sleep_until(until: Option<Instant>) {
    match until {
        Some(until) => tokio::time::sleep_until(until).await,
        None => std::future::pending().await,
    }
}

/// What a display says to a driver.
fn lines(sign: &Sign, idle: &str) -> Vec<Line> {
    match words(sign) {
        None if idle.is_empty() => vec![centred(idle)],
        None => idle.lines().map(centred).collect(),
        Some((plate, word)) => vec![centred(plate), centred(word)],
    }
}

/// What is said to a driver, once there is something to be done.
fn spoken(sign: &Sign) -> Option<String> {
    let (plate, word) = words(sign).filter(|_| !matches!(sign, Sign::Wait { .. }))?;
    Some(format!("{plate},{word}"))
}

/// Whom a sign is for, and what it says; none when nobody is there.
fn words(sign: &Sign) -> Option<(&str, &str)> {
    let (plate, word) = match sign {
        Sign::Idle => return None,
        Sign::Wait { plate } => (plate, "请稍候"),
        Sign::Refused { plate, reason } => (plate, reason.as_str()),
        Sign::MayPass { plate } => (plate, "请通行"),
        Sign::BarrierFault { plate } => (plate, "道闸故障，请联系管理员"),
    };
    Some((plate.as_ref().map_or("无牌车", Plate::as_str), word))
}

fn centred(text: &str) -> Line {
    Line {
        text: text.to_owned(),
        alignment: Alignment::Center,
    }
}
