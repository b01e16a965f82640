//! Logging in by digest: what is answered to a challenge, without I/O. The password itself is never
//! sent, nor anything when a camera asks for it in another way.

use digest_auth::{AuthContext, HttpMethod, WwwAuthenticateHeader};

/// Longest challenge in bytes.
const MAX_CHALLENGE_BYTES: usize = 2048;

/// What a camera demands, and how often it was answered.
#[derive(Clone, Debug)]
pub(in crate::devices) struct Challenge(WwwAuthenticateHeader);

/// What is asked for, by whom.
#[derive(Clone, Copy)]
pub(in crate::devices) struct Request<'a> {
    pub(in crate::devices) user: &'a str,
    pub(in crate::devices) password: &'a str,
    pub(in crate::devices) method: &'a str,
    pub(in crate::devices) path: &'a str,
}

/// The first challenge that can be answered of all that a camera offers.
///
/// # Errors
/// What it offers instead, for people.
pub(in crate::devices) fn challenge<'a>(
    offered: impl Iterator<Item = &'a str>,
) -> Result<Challenge, String> {
    let mut seen = Vec::new();
    for offer in offered {
        let scheme = offer.trim_start().split([' ', ',']).next();
        let scheme = scheme.unwrap_or_default();
        // The parser counts characters where it means bytes.
        if scheme.eq_ignore_ascii_case("digest")
            && offer.is_ascii()
            && offer.len() <= MAX_CHALLENGE_BYTES
        {
            let fields = &offer.trim_start()[scheme.len()..];
            match WwwAuthenticateHeader::parse(fields) {
                Ok(header) => return Ok(Challenge(header)),
                Err(error) => seen.push(format!("Digest（{error}）")),
            }
        } else {
            seen.push(scheme.chars().take(20).collect());
        }
    }
    let offered = if seen.is_empty() {
        "无".to_owned()
    } else {
        seen.join("、")
    };
    Err(format!(
        "相机要求的登录方式不支持：{offered}；应开启 digest 认证"
    ))
}

impl Challenge {
    /// Whether an answer was right, and only came too late.
    pub(in crate::devices) fn is_stale(&self) -> bool {
        self.0.stale
    }

    /// The header that answers it.
    ///
    /// # Errors
    /// What the camera offers that nobody can answer.
    pub(in crate::devices) fn answer(&mut self, request: Request<'_>) -> Result<String, String> {
        self.answer_with(request, None)
    }

    fn answer_with(
        &mut self,
        request: Request<'_>,
        cnonce: Option<&str>,
    ) -> Result<String, String> {
        let Request {
            user,
            password,
            method,
            path,
        } = request;
        let method = HttpMethod::from(method);
        let mut context = AuthContext::new_with_method(user, password, path, None::<&[u8]>, method);
        if let Some(cnonce) = cnonce {
            context.set_custom_cnonce(cnonce);
        }
        let header = self.0.respond(&context);
        header
            .map(|header| header.to_header_string())
            .map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: Request<'static> = Request {
        user: "gateway",
        password: "Demo#2026",
        method: "PUT",
        path: "/ISAPI/Parking/channels/1/barrierGate",
    };

    /// As computed beside this program.
    #[test]
    fn a_challenge_is_answered_as_the_standard_says() {
        let offered = "Digest qop=\"auth\", realm=\"IP Camera(E1234)\", nonce=\"6d3a2f0c9b\", stale=\"FALSE\"";
        let mut challenge = challenge([offered].into_iter()).unwrap();
        assert!(!challenge.is_stale());
        let header = challenge.answer_with(REQUEST, Some("0a4f113b")).unwrap();
        assert!(
            header.contains("response=\"46a36fbe6e6f61cca53347da93eea0d6\""),
            "{header}"
        );
        assert!(header.contains("nc=00000001"), "{header}");
        let header = challenge.answer(REQUEST).unwrap();
        assert!(header.contains("nc=00000002"), "{header}");
        assert!(!header.contains("Demo#2026"), "D-7: {header}");
    }

    /// D-7: whoever takes the camera's place must not be told the password.
    #[test]
    fn the_password_is_shown_to_nobody_who_asks_for_it() {
        let digest = "Digest realm=\"a\", nonce=\"b\", qop=\"auth\", stale=TRUE";
        let basic = "Basic realm=\"a\"";
        let found = challenge([basic, digest].into_iter()).unwrap();
        assert!(found.is_stale());
        for offered in [
            vec![],
            vec![basic],
            vec!["Digest realm=\"a\""],
            vec!["Digest 粤=\"a\""],
        ] {
            let why = challenge(offered.into_iter()).unwrap_err();
            assert!(why.contains("digest"), "{why}");
        }
    }
}
