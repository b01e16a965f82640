//! How many files and connections the process may have open.

/// Raises it to what the system allows: the usual 1024 are too few for a thousand lots, each of which
/// is a connection, and for the thousands that a listener bears.
pub(crate) fn raise_limit() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit, setrlimit};
        let mut limit = getrlimit(Resource::Nofile);
        if limit.current != limit.maximum {
            limit.current = limit.maximum;
            if let Err(error) = setrlimit(Resource::Nofile, limit) {
                tracing::warn!(%error, "no more files may be open than before");
            }
        }
    }
}
