//! Keys.

use crate::app::action::Effects;
use crate::app::event::Key;
use crate::app::model::Model;

/// A key press.
pub fn on_key(_model: &mut Model, _key: Key, _fx: &mut Effects) {}

/// A line from the command line or another origin of actions.
pub fn on_command(_model: &mut Model, _line: &str, _fx: &mut Effects) {}
