//! Logging in by digest, as a camera demands it (RFC 7616, MD5, `qop=auth`).

use std::collections::HashMap;

use md5::{Digest as _, Md5};

/// What both sides call the camera.
const REALM: &str = "IP Camera(E1234)";

/// Who may log in, and which challenges are out.
#[derive(Debug)]
pub(super) struct Login {
    user: String,
    password: String,
    /// The challenge that is good, and for how many calls it still is.
    nonce: (u64, u32),
    /// For how many calls one is good.
    lasts: u32,
    refusals: u64,
    stale: u64,
}

impl Login {
    pub(super) fn new(user: &str, password: &str) -> Login {
        Login {
            user: user.to_owned(),
            password: password.to_owned(),
            nonce: (1, u32::MAX),
            lasts: u32::MAX,
            refusals: 0,
            stale: 0,
        }
    }

    pub(super) fn nonces_last(&mut self, calls: u32) {
        self.lasts = calls;
        self.nonce.1 = calls;
    }

    pub(super) fn password_is(&mut self, password: &str) {
        password.clone_into(&mut self.password);
        self.nonce = (self.nonce.0 + 1, self.lasts);
    }

    pub(super) fn refusals(&self) -> u64 {
        self.refusals
    }

    pub(super) fn stale(&self) -> u64 {
        self.stale
    }

    /// Lets a call in, or says what is demanded of it.
    pub(super) fn let_in(
        &mut self,
        method: &str,
        path: &str,
        authorization: Option<&str>,
    ) -> Result<(), String> {
        let Some(shown) = authorization.and_then(|it| it.strip_prefix("Digest ")) else {
            return Err(self.challenge(false));
        };
        let fields = fields(shown);
        let field = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
        let hashes = |text: String| hex(&Md5::digest(text.as_bytes()));
        let who = hashes(format!("{}:{REALM}:{}", self.user, self.password));
        let what = hashes(format!("{method}:{path}"));
        let (nonce, nc, cnonce) = (field("nonce"), field("nc"), field("cnonce"));
        let expected = hashes(format!("{who}:{nonce}:{nc}:{cnonce}:auth:{what}"));
        let right = field("response") == expected && field("uri") == path;
        if !right || field("username") != self.user || field("qop") != "auth" {
            self.refusals += 1;
            return Err(self.challenge(false));
        }
        if nonce != self.nonce() || self.nonce.1 == 0 {
            self.stale += 1;
            self.nonce = (self.nonce.0 + 1, self.lasts);
            return Err(self.challenge(true));
        }
        self.nonce.1 -= 1;
        Ok(())
    }

    fn nonce(&self) -> String {
        format!("{:016x}", self.nonce.0)
    }

    fn challenge(&self, stale: bool) -> String {
        let stale = if stale { "TRUE" } else { "FALSE" };
        let nonce = self.nonce();
        format!("Digest qop=\"auth\", realm=\"{REALM}\", nonce=\"{nonce}\", stale=\"{stale}\"")
    }
}

/// The fields of a header, quoted or not.
fn fields(header: &str) -> HashMap<String, String> {
    let fields = header.split(',').filter_map(|it| it.trim().split_once('='));
    let plain = |(name, value): (&str, &str)| {
        let value = value.trim().trim_matches('"');
        (name.trim().to_ascii_lowercase(), value.to_owned())
    };
    fields.map(plain).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: &str = "/ISAPI/Parking/channels/1/barrierGate";

    /// As computed beside this program.
    #[test]
    fn whoever_knows_the_password_is_let_in_until_the_challenge_is_too_old() {
        let mut login = Login::new("gateway", "Demo#2026");
        login.nonces_last(1);
        let demanded = login.let_in("PUT", PATH, None).unwrap_err();
        assert!(demanded.contains("stale=\"FALSE\""), "{demanded}");
        let who = hex(&Md5::digest(format!("gateway:{REALM}:Demo#2026")));
        let what = hex(&Md5::digest(format!("PUT:{PATH}")));
        let nonce = "0000000000000001";
        let response = hex(&Md5::digest(format!(
            "{who}:{nonce}:00000001:c:auth:{what}"
        )));
        let header = format!(
            "Digest username=\"gateway\", realm=\"{REALM}\", nonce=\"{nonce}\", uri=\"{PATH}\", \
             qop=auth, nc=00000001, cnonce=\"c\", response=\"{response}\""
        );
        assert_eq!(login.let_in("PUT", PATH, Some(&header)), Ok(()));
        let late = login.let_in("PUT", PATH, Some(&header)).unwrap_err();
        assert!(late.contains("stale=\"TRUE\""), "{late}");
        let other = login.let_in("GET", PATH, Some(&header)).unwrap_err();
        assert!(other.contains("stale=\"FALSE\""), "{other}");
        assert_eq!((login.refusals(), login.stale()), (1, 1));
    }
}
