//! The SDK behind the port.
