//! Following what happens in the lanes.

use std::pin::pin;

use super::access::Access;
use crate::account::{Account, Language};
use crate::lines::Lines;
use crate::terminal::say;
use crate::told::told_to_stop;

pub(super) async fn follow(access: &Access) -> anyhow::Result<()> {
    let response = access.interface()?.stream(&["happenings"]).await?;
    let mut lines = Lines::of(response);
    let mut account = Account::new(Language::Chinese);
    if !access.json {
        say(&account.head());
    }
    let mut stopped = pin!(told_to_stop());
    loop {
        let line = tokio::select! {
            line = lines.next() => line?,
            stopped = &mut stopped => return stopped,
        };
        let Some(line) = line else {
            return Ok(());
        };
        if access.json {
            say(&line);
        } else if let Some(line) = account.line(&line) {
            say(&line);
        }
    }
}
