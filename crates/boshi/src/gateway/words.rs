//! The journal's words, as people at the lot say them.

use crate::account::outcome_words;

/// Why a barrier was driven.
pub(super) fn cause(cause: &str) -> String {
    let word = match cause {
        "may_pass" => "平台放行",
        "blind" => "断网放行",
        "commanded" => "指令开闸",
        "forced" => "强制开闸",
        "hold_ordered" => "常开",
        "restore_ordered" => "恢复",
        "fire" => "消防",
        "hold_asserted" => "保持常开",
        "seen" => "手动抬杆",
        other => other,
    };
    word.to_owned()
}

/// What a person did.
pub(super) fn act(what: &str) -> String {
    let word = match what {
        "open_normal" => "按车牌开闸",
        "open_forced" => "强制开闸",
        "hold" => "常开",
        "restore" => "恢复",
        "plate_typed" => "补录车牌",
        "show" => "显示",
        "resend" => "补发",
        "occupancy_counted" => "清点在场数",
        other => other,
    };
    word.to_owned()
}

/// What came of it; the code of a refusal stays as it is.
pub(super) fn done(outcome: &str) -> String {
    let word = match outcome {
        "done" => "已执行",
        "BUSY" => "繁忙，未执行",
        "OUTCOME_UNKNOWN" => "结果未知",
        other => other,
    };
    word.to_owned()
}

/// How a passage ended.
pub(super) fn outcome(outcome: &str) -> String {
    let words = outcome_words(outcome);
    words.map_or(outcome, |(chinese, _)| chinese).to_owned()
}

/// What became of an attempt to push: the platform's words, or the network's, stay as they are.
pub(super) fn attempt(outcome: &str) -> String {
    match outcome.split_once(' ') {
        None if outcome == "accepted" => "已接收".to_owned(),
        Some(("refused", why)) => format!("被拒绝：{why}"),
        Some(("fault", why)) => format!("失败：{why}"),
        _ => outcome.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_said_in_chinese_and_what_is_not_as_it_is() {
        assert_eq!(cause("may_pass"), "平台放行");
        assert_eq!(outcome("backed_out"), "未过闸，已离开");
        assert_eq!(attempt("accepted"), "已接收");
        assert_eq!(attempt("refused BLOCKED 黑名单"), "被拒绝：BLOCKED 黑名单");
        assert_eq!(attempt("fault timed out"), "失败：timed out");
        assert_eq!(act("open_forced"), "强制开闸");
        assert_eq!(done("done"), "已执行");
        for unknown in ["-", "new_word"] {
            let said = [cause, outcome, attempt, act, done].map(|say| say(unknown));
            assert_eq!(said, [unknown; 5]);
        }
    }
}
