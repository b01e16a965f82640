//! Just enough HTTP/1.1 to ask and to be asked, also wrongly on purpose.

pub mod client;
pub mod server;

/// A request as it is written or was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// `POST`.
    pub method: String,
    /// Path below the base URL, with its slash.
    pub path: String,
    /// Header lines in order.
    pub headers: Vec<(String, String)>,
    /// The body's bytes.
    pub body: Vec<u8>,
}

/// A response as it is written or was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Header lines in order.
    pub headers: Vec<(String, String)>,
    /// The body's bytes.
    pub body: Vec<u8>,
}

impl Request {
    /// The first header of that name, in whatever case.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }
}

impl Response {
    /// The first header of that name, in whatever case.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    /// HTTP 200 with a JSON body.
    pub fn json(body: impl Into<String>) -> Response {
        let content_type = ("Content-Type", "application/json; charset=utf-8");
        Response {
            status: 200,
            headers: vec![(content_type.0.to_owned(), content_type.1.to_owned())],
            body: body.into().into_bytes(),
        }
    }
}

fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = headers
        .iter()
        .find(|(other, _)| other.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_str())
}
