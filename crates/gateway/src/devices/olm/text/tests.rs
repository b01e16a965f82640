use proptest::prelude::*;

use super::super::frame::tests::hex;
use super::*;

pub(in super::super) fn board(more: &str) -> Olm {
    let text = format!("name = \"B\"\ndisplay = \"LED-01\"\naddress = \"10.0.0.1:4001\"\n{more}");
    toml::from_str(&text).unwrap()
}

fn line(text: &str, alignment: Alignment) -> Line {
    Line {
        text: text.to_owned(),
        alignment,
    }
}

fn gbk(text: &[u8]) -> String {
    encoding_rs::GBK.decode(text).0.into_owned()
}

/// Whether bytes are whole letters.
fn is_whole(text: &[u8]) -> bool {
    !gbk(text).contains(char::REPLACEMENT_CHARACTER)
}

/// Each page as its lines are read, those that run with an arrow.
fn read(pages: &[Page]) -> Vec<Vec<String>> {
    let row = |row: &Row| {
        let text = gbk(&row.text);
        if row.comes == RUNS {
            format!("{text}←")
        } else {
            text
        }
    };
    pages
        .iter()
        .map(|it| it.iter().map(row).collect())
        .collect()
}

/// Written after the maker's manual: two lines and a voice, for 20 seconds.
#[test]
fn two_lines_and_a_voice_travel_as_the_manual_says() {
    let row = |text: &str, comes| Row {
        text: encoded(text).concat(),
        comes,
    };
    let page = vec![row("粤B12345", 0), row("请缴费15元", 1)];
    let board = board("colors = [\"red\", \"green\"]");
    let frame = show_for(20, &page, "粤B12345,请缴费15元", &board);
    let expected = "00 64 FF FF 6F 45 00 14 02 00 00 01 05 00 03 00 FF 00 00 00 08 D4 C1 42 31 32 33 34 \
        35 0D 01 01 01 05 00 03 00 00 FF 00 00 0A C7 EB BD C9 B7 D1 31 35 D4 AA 00 0A 13 D4 C1 42 31 \
        32 33 34 35 2C C7 EB BD C9 B7 D1 31 35 D4 AA 00 26 A5";
    assert_eq!(frame.encode(), hex(expected));
    let spaces = "00 64 FF FF E3 09 01 00 00 05 00 2A 00 00 00 AB 85";
    assert_eq!(super::spaces(42, &board).encode(), hex(spaces));
}

/// Older boards know neither the time, nor the font, nor the flags.
#[test]
fn an_older_board_is_told_less() {
    let board = board("multiline = \"6E\"\nunit = 5\nrows = 1");
    let page = &pages(&[line("粤B12345", Alignment::Left)], &board)[0];
    let Frame {
        address,
        command,
        data,
    } = show(page, "", &board);
    assert_eq!((address, command), (5, 0x6E));
    let expected = "00 01 00 00 01 05 00 FF 00 00 00 08 D4 C1 42 31 32 33 34 35 00 0A 00 00";
    assert_eq!(data, hex(expected));
}

/// SHOW-1: each in its place, spaces kept.
#[test]
fn a_line_stands_where_it_is_wanted() {
    let board = board("columns = 12\nrows = 4");
    let lines = [
        line(" 左a", Alignment::Left),
        line("中 间b", Alignment::Center),
        line("右", Alignment::Right),
        line("", Alignment::Center),
    ];
    let shown = [
        " 左a        ",
        "   中 间b   ",
        "          右",
        "            ",
    ];
    assert_eq!(read(&pages(&lines, &board)), [shown]);
}

/// SHOW-1: nothing is left out.
#[test]
fn more_lines_than_the_board_has_come_in_turn_and_what_is_too_wide_runs() {
    let board = board("");
    let lines = ["粤B12345", "车辆没有通行许可", "请联系"];
    let lines = lines.map(|it| line(it, Alignment::Left));
    let expected = [["粤B12345", "车辆没有通行许可←"], ["请联系  ", "        "]];
    assert_eq!(read(&pages(&lines, &board)), expected);
    let long = "一二三四五六七八九十一二三四五六七八";
    let expected = [["一二三四五六七八九十一二三四五六←", "七八    "]];
    let pages = pages(&[line(long, Alignment::Left)], &board);
    assert_eq!(read(&pages), expected);
}

#[test]
fn what_the_board_cannot_show_does_no_harm() {
    let board = board("rows = 1\ncolumns = 10");
    let shown = pages(&[line("`Y😀\r\u{0}€ñ9\n", Alignment::Left)], &board);
    assert_eq!(read(&shown), [["'Y?  ??9  "]]);
    assert_eq!(read(&pages(&[], &board)), [["          "]]);
}

proptest! {
    /// The most and longest lines with the longest voice are one frame, of whole letters.
    #[test]
    fn whatever_is_to_be_shown_fits_into_a_frame(
        texts in proptest::collection::vec(".{0,60}", 0..8), spoken in ".{0,300}",
        columns in 4..=32_u8, height in 1..=4_u8, old in any::<bool>()
    ) {
        let multiline = if old { "6E" } else { "6F" };
        let more = format!("columns = {columns}\nrows = {height}\nmultiline = \"{multiline}\"");
        let board = board(&more);
        let lines: Vec<Line> = texts.iter().map(|it| line(it, Alignment::Center)).collect();
        for page in pages(&lines, &board) {
            prop_assert_eq!(page.len(), usize::from(height));
            for row in &page {
                prop_assert!((1..=MOST_LINE).contains(&row.text.len()));
                prop_assert!(is_whole(&row.text));
            }
            prop_assert!(is_whole(&voice(&spoken)));
            prop_assert!(show(&page, &spoken, &board).data.len() <= MOST);
        }
    }

    /// SHOW-1: every letter is shown, in order.
    #[test]
    fn no_letter_is_lost(text in "[粤A-Z0-9请通行]{1,120}", columns in 4..=32_u8) {
        let board = board(&format!("columns = {columns}"));
        let pages = pages(&[line(&text, Alignment::Left)], &board);
        let shown: String = pages.iter().flatten().map(|row| gbk(&row.text)).collect();
        prop_assert_eq!(shown.replace(' ', ""), text);
    }
}
