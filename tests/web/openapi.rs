//! The contract of an event in an OpenAPI document that utoipa writes.

use crate::{call, post};
use event_schema::axum::Event;
use event_schema::axum::axum08::http::StatusCode;
use event_schema::axum::axum08::{Router, routing};
use event_schema::contract;
use event_schema::prelude::*;
use event_schema::schemars::generate::Contract;
use event_schema::serde_json::{Value, json};
use utoipa::OpenApi;

#[derive(Debug, Serialize, EventSchema)]
struct OrderRequested {
    #[validate(length(min = 1))]
    order_id: String,
    lines: Vec<Line>,
    size: Option<(u8, u8)>,
}

#[derive(Debug, Serialize, EventSchema)]
struct Line {
    #[event(not_null)]
    #[serde(skip_serializing_if = "Option::is_none")]
    sku: Option<String>,
    #[validate(range(exclusive_min = 0.0))]
    price: f64,
}

/// Asks for products.
#[utoipa::path(
    post,
    path = "/orders",
    request_body = ref("#/components/schemas/OrderRequested"),
    responses((status = 202, description = "It is accepted.")),
)]
async fn request_order(_: Event<OrderRequested>) -> StatusCode {
    StatusCode::ACCEPTED
}

#[derive(OpenApi)]
#[openapi(paths(request_order))]
struct Api;

fn document() -> Value {
    let mut document = serde_json::to_value(Api::openapi()).unwrap();
    for (name, schema) in contract::openapi31::<OrderRequested>(&Contract::Deserialize) {
        document["components"]["schemas"][name] = schema;
    }
    document
}

#[tokio::test]
async fn a_request_is_accepted_if_its_document_says_so() {
    let mut schema = document();
    let body =
        schema.pointer("/paths/~1orders/post/requestBody/content/application~1json/schema/$ref").unwrap().clone();
    schema["$ref"] = body;
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let app = Router::new().route("/orders", routing::post(request_order));
    let order = |lines: Value| json!({"order_id": "A-1", "lines": lines});
    for (message, good) in [
        (order(json!([])), true),
        (order(json!([{"price": 0.5}, {"sku": "x", "price": 7}])), true),
        (json!({"order_id": "A-1", "lines": [], "size": [1, 255]}), true),
        (json!({"order_id": "A-1", "lines": [], "size": null}), true),
        (order(json!([{"price": 0}])), false),
        (order(json!([{"sku": null, "price": 1}])), false),
        (order(json!(null)), false),
        (json!({"order_id": "", "lines": []}), false),
        (json!({"order_id": "A-1", "lines": [], "size": [1, 256]}), false),
        (json!({"order_id": "A-1", "lines": [], "size": [1]}), false),
        (json!({}), false),
        (json!([]), false),
    ] {
        let status = if good { StatusCode::ACCEPTED } else { StatusCode::UNPROCESSABLE_ENTITY };
        assert_eq!(call(&app, post("/orders", &[], message.to_string())).await.status, status, "{message}");
        assert_eq!(validator.is_valid(&message), good, "{message} by {schema:#}");
    }
}
