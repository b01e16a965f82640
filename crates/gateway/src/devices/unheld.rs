//! Barriers behind a camera that has no command to hold them open, nor to end that.

use boshi_protocol::lane::Motion;

use super::controller::CommandError;

/// Drives such a barrier; `pulse` lifts it.
///
/// To be held it is lifted and said not to be held: a lane that has to hold it, in a fire, says so
/// again and again, so that it is lifted again and again. Nothing is kept, so nothing is to be ended.
pub(super) async fn drive(
    motion: Motion,
    pulse: impl Future<Output = Result<(), CommandError>>,
) -> Result<(), CommandError> {
    match motion {
        Motion::Pulse => pulse.await,
        Motion::Hold => {
            let lifted = lifted(pulse.await);
            let why = format!("此相机协议没有常开指令，{lifted}");
            Err(CommandError::NotDone(why))
        }
        Motion::Release => Ok(()),
    }
}

/// Whether an arm was lifted in place of being held, for people.
pub(super) fn lifted(pulse: Result<(), CommandError>) -> String {
    match pulse {
        Ok(()) | Err(CommandError::Unconfirmed(_)) => "已抬杆一次".to_owned(),
        Err(CommandError::NotDone(why)) => format!("未抬杆：{why}"),
        Err(CommandError::Unknown(why)) => format!("是否抬杆未知：{why}"),
    }
}
