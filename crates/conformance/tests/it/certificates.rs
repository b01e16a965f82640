//! Whom the kit trusts, on real sockets.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

use boshi_conformance::http::client::{Fault, reach};
use boshi_conformance::net::tcp::{AUTHORITY_FILE, TcpNetwork, certificate_made_in};
use boshi_conformance::net::{Address, Network as _};

/// Longer than a handshake on a busy machine takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// What becomes of a connection to a server whose certificate is for `name`, by somebody who trusts
/// the authority that `trusted` makes of the server's folder.
async fn reached(name: &str, trusted: impl Fn(&Path) -> PathBuf) -> Result<(), Fault> {
    let folder = tempfile::tempdir().unwrap();
    let theirs = folder.path().join("theirs");
    let certificate = certificate_made_in(&theirs, &[name.to_owned()]).unwrap();
    let free: SocketAddr = {
        let found = TcpListener::bind("127.0.0.1:0").unwrap();
        found.local_addr().unwrap()
    };
    let server = TcpNetwork::new(free, Some(certificate), None).unwrap();
    let mut door = server.listen().await.unwrap();
    let serving = tokio::spawn(async move { while door.accept().await.is_ok() {} });
    let kit = TcpNetwork::new(free, None, Some(&trusted(folder.path()))).unwrap();
    let address = Address::parse(&format!("https://{free}")).unwrap();
    let result = reach(&kit, &address, PATIENCE).await;
    serving.abort();
    result
}

fn their_authority(folder: &Path) -> PathBuf {
    folder.join("theirs").join(AUTHORITY_FILE)
}

fn another_authority(folder: &Path) -> PathBuf {
    let other = folder.join("other");
    certificate_made_in(&other, &["127.0.0.1".to_owned()]).unwrap();
    other.join(AUTHORITY_FILE)
}

/// T-1
#[tokio::test]
async fn a_peer_whose_authority_is_trusted_is_reached() {
    assert_eq!(reached("127.0.0.1", their_authority).await, Ok(()));
}

/// T-1
#[tokio::test]
async fn a_peer_of_another_authority_is_not_trusted_and_the_setting_to_look_at_is_named() {
    let fault = reached("127.0.0.1", another_authority).await.unwrap_err();
    assert!(matches!(fault, Fault::Untrusted(_)), "{fault:?}");
    assert!(fault.to_string().contains("ca_file"), "{fault}");
}

/// T-1
#[tokio::test]
async fn a_certificate_for_another_name_is_not_trusted() {
    let fault = reached("parking.example", their_authority)
        .await
        .unwrap_err();
    assert!(matches!(fault, Fault::Untrusted(_)), "{fault:?}");
}
