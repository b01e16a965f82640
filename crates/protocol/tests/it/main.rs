//! A lane from outside: the story of a vehicle, as its driver and its equipment tell it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod lane;
mod site;
