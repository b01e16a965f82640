//! Keys: random texts that open an interface. A file of this machine's own is made at the first start,
//! readable by its owner alone (D-7).

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// Random bytes of a key, written as twice as many hexadecimal digits: more than anybody can try out.
const KEY_BYTES: usize = 32;

/// Shortest key that somebody may have put into the file instead.
const LEAST_CHARS: usize = 32;

/// What somebody shows to be let in. Kept as its digest only, so that it cannot be shown (D-7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    digest: [u8; 32],
}

impl Key {
    /// Reads the key at `path`, or makes one there.
    ///
    /// # Errors
    /// As [`secret_at`].
    pub fn open_or_create(path: &Path) -> io::Result<Key> {
        Ok(Key::of(secret_at(path)?.expose_secret()))
    }

    /// The key of that text.
    pub fn of(text: &str) -> Key {
        Key {
            digest: digest(text),
        }
    }

    /// Whether `shown` is the key; takes the same time whatever it is (D-7).
    pub fn opens(&self, shown: &str) -> bool {
        self.digest.ct_eq(&digest(shown)).into()
    }
}

/// What is kept of a key to know it again.
pub fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

/// Lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A new key, in hexadecimal digits.
///
/// # Errors
/// When the system has no randomness.
pub fn random() -> io::Result<SecretString> {
    let mut random = [0; KEY_BYTES];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    Ok(SecretString::from(hex(&random)))
}

/// The secret in the file at `path`, which is made if it is not there.
///
/// # Errors
/// When it cannot be read or made, or is too short to be a secret.
pub fn secret_at(path: &Path) -> io::Result<SecretString> {
    match fs::read_to_string(path) {
        Ok(text) if text.trim().len() >= LEAST_CHARS => Ok(SecretString::from(text.trim())),
        Ok(_) => {
            let why = format!("the key has fewer than {LEAST_CHARS} characters");
            Err(io::Error::new(io::ErrorKind::InvalidData, why))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => create(path),
        Err(error) => Err(error),
    }
}

/// Under its name the file is whole: a power cut while it is made leaves none.
fn create(path: &Path) -> io::Result<SecretString> {
    let made = random()?;
    let unfinished = path.with_extension("part");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&unfinished)?;
    writeln!(file, "{}", made.expose_secret())?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    Ok(made)
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
