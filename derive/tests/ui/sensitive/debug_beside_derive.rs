use event_schema::prelude::*;

#[derive(Debug, Serialize, EventSchema)]
struct Login {
    user: String,
    #[event(sensitive)]
    password: String,
}

#[derive(Serialize, EventSchema)]
struct Token(#[event(sensitive)] String);

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(***)")
    }
}

fn main() {}
