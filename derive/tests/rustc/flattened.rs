//! Types that are flattened into themselves, through others.

use super::compile;

/// The two types of a source, flattened into each other unless `#[serde(flatten)]` is left out.
fn source(types: &str, flatten: &str) -> String {
    let types = types.replace("FLATTEN", flatten).replace("EVENT", "#[schema::event(crate = schema)]");
    format!("{types}\npub fn first() -> schema::schemars::Schema {{ Left::json_schema() }}\n")
}

#[test]
fn types_that_are_flattened_into_each_other_do_not_compile() {
    let structs = "
        EVENT pub struct Left { FLATTEN right: Option<Box<Right>> }
        EVENT pub struct Right { FLATTEN left: Option<std::sync::Arc<Left>> }
    ";
    let newtype = "
        EVENT pub struct Left { FLATTEN right: Option<Right> }
        EVENT pub struct Right(Box<Left>);
    ";
    let untagged = "
        EVENT pub struct Left { FLATTEN right: Right }
        EVENT #[serde(untagged)] pub enum Right { Left(Box<Left>), Leaf { id: u8 } }
    ";
    let parameter = "
        EVENT pub struct Left { FLATTEN right: Option<Box<Right<Left>>> }
        EVENT pub struct Right<T> { FLATTEN left: T }
    ";
    for (name, types) in [("structs", structs), ("newtype", newtype), ("untagged", untagged), ("parameter", parameter)]
    {
        let said = compile(&format!("flattened_{name}.rs"), &source(types, "#[serde(flatten)]"));
        assert!(said.contains("error: reached the recursion limit") && said.contains("takes_all"), "{name}: {said}");
        compile(&format!("not_flattened_{name}.rs"), &source(types, ""));
    }
}
