//! Numbers, and what text stands for.

use serde_json::{Value, json};

use super::writer::Writer;
use crate::contract::shape::{AvroForm, Integer, Logical, Rule, Text};

impl Writer {
    pub(super) fn integer(&mut self, integer: &Integer, rules: &[Rule], form: Option<AvroForm>) -> Value {
        self.refuse_form(form, "an integer");
        if i32::try_from(integer.min).is_ok() && i32::try_from(integer.max).is_ok() {
            return "int".into();
        }
        let is_long = |min: i128, max: u128| i64::try_from(min).is_ok() && i64::try_from(max).is_ok();
        let (mut min, mut max) = (integer.min, integer.max);
        if is_long(min, max) {
            return "long".into();
        }
        for rule in rules {
            let Rule::Range(range) = rule else { continue };
            let lower = [(&range.min, 0), (&range.exclusive_min, 1)];
            let upper = [(&range.max, 0), (&range.exclusive_max, 1)];
            for (bound, beyond) in lower.into_iter().filter_map(|(bound, by)| Some((whole(bound.as_ref()?)?, by))) {
                min = min.max(bound.saturating_add(beyond));
            }
            for (bound, beyond) in upper.into_iter().filter_map(|(bound, by)| Some((whole(bound.as_ref()?)?, by))) {
                max = max.min(u128::try_from(bound.saturating_sub(beyond)).unwrap_or_default());
            }
        }
        if is_long(min, max) {
            return "long".into();
        }
        let precision = integer.min.unsigned_abs().max(integer.max).ilog10() + 1;
        decimal(precision, 0)
    }

    pub(super) fn text(&mut self, text: &Text, form: Option<AvroForm>) -> Value {
        let Some(logical) = text.logical else {
            if form != Some(AvroForm::String) {
                self.refuse_form(form, "a string");
            }
            return "string".into();
        };
        match (logical, form) {
            (_, Some(AvroForm::String)) | (Logical::Duration, None) => "string".into(),
            (Logical::Uuid, None) => json!({"type": "string", "logicalType": "uuid"}),
            (Logical::Uuid, Some(AvroForm::Fixed)) => self.fixed("uuid", 16),
            (Logical::Instant, form) => self.timestamp("timestamp", "a point in time", form),
            (Logical::DateTime, form) => self.timestamp("local-timestamp", "a date and time", form),
            (Logical::Date, None) => json!({"type": "int", "logicalType": "date"}),
            (Logical::Time, None | Some(AvroForm::Micros)) => json!({"type": "long", "logicalType": "time-micros"}),
            (Logical::Time, Some(AvroForm::Millis)) => json!({"type": "int", "logicalType": "time-millis"}),
            (Logical::Duration, Some(AvroForm::Duration)) => self.fixed("duration", 12),
            (Logical::Decimal, Some(AvroForm::Decimal { precision, scale })) => decimal(precision, scale),
            (Logical::Decimal, None) => self.fault(
                "a decimal has a scale of its own, which Avro's do not",
                "choose one for all: `#[event(avro(precision = 12, scale = 2))]`, or keep its text: \
                 `#[event(avro(string))]`",
            ),
            (Logical::Uuid, form) => self.refused(form, "a UUID"),
            (Logical::Date, form) => self.refused(form, "a date"),
            (Logical::Time, form) => self.refused(form, "a time of day"),
            (Logical::Duration, form) => self.refused(form, "a duration"),
            (Logical::Decimal, form) => self.refused(form, "a decimal"),
        }
    }

    fn timestamp(&mut self, name: &str, what: &str, form: Option<AvroForm>) -> Value {
        let unit = match form {
            None | Some(AvroForm::Micros) => "micros",
            Some(AvroForm::Millis) => "millis",
            Some(AvroForm::Nanos) => "nanos",
            form => return self.refused(form, what),
        };
        json!({"type": "long", "logicalType": format!("{name}-{unit}")})
    }

    fn refused(&mut self, form: Option<AvroForm>, place: &str) -> Value {
        self.refuse_form(form, place);
        Value::Null
    }
}

fn decimal(precision: u32, scale: u32) -> Value {
    json!({"type": "bytes", "logicalType": "decimal", "precision": precision, "scale": scale})
}

fn whole(bound: &Value) -> Option<i128> {
    bound.as_i64().map(i128::from).or_else(|| bound.as_u64().map(i128::from))
}
