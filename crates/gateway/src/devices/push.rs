//! `POST /FAMILY/KEY/…`: devices that call the gateway by themselves, each known by the key in its
//! address. They may have another address for each kind of push.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use axum::routing::post;
use boshi_service::key::Key;
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::answer::Answer;
use crate::config::UrlKey;

/// Most bytes of a push that are read: what a camera of nine megapixels tells of one vehicle, the
/// scene, the vehicle, its plate and who sits in it, of which no picture has more than some three
/// megabytes; in base64 that is a third more.
pub(super) const MOST_BYTES: usize = 16 * 1024 * 1024;

/// Most KiB of pushes of all devices that are held at once, 128 MiB: eight of the longest, or two
/// hundred of the usual ones. Who finds no room is told to come again, as devices do.
const MOST_KIB_AT_ONCE: usize = 128 * 1024;

/// A device that pushes.
pub(crate) trait Pushes: Debug + Send + Sync {
    /// Most pushes that are read at once: each may have pictures of some megabytes.
    fn at_once(&self) -> usize {
        4
    }

    /// Takes a push in; how it is answered.
    fn take(&self, push: Push) -> BoxFuture<'_, Response>;
}

/// Something that was pushed.
#[derive(Debug)]
pub(crate) struct Push {
    pub(super) headers: HeaderMap,
    /// All of it, or as much as is read of what is too long.
    pub(super) body: Bytes,
    is_whole: bool,
    /// Its place among those that are read at once.
    pub(super) place: OwnedSemaphorePermit,
    /// The room that it takes among those of all devices.
    _room: Option<OwnedSemaphorePermit>,
}

impl Push {
    /// Why it cannot be taken whole, if it cannot. It would be no shorter a second time: so it is
    /// answered as what was taken, and shows up as a fault.
    pub(super) fn too_long(&self) -> Option<String> {
        let why = || format!("推送超过 {MOST_BYTES} 字节，请在设备上减小图片");
        (!self.is_whole).then(why)
    }

    pub(super) fn content_type(&self) -> &str {
        let named = self.headers.get(header::CONTENT_TYPE);
        named.and_then(|it| it.to_str().ok()).unwrap_or_default()
    }
}

/// Everything that pushes, by the first part of its address.
#[derive(Debug)]
pub(crate) struct Pushing {
    families: BTreeMap<&'static str, Vec<Known>>,
    room: Arc<Semaphore>,
}

#[derive(Debug)]
struct Known {
    key: Key,
    places: Arc<Semaphore>,
    room: Arc<Semaphore>,
    device: Arc<dyn Pushes>,
}

impl Default for Pushing {
    fn default() -> Pushing {
        Pushing {
            families: BTreeMap::new(),
            room: Arc::new(Semaphore::new(MOST_KIB_AT_ONCE)),
        }
    }
}

impl Pushing {
    /// A family, of which there may be no device.
    pub(super) fn family(&mut self, path: &'static str) {
        self.families.entry(path).or_default();
    }

    /// A device of a family.
    pub(super) fn add(&mut self, path: &'static str, key: &UrlKey, device: Arc<dyn Pushes>) {
        let known = Known {
            key: Key::of(key.expose()),
            places: Arc::new(Semaphore::new(device.at_once())),
            room: Arc::clone(&self.room),
            device,
        };
        self.families.entry(path).or_default().push(known);
    }

    /// The routes for all of them.
    pub(crate) fn routes(self) -> Router {
        let families = self.families.into_iter();
        families.fold(Router::new(), |routes, (path, known)| {
            let own = Router::new()
                .route(&format!("/{path}/{{key}}"), post(one))
                .route(&format!("/{path}/{{key}}/{{*rest}}"), post(several))
                .with_state(Arc::from(known));
            routes.merge(own)
        })
    }
}

type Family = State<Arc<[Known]>>;

async fn one(State(known): Family, Path(key): Path<String>, request: Request) -> Response {
    answered(&known, &key, request).await
}

async fn several(
    State(known): Family,
    Path((key, _)): Path<(String, String)>,
    request: Request,
) -> Response {
    answered(&known, &key, request).await
}

async fn answered(known: &[Known], key: &str, request: Request) -> Response {
    // Takes the same time whichever key fits (D-7).
    let found = known.iter().fold(
        None,
        |found, it| if it.key.opens(key) { Some(it) } else { found },
    );
    let Some(known) = found else {
        return Answer::Stranger.into_response();
    };
    match known.read(request).await {
        Ok(push) => known.device.take(push).await,
        Err(answer) => answer.into_response(),
    }
}

impl Known {
    async fn read(&self, request: Request) -> Result<Push, Answer> {
        let place = Arc::clone(&self.places).try_acquire_owned();
        let place = place.map_err(|_| Answer::TooMany)?;
        let (head, body) = request.into_parts();
        let (body, is_whole, room) = self.collect(body).await?;
        Ok(Push {
            headers: head.headers,
            body,
            is_whole,
            place,
            _room: room,
        })
    }

    /// What arrives, which the listener's bound sees to, whether that is all, and the room that it
    /// takes. What is too long is read to its end, or nobody would hear the answer.
    async fn collect(
        &self,
        body: Body,
    ) -> Result<(Bytes, bool, Option<OwnedSemaphorePermit>), Answer> {
        let (mut kept, mut is_whole) = (Vec::new(), true);
        let mut room: Option<OwnedSemaphorePermit> = None;
        let mut pieces = body.into_data_stream();
        while let Some(piece) = pieces.next().await {
            // One that was cut off has nobody to hear the answer.
            let piece = piece.map_err(|_| Answer::Slow)?;
            is_whole &= kept.len() + piece.len() <= MOST_BYTES;
            if !is_whole {
                continue;
            }
            let held = room.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
            let more = (kept.len() + piece.len()).div_ceil(1024) - held;
            let more = u32::try_from(more).map_err(|_| Answer::TooMany)?;
            let more = Arc::clone(&self.room).try_acquire_many_owned(more);
            let more = more.map_err(|_| Answer::TooMany)?;
            match &mut room {
                Some(room) => room.merge(more),
                None => room = Some(more),
            }
            kept.extend_from_slice(&piece);
        }
        Ok((kept.into(), is_whole, room))
    }
}
