//! Detects a type's `Debug`, for generated code of types with sensitive fields.
//!
//! A derive does not see which others stand beside it. `DebugOf::<T>::IS` tells: the inherent constant goes first
//! where its bound holds, else the trait's is found.

use std::fmt::Debug;
use std::marker::PhantomData;

/// The type that is asked about.
#[doc(hidden)]
#[derive(Debug)]
pub struct DebugOf<T: ?Sized>(PhantomData<T>);

impl<T: ?Sized + Debug> DebugOf<T> {
    /// It has one.
    pub const IS: Shown<T> = Shown(PhantomData);
}

/// For types without one.
#[doc(hidden)]
pub trait NoDebug {
    /// It has none.
    const IS: Hidden = Hidden;
}

impl<T: ?Sized> NoDebug for DebugOf<T> {}

/// A `Debug` that is not the masking one.
#[doc(hidden)]
#[derive(Debug)]
pub struct Shown<T: ?Sized>(PhantomData<T>);

/// No `Debug`.
#[doc(hidden)]
#[derive(Debug)]
#[allow(clippy::exhaustive_structs, reason = "never named outside")]
pub struct Hidden;

/// Types that show no sensitive field.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a `Debug` that is not `#[event(debug)]` would show the sensitive fields",
    label = "has sensitive fields and a `Debug` of its own",
    note = "put `#[derive(Debug)]` below `#[event_schema::event]`, which replaces it by one that masks them",
    note = "beside `#[derive(EventSchema)]`, write `#[event(debug)]` in place of `#[derive(Debug)]`",
    note = "`#[event(debug = false)]` keeps a `Debug` that masks them itself"
)]
pub trait ShowsNothing {}

impl ShowsNothing for Hidden {}

/// Compiles where there is no `Debug` to show them.
#[doc(hidden)]
pub fn shows_nothing(_: impl ShowsNothing) {}
