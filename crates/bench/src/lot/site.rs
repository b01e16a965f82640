//! The configurations of one platform and one gateway, as somebody would write them.

use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use boshi_transport::certificate::LocalAuthority;

use super::LANES;
use super::lanes::DEVICE_KEY;
use crate::process::free_address;
use crate::server::platform_text;
use crate::site::{Platform, Site};

pub(super) struct Addresses {
    pub(super) platform: SocketAddr,
    operators: SocketAddr,
    pub(super) controller: SocketAddr,
}

/// The two configurations.
pub(super) struct Files {
    pub(super) platform: PathBuf,
    pub(super) gateway: Site,
}

impl Addresses {
    pub(super) fn free() -> anyhow::Result<Addresses> {
        Ok(Addresses {
            platform: free_address()?,
            operators: free_address()?,
            controller: free_address()?,
        })
    }

    /// Writes both configurations into `folder`, and makes the authority that each is given of the
    /// other.
    pub(super) fn write(&self, boshi: &Path, folder: &Path) -> anyhow::Result<Files> {
        let data = folder.join("platform");
        fs::create_dir_all(data.join("tls"))?;
        LocalAuthority::open_or_create(&data.join("tls"))?;
        let platform = Platform {
            url: format!("https://{}", self.platform),
            ca: data.join("tls/ca.pem"),
        };
        let site = Site::new(boshi, folder, &platform, &self.lanes())?;
        let gateway = format!(
            "base_url = \"https://{}\"\nca_file = '{}'",
            site.standard,
            site.ca().display()
        );
        let text = platform_text(&data, self.platform, self.operators, false, LANES, &gateway);
        let file = folder.join("platform.toml");
        fs::write(&file, text)?;
        Ok(Files {
            platform: file,
            gateway: site,
        })
    }

    fn lanes(&self) -> String {
        let mut text = String::new();
        for lane in 1..=LANES {
            let _ = write!(
                text,
                r#"[[lot.lane]]
name = "{lane:02}"
gate = "东"
direction = "entry"
recognizer = "CAM-{lane:02}"
barrier = "BAR-{lane:02}"
limit_switch = false
device_url = "http://{controller}/device"
device_key = "{DEVICE_KEY}"
"#,
                controller = self.controller
            );
        }
        text
    }
}
