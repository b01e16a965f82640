//! More than is reasonable, from devices, strangers and the platform: shed or answered, while the
//! gates go on.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpSocket, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::controller::KEYS;
use crate::site::World;
use crate::wire::{PATIENCE, request};

/// Longest from the loop to the open barrier: what a lane takes by itself in these tests is a tenth.
const LET_THROUGH: Duration = Duration::from_secs(2);

/// A camera that has gone mad: as many readings as the gateway answers.
struct Mad {
    taken: Arc<AtomicU64>,
    shed: Arc<AtomicU64>,
    stop: CancellationToken,
}

impl Mad {
    fn start(devices: SocketAddr) -> Mad {
        let mad = Mad {
            taken: Arc::default(),
            shed: Arc::default(),
            stop: CancellationToken::new(),
        };
        for _ in 0..4 {
            let (taken, shed) = (Arc::clone(&mad.taken), Arc::clone(&mad.shed));
            let flood = async move {
                let client = reqwest::Client::builder().no_proxy().tls_certs_only([]);
                let client = client.build().unwrap();
                let reading = json!({"event": "plate", "device": "CAM-01", "plate": "粤B00001"});
                loop {
                    let request = client
                        .post(format!("http://{devices}/v1/events"))
                        .header("Authorization", format!("Bearer {}", KEYS[0]))
                        .body(reading.to_string());
                    let answer = request.send().await.unwrap();
                    let counted = match answer.status().as_u16() {
                        200 => &taken,
                        429 => &shed,
                        other => panic!("HTTP {other}"),
                    };
                    let reply: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
                    assert_eq!(reply["ok"], json!(Arc::ptr_eq(counted, &taken)));
                    counted.fetch_add(1, Ordering::Relaxed);
                }
            };
            tokio::spawn(mad.stop.clone().run_until_cancelled_owned(flood));
        }
        mad
    }
}

impl Drop for Mad {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// A thousand strangers who say nothing, half a head or half a body, and wait.
async fn strangers(to: [SocketAddr; 2]) -> Vec<TcpStream> {
    let starts = [
        "",
        "POST /v1/ev",
        "POST /v1/events HTTP/1.1\r\nHost: lot\r\nContent-Length: 500\r\n\r\n{",
        "POST /receiveOpenGate HTTP/1.1\r\nHost: lot\r\nContent-Type: application/json\r\n\
         Content-Length: 500\r\n\r\n{",
    ];
    let mut crowd = Vec::new();
    for (place, start) in starts.iter().cycle().take(1000).enumerate() {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.3:0".parse().unwrap()).unwrap();
        let mut stream = socket.connect(to[place / 2 % 2]).await.unwrap();
        let _ = stream.write_all(start.as_bytes()).await;
        crowd.push(stream);
    }
    crowd
}

/// A vehicle comes to the second lane and is let through; how long that took.
async fn passes_the_second_lane(world: &World, plate: &str, opened: usize) -> Duration {
    let event = async |event: Value| {
        let (status, reply) = world.gateway.event_of(KEYS[1], &event.to_string()).await;
        assert_eq!(status, 200, "{reply}");
    };
    let came = Instant::now();
    event(json!({"event": "trigger_loop", "device": "CAM-02", "pressed": true})).await;
    event(json!({"event": "plate", "device": "CAM-02", "plate": plate})).await;
    world.controller.hears("open", "BAR-02", opened).await;
    let took = came.elapsed();
    for (device, what, pressed) in [
        ("BAR-02", "safety_loop", true),
        ("CAM-02", "trigger_loop", false),
        ("BAR-02", "safety_loop", false),
    ] {
        event(json!({"event": what, "device": device, "pressed": pressed})).await;
        let counts = |lane: &Value| match what {
            "safety_loop" => lane["safety_loop"] == pressed,
            _ => lane["sides"][0]["trigger_loop"] == pressed,
        };
        let end = Instant::now() + PATIENCE;
        while !counts(&world.gateway.status().await["lanes"][1]) {
            assert!(Instant::now() < end, "{what} {pressed} does not count");
        }
    }
    took
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mad_camera_and_a_thousand_strangers_do_not_keep_the_next_lane_waiting() {
    let world = World::new().await;
    let mad = Mad::start(world.gateway.devices);
    let _strangers = strangers([world.gateway.devices, world.gateway.standard]).await;
    for (number, plate) in ["粤B11111", "粤B22222", "粤B33333"].iter().enumerate() {
        let took = passes_the_second_lane(&world, plate, number + 1).await;
        assert!(took < LET_THROUGH, "{took:?}");
    }
    let crossed = "SELECT count(*) FROM crossing WHERE lane = '02'";
    world.gateway.counts(crossed, 3).await;
    // In the lane of the mad camera the loop, the fire contact and commands are heard as ever.
    world.gateway.trigger(true).await;
    world.gateway.trigger(false).await;
    world
        .gateway
        .event(json!({"event": "fire", "on": false}))
        .await;
    let asked = Instant::now();
    let own = json!({"deviceNo": "CAM-01", "openMode": "3"});
    let reply = world.gateway.call("/receiveOpenGate", own).await;
    assert!(asked.elapsed() < LET_THROUGH);
    assert_eq!(reply["respCode"], "0", "{reply}");
    assert!(mad.shed.load(Ordering::Relaxed) > 0, "nothing was shed");
    assert!(mad.taken.load(Ordering::Relaxed) > 0, "nothing was taken");
}

/// OPEN-7, D-5: each of many different commands at once has an answer, and the barrier is not driven
/// for each of them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_commands_at_once_are_each_answered_in_time() {
    const COMMANDS: usize = 200;
    let world = Arc::new(World::new().await);
    let began = Instant::now();
    let commands = (0..COMMANDS).map(|number| {
        let own = json!({"deviceNo": "CAM-01", "openMode": "3", "number": number});
        let (world, body) = (Arc::clone(&world), request(&own));
        tokio::spawn(async move {
            let path = "/receiveOpenGate";
            let (status, reply) = world.gateway.post(path, "application/json", &body).await;
            assert_eq!(status, 200, "{reply}");
            reply
        })
    });
    for command in commands.collect::<Vec<_>>() {
        let reply = command.await.unwrap();
        assert!(
            ["0", "1"].contains(&reply["respCode"].as_str().unwrap()),
            "{reply}"
        );
    }
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
    let pulses = world.controller.told("open", "BAR-01").len();
    // The arm travels for 100 ms; in the time of this test it can be driven a few times.
    assert!((1..=COMMANDS / 4).contains(&pulses), "{pulses}");
    let answered = "SELECT count(*) FROM command WHERE reply IS NOT NULL";
    world.gateway.counts(answered, COMMANDS as i64).await;
}

/// D-5: one command that is told hundreds of times at once gets one answer, and moves the barrier once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_of_one_replayed_command_moves_the_barrier_once() {
    const TIMES: usize = 200;
    let world = Arc::new(World::new().await);
    let body = request(&json!({"deviceNo": "CAM-01", "openMode": "3"}));
    let commands = (0..TIMES).map(|_| {
        let (world, body) = (Arc::clone(&world), body.clone());
        tokio::spawn(async move {
            let path = "/receiveOpenGate";
            world.gateway.post(path, "application/json", &body).await
        })
    });
    let mut answers = Vec::new();
    for command in commands.collect::<Vec<_>>() {
        answers.push(command.await.unwrap());
    }
    assert_eq!(answers[0].1["respCode"], "0", "{:?}", answers[0]);
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(world.controller.told("open", "BAR-01").len(), 1);
    assert_eq!(world.gateway.count("SELECT count(*) FROM command"), 1);
}
