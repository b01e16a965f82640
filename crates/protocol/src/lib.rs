//! The integration standard: wire types and the state machines it prescribes. No I/O, no clock.
