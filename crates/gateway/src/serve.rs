//! What the platform calls: the endpoints of the standard, and the pictures.

mod door;
mod gates;
mod pictures;
mod queries;
mod stays;

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use boshi_protocol::endpoint::{
    CheckConnect, QueryInOutPayRecord, QueryInOutRecord, QueryPlaceStatus, QueryPrePayRecord,
    QueryUnPushCrossInfo, QueryUnPushRecognitionInfo, ReceiveOpenGate, ReceiveShowMsg,
};
use boshi_protocol::envelope::Answer;
use boshi_protocol::id::LotId;
use boshi_protocol::refusal::Refusal;
use boshi_transport::serve::{Gatekeeper, endpoint, with_fallbacks};

pub(crate) use self::door::Door;

use crate::config;
use crate::display::Display;
use crate::driver::Handle;
use crate::journal::{Journal, JournalError};
use crate::lot::Input;
use crate::pictures::Pictures;
use crate::replay::Replays;

/// What the endpoints work with.
pub(crate) struct Served {
    pub(crate) lots: HashMap<LotId, ServedLot>,
    pub(crate) journal: Journal,
    pub(crate) pictures: Pictures,
    pub(crate) public_url: String,
    /// Gate commands of the last minutes.
    pub(crate) orders: Replays,
    /// Texts for displays of the last minutes.
    pub(crate) texts: Replays,
}

/// A lot as the platform reaches it.
pub(crate) struct ServedLot {
    pub(crate) configured: config::Lot,
    pub(crate) driver: Handle,
    pub(crate) displays: Vec<Display>,
}

/// The routes for the platform; what passes `door` is answered from `served`.
pub(crate) fn router(door: Arc<dyn Gatekeeper>, served: Arc<Served>) -> Router {
    let router = Router::new().route("/pictures/{file}", get(pictures::picture));
    let router = router.with_state(Arc::clone(&served));
    let at = Arc::clone(&served);
    let router =
        endpoint::<ReceiveOpenGate, _, _>(router, Arc::clone(&door), move |call, order| {
            let served = Arc::clone(&at);
            async move { served.open_gate(call, order).await }
        });
    let at = Arc::clone(&served);
    let router = endpoint::<ReceiveShowMsg, _, _>(router, Arc::clone(&door), move |call, text| {
        let served = Arc::clone(&at);
        async move { served.show(call, text).await }
    });
    let at = Arc::clone(&served);
    let router =
        endpoint::<QueryPlaceStatus, _, _>(router, Arc::clone(&door), move |call, query| {
            let served = Arc::clone(&at);
            async move { served.places(&call.envelope.lot, query).await }
        });
    let at = Arc::clone(&served);
    let router =
        endpoint::<QueryUnPushCrossInfo, _, _>(router, Arc::clone(&door), move |call, query| {
            let served = Arc::clone(&at);
            async move { served.unpushed_crossings(call, query).await }
        });
    let at = Arc::clone(&served);
    let router = endpoint::<QueryUnPushRecognitionInfo, _, _>(
        router,
        Arc::clone(&door),
        move |call, query| {
            let served = Arc::clone(&at);
            async move { served.unpushed_recognitions(call, query).await }
        },
    );
    let at = Arc::clone(&served);
    let router =
        endpoint::<QueryInOutRecord, _, _>(router, Arc::clone(&door), move |call, query| {
            let served = Arc::clone(&at);
            async move { served.stays(call, query).await }
        });
    let at = Arc::clone(&served);
    let router =
        endpoint::<QueryInOutPayRecord, _, _>(router, Arc::clone(&door), move |call, query| {
            let served = Arc::clone(&at);
            async move { served.paid_at_exit(call, query).await }
        });
    let at = Arc::clone(&served);
    let router =
        endpoint::<QueryPrePayRecord, _, _>(router, Arc::clone(&door), move |call, query| {
            let served = Arc::clone(&at);
            async move { served.prepaid(call, query).await }
        });
    let router = endpoint::<CheckConnect, _, _>(router, door, move |call, ()| {
        let served = Arc::clone(&served);
        async move { served.connected(&call.envelope.lot).await }
    });
    with_fallbacks(router)
}

impl Served {
    /// BEAT-1: the lot serves while the task that owns it takes what it is told. That the platform
    /// calls also shows that it is there.
    async fn connected(&self, lot: &LotId) -> Answer<()> {
        match self.lot(lot) {
            Ok(lot) => match lot.driver.tell(Input::Contact).await {
                Ok(()) => Answer::done(()),
                Err(_) => Answer::Refused(busy()),
            },
            Err(refusal) => Answer::Refused(refusal),
        }
    }

    fn lot(&self, lot: &LotId) -> Result<&ServedLot, Refusal> {
        let known = self.lots.get(lot);
        known.ok_or_else(|| Refusal::new("UNKNOWN_LOT", "车场编号未配置"))
    }
}

fn busy() -> Refusal {
    Refusal::new("BUSY", "车场忙或正在停止，请稍后再试")
}

fn no_device() -> Refusal {
    Refusal::new("UNKNOWN_DEVICE", "没有此设备")
}

fn unread(error: &JournalError) -> Refusal {
    tracing::error!(%error, "a question of the platform cannot be answered");
    Refusal::new("NOT_READABLE", "本地记录暂时无法读取，请重试")
}
