//! What the derive takes, and in which forms; and that imports run one way, also in the derive.

mod attributes;
mod rooms;
