//! From which addresses a supplier may call: single ones and prefixes, IPv4 and IPv6; any when none
//! are named.
//!
//! What counts is the address at the other end of the connection. Behind a proxy that is the proxy's,
//! whatever a header says: anybody writes headers.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// Most addresses of one supplier: more than sites with a line of their own, few enough to be looked
/// through for each call.
pub const MOST_ADDRESSES: usize = 64;

/// The word for any address, where an empty list would mean that nothing is said.
pub const ANY: &str = "any";

/// Addresses; any when there are none. Cloning is cheap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addresses(Arc<[IpNet]>);

/// What is no list of addresses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It is none.
    #[error("{0:?} 应为 IP 地址或网段，如 203.0.113.7、203.0.113.0/24、2001:db8::/32")]
    Unreadable(String),
    /// A prefix that goes on behind its length: whoever wrote it meant something else.
    #[error("{0:?} 的网段长度与地址不符，应为 {1}")]
    Beyond(String, IpNet),
    /// Callers are known by their IPv4 address, so it would never match.
    #[error("{0:?} 应写成 IPv4")]
    Mapped(String),
    /// More than are looked through.
    #[error("地址应不超过 {MOST_ADDRESSES} 个")]
    TooMany,
}

impl Addresses {
    /// Reads `A,B`, or `any`.
    ///
    /// # Errors
    /// [`AddressError`]
    pub fn parse(text: &str) -> Result<Addresses, AddressError> {
        match text.trim() {
            "" | ANY => Ok(Addresses::default()),
            text => Addresses::of(text.split(',')),
        }
    }

    /// Reads each of `texts`.
    ///
    /// # Errors
    /// [`AddressError`]
    pub fn of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Addresses, AddressError> {
        let mut read = Vec::new();
        for text in texts {
            if read.len() == MOST_ADDRESSES {
                return Err(AddressError::TooMany);
            }
            read.push(one(text.trim())?);
        }
        Ok(Addresses(read.into()))
    }

    /// Whether calls from any address are taken.
    pub fn is_any(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a call from there is taken; none when nobody knows from where it comes.
    pub fn allow(&self, from: Option<IpAddr>) -> bool {
        let among = |from: IpAddr| {
            let from = from.to_canonical();
            self.0.iter().any(|network| network.contains(&from))
        };
        self.is_any() || from.is_some_and(among)
    }

    /// Each, as it is written.
    pub fn texts(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(shown)
    }
}

fn one(text: &str) -> Result<IpNet, AddressError> {
    let unreadable = || AddressError::Unreadable(text.to_owned());
    let network = match text.parse::<IpAddr>() {
        Ok(address) => IpNet::from(address),
        Err(_) => text.parse::<IpNet>().map_err(|_| unreadable())?,
    };
    if network.addr().to_canonical() != network.addr() {
        return Err(AddressError::Mapped(text.to_owned()));
    }
    if network.trunc() != network {
        return Err(AddressError::Beyond(text.to_owned(), network.trunc()));
    }
    Ok(network)
}

/// A single address without its length.
fn shown(network: &IpNet) -> String {
    match network.prefix_len() == network.max_prefix_len() {
        true => network.addr().to_string(),
        false => network.to_string(),
    }
}

impl fmt::Display for Addresses {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_any() {
            return out.write_str(ANY);
        }
        let texts: Vec<String> = self.texts().collect();
        out.write_str(&texts.join(","))
    }
}

/// As the configuration has them: a list of texts.
impl<'de> Deserialize<'de> for Addresses {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Addresses, D::Error> {
        let texts = Vec::<String>::deserialize(from)?;
        let read = Addresses::of(texts.iter().map(String::as_str));
        read.map_err(|error| D::Error::custom(in_english(&error)))
    }
}

/// As the errors of a configuration are.
fn in_english(error: &AddressError) -> String {
    const EXPECTED: &str = "expected one such as 203.0.113.7, 203.0.113.0/24 or 2001:db8::/32";
    match error {
        AddressError::Unreadable(text) => format!("{text:?} is no address: {EXPECTED}"),
        AddressError::Beyond(text, network) => {
            format!("{text:?} goes on behind its length: expected {network}")
        }
        AddressError::Mapped(text) => format!("{text:?}: expected the IPv4 address in it"),
        AddressError::TooMany => format!("expected at most {MOST_ADDRESSES} addresses"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allow(addresses: &str, from: &str) -> bool {
        let from = from.parse().unwrap();
        Addresses::parse(addresses).unwrap().allow(Some(from))
    }

    #[test]
    fn a_call_is_taken_from_the_addresses_and_prefixes_that_are_named_and_from_any_when_none_are() {
        const NAMED: &str = "203.0.113.7, 198.51.100.0/24,2001:db8:1::/48";
        for (from, taken) in [
            ("203.0.113.7", true),
            ("203.0.113.8", false),
            ("198.51.100.255", true),
            ("198.51.101.0", false),
            ("2001:db8:1:ffff::1", true),
            ("2001:db8:2::1", false),
            ("::ffff:203.0.113.7", true),
            ("::203.0.113.7", false),
        ] {
            assert_eq!(allow(NAMED, from), taken, "{from}");
            assert!(allow("any", from) && allow("", from), "{from}");
            assert_eq!(
                allow("0.0.0.0/0", from),
                !from.contains("::") || from.contains("ffff:203")
            );
        }
        assert!(!Addresses::parse(NAMED).unwrap().allow(None));
        assert!(Addresses::default().allow(None));
    }

    #[test]
    fn what_is_written_is_read_again_and_what_makes_no_sense_says_what_would() {
        let written = Addresses::parse(" 203.0.113.7/32,2001:DB8::/32 ").unwrap();
        assert_eq!(written.to_string(), "203.0.113.7,2001:db8::/32");
        assert_eq!(Addresses::parse(&written.to_string()), Ok(written));
        assert_eq!(Addresses::default().to_string(), "any");
        for (text, said) in [
            ("gateway.example", "应为 IP 地址或网段"),
            ("203.0.113.7,", "应为 IP 地址或网段"),
            ("203.0.113.0/33", "应为 IP 地址或网段"),
            ("any,203.0.113.7", "应为 IP 地址或网段"),
            ("203.0.113.7/24", "应为 203.0.113.0/24"),
            ("::ffff:203.0.113.7", "应写成 IPv4"),
            (&"203.0.113.7,".repeat(65), "应不超过 64 个"),
        ] {
            let error = Addresses::parse(text).unwrap_err().to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
