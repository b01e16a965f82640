//! The token that signs a request (T-6), and the secrets it is made of (D-6, D-7).

use std::fmt;

use md5::{Digest, Md5};
use secrecy::{ExposeSecret, SecretString};
use subtle::{Choice, ConstantTimeEq};

use crate::id::AppId;

/// Longest token in characters that is looked at (T-3).
pub const MAX_TOKEN_CHARS: usize = 500;

/// What a supplier and the platform share: the supplier's id and its secret.
///
/// While a secret is being rotated two are valid at once (D-6). Neither appears in `Debug` (D-7).
#[derive(Clone)]
pub struct Credentials {
    app_id: AppId,
    current: SecretString,
    previous: Option<SecretString>,
}

/// Which of two secrets a token was made with (D-6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secret {
    /// The one that is valid from now on.
    Current,
    /// The one before it.
    Previous,
}

impl Credentials {
    /// Credentials with one valid secret.
    pub fn new(app_id: AppId, secret: SecretString) -> Credentials {
        Credentials {
            app_id,
            current: secret,
            previous: None,
        }
    }

    /// The same credentials, with an older secret that is still taken from the peer (D-6).
    #[must_use]
    pub fn while_rotating_from(mut self, previous: SecretString) -> Credentials {
        self.previous = Some(previous);
        self
    }

    /// What whoever has not taken over the current secret yet signs with and takes (D-6).
    #[must_use]
    pub fn before_rotation(&self) -> Credentials {
        let secret = self.previous.as_ref().unwrap_or(&self.current);
        Credentials::new(self.app_id.clone(), secret.clone())
    }

    /// The supplier that these belong to.
    pub fn app_id(&self) -> &AppId {
        &self.app_id
    }

    /// Whether both sign and take the same.
    pub fn same_as(&self, other: &Credentials) -> bool {
        let previous = match (&self.previous, &other.previous) {
            (None, None) => true,
            (Some(one), Some(other)) => equal(one, other),
            (None, Some(_)) | (Some(_), None) => false,
        };
        self.app_id == other.app_id && equal(&self.current, &other.current) && previous
    }

    /// Signs `time`, the request's own `time` field, with the current secret (T-6).
    pub fn sign(&self, time: &str) -> String {
        let digest = digest(time, &self.app_id, &self.current);
        std::str::from_utf8(&digest)
            .expect("hexadecimal digits are text")
            .to_owned()
    }

    /// Whether `token` signs `time` with a secret that is valid now (T-6, D-6).
    ///
    /// Takes the same time whatever the token is and whichever secret fits (D-7).
    pub fn verify(&self, time: &str, token: &str) -> bool {
        self.signed_with(time, token).is_some()
    }

    /// With which valid secret `token` signs `time`, if it does; as [`Credentials::verify`].
    pub fn signed_with(&self, time: &str, token: &str) -> Option<Secret> {
        let fits = |secret: &SecretString| -> Choice {
            digest(time, &self.app_id, secret).ct_eq(token.as_bytes())
        };
        let current = fits(&self.current);
        let previous = fits(self.previous.as_ref().unwrap_or(&self.current));
        let which = match bool::from(current) {
            true => Secret::Current,
            false => Secret::Previous,
        };
        bool::from(current | previous).then_some(which)
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Credentials({})", self.app_id)
    }
}

/// Takes the same time for all secrets of one length (D-7).
fn equal(one: &SecretString, other: &SecretString) -> bool {
    let bytes = one.expose_secret().as_bytes();
    bytes.ct_eq(other.expose_secret().as_bytes()).into()
}

/// Lower-case hexadecimal digits of an MD5 sum.
const TOKEN_BYTES: usize = 32;

fn digest(time: &str, app_id: &AppId, secret: &SecretString) -> [u8; TOKEN_BYTES] {
    let mut hash = Md5::new();
    for part in [time, "&", app_id.as_str(), "&", secret.expose_secret()] {
        hash.update(part.as_bytes());
    }
    let sum = hash.finalize();
    std::array::from_fn(|place| {
        let byte = sum[place / 2];
        let digit = if place % 2 == 0 {
            byte >> 4
        } else {
            byte & 0x0f
        };
        b"0123456789abcdef"[usize::from(digit)]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME: &str = "20170818 17:14:15";

    fn standards_example() -> Credentials {
        Credentials::new(
            AppId::new("99848791").unwrap(),
            SecretString::from("eV7spoA0rr7EyjGuJxQFOa3Vs5wvcRUo"),
        )
    }

    /// T-6: the standard's own example.
    #[test]
    fn the_standards_example_gives_the_standards_token() {
        assert_eq!(
            standards_example().sign(TIME),
            "2e6eef5a0bba5a666004298e76b2f1cf"
        );
        assert!(standards_example().verify(TIME, "2e6eef5a0bba5a666004298e76b2f1cf"));
    }

    /// D-6
    #[test]
    fn credentials_are_the_same_when_every_part_of_them_is() {
        let other = |app: &str, secret: &str| {
            Credentials::new(AppId::new(app).unwrap(), SecretString::from(secret))
        };
        let secret = "eV7spoA0rr7EyjGuJxQFOa3Vs5wvcRUo";
        assert!(standards_example().same_as(&other("99848791", secret)));
        assert!(!standards_example().same_as(&other("99848792", secret)));
        assert!(!standards_example().same_as(&other("99848791", "other")));
        let rotating = || standards_example().while_rotating_from(SecretString::from("older"));
        assert!(!standards_example().same_as(&rotating()));
        assert!(rotating().same_as(&rotating()));
    }

    /// T-6, D-7
    #[test]
    fn every_other_token_is_refused() {
        for token in [
            "",
            "2e6eef5a0bba5a666004298e76b2f1c",
            "2e6eef5a0bba5a666004298e76b2f1cf0",
            "2E6EEF5A0BBA5A666004298E76B2F1CF",
            "2e6eef5a0bba5a666004298e76b2f1ce",
            "令牌",
        ] {
            assert!(!standards_example().verify(TIME, token), "{token:?}");
        }
        assert!(
            !standards_example().verify("20170818 17:14:16", "2e6eef5a0bba5a666004298e76b2f1cf")
        );
    }

    /// D-6
    #[test]
    fn both_secrets_are_valid_while_one_is_rotated_and_the_new_one_signs() {
        let old = standards_example();
        let new = Credentials::new(old.app_id().clone(), SecretString::from("new"))
            .while_rotating_from(SecretString::from("eV7spoA0rr7EyjGuJxQFOa3Vs5wvcRUo"));
        assert!(new.verify(TIME, &old.sign(TIME)));
        assert!(new.verify(TIME, &new.sign(TIME)));
        assert_ne!(new.sign(TIME), old.sign(TIME));
        assert!(!old.verify(TIME, &new.sign(TIME)));
        assert!(new.before_rotation().same_as(&old));
        assert!(old.before_rotation().same_as(&old));
        let which = [&old, &new].map(|signing| new.signed_with(TIME, &signing.sign(TIME)));
        assert_eq!(which, [Some(Secret::Previous), Some(Secret::Current)]);
        assert_eq!(old.signed_with(TIME, &new.sign(TIME)), None);
    }

    /// D-7
    #[test]
    fn a_secret_is_not_shown_by_debug() {
        let shown = format!("{:?}", standards_example());
        assert_eq!(shown, "Credentials(99848791)");
    }
}
