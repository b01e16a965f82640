//! What can be wrong with an implementation, one thing at a time, and which requirements that
//! breaks: its own, and what necessarily follows from it.

use crate::case::Side;

/// One thing that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Its name, unique for its side.
    pub name: &'static str,
    /// Whose fault it is.
    pub side: Side,
    /// The requirements that it breaks.
    pub breaks: &'static [&'static str],
}

const fn both(name: &'static str, breaks: &'static [&'static str]) -> [Fault; 2] {
    [supplier(name, breaks), platform(name, breaks)]
}

const fn supplier(name: &'static str, breaks: &'static [&'static str]) -> Fault {
    Fault {
        name,
        side: Side::Supplier,
        breaks,
    }
}

const fn platform(name: &'static str, breaks: &'static [&'static str]) -> Fault {
    Fault {
        name,
        side: Side::Platform,
        breaks,
    }
}

/// Every fault that the kit must find.
pub const FAULTS: &[&[Fault]] = &[
    // The envelope, on either side.
    &both("serves GET", &["T-1"]),
    &both("refuses escaped characters", &["T-1"]),
    &both("takes GBK", &["T-1"]),
    &both("takes broken JSON", &["T-1"]),
    &both("refuses a charset parameter", &["T-2"]),
    &both("takes any content type", &["T-2"]),
    &both("replies as text/html", &["T-2"]),
    &both("does without the lot's id", &["T-3"]),
    &both("refuses without saying why", &["T-4", "D-4"]),
    &both("respCode as a number", &["T-4"]),
    &[
        supplier("no respDesc", &["T-4", "D-4", "D-10"]),
        platform("no respDesc", &["T-4", "D-4"]),
    ],
    &both("takes times with dashes", &["T-5"]),
    &both("sends times with dashes", &["T-5"]),
    &both("checks no token", &["T-6"]),
    &both("takes tokens in upper case", &["T-6"]),
    &both("takes the token of another time", &["T-6"]),
    &both("takes anybody's lot", &["T-6"]),
    &both("sends tokens in upper case", &["T-6"]),
    &both("sends as text/plain", &["T-2"]),
    &both("sends no version", &["T-3"]),
    &both("sends times of Greenwich", &["T-5"]),
    &both("answers 500 to bad input", &["D-1"]),
    &both("refuses unknown fields", &["D-3"]),
    &both("takes requests of any age", &["D-4"]),
    // What a platform serves and asks.
    &[
        platform("lets everybody pass", &["RECOG-1", "RECOG-2", "D-13"]),
        platform("takes a recognition without uuid", &["RECOG-1"]),
        platform("takes any colour", &["RECOG-1"]),
        platform("demands reliability", &["RECOG-1"]),
        platform("chokes on an empty plate", &["RECOG-1"]),
        platform("refuses a recognition that it knows", &["RECOG-2", "D-13"]),
        platform("answers a known uuid from memory", &["D-13"]),
        platform("refuses events that are an hour old", &["CROSS-2"]),
        platform("takes a crossing without crossTime", &["CROSS-1"]),
        platform("takes any form of crossTime", &["CROSS-2"]),
        platform("refuses a crossing that it knows", &["CROSS-3"]),
        platform(
            "refuses a crossing without its recognition",
            &["CROSS-3", "PUSH-3"],
        ),
        platform("takes an abnormality without a message", &["ABN-1"]),
        platform("demands the device of an abnormality", &["ABN-1"]),
        platform("knows only the listed codes", &["D-15"]),
        platform("refuses an abnormality that it knows", &["PUSH-5"]),
        platform("sends no heartbeat", &["BEAT-1"]),
        platform("never asks for what it missed", &["D-19"]),
        platform("asks for the first page only", &["D-19"]),
        platform("asks from the end of the outage", &["D-19"]),
        platform("asks for pages of a thousand", &["PAGE-1"]),
        platform("asks without beginTime", &["UNPUSH-1"]),
        platform("sends an unanswered gate command again", &["D-5"]),
        platform("sends gate commands without openMode", &["OPEN-3"]),
        platform("sends texts without alignment and text", &["SHOW-1"]),
    ],
    // What a supplier serves.
    &[
        supplier("does not hold open", &["OPEN-1"]),
        supplier("restores with the next vehicle only", &["OPEN-2"]),
        supplier("opens for another plate", &["OPEN-3"]),
        supplier("does not open for the matching plate", &["OPEN-3"]),
        supplier("opens by force only for a vehicle", &["OPEN-4", "D-5"]),
        supplier("refuses an empty plate", &["OPEN-5"]),
        supplier("pushes nothing while held open", &["OPEN-6"]),
        supplier("says opened before it is", &["OPEN-7"]),
        supplier("opens some gate for an unknown device", &["OPEN-7"]),
        supplier("a missing mode is forced", &["D-8"]),
        supplier("moves twice for one command", &["D-5"]),
        supplier("collapses spaces", &["SHOW-1", "D-9"]),
        supplier("takes a text without msg", &["SHOW-1"]),
        supplier("says shown while the display is off", &["SHOW-2"]),
        supplier("refuses msg as a text", &["D-9"]),
        supplier("pages are off by one", &["PAGE-1"]),
        supplier("total of the page only", &["PAGE-1"]),
        supplier("twenty rows by default", &["PAGE-1"]),
        supplier("no bound on pages", &["D-10"]),
        supplier("ignores the status", &["PLACE-1"]),
        supplier("either filter is enough", &["PLACE-1"]),
        supplier("pictures are hexadecimal", &["PLACE-2"]),
        supplier("failed pushes by the time of failing", &["UNPUSH-1"]),
        supplier("excludes the end of the period", &["UNPUSH-1"]),
        supplier("holds everything as failed", &["UNPUSH-1", "PUSH-2"]),
        supplier("forgets what was asked for", &["UNPUSH-1", "UNPUSH-2"]),
        supplier("does without beginTime", &["UNPUSH-1"]),
        supplier("takes a reversed period", &["D-11"]),
    ],
    // What a supplier does at the gate, and how it pushes.
    &[
        supplier("does not open when it may", &["RECOG-1", "RECOG-2"]),
        supplier(
            "opens when it may not",
            &["OPEN-3", "RECOG-1", "RECOG-2", "RECOG-3"],
        ),
        supplier("pushes no colour", &["RECOG-1"]),
        supplier("pushes the wrong recognizer", &["RECOG-1"]),
        supplier("does not ask again", &["RECOG-2"]),
        supplier("asks again every ten seconds", &["RECOG-2"]),
        supplier("asks again with a new uuid", &["RECOG-2"]),
        supplier("asks again when it may pass", &["RECOG-2"]),
        supplier("asks again for who is gone", &["RECOG-2"]),
        supplier("opens on a late reply", &["RECOG-3"]),
        supplier("opens for the next vehicle", &["RECOG-3"]),
        supplier("no picture at the URL", &["RECOG-4"]),
        supplier("crossings for who backs out", &["CROSS-1"]),
        supplier("pushes a crossing twice", &["CROSS-1"]),
        supplier("a crossing has a uuid of its own", &["CROSS-1"]),
        supplier("pushes the crossing first", &["CROSS-1"]),
        supplier("recognitionTime of the push", &["CROSS-2"]),
        supplier("crossTime of the push", &["CROSS-2"]),
        supplier("no recognition for tailgaters", &["D-14"]),
        supplier("drops refused crossings", &["D-16"]),
        supplier("one attempt", &["PUSH-1", "PUSH-2", "D-2", "D-16"]),
        supplier("four attempts", &["PUSH-2"]),
        supplier("six attempts", &["PUSH-2"]),
        supplier("takes HTTP 500 for an answer", &["D-2"]),
        supplier("a new uuid on each attempt", &["PUSH-1"]),
        supplier("the same token on each attempt", &["D-17"]),
        supplier("attempts five seconds apart", &["D-17"]),
        supplier("stays shut after five failures", &["PUSH-3"]),
        supplier("pushes failed recognitions again", &["UNPUSH-1", "PUSH-3"]),
        supplier("pushes failed crossings again", &["UNPUSH-1", "PUSH-4"]),
        supplier("drops failed abnormalities", &["PUSH-5"]),
        supplier("reports failed pushes", &["ABN-5"]),
        supplier("does not report the barrier", &["ABN-1"]),
        supplier("does not report the loop", &["ABN-1"]),
        supplier("messages of its own", &["ABN-2"]),
        supplier("checks every eight minutes", &["ABN-3"]),
        supplier("does not report an arm that stays up", &["ABN-4"]),
        supplier("reports every second", &["D-15"]),
        supplier("heartbeat fails", &["T-1", "T-2", "BEAT-1", "D-3", "D-4"]),
    ],
];
