//! Walking through pages (PAGE-1).

use serde_json::{Map, Value};

use crate::bench::Bench;
use crate::case::{Checked, Stop, check};
use crate::reply::{number, rows};

/// Most pages that are walked: a supplier that always has one more must not be followed for ever.
const MAX_PAGES: u64 = 10_000;

/// Pages in which a walk is made, about.
const PAGES_WALKED: u64 = 20;

/// One row.
pub(super) type Row = Map<String, Value>;

/// Page `current` of `size` rows of `query`.
pub(super) async fn page(
    bench: &Bench,
    path: &str,
    query: &Row,
    size: u64,
    current: u64,
) -> Result<Row, Stop> {
    let mut fields = query.clone();
    fields.insert("pageSize".to_owned(), size.into());
    fields.insert("currentPage".to_owned(), current.into());
    bench.call(path, fields).await.accepted()
}

/// Every row of `query`, read in pages of `size`.
pub(super) async fn every_row(
    bench: &Bench,
    path: &str,
    query: &Row,
    size: u64,
) -> Result<Vec<Row>, Stop> {
    let mut all = Vec::new();
    for current in 1..=MAX_PAGES {
        let page = page(bench, path, query, size, current).await?;
        let mut found = rows(&page)?;
        let is_last = found.is_empty() || (found.len() as u64) < size;
        all.append(&mut found);
        if is_last {
            break;
        }
    }
    Ok(all)
}

/// Rows on a page so that `total` rows are a walk of some pages: a lot of thousands of spaces is
/// not asked for each.
pub(super) fn walking_size(total: u64) -> u64 {
    (total / PAGES_WALKED).clamp(1, 100)
}

/// Demands of `query`, which has some matches: `total` is all of them on every page, no row is
/// twice or missing, and the order is the same each time.
pub(super) async fn walks(bench: &Bench, path: &str, query: &Row, key: &str) -> Checked {
    let at_once = every_row(bench, path, query, 100).await?;
    if at_once.len() < 2 {
        return Err(Stop::skipped("少于 2 条记录", "fewer than two records"));
    }
    let total = number(&page(bench, path, query, 1, 1).await?, "total")?;
    let size = walking_size(total);
    let one_by_one = every_row(bench, path, query, size).await?;
    let keys = |rows: &[Row]| -> Vec<Value> { rows.iter().map(|row| row[key].clone()).collect() };
    let (one_by_one, at_once) = (keys(&one_by_one), keys(&at_once));
    check(one_by_one.len() as u64 == total, || {
        let found = one_by_one.len();
        (
            format!("total 为 {total}，逐页取到 {found} 条"),
            format!("total is {total}, {found} were found page by page"),
        )
    })?;
    check(one_by_one == at_once, || {
        (
            "两种页长取到的记录或顺序不同".to_owned(),
            "another page size gives other records or another order".to_owned(),
        )
    })
}
