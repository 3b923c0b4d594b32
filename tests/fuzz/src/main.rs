//! The fuzzer: looks for bytes that break what must hold at a door. `BUTTY_TARGET` says which door.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

#[path = "../targets/doors.rs"]
mod doors;

static CHECK: LazyLock<fn(&[u8])> = LazyLock::new(|| {
    let wanted = std::env::var("BUTTY_TARGET").expect("BUTTY_TARGET names a target");
    let found = doors::TARGETS.into_iter().find(|(name, _)| *name == wanted);
    found.unwrap_or_else(|| panic!("there is no target {wanted}")).1
});

fuzz_target!(|data: &[u8]| CHECK(data));
