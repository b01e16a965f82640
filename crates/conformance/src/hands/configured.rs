//! Hands as the configuration gives them: commands, URLs, and a person at the terminal.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use tokio::process::Command;

use super::{About, Act, Hands, Sight, Undone};
use crate::config::duration;
use crate::http::Request;
use crate::http::client::send;
use crate::net::tcp::TcpNetwork;
use crate::net::{Address, Later};
use crate::text::Text;

/// Longest that a command or a URL may take.
const STEP: Duration = Duration::from_secs(60);

/// How often a person is asked until the answer is one.
const QUESTIONS: usize = 3;

/// Most of what a command says or a URL answers, in bytes, that is repeated.
const SAID_BYTES: usize = 400;

/// One step of what is done for an act: exactly one of `post`, `get`, `command` and `wait`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// A URL to `POST` to.
    pub post: Option<String>,
    /// A URL to `GET`.
    pub get: Option<String>,
    /// What is posted, as JSON.
    #[serde(default)]
    pub body: String,
    /// The key to show: `Authorization: Bearer …`.
    pub bearer: Option<String>,
    /// A program and its arguments.
    pub command: Option<Vec<String>>,
    /// A pause: `"300ms"`.
    pub wait: Option<String>,
}

impl Step {
    /// What is wrong with it, and what is expected.
    pub(crate) fn check(&self) -> Result<(), (String, &'static str)> {
        let kinds = [
            self.post.is_some(),
            self.get.is_some(),
            self.command.is_some(),
            self.wait.is_some(),
        ];
        let count = kinds.iter().filter(|it| **it).count();
        if count != 1 {
            let wanted = " post、get、command、wait 中恰好一项 (exactly one of these)";
            return Err((format!("{count} 项"), wanted));
        }
        if let Some(pause) = &self.wait
            && duration(pause).is_err()
        {
            return Err((pause.clone(), "带单位的时间，如 \"300ms\""));
        }
        if self.command.as_ref().is_some_and(Vec::is_empty) {
            return Err(("[]".to_owned(), "程序及其参数 (a program)"));
        }
        // A host may be in braces, which stand for nothing yet.
        let url = self.post.as_ref().or(self.get.as_ref());
        let bad = url.filter(|it| Address::parse(&it.replace(['{', '}'], "")).is_err());
        match bad {
            Some(url) => Err((url.clone(), " http 或 https 地址 (an address)")),
            None => Ok(()),
        }
    }
}

/// What the configuration says can be done and seen without a person.
#[derive(Clone, Debug, Default)]
pub struct Ability {
    /// The steps of an act.
    pub acts: BTreeMap<Act, Vec<Step>>,
    /// The step whose answer is what is seen.
    pub sights: BTreeMap<Sight, Step>,
}

/// Somebody at a terminal.
pub trait Person: Send + Sync {
    /// Asks for something to be done; whether it was.
    fn please(&self, request: Text) -> Later<'_, bool>;

    /// Asks what is seen; `None` without an answer.
    fn tell(&self, question: Text) -> Later<'_, Option<String>>;
}

/// Hands that do what the configuration says, and ask a person for the rest if there is one.
pub struct ConfiguredHands {
    ability: Ability,
    devices: Vec<(&'static str, String)>,
    network: TcpNetwork,
    person: Option<Box<dyn Person>>,
}

impl ConfiguredHands {
    /// `devices` are the words that steps may use in braces, beside `plate`, `number` and `now`.
    pub fn new(
        ability: Ability,
        devices: Vec<(&'static str, String)>,
        network: TcpNetwork,
        person: Option<Box<dyn Person>>,
    ) -> ConfiguredHands {
        ConfiguredHands {
            ability,
            devices,
            network,
            person,
        }
    }

    async fn step(&self, step: &Step, about: &About) -> Result<String, Undone> {
        if let Some(pause) = &step.wait {
            let pause = duration(pause).map_err(Undone)?;
            tokio::time::sleep(pause).await;
            return Ok(String::new());
        }
        if let Some(words) = &step.command {
            let words: Vec<String> = words.iter().map(|word| self.filled(word, about)).collect();
            return command(&words).await;
        }
        match (&step.post, &step.get) {
            (Some(url), None) => self.call("POST", url, step, about).await,
            (None, Some(url)) => self.call("GET", url, step, about).await,
            (Some(_), Some(_)) | (None, None) => Err(Undone(
                "步骤应为 post、get、command 或 wait 之一".to_owned(),
            )),
        }
    }

    async fn call(
        &self,
        method: &str,
        url: &str,
        step: &Step,
        about: &About,
    ) -> Result<String, Undone> {
        let address =
            Address::parse(&self.filled(url, about)).map_err(|error| Undone(error.to_string()))?;
        let mut headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
        if let Some(key) = &step.bearer {
            headers.push(("Authorization".to_owned(), format!("Bearer {key}")));
        }
        let request = Request {
            method: method.to_owned(),
            path: if address.base.is_empty() {
                "/".to_owned()
            } else {
                String::new()
            },
            headers,
            body: self.filled(&step.body, about).into_bytes(),
        };
        let answer = send(&self.network, &address, &request, STEP).await;
        let answer = answer.map_err(|fault| Undone(format!("{address}: {fault}")))?;
        let said = String::from_utf8_lossy(&answer.body).into_owned();
        if (200..300).contains(&answer.status) {
            return Ok(said);
        }
        Err(Undone(format!(
            "{address}: HTTP {} {}",
            answer.status,
            shortened(&said)
        )))
    }

    fn filled(&self, text: &str, about: &About) -> String {
        let mut filled = text
            .replace("{plate}", &about.plate)
            .replace("{number}", &about.number.to_string())
            .replace("{now}", &Timestamp::now().to_string())
            .replace("{seconds}", &about.lasting.as_secs().to_string());
        for (name, value) in &self.devices {
            filled = filled.replace(&format!("{{{name}}}"), value);
        }
        filled
    }

    async fn ask_to(&self, act: Act, about: &About) -> Result<(), Undone> {
        let person = self
            .person
            .as_ref()
            .ok_or_else(|| Undone("没有人在场".to_owned()))?;
        if person.please(act.request(about)).await {
            return Ok(());
        }
        Err(Undone("现场未能完成 (not done)".to_owned()))
    }

    async fn ask_for(&self, sight: Sight) -> Result<String, Undone> {
        let person = self
            .person
            .as_ref()
            .ok_or_else(|| Undone("没有人在场".to_owned()))?;
        for _ in 0..QUESTIONS {
            let told = person.tell(sight.question()).await;
            let told = told.ok_or_else(|| Undone("没有回答 (no answer)".to_owned()))?;
            if let Some(seen) = read(sight, &told) {
                return Ok(seen);
            }
        }
        Err(Undone("回答无法理解 (not understood)".to_owned()))
    }
}

/// What a person has told; `None` when it is no answer.
fn read(sight: Sight, told: &str) -> Option<String> {
    match sight {
        Sight::Lifts => told.trim().parse::<u64>().ok().map(|it| it.to_string()),
        Sight::Arm => {
            let told = told.trim().to_ascii_lowercase();
            let begins = |words: &[&str]| words.iter().any(|word| told.starts_with(word));
            match () {
                () if begins(&["u", "抬", "保持"]) => Some("up".to_owned()),
                () if begins(&["d", "落", "已落"]) => Some("down".to_owned()),
                () => None,
            }
        }
        Sight::Display => Some(told.replace('|', "\n")),
    }
}

impl Hands for ConfiguredHands {
    fn can(&self, act: Act) -> bool {
        self.person.is_some() || self.ability.acts.contains_key(&act)
    }

    fn can_see(&self, sight: Sight) -> bool {
        self.person.is_some() || self.ability.sights.contains_key(&sight)
    }

    fn acts_by_itself(&self, act: Act) -> bool {
        self.ability.acts.contains_key(&act)
    }

    fn looks_by_itself(&self, sight: Sight) -> bool {
        self.ability.sights.contains_key(&sight)
    }

    fn act<'a>(&'a self, act: Act, about: &'a About) -> Later<'a, Result<(), Undone>> {
        Box::pin(async move {
            let Some(steps) = self.ability.acts.get(&act) else {
                return self.ask_to(act, about).await;
            };
            for step in steps {
                self.step(step, about).await?;
            }
            Ok(())
        })
    }

    fn see(&self, sight: Sight) -> Later<'_, Result<String, Undone>> {
        Box::pin(async move {
            let Some(step) = self.ability.sights.get(&sight) else {
                return self.ask_for(sight).await;
            };
            self.step(step, &About::default()).await
        })
    }
}

async fn command(words: &[String]) -> Result<String, Undone> {
    let (program, arguments) = words
        .split_first()
        .ok_or_else(|| Undone("command 为空".to_owned()))?;
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = tokio::time::timeout(STEP, command.output()).await;
    let output = output.map_err(|_| Undone(format!("{program}: 超时 (timed out)")))?;
    let output = output.map_err(|error| Undone(format!("{program}: {error}")))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(Undone(format!(
        "{program}: {} {}",
        output.status,
        shortened(&said)
    )))
}

fn shortened(said: &str) -> String {
    let mut end = said.len().min(SAID_BYTES);
    while !said.is_char_boundary(end) {
        end -= 1;
    }
    said[..end].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_tells_is_read_in_either_language_and_nonsense_is_none() {
        assert_eq!(read(Sight::Lifts, " 2 ").as_deref(), Some("2"));
        assert_eq!(read(Sight::Lifts, "两次"), None);
        for up in ["up", "UP", "抬起", "保持抬起"] {
            assert_eq!(read(Sight::Arm, up).as_deref(), Some("up"), "{up}");
        }
        assert_eq!(read(Sight::Arm, "已落下").as_deref(), Some("down"));
        assert_eq!(read(Sight::Arm, ""), None);
        assert_eq!(read(Sight::Display, "a|b").as_deref(), Some("a\nb"));
    }
}
