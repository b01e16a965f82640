//! Addresses to listen on.

use std::net::SocketAddr;

use tokio::net::TcpListener;

use crate::ServiceError;

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
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}
