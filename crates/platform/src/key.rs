//! The key of the operators' interface: made at the first start, readable by its owner only.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// Random bytes of a key, written as twice as many hexadecimal digits.
const KEY_BYTES: usize = 32;

/// Shortest key that somebody may have put into the file instead.
const LEAST_CHARS: usize = 32;

/// What operators and their tools show. Kept as its digest only, so that it cannot be shown (D-7).
#[derive(Clone)]
pub(crate) struct Key {
    digest: [u8; 32],
}

impl Key {
    /// Reads the key at `path`, or makes one there.
    pub(crate) fn open_or_create(path: &Path) -> io::Result<Key> {
        match fs::read_to_string(path) {
            Ok(text) if text.trim().len() >= LEAST_CHARS => Ok(Key::new(text.trim())),
            Ok(_) => {
                let why = format!("the key has fewer than {LEAST_CHARS} characters");
                Err(io::Error::new(io::ErrorKind::InvalidData, why))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => create(path),
            Err(error) => Err(error),
        }
    }

    /// Whether `shown` is the key; takes the same time whatever it is (D-7).
    pub(crate) fn opens(&self, shown: &str) -> bool {
        self.digest.ct_eq(&Key::new(shown).digest).into()
    }

    fn new(text: &str) -> Key {
        Key {
            digest: digest(text),
        }
    }
}

/// What is kept of a key.
pub(crate) fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

/// A new key, in hexadecimal digits.
pub(crate) fn random() -> io::Result<SecretString> {
    let mut random = [0; KEY_BYTES];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    let text: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(SecretString::from(text))
}

fn create(path: &Path) -> io::Result<Key> {
    let made = random()?;
    let text = made.expose_secret();
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(format!("{text}\n").as_bytes())?;
    file.sync_all()?;
    Ok(Key::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// D-7
    #[test]
    fn a_key_is_made_once_and_only_it_opens() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("operator.key");
        let made = Key::open_or_create(&path).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.trim().len(), 2 * KEY_BYTES);
        let opened = Key::open_or_create(&path).unwrap();
        assert!(made.opens(text.trim()) && opened.opens(text.trim()));
        assert!(!opened.opens("") && !opened.opens(&text[1..]));
    }

    #[cfg(unix)]
    #[test]
    fn nobody_but_its_owner_may_read_the_key() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("operator.key");
        Key::open_or_create(&path).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_key_that_is_too_short_to_be_one_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("operator.key");
        fs::write(&path, "\n").unwrap();
        assert!(Key::open_or_create(&path).is_err());
    }
}
