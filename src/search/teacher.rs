//! Who teaches the candidates: the run's own baseline or, where `search.distill.teacher` names one, another run's.

use std::path::Path;

use anyhow::Result;

use crate::error::InputError;
use crate::run::hardware::file_sha256;
use crate::train::Model;

/// A float network whose scores the candidates imitate, and what a candidate's key says of it.
pub struct Teacher {
    model: Model,
    key: Option<String>,
}

impl Teacher {
    /// The network in `file`, else the `baseline`; `None` where it has no `weight` in the loss.
    ///
    /// # Errors
    /// A file that is no model; a network of another input or other classes than the `baseline`.
    pub fn find(weight: f64, file: Option<&Path>, baseline: &Model) -> Result<Option<Self>> {
        if weight == 0.0 {
            return Ok(None);
        }
        let Some(file) = file else {
            return Ok(Some(Self { model: baseline.clone(), key: None }));
        };
        let teacher = Self { model: Model::load(file)?, key: Some(file_sha256(file)?) };
        let shape = |model: &Model| {
            let input = model.input();
            format!("images of {}x{}x{} and {} classes", input.c, input.h, input.w, model.classes())
        };
        let (found, expected) = (shape(&teacher.model), shape(baseline));
        if found != expected {
            return Err(InputError::new("search.distill.teacher", format!("a network for {found}"), expected).into());
        }
        Ok(Some(teacher))
    }

    /// The network.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// SHA-256 of the file; `None` for the run's own baseline, which every key depends on already.
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }
}
