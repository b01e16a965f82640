//! What is forgiven, what is not, and how it is said.

use serde_json::{Value, json};

use super::*;

fn with<T>(object: &Value, tolerance: Tolerance, read: impl FnOnce(&Fields<'_>) -> T) -> T {
    let object = object.as_object().unwrap().into();
    read(&Fields::new(&object, tolerance))
}

/// D-3
#[test]
fn a_text_may_be_a_number_unless_strict() {
    let object = json!({"deviceNo": 12});
    let tolerant = with(&object, Tolerance::Tolerant, |fields| {
        fields.text("deviceNo").unwrap().into_owned()
    });
    assert_eq!(tolerant, "12");
    assert!(with(&object, Tolerance::Strict, |fields| fields
        .text("deviceNo")
        .is_err()));
}

/// D-3
#[test]
fn an_error_names_the_field_what_came_and_what_was_expected() {
    let object = json!({"pageSize": "abc", "deviceNo": ["x"], "long": "长".repeat(500)});
    with(&object, Tolerance::Tolerant, |fields| {
        let error = fields.optional_integer("pageSize", 1..=100).unwrap_err();
        assert_eq!(
            error.to_string(),
            "字段 pageSize 收到 \"abc\"，应为 1 到 100 的整数"
        );
        let error = fields.text("deviceNo").unwrap_err();
        assert_eq!(error.to_string(), "字段 deviceNo 收到 [\"x\"]，应为文本");
        let error = fields.text("uuid").unwrap_err();
        assert_eq!(error.to_string(), "缺少字段 uuid，应为文本");
        let error = fields.time("long").unwrap_err().to_string();
        assert!(error.chars().count() < 120, "{error}");
    });
}

/// D-3
#[test]
fn an_unknown_field_is_named_when_strict_and_ignored_otherwise() {
    let object = json!({"known": "1", "stranger": 2});
    let finish = |fields: &Fields<'_>| {
        fields.text("known").unwrap();
        fields.finish()
    };
    assert!(with(&object, Tolerance::Tolerant, finish).is_ok());
    let error = with(&object, Tolerance::Strict, finish).unwrap_err();
    assert_eq!(error.field(), "stranger");
}

#[test]
fn a_null_and_an_empty_text_are_as_absent_where_the_field_may_be_left_out() {
    for object in [json!({}), json!({"endTime": null}), json!({"endTime": ""})] {
        let time = with(&object, Tolerance::Strict, |fields| {
            fields.optional_time("endTime")
        });
        assert_eq!(time, Ok(None));
    }
}

proptest::proptest! {
    /// D-3: what strict accepts, tolerant accepts equally.
    #[test]
    fn tolerant_reading_agrees_with_strict_reading_where_that_succeeds(
        number: i64, text in "\\PC{0,20}", quoted: bool,
    ) {
        let value = if quoted { json!(text) } else { json!(number) };
        let object = json!({"field": value});
        let read = |fields: &Fields<'_>| {
            (
                fields.optional_integer("field", i64::MIN..=i64::MAX).ok(),
                fields.text("field").map(std::borrow::Cow::into_owned).ok(),
            )
        };
        let (strict_number, strict_text) = with(&object, Tolerance::Strict, read);
        let (number, text) = with(&object, Tolerance::Tolerant, read);
        proptest::prop_assert!(strict_number.is_none() || strict_number == number);
        proptest::prop_assert!(strict_text.is_none() || strict_text == text);
    }
}

/// D-3
#[test]
fn a_truth_value_may_be_a_text_unless_strict() {
    for (value, tolerant, strict) in [
        (json!(true), Some(Some(true)), Some(Some(true))),
        (json!(false), Some(Some(false)), Some(Some(false))),
        (json!("true"), Some(Some(true)), None),
        (json!(" false "), Some(Some(false)), None),
        (json!(""), Some(None), None),
        (json!(null), Some(None), Some(None)),
        (json!("yes"), None, None),
        (json!(1), None, None),
    ] {
        let object = json!({ "field": value });
        let object = object.as_object().unwrap().into();
        let read = |tolerance| Fields::new(&object, tolerance).optional_truth("field").ok();
        assert_eq!(read(Tolerance::Tolerant), tolerant, "{object:?}");
        assert_eq!(read(Tolerance::Strict), strict, "{object:?}");
    }
}
