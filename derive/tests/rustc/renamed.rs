//! A dependency under another name.

use super::compile;

#[test]
fn without_a_path_has_one_error() {
    let said = compile(
        "renamed_without_path.rs",
        "
        #[schema::event(name = \"ping\", key = id)]
        #[derive(Debug)]
        pub struct Ping {
            #[validate(length(min = 1))]
            id: String,
            seat: Seat,
            #[event(not_null)]
            at: Option<u8>,
        }

        #[schema::event(crate = schema)]
        #[derive(Debug)]
        pub struct Seat(u8);

        pub fn load(input: &[u8]) -> Ping {
            schema::EventSchema::load(input).unwrap()
        }
        ",
    );
    let errors: Vec<&str> = said.lines().filter(|line| line.starts_with("error")).collect();
    assert_eq!(
        errors,
        [
            "error: this crate's name for `event-schema` is `schema`: add `#[event(crate = schema)]`",
            "error: aborting due to 1 previous error",
        ],
        "{said}"
    );
}

#[test]
fn with_its_path_compiles() {
    compile("renamed_with_path.rs", "#[schema::event(crate = schema)] pub struct Ping { pub id: String }");
}
