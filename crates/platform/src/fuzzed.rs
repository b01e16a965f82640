//! What operators' programs send beside JSON, read as it is read from the network: for `crates/fuzz` alone.

use crate::store::newest::Cursor;

/// The place at which a list goes on, read and written again; none when it is no such place.
pub fn cursor(text: &str) -> Option<String> {
    Some(text.parse::<Cursor>().ok()?.to_string())
}
