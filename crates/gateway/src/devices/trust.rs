//! Whom the gateway takes for a device that it calls over HTTPS.

use std::path::Path;
use std::sync::Arc;

use boshi_service::config::read;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

use crate::config::{self, ConfigError};

/// How a device shows who it is; nothing is believed unseen.
#[derive(Clone, Debug, Default)]
pub(crate) enum Trust {
    /// It does not: it is called over plain HTTP.
    #[default]
    Plain,
    /// By a certificate for its address that one of these authorities has signed.
    Signed(Arc<RootCertStore>),
    /// By this very certificate, whatever name it bears: many devices make their own.
    Pinned(CertificateDer<'static>),
}

impl Trust {
    /// As it is configured of a camera; `path` is where.
    pub(crate) fn of(path: &str, camera: &config::Hik) -> Result<Trust, ConfigError> {
        let (ca_file, certificate_file) = (&camera.ca_file, &camera.certificate_file);
        Trust::read(
            (&format!("{path}.ca_file"), ca_file.as_deref()),
            (
                &format!("{path}.certificate_file"),
                certificate_file.as_deref(),
            ),
        )
    }

    /// The files that are named, each by its field: of authorities, or of the certificate itself.
    pub(super) fn read(
        (ca_field, ca_file): (&str, Option<&Path>),
        (field, certificate_file): (&str, Option<&Path>),
    ) -> Result<Trust, ConfigError> {
        match (ca_file, certificate_file) {
            (None, None) => Ok(Trust::Plain),
            (Some(file), _) => {
                let mut roots = RootCertStore::empty();
                for certificate in certificates(ca_field, file)? {
                    let added = roots.add(certificate);
                    added.map_err(|error| unusable(ca_field, &error.to_string()))?;
                }
                Ok(Trust::Signed(Arc::new(roots)))
            }
            (None, Some(file)) => {
                let certificates = certificates(field, file)?;
                let mut certificates = certificates.into_iter();
                match (certificates.next(), certificates.next()) {
                    (Some(certificate), None) => Ok(Trust::Pinned(certificate)),
                    (_, _) => Err(unusable(field, "several certificates")),
                }
            }
        }
    }

    /// What an address begins with.
    pub(super) const fn scheme(&self) -> &'static str {
        match self {
            Trust::Plain => "http",
            Trust::Signed(_) | Trust::Pinned(_) => "https",
        }
    }

    /// How TLS is spoken; over plain HTTP nobody is trusted either.
    pub(super) fn tls(&self) -> ClientConfig {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .expect("ring supports the default versions of TLS");
        let builder = match self {
            Trust::Plain => builder.with_root_certificates(RootCertStore::empty()),
            Trust::Signed(roots) => builder.with_root_certificates(Arc::clone(roots)),
            Trust::Pinned(certificate) => {
                let certificate = certificate.clone();
                let pinned = Arc::new(Pinned {
                    certificate,
                    provider,
                });
                builder.dangerous().with_custom_certificate_verifier(pinned)
            }
        };
        builder.with_no_client_auth()
    }
}

fn certificates(field: &str, file: &Path) -> Result<Vec<CertificateDer<'static>>, ConfigError> {
    let text = read(field, file)?;
    let all = CertificateDer::pem_slice_iter(text.as_bytes()).collect::<Result<Vec<_>, _>>();
    match all {
        Ok(all) if !all.is_empty() => Ok(all),
        Ok(_) => Err(unusable(field, "no certificate")),
        Err(error) => Err(unusable(field, &error.to_string())),
    }
}

fn unusable(field: &str, why: &str) -> ConfigError {
    ConfigError::value(field, why.to_owned(), "a certificate in PEM")
}

/// Takes one certificate, from whoever has its key, and no other.
#[derive(Debug)]
struct Pinned {
    certificate: CertificateDer<'static>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if *end_entity == self.certificate {
            return Ok(ServerCertVerified::assertion());
        }
        let other = CertificateError::ApplicationVerificationFailure;
        Err(Error::InvalidCertificate(other))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let algorithms = &self.provider.signature_verification_algorithms;
        algorithms.supported_schemes()
    }
}
