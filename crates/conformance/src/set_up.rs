//! Setting a run up on the real network, as its configuration says.

use std::io;
use std::sync::Arc;

use jiff::Timestamp;

use crate::bench::{Bench, OtherLot, Setting};
use crate::book::Book;
use crate::case::Side;
use crate::clock::Clock;
use crate::config::{Config, ConfigError, ListenSettings};
use crate::hands::{Ability, ConfiguredHands, Person};
use crate::manners::{Missed, manners};
use crate::net::tcp::{TcpNetwork, TlsError, certificate_from_files, certificate_made_in};
use crate::net::{Network, NotAnAddress};
use crate::peer::Peer;

/// A run that cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetUpError {
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Certificates cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The kit cannot listen.
    #[error("listen.address {address}：{source}")]
    Listen {
        /// Where.
        address: std::net::SocketAddr,
        /// Why.
        source: io::Error,
    },
}

impl From<NotAnAddress> for SetUpError {
    fn from(error: NotAnAddress) -> SetUpError {
        SetUpError::Config(error.into())
    }
}

/// A bench for judging `side`, which listens already. What the configuration cannot do is asked of
/// `person`, if there is one.
///
/// # Errors
/// What cannot be set up.
pub async fn set_up(
    config: &Config,
    side: Side,
    person: Option<Box<dyn Person>>,
    seed: u64,
) -> Result<Bench, SetUpError> {
    let ca = config.peer.ca_file.as_deref();
    let certificate = match &config.listen {
        ListenSettings { plain: true, .. } => None,
        ListenSettings {
            certificate: Some(certificate),
            key: Some(key),
            ..
        } => Some(certificate_from_files(certificate, key)?),
        own => Some(certificate_made_in(&own.authority, &own.names)?),
    };
    let address = config.listen.address;
    let network: Arc<dyn Network> = Arc::new(TcpNetwork::new(address, certificate, ca)?);
    let clock = Clock::starting_at(Timestamp::now());
    let (book, missed) = (Arc::new(Book::new(clock)), Missed::default());
    let manners = manners(side, missed.clone());
    let peer = Peer::listen(Arc::clone(&network), Arc::clone(&book), manners).await;
    let peer = peer.map_err(|source| SetUpError::Listen { address, source })?;
    let hands = ConfiguredHands::new(
        Ability {
            acts: config.acts.clone(),
            sights: config.sights.clone(),
        },
        vec![
            ("recognizer", config.devices.recognizer.clone()),
            ("barrier", config.devices.barrier.clone()),
            ("display", config.devices.display.clone()),
        ],
        TcpNetwork::new(address, None, ca)?,
        person,
    );
    let setting = setting(config, side, seed)?;
    Ok(Bench::new(
        setting,
        clock,
        book,
        peer,
        Box::new(hands),
        network,
        missed,
    ))
}

fn setting(config: &Config, side: Side, seed: u64) -> Result<Setting, SetUpError> {
    let other = |other: &crate::config::Other| OtherLot {
        lot: other.lot.clone(),
        signer: other.signer(),
    };
    Ok(Setting {
        side,
        target: config.target()?,
        lot: config.lot.clone(),
        signer: config.signer()?,
        other: config.other.as_ref().map(other),
        devices: config.devices.clone(),
        plates: config.plates.clone(),
        timing: config.timing.clone(),
        seed,
        about: config.about.clone(),
    })
}
