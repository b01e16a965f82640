//! One of the targets of `boshi-fuzz`, driven by libFuzzer: `BOSHI_FUZZ_TARGET` says which.
#![no_main]

use std::sync::LazyLock;

use boshi_fuzz::Target;
use libfuzzer_sys::fuzz_target;

static TARGET: LazyLock<Target> = LazyLock::new(|| {
    let name = std::env::var("BOSHI_FUZZ_TARGET").expect("BOSHI_FUZZ_TARGET names a target");
    boshi_fuzz::named(&name).expect("BOSHI_FUZZ_TARGET names a target of boshi-fuzz")
});

fuzz_target!(|bytes: &[u8]| (TARGET.run)(bytes));
