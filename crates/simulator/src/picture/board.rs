use boshi_protocol::plate::{Plate, PlateColor, PlateKind};

use super::canvas::{Canvas, Paint, Rgb};
use super::lettering::{Frame, Lettering};

/// Where the plate is, larger than on a real car so that it can be read in a thumbnail.
const BOARD: Frame = Frame {
    left: 206.0,
    top: 218.0,
    width: 228.0,
    height: 72.0,
};

/// Between the edge of the board and its characters, in pixels.
const MARGIN: (f32, f32) = (12.0, 12.0);

/// Between two characters, in pixels.
const GAP: f32 = 5.0;

/// Extra room for the dot after the place of registration, in pixels.
const DOT_ROOM: f32 = 9.0;

const DOT_RADIUS: f32 = 3.0;

/// Half as wide as high, as on real plates.
const WIDEST_CHARACTER: f32 = 25.0;

const BLACK: Rgb = [18, 18, 20];
const WHITE: Rgb = [245, 246, 247];
const RED: Rgb = [208, 24, 28];
const BLUE: Rgb = [22, 72, 176];
const YELLOW: Rgb = [244, 184, 16];
const GREEN: Rgb = [46, 172, 96];
const PALE_GREEN: Rgb = [226, 244, 232];
const GREY: Rgb = [186, 188, 184];
const HOLDER: Rgb = [44, 46, 50];

/// The plate in its colours; an empty holder with the word 无牌车 if there is none.
pub(super) fn draw(
    canvas: &mut Canvas,
    lettering: &mut Lettering,
    plate: Option<&Plate>,
    color: PlateColor,
) {
    let Some(plate) = plate else {
        canvas.fill(rounded(BOARD, 6.0).as_str(), Paint::solid(HOLDER));
        lettering.write(
            canvas,
            "无牌车",
            (276.0, 264.0),
            29.0,
            Paint::solid([128, 131, 136]),
        );
        return;
    };
    canvas.fill(
        rounded(grown(BOARD, 3.0), 8.0).as_str(),
        Paint::solid(HOLDER),
    );
    canvas.fill(rounded(BOARD, 6.0).as_str(), ground(plate.kind(), color));
    if plate.kind() == PlateKind::NewEnergyLarge && color == PlateColor::Green {
        let left = Frame {
            width: 70.0,
            ..BOARD
        };
        canvas.fill(rounded(left, 6.0).as_str(), Paint::solid(YELLOW));
    }
    draw_border(canvas, ink(plate.kind(), color));
    draw_characters(canvas, lettering, plate, color);
}

fn ground(kind: PlateKind, color: PlateColor) -> Paint {
    match color {
        PlateColor::Blue => Paint::solid(BLUE),
        PlateColor::Yellow => Paint::solid(YELLOW),
        PlateColor::Black => Paint::solid(BLACK),
        PlateColor::White => Paint::solid(WHITE),
        PlateColor::Green if kind == PlateKind::NewEnergySmall => Paint::fading(PALE_GREEN, GREEN),
        PlateColor::Green => Paint::solid(GREEN),
        PlateColor::Other => Paint::solid(GREY),
    }
}

fn ink(kind: PlateKind, color: PlateColor) -> Rgb {
    match color {
        PlateColor::Blue | PlateColor::Black => WHITE,
        PlateColor::Green if kind == PlateKind::CivilAviation => WHITE,
        PlateColor::Yellow | PlateColor::White | PlateColor::Green | PlateColor::Other => BLACK,
    }
}

/// Characters that are red on white and black plates.
fn is_red(kind: PlateKind, color: PlateColor, position: usize, c: char) -> bool {
    match (color, kind) {
        (PlateColor::White, PlateKind::Military | PlateKind::ArmedPolice) => position < 2,
        (PlateColor::White, PlateKind::Police | PlateKind::Emergency) => "警应急".contains(c),
        (PlateColor::Black, PlateKind::Embassy | PlateKind::Consulate) => "使领".contains(c),
        _ => false,
    }
}

/// After how many characters there is a dot, for the kinds that have one.
fn dot_after(kind: PlateKind) -> Option<usize> {
    match kind {
        PlateKind::Embassy => Some(3),
        PlateKind::Unknown | PlateKind::Emergency => None,
        PlateKind::Ordinary
        | PlateKind::NewEnergySmall
        | PlateKind::NewEnergyLarge
        | PlateKind::Trainer
        | PlateKind::Trailer
        | PlateKind::Police
        | PlateKind::ArmedPolice
        | PlateKind::Military
        | PlateKind::Consulate
        | PlateKind::HongKongMacau
        | PlateKind::CivilAviation => Some(2),
    }
}

fn draw_border(canvas: &mut Canvas, ink: Rgb) {
    let paint = Paint::solid(ink);
    let Frame {
        left,
        top,
        width,
        height,
    } = grown(BOARD, -4.0);
    for (left, top, width, height) in [
        (left, top, width, 2.0),
        (left, top + height - 2.0, width, 2.0),
        (left, top, 2.0, height),
        (left + width - 2.0, top, 2.0, height),
    ] {
        canvas.fill(
            rounded(
                Frame {
                    left,
                    top,
                    width,
                    height,
                },
                1.0,
            )
            .as_str(),
            paint,
        );
    }
}

fn draw_characters(
    canvas: &mut Canvas,
    lettering: &mut Lettering,
    plate: &Plate,
    color: PlateColor,
) {
    let kind = plate.kind();
    let dot_after = dot_after(kind);
    let dot_room = if dot_after.is_some() { DOT_ROOM } else { 0.0 };
    let count = f32::from(u8::try_from(plate.as_str().chars().count()).unwrap_or(u8::MAX));
    let room = BOARD.width - 2.0 * MARGIN.0 - dot_room;
    let width = ((room + GAP) / count - GAP).min(WIDEST_CHARACTER);
    let used = (width + GAP) * count - GAP + dot_room;
    let mut frame = Frame {
        left: BOARD.left + (BOARD.width - used) / 2.0,
        top: BOARD.top + MARGIN.1,
        width,
        height: BOARD.height - 2.0 * MARGIN.1,
    };
    for (position, c) in plate.as_str().chars().enumerate() {
        if dot_after == Some(position) {
            let center = (
                frame.left + (DOT_ROOM - GAP) / 2.0,
                BOARD.top + BOARD.height / 2.0,
            );
            draw_dot(canvas, center, Paint::solid(ink(kind, color)));
            frame.left += DOT_ROOM;
        }
        let red = is_red(kind, color, position, c);
        let paint = Paint::solid(if red { RED } else { ink(kind, color) });
        lettering.stamp(canvas, c, frame, paint);
        frame.left += width + GAP;
    }
}

fn draw_dot(canvas: &mut Canvas, (x, y): (f32, f32), paint: Paint) {
    let dot = Frame {
        left: x - DOT_RADIUS,
        top: y - DOT_RADIUS,
        width: 2.0 * DOT_RADIUS,
        height: 2.0 * DOT_RADIUS,
    };
    canvas.fill(rounded(dot, DOT_RADIUS).as_str(), paint);
}

fn grown(frame: Frame, by: f32) -> Frame {
    Frame {
        left: frame.left - by,
        top: frame.top - by,
        width: frame.width + 2.0 * by,
        height: frame.height + 2.0 * by,
    }
}

/// The outline of a box with round corners, in the notation of SVG.
fn rounded(
    Frame {
        left,
        top,
        width,
        height,
    }: Frame,
    radius: f32,
) -> String {
    let (right, bottom) = (left + width, top + height);
    let (x1, x2, y1, y2) = (left + radius, right - radius, top + radius, bottom - radius);
    format!(
        "M {x1},{top} L {x2},{top} Q {right},{top} {right},{y1} L {right},{y2} \
         Q {right},{bottom} {x2},{bottom} L {x1},{bottom} Q {left},{bottom} {left},{y2} \
         L {left},{y1} Q {left},{top} {x1},{top} Z"
    )
}
