//! What the derive takes, and in which forms.

mod attributes;
