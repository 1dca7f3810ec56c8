//! The static page of a catalog.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use event_schema::__private::run_tool;
use event_schema::contract::{Catalog, CatalogError};
use event_schema::serde_json::json;
use tempfile::TempDir;

use crate::site::Site;

/// The page of a catalog without recorded contracts.
pub(crate) fn site(catalog: &Catalog) -> Site {
    let (folder, schemas) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    catalog.page(folder.path(), schemas.path()).unwrap();
    let site = Site::read(folder.path());
    site.check();
    site
}

/// The files that are the same on every page.
const FIXED: [(&str, &str); 3] = [
    ("icon.svg", include_str!("../../src/contract/catalog/page/icon.svg")),
    ("search.js", include_str!("../../src/contract/catalog/page/search.js")),
    ("style.css", include_str!("../../src/contract/catalog/page/style.css")),
];

/// The page of the example events is recorded, apart from the files that are the same on every page: `UPDATE_SCHEMAS=1`
/// writes it.
#[test]
fn the_page_of_the_examples_is_recorded() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (recorded, folder) = (root.join("tests/contract/page"), TempDir::new().unwrap());
    crate::events::catalog().page(folder.path(), root.join("schemas/shop")).unwrap();
    let mut found = Site::read(folder.path());
    found.check();
    for (file, text) in FIXED {
        assert!(found.0.remove(file).is_some_and(|found| found == text), "{file}");
    }
    if std::env::var_os("UPDATE_SCHEMAS").is_some_and(|value| !value.is_empty() && value != "0") {
        fs::remove_dir_all(&recorded).unwrap();
        for (file, text) in &found.0 {
            let path = recorded.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }
    let recorded = Site::read(&recorded);
    assert_eq!(found.0.keys().collect::<Vec<_>>(), recorded.0.keys().collect::<Vec<_>>());
    for (file, text) in &found.0 {
        assert!(
            text == recorded.file(file),
            "{file} differs from tests/contract/page: record it with UPDATE_SCHEMAS=1"
        );
    }
}

#[test]
fn what_is_current_is_not_written_again() -> Result<(), CatalogError> {
    #[event_schema::event]
    struct Ping {
        seq: u8,
    }

    let (folder, schemas) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let place = |file: &str| folder.path().join(file);
    let page = |catalog: Catalog| catalog.page(folder.path(), schemas.path());
    let orders = || Catalog::new("orders").sends::<Ping>();
    assert_eq!(page(orders().receives::<crate::events::ReadingTaken>())?.len(), 7);
    let first = Site::read(folder.path());
    assert!(page(orders().receives::<crate::events::ReadingTaken>())?.is_empty());

    // A checkout may have changed the ends of lines.
    fs::write(place("index.html"), first.file("index.html").replace('\n', "\r\n")).unwrap();
    assert!(page(orders().receives::<crate::events::ReadingTaken>())?.is_empty());

    // The page of an event that is gone goes; other files stay.
    fs::write(place("events/notes.html"), "<p>Written by hand.").unwrap();
    let changed = page(orders())?;
    assert_eq!(changed, [place("fields.js"), place("index.html"), place("events/reading-taken.html")]);
    assert!(!place("events/reading-taken.html").exists() && place("events/notes.html").exists());
    Ok(())
}

#[test]
fn files_of_others_are_not_replaced() -> Result<(), CatalogError> {
    let schemas = TempDir::new().unwrap();
    for file in ["index.html", "style.css", "events/reading-taken.html"] {
        let folder = TempDir::new().unwrap();
        let page =
            || Catalog::new("orders").receives::<crate::events::ReadingTaken>().page(folder.path(), schemas.path());
        fs::create_dir(folder.path().join("events")).unwrap();
        fs::write(folder.path().join(file), "by hand").unwrap();
        let error = page().unwrap_err().to_string();
        assert!(error.contains("was not written as part of a catalog's page"), "{error}");
        assert_eq!(
            Site::read(folder.path()).0.into_iter().collect::<Vec<_>>(),
            [(file.to_owned(), "by hand".to_owned())]
        );
        fs::remove_file(folder.path().join(file)).unwrap();
        assert_eq!(page()?.len(), 6);
        // A file of a page that is there is one of an earlier version of the library.
        fs::write(folder.path().join("style.css"), "old").unwrap();
        assert_eq!(page()?, [folder.path().join("style.css")]);
    }
    Ok(())
}

mod hostile {
    use super::{BTreeMap, json};

    /// A title
    /// =======
    ///
    /// <script>alert(1)</script> <img src=x onerror=alert(2)> & "quoted" 'text'
    ///
    /// [script](javascript:alert(3)) [data](data:text/html,x) [site](https://example.org/?a="b"&c) <https://example.org/>
    /// ![image](https://example.org/image.png) [`Item`] [item][Item] [broken] `code <b>` &copy; &#60;b&#62;
    ///
    /// <style>
    /// body { display: none }
    /// </style>
    ///
    /// * one
    ///   1. inner
    ///
    /// > quote  
    /// > break
    ///
    /// ```html
    /// <b>"code"</b>
    /// ```
    ///
    /// ---
    ///
    /// ]]> </main></body> <!-- --> **strong _both_** |a|b|
    #[event_schema::event(name = "hostile..name", key = plain)]
    #[schemars(example = json!({"</script><b>": "</pre></code><b>"}))]
    pub(super) struct Hostile {
        #[serde(rename = "</script><b>")]
        pub(super) plain: String,
        /// <b onclick="alert(1)">bold</b>
        #[serde(rename = "\" onmouseover=\"alert(4)", alias = "<alias>", default = "tag")]
        #[validate(contains(pattern = "<b>"))]
        pub(super) quoted: String,
        #[serde(rename = "a.b")]
        pub(super) dotted: Hidden,
        pub(super) a: A,
        #[serde(rename = "")]
        pub(super) empty: Choice,
        #[serde(rename = "new\nline \u{0}\u{2028}")]
        pub(super) control: BTreeMap<String, Unclear>,
        // As the headings are called.
        pub(super) fields: u8,
        pub(super) types: u8,
        pub(super) examples: u8,
        pub(super) changes: u8,
        #[serde(flatten)]
        pub(super) rest: BTreeMap<String, String>,
    }

    fn tag() -> String {
        "<script>alert(5)</script>".to_owned()
    }

    #[event_schema::event]
    #[serde(rename = "<b>Type</b>")]
    pub(super) struct Hidden {
        pub(super) b: u8,
    }

    #[event_schema::event]
    pub(super) struct A {
        pub(super) b: u8,
    }

    #[event_schema::event]
    #[serde(tag = "<tag>")]
    pub(super) enum Choice {
        /// <variant>
        #[serde(rename = "<one>")]
        One { a: u8 },
        #[serde(rename = "two\"")]
        Two,
    }

    #[event_schema::event]
    #[serde(untagged)]
    pub(super) enum Unclear {
        Text(String),
        Number(#[validate(range(min = 1))] u8),
        Both(u8, u8),
    }
}

/// Names, texts and values are text, and the markup is the library's own: `Site::check` knows all of its elements and
/// attributes.
#[test]
fn hostile_text_is_text() {
    let site = site(&Catalog::new("<service> & \"more\"").sends::<hostile::Hostile>().sends::<hostile::A>());
    let event = "events/hostile..name.html";
    let text = site.text(event);
    for part in [
        "<script>alert(1)</script> <img src=x onerror=alert(2)> & \"quoted\" 'text'",
        "<service> & \"more\"",
        "</script><b>",
        "\" onmouseover=\"alert(4)",
        "<script>alert(5)</script>",
        "<b onclick=\"alert(1)\">bold</b>",
        "<b>Type</b>",
        "<tag>: \"<one>\"",
        "</pre></code><b>",
        "Item item broken code <b> © <b>",
        "]]> </main></body> <!-- -->",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    let links: Vec<&str> =
        site.file(event).split("href=\"http").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(links, ["s://example.org/?a=%22b%22&amp;c", "s://example.org/"]);
    for file in [event, "index.html"] {
        assert!(!site.file(file).contains("image.png") && !site.file(file).contains("javascript:alert"), "{file}");
    }
}

mod sensitive {
    use super::{BTreeMap, json};

    /// All values that no page may show begin with these letters.
    pub(super) const SECRET: &str = "hunter";

    #[event_schema::event(name = "user.registered")]
    #[schemars(example = json!({
        "name": "shown",
        "password": "hunter1",
        "pass": "hunter2",
        "card": {"number": "hunter3", "owner": "hunter4"},
        "tokens": ["hunter5"],
        "byToken": {"hunter6": 1},
        "login": {"name": "hunter7"},
        "pair": [1, "hunter8"],
        "shared": {"open": "shown"},
    }))]
    #[serde(rename_all = "camelCase")]
    pub(super) struct UserRegistered {
        #[schemars(example = "shown")]
        name: String,
        #[event(sensitive)]
        #[serde(default = "password", alias = "pass")]
        #[schemars(example = "hunter9")]
        password: String,
        #[event(sensitive)]
        card: Card,
        tokens: Vec<Token>,
        #[serde(default = "tokens")]
        by_token: BTreeMap<Token, u8>,
        #[serde(default = "login")]
        login: Login,
        pair: Pair,
        shared: Shared,
    }

    fn password() -> String {
        "hunter10".to_owned()
    }

    fn tokens() -> BTreeMap<Token, u8> {
        BTreeMap::from([(Token("hunter11".to_owned()), 1)])
    }

    fn login() -> Login {
        Login { name: "hunter12".to_owned() }
    }

    #[event_schema::event]
    #[schemars(example = json!({"number": "hunter13", "owner": "hunter14"}))]
    pub(super) struct Card {
        #[schemars(example = "hunter15")]
        number: String,
        #[serde(default = "password")]
        owner: String,
    }

    #[event_schema::event]
    #[derive(PartialEq, Eq, PartialOrd, Ord)]
    #[schemars(example = "hunter16")]
    pub(super) struct Token(#[event(sensitive)] String);

    #[event_schema::event]
    #[schemars(example = json!({"name": "hunter17"}))]
    pub(super) struct Login {
        #[event(sensitive)]
        #[serde(default = "password")]
        name: String,
    }

    #[event_schema::event]
    pub(super) struct Pair(u8, #[event(sensitive)] String);

    #[event_schema::event]
    #[schemars(example = json!({"open": "shown"}))]
    pub(super) struct Shared {
        #[serde(default = "open")]
        open: String,
    }

    fn open() -> String {
        "shown".to_owned()
    }

    pub(super) mod before {
        use event_schema::serde_json::json;

        #[event_schema::event(name = "user.registered")]
        #[schemars(example = json!({"password": "hunter18", "pin": "hunter19"}))]
        pub(in super::super) struct UserRegistered {
            #[event(sensitive)]
            #[serde(default = "password")]
            #[schemars(example = "hunter20")]
            password: String,
            // It is gone from the event of today.
            #[event(sensitive)]
            #[serde(default = "password")]
            pin: String,
            #[serde(default = "method")]
            method: Method,
        }

        #[event_schema::event]
        #[serde(tag = "type")]
        enum Method {
            Card {
                #[event(sensitive)]
                number: String,
            },
        }

        fn method() -> Method {
            Method::Card { number: "hunter22".to_owned() }
        }

        fn password() -> String {
            "hunter21".to_owned()
        }
    }
}

mod hidden {
    /// The earlier revision of an event, and the later one.
    macro_rules! revision {
        ($module:ident: $($pin:ident)?, $number:literal) => {
            pub(super) mod $module {
                #[event_schema::event(name = "home.moved")]
                pub(in super::super) struct HomeMoved {
                    #[serde(default = "address")]
                    address: Address,
                    #[serde(default)]
                    log: Log,
                }

                #[event_schema::event]
                struct Address {
                    street: String,
                    $(
                        #[event(sensitive)]
                        $pin: String,
                    )?
                }

                fn address() -> Address {
                    Address { street: "shown".to_owned(), $($pin: concat!("hunter", $number).to_owned())? }
                }

                #[event_schema::event]
                #[derive(Default)]
                #[serde(tag = "type")]
                enum Log {
                    #[default]
                    Nothing,
                    Entry {
                        #[serde(default = "login")]
                        login: Login,
                    },
                }

                #[event_schema::event]
                struct Login {
                    at: String,
                    #[event(sensitive)]
                    code: String,
                }

                fn login() -> Login {
                    Login { at: $number.to_owned(), code: concat!("hunter", $number).to_owned() }
                }
            }
        };
    }

    revision!(first: pin, "1");
    revision!(second: , "2");
}

/// A sensitive field that is gone, within a field with a default; and a default that changes, in a variant.
#[test]
fn sensitive_values_of_earlier_revisions_are_not_shown() -> Result<(), CatalogError> {
    let (folder, schemas) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    Catalog::new("homes").receives::<hidden::first::HomeMoved>().export(&schemas)?;
    Catalog::new("homes").receives::<hidden::second::HomeMoved>().page(folder.path(), &schemas)?;
    let site = Site::read(folder.path());
    site.check();
    let text = site.text("events/home.moved.html");
    assert!(!text.contains(sensitive::SECRET), "{text}");
    let changes = text.split("Since it was recorded").nth(1).unwrap();
    for change in ["address default", "Address.pin removed", "Log.Entry.login default changed"] {
        assert!(changes.contains(change), "{change} is missing in {changes}");
    }
    Ok(())
}

mod named {
    macro_rules! revision {
        ($module:ident: $($ty:tt)*) => {
            pub(super) mod $module {
                use event_schema::serde_json::json;

                #[event_schema::event(name = "door.opened")]
                pub(in super::super) struct DoorOpened {
                    #[schemars(extend("if" = json!({"properties": {"pin": {"const": "hunter1"}}, "required": ["pin"]})))]
                    #[schemars(extend("enum" = json!([{"pin": "hunter2", "street": "a"}])))]
                    way: $($ty)*,
                    lock: Lock,
                }

                #[event_schema::event]
                struct Lock {
                    #[event(sensitive)]
                    #[schemars(extend("const" = "hunter3"))]
                    pin: String,
                }
            }
        };
    }

    revision!(first: Option<std::collections::BTreeMap<String, String>>);
    revision!(second: u8);
}

/// Values that a schema names, in the parts of schemas that changed.
#[test]
fn values_that_schemas_name_are_not_shown_for_sensitive_fields() -> Result<(), CatalogError> {
    let (folder, schemas) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    Catalog::new("doors").receives::<named::first::DoorOpened>().export(&schemas)?;
    Catalog::new("doors").receives::<named::second::DoorOpened>().page(folder.path(), &schemas)?;
    let text = Site::read(folder.path()).text("events/door.opened.html");
    assert!(text.contains("way changed incompatible"), "{text}");
    assert!(!text.contains(sensitive::SECRET), "{text}");
    Ok(())
}

/// Neither in examples nor as a default, nor in what changed, also if a revision that is gone called it sensitive.
#[test]
fn sensitive_values_are_not_shown() -> Result<(), CatalogError> {
    let (folder, schemas) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    Catalog::new("users").receives::<sensitive::before::UserRegistered>().export(&schemas)?;
    // Changes that break are shown like others; the exceptions for them are not needed here.
    let catalog = Catalog::new("users").sends::<sensitive::UserRegistered>();
    catalog.page(folder.path(), &schemas)?;
    let site = Site::read(folder.path());
    site.check();
    for (file, text) in &site.0 {
        assert!(!text.contains(sensitive::SECRET), "{file}: {}", text.split(sensitive::SECRET).nth(1).unwrap());
    }
    let text = site.file("events/user.registered.html");
    assert!(text.contains("shown") && text.contains("Used in a sensitive field."));
    let changes = site.text("events/user.registered.html");
    assert!(changes.contains("method removed") && changes.contains(r##"{"$ref":"#/$defs/Method"}"##), "{changes}");
    for field in ["password", "card", "tokens", "byToken", "pair"] {
        let row = text.split(&format!("id=\"v1.{field}\"")).nth(1).unwrap().split("</dd>").next().unwrap();
        assert!(row.contains(">sensitive</span>"), "{field}: {row}");
    }
    Ok(())
}

mod history {

    macro_rules! order {
        ($module:ident, $($version:expr, $topic:literal $(, $previous:ty)?)? => $($field:tt)*) => {
            pub(super) mod $module {
                #[event_schema::event(
                    name = "order.placed", $(version = $version, topic = $topic $(, previous = $previous)?)?
                )]
                pub(in super::super) struct OrderPlaced { $($field)* }
            }
        };
    }

    order!(first, 1, "orders" => pub(in super::super) id: u32);
    order!(second, 1, "orders" =>
        pub(in super::super) id: u32,
        #[serde(default)]
        #[validate(length(max = 9))]
        pub(in super::super) note: String
    );
    order!(third, 1, "orders" =>
        pub(in super::super) id: u32,
        #[serde(default)]
        #[validate(length(max = 5))]
        pub(in super::super) note: String
    );
    order!(later, 2, "orders.v2", super::third::OrderPlaced => pub(in super::super) id: String);

    impl From<third::OrderPlaced> for later::OrderPlaced {
        fn from(order: third::OrderPlaced) -> Self {
            Self { id: order.id.to_string() }
        }
    }
}

#[test]
fn the_tool_writes_the_page() {
    let folder = TempDir::new().unwrap();
    let run = |args: &[&str]| {
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let code = run_tool(&crate::events::catalog(), &args, &mut out, &mut err);
        (code, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
    };
    let page = folder.path().join("page");
    let schemas = concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/shop");
    let (code, out, _) = run(&["page", page.to_str().unwrap(), schemas]);
    assert!(code == 0 && out.lines().any(|line| line.ends_with("index.html")), "{out}");
    Site::read(&page).check();
    assert_eq!(run(&["page", page.to_str().unwrap(), schemas]), (0, "the page is up to date\n".into(), String::new()));

    let (code, _, err) = run(&["page"]);
    assert!(code == 2 && err.contains("page PAGE [FOLDER]"), "{err}");
    assert_eq!(run(&["page", "a", "b", "c"]).0, 2);
    assert_eq!(run(&["page", "--out", schemas]).0, 2);
    // A folder that is misspelled.
    let missing = concat!(env!("CARGO_MANIFEST_DIR"), "/schemes/shop");
    let (code, out, err) = run(&["page", page.to_str().unwrap(), missing]);
    assert!(code == 2 && out.is_empty() && err.contains("schemes/shop cannot be read"), "{out}{err}");
    // Its name is that of a file.
    let (code, _, err) = run(&["page", page.join("index.html").to_str().unwrap(), schemas]);
    assert!(code == 2 && err.contains("cannot be read or written"), "{err}");
}

#[test]
fn changes_between_revisions_and_versions() -> Result<(), CatalogError> {
    let (folder, schemas) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let of = |catalog: Catalog| -> Result<String, CatalogError> {
        catalog.page(folder.path(), &schemas)?;
        let site = Site::read(folder.path());
        site.check();
        Ok(site.text("events/order.placed.html"))
    };
    let catalog = || Catalog::new("orders");
    catalog().sends::<history::first::OrderPlaced>().export(&schemas)?;
    let text = of(catalog().sends::<history::first::OrderPlaced>())?;
    assert!(!text.contains("Changes"), "{text}");
    assert!(text.contains("Recorded in order.placed/v1.json"), "{text}");

    // Not recorded yet, and recorded.
    let text = of(catalog().sends::<history::second::OrderPlaced>())?;
    assert!(text.contains("Since it was recorded1 change, compatible\nnote added compatible"), "{text}");
    catalog().sends::<history::second::OrderPlaced>().export(&schemas)?;
    let text = of(catalog().sends::<history::second::OrderPlaced>())?;
    assert!(text.contains("From revision 1 to revision 21 change, compatible\nnote added compatible"), "{text}");

    // An exception with its reason.
    let third = || catalog().sends::<history::third::OrderPlaced>();
    let deviations = third().check(&schemas)?;
    let finding = &deviations.iter().find(|one| one.is_incompatible()).unwrap().findings()[0];
    let exceptions = json!([{
        "rule": finding.rule().id(), "path": finding.path(), "direction": finding.direction().name(),
        "old": finding.before(), "new": finding.after(), "reason": "Nobody wrote <more>.",
    }]);
    fs::write(schemas.path().join("order.placed/v1.exceptions.json"), exceptions.to_string()).unwrap();
    third().export(&schemas)?;
    let text = of(third())?;
    let last = text.split("From revision 2 to revision 3").nth(1).unwrap();
    assert!(last.starts_with("1 change, incompatible\nnote maxLength changed incompatiblefrom 9 to 5"), "{last}");
    assert!(last.contains("Consumers of the later revision refuse messages of the earlier one"), "{last}");
    assert!(last.contains("MAX_LENGTH_DECREASED"), "{last}");
    assert!(last.contains("Accepted: Nobody wrote <more>."), "{last}");
    assert!(last.contains("From revision 1 to revision 2"), "the latest change comes first: {last}");

    // Another version, with what stands in both.
    let text = of(catalog().sends::<history::later::OrderPlaced>())?;
    let (new, old) = text.split_once("Version 1 #").unwrap();
    assert!(new.contains("From version 1"), "{new}");
    assert!(new.contains("topic changed incompatiblefrom orders to orders.v2"), "{new}");
    assert!(
        new.contains("Messages of version 1 are no messages of this version: the types differ. TYPE_CHANGED"),
        "{new}"
    );
    assert!(new.contains("note removed incompatibleConsumers of version 1 refuse messages"), "{new}");
    let page = Site::read(folder.path());
    assert!(page.file("events/order.placed.html").contains(r##"<a href="#v1.note"><code>note</code></a> removed"##));
    assert!(old.contains("From revision 2 to revision 3") && !new.contains("revision"), "{text}");
    Ok(())
}

mod many {
    /// Events of the same fields by the hundred.
    macro_rules! events {
        ($($name:ident)*) => {
            $(
                /// Something happened to an order.
                #[event_schema::event(topic = "orders", key = order_id)]
                pub(super) struct $name { pub(super) order_id: u64, pub(super) address: crate::events::Address }
            )*
            pub(super) fn catalog() -> super::Catalog {
                super::Catalog::new("shop")$(.receives::<$name>())*
            }
        };
    }

    events! { Placed Paid Packed Shipped Delivered Returned Refunded Cancelled }
}

#[test]
fn events_are_listed_by_name() {
    let site = site(&many::catalog());
    let text = site.text("index.html");
    let places: Vec<_> = ["cancelled", "delivered", "packed", "paid", "placed"]
        .map(|name| text.find(&format!("{name}Something")))
        .into();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?} in {text}");
    assert!(text.contains("shop receives 8 events."), "{text}");
    let text = site.text("events/paid.html");
    assert!(text.contains("Received byshop") && text.contains("Not recorded yet."), "{text}");
}

mod forms {
    macro_rules! revision {
        ($module:ident, { $($countries:ident)* }, { $($skip:tt)* }, $limit:tt) => {
            pub(super) mod $module {
                #[event_schema::event(name = "parcel.sent")]
                pub(in super::super) struct ParcelSent {
                    country: Country,
                    #[serde(default, $($skip)*)]
                    note: String,
                    // A name that is that of a keyword.
                    #[validate(length(max = $limit))]
                    required: String,
                    payment: Payment,
                }

                #[event_schema::event]
                enum Country { $($countries),* }

                #[event_schema::event]
                #[serde(tag = "method")]
                enum Payment {
                    Cash { amount: u32 },
                    Card {
                        #[validate(length(max = $limit))]
                        number: String,
                    },
                }
            }
        };
    }

    revision!(first, { AT CH }, { skip_serializing_if = "String::is_empty" }, 5);
    revision!(second, { AT CH DE }, {}, 9);
}

/// A change is listed once, in the words of the side that it is of.
#[test]
fn changes_are_told_by_form() -> Result<(), CatalogError> {
    let (folder, schemas) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    Catalog::new("parcels").sends::<forms::first::ParcelSent>().export(&schemas)?;
    let page = |catalog: Catalog| -> Result<String, CatalogError> {
        catalog.page(folder.path(), &schemas)?;
        let site = Site::read(folder.path());
        site.check();
        Ok(site.text("events/parcel.sent.html").split("Since it was recorded").nth(1).unwrap().to_owned())
    };
    let text = page(Catalog::new("parcels").sends::<forms::second::ParcelSent>())?;
    // Consumers of the earlier revision do not know the new value: no line calls that compatible.
    for (part, what) in
        [("Country", " enum changed incompatible"), ("Payment", ".Card.number maxLength changed incompatible")]
    {
        assert!(text.contains(&format!("{part}{what}")), "{text}");
        assert_eq!(text.lines().filter(|line| line.starts_with(part)).count(), 1, "{text}");
    }
    // It was optional for readers before, and is.
    assert!(text.contains("note now always written compatible"), "{text}");
    assert!(text.contains("required maxLength changed incompatiblefrom 5 to 9"), "{text}");

    // An event that is received only: the new value is one more that is read.
    fs::remove_dir_all(schemas.path().join("parcel.sent")).unwrap();
    Catalog::new("parcels").receives::<forms::first::ParcelSent>().export(&schemas)?;
    let text = page(Catalog::new("parcels").receives::<forms::second::ParcelSent>())?;
    assert!(text.contains("Country enum changed compatible"), "{text}");
    assert!(text.contains("Payment.Card.number maxLength changed compatiblefrom 5 to 9"), "{text}");
    Ok(())
}

mod needs {
    #[event_schema::event(name = "need")]
    pub(super) struct Optional {
        #[serde(default, skip_serializing_if = "String::is_empty")]
        pub(super) note: String,
    }

    #[event_schema::event(name = "need")]
    pub(super) struct Required {
        pub(super) note: String,
    }
}

/// In the written form and in the accepted form it says two things.
#[test]
fn a_field_that_must_be_there_now() -> Result<(), CatalogError> {
    let folder = TempDir::new().unwrap();
    let page = |from: Catalog, to: Catalog| -> Result<String, CatalogError> {
        let schemas = TempDir::new().unwrap();
        from.export(&schemas)?;
        to.page(folder.path(), &schemas)?;
        Ok(Site::read(folder.path()).text("events/need.html").split("Since it was recorded").nth(1).unwrap().to_owned())
    };
    let catalog = || Catalog::new("needs");
    let text = page(catalog().sends::<needs::Optional>(), catalog().sends::<needs::Required>())?;
    assert!(text.contains("note now required incompatible"), "{text}");
    let text = page(catalog().sends::<needs::Required>(), catalog().sends::<needs::Optional>())?;
    assert!(text.contains("note may now be left out incompatible"), "{text}");
    let text = page(catalog().receives::<needs::Required>(), catalog().receives::<needs::Optional>())?;
    assert!(text.contains("note no longer required compatible"), "{text}");
    Ok(())
}
