//! What a board is told to show: lines of so many columns, in the bytes of its character set.

use boshi_protocol::code::Alignment;
use boshi_protocol::endpoint::Line;

use super::frame::{Frame, MOST, SHOW, SHOW_OLD, SPACES};
use crate::config::{Color, Multiline, Olm};

/// Most bytes of a line in a frame.
const MOST_LINE: usize = 32;

/// What surrounds a line in a frame: thirteen bytes before its text, one after it.
const AROUND_LINE: usize = 14;

/// Most lines in a frame.
const MOST_LINES: usize = 4;

/// Most bytes that are spoken: what is left of a frame with the most and longest lines.
pub(super) const MOST_VOICE: usize = MOST - 3 - MOST_LINES * (AROUND_LINE + MOST_LINE) - 3;

/// For ever, until something else is shown.
const PERMANENT: u8 = 0xFF;

/// How a line comes: at once, or running to the left for ever.
const AT_ONCE: u8 = 0x00;
const RUNS: u8 = 0x15;

/// How fast it comes, how long it stays, how often it is repeated: as in the maker's example.
const SPEED: u8 = 1;
const STAYS: u8 = 5;
const REPEATS: u8 = 0;

/// What ends a line, the last line, and begins what is spoken.
const NEXT_LINE: u8 = 0x0D;
const LAST_LINE: u8 = 0x00;
const VOICE: u8 = 0x0A;

/// A line as it is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Row {
    text: Vec<u8>,
    comes: u8,
}

/// Several lines, in as many pages as they need.
pub(super) type Page = Vec<Row>;

/// The pages that lines make on a board. What is wider than the board runs; what is longer than a
/// frame can hold goes on in the next line (SHOW-1).
pub(super) fn pages(lines: &[Line], board: &Olm) -> Vec<Page> {
    let columns = usize::from(board.columns);
    let rows: Vec<Row> = lines.iter().flat_map(|it| rows(it, columns)).collect();
    let height = usize::from(board.rows).clamp(1, MOST_LINES);
    let mut pages: Vec<Page> = rows.chunks(height).map(<[Row]>::to_vec).collect();
    if pages.is_empty() {
        pages.push(Vec::new());
    }
    // A line that is not told might keep what stood there.
    for page in &mut pages {
        page.resize_with(height, || Row {
            text: vec![b' '; columns],
            comes: AT_ONCE,
        });
    }
    pages
}

fn rows(line: &Line, columns: usize) -> Vec<Row> {
    let text = encoded(&line.text);
    let width = text.iter().map(|letter| letter.len()).sum::<usize>();
    if width <= columns {
        let before = match line.alignment {
            Alignment::Left => 0,
            Alignment::Center => (columns - width) / 2,
            Alignment::Right => columns - width,
        };
        let mut aligned = vec![b' '; before];
        aligned.extend(text.concat());
        aligned.resize(columns, b' ');
        let comes = AT_ONCE;
        return vec![Row {
            text: aligned,
            comes,
        }];
    }
    let mut rows = vec![Row::default()];
    for letter in text {
        let full = rows.last().map_or(0, |row| row.text.len()) + letter.len() > MOST_LINE;
        if full {
            rows.push(Row::default());
        }
        if let Some(row) = rows.last_mut() {
            row.text.extend(letter);
        }
    }
    for row in &mut rows {
        let fits = row.text.len() <= columns;
        row.comes = if fits { AT_ONCE } else { RUNS };
        if fits {
            row.text.resize(columns, b' ');
        }
    }
    rows
}

/// The bytes of each letter. What the board cannot show is a question mark; what it would take for
/// an end of a line, or for the time of day, is neither.
fn encoded(text: &str) -> Vec<Vec<u8>> {
    let letter = |letter: char| match letter {
        '`' => vec![b'\''],
        it if it.is_control() => vec![b' '],
        it => {
            let mut buffer = [0; 4];
            let (bytes, _, unknown) = encoding_rs::GBK.encode(it.encode_utf8(&mut buffer));
            match *bytes {
                [0x20..=0x7E] | [_, _] if !unknown => bytes.into_owned(),
                _ => vec![b'?'],
            }
        }
    };
    text.chars().map(letter).collect()
}

/// The frame that shows a page, and has `spoken` said; what is longer than a frame can hold is not.
pub(super) fn show(page: &Page, spoken: &str, board: &Olm) -> Frame {
    show_for(PERMANENT, page, spoken, board)
}

fn show_for(seconds: u8, page: &Page, spoken: &str, board: &Olm) -> Frame {
    let new = board.multiline == Multiline::New;
    let count = u8::try_from(page.len()).unwrap_or_default();
    let mut data = match new {
        true => vec![0, seconds, count],
        false => vec![0, count],
    };
    for (place, row) in page.iter().enumerate() {
        let number = u8::try_from(place).unwrap_or_default();
        data.extend([number, row.comes, SPEED, STAYS, REPEATS]);
        if new {
            data.extend([board.font, 0]);
        }
        data.extend(rgba(color(place, board)));
        data.push(u8::try_from(row.text.len()).unwrap_or_default());
        data.extend_from_slice(&row.text);
        let is_last = place + 1 == page.len();
        data.push(if is_last { LAST_LINE } else { NEXT_LINE });
    }
    let voice = voice(spoken);
    data.extend([VOICE, u8::try_from(voice.len()).unwrap_or_default()]);
    data.extend(voice);
    data.push(0);
    Frame {
        address: board.unit,
        command: if new { SHOW } else { SHOW_OLD },
        data,
    }
}

/// As many whole letters as there is room for.
fn voice(spoken: &str) -> Vec<u8> {
    let mut voice = Vec::new();
    for letter in encoded(spoken) {
        if voice.len() + letter.len() > MOST_VOICE {
            break;
        }
        voice.extend(letter);
    }
    voice
}

/// The frame that shows how many spaces are free.
pub(super) fn spaces(free: u32, board: &Olm) -> Frame {
    let mut data = vec![1, 0, 0, STAYS, 0];
    data.extend(free.to_le_bytes());
    Frame {
        address: board.unit,
        command: SPACES,
        data,
    }
}

fn color(place: usize, board: &Olm) -> Color {
    let known = board.colors.get(place).or(board.colors.last());
    known.copied().unwrap_or(Color::Red)
}

const fn rgba(color: Color) -> [u8; 4] {
    match color {
        Color::Red => [0xFF, 0, 0, 0],
        Color::Green => [0, 0xFF, 0, 0],
        Color::Yellow => [0xFF, 0xFF, 0, 0],
        Color::Blue => [0, 0, 0xFF, 0],
        Color::Purple => [0xFF, 0, 0xFF, 0],
        Color::Cyan => [0, 0xFF, 0xFF, 0],
        Color::White => [0xFF, 0xFF, 0xFF, 0],
    }
}

#[cfg(test)]
mod tests;
