//! The way to an image over HTTP.
