use swash::FontRef;
use swash::GlyphId;
use swash::scale::{ScaleContext, outline::Outline};
use swash::zeno::Transform;

use super::WIDTH;
use super::canvas::{Canvas, Paint};

/// Latin, digits and the Chinese characters of plates and captions; `assets/README.md` says more.
static FONT: &[u8] = include_bytes!("../../assets/plate-font.otf");

/// Writes with the embedded font. Positions are in pixels from the top left.
pub(super) struct Lettering {
    font: FontRef<'static>,
    context: ScaleContext,
}

impl Lettering {
    pub(super) fn new() -> Self {
        let font = FontRef::from_index(FONT, 0).expect("the embedded font is one");
        Self {
            font,
            context: ScaleContext::new(),
        }
    }

    /// The glyph of a character; 0, the empty box, if the font lacks it.
    pub(super) fn glyph(&self, c: char) -> GlyphId {
        self.font.charmap().map(c)
    }

    /// Writes a line from the given point of its base line, `size` pixels an em, and leaves out
    /// what does not fit into the picture.
    pub(super) fn write(
        &mut self,
        canvas: &mut Canvas,
        text: &str,
        (mut x, y): (f32, f32),
        size: f32,
        paint: Paint,
    ) {
        for c in text.chars() {
            let glyph = self.glyph(c);
            let advance = self
                .font
                .glyph_metrics(&[])
                .scale(size)
                .advance_width(glyph);
            if x + advance > f32::from(WIDTH) {
                return;
            }
            if let Some(mut outline) = self.outline(glyph, size) {
                outline.transform(&Transform::new(1.0, 0.0, 0.0, -1.0, x, y));
                canvas.fill(outline.path(), paint);
            }
            x += advance;
        }
    }

    /// Draws one character as high as the box and at most as wide, in its middle.
    pub(super) fn stamp(&mut self, canvas: &mut Canvas, c: char, frame: Frame, paint: Paint) {
        const DESIGN_SIZE: f32 = 100.0;
        // A digit's: narrower characters are squeezed like their neighbours, not more.
        const DESIGN_WIDTH: f32 = 50.0;
        let Some(mut outline) = self.outline(self.glyph(c), DESIGN_SIZE) else {
            return;
        };
        let bounds = outline.bounds();
        if bounds.is_empty() {
            return;
        }
        let high = frame.height / bounds.height();
        let wide = high.min(frame.width / bounds.width().max(DESIGN_WIDTH));
        let left = frame.left + (frame.width - bounds.width() * wide) / 2.0;
        let (x, y) = (left - bounds.min.x * wide, frame.top + bounds.max.y * high);
        outline.transform(&Transform::new(wide, 0.0, 0.0, -high, x, y));
        canvas.fill(outline.path(), paint);
    }

    fn outline(&mut self, glyph: GlyphId, size: f32) -> Option<Outline> {
        self.context
            .builder(self.font)
            .size(size)
            .build()
            .scale_outline(glyph)
    }
}

/// A box of the picture, in pixels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    pub(super) left: f32,
    pub(super) top: f32,
    pub(super) width: f32,
    pub(super) height: f32,
}
