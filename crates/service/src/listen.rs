//! Addresses to listen on.

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket};

use crate::ServiceError;

/// Connections that wait to be accepted: when a network comes back a thousand lots call within a
/// second, and one that finds no room here tries again only after a second.
const BACKLOG: u32 = 1024;

/// An address that is taken; also which it is, should the system have chosen the port.
pub type Address = (TcpListener, SocketAddr);

/// Takes `address`, which the configuration has under the key `field`.
///
/// # Errors
/// [`ServiceError::Listen`] when somebody else has it, or it is not this machine's.
pub async fn take(field: &'static str, address: SocketAddr) -> Result<Address, ServiceError> {
    let failed = |reason| ServiceError::Listen {
        field,
        address,
        reason,
    };
    let listener = listen(address).map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // As `TcpListener::bind` has it: a restart does not wait for the connections of before.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}
