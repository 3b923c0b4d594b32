//! (oauth)
