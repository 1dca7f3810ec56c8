//! The documents that are loaded, and the faults in them.

use std::fmt::Write;

/// A document and what is wrong with it.
pub(crate) struct Document {
    pub(crate) text: String,
    pub(crate) faults: Vec<Fault>,
}

/// Other text in the place of a value, or none at all.
#[derive(Clone)]
pub(crate) struct Fault {
    pub(crate) pointer: String,
    text: Option<&'static str>,
}

impl Fault {
    fn new(pointer: impl Into<String>, text: impl Into<Option<&'static str>>) -> Self {
        Self { pointer: pointer.into(), text: text.into() }
    }
}

fn faults<const N: usize>(list: [(&str, Option<&'static str>); N]) -> Vec<Fault> {
    list.into_iter().map(|(pointer, text)| Fault::new(pointer, text)).collect()
}

/// One of shape and one of value: as many as a ping has room for.
pub(crate) fn two() -> Vec<Fault> {
    faults([("/id", Some(r#""x""#)), ("/name", Some(r#""""#))])
}

/// Broken rules only.
pub(crate) fn two_of_rules() -> Vec<Fault> {
    faults([("/id", Some("0")), ("/name", Some(r#""""#))])
}

/// Three of shape and two of rules, at three depths.
pub(crate) fn five() -> Vec<Fault> {
    faults([
        ("/customer_id", Some(r#""C-17""#)),
        ("/email", Some(r#""ada""#)),
        ("/address/city", None),
        ("/lines/1/quantity", Some("0")),
        ("/lines/2/price", Some("null")),
    ])
}

/// Broken rules only.
pub(crate) fn five_of_rules() -> Vec<Fault> {
    faults([
        ("/email", Some(r#""ada""#)),
        ("/priority", Some("9")),
        ("/address/country", Some(r#""Germany""#)),
        ("/lines/0/sku", Some(r#""""#)),
        ("/lines/2/quantity", Some("0")),
    ])
}

/// Twenty of the 25 values of the small order.
pub(crate) fn twenty() -> Vec<Fault> {
    faults([
        ("/reference", Some(r#""7""#)),
        ("/placed_at", Some(r#""yesterday""#)),
        ("/status", Some(r#""lost""#)),
        ("/customer_id", Some(r#""C-17""#)),
        ("/email", Some(r#""ada""#)),
        ("/currency", Some(r#""euro""#)),
        ("/total", Some("-1.5")),
        ("/coupon", Some(r#""x""#)),
        ("/priority", Some("9")),
        ("/address/street", None),
        ("/address/city", Some("5")),
        ("/address/postal_code", Some(r#""123456789012""#)),
        ("/address/country", Some(r#""Germany""#)),
        ("/lines/0/sku", Some(r#""""#)),
        ("/lines/0/quantity", Some("0")),
        ("/lines/0/price", Some(r#""free""#)),
        ("/lines/1/sku", None),
        ("/lines/1/quantity", Some("1.5")),
        ("/lines/2/quantity", Some("null")),
        ("/lines/2/price", Some("-1.5")),
    ])
}

/// Five above and fifteen all over the lines of the large order.
pub(crate) fn twenty_apart() -> Vec<Fault> {
    let kinds = [
        ("sku", Some(r#""""#)),
        ("quantity", Some("0")),
        ("price", Some(r#""free""#)),
        ("sku", None),
        ("price", Some("null")),
    ];
    let mut faults = five();
    faults.extend(kinds.iter().cycle().take(15).enumerate().map(|(n, (name, text))| {
        let line = 5 + 13 * n;
        Fault::new(format!("/lines/{line}/{name}"), *text)
    }));
    faults
}

/// Every value of every line.
pub(crate) fn everywhere() -> Vec<Fault> {
    (0..MANY_LINES)
        .flat_map(|line| {
            [("sku", r#""""#), ("quantity", "0"), ("price", r#""free""#)]
                .map(|(name, text)| Fault::new(format!("/lines/{line}/{name}"), text))
        })
        .collect()
}

pub(crate) const FEW_LINES: usize = 3;
pub(crate) const MANY_LINES: usize = 200;

pub(crate) fn ping(faults: Vec<Fault>) -> Document {
    let mut writer = Writer { text: String::new(), faults: &faults };
    writer.open("{");
    writer.value("/id", "42");
    writer.value("/name", r#""a""#);
    writer.close("}");
    Document { text: writer.text, faults }
}

pub(crate) fn order(lines: usize, faults: Vec<Fault>) -> Document {
    let mut writer = Writer { text: String::new(), faults: &faults };
    writer.open("{");
    writer.value("/reference", r#""0190163d-8694-739b-aea5-966c26f8ad91""#);
    writer.value("/placed_at", r#""2026-11-21T09:30:00.125Z""#);
    writer.value("/status", r#""confirmed""#);
    writer.value("/customer_id", "4711001");
    writer.value("/email", r#""ada.lovelace@example.org""#);
    writer.value("/currency", r#""EUR""#);
    writer.value("/total", "119.94");
    writer.value("/coupon", r#""WINTER-26""#);
    writer.value("/note", r#""Please ring twice, we are in.""#);
    writer.value("/priority", "3");
    writer.open(r#""address":{"#);
    writer.value("/address/street", r#""Unter den Linden 6""#);
    writer.value("/address/city", r#""Berlin""#);
    writer.value("/address/postal_code", r#""10117""#);
    writer.value("/address/country", r#""DE""#);
    writer.close("}");
    writer.open(r#""lines":["#);
    for line in 0..lines {
        writer.open("{");
        writer.value(&format!("/lines/{line}/sku"), &format!(r#""SKU-{line:08}-DE""#));
        writer.value(&format!("/lines/{line}/quantity"), "2");
        writer.value(&format!("/lines/{line}/price"), "19.99");
        writer.close("}");
    }
    writer.close("]");
    writer.close("}");
    Document { text: writer.text, faults }
}

/// With a value of a foreign type.
pub(crate) fn parcel(faults: Vec<Fault>) -> Document {
    let mut writer = Writer { text: String::new(), faults: &faults };
    writer.open("{");
    writer.value("/id", "42");
    writer.open(r#""size":{"#);
    writer.value("/size/width", "30");
    writer.value("/size/height", "20");
    writer.value("/size/depth", "10");
    writer.close("}");
    writer.value("/label", r#""fragile""#);
    writer.close("}");
    Document { text: writer.text, faults }
}

pub(crate) fn faulty_parcel() -> Vec<Fault> {
    faults([("/id", Some("0")), ("/size/height", Some(r#""high""#)), ("/label", Some(r#""x""#))])
}

/// With an address among its own fields.
pub(crate) fn stop(faults: Vec<Fault>) -> Document {
    let mut writer = Writer { text: String::new(), faults: &faults };
    writer.open("{");
    writer.value("/id", "42");
    writer.value("/street", r#""Unter den Linden 6""#);
    writer.value("/city", r#""Berlin""#);
    writer.value("/postal_code", r#""10117""#);
    writer.value("/country", r#""DE""#);
    writer.close("}");
    Document { text: writer.text, faults }
}

pub(crate) fn faulty_stop() -> Vec<Fault> {
    faults([("/id", Some(r#""x""#)), ("/city", None), ("/country", Some(r#""Germany""#))])
}

/// With an enum whose tag comes first or last.
pub(crate) fn payment(tag_first: bool, faults: Vec<Fault>) -> Document {
    let mut writer = Writer { text: String::new(), faults: &faults };
    writer.open("{");
    writer.value("/id", "42");
    writer.open(r#""by":{"#);
    if tag_first {
        writer.value("/by/type", r#""transfer""#);
    }
    writer.value("/by/iban", r#""DE02120300000000202051""#);
    writer.value("/by/cents", "4200");
    if !tag_first {
        writer.value("/by/type", r#""transfer""#);
    }
    writer.close("}");
    writer.close("}");
    Document { text: writer.text, faults }
}

pub(crate) fn faulty_payment() -> Vec<Fault> {
    faults([("/id", Some("0")), ("/by/iban", Some("7")), ("/by/cents", Some("-1"))])
}

struct Writer<'a> {
    text: String,
    faults: &'a [Fault],
}

impl Writer<'_> {
    fn separate(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with(['{', '[']) {
            self.text.push(',');
        }
    }

    fn open(&mut self, bracket: &str) {
        self.separate();
        self.text.push_str(bracket);
    }

    fn close(&mut self, bracket: &str) {
        self.text.push_str(bracket);
    }

    fn value(&mut self, pointer: &str, valid: &str) {
        let fault = self.faults.iter().find(|fault| fault.pointer == pointer);
        let Some(value) = fault.map_or(Some(valid), |fault| fault.text) else { return };
        self.separate();
        let name = &pointer[pointer.rfind('/').map_or(0, |slash| slash + 1)..];
        write!(self.text, "\"{name}\":{value}").expect("a string takes everything");
    }
}
