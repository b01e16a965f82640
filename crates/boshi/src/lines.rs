//! A response of lines that come one by one.

use reqwest::Response;

/// Longest line in bytes: a happening has less than a kilobyte.
const MAX_LINE_BYTES: usize = 64 * 1024;

/// The lines of a response, as they come.
pub(crate) struct Lines {
    response: Response,
    rest: Vec<u8>,
}

impl Lines {
    pub(crate) fn of(response: Response) -> Lines {
        Lines {
            response,
            rest: Vec::new(),
        }
    }

    /// The next line without its end; `None` when there are no more.
    pub(crate) async fn next(&mut self) -> anyhow::Result<Option<String>> {
        loop {
            if let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
                let line = self.rest.drain(..=end).collect::<Vec<u8>>();
                let line = String::from_utf8_lossy(&line[..end]).into_owned();
                return Ok(Some(line));
            }
            anyhow::ensure!(self.rest.len() <= MAX_LINE_BYTES, "a line is too long");
            match self.response.chunk().await? {
                Some(chunk) => self.rest.extend_from_slice(&chunk),
                None => return Ok(None),
            }
        }
    }
}
