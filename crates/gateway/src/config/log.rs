//! How much is logged.

use serde::Deserialize;

/// The least important of what is logged; the more is logged, the greater.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// What does not work.
    Error,
    /// And what may soon not work.
    Warn,
    /// And what happens in the lanes.
    #[default]
    Info,
    /// And what is seldom worth knowing.
    Debug,
    /// Everything.
    Trace,
}

impl LogLevel {
    /// As it is configured.
    pub const fn as_str(self) -> &'static str {
        match self {
            LogLevel::Error => "error",
            LogLevel::Warn => "warn",
            LogLevel::Info => "info",
            LogLevel::Debug => "debug",
            LogLevel::Trace => "trace",
        }
    }
}
