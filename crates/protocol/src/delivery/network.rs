//! Whether the platform can be reached, as far as pushes and heartbeats tell.

/// What is known about the way to the platform.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Network {
    /// Nothing was heard or missed since the start.
    #[default]
    Unknown,
    /// The last exchange was answered.
    Up,
    /// The last exchange was not.
    Lost,
}

impl Network {
    /// An exchange was answered; true when that is news.
    pub(super) fn heard(&mut self) -> bool {
        let news = *self != Network::Up;
        *self = Network::Up;
        news
    }

    /// An exchange was not answered; true when that is news.
    pub(super) fn missed(&mut self) -> bool {
        let news = *self != Network::Lost;
        *self = Network::Lost;
        news
    }
}
