//! Floor 4: the eye.
pub mod layout;
pub mod text;
pub mod theme;
