//! A module of relays and contacts, as it is simulated.

use std::ops::Deref;

use boshi_simulator::module::{self, Framing};
use tokio::net::TcpListener;

pub(crate) use boshi_simulator::module::ModuleFault as Fault;

use crate::wire::eventually;

pub(crate) struct RelayModule(module::RelayModule);

impl RelayModule {
    pub(crate) async fn start() -> RelayModule {
        RelayModule::start_with(Framing::Tcp).await
    }

    /// One that speaks serial frames.
    pub(crate) async fn start_rtu() -> RelayModule {
        RelayModule::start_with(Framing::Rtu).await
    }

    async fn start_with(framing: Framing) -> RelayModule {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (module, _) = module::RelayModule::start(listener, framing).unwrap();
        RelayModule(module)
    }

    pub(crate) async fn writes_are(&self, wanted: &[(u16, u16)]) {
        let what = format!("writes {wanted:x?}");
        eventually(&what, || (self.writes() == wanted).then_some(())).await;
    }
}

impl Deref for RelayModule {
    type Target = module::RelayModule;

    fn deref(&self) -> &module::RelayModule {
        &self.0
    }
}
