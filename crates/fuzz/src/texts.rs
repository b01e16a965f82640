//! Single texts: tokens, times, plates, amounts, places in lists, tables, addresses.

use boshi_platform::addresses::Addresses;
use boshi_platform::csv;
use boshi_protocol::code::Money;
use boshi_protocol::id::AppId;
use boshi_protocol::plate::Plate;
use boshi_protocol::time::WireTime;
use boshi_protocol::token::Credentials;

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

/// Time and token in two lines: only the token that we would sign with is one (T-6).
pub(crate) fn token(bytes: &[u8]) {
    let Some((time, token)) = text(bytes).and_then(|text| text.split_once('\n')) else {
        return;
    };
    let app = AppId::new("99848791").expect("a sound id");
    let credentials = Credentials::new(app, "eV7spoA0rr7EyjGuJxQFOa3Vs5wvcRUo".to_owned().into());
    let ours = credentials.sign(time);
    assert!(credentials.verify(time, &ours));
    assert_eq!(credentials.verify(time, token), token == ours);
}

/// What is read as a time is written as the same (T-5).
pub(crate) fn time(bytes: &[u8]) {
    if let Some(Ok(time)) = text(bytes).map(WireTime::parse) {
        let written = time.to_string();
        assert_eq!(written.len(), 17, "{written}");
        assert_eq!(WireTime::parse(&written), Ok(time), "{written}");
    }
}

/// What is read as a plate is a plate as it stands, and has a kind.
pub(crate) fn plate(bytes: &[u8]) {
    if let Some(Ok(Some(plate))) = text(bytes).map(Plate::read) {
        let _ = plate.kind();
        let again = Plate::read(plate.as_str());
        assert_eq!(again, Ok(Some(plate)));
    }
}

/// What is read as an amount is written with two decimals, and read as the same (PAY-1).
pub(crate) fn money(bytes: &[u8]) {
    if let Some(money) = text(bytes).and_then(Money::parse_yuan) {
        let written = money.to_string();
        assert_eq!(Money::parse_yuan(&written), Some(money), "{written}");
    }
}

/// A place in a list is the same place again.
pub(crate) fn cursor(bytes: &[u8]) {
    if let Some(place) = text(bytes).and_then(boshi_platform::fuzzed::cursor) {
        assert_eq!(
            boshi_platform::fuzzed::cursor(&place).as_ref(),
            Some(&place)
        );
    }
}

/// A table that was read and written has the same cells.
pub(crate) fn table(bytes: &[u8]) {
    let Some(Ok(records)) = text(bytes).map(csv::read) else {
        return;
    };
    for record in records {
        let line = csv::write(record.cells.iter().map(String::as_str));
        // Below a heading, as in every table of ours.
        let again = csv::read(&format!("heading\r\n{line}"));
        let again = again.expect("what we write has no open quote");
        let cells = again.get(1).map(|record| record.cells.len());
        assert_eq!(cells, Some(record.cells.len()), "{line:?}");
    }
}

/// Networks that were read are written and read as the same.
pub(crate) fn addresses(bytes: &[u8]) {
    let Some(Ok(addresses)) = text(bytes).map(Addresses::parse) else {
        return;
    };
    let texts: Vec<String> = addresses.texts().collect();
    let again = Addresses::of(texts.iter().map(String::as_str));
    let again: Vec<String> = again.expect("what we write").texts().collect();
    assert_eq!(again, texts);
}
