//! A platform whose disk fails.

use super::fault::{Failing, Fault};
use super::sides::Place;
use super::supplier::Supplier;

/// D-1, D-13: while the disk fails nothing is acknowledged and nobody refused, and that is said; then all is
/// well again by itself. Whoever is killed in the midst of it has everything that was acknowledged, once.
fn holds(failing: Failing) {
    let place = Place::of_platform(None);
    let mut platform = place.starts_platform();
    let mut supplier = Supplier::at(&platform.standard);
    supplier.is_heard("before");
    place.is_ready();
    let Some(fault) = Fault::strikes(platform.id(), failing) else {
        return;
    };
    supplier.is_put_off("during");
    place.is_not_ready("记录库无法写入");
    platform.log.says("a transaction could not be written");
    fault.ends();
    supplier.is_heard("during");
    place.is_ready();
    let Some(fault) = Fault::strikes(platform.id(), failing) else {
        return;
    };
    supplier.is_put_off("last");
    platform.dies();
    drop(fault);
    let platform = place.starts_platform();
    supplier.turns_to(&platform.standard);
    supplier.finds_all_of_it_once(&place.store());
    supplier.is_heard("last");
    platform.dies();
    supplier.finds_all_of_it_once(&place.store());
}

#[test]
fn a_platform_whose_disk_is_full_puts_suppliers_off_and_loses_nothing() {
    holds(Failing::FULL);
}

#[test]
fn a_platform_whose_disk_became_read_only_puts_suppliers_off_and_loses_nothing() {
    holds(Failing::READ_ONLY);
}

#[test]
fn a_platform_whose_disk_is_broken_puts_suppliers_off_and_loses_nothing() {
    holds(Failing::BROKEN);
}

#[test]
fn a_platform_whose_disk_does_not_sync_puts_suppliers_off_and_loses_nothing() {
    holds(Failing::UNSYNCED);
}
