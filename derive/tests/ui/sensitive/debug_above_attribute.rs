#[derive(Debug)]
#[event_schema::event]
struct Login {
    user: String,
    #[event(sensitive)]
    password: String,
}

#[derive(Debug)]
#[event_schema::event]
enum Payment<T: Clone> {
    Card {
        #[event(sensitive)]
        number: T,
    },
    Cash,
}

fn main() {}
