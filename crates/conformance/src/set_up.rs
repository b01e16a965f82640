//! Setting a run up on the real network, as its configuration says.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;

use crate::bench::{Bench, OtherLot, Setting};
use crate::book::Book;
use crate::case::Side;
use crate::clock::Clock;
use crate::config::{Config, ConfigError, ListenSettings};
use crate::hands::{Ability, ConfiguredHands, Person};
use crate::manners::{Missed, manners};
use crate::net::tcp::{
    AUTHORITY_FILE, TcpNetwork, TlsError, certificate_from_files, certificate_made_in,
};
use crate::net::{Network, NotAnAddress};
use crate::peer::Peer;

/// A run that cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetUpError {
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Certificates cannot be used.
    #[error("{field}")]
    Tls {
        /// The field that names them.
        field: &'static str,
        /// Why.
        source: TlsError,
    },
    /// The kit's certificate is somebody else's, or there is none.
    #[error(
        "listen：明文或自带证书时无需 CA (plain, or with a certificate of its own: no authority)"
    )]
    NoAuthority,
    /// The kit cannot listen.
    #[error("listen.address {address}")]
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

/// The certificate of the authority that the judged side has to trust, which is made if need be:
/// needed before the judged side is started, and so before the first run.
///
/// # Errors
/// When it cannot be made, or there is none to be made.
pub fn authority(config: &Config) -> Result<PathBuf, SetUpError> {
    let own = &config.listen;
    if own.plain || own.certificate.is_some() {
        return Err(SetUpError::NoAuthority);
    }
    certificate_made_in(&own.authority, &own.names).map_err(tls("listen.authority"))?;
    Ok(own.authority.join(AUTHORITY_FILE))
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
        } => Some(certificate_from_files(certificate, key).map_err(tls("listen.certificate"))?),
        own => {
            let made = certificate_made_in(&own.authority, &own.names);
            Some(made.map_err(tls("listen.authority"))?)
        }
    };
    let address = config.listen.address;
    let network: Arc<dyn Network> =
        Arc::new(TcpNetwork::new(address, certificate, ca).map_err(tls("peer.ca_file"))?);
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
        TcpNetwork::new(address, None, ca).map_err(tls("peer.ca_file"))?,
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

fn tls(field: &'static str) -> impl Fn(TlsError) -> SetUpError {
    move |source| SetUpError::Tls { field, source }
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
