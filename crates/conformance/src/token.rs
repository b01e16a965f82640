//! The token as the standard writes it down (T-6).

use md5::{Digest as _, Md5};
use secrecy::{ExposeSecret as _, SecretString};

/// Who signs: what the platform assigned to a supplier.
#[derive(Clone, Debug)]
pub struct Signer {
    /// `appId`.
    pub app_id: String,
    /// `appSecret`.
    pub secret: SecretString,
}

impl Signer {
    /// MD5 of `time&appId&appSecret` in lower-case hexadecimal digits.
    pub fn token(&self, time: &str) -> String {
        let text = format!("{time}&{}&{}", self.app_id, self.secret.expose_secret());
        let sum = Md5::digest(text.as_bytes());
        sum.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// T-6: the standard's own example.
    #[test]
    fn the_standards_example_has_the_standards_token() {
        let signer = Signer {
            app_id: "99848791".to_owned(),
            secret: "eV7spoA0rr7EyjGuJxQFOa3Vs5wvcRUo".into(),
        };
        assert_eq!(
            signer.token("20170818 17:14:15"),
            "2e6eef5a0bba5a666004298e76b2f1cf"
        );
    }
}
