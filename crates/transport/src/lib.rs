//! The standard's endpoints served and called over HTTPS.
//!
//! - [`serve`]: an [`Endpoint`](boshi_protocol::endpoint::Endpoint) becomes a route that checks
//!   everything the standard asks for before a handler sees it;
//! - [`accept`]: connections, bounded in number, size and time;
//! - [`call`]: the other side's endpoints, one attempt at a time;
//! - [`certificate`]: a certificate authority of one's own, for a first start without paperwork;
//! - [`request`]: a name for each request, in the log and in the answer;
//! - [`bucket`]: how much of something there may be over time;
//! - [`monitor`]: what machines that watch a program are told;
//! - [`unknown`]: what is answered where nothing is.

pub mod accept;
pub mod bucket;
pub mod call;
pub mod certificate;
pub mod monitor;
#[doc(hidden)]
pub mod played;
pub mod request;
pub mod serve;
pub mod unknown;
