//! Pictures as a recognizer would take them: the front of a car with its plate, marked 模拟.
//!
//! The same plate, colour and caption always give the same bytes.

mod board;
mod canvas;
mod lettering;
mod scene;
#[cfg(test)]
mod tests;

use boshi_protocol::plate::{Plate, PlateColor};
use jpeg_encoder::{ColorType, Encoder};

use self::canvas::{Canvas, Paint, Rgb};
use self::lettering::Lettering;

/// Width of every picture, in pixels.
pub const WIDTH: u16 = 640;

/// Height of every picture, in pixels.
pub const HEIGHT: u16 = 360;

/// JPEG quality, of 100: a plate is sharp and a picture about 30 kB.
const QUALITY: u8 = 85;

/// The word 模拟 and its frame.
const MARK_RED: Rgb = [196, 30, 36];

/// A JPEG picture of a car with this plate, or of one without.
///
/// The caption is printed at the bottom, cut off where the picture ends: lane and time, for example
/// `东门入口01道 2026-01-31 08:00:00`. Characters that the embedded font lacks become a box.
#[must_use]
pub fn render(plate: Option<&Plate>, color: PlateColor, caption: &str) -> Vec<u8> {
    encoded(&drawn(plate, color, caption))
}

fn drawn(plate: Option<&Plate>, color: PlateColor, caption: &str) -> Canvas {
    let mut canvas = scene::with_car_of(plate);
    let mut lettering = Lettering::new();
    board::draw(&mut canvas, &mut lettering, plate, color);
    mark_as_simulated(&mut canvas, &mut lettering);
    print_caption(&mut canvas, &mut lettering, caption);
    canvas
}

fn mark_as_simulated(canvas: &mut Canvas, lettering: &mut Lettering) {
    let red = Paint::solid(MARK_RED);
    canvas.fill("M 516 16 H 624 V 68 H 516 Z", red);
    canvas.fill("M 520 20 H 620 V 64 H 520 Z", Paint::solid([255, 255, 255]));
    lettering.write(canvas, "模拟", (529.0, 57.0), 41.0, red);
}

fn print_caption(canvas: &mut Canvas, lettering: &mut Lettering, caption: &str) {
    canvas.fill_band(328..HEIGHT, Paint::solid([22, 24, 26]));
    let white = Paint::solid([255, 255, 255]);
    lettering.write(canvas, caption, (12.0, 352.0), 21.0, white);
}

fn encoded(canvas: &Canvas) -> Vec<u8> {
    let mut jpeg = Vec::new();
    Encoder::new(&mut jpeg, QUALITY)
        .encode(canvas.rgb(), WIDTH, HEIGHT, ColorType::Rgb)
        .expect("a canvas of the stated size is written to memory");
    jpeg
}
