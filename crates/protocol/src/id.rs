//! The names that things have on the wire. One generic type, so that a lot is never a device.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::sync::Arc;

/// Longest id in characters that is taken from anybody: uuids have 36, suppliers' own ids less.
pub const MAX_ID_CHARS: usize = 128;

/// A non-empty, printable text that identifies a thing of kind `K`.
pub struct Id<K> {
    text: Arc<str>,
    kind: PhantomData<fn() -> K>,
}

/// Kinds of [`Id`]; never constructed.
pub mod kind {
    /// See [`super::AppId`].
    pub enum App {}
    /// See [`super::LotId`].
    pub enum Lot {}
    /// See [`super::DeviceNo`].
    pub enum Device {}
    /// See [`super::RecordId`].
    pub enum Record {}
    /// See [`super::PlaceNo`].
    pub enum Place {}
}

/// A supplier, named by the platform (`appId`).
pub type AppId = Id<kind::App>;
/// A car park, named by the platform (`parkingLotId`).
pub type LotId = Id<kind::Lot>;
/// A device: recognizer, barrier, display (`deviceNo`), agreed between both sides.
pub type DeviceNo = Id<kind::Device>;
/// A recognition, and the crossing that follows from it (`uuid`), named by the supplier.
pub type RecordId = Id<kind::Record>;
/// A parking space (`placeNo`).
pub type PlaceNo = Id<kind::Place>;

/// A text that cannot be an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("应为 1 到 {MAX_ID_CHARS} 个可见字符")]
pub struct NotAnId;

impl<K> Id<K> {
    /// Takes `text` as it is, without the white space around it.
    ///
    /// # Errors
    /// [`NotAnId`] when nothing is left, it is longer than [`MAX_ID_CHARS`] or holds control
    /// characters.
    pub fn new(text: &str) -> Result<Id<K>, NotAnId> {
        let text = text.trim();
        let sound = !text.is_empty()
            && text.chars().count() <= MAX_ID_CHARS
            && !text.chars().any(char::is_control);
        if sound {
            Ok(Id {
                text: text.into(),
                kind: PhantomData,
            })
        } else {
            Err(NotAnId)
        }
    }

    /// The id as it stands on the wire.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl RecordId {
    /// The record that `uuid` names, in lower case with hyphens.
    pub fn from_uuid(uuid: uuid::Uuid) -> RecordId {
        let mut buffer = uuid::Uuid::encode_buffer();
        let text: &str = uuid.hyphenated().encode_lower(&mut buffer);
        Id {
            text: text.into(),
            kind: PhantomData,
        }
    }
}

impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        Id {
            text: Arc::clone(&self.text),
            kind: PhantomData,
        }
    }
}

impl<K> fmt::Debug for Id<K> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, out)
    }
}

impl<K> fmt::Display for Id<K> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.text, out)
    }
}

impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl<K> Eq for Id<K> {}

impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text.cmp(&other.text)
    }
}

impl<K> Hash for Id<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl<K> std::str::FromStr for Id<K> {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        Id::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_kept_as_it_was_given_but_for_white_space_around_it() {
        assert_eq!(LotId::new(" 东区-1 ").unwrap().as_str(), "东区-1");
    }

    #[test]
    fn an_empty_an_overlong_and_an_unprintable_text_are_not_ids() {
        for text in ["", "   ", "a\nb", "\u{0}", &"9".repeat(MAX_ID_CHARS + 1)] {
            assert_eq!(DeviceNo::new(text), Err(NotAnId), "{text:?}");
        }
        assert!(DeviceNo::new(&"道".repeat(MAX_ID_CHARS)).is_ok());
    }

    #[test]
    fn a_record_is_named_by_a_lower_case_uuid() {
        let uuid = uuid::Uuid::from_u128(0xABCDEF);
        assert_eq!(
            RecordId::from_uuid(uuid).as_str(),
            "00000000-0000-0000-0000-000000abcdef"
        );
    }
}
