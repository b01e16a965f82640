use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

fn plate(text: &str) -> Plate {
    Plate::read(text).unwrap().unwrap()
}

#[test]
fn every_kind_of_ga_36_is_known_by_its_text() {
    use PlateKind::*;
    let table = [
        ("粤B12345", Ordinary),
        ("京A12345", Ordinary),
        ("琼ABCDEF", Ordinary),
        ("沪AD12345", NewEnergySmall),
        ("沪AKZ2345", NewEnergySmall),
        ("粤B12345D", NewEnergyLarge),
        ("粤B12345K", NewEnergyLarge),
        ("粤B1234学", Trainer),
        ("粤B1234挂", Trailer),
        ("京A1234警", Police),
        ("WJ粤1234X", ArmedPolice),
        ("WJ粤12345", ArmedPolice),
        ("WJ12345", ArmedPolice),
        ("VA12345", Military),
        ("使123456", Embassy),
        ("123456使", Embassy),
        ("沪A1234领", Consulate),
        ("粤Z1234港", HongKongMacau),
        ("粤Z1234澳", HongKongMacau),
        ("民航A1234", CivilAviation),
        ("粤X1234应急", Emergency),
        ("粤S1234应急", Emergency),
    ];
    for (text, kind) in table {
        let plate = plate(text);
        assert_eq!((plate.as_str(), plate.kind()), (text, kind));
    }
}

#[test]
fn every_province_has_ordinary_plates() {
    assert_eq!(PROVINCES.chars().collect::<BTreeSet<_>>().len(), 31);
    for province in PROVINCES.chars() {
        assert_eq!(
            plate(&format!("{province}A12345")).kind(),
            PlateKind::Ordinary
        );
    }
}

#[test]
fn a_text_that_fits_no_pattern_is_a_plate_and_is_not_repaired() {
    let table = [
        "粤BO1234",
        "粤B1234I",
        "粤O12345",
        "粤B1234",
        "粤B123456",
        "沪AL12345",
        "粤B12345L",
        "台A12345",
        "粤A1234港",
        "京Z1234澳",
        "粤A1234应急",
        "粤X1234急应",
        "12345使",
        "使123456使",
        "民航123456",
        "WJ粤粤1234X",
        "V12345",
        "京12345",
        "临A12345",
        "FV 4567 X",
        "粤B1234?",
        "🚗",
        "警",
        "0",
    ];
    for text in table {
        let plate = plate(text);
        assert_eq!(plate.as_str(), text.replace(' ', ""));
        assert_eq!(plate.kind(), PlateKind::Unknown, "{text}");
    }
}

#[test]
fn one_plate_written_in_many_ways_is_one_plate() {
    let table = [
        "粤B·12345",
        "粤B•12345",
        "粤B・12345",
        "粤B･12345",
        "粤B˙12345",
        "粤B●12345",
        "粤B.12345",
        "粤B．12345",
        "粤B…12345",
        "粤-B-12345",
        "粤B–12345",
        "粤B－12345",
        "粤_B_12345",
        "  粤 B 12 345\u{3000}",
        "粤\u{a0}B12345",
        "粤b12345",
        "粤ｂ１２３４５",
        "粤Ⓑ①②③④⑤",
        "粤𝐁12345",
        "\u{feff}粤B12345",
        "粤\u{200b}B\u{200d}12345\u{200e}",
        "粤B12345\u{fe0f}",
        "\u{202e}粤B12345\u{202c}",
    ];
    for text in table {
        assert_eq!(plate(text).as_str(), "粤B12345", "{text:?}");
    }
}

/// OPEN-3
#[test]
fn plates_match_when_their_normalised_texts_are_equal_and_only_then() {
    assert_eq!(plate("粤b·12345"), plate("粤Ｂ12345"));
    for other in [
        "粤B12346",
        "粤8I2345",
        "粤BI2345",
        "B12345",
        "12345",
        "粤B12345D",
        "京B12345",
    ] {
        assert_ne!(plate("粤B12345"), plate(other));
    }
    assert_ne!(plate("粤B0D000"), plate("粤BOD000"));
    assert_ne!(plate("使123456"), plate("123456使"));
}

/// OPEN-5
#[test]
fn an_empty_text_and_the_words_for_no_plate_are_no_plate() {
    let table = [
        "",
        " ",
        "\u{3000}",
        "·",
        "--",
        "_",
        "\u{feff}",
        "_无_",
        "无",
        "无牌车",
        " 无牌车 ",
        "无车牌",
        "车牌未识别",
        "未知",
        "unknown",
        "Unknown",
        "ＵＮＫＮＯＷＮ",
        "No Plate",
        "NoPlate",
        "no_plate",
        "000000",
    ];
    for text in table {
        assert_eq!(Plate::read(text), Ok(None), "{text:?}");
    }
    assert_eq!(plate("0000000").as_str(), "0000000");
    assert_eq!(plate("无牌车1").as_str(), "无牌车1");
}

#[test]
fn combining_marks_compose_whatever_stood_between() {
    assert_eq!(plate("a\u{301}1").as_str(), "Á1");
    assert_eq!(plate("A-\u{301}1").as_str(), "Á1");
    assert_eq!(plate("\u{301}").as_str(), "\u{301}");
    assert_eq!(plate("straße").as_str(), "STRASSE");
}

#[test]
fn a_text_longer_than_the_bound_is_refused_and_shown_only_in_part() {
    assert_eq!(plate(&"A".repeat(16)).as_str(), "A".repeat(16));
    assert_eq!(plate(&"A-".repeat(16)).as_str(), "A".repeat(16));
    let error = Plate::read(&"A".repeat(17)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "车牌过长：收到“AAAAAAAAAAAAAAAAA”，共 17 个字符，最多 16 个"
    );

    let error = Plate::read(&"粤".repeat(10_000)).unwrap_err();
    assert!(error.to_string().contains("共 10000 个字符"), "{error}");
    assert!(error.to_string().contains("粤…”"), "{error}");
    assert!(error.to_string().chars().count() < 80, "{error}");

    // NFKC spells out each of these as fifteen letters and three spaces.
    assert!(matches!(
        Plate::read("\u{fdfa}\u{fdfa}"),
        Err(PlateError::TooLong { .. })
    ));
    let marks = format!("A{}", "\u{301}".repeat(10_000));
    assert!(matches!(
        Plate::read(&marks),
        Err(PlateError::TooLong { .. })
    ));
    assert_eq!(Plate::read(&"·".repeat(10_000)), Ok(None));
}

#[test]
fn a_control_character_is_refused_and_named() {
    let error = Plate::read("粤B12\u{7}345").unwrap_err();
    assert_eq!(
        error.to_string(),
        "车牌含有控制字符 U+0007：收到“粤B12\\u{7}345”，应只有文字、字母和数字"
    );
    for text in [
        "\0",
        "粤B12345\n",
        "\t粤B12345",
        "粤B12345\0\0",
        "\u{7f}",
        "\u{85}",
        "无牌车\r",
    ] {
        let error = Plate::read(text).unwrap_err();
        assert!(
            matches!(error, PlateError::ControlCharacter { .. }),
            "{text:?}"
        );
        assert!(
            !error.to_string().chars().any(char::is_control),
            "{error:?}"
        );
    }
}

#[test]
fn plates_print_their_text_and_sort_by_it() {
    assert_eq!(plate("粤b·12345").to_string(), "粤B12345");
    assert_eq!(format!("[{:<9}]", plate("粤B12345")), "[粤B12345  ]");
    assert_eq!(format!("{:?}", plate("粤B12345")), r#"Plate("粤B12345")"#);
    assert!(plate("A2") < plate("B1"));
}

#[test]
fn kinds_have_their_usual_colour() {
    let table = [
        ("粤B12345", PlateColor::Blue),
        ("粤B1234学", PlateColor::Yellow),
        ("粤B1234挂", PlateColor::Yellow),
        ("沪AD12345", PlateColor::Green),
        ("粤B12345D", PlateColor::Green),
        ("民航A1234", PlateColor::Green),
        ("京A1234警", PlateColor::White),
        ("WJ粤1234X", PlateColor::White),
        ("VA12345", PlateColor::White),
        ("粤X1234应急", PlateColor::White),
        ("123456使", PlateColor::Black),
        ("沪A1234领", PlateColor::Black),
        ("粤Z1234港", PlateColor::Black),
        ("FV4567X", PlateColor::Other),
    ];
    for (text, color) in table {
        assert_eq!(plate(text).kind().usual_color(), color, "{text}");
    }
}

#[test]
fn colours_are_read_from_the_words_of_the_standard_only() {
    let words = ["blue", "yellow", "black", "white", "green", "other"];
    assert_eq!(PlateColor::ALL.map(PlateColor::as_str), words);
    for color in PlateColor::ALL {
        assert_eq!(PlateColor::parse(color.as_str()), Some(color));
        assert_eq!(color.to_string(), color.as_str());
    }
    for word in ["", "Blue", " blue", "蓝", "red", "0"] {
        assert_eq!(PlateColor::parse(word), None, "{word}");
    }
}

#[test]
fn an_unknown_colour_is_guessed_for_new_energy_only() {
    let (blue, other) = (Some(PlateColor::Blue), Some(PlateColor::Other));
    let table = [
        (None, Some("沪AD12345"), PlateColor::Green),
        (None, Some("粤B12345D"), PlateColor::Green),
        (other, Some("粤B12345D"), PlateColor::Green),
        (blue, Some("沪AD12345"), PlateColor::Blue),
        (None, Some("粤B12345"), PlateColor::Other),
        (other, Some("粤B12345"), PlateColor::Other),
        (blue, Some("粤B12345"), PlateColor::Blue),
        (None, Some("民航A1234"), PlateColor::Other),
        (blue, None, PlateColor::Other),
        (None, None, PlateColor::Other),
    ];
    for (seen, text, expected) in table {
        let plate = text.map(plate);
        assert_eq!(
            PlateColor::or_guessed_from(seen, plate.as_ref()),
            expected,
            "{seen:?} {text:?}"
        );
    }
}

fn assert_reads_itself(text: &str) {
    let Ok(Some(plate)) = Plate::read(text) else {
        return;
    };
    assert!(!plate.as_str().is_empty());
    assert!(plate.as_str().chars().count() <= MAX_PLATE_CHARS);
    assert!(
        !plate
            .as_str()
            .chars()
            .any(|c| c.is_control() || c.is_whitespace())
    );
    if plate.as_str().chars().count() > 8 {
        assert_eq!(plate.kind(), PlateKind::Unknown);
    }
    assert_eq!(Plate::read(plate.as_str()), Ok(Some(plate)), "{text:?}");
}

#[test]
fn every_single_character_reads_as_what_it_reads_as() {
    // The planes above have rare ideographs and unassigned characters only.
    for c in '\0'..='\u{1FFFF}' {
        assert_reads_itself(c.encode_utf8(&mut [0; 4]));
    }
}

proptest! {
    #[test]
    fn reading_what_was_read_changes_nothing(text in any::<String>()) {
        assert_reads_itself(&text);
    }

    #[test]
    fn reading_what_was_read_changes_nothing_near_plates(
        text in "[京粤WJDOa-z0-9０-９·._ 警使应急\u{301}\u{345}\u{390}ßŉ˙ｱﾞ가\u{11a8}]{0,18}",
    ) {
        assert_reads_itself(&text);
    }
}

proptest::proptest! {
    /// What is taken as it came is what going through Unicode's rules makes of it.
    #[test]
    fn a_plate_of_ideographs_capitals_and_digits_is_left_as_it_is(
        text in "[\u{4e00}-\u{9fff}A-Z0-9]{0,16}",
    ) {
        proptest::prop_assert_eq!(by_unicode(&text), text);
    }
}
