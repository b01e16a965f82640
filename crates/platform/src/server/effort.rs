//! What a recognition costs, from its bytes to the answer: which is counted by running
//! this under callgrind twice: `cargo xtask effort`.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use boshi_protocol::time::WireTime;
use futures_util::future::join_all;
use jiff::Timestamp;
use tower::ServiceExt as _;

use super::*;
use crate::config::{Config, Limits};
use crate::store::Store;

/// Recognitions that are committed together, as with that many connections.
const TOGETHER: usize = 64;
/// How many times as many are recognized; none when nobody counts.
const WAVES: &str = "BOSHI_EFFORT_WAVES";

struct Site {
    _folder: tempfile::TempDir,
    store: Store,
    router: Router,
    credentials: Credentials,
}

fn site() -> Site {
    boshi_transport::certificate::install_crypto();
    let config = Config::parse(
        r#"
[[supplier]]
app_id = "S"
secret = "s"
[[lot]]
id = "L1"
supplier = "S"
base_url = "http://127.0.0.1:1"
entry = "allow"
exit = "allow"
[[lot.lane]]
recognizer = "CAM-01"
direction = "entry"
"#,
    );
    let folder = tempfile::tempdir().unwrap();
    let lots = Arc::new(Lots::new(&config.unwrap(), Timestamp::now()).unwrap());
    let store = Store::open(&folder.path().join("p.db")).unwrap();
    let door = Door {
        lots: Arc::clone(&lots),
        freshness: Freshness::default(),
        turnstile: Arc::new(Turnstile::new(&Limits {
            under_way_per_supplier: u32::MAX.try_into().unwrap(),
            under_way_per_lot: u32::MAX.try_into().unwrap(),
            requests_per_lot: u32::MAX.try_into().unwrap(),
            ..Limits::default()
        })),
        counts: Counts::default(),
    };
    let desk = Desk::new(store.clone(), lots, Counts::default()).patient();
    Site {
        _folder: folder,
        store,
        router: router(door, Arc::new(desk)),
        credentials: Credentials::new(AppId::new("S").unwrap(), "s".to_owned().into()),
    }
}

impl Site {
    fn recognition(&self, number: usize) -> Request<Body> {
        let time = WireTime::from_timestamp(Timestamp::now()).to_string();
        let token = self.credentials.sign(&time);
        // Spread like random ones, and the same in each run.
        let uuid = (number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let body = format!(
            r#"{{"version":"1.0","token":"{token}","appId":"S","parkingLotId":"L1","time":"{time}","deviceNo":"CAM-01","uuid":"{uuid:032x}","recognitionTime":"{time}","image":"https://192.0.2.10:8443/pictures/{uuid:032x}.jpg","plateNumber":"粤B{plate:05}","color":"blue","reliability":96}}"#,
            plate = number % 10_000,
        );
        Request::post("/receivePlateNumber")
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body))
            .unwrap()
    }

    /// So many at once, which become one transaction: they wait behind a write that ends when all
    /// are there.
    async fn wave(&self, wave: usize) {
        let (release, blocked) = std::sync::mpsc::channel::<()>();
        let mut first = pin!(self.store.write(move |_| {
            let _ = blocked.recv();
            Ok(())
        }));
        poll_fn(|context| {
            assert!(first.as_mut().poll(context).is_pending());
            Poll::Ready(())
        })
        .await;
        let requests = (0..TOGETHER).map(|one| {
            let request = self.recognition(wave * TOGETHER + one);
            self.router.clone().oneshot(request)
        });
        let all = join_all(requests);
        let release = async {
            release.send(()).unwrap();
            first.await.unwrap();
        };
        let (answers, ()) = tokio::join!(biased; all, release);
        for answer in answers {
            assert_eq!(answer.unwrap().status(), StatusCode::OK);
        }
    }
}

#[tokio::test]
async fn a_recognition_is_taken_decided_and_kept() {
    let waves = std::env::var(WAVES).map_or(1, |waves| waves.parse().unwrap());
    let site = site();
    for wave in 0..waves {
        site.wave(wave).await;
    }
    let count = |db: &rusqlite::Connection| {
        Ok(db.query_row("SELECT count(*) FROM recognition", [], |row| row.get(0))?)
    };
    let kept: i64 = site.store.read(count).await.unwrap();
    assert_eq!(usize::try_from(kept).unwrap(), waves * TOGETHER);
}
