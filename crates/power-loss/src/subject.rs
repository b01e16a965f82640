//! What is recorded: a process that keeps records in a folder, under `strace`.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use boshi_protocol::id::AppId;
use boshi_protocol::time::WireTime;
use boshi_protocol::token::Credentials;
use jiff::Timestamp;

use crate::trace::CALLS;

/// Suppliers that push at once, so that commits are shared.
const CONNECTIONS: usize = 16;
/// How often something is tried while syncs fail: more often than any fail.
pub(crate) const MOST_TRIES: usize = 50;
/// Longest that a process may take to listen under `strace` on a busy machine.
const START: Duration = Duration::from_secs(60);
/// Longer than the largest write of SQLite's: a page of 64 KiB.
const LONGEST_TEXT: &str = "70000";
const APP_ID: &str = "99848791";
const SECRET: &str = "eV7spoA0rr7EyjGuJxQFOa3Vs5wvcRUo";

/// What becomes of the syncs of the process that is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Syncs {
    /// They succeed.
    Succeed,
    /// Some fail, and those after them succeed again.
    FailForAWhile,
    /// From one on all fail.
    FailForGood,
}

impl Syncs {
    /// Those of each thread that fail, in `strace`'s words: after some dozen commits, in which there is something to
    /// lose.
    fn injection(self) -> Option<&'static str> {
        match self {
            Syncs::Succeed => None,
            Syncs::FailForAWhile => Some("inject=fdatasync,fsync:error=EIO:when=12..15"),
            Syncs::FailForGood => Some("inject=fdatasync,fsync:error=EIO:when=12+"),
        }
    }
}

/// The platform as it is shipped, to which suppliers push `records` recognitions named after the `run`; then it is
/// killed.
pub(crate) fn platform(
    boshi: &Path,
    folder: &Path,
    records: usize,
    syncs: Syncs,
    run: usize,
) -> anyhow::Result<String> {
    let (standard, operators) = (free()?, free()?);
    let config = folder.join("platform.toml");
    fs::write(&config, config_text(folder, standard, operators))?;
    let mut command = Command::new(boshi);
    command.args(["platform", "run", "--config"]).arg(&config);
    let recorded = Recorded::start(&command, folder, syncs)?;
    let since = Instant::now();
    while TcpStream::connect(standard).is_err() {
        if since.elapsed() > START {
            bail!("the platform does not listen: {}", recorded.said());
        }
        thread::sleep(Duration::from_millis(5));
    }
    thread::scope(|scope| -> anyhow::Result<()> {
        let suppliers: Vec<_> = (0..CONNECTIONS)
            .map(|supplier| {
                let name = run * CONNECTIONS + supplier;
                scope.spawn(move || push(standard, name, records / CONNECTIONS, syncs))
            })
            .collect();
        for supplier in suppliers {
            let pushed = supplier.join();
            pushed.map_err(|_| anyhow::anyhow!("a supplier panicked"))??;
        }
        Ok(())
    })?;
    recorded.killed()
}

/// This program as a writer of the gateway's journal, of records named after the `run`; it ends by itself, or by a
/// signal when syncs fail for good.
pub(crate) fn journal(
    folder: &Path,
    records: usize,
    syncs: Syncs,
    run: usize,
) -> anyhow::Result<String> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("write").arg(folder.join("data"));
    command.args(["--records", &records.to_string()]);
    command.args(["--run", &run.to_string()]);
    fs::create_dir_all(folder.join("data"))?;
    let ended = syncs != Syncs::FailForGood;
    Recorded::start(&command, folder, syncs)?.ended(ended)
}

struct Recorded {
    strace: Child,
    trace: PathBuf,
    log: PathBuf,
}

impl Recorded {
    fn start(command: &Command, folder: &Path, syncs: Syncs) -> anyhow::Result<Recorded> {
        let (trace, log) = (folder.join("trace"), folder.join("log"));
        let mut strace = Command::new("strace");
        strace.args(["-f", "-y", "-xx", "-s", LONGEST_TEXT, "-o"]);
        strace.arg(&trace).args(["-e", &format!("trace={CALLS}")]);
        strace.args(["-e", "signal=none"]);
        strace.args(syncs.injection().into_iter().flat_map(|it| ["-e", it]));
        strace.arg(command.get_program()).args(command.get_args());
        let output = File::create(&log)?;
        strace.stdin(Stdio::null());
        strace.stdout(output.try_clone()?).stderr(output);
        let strace = strace.spawn().context("strace cannot be started")?;
        Ok(Recorded { strace, trace, log })
    }

    fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// The recording, once what is recorded has ended: `well`, or not.
    fn ended(mut self, well: bool) -> anyhow::Result<String> {
        let status = self.strace.wait()?;
        if status.success() != well {
            bail!("the writer ended with {status}: {}", self.said());
        }
        Ok(fs::read_to_string(&self.trace)?)
    }

    /// The recording, once what is recorded has been killed, and `strace` has ended over that.
    fn killed(mut self) -> anyhow::Result<String> {
        let pid = self.strace.id();
        let children = format!("/proc/{pid}/task/{pid}/children");
        let child = fs::read_to_string(&children)?;
        let killed = Command::new("kill").args(["-9", child.trim()]).status()?;
        if !killed.success() {
            bail!("process {child} cannot be killed");
        }
        self.strace.wait()?;
        Ok(fs::read_to_string(&self.trace)?)
    }
}

fn push(to: SocketAddr, supplier: usize, records: usize, syncs: Syncs) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect(to)?;
    let mut replies = BufReader::new(stream.try_clone()?);
    let credentials = Credentials::new(AppId::new(APP_ID)?, SECRET.to_owned().into());
    for number in 0..records {
        let time = WireTime::from_timestamp(Timestamp::now()).to_string();
        let token = credentials.sign(&time);
        let body = format!(
            r#"{{"version":"1.0","token":"{token}","appId":"{APP_ID}","parkingLotId":"LOT-1","time":"{time}","deviceNo":"CAM-01","uuid":"{supplier:02}-{number:06}","recognitionTime":"{time}","image":"","plateNumber":"粤B{supplier:02}{:03}","color":"blue"}}"#,
            number % 1000
        );
        // In one call, so that the server reads it in one, and the recording has it in one line.
        let request = format!(
            "POST /receivePlateNumber HTTP/1.1\r\nHost: p\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        for tried in 1.. {
            stream.write_all(request.as_bytes())?;
            let reply = reply(&mut replies)?;
            if reply.contains(r#""respCode":"0""#) {
                break;
            }
            match syncs {
                Syncs::FailForAWhile if tried < MOST_TRIES => {}
                Syncs::FailForGood => return Ok(()),
                Syncs::FailForAWhile | Syncs::Succeed => bail!("{body} was answered {reply}"),
            }
        }
    }
    Ok(())
}

fn reply(from: &mut BufReader<TcpStream>) -> anyhow::Result<String> {
    let (mut length, mut line) = (0, String::new());
    while from.read_line(&mut line)? > 2 {
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse()?;
        }
        line.clear();
    }
    let mut body = vec![0; length];
    from.read_exact(&mut body)?;
    Ok(String::from_utf8(body)?)
}

fn free() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

fn config_text(folder: &Path, standard: SocketAddr, operators: SocketAddr) -> String {
    let data = folder.join("data");
    format!(
        r#"data = '{data}'
[listen]
standard = "{standard}"
operators = "{operators}"
[tls]
plain = true
[limits]
requests_per_lot = 1000000
[heartbeat]
interval = "1h"
[reconcile]
interval = "24h"
[[supplier]]
app_id = "{APP_ID}"
secret = "{SECRET}"
[[lot]]
id = "LOT-1"
supplier = "{APP_ID}"
base_url = "http://127.0.0.1:9"
entry = "allow"
exit = "allow"
[[lot.lane]]
recognizer = "CAM-01"
direction = "entry"
"#,
        data = data.display()
    )
}
