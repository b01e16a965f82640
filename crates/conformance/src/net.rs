//! How the kit reaches the network: real sockets, or streams in memory on virtual time.

pub mod memory;
pub mod tcp;

use std::fmt;
use std::io;
use std::pin::Pin;

use tokio::io::{AsyncRead, AsyncWrite};

/// A future that somebody else polls.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One connection, encrypted or not.
pub trait Connection: AsyncRead + AsyncWrite + Send + Unpin {
    /// Makes the connection end in a reset rather than in good order once it is dropped.
    fn reset_on_drop(&self);
}

/// A place at which connections arrive.
pub trait Listener: Send {
    /// The next connection.
    fn accept(&mut self) -> Later<'_, io::Result<Box<dyn Connection>>>;
}

/// Where a peer is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Whether the connection is encrypted.
    pub tls: bool,
    /// What paths hang under; without a slash at its end.
    pub base: String,
}

/// A base URL that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} 不是 http 或 https 地址 (not an http or https address)")]
pub struct NotAnAddress(String);

impl Address {
    /// Reads `http(s)://host[:port][/base]`.
    ///
    /// # Errors
    /// [`NotAnAddress`] for anything else.
    pub fn parse(url: &str) -> Result<Address, NotAnAddress> {
        let bad = || NotAnAddress(url.to_owned());
        let uri: hyper::Uri = url.parse().map_err(|_| bad())?;
        let tls = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(bad()),
        };
        let host = uri.host().ok_or_else(bad)?;
        Ok(Address {
            host: host.trim_matches(['[', ']']).to_owned(),
            port: uri.port_u16().unwrap_or(if tls { 443 } else { 80 }),
            tls,
            base: uri
                .path_and_query()
                .map_or("", |path| path.as_str())
                .trim_end_matches('/')
                .to_owned(),
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        write!(out, "{scheme}://{}:{}{}", self.host, self.port, self.base)
    }
}

/// Connections out and in.
pub trait Network: Send + Sync {
    /// Connects to `address`.
    fn connect<'a>(&'a self, address: &'a Address) -> Later<'a, io::Result<Box<dyn Connection>>>;

    /// Listens at the kit's own address; once the listener is dropped, connections are refused.
    fn listen(&self) -> Later<'_, io::Result<Box<dyn Listener>>>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_may_have_a_port_and_a_path() {
        let address = Address::parse("https://lot.example:8443/park/v1/").unwrap();
        assert_eq!(address.to_string(), "https://lot.example:8443/park/v1");
        assert_eq!(Address::parse("http://127.0.0.1").unwrap().port, 80);
        for url in ["", "lot.example", "ftp://lot.example", "/receiveOpenGate"] {
            assert_eq!(Address::parse(url), Err(NotAnAddress(url.to_owned())));
        }
    }
}
