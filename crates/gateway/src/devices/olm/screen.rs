//! What one board should show, and what is known of it. No I/O.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::queue::Urgency;
use super::text::Page;

/// How often a board that is there is asked whether it is.
const ASKED: Duration = Duration::from_secs(5);

/// How often one is asked that is not.
const SOUGHT: Duration = Duration::from_secs(2);

/// How long a page of several stays.
pub(super) const TURN: Duration = Duration::from_secs(3);

/// Lines, ready to be shown.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) pages: Vec<Page>,
    pub(super) spoken: String,
    pub(super) urgency: Urgency,
}

/// What a board needs next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// This page of what stands.
    Page(Arc<Shown>, usize),
    /// So many free spaces.
    Spaces(u32),
}

/// One board.
#[derive(Debug)]
pub(super) struct Screen {
    /// Whether it answers at all.
    awaits: bool,
    /// Of how many spaces it shows how many are free.
    spaces: Option<u32>,
    /// Whether it has answered the last question, or does not answer any.
    there: bool,
    asked_at: Instant,
    /// What it should show: what the lane says, or a text that it took.
    standing: Option<Arc<Shown>>,
    /// Whether it may show something else.
    doubtful: bool,
    /// When it is told again what stands, if it is doubtful.
    again: Instant,
    page: usize,
    turns: Instant,
    free: Option<u32>,
}

impl Screen {
    pub(super) fn new(awaits: bool, spaces: Option<u32>, now: Instant) -> Screen {
        Screen {
            awaits,
            spaces,
            there: false,
            asked_at: now,
            standing: None,
            doubtful: false,
            again: now,
            page: 0,
            turns: now,
            free: None,
        }
    }

    /// Whether it can be told something.
    pub(super) fn is_there(&self) -> bool {
        self.there
    }

    /// Whether the way to it is open; nothing is known of the board itself.
    pub(super) fn opened(&mut self, open: bool, now: Instant) {
        self.there = open && !self.awaits;
        self.doubtful = true;
        self.again = now;
        self.asked_at = now;
    }

    /// When it is asked whether it is there, if ever.
    pub(super) fn asks_at(&self) -> Option<Instant> {
        self.awaits.then_some(self.asked_at)
    }

    /// It answered; true when it was not there before. It may have lost its power meanwhile.
    pub(super) fn answered(&mut self, now: Instant) -> bool {
        let news = !std::mem::replace(&mut self.there, true);
        if news {
            self.doubtful = true;
            self.again = now;
        }
        self.asked_at = now + ASKED;
        news
    }

    /// It did not answer; true when it was there before. What it showed then is not known. It is asked
    /// at once after it was told something, so that a late answer is not taken for that to the next.
    pub(super) fn silent(&mut self, was_asked: bool, now: Instant) -> bool {
        self.doubtful = true;
        self.asked_at = if was_asked { now + SOUGHT } else { now };
        std::mem::replace(&mut self.there, false)
    }

    /// The lane has this to say from now on, whether or not it can be shown at once.
    pub(super) fn wants(&mut self, shown: &Arc<Shown>) {
        if shown.urgency != Urgency::Text {
            self.standing = Some(Arc::clone(shown));
            self.doubtful = true;
        }
    }

    /// It shows this page.
    pub(super) fn shows(&mut self, shown: Arc<Shown>, page: usize, now: Instant) {
        // Something newer may be wanted already, which is yet to be told.
        let newer = self.standing.as_ref().is_some_and(|it| *it != shown);
        let outdated = shown.urgency != Urgency::Text && newer;
        if !outdated {
            self.standing = Some(shown);
            self.doubtful = false;
            self.page = page;
        }
        self.turns = now + TURN;
        self.free = None;
    }

    /// It did not take what it was told, and is left alone for a while.
    pub(super) fn refused(&mut self, now: Instant) {
        self.doubtful = true;
        self.again = now + ASKED;
    }

    /// It was told this number, whether or not it knows what that is.
    pub(super) fn told_spaces(&mut self, free: u32) {
        self.free = Some(free);
    }

    /// What it needs now, when nothing is on the way to it; `inside` is how many vehicles are.
    pub(super) fn needs(&self, inside: Option<u64>, now: Instant) -> Option<Need> {
        let standing = self.standing.as_ref().filter(|_| self.there)?;
        if self.doubtful {
            let again = self.again <= now;
            return again.then(|| Need::Page(Arc::clone(standing), 0));
        }
        if standing.pages.len() > 1 && self.turns <= now {
            let next = (self.page + 1) % standing.pages.len();
            return Some(Need::Page(Arc::clone(standing), next));
        }
        let (total, inside) = (self.spaces?, inside?);
        let left = u64::from(total).saturating_sub(inside);
        let free = u32::try_from(left).unwrap_or(u32::MAX);
        let idle = standing.urgency == Urgency::Idle;
        (idle && self.free != Some(free)).then_some(Need::Spaces(free))
    }

    /// When it may need something again.
    pub(super) fn needs_at(&self) -> Option<Instant> {
        let standing = self.standing.as_ref().filter(|_| self.there)?;
        if self.doubtful {
            return Some(self.again);
        }
        (standing.pages.len() > 1).then_some(self.turns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(urgency: Urgency, pages: usize) -> Arc<Shown> {
        Arc::new(Shown {
            pages: vec![Vec::new(); pages],
            spoken: String::new(),
            urgency,
        })
    }

    fn screen(awaits: bool, spaces: Option<u32>) -> (Screen, Instant) {
        let now = Instant::now();
        let mut screen = Screen::new(awaits, spaces, now);
        screen.opened(true, now);
        (screen, now)
    }

    /// A board that lost its power has forgotten what it showed.
    #[test]
    fn a_board_that_comes_back_is_told_what_stands() {
        let (mut it, now) = screen(true, None);
        let idle = shown(Urgency::Idle, 1);
        it.wants(&idle);
        assert_eq!(it.needs(None, now), None, "it has not answered yet");
        assert!(it.answered(now));
        assert_eq!(it.needs(None, now), Some(Need::Page(Arc::clone(&idle), 0)));
        it.shows(Arc::clone(&idle), 0, now);
        assert_eq!(it.needs(None, now), None);
        assert!(it.silent(true, now) && !it.silent(true, now));
        assert!(it.answered(now));
        assert_eq!(it.needs(None, now), Some(Need::Page(idle, 0)));
    }

    /// SHOW-2: of a text that was not taken, it was said so; it is not shown later.
    #[test]
    fn a_text_that_was_not_taken_does_not_stand() {
        let (mut it, now) = screen(true, None);
        let (idle, text) = (shown(Urgency::Idle, 1), shown(Urgency::Text, 1));
        it.answered(now);
        it.wants(&idle);
        it.shows(Arc::clone(&idle), 0, now);
        it.wants(&text);
        assert!(it.silent(false, now));
        assert_eq!(it.asks_at(), Some(now));
        it.answered(now);
        assert_eq!(it.needs(None, now), Some(Need::Page(idle, 0)));
        it.shows(Arc::clone(&text), 0, now);
        assert_eq!(it.needs(None, now), None);
    }

    #[test]
    fn pages_come_in_turn() {
        let (mut it, now) = screen(false, None);
        let vehicle = shown(Urgency::Vehicle, 2);
        it.wants(&vehicle);
        it.shows(Arc::clone(&vehicle), 0, now);
        assert_eq!(it.needs_at(), Some(now + TURN));
        assert_eq!(it.needs(None, now), None);
        let next = Need::Page(Arc::clone(&vehicle), 1);
        assert_eq!(it.needs(None, now + TURN), Some(next));
        it.shows(Arc::clone(&vehicle), 1, now + TURN);
        let first = Need::Page(vehicle, 0);
        assert_eq!(it.needs(None, now + TURN * 2), Some(first));
    }

    #[test]
    fn free_spaces_are_told_when_nobody_is_there_and_when_they_change() {
        let (mut it, now) = screen(false, Some(10));
        let (idle, vehicle) = (shown(Urgency::Idle, 1), shown(Urgency::Vehicle, 1));
        it.shows(Arc::clone(&vehicle), 0, now);
        assert_eq!(it.needs(Some(3), now), None);
        it.wants(&idle);
        it.shows(idle, 0, now);
        assert_eq!(it.needs(None, now), None, "nobody knows how many");
        assert_eq!(it.needs(Some(3), now), Some(Need::Spaces(7)));
        it.told_spaces(7);
        assert_eq!(it.needs(Some(3), now), None);
        assert_eq!(it.needs(Some(12), now), Some(Need::Spaces(0)));
    }

    #[test]
    fn what_is_wanted_since_is_not_forgotten() {
        let (mut it, now) = screen(false, None);
        let (idle, vehicle) = (shown(Urgency::Idle, 1), shown(Urgency::Vehicle, 1));
        it.wants(&idle);
        it.wants(&vehicle);
        it.shows(idle, 0, now);
        assert_eq!(it.needs(None, now), Some(Need::Page(vehicle, 0)));
    }
}
