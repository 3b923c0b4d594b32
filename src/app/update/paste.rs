//! Pastes.

use crate::app::action::Effects;
use crate::app::model::Model;

/// A bracketed paste.
pub fn on_paste(_model: &mut Model, _text: &str, _fx: &mut Effects) {}
