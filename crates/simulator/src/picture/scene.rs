use std::sync::OnceLock;

use boshi_protocol::plate::Plate;

use super::HEIGHT;
use super::canvas::{Canvas, Paint, Rgb};

/// Body and its shade below; a car keeps its colour because its plate chooses it.
const BODY_COLORS: [(Rgb, Rgb); 6] = [
    ([232, 234, 236], [166, 170, 176]),
    ([186, 191, 198], [120, 126, 134]),
    ([74, 80, 90], [36, 40, 48]),
    ([150, 34, 38], [88, 16, 22]),
    ([38, 66, 112], [18, 34, 64]),
    ([116, 94, 72], [70, 54, 40]),
];

/// One finished scene for each colour: painting one takes about as long as encoding a picture.
static SCENES: [OnceLock<Canvas>; BODY_COLORS.len()] =
    [const { OnceLock::new() }; BODY_COLORS.len()];

/// A lane with a car that faces the camera. Where its plate belongs there is nothing yet.
pub(super) fn with_car_of(plate: Option<&Plate>) -> Canvas {
    let sum: u32 = plate.map_or(0, |plate| plate.as_str().chars().map(u32::from).sum());
    let choice = sum as usize % BODY_COLORS.len();
    SCENES[choice]
        .get_or_init(|| paint(BODY_COLORS[choice]))
        .clone()
}

fn paint(body: (Rgb, Rgb)) -> Canvas {
    let mut canvas = Canvas::new();
    draw_lane(&mut canvas);
    draw_body(&mut canvas, body);
    draw_glass(&mut canvas);
    draw_front(&mut canvas);
    canvas
}

fn draw_lane(canvas: &mut Canvas) {
    canvas.fill_band(0..232, Paint::fading([98, 106, 116], [142, 148, 154]));
    canvas.fill_band(70..92, Paint::solid([91, 115, 136]));
    canvas.fill_band(232..HEIGHT, Paint::fading([84, 88, 92], [54, 57, 60]));
    let line = Paint::solid([224, 226, 222]).opacity(190);
    canvas.fill("M 74 232 H 84 L 30 360 H 2 Z", line);
    canvas.fill("M 566 232 H 556 L 610 360 H 638 Z", line);
    canvas.fill(
        "M 104 318 Q 104 304 320 304 Q 536 304 536 318 Q 536 334 320 334 Q 104 334 104 318 Z",
        Paint::solid([0, 0, 0]).opacity(120),
    );
    let tyre = Paint::fading([20, 20, 22], [36, 36, 38]);
    canvas.fill(
        "M 138 270 H 196 V 316 Q 196 324 188 324 H 146 Q 138 324 138 316 Z",
        tyre,
    );
    canvas.fill(
        "M 444 270 H 502 V 316 Q 502 324 494 324 H 452 Q 444 324 444 316 Z",
        tyre,
    );
}

fn draw_body(canvas: &mut Canvas, (light, dark): (Rgb, Rgb)) {
    let mirror = Paint::fading(light, dark);
    canvas.fill(
        "M 150 100 Q 150 90 162 90 H 182 Q 192 90 192 100 L 196 118 H 158 Z",
        mirror,
    );
    canvas.fill(
        "M 490 100 Q 490 90 478 90 H 458 Q 448 90 448 100 L 444 118 H 482 Z",
        mirror,
    );
    canvas.fill(
        "M 184 126 L 218 56 Q 226 38 248 36 Q 320 30 392 36 Q 414 38 422 56 L 456 126 Z",
        Paint::fading(light, dark),
    );
    canvas.fill(
        "M 124 170 Q 128 138 184 120 Q 320 104 456 120 Q 512 138 516 170 L 522 270 \
         Q 522 306 500 308 H 140 Q 118 306 118 270 Z",
        Paint::fading(light, dark),
    );
    let crease = Paint::solid([0, 0, 0]).opacity(50);
    canvas.fill("M 214 124 L 236 158 L 232 158 L 208 125 Z", crease);
    canvas.fill("M 426 124 L 404 158 L 408 158 L 432 125 Z", crease);
    canvas.fill(
        "M 136 164 Q 320 142 504 164 L 504 167 Q 320 146 136 167 Z",
        crease,
    );
}

fn draw_glass(canvas: &mut Canvas) {
    canvas.fill(
        "M 206 114 L 234 60 Q 240 49 254 48 Q 320 43 386 48 Q 400 49 406 60 L 434 114 \
         Q 320 102 206 114 Z",
        Paint::fading([58, 72, 84], [20, 26, 32]),
    );
    let reflection = Paint::solid([255, 255, 255]).opacity(34);
    canvas.fill("M 262 48 L 300 46 L 258 107 L 214 112 Z", reflection);
    canvas.fill("M 312 46 L 326 46 L 288 105 L 272 106 Z", reflection);
}

fn draw_front(canvas: &mut Canvas) {
    let lamp = Paint::fading([250, 252, 255], [176, 190, 204]);
    let socket = Paint::solid([24, 26, 30]);
    canvas.fill(
        "M 130 176 Q 176 166 232 182 L 222 206 Q 174 210 132 202 Z",
        socket,
    );
    canvas.fill(
        "M 510 176 Q 464 166 408 182 L 418 206 Q 466 210 508 202 Z",
        socket,
    );
    canvas.fill(
        "M 136 180 Q 174 172 224 186 L 217 201 Q 174 204 138 197 Z",
        lamp,
    );
    canvas.fill(
        "M 504 180 Q 466 172 416 186 L 423 201 Q 466 204 502 197 Z",
        lamp,
    );

    canvas.fill("M 240 178 H 400 L 390 208 H 250 Z", socket);
    let bar = Paint::solid([150, 156, 162]);
    canvas.fill("M 244 185 H 396 V 187 H 244 Z", bar);
    canvas.fill("M 247 193 H 393 V 195 H 247 Z", bar);
    canvas.fill("M 249 201 H 391 V 203 H 249 Z", bar);
    canvas.fill(
        "M 320 182 L 333 193 L 320 204 L 307 193 Z",
        Paint::solid([222, 226, 230]),
    );

    let intake = Paint::solid([22, 23, 26]);
    canvas.fill("M 136 238 H 192 L 196 270 H 140 Z", intake);
    canvas.fill("M 504 238 H 448 L 444 270 H 500 Z", intake);
    canvas.fill("M 154 247 H 178 V 261 H 154 Z", lamp);
    canvas.fill("M 486 247 H 462 V 261 H 486 Z", lamp);
    canvas.fill(
        "M 128 294 H 512 Q 512 306 500 308 H 140 Q 128 306 128 294 Z",
        intake,
    );
}
