//! The log of events, for whoever follows what happens: streams (`GET /api/v1/events`) and webhooks.
//!
//! An event is a row that is written in the transaction of the thing itself, so that there is one
//! exactly when the thing is on disk. Its number is the order of the commits: whoever has an event
//! has every one before it. The table is the truth; followers are only woken ([`tail`]), and read
//! what comes after the place where they are. Nobody who writes waits for them.

pub(crate) mod filter;
pub(crate) mod follower;
pub(crate) mod kind;
pub(crate) mod places;
pub(crate) mod tail;

pub(crate) use self::filter::Filter;
pub(crate) use self::kind::Kind;
pub(crate) use self::places::Places;
pub(crate) use self::tail::Tail;
