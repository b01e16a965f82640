//! Passwords of users: kept as Argon2id, tried a few at a time, and not for ever.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Semaphore;
use tokio::time::Instant;

/// Shortest password in characters that somebody may choose.
pub(crate) const LEAST_CHARS: usize = 10;
/// Passwords that are hashed at once: each takes 19 MiB and some of a second of a core.
const AT_ONCE: usize = 2;
/// Wrong passwords in a row after which a name has to wait.
const MOST_WRONG: u32 = 5;
/// How long it waits then.
const PAUSE: Duration = Duration::from_secs(60);
/// Names that are remembered; beyond that all are forgotten, rather than memory filled.
const MOST_NAMES: usize = 10_000;
/// Random bytes of a salt.
const SALT_BYTES: usize = 16;

/// Hashes and checks passwords.
#[derive(Clone)]
pub(crate) struct Passwords {
    places: Arc<Semaphore>,
    wrong: Arc<Mutex<HashMap<String, (u32, Instant)>>>,
}

/// Why a password is not checked, or does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Denied {
    /// No such name, or another password.
    #[error("用户名或密码不正确")]
    Wrong,
    /// Too many wrong ones: the right one is not taken either for a while.
    #[error("密码错误次数过多，请 1 分钟后再试")]
    TooMany,
    /// The machine cannot hash now.
    #[error("暂时无法验证密码")]
    Unavailable,
}

impl Passwords {
    pub(crate) fn new() -> Passwords {
        Passwords {
            places: Arc::new(Semaphore::new(AT_ONCE)),
            wrong: Arc::default(),
        }
    }

    /// What is kept of a password.
    pub(crate) async fn hash(&self, password: SecretString) -> Result<String, Denied> {
        let hashed = self.alone(move || {
            let mut salt = [0; SALT_BYTES];
            getrandom::fill(&mut salt).ok()?;
            let password = password.expose_secret().as_bytes();
            let hash = Argon2::default().hash_password_with_salt(password, &salt);
            Some(hash.ok()?.to_string())
        });
        hashed.await?.ok_or(Denied::Unavailable)
    }

    /// Whether `password` is the one of `name`, of which `kept` is known; none when there is no such
    /// name, which takes as long.
    pub(crate) async fn check(
        &self,
        name: &str,
        password: SecretString,
        kept: Option<String>,
        now: Instant,
    ) -> Result<(), Denied> {
        if self.must_wait(name, now) {
            return Err(Denied::TooMany);
        }
        let fits = self.alone(move || {
            let password = password.expose_secret().as_bytes();
            match kept {
                Some(kept) => Argon2::default()
                    .verify_password(password, kept.as_str())
                    .is_ok(),
                None => {
                    let _ = Argon2::default().hash_password_with_salt(password, &[0; SALT_BYTES]);
                    false
                }
            }
        });
        let fits = fits.await?;
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        if fits {
            wrong.remove(name);
            return Ok(());
        }
        if wrong.len() >= MOST_NAMES {
            wrong.clear();
        }
        let entry = wrong.entry(name.to_owned()).or_insert((0, now));
        *entry = (entry.0 + 1, now);
        Err(Denied::Wrong)
    }

    fn must_wait(&self, name: &str, now: Instant) -> bool {
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((times, last)) = wrong.get(name).copied() else {
            return false;
        };
        if now.duration_since(last) >= PAUSE {
            wrong.remove(name);
            return false;
        }
        times >= MOST_WRONG
    }

    async fn alone<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Denied> {
        let _place = self
            .places
            .acquire()
            .await
            .map_err(|_| Denied::Unavailable)?;
        let done = tokio::task::spawn_blocking(work).await;
        done.map_err(|_| Denied::Unavailable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// D-7
    #[tokio::test]
    async fn a_password_is_kept_as_argon2id_and_only_it_fits() {
        let passwords = Passwords::new();
        let kept = passwords.hash("correct horse".into()).await.unwrap();
        assert!(
            kept.starts_with("$argon2id$") && !kept.contains("horse"),
            "{kept}"
        );
        let now = Instant::now();
        let check = async |password: &str, kept: Option<&String>| {
            passwords
                .check("王工", password.into(), kept.cloned(), now)
                .await
        };
        assert_eq!(check("correct horse", Some(&kept)).await, Ok(()));
        assert_eq!(
            check("correct horsf", Some(&kept)).await,
            Err(Denied::Wrong)
        );
        assert_eq!(check("correct horse", None).await, Err(Denied::Wrong));
    }

    #[tokio::test]
    async fn after_five_wrong_ones_the_right_one_has_to_wait_a_minute_too() {
        let passwords = Passwords::new();
        let kept = passwords.hash("correct horse".into()).await.unwrap();
        let now = Instant::now();
        let check = async |name: &str, password: &str, now| {
            passwords
                .check(name, password.into(), Some(kept.clone()), now)
                .await
        };
        for _ in 0..MOST_WRONG {
            assert_eq!(check("王工", "x", now).await, Err(Denied::Wrong));
        }
        assert_eq!(
            check("王工", "correct horse", now).await,
            Err(Denied::TooMany)
        );
        assert_eq!(
            check("李工", "correct horse", now).await,
            Ok(()),
            "others do not wait"
        );
        assert_eq!(check("王工", "correct horse", now + PAUSE).await, Ok(()));
    }
}
