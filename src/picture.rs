//! Judges the bytes that a model returned.
