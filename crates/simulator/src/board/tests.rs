use super::*;

fn hex(text: &str) -> Vec<u8> {
    let bytes = text.split_whitespace();
    bytes
        .map(|it| u8::from_str_radix(it, 16).unwrap())
        .collect()
}

/// Written after the maker's manual: two lines and a voice.
const TWO_LINES: &str = "00 64 FF FF 6F 45 00 14 02 00 00 01 05 00 03 00 FF 00 00 00 08 D4 C1 42 31 32 33 \
    34 35 0D 01 01 01 05 00 03 00 00 FF 00 00 0A C7 EB BD C9 B7 D1 31 35 D4 AA 00 0A 13 D4 C1 42 31 32 33 \
    34 35 2C C7 EB BD C9 B7 D1 31 35 D4 AA 00 26 A5";

#[test]
fn the_frames_of_the_document_are_shown_said_and_answered() {
    let board = OlmBoard::new(0, 2);
    assert_eq!(board.lines(), ["金颉科技", ""]);
    for (told, answer) in [
        (
            "00 64 FF FF 00 06 31 35 39 37 35 33 FB 06",
            "00 64 FF FF 00 0A 00 31 30 32 34 36 30 31 30 30 9F EF",
        ),
        (TWO_LINES, "00 64 FF FF 6F 01 00 06 A9"),
    ] {
        assert_eq!(board.told(&hex(told)), hex(answer), "{told}");
    }
    let _ = board.told(&hex(
        "00 64 FF FF 30 14 01 D4 C1 42 31 32 33 34 35 2C C7 EB C8 EB B3 A1 CD A3 B3 B5 5B FD",
    ));
    assert_eq!(board.lines(), ["粤B12345", "请缴费15元"]);
    assert_eq!(board.rows()[1].color, [0, 0xFF, 0]);
    assert_eq!(board.said(), ["粤B12345,请缴费15元", "粤B12345,请入场停车"]);
    let _ = board.told(&hex("00 64 FF FF E3 09 01 00 00 05 00 2A 00 00 00 AB 85"));
    assert_eq!(board.free(), Some(42));
    board.loses_power();
    assert_eq!(board.lines(), ["金颉科技", ""]);
}

#[test]
fn bytes_may_come_one_by_one_and_with_noise_between() {
    let board = OlmBoard::new(0, 2);
    let mut answers = Vec::new();
    for byte in [hex("00 64 AA"), hex(TWO_LINES)].concat() {
        answers.extend(board.told(&[byte]));
    }
    assert_eq!(answers, hex("00 64 FF FF 6F 01 00 06 A9"));
    let mut broken = hex(TWO_LINES);
    broken[30] ^= 1;
    assert_eq!(board.told(&broken), [0; 0], "its checksum is wrong");
}

#[test]
fn a_board_fails_as_it_is_told_and_hears_no_other_address() {
    let board = OlmBoard::new(0, 2);
    board.fails(OlmFault::Busy(1));
    assert_eq!(
        board.told(&hex(TWO_LINES)),
        hex("00 64 FF FF 6F 01 01 C7 69")
    );
    assert_eq!(board.lines()[0], "金颉科技");
    board.fails(OlmFault::Mute);
    assert_eq!(board.told(&hex(TWO_LINES)), [0; 0]);
    assert_eq!(board.lines()[0], "粤B12345");
    let other = OlmBoard::new(1, 2);
    assert_eq!(other.told(&hex(TWO_LINES)), [0; 0]);
    assert_eq!(other.lines()[0], "金颉科技");
}
