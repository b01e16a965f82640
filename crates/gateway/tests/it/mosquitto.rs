//! Debian's mosquitto, where it is installed: a broker that is not ours.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Instant;

use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};

use crate::wire::PATIENCE;

/// A broker that runs; it ends when it is dropped.
pub(crate) struct Mosquitto {
    pub(crate) address: SocketAddr,
    _child: Child,
    _folder: TempDir,
}

impl Mosquitto {
    /// None when it is not installed, which is said.
    pub(crate) async fn start() -> Option<Mosquitto> {
        // Debian puts it where ordinary users do not look.
        let places = ["mosquitto", "/usr/sbin/mosquitto"];
        for program in places {
            if let Some(started) = Mosquitto::start_as(program).await {
                return Some(started);
            }
        }
        #[expect(clippy::print_stderr, reason = "whoever runs the tests is to see it")]
        {
            eprintln!("SKIPPED: mosquitto is not installed");
        }
        None
    }

    async fn start_as(program: &str) -> Option<Mosquitto> {
        let folder = tempfile::tempdir().unwrap();
        // A port that was free a moment ago.
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let path = folder.path().join("mosquitto.conf");
        let text = format!(
            "listener {} 127.0.0.1\nallow_anonymous true\npersistence false\n",
            address.port()
        );
        std::fs::write(&path, text).unwrap();
        let child = Command::new(program)
            .arg("-c")
            .arg(&path)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .ok()?;
        let end = Instant::now() + PATIENCE;
        while TcpStream::connect(address).await.is_err() {
            assert!(Instant::now() < end, "mosquitto listens");
        }
        Some(Mosquitto {
            address,
            _child: child,
            _folder: folder,
        })
    }
}
