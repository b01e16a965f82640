//! boshi: the 泊时易 car-park integration standard, both sides, in one binary.
fn main() {}
