//! Prints what the kit finds of every faulty implementation, a line each; fails when that is not
//! exactly what is wrong with it.

use std::io::{self, Write as _};
use std::process::ExitCode;

use boshi_conformance::broken::{Line, matrix};
use boshi_conformance::case::Side;

// One thread on virtual time: hours of waiting for pushes that must not come go by in seconds.
#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> io::Result<ExitCode> {
    let lines = matrix().await?;
    let mut out = io::stdout().lock();
    for line in &lines {
        writeln!(out, "{}", told(line))?;
    }
    let wrong = lines.iter().filter(|line| !line.is_right()).count();
    writeln!(out, "{} implementations, {wrong} misjudged", lines.len())?;
    Ok(if wrong == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn told(line: &Line) -> String {
    let mark = if line.is_right() { "✔" } else { "✘" };
    let side = match line.side {
        Side::Supplier => "supplier",
        Side::Platform => "platform",
    };
    let name = line.fault.map_or("nothing is wrong", |fault| fault.name);
    let listed = |ids: &std::collections::BTreeSet<&str>| match ids.len() {
        0 => "–".to_owned(),
        _ => ids.iter().copied().collect::<Vec<_>>().join(" "),
    };
    let found = listed(&line.found);
    if line.is_right() {
        return format!("{mark} {side:<8} {name:<50} {found}");
    }
    format!(
        "{mark} {side:<8} {name:<50} {found}, not {}",
        listed(&line.wanted())
    )
}
