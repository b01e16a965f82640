//! Tables as comma-separated values (RFC 4180), as spreadsheets read and write them. Pure.

/// What spreadsheets take for UTF-8.
pub const BYTE_ORDER_MARK: &str = "\u{feff}";

/// A record, and the line of the text on which it begins, from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The line.
    pub line: usize,
    /// The cells, without quotes.
    pub cells: Vec<String>,
}

/// A quote that is never closed, and the line of the record it is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("第 {line} 行的引号没有结束")]
pub struct OpenQuote {
    /// The line, from 1.
    pub line: usize,
}

/// The records of `text`; empty lines are none.
///
/// # Errors
/// [`OpenQuote`].
pub fn read(text: &str) -> Result<Vec<Record>, OpenQuote> {
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    let mut records = Vec::new();
    let (mut line, mut begins) = (1, 1);
    let (mut cells, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        line += usize::from(c == '\n');
        match (c, quoted) {
            ('"', true) if chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            ('"', true) => quoted = false,
            (_, true) => cell.push(c),
            ('"', false) if cell.is_empty() => quoted = true,
            (',', false) => cells.push(std::mem::take(&mut cell)),
            ('\n', false) => {
                close(&mut records, begins, &mut cells, &mut cell);
                begins = line;
            }
            ('\r', false) => {}
            (_, false) => cell.push(c),
        }
    }
    if quoted {
        return Err(OpenQuote { line: begins });
    }
    close(&mut records, begins, &mut cells, &mut cell);
    Ok(records)
}

fn close(records: &mut Vec<Record>, line: usize, cells: &mut Vec<String>, cell: &mut String) {
    cells.push(std::mem::take(cell));
    let cells = std::mem::take(cells);
    if cells.iter().any(|cell| !cell.trim().is_empty()) {
        records.push(Record { line, cells });
    }
}

/// A record as a line. A cell that a spreadsheet would take for a formula is made a text: what
/// suppliers and visitors write must not run on an operator's machine.
pub fn write<'a>(cells: impl Iterator<Item = &'a str>) -> String {
    let cells: Vec<String> = cells.map(cell).collect();
    cells.join(",") + "\r\n"
}

fn cell(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if is_formula {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if text.contains([',', '"', '\n', '\r']) {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_writes_is_read_with_the_lines_it_stands_on() {
        let text = "\u{feff}plate,note\r\n粤B1,\"a, \"\"b\"\"\nc\"\r\n\r\n粤B2,\r\n";
        let found: Vec<_> = read(text)
            .unwrap()
            .into_iter()
            .map(|r| (r.line, r.cells))
            .collect();
        let cells = |one: &str, two: &str| vec![one.to_owned(), two.to_owned()];
        let expected = [
            (1, cells("plate", "note")),
            (2, cells("粤B1", "a, \"b\"\nc")),
            (5, cells("粤B2", "")),
        ];
        assert_eq!(found, expected);
        assert_eq!(read("a\n\"b"), Err(OpenQuote { line: 2 }));
        assert_eq!(read(""), Ok(Vec::new()));
    }

    #[test]
    fn what_is_written_is_read_again_and_no_formula_is_written() {
        let cells = ["粤B1", "a,b", "say \"no\"", "two\nlines", ""];
        let line = write(cells.into_iter());
        assert_eq!(read(&line).unwrap()[0].cells, cells);
        for formula in ["=1+1", "+1", "-1", "@x"] {
            assert!(write([formula].into_iter()).starts_with('\''), "{formula}");
        }
    }
}
