//! What all equipment that the gateway's own drivers speak to has in common.

use std::fmt::Debug;

use boshi_protocol::id::DeviceNo;

use super::{Input, Lot, Role, UrlKey};

/// Something that one of the gateway's own drivers speaks to.
pub trait Equipment: Debug {
    /// What people call it.
    fn name(&self) -> &str;

    /// Every device that it is, or that hangs on it.
    fn drives(&self) -> Vec<&DeviceNo>;

    /// The contacts on its inputs.
    fn inputs(&self) -> &[Input] {
        &[]
    }

    /// What it shows in the address that it pushes to, if it does.
    fn key(&self) -> Option<&UrlKey> {
        None
    }

    /// Whether it has something of one of these devices; the fire alarm is something of each.
    fn touches(&self, devices: &[&DeviceNo]) -> bool {
        let of_them = |input: &Input| match &input.device {
            Some(device) => devices.contains(&device),
            None => input.role == Role::Fire,
        };
        self.drives().iter().any(|it| devices.contains(it)) || self.inputs().iter().any(of_them)
    }
}

/// All equipment of one family, and what its tables are called.
pub(super) type Family<'a> = (&'static str, Vec<&'a dyn Equipment>);

/// The devices of a camera.
pub(super) fn of_camera<'a>(
    recognizer: &'a DeviceNo,
    barrier: Option<&'a DeviceNo>,
) -> Vec<&'a DeviceNo> {
    std::iter::once(recognizer).chain(barrier).collect()
}

impl Lot {
    /// Its equipment, by family.
    pub(super) fn families(&self) -> Vec<Family<'_>> {
        fn each<E: Equipment>(all: &[E]) -> Vec<&dyn Equipment> {
            all.iter().map(|it| it as &dyn Equipment).collect()
        }
        vec![
            ("modbus", each(&self.modbus)),
            ("vz", each(&self.vz)),
            ("vz_tcp", each(&self.vz_tcp)),
            ("vz_mqtt", each(&self.vz_mqtt)),
            ("hik", each(&self.hik)),
            ("hx", each(&self.hx)),
            ("dahua", each(&self.dahua)),
            ("olm", each(&self.olm)),
        ]
    }

    /// Whether a driver of the gateway's own speaks to this device.
    pub fn drives(&self, device: &DeviceNo) -> bool {
        let mut families = self.families().into_iter();
        families.any(|(_, all)| all.iter().any(|it| it.drives().contains(&device)))
    }

    /// Every contact that is wired to equipment of the gateway's own drivers.
    pub fn contacts(&self) -> impl Iterator<Item = &Input> {
        let families = self.families().into_iter();
        families.flat_map(|(_, all)| all.into_iter().flat_map(Equipment::inputs))
    }
}
