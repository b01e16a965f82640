//! What a board is told, and what becomes of it.

use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::frame::Frame;
use super::screen::{Screen, Shown};
use super::text;
use crate::config::Olm;
use crate::devices::controller::CommandError;

/// Something that is wanted shown, and who waits to hear of it.
#[derive(Debug)]
pub(super) struct Wanted {
    /// Which of the line's boards.
    pub(super) board: usize,
    pub(super) shown: Arc<Shown>,
    /// From then on it is too old.
    pub(super) until: Instant,
    pub(super) answer: oneshot::Sender<Result<(), CommandError>>,
}

/// What is told to a board.
#[derive(Debug)]
pub(super) enum What {
    Page {
        shown: Arc<Shown>,
        page: usize,
        /// None when it only repeats what was told.
        answer: Option<oneshot::Sender<Result<(), CommandError>>>,
    },
    Spaces(u32),
}

impl What {
    /// The frame that tells it. What only repeats is not spoken again.
    pub(super) fn frame(&self, board: &Olm) -> Frame {
        match self {
            What::Spaces(free) => text::spaces(*free, board),
            What::Page {
                shown,
                page,
                answer,
            } => {
                let says = answer.is_some() && board.voice;
                let spoken = if says { shown.spoken.as_str() } else { "" };
                let nothing = Vec::new();
                let page = shown.pages.get(*page).unwrap_or(&nothing);
                text::show(page, spoken, board)
            }
        }
    }

    /// Whether nobody waits for it any more: whoever wanted it was told that it is not shown.
    pub(super) fn is_given_up(&self) -> bool {
        match self {
            What::Page {
                answer: Some(answer),
                ..
            } => answer.is_closed(),
            What::Page { answer: None, .. } | What::Spaces(_) => false,
        }
    }

    pub(super) fn ends(self, result: Result<(), CommandError>) {
        if let What::Page {
            answer: Some(answer),
            ..
        } = self
        {
            // Who wanted it may have given up.
            let _ = answer.send(result);
        }
    }

    /// The board shows it, as far as anybody can know.
    pub(super) fn was_taken(
        self,
        screen: &mut Screen,
        result: Result<(), CommandError>,
        now: Instant,
    ) {
        match self {
            What::Spaces(free) => screen.told_spaces(free),
            What::Page {
                shown,
                page,
                answer,
            } => {
                screen.shows(shown, page, now);
                if let Some(answer) = answer {
                    let _ = answer.send(result);
                }
            }
        }
    }
}

pub(super) fn away() -> CommandError {
    CommandError::NotDone("显示屏未连接".to_owned())
}

pub(super) fn overtaken() -> CommandError {
    CommandError::NotDone("已有更新的内容".to_owned())
}

pub(super) fn too_old() -> CommandError {
    CommandError::NotDone("显示屏忙，内容已过时".to_owned())
}
