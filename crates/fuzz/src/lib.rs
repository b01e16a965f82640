//! The parsers of what comes from the network, with what must hold of whatever it is given.
//!
//! A [target](TARGETS) takes bytes and panics when something does not hold: it is driven by libFuzzer
//! (`cargo xtask fuzz`), and by the tests here over the kept corpus and [mutations](mutate) of it.

pub mod endpoints;
pub mod mutate;
mod texts;

/// A parser under test.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name, and that of its folder below `corpus`.
    pub name: &'static str,
    /// Panics when something does not hold.
    pub run: fn(&[u8]),
}

const fn target(name: &'static str, run: fn(&[u8])) -> Target {
    Target { name, run }
}

/// Every target.
pub const TARGETS: &[Target] = &[
    target("request", |bytes| _ = endpoints::request(bytes)),
    target("reply", |bytes| _ = endpoints::reply(bytes)),
    target("envelope", endpoints::envelope),
    target("token", texts::token),
    target("time", texts::time),
    target("plate", texts::plate),
    target("money", texts::money),
    target("cursor", texts::cursor),
    target("table", texts::table),
    target("addresses", texts::addresses),
    target("device_event", device_event),
    target("device_form", device_form),
    target("modbus", boshi_gateway::fuzzed::modbus),
    target("hx", boshi_gateway::fuzzed::hx),
    target("dahua", boshi_gateway::fuzzed::dahua),
    target("hik_parts", boshi_gateway::fuzzed::hik_parts),
    target("hik_document", |bytes| {
        boshi_gateway::fuzzed::hik_document(bytes);
    }),
    target("hik_head", |bytes| {
        boshi_gateway::fuzzed::hik_head(&String::from_utf8_lossy(bytes));
    }),
    target("olm", boshi_gateway::fuzzed::olm),
    target("mqtt", boshi_gateway::fuzzed::mqtt),
    target("spaces", boshi_gateway::fuzzed::spaces),
    target("vz_http", |bytes| {
        boshi_gateway::fuzzed::vz_http(bytes);
    }),
    target("vz_tcp", boshi_gateway::fuzzed::vz_tcp),
    target("vz_mqtt", boshi_gateway::fuzzed::vz_mqtt),
];

/// The target of that name.
#[must_use]
pub fn named(name: &str) -> Option<Target> {
    TARGETS.iter().find(|target| target.name == name).copied()
}

fn device_event(bytes: &[u8]) {
    boshi_gateway::fuzzed::event(bytes);
}

fn device_form(bytes: &[u8]) {
    // Everything is there from the beginning, so it never waits.
    futures_util::FutureExt::now_or_never(boshi_gateway::fuzzed::form(bytes))
        .expect("a form that is there is read at once");
}
