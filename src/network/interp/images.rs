//! Whole data sets through the interpreter.

use super::{Interpreter, argmax};
use crate::data::Images;
use crate::error::InputError;

impl Interpreter {
    /// Checks that `images` are what this network takes: their shape, and labels below its number of classes.
    pub fn check(&self, images: &Images) -> Result<(), InputError> {
        if images.shape != self.input {
            let found = format!("images of {} (channels, height, width)", images.shape);
            return Err(InputError::new("data", found, format!("{}, the network's input", self.input)));
        }
        let classes = self.classes();
        match images.labels.iter().position(|&label| usize::from(label) >= classes) {
            None => Ok(()),
            Some(i) => {
                let found = format!("class {} for image {i}", images.labels[i]);
                Err(InputError::new("data", found, format!("below {classes}, the network's number of classes")))
            }
        }
    }

    /// How many of `images` get the class of their label, on all cores; `done` is called after each image.
    pub fn correct(&self, images: &Images, done: impl Fn() + Sync) -> Result<usize, InputError> {
        self.check(images)?;
        let scores = self.scores_all(&images.pixels, done);
        Ok(scores.iter().zip(&images.labels).filter(|(scores, label)| argmax(scores) == usize::from(**label)).count())
    }

    /// Fraction of `images` that get the class of their label, 0 to 1; 0 for none.
    pub fn accuracy(&self, images: &Images) -> Result<f64, InputError> {
        Ok(self.correct(images, || ())? as f64 / images.len().max(1) as f64)
    }
}
