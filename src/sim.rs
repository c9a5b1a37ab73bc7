//! The simulator behind the port.
