//! (xml)
