//! `POST /checkConnect`: the heartbeat (BEAT-1).

use super::{Endpoint, Side};

/// `POST /checkConnect`: the heartbeat (BEAT-1).
pub enum CheckConnect {}

impl Endpoint for CheckConnect {
    const PATH: &'static str = "/checkConnect";
    const SERVED_BY: Side = Side::Supplier;
    const CLAUSE: &'static str = "（心跳）连接监控接口";
    type Request = ();
    type Response = ();
}
