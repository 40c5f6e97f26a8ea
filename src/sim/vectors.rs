//! The vector file that drives both testbenches; `testbench/vectors.h` defines it.

use std::io::{self, Write};

use crate::network::graph::Shape;

/// Images and the scores the interpreter gives for them.
#[derive(Debug, Clone)]
pub struct Vectors {
    /// `[C, H, W]` of an image.
    pub shape: Shape,
    /// N x H x W x C: raster order, channel fastest.
    pub pixels: Vec<u8>,
    /// N times one score a class.
    pub scores: Vec<Vec<i32>>,
}

impl Vectors {
    /// Number of images.
    pub fn images(&self) -> usize {
        self.scores.len()
    }

    /// Image `index`, H x W x C.
    pub fn image(&self, index: usize) -> &[u8] {
        &self.pixels[index * self.shape.len()..][..self.shape.len()]
    }

    /// Writes the file.
    ///
    /// # Errors
    /// As `to` gives them.
    pub fn write(&self, to: &mut impl Write) -> io::Result<()> {
        let classes = self.scores.first().map_or(0, Vec::len);
        let header = [self.images(), self.shape.h * self.shape.w, self.shape.c, classes];
        to.write_all(b"SGV1")?;
        for value in header {
            let value = u32::try_from(value).map_err(|_| io::Error::other(format!("{value} is too many")))?;
            to.write_all(&value.to_le_bytes())?;
        }
        to.write_all(&self.pixels)?;
        for score in self.scores.iter().flatten() {
            to.write_all(&score.to_le_bytes())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_header_pixels_scores() {
        let shape = Shape { c: 2, h: 1, w: 2 };
        let vectors = Vectors { shape, pixels: (0..8).collect(), scores: vec![vec![1, -2, 3], vec![4, 5, 6]] };
        let mut bytes = Vec::new();
        vectors.write(&mut bytes).unwrap();
        assert_eq!(&bytes[..20], b"SGV1\x02\0\0\0\x02\0\0\0\x02\0\0\0\x03\0\0\0");
        assert_eq!(&bytes[20..28], [0, 1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(&bytes[28..36], [1, 0, 0, 0, 254, 255, 255, 255]);
        assert_eq!(bytes.len(), 28 + 6 * 4);
        assert_eq!(vectors.image(1), [4, 5, 6, 7]);
    }
}
