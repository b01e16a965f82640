//! Somebody who follows the stream of events, reading it byte by byte as the standard of
//! server-sent events says.

use reqwest::Response;
use serde_json::Value;

use crate::site::{PATIENCE, Platform, client};

/// An event as it came.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) data: Value,
}

pub(crate) struct Stream {
    response: Response,
    rest: String,
    /// What it would show as `Last-Event-ID` if it connected again.
    pub(crate) last_id: String,
}

impl Platform {
    /// Asks for the stream; the status and the error when there is none.
    pub(crate) async fn try_follow(
        &self,
        key: &str,
        query: &str,
        last_id: Option<&str>,
    ) -> Result<Stream, (u16, Value)> {
        let url = format!("http://{}/api/v1/events{query}", self.running.operators);
        let mut request = client(None).get(url).bearer_auth(key);
        if let Some(id) = last_id {
            request = request.header("Last-Event-ID", id);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        if status != 200 {
            let text = response.text().await.unwrap();
            return Err((status, serde_json::from_str(&text).unwrap()));
        }
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Ok(Stream {
            response,
            rest: String::new(),
            last_id: last_id.unwrap_or_default().to_owned(),
        })
    }

    pub(crate) async fn follow(&self, query: &str, last_id: Option<&str>) -> Stream {
        self.try_follow(&self.key, query, last_id).await.unwrap()
    }
}

impl Stream {
    /// The next event; none when the stream has ended as it should.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            let block = tokio::time::timeout(PATIENCE, self.block());
            let block = block.await.unwrap()?;
            let mut event = Event {
                id: self.last_id.clone(),
                kind: "message".to_owned(),
                data: Value::Null,
            };
            for line in block.lines() {
                match line.split_once(": ").unwrap() {
                    ("id", id) => id.clone_into(&mut event.id),
                    ("event", kind) => kind.clone_into(&mut event.kind),
                    ("data", data) => event.data = serde_json::from_str(data).unwrap(),
                    ("retry" | "", _) => {}
                    other => panic!("{other:?}"),
                }
            }
            self.last_id.clone_from(&event.id);
            if !event.data.is_null() {
                return Some(event);
            }
        }
    }

    /// Reads until it knows where it is, without an event.
    pub(crate) async fn opened(mut self) -> Stream {
        let block = self.block().await.unwrap();
        let id = block.lines().find_map(|line| line.strip_prefix("id: "));
        self.last_id = id.unwrap().to_owned();
        self
    }

    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.rest.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.rest = rest;
                return Some(block);
            }
            let chunk = self.response.chunk().await.unwrap()?;
            self.rest.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }
}
