//! (term)
