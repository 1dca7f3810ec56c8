//! The derive macro of `event-schema`.
