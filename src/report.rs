//! Reports for programs: a flat list, and problem details (RFC 9457).

use serde_json::{Value, json};

use crate::violation::{Violation, Violations};

impl Violations {
    /// The violations as flat records: `pointer` (RFC 6901), `code`, `message` and `params`, and the
    /// [`position`](Violation::position) and the [`value`](Violation::value) if the load recorded them.
    ///
    /// Each record is the serialized form of a [`Violation`]; [`omitted`](Self::omitted) violations are not included.
    ///
    /// ```
    /// use event_schema::{EventSchema, Serialize};
    /// use serde_json::json;
    ///
    /// #[derive(Debug, Serialize, EventSchema)]
    /// struct Line {
    ///     #[validate(length(min = 1))]
    ///     sku: String,
    /// }
    ///
    /// let error = Line::load(br#"{"sku": ""}"#).unwrap_err();
    /// assert_eq!(error.violations().unwrap().to_list(), json!([{
    ///     "pointer": "/sku",
    ///     "code": "length",
    ///     "message": "Shorter than minimum length 1.",
    ///     "params": {"min": 1},
    /// }]));
    /// ```
    #[must_use]
    pub fn to_list(&self) -> Value {
        self.iter()
            .map(|violation| {
                let record = json!({
                    "pointer": violation.path().to_pointer(),
                    "code": violation.code(),
                    "message": violation.message(),
                    "params": violation.params(),
                });
                with_details(record, violation)
            })
            .collect()
    }

    /// The body of an HTTP response with status 422: problem details (RFC 9457), with the media type
    /// `application/problem+json`.
    ///
    /// The violations are in `errors`, as in the RFC's own example, each with its `code` and `params`; `omitted` is the
    /// number of further violations. The type is `about:blank`, as for every problem that is described by its status; a
    /// service with a documented type sets its own.
    ///
    /// ```
    /// use event_schema::{EventSchema, Serialize};
    /// use serde_json::json;
    ///
    /// #[derive(Debug, Serialize, EventSchema)]
    /// struct Line { sku: String }
    ///
    /// #[derive(Debug, Serialize, EventSchema)]
    /// struct Order { lines: Vec<Line> }
    ///
    /// let error = Order::load(br#"{"lines": [{"sku": 7}]}"#).unwrap_err();
    /// let mut problem = error.violations().unwrap().to_problem();
    /// assert_eq!(problem, json!({
    ///     "type": "about:blank",
    ///     "title": "Unprocessable Content",
    ///     "status": 422,
    ///     "detail": "1 violation",
    ///     "errors": [{
    ///         "pointer": "#/lines/0/sku",
    ///         "detail": "Not a valid string.",
    ///         "code": "invalid",
    ///         "params": {"expected": "string"},
    ///     }],
    /// }));
    ///
    /// problem["type"] = json!("https://example.org/problems/invalid-order");
    /// ```
    #[must_use]
    pub fn to_problem(&self) -> Value {
        let count = self.len() + self.omitted();
        let mut problem = problem(422, "Unprocessable Content", &violations(count));
        problem["errors"] = self.iter().map(error).collect();
        if self.omitted() > 0 {
            problem["omitted"] = self.omitted().into();
        }
        problem
    }
}

fn error(violation: &Violation) -> Value {
    let record = json!({
        "pointer": violation.path().to_fragment(),
        "detail": violation.message(),
        "code": violation.code(),
        "params": violation.params(),
    });
    with_details(record, violation)
}

/// The record with the details that the load recorded on request.
fn with_details(mut record: Value, violation: &Violation) -> Value {
    if let Some(position) = violation.position() {
        record["position"] = json!(position);
    }
    if let Some(value) = violation.value() {
        record["value"] = value.into();
    }
    record
}

/// Problem details without anything of a type's own; `title` is the status's phrase (RFC 9110).
pub(crate) fn problem(status: u16, title: &str, detail: &str) -> Value {
    json!({"type": "about:blank", "title": title, "status": status, "detail": detail})
}

/// "1 violation", "2 violations".
pub(crate) fn violations(count: usize) -> String {
    format!("{count} violation{}", if count == 1 { "" } else { "s" })
}
