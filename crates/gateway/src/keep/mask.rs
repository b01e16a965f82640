//! Texts without secrets (D-7): by the names of settings, by the secrets themselves, and by their
//! place in addresses.

use toml::{Table, Value};

/// What stands in place of a secret.
pub(super) const MASK: &str = "***";

/// Words in the names of settings whose values are secret.
const SECRET_WORDS: [&str; 4] = ["secret", "key", "password", "token"];

/// How the name of a setting ends whose value is the name of a file.
const FILE: &str = "_file";

/// Secrets, to be taken out of texts.
#[derive(Default)]
pub(super) struct Mask {
    secrets: Vec<String>,
}

impl Mask {
    /// Something else that is secret.
    pub(super) fn hide(&mut self, secret: &str) {
        let secret = secret.trim();
        if !secret.is_empty() {
            self.secrets.push(secret.to_owned());
            // One secret may be the beginning of another.
            self.secrets
                .sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        }
    }

    /// A configuration whose secrets are masked, and known from now on. Its comments are gone: they
    /// may hold anything.
    pub(super) fn configuration(&mut self, text: &str) -> Result<String, toml::de::Error> {
        let mut table: Table = text.parse()?;
        self.take_out_of(&mut table);
        Ok(table.to_string())
    }

    /// `text` without the secrets that are known, and without what stands before the host in an
    /// address.
    pub(super) fn text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.secrets {
            text = text.replace(secret, MASK);
        }
        without_users(&text)
    }

    fn take_out_of(&mut self, table: &mut Table) {
        for (name, value) in table {
            self.take_out(name, value);
        }
    }

    fn take_out(&mut self, name: &str, value: &mut Value) {
        match value {
            Value::Table(table) => self.take_out_of(table),
            Value::Array(values) => values.iter_mut().for_each(|it| self.take_out(name, it)),
            Value::String(text) if is_secret(name) => {
                self.hide(text);
                MASK.clone_into(text);
            }
            other if is_secret(name) => *other = Value::String(MASK.to_owned()),
            _ => {}
        }
    }
}

fn is_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    !name.ends_with(FILE) && SECRET_WORDS.iter().any(|word| name.contains(word))
}

/// `http://user:password@host` becomes `http://***@host`.
fn without_users(text: &str) -> String {
    let mut parts = text.split("://");
    let mut masked = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        masked.push_str("://");
        let ends = |it: char| matches!(it, '/' | '?' | '#' | '"' | '\'') || it.is_whitespace();
        let authority = &part[..part.find(ends).unwrap_or(part.len())];
        match authority.rfind('@') {
            Some(at) => {
                masked.push_str(MASK);
                masked.push_str(&part[at..]);
            }
            None => masked.push_str(part),
        }
    }
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    /// D-7
    #[test]
    fn a_configuration_shows_what_is_set_and_no_secret() {
        let mut mask = Mask::default();
        let text = r#"
            public_url = "https://lot"
            # the key is in-a-comment
            [platform]
            secret = "one-secret"
            secret_file = "/data/secret"
            [[lot.lane]]
            device_key = "a-key"
            api_tokens = ["t1", "t2"]
            pin_key = 4711
        "#;
        let shown = mask.configuration(text).unwrap();
        for secret in ["one-secret", "a-key", "t1", "t2", "4711", "in-a-comment"] {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
        for open in ["https://lot", "/data/secret", "device_key", MASK] {
            assert!(shown.contains(open), "{open} not in {shown}");
        }
        assert_eq!(mask.text("told a-key and one-secret"), "told *** and ***");
    }

    /// D-7
    #[test]
    fn a_secret_that_begins_as_another_one_is_hidden_as_a_whole() {
        let mut mask = Mask::default();
        for secret in ["key", "key-two", "", " \n"] {
            mask.hide(secret);
        }
        assert_eq!(mask.text("key-two key k"), "*** *** k");
    }

    /// D-7
    #[test]
    fn whoever_stands_in_an_address_is_hidden() {
        let mask = Mask::default();
        for (text, masked) in [
            ("http://u:p@h/x a@b", "http://***@h/x a@b"),
            (
                "\"https://u@h\" https://h/@x",
                "\"https://***@h\" https://h/@x",
            ),
            ("https://u:p@q@h", "https://***@h"),
            ("no address", "no address"),
            ("", ""),
        ] {
            assert_eq!(mask.text(text), masked);
        }
    }
}
