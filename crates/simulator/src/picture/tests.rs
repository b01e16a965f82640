use std::collections::BTreeSet;

use boshi_protocol::plate::PROVINCES;

use super::*;

const CAPTION: &str = "东门入口01道 2026-01-31 08:00:00";

fn plate(text: &str) -> Plate {
    Plate::read(text).unwrap().unwrap()
}

fn picture(text: &str) -> Vec<u8> {
    let plate = plate(text);
    render(Some(&plate), plate.kind().usual_color(), CAPTION)
}

/// Height and width that the frame header of a JPEG states.
fn stated_size(jpeg: &[u8]) -> (u16, u16) {
    let baseline_frame = jpeg
        .windows(2)
        .position(|marker| marker == [0xFF, 0xC0])
        .unwrap();
    let header = &jpeg[baseline_frame + 5..];
    (
        u16::from_be_bytes([header[0], header[1]]),
        u16::from_be_bytes([header[2], header[3]]),
    )
}

#[test]
fn a_picture_is_a_complete_jpeg_of_the_stated_size() {
    for jpeg in [picture("粤B12345"), render(None, PlateColor::Other, "")] {
        assert!(jpeg.starts_with(&[0xFF, 0xD8, 0xFF]));
        assert!(jpeg.ends_with(&[0xFF, 0xD9]));
        assert_eq!(stated_size(&jpeg), (HEIGHT, WIDTH));
        assert!(
            (10_000..60_000).contains(&jpeg.len()),
            "{} bytes",
            jpeg.len()
        );
    }
}

#[test]
fn every_picture_says_that_it_is_simulated() {
    let plate = plate("粤B12345");
    for plate in [Some(&plate), None] {
        let canvas = drawn(plate, PlateColor::Blue, CAPTION);
        let rows: Vec<&[u8]> = canvas.rgb().chunks(usize::from(WIDTH) * 3).collect();
        let inside_the_frame = rows[22..62].iter().map(|row| &row[522 * 3..618 * 3]);
        let pixels: Vec<&[u8]> = inside_the_frame.flat_map(|row| row.chunks(3)).collect();
        let red = pixels.iter().filter(|pixel| **pixel == MARK_RED).count();
        let white = pixels.iter().filter(|pixel| **pixel == [255; 3]).count();
        assert!(
            (500..1_500).contains(&red),
            "{red} red pixels of {}",
            pixels.len()
        );
        assert!(white > 1_500, "{white} white pixels of {}", pixels.len());
    }
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    assert_eq!(picture("沪AD12345"), picture("沪AD12345"));
}

#[test]
fn plate_colour_and_caption_each_change_the_picture() {
    let one = plate("粤B12345");
    let pictures = BTreeSet::from([
        render(Some(&one), PlateColor::Blue, CAPTION),
        render(Some(&one), PlateColor::Yellow, CAPTION),
        render(
            Some(&one),
            PlateColor::Blue,
            "西门出口02道 2026-01-31 08:00:00",
        ),
        // The same sum of characters, hence the same car: only the plate differs.
        render(Some(&plate("粤B12354")), PlateColor::Blue, CAPTION),
        render(None, PlateColor::Other, CAPTION),
    ]);
    assert_eq!(pictures.len(), 5);
}

#[test]
fn the_font_has_every_character_of_plates_and_captions() {
    let lettering = Lettering::new();
    let ascii: String = ('!'..='~').collect();
    let words = "警学港澳挂使领应急民航临模拟无牌车入口出道门东西南北年月日：（）·";
    for c in PROVINCES.chars().chain(ascii.chars()).chain(words.chars()) {
        assert_ne!(lettering.glyph(c), 0, "{c}");
    }
    assert_eq!(lettering.glyph('猫'), 0);
}

#[test]
fn every_character_of_the_font_leaves_a_mark_of_its_own() {
    let mut lettering = Lettering::new();
    let mut drawn = BTreeSet::new();
    let characters =
        format!("{PROVINCES}0123456789ABCDEFGHJKLMNPQRSTUVWXYZ警学港澳挂使领应急民航猫");
    for c in characters.chars() {
        let mut canvas = Canvas::new();
        let frame = lettering::Frame {
            left: 10.0,
            top: 10.0,
            width: 25.0,
            height: 48.0,
        };
        lettering.stamp(&mut canvas, c, frame, Paint::solid([255, 255, 255]));
        assert!(drawn.insert(canvas.rgb().to_vec()), "{c}");
    }
    assert!(!drawn.contains(Canvas::new().rgb()));
}

#[test]
fn what_does_not_fit_is_cut_off() {
    let full = "车".repeat(100);
    let longer = "车".repeat(1_000);
    let render_caption = |caption: &str| render(None, PlateColor::Other, caption);
    assert_eq!(render_caption(&full), render_caption(&longer));

    let mut canvas = Canvas::new();
    canvas.fill("M -50 -50 H 1000 V 1000 H -50 Z", Paint::solid([1, 2, 3]));
    assert!(canvas.rgb().chunks(3).all(|pixel| pixel == [1, 2, 3]));
    canvas.fill("M 700 400 H 800 V 500 H 700 Z", Paint::solid([9, 9, 9]));
    canvas.fill("M -90 -90 H -10 V -10 H -90 Z", Paint::solid([9, 9, 9]));
    assert!(canvas.rgb().chunks(3).all(|pixel| pixel == [1, 2, 3]));
}

#[test]
fn strange_plates_and_captions_are_drawn_too() {
    let strange = [
        "🚗🚗🚗",
        "ABCDEFGHIJKLMNOP",
        "粤B1234?",
        "\u{301}",
        "1",
        "\"'`",
    ];
    for text in strange {
        for color in PlateColor::ALL {
            let jpeg = render(Some(&plate(text)), color, "🚗\n\u{301}\0");
            assert_eq!(stated_size(&jpeg), (HEIGHT, WIDTH));
        }
    }
}
