//! Which page of a query comes next: pure. Suppliers' pages are not always what the standard says.

/// Going through the pages once, from the first to the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Round {
    /// The page to ask for.
    pub(super) page: u32,
    /// The total of the page before.
    total: Option<u64>,
    /// Whether any page brought something that was not on another.
    brought: bool,
    /// Whether the pages were gone through before, so that most of what is on them is known.
    is_again: bool,
}

/// What a page says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Told {
    /// How many rows it has.
    pub(super) rows: u64,
    /// How many a page has.
    pub(super) size: u64,
    /// How many there are on all pages.
    pub(super) total: u64,
}

/// What is to be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Ask for [`Round::page`].
    Page,
    /// All of it is here.
    Done,
    /// This is no way to get at the rest: ask about a shorter time.
    Shorter,
}

impl Round {
    pub(super) fn first() -> Round {
        Round {
            page: 1,
            total: None,
            brought: false,
            is_again: false,
        }
    }

    /// Goes on after a page that brought so many records that were on no page before, and so many
    /// rows that nobody can read.
    pub(super) fn next(&mut self, told: Told, new: u64, unreadable: u64) -> Next {
        let has_moved_up = self.total.is_some_and(|before| told.total < before);
        self.total = Some(told.total);
        self.brought |= new > 0;
        if has_moved_up && self.brought {
            // What stood behind may have come to stand on a page that was read.
            *self = Round {
                is_again: true,
                ..Round::first()
            };
            return Next::Page;
        }
        let more = told.size.max(told.rows) * u64::from(self.page) < told.total;
        if told.rows == 0 || (new == 0 && !more) {
            return Next::Done;
        }
        if new == 0 && unreadable == 0 && !self.is_again {
            // The same rows again, and more where they come from: it knows no pages.
            return Next::Shorter;
        }
        self.page += 1;
        Next::Page
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Goes through the pages of `supplier`, which is asked for a page of 100; the records that came,
    /// and how it ended.
    fn all(mut supplier: impl FnMut(u32) -> (Vec<u64>, u64)) -> (BTreeSet<u64>, Next) {
        let (mut seen, mut round) = (BTreeSet::new(), Round::first());
        for _ in 0..1000 {
            let (rows, total) = supplier(round.page);
            let told = Told {
                rows: rows.len() as u64,
                size: 100,
                total,
            };
            let new = rows.into_iter().filter(|row| seen.insert(*row)).count();
            match round.next(told, new as u64, 0) {
                Next::Page => {}
                end => return (seen, end),
            }
        }
        panic!("it has no end");
    }

    fn page(rows: &[u64], number: u32) -> Vec<u64> {
        let before = 100 * (number as usize - 1);
        rows.iter().copied().skip(before).take(100).collect()
    }

    fn rows(count: u64) -> Vec<u64> {
        (0..count).collect()
    }

    /// PAGE-1
    #[test]
    fn all_pages_of_a_sound_supplier_are_gone_through_once() {
        for count in [0, 1, 99, 100, 101, 250, 300] {
            let (rows, mut asked) = (rows(count), 0);
            let (seen, end) = all(|number| {
                asked += 1;
                (page(&rows, number), count)
            });
            assert_eq!((seen.len() as u64, end), (count, Next::Done));
            assert_eq!(asked, count.div_ceil(100) + 1, "the last one is empty");
        }
    }

    /// D-19: rows that vanish move those behind them up, onto pages that were read.
    #[test]
    fn nothing_is_passed_over_when_rows_vanish_from_the_pages_that_were_read() {
        let (mut left, mut asked) = (rows(450), 0);
        let (seen, end) = all(|number| {
            asked += 1;
            if asked == 3 {
                left.drain(..120);
            }
            (page(&left, number), left.len() as u64)
        });
        assert_eq!((seen, end), (rows(450).into_iter().collect(), Next::Done));
    }

    /// A supplier that forgets what it has told: an empty page is not yet the end.
    #[test]
    fn nothing_is_passed_over_when_each_page_is_gone_once_it_was_told() {
        let mut left = rows(731);
        let (seen, end) = all(|number| {
            let (told, total) = (page(&left, number), left.len() as u64);
            left.retain(|row| !told.contains(row));
            (told, total)
        });
        assert_eq!((seen.len(), end), (731, Next::Done));
    }

    /// D-19: new ones among those that were read move the others down.
    #[test]
    fn rows_that_come_while_the_pages_are_read_repeat_some_and_hide_none() {
        let (mut all_rows, mut next) = (rows(450), 1000);
        let (seen, end) = all(|number| {
            for _ in 0..7 {
                all_rows.insert(0, next);
                next += 1;
            }
            (page(&all_rows, number), all_rows.len() as u64)
        });
        assert_eq!(end, Next::Done);
        assert!(rows(450).iter().all(|row| seen.contains(row)));
    }

    #[test]
    fn a_supplier_that_knows_no_pages_is_asked_about_a_shorter_time_when_it_says_that_there_is_more()
     {
        let rows = rows(250);
        let (seen, end) = all(|_| (page(&rows, 1), 250));
        assert_eq!((seen.len(), end), (100, Next::Shorter));
        let (seen, end) = all(|_| (page(&rows, 1), 100));
        assert_eq!((seen.len(), end), (100, Next::Done));
    }

    #[test]
    fn a_total_that_is_nonsense_neither_hides_rows_nor_has_no_end() {
        let rows = rows(250);
        for total in [0, 1, 100, 99_999] {
            let (seen, end) = all(|number| (page(&rows, number), total));
            assert_eq!((seen.len(), end), (250, Next::Done), "{total}");
        }
        // The rows of the page instead of all.
        let (seen, end) = all(|number| {
            let page = page(&rows, number);
            let count = page.len() as u64;
            (page, count)
        });
        assert_eq!((seen.len(), end), (250, Next::Done));
    }

    #[test]
    fn a_page_of_rows_that_nobody_can_read_is_gone_past() {
        let mut round = Round::first();
        let told = Told {
            rows: 100,
            size: 100,
            total: 150,
        };
        assert_eq!(round.next(told, 0, 100), Next::Page);
        assert_eq!(round.page, 2);
        let told = Told { rows: 50, ..told };
        assert_eq!(round.next(told, 0, 50), Next::Done);
    }
}
