//! Tries a display board.

use boshi_protocol::code::Alignment;
use boshi_protocol::endpoint::Line;

use super::frame::{CONNECT, Frame};
use super::link::{Heard, Link};
use super::text;
use super::worker::TAKEN;
use crate::config::{Olm, SerialLine};
use crate::devices::probe::Probed;

/// How a board is tried.
#[derive(Clone, Debug)]
pub struct OlmProbe {
    /// How bytes travel, should it hang on a serial port.
    pub line: SerialLine,
    /// The address that it answers to.
    pub unit: u8,
    /// How wide it is.
    pub columns: u8,
    /// How many lines it has.
    pub rows: u8,
    /// What it is greeted with; that of the maker's manual when it is left out.
    pub password: Option<String>,
    /// What it is to show, line by line.
    pub text: Vec<String>,
}

/// Tries the board at `address`, a serial server (`host:port`) or a serial port. What it does not do
/// or say is among the findings.
pub async fn olm(address: &str, probe: OlmProbe) -> Probed {
    let mut board = Olm::of_board(address, probe.line, probe.unit);
    (board.columns, board.rows) = (probe.columns, probe.rows);
    board.password = probe.password.unwrap_or(board.password);
    let mut probed = Probed::default();
    let mut link = match Link::open(address, probe.line).await {
        Ok(link) => link,
        Err(error) => {
            probed.say("连接", Err(error.to_string()));
            return probed;
        }
    };
    probed.say("连接", Ok(format!("已连接，地址 {}", board.unit)));
    let greeting = Frame {
        address: board.unit,
        command: CONNECT,
        data: board.password.clone().into_bytes(),
    };
    let greeted = answer(&mut link, &greeting, &board).await;
    probed.say("应答", greeted.and_then(|data| who(&data)));
    // One that is set to answer nothing shows it all the same.
    let line = |text: String| Line {
        text,
        alignment: Alignment::Left,
    };
    let lines: Vec<Line> = probe.text.into_iter().map(line).collect();
    let pages = text::pages(&lines, &board);
    let page = pages.into_iter().next().unwrap_or_default();
    let shown = answer(&mut link, &text::show(&page, "", &board), &board).await;
    probed.say("显示", shown.and_then(|data| taken(&data)));
    probed
}

/// Tells the board something, once.
async fn answer(link: &mut Link, frame: &Frame, board: &Olm) -> Result<Vec<u8>, String> {
    match link.ask(frame, board, true).await {
        Ok(Heard::Answer(data)) => Ok(data),
        Ok(Heard::Silent | Heard::Told) => Err("已发送，未及时应答".to_owned()),
        Ok(Heard::NotTold(error)) => Err(error.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

/// Who it is: its versions stand behind its word.
fn who(data: &[u8]) -> Result<String, String> {
    match data.split_first() {
        Some((&TAKEN, versions)) => Ok(format!("版本 {}", versions.escape_ascii())),
        Some((code, _)) => Err(format!("连接口令不符，应答 {code:02X}")),
        None => Err("应答是空的".to_owned()),
    }
}

fn taken(data: &[u8]) -> Result<String, String> {
    match data.first() {
        Some(&TAKEN) => Ok("已收下，文字是否正确请目视".to_owned()),
        Some(code) => Err(format!("显示屏忙或拒绝，应答 {code:02X}")),
        None => Err("应答是空的".to_owned()),
    }
}
