//! Reading requests and writing responses, byte by byte: whoever is to hang, drip or talk garbage
//! cannot stand on a server that knows no such thing.

use std::io;

use tokio::io::{
    AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _,
};

use super::{Request, Response};

/// Longest line of a head in bytes.
const MAX_LINE_BYTES: u64 = 16 * 1024;
/// Most header lines of a request.
const MAX_HEADERS: usize = 100;
/// Largest body of a request in bytes: a page of the standard's own requests is far smaller.
const MAX_BODY_BYTES: u64 = 4 * 1024 * 1024;

/// Reads the next request of a connection; `None` when the peer has ended it.
///
/// # Errors
/// When the connection breaks or what comes is no HTTP.
pub async fn read_request<S>(stream: &mut S) -> io::Result<Option<Request>>
where
    S: AsyncBufRead + AsyncWrite + Unpin,
{
    let Some(first) = line(stream).await? else {
        return Ok(None);
    };
    let mut words = first.split(' ');
    let (Some(method), Some(path)) = (words.next(), words.next()) else {
        return Err(bad("a request line has three words"));
    };
    let mut request = Request {
        method: method.to_owned(),
        path: path.split('?').next().unwrap_or(path).to_owned(),
        ..Request::default()
    };
    loop {
        let line = line(stream).await?.ok_or(io::ErrorKind::UnexpectedEof)?;
        if line.is_empty() {
            break;
        }
        let (name, value) = line
            .split_once(':')
            .ok_or_else(|| bad("a header has a colon"))?;
        request
            .headers
            .push((name.to_owned(), value.trim().to_owned()));
        if request.headers.len() > MAX_HEADERS {
            return Err(bad("too many headers"));
        }
    }
    let is_continued = |value: &str| value.eq_ignore_ascii_case("100-continue");
    if request.header("expect").is_some_and(is_continued) {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
        stream.flush().await?;
    }
    request.body = body(stream, &request).await?;
    Ok(Some(request))
}

async fn body<S: AsyncBufRead + Unpin>(stream: &mut S, request: &Request) -> io::Result<Vec<u8>> {
    let is_chunked = |value: &str| value.to_ascii_lowercase().contains("chunked");
    let mut body = Vec::new();
    if request.header("transfer-encoding").is_some_and(is_chunked) {
        loop {
            let size = line(stream).await?.ok_or(io::ErrorKind::UnexpectedEof)?;
            let digits = size.split(';').next().unwrap_or_default().trim();
            let size = u64::from_str_radix(digits, 16).map_err(|_| bad("a chunk has a size"))?;
            take(stream, size, &mut body).await?;
            if size == 0 {
                while line(stream).await?.is_some_and(|line| !line.is_empty()) {}
                return Ok(body);
            }
            line(stream).await?;
        }
    }
    let length = request.header("content-length").unwrap_or("0");
    let length = length
        .parse()
        .map_err(|_| bad("Content-Length is a number"))?;
    take(stream, length, &mut body).await?;
    Ok(body)
}

async fn take<S: AsyncBufRead + Unpin>(
    stream: &mut S,
    bytes: u64,
    body: &mut Vec<u8>,
) -> io::Result<()> {
    if body.len() as u64 + bytes > MAX_BODY_BYTES {
        return Err(bad("the body is too large"));
    }
    let read = stream.take(bytes).read_to_end(body).await?;
    if (read as u64) < bytes {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(())
}

async fn line<S: AsyncBufRead + Unpin>(stream: &mut S) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    let read = stream
        .take(MAX_LINE_BYTES)
        .read_until(b'\n', &mut line)
        .await?;
    if read == 0 {
        return Ok(None);
    }
    if line.pop() != Some(b'\n') {
        return Err(bad("a line has an end"));
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    String::from_utf8(line)
        .map(Some)
        .map_err(|_| bad("a head is text"))
}

fn bad(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// Writes a response, keeping the connection.
///
/// # Errors
/// When the connection breaks.
pub async fn write_response<S>(stream: &mut S, response: &Response) -> io::Result<()>
where
    S: AsyncWrite + Unpin,
{
    stream.write_all(&head(response)).await?;
    stream.write_all(&response.body).await?;
    stream.flush().await
}

/// The head of a response, up to the empty line.
pub fn head(response: &Response) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {} Status\r\n", response.status);
    for (name, value) in &response.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("Content-Length: {}\r\n\r\n", response.body.len()));
    head.into_bytes()
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncWriteExt as _, BufReader, duplex};

    use super::*;

    async fn read(bytes: &str) -> io::Result<Option<Request>> {
        let (here, mut there) = duplex(1024);
        there.write_all(bytes.as_bytes()).await.unwrap();
        there.shutdown().await.unwrap();
        let mut stream = BufReader::new(here);
        read_request(&mut stream).await
    }

    #[tokio::test]
    async fn a_body_comes_whole_or_in_chunks() {
        let whole = read("POST /a?b=1 HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}").await;
        let whole = whole.unwrap().unwrap();
        assert_eq!(
            (whole.path.as_str(), whole.body.as_slice()),
            ("/a", &b"{}"[..])
        );
        let chunks =
            "POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n";
        assert_eq!(read(chunks).await.unwrap().unwrap().body, b"{}");
    }

    #[tokio::test]
    async fn what_is_no_request_is_an_error_and_an_end_is_none() {
        assert!(read("").await.unwrap().is_none());
        assert!(read("hello\r\n\r\n").await.is_err());
        assert!(
            read("POST /a HTTP/1.1\r\nContent-Length: 9\r\n\r\n{}")
                .await
                .is_err()
        );
        assert!(read("POST /a HTTP/1.1\r\nno colon\r\n\r\n").await.is_err());
    }
}
