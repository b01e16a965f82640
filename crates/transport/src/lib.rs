//! The standard's endpoints served and called over HTTPS.
