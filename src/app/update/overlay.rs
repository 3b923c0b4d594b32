//! Overlays.

use crate::app::action::Effects;
use crate::app::model::Model;

/// Enter on this row of the overlay on top.
pub fn activate_row(_model: &mut Model, _row: usize, _fx: &mut Effects) {}
