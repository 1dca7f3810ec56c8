//! The derive macro of `event-schema`.
use proc_macro::TokenStream;
/// x
#[proc_macro_derive(EventSchema, attributes(event, serde, validate, schemars))]
pub fn derive(_: TokenStream) -> TokenStream {
    TokenStream::new()
}
/// x
#[proc_macro_attribute]
pub fn event(_: TokenStream, item: TokenStream) -> TokenStream {
    item
}
