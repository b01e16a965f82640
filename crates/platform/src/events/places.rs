//! How many may follow the log at once: each costs a connection for as long as it likes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Most streams at once: half of the connections that one address may have, so that a console of
/// many behind one proxy still has connections to ask with.
pub(crate) const MOST_STREAMS: usize = 128;
/// Most streams of one user at once: the tabs of a browser, and a tool or two.
pub(crate) const MOST_OF_A_USER: usize = 16;

/// The places, and who has them.
#[derive(Debug, Default)]
pub(crate) struct Places(Mutex<HashMap<String, usize>>);

/// A place, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    places: Arc<Places>,
    user: String,
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoPlace {
    /// All are taken.
    #[error("事件流已达上限 {MOST_STREAMS} 条，请稍后再试")]
    AllTaken,
    /// The user has enough.
    #[error("同一用户的事件流已达上限 {MOST_OF_A_USER} 条")]
    OfTheUser,
}

impl Places {
    /// How many are taken.
    pub(crate) fn taken(&self) -> usize {
        let taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        taken.values().sum()
    }

    /// A place for `user`.
    ///
    /// # Errors
    /// [`NoPlace`].
    pub(crate) fn take(self: &Arc<Places>, user: &str) -> Result<Seat, NoPlace> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.values().sum::<usize>() >= MOST_STREAMS {
            return Err(NoPlace::AllTaken);
        }
        let of_user = taken.entry(user.to_owned()).or_default();
        if *of_user >= MOST_OF_A_USER {
            return Err(NoPlace::OfTheUser);
        }
        *of_user += 1;
        Ok(Seat {
            places: Arc::clone(self),
            user: user.to_owned(),
        })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let taken = self.places.0.lock();
        let mut taken = taken.unwrap_or_else(PoisonError::into_inner);
        if let Some(of_user) = taken.get_mut(&self.user) {
            *of_user -= 1;
            if *of_user == 0 {
                taken.remove(&self.user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_bounded_for_each_user_and_in_all_and_given_back() {
        let places = Arc::new(Places::default());
        let mut seats: Vec<Seat> = (0..MOST_STREAMS)
            .map(|number| {
                let user = format!("user {}", number / MOST_OF_A_USER);
                places.take(&user).unwrap()
            })
            .collect();
        assert_eq!(places.take("another").unwrap_err(), NoPlace::AllTaken);
        seats.pop();
        assert_eq!(places.take("user 0").unwrap_err(), NoPlace::OfTheUser);
        seats.push(places.take("another").unwrap());
        seats.clear();
        assert!(places.0.lock().unwrap().is_empty(), "nobody is remembered");
    }
}
