use std::ops::Range;

use swash::zeno::{Mask, PathData};

use super::{HEIGHT, WIDTH};

/// Red, green, blue.
pub(super) type Rgb = [u8; 3];

/// The picture while it is painted, row by row from the top.
#[derive(Clone)]
pub(super) struct Canvas {
    pixels: Vec<Rgb>,
}

impl Canvas {
    pub(super) fn new() -> Self {
        Self {
            pixels: vec![[0; 3]; usize::from(WIDTH) * usize::from(HEIGHT)],
        }
    }

    pub(super) fn rgb(&self) -> &[u8] {
        self.pixels.as_flattened()
    }

    /// Fills a path, for example one in the notation of SVG, with the paint. What lies outside the
    /// canvas is cut off.
    pub(super) fn fill(&mut self, path: impl PathData, paint: Paint) {
        let (mask, placement) = Mask::new(path).render();
        if placement.width == 0 {
            return;
        }
        let rows = mask.chunks_exact(placement.width as usize);
        for ((coverage, y), color) in rows
            .zip(placement.top..)
            .zip(paint.rows(placement.height as usize))
        {
            self.blend_row(coverage, (placement.left, y), color, paint.opacity);
        }
    }

    /// Fills rows in their whole width.
    pub(super) fn fill_band(&mut self, rows: Range<u16>, paint: Paint) {
        let colors = paint.rows(rows.len());
        let pixels = self.pixels.chunks_exact_mut(usize::from(WIDTH));
        for (row, color) in pixels.skip(usize::from(rows.start)).zip(colors) {
            blend(row, color, usize::from(paint.opacity));
        }
    }

    fn blend_row(&mut self, coverage: &[u8], (left, y): (i32, i32), color: Rgb, opacity: u8) {
        let Some(row) = usize::try_from(y)
            .ok()
            .and_then(|y| self.pixels.chunks_exact_mut(usize::from(WIDTH)).nth(y))
        else {
            return;
        };
        let (outside, start) = match usize::try_from(left) {
            Ok(start) => (0, start.min(row.len())),
            Err(_) => (left.unsigned_abs() as usize, 0),
        };
        let mut pixels = &mut row[start..];
        // Most of a shape is covered evenly: a run at a time is several times faster.
        for run in coverage.get(outside..).unwrap_or_default().chunk_by(u8::eq) {
            let (here, rest) = pixels.split_at_mut(run.len().min(pixels.len()));
            blend(
                here,
                color,
                usize::from(run[0]) * usize::from(opacity) / 255,
            );
            pixels = rest;
        }
    }
}

fn blend(pixels: &mut [Rgb], color: Rgb, alpha: usize) {
    match alpha {
        0 => {}
        255 => pixels.fill(color),
        alpha => {
            for pixel in pixels {
                *pixel = mixed(*pixel, color, alpha);
            }
        }
    }
}

/// `alpha` of 255 parts of `over`, the rest of `under`.
fn mixed(under: Rgb, over: Rgb, alpha: usize) -> Rgb {
    std::array::from_fn(|i| {
        let sum = usize::from(under[i]) * (255 - alpha) + usize::from(over[i]) * alpha;
        u8::try_from(sum / 255).expect("a mean of two bytes is a byte")
    })
}

/// What to fill a path with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paint {
    top: Rgb,
    bottom: Rgb,
    opacity: u8,
}

impl Paint {
    pub(super) fn solid(color: Rgb) -> Self {
        Self::fading(color, color)
    }

    /// Fades from the top of the path to its bottom.
    pub(super) fn fading(top: Rgb, bottom: Rgb) -> Self {
        Self {
            top,
            bottom,
            opacity: 255,
        }
    }

    /// 255 hides what is below, 0 leaves it as it is.
    pub(super) fn opacity(self, opacity: u8) -> Self {
        Self { opacity, ..self }
    }

    /// The colour of each of so many rows.
    fn rows(self, count: usize) -> impl Iterator<Item = Rgb> {
        let last = count.saturating_sub(1).max(1);
        (0..count).map(move |row| mixed(self.top, self.bottom, row * 255 / last))
    }
}
