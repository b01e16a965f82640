//! A camera of 海康 that is called over HTTPS: only whoever shows the configured certificate is it.

use std::sync::Arc;

use boshi_gateway::probe::{self, HikProbe};
use boshi_gateway::start::check;
use boshi_simulator::camera::{HikCamera, HikGate, HikOrder};
use boshi_transport::certificate::{LocalAuthority, install_crypto};
use rcgen::{CertificateParams, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;

use crate::controller::Controller;
use crate::hik::{PASSWORD, pushing, site};
use crate::platform::Platform;
use crate::site::Gateway;
use crate::wire::PATIENCE;

/// A camera that speaks TLS, and where.
struct Secure {
    camera: HikCamera,
    orders: mpsc::Receiver<HikOrder>,
    address: String,
}

/// Passes on to the camera what it hears over TLS.
async fn secure(tls: Arc<ServerConfig>) -> Secure {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let started = HikCamera::start(listener, "DS-TCG000-SIM-0001", "gateway", PASSWORD);
    let (camera, orders) = started.unwrap();
    camera.gate(HikGate::Closed);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (acceptor, behind) = (TlsAcceptor::from(tls), camera.address);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let mut stream = acceptor.accept(stream).await?;
                let mut camera = TcpStream::connect(behind).await?;
                tokio::io::copy_bidirectional(&mut stream, &mut camera).await
            });
        }
    });
    Secure {
        camera,
        orders,
        address,
    }
}

/// A certificate that a camera has made for itself, for a name of its own, and how it serves with it.
fn own() -> (String, Arc<ServerConfig>) {
    install_crypto();
    let pair = KeyPair::generate().unwrap();
    let parameters = CertificateParams::new(["camera.invalid".to_owned()]).unwrap();
    let certificate = parameters.self_signed(&pair).unwrap();
    let key = PrivateKeyDer::Pkcs8(pair.serialize_der().into());
    let config = ServerConfig::builder().with_no_client_auth();
    let config = config.with_single_cert(vec![certificate.der().clone()], key);
    (certificate.pem(), Arc::new(config.unwrap()))
}

async fn gateway(address: &str, said: &str) -> Gateway {
    let (platform, controller) = (Platform::start().await, Controller::start().await);
    let said = format!("{}\n{said}", pushing());
    let site = site(
        &platform,
        &controller,
        address,
        &said,
        "confirm = \"taken\"\nstatus = false",
    );
    let gateway = site.start().await;
    // Nobody is read here.
    drop((platform, controller));
    gateway
}

async fn until(gateway: &Gateway, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let end = std::time::Instant::now() + PATIENCE;
    loop {
        let driver = gateway.status().await["drivers"][0].clone();
        if wanted(&driver) {
            return driver;
        }
        assert!(std::time::Instant::now() < end, "{what}: {driver}");
    }
}

/// OPEN-7: with the very certificate of the camera, whatever name it bears, and with an authority's for its
/// address.
#[tokio::test]
async fn a_camera_that_shows_the_right_certificate_is_called_over_https() {
    let folder = tempfile::tempdir().unwrap();
    let (pem, pinned) = own();
    let own_file = folder.path().join("camera.pem");
    std::fs::write(&own_file, pem).unwrap();
    let authority = LocalAuthority::open_or_create(folder.path()).unwrap();
    let signed = authority.server_config(&["127.0.0.1".to_owned()]).unwrap();
    let ca_file = folder.path().join("ca.pem");
    for (tls, said) in [
        (
            pinned,
            format!("certificate_file = '{}'", own_file.display()),
        ),
        (signed, format!("ca_file = '{}'", ca_file.display())),
    ] {
        let mut camera = secure(tls).await;
        let gateway = gateway(&camera.address, &said).await;
        until(&gateway, "it is there", |it| it["state"] == "online").await;
        let own = json!({"deviceNo": "CAM-01", "openMode": "3", "plateNumber": ""});
        let reply = gateway.call("/receiveOpenGate", own).await;
        assert_eq!(reply["respCode"], "0", "{reply}");
        let order = tokio::time::timeout(PATIENCE, camera.orders.recv()).await;
        assert!(order.unwrap().is_some(), "it is told to open");
    }
}

/// The same before a camera is part of a lot.
#[tokio::test]
async fn a_camera_is_tried_over_https_with_the_certificate_that_it_has_to_show() {
    let folder = tempfile::tempdir().unwrap();
    let (pem, tls) = own();
    let file = folder.path().join("camera.pem");
    let camera = secure(tls).await;
    for (content, what, is_well) in [
        ("no PEM", "证书", false),
        (own().0.as_str(), "登录与身份", false),
        (pem.as_str(), "登录与身份", true),
    ] {
        std::fs::write(&file, content).unwrap();
        let probed = probe::hik(
            &camera.address,
            HikProbe {
                user: "gateway".to_owned(),
                password: PASSWORD.into(),
                ca_file: None,
                certificate_file: Some(file.clone()),
                channel: 1,
                inputs: 1,
                output: None,
                open: false,
            },
        )
        .await;
        let found = &probed.findings[0];
        assert_eq!(
            (found.what.as_str(), found.found.is_ok()),
            (what, is_well),
            "{probed:?}"
        );
        assert_eq!(
            camera.camera.calls() > 0,
            is_well,
            "only the right one hears anything"
        );
    }
}

/// Somebody else at that address hears neither a command nor a digest of the password.
#[tokio::test]
async fn whoever_shows_another_certificate_is_told_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (pem, _) = own();
    let own_file = folder.path().join("camera.pem");
    std::fs::write(&own_file, pem).unwrap();
    let authority = LocalAuthority::open_or_create(folder.path()).unwrap();
    let ca_file = folder.path().join("ca.pem");
    let (pinned, signed) = (
        format!("certificate_file = '{}'", own_file.display()),
        format!("ca_file = '{}'", ca_file.display()),
    );
    let (_, another) = own();
    let elsewhere = authority.server_config(&["10.0.0.1".to_owned()]).unwrap();
    for (tls, said) in [
        // As if it were the camera's own, of the same name; signed by nobody; for another address.
        (Arc::clone(&another), &pinned),
        (another, &signed),
        (elsewhere, &signed),
    ] {
        let mut camera = secure(tls).await;
        let gateway = gateway(&camera.address, said).await;
        let driver = until(&gateway, "it is refused", |it| !it["last_fault"].is_null()).await;
        assert_eq!(driver["state"], "offline", "{driver}");
        let own = json!({"deviceNo": "CAM-01", "openMode": "3", "plateNumber": ""});
        let reply = gateway.call("/receiveOpenGate", own).await;
        assert_eq!(reply["respCode"], "1", "{reply}");
        assert!(camera.orders.try_recv().is_err());
        assert_eq!(camera.camera.calls(), 0, "it has heard nothing");
    }
}

/// Nothing is called over plain HTTP because a certificate cannot be read.
#[tokio::test]
async fn a_certificate_that_cannot_be_read_is_named_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("camera.pem");
    let (platform, controller) = (Platform::start().await, Controller::start().await);
    for (content, words) in [
        (None, "camera.pem"),
        (Some("no PEM"), "a certificate in PEM"),
    ] {
        if let Some(content) = content {
            std::fs::write(&file, content).unwrap();
        }
        let said = format!("{}\ncertificate_file = '{}'", pushing(), file.display());
        let barrier = "confirm = \"taken\"\nstatus = false";
        let site = site(&platform, &controller, "127.0.0.1:443", &said, barrier);
        let Err(error) = site.try_start().await else {
            panic!("it starts");
        };
        let error = error.to_string();
        assert!(error.contains("\"IN-01\".certificate_file"), "{error}");
        assert!(error.contains(words), "{error}");
        // And before, by whoever checks the file.
        let config = site.changed(&[]).unwrap();
        let error = check(&config).unwrap_err().to_string();
        assert!(error.contains("lot[0].hik[0].certificate_file"), "{error}");
        assert!(error.contains(words), "{error}");
    }
    let both = "ca_file = 'a.pem'\ncertificate_file = 'b.pem'";
    let said = format!("{}\n{both}", pushing());
    let both = site(
        &platform,
        &controller,
        "127.0.0.1:443",
        &said,
        "status = false",
    );
    let error = both.changed(&[]).unwrap_err().to_string();
    assert!(error.contains("lot[0].hik[0].certificate_file"), "{error}");
}
