//! The words of the screens: titles, labels, hints.
