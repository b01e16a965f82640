//! What is printed: the log, tables, and lines of plain text.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::OnceLock;

use comfy_table::{ContentArrangement, Table, presets};
use tracing_subscriber::EnvFilter;
use unicode_width::UnicodeWidthStr as _;

/// Chooses what is logged, before any configuration.
const LOG_VARIABLE: &str = "BOSHI_LOG";

/// Changes what is logged.
type Refilter = Box<dyn Fn(EnvFilter) + Send + Sync>;

static REFILTER: OnceLock<Refilter> = OnceLock::new();

/// Starts the log on standard error: readable on a terminal, JSON lines otherwise. `BOSHI_LOG`
/// chooses what is logged, `info` unless it says otherwise.
pub(crate) fn log() {
    let filter = EnvFilter::try_from_env(LOG_VARIABLE).unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr);
    let refilter: Refilter = if io::stderr().is_terminal() {
        let log = log.compact().with_target(false).with_filter_reloading();
        let handle = log.reload_handle();
        log.init();
        Box::new(move |filter| drop(handle.reload(filter)))
    } else {
        let log = log.json().with_filter_reloading();
        let handle = log.reload_handle();
        log.init();
        Box::new(move |filter| drop(handle.reload(filter)))
    };
    // The log is started once.
    let _ = REFILTER.set(refilter);
}

/// Logs what is at least as important as `level` from now on, unless `BOSHI_LOG` has chosen;
/// whether it does.
pub(crate) fn log_at(level: &str) -> bool {
    if std::env::var_os(LOG_VARIABLE).is_some() {
        return false;
    }
    if let Some(refilter) = REFILTER.get() {
        refilter(EnvFilter::new(level));
    }
    true
}

/// Prints a line to standard output; a reader that has gone away is no error.
pub(crate) fn say(line: &str) {
    let _ = writeln!(io::stdout().lock(), "{line}");
}

/// Prints what went wrong to standard error.
pub(crate) fn complain(error: &str) {
    let _ = writeln!(io::stderr().lock(), "错误：{error}");
}

/// A table without lines, its columns aligned also where they are Chinese.
pub(crate) fn table(head: &[&str], rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(head);
    table.add_rows(rows);
    // Each cell has a space on either side, which the first column does not need.
    let lines = table.lines().map(|line| {
        let line = line.strip_prefix(' ').unwrap_or(&line);
        line.trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// How wide each column of a table is.
pub(crate) fn widths(head: &[&str], rows: &[Vec<String>]) -> Vec<usize> {
    let width = |(place, name): (usize, &&str)| {
        let cells = rows.iter().filter_map(|row| row.get(place));
        let widest = cells.map(|cell| cell.width()).max();
        widest.unwrap_or_default().max(name.width())
    };
    head.iter().enumerate().map(width).collect()
}

/// One more row of a table whose columns are so wide.
pub(crate) fn aligned(cells: &[String], widths: &[usize]) -> String {
    let widths = widths.iter().copied().chain(std::iter::repeat(0));
    let padded = cells.iter().zip(widths).map(|(cell, width)| {
        let missing = width.saturating_sub(cell.width());
        format!("{cell}{}", " ".repeat(missing))
    });
    let line = padded.collect::<Vec<_>>().join("  ");
    line.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_comes_later_stands_under_the_table() {
        let head = ["时间", "车道", "结果"];
        let cells = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let first = cells(["06:03:51.6", "01", "平台放行"]);
        let whole = table(&head, vec![first.clone(), cells(["06:03:52.0", "05", "-"])]);
        let widths = widths(&head, &[first]);
        let later = aligned(&cells(["06:03:52.0", "05", "-"]), &widths);
        assert_eq!(whole.lines().last(), Some(later.as_str()));
    }
}
