//! A text of a device without what is secret by its name. Rather too much is masked than too
//! little: what is written sloppily is masked to the end of its line, or of the text.

/// Names whose values are nobody's business, in lower case.
const SECRETS: [&str; 8] = [
    "password",
    "pass_wd",
    "pass%5fwd",
    "passwd",
    "pwd",
    "key",
    "token",
    "secret",
];

/// Without the values of what is secret by its name: in JSON, also within a string of JSON, in XML,
/// in forms of either kind.
pub(super) fn masked(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let mut shown = String::with_capacity(text.len());
    let mut at = 0;
    while let Some((from, to)) = next_secret(&lower, at) {
        shown.push_str(&text[at..from]);
        shown.push_str("***");
        at = to;
    }
    shown.push_str(&text[at..]);
    shown
}

/// Whether anything would be masked.
pub(super) fn has_secret(text: &str) -> bool {
    next_secret(&text.to_ascii_lowercase(), 0).is_some()
}

/// Where the value of the next secret begins and ends.
fn next_secret(lower: &str, at: usize) -> Option<(usize, usize)> {
    let found = SECRETS.iter().filter_map(|name| {
        let mut begin = at;
        while let Some(place) = lower[begin..].find(name) {
            let after = begin + place + name.len();
            // A closing tag is followed by no value.
            let before = &lower[..begin + place];
            let is_closing = before.rfind('<').is_some_and(|it| {
                let prefix = before[it..].strip_prefix("</");
                prefix.is_some_and(|it| !it.contains('>'))
            });
            if !is_closing && let Some(value) = value_at(lower, begin + place, after) {
                return Some(value);
            }
            begin = after;
        }
        None
    });
    found.min()
}

/// Where the value of a name that stands from `name` to `after` begins and ends; none when no value
/// follows.
fn value_at(lower: &str, name: usize, after: usize) -> Option<(usize, usize)> {
    let line = lower[..name].rfind('\n').map_or(0, |it| it + 1);
    let value = Some(after).filter(|_| lower[line..name].contains("name="));
    if let Some(value) = value.and_then(|after| part(lower, after)) {
        return Some(value);
    }
    let quote = after + quote(&lower[after..]);
    let sign = spaces(lower, quote);
    let value = |sign: &str| spaces(lower, sign.len() + spaces(lower, quote));
    let rest = &lower[sign..];
    if rest.starts_with(':') {
        return Some(quoted(lower, value(":")).unwrap_or_else(|| {
            let from = value(":");
            match lower[from..].starts_with(['{', '[']) {
                true => (from, lower.len()),
                false => until(lower, from, &[',', '}', ' ', '\r', '\n']),
            }
        }));
    }
    if rest.starts_with('=') {
        let from = value("=");
        return Some(quoted(lower, from).unwrap_or_else(|| until(lower, from, &['&', '\r', '\n'])));
    }
    // An element of XML, perhaps with attributes.
    let is_tag = lower[..name].ends_with(['<', ':']) && rest.starts_with(char::is_alphanumeric);
    match lower[after..].starts_with('>') || is_tag {
        true => {
            let from = after + lower[after..].find('>')? + 1;
            Some(until(lower, from, &['<']))
        }
        false => None,
    }
}

/// How long the quote is with which a text begins, with what escapes it in a string of JSON.
fn quote(text: &str) -> usize {
    let escapes = text.len() - text.trim_start_matches('\\').len();
    match text[escapes..].starts_with('"') {
        true => escapes + 1,
        false => 0,
    }
}

/// What stands in quotes.
fn quoted(lower: &str, from: usize) -> Option<(usize, usize)> {
    let opening = quote(&lower[from..]);
    let escapes = opening.checked_sub(1)?;
    let from = from + opening;
    let mut quotes = lower[from..].match_indices('"');
    let end = quotes.find_map(|(place, _)| {
        let before = &lower[from..from + place];
        let own = before.len() - before.trim_end_matches('\\').len();
        let ends = own == escapes || (escapes == 0 && own.is_multiple_of(2));
        ends.then_some(from + place - escapes)
    });
    Some((from, end.unwrap_or(lower.len())))
}

/// What the part of a form holds whose head goes on at `after`.
fn part(lower: &str, after: usize) -> Option<(usize, usize)> {
    // A value of its own in the head itself is another name's.
    if !lower[after..].starts_with(['"', '\'', '\r', '\n', ';']) {
        return None;
    }
    let mut from = after + lower[after..].find('\n')? + 1;
    loop {
        let end = from + lower[from..].find('\n')? + 1;
        let is_empty = lower[from..end].trim().is_empty();
        from = end;
        if is_empty {
            break;
        }
    }
    let boundary = lower.trim_start().lines().next().unwrap_or_default();
    let boundary = match boundary.starts_with("--") {
        true => boundary.trim_end(),
        false => "--",
    };
    // The line break before the boundary is not the value's, nor is that of the head.
    let length = lower[from - 1..].find(&format!("\n{boundary}"));
    let end = length.map_or(lower.len(), |length| (from - 1 + length).max(from));
    let value = lower[from..end].trim_end_matches('\r');
    Some((from, from + value.len()))
}

fn until(lower: &str, from: usize, ends: &[char]) -> (usize, usize) {
    let length = lower[from..].find(ends);
    (from, length.map_or(lower.len(), |length| from + length))
}

/// Behind the white space at `from`.
fn spaces(lower: &str, from: usize) -> usize {
    lower.len() - lower[from..].trim_start().len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// D-7
    #[test]
    fn what_is_secret_by_its_name_is_masked_in_json() {
        for (text, expected) in [
            (
                r#"{"Password" : "a b", "x":1}"#,
                r#"{"Password" : "***", "x":1}"#,
            ),
            (r#"{"key":12,"token":"t"}"#, r#"{"key":***,"token":"***"}"#),
            (
                r#"{"pass_wd":"a\"b\\","x":1}"#,
                r#"{"pass_wd":"***","x":1}"#,
            ),
            (
                r#"{"body":"{\"pwd\":\"a\\\"b\",\"x\":1}"}"#,
                r#"{"body":"{\"pwd\":\"***\",\"x\":1}"}"#,
            ),
            (r#"{"token":{"value":"t"}}"#, r#"{"token":***"#),
            (r#"{"pwd":"cut off"#, r#"{"pwd":"***"#),
            ("a keyboard", "a keyboard"),
        ] {
            assert_eq!(masked(text), expected);
        }
    }

    /// D-7
    #[test]
    fn what_is_secret_by_its_name_is_masked_in_xml() {
        for (text, expected) in [
            ("<password>x</password>", "<password>***</password>"),
            (
                "<h:password opt=\"wo\">x</h:password><id>1</id>",
                "<h:password opt=\"wo\">***</h:password><id>1</id>",
            ),
        ] {
            assert_eq!(masked(text), expected);
        }
    }

    /// D-7: `pass_wd` is what 臻识 calls it.
    #[test]
    fn what_is_secret_by_its_name_is_masked_in_a_form_in_one_line() {
        for (text, expected) in [
            ("user=a&pwd=b&c=d", "user=a&pwd=***&c=d"),
            ("pass_wd=a;b, c&port=80", "pass_wd=***&port=80"),
            ("pass%5Fwd=a%26b&port=80", "pass%5Fwd=***&port=80"),
            (
                "a.Password = b c\r\na.User=d",
                "a.Password = ***\r\na.User=d",
            ),
        ] {
            assert_eq!(masked(text), expected);
        }
    }

    /// D-7
    #[test]
    fn what_is_secret_by_its_name_is_masked_in_a_form_of_parts() {
        let form = "--X\r\nContent-Disposition: form-data; name=\"pass_wd\"\r\nContent-Type: text/plain\r\n\r\n\
            a\r\n--b\r\n--X\r\nContent-Disposition: form-data; name=\"port\"\r\n\r\n80\r\n--X--";
        let expected = "--X\r\nContent-Disposition: form-data; name=\"pass_wd\"\r\nContent-Type: text/plain\r\n\r\n\
            ***\r\n--X\r\nContent-Disposition: form-data; name=\"port\"\r\n\r\n80\r\n--X--";
        assert_eq!(masked(form), expected);
        for (text, expected) in [
            ("name=\"password\"\r\n\r\nx", "name=\"password\"\r\n\r\n***"),
            ("name=passwd\n\nx\n--X", "name=passwd\n\n***\n--X"),
            (
                "name=\"user_pwd\"\n\n\n--X",
                "name=\"user_pwd\"\n\n***\n--X",
            ),
            (
                "name=\"password\"\r\nContent-",
                "name=\"password\"\r\nContent-",
            ),
            ("name=\"keyboard\"\r\n\r\nx", "name=\"keyboard\"\r\n\r\nx"),
        ] {
            assert_eq!(masked(text), expected);
        }
    }

    proptest! {
        /// D-7: whatever stands before and behind a value, it is not shown.
        #[test]
        fn a_value_is_not_shown_whatever_is_around_it(
            name in prop::sample::select(&["password", "pass_wd", "Passwd", "PWD"][..]),
            value in "[QZ]{4,8}",
            before in "([a-p=&;:\" \r\n]|name=){0,12}",
        ) {
            for text in [
                format!("{{\"{name}\":\"{value}\"}}"),
                format!("\n{name}={value}&x=1"),
                format!("\nname=\"{name}\"\r\n\r\n{value}\r\n--X--"),
            ] {
                let shown = masked(&format!("{before}{text}"));
                prop_assert!(!shown.contains(&value), "{}", shown);
            }
        }

        #[test]
        fn any_text_can_be_masked(text in "(pass_wd|key|name=|[\"':=>< \\\\{}\r\n粤a-]){0,60}") {
            masked(&text);
        }
    }
}
