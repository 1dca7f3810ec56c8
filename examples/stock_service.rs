//! A service that consumes and produces events. It accepts orders while there is stock, handles the events of each key
//! in order, and runs until a signal ends the process.
//!
//! ```text
//! cargo run --example stock_service                               # a broker inside the process, and a few orders
//! cargo run --example stock_service -- --config client.properties # a real one: ends at Ctrl-C or SIGTERM
//! ```
//!
//! On a real broker the topics `orders` and `accepted-orders` and the dead letter topic `orders-stock-service-dlt` must
//! exist, unless the broker creates topics itself.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use event_schema::kafka::{
    App, Delivery, EmbeddedKafka, EventConsumer, EventProducer, Failure, KafkaConfig, Order, Outcome, Retry, SendError,
    State,
};
use event_schema::prelude::*;

const GROUP: &str = "stock-service";

#[derive(Debug, Serialize, EventSchema)]
#[event(name = "order.requested", topic = "orders", key = order_id)]
struct OrderRequested {
    order_id: String,
    #[validate(range(min = 1, max = 1000))]
    quantity: u32,
}

#[derive(Debug, Serialize, EventSchema)]
#[event(name = "order.cancelled", topic = "orders", key = order_id)]
struct OrderCancelled {
    order_id: String,
    #[validate(range(min = 1, max = 1000))]
    quantity: u32,
}

/// The events in the topic `orders`: the type of a message selects the variant.
#[derive(Debug, Serialize, EventSchema)]
#[event(types, topic = "orders")]
#[serde(untagged)]
enum OrderEvent {
    Requested(OrderRequested),
    Cancelled(OrderCancelled),
}

#[derive(Debug, Serialize, EventSchema)]
#[event(name = "order.accepted", topic = "accepted-orders", key = order_id)]
struct OrderAccepted {
    order_id: String,
    quantity: u32,
}

/// The events whose contracts a test keeps, in the folder `schemas/stock-service`.
#[cfg(test)]
pub(crate) fn catalog() -> event_schema::contract::Catalog {
    event_schema::contract::Catalog::new("stock-service").receives::<OrderEvent>().sends::<OrderAccepted>()
}

/// The stock that is left to sell, and the orders that have their share: a handler can run twice for one event.
struct Stock {
    left: u32,
    orders: BTreeMap<String, u32>,
}

/// The event that it returns is published before the order counts as handled.
async fn handle_order(
    event: Delivery<OrderEvent>,
    State(stock): State<Arc<Mutex<Stock>>>,
) -> Result<Option<OrderAccepted>, Failure> {
    let mut stock = stock.lock().unwrap_or_else(PoisonError::into_inner);
    match event.event() {
        OrderEvent::Requested(OrderRequested { order_id, quantity }) => {
            if !stock.orders.contains_key(order_id) {
                // A retry would not help: the order goes to the dead letter topic at once.
                let left = stock.left.checked_sub(*quantity).ok_or_else(|| Failure::reject("not so many in stock"))?;
                stock.left = left;
                stock.orders.insert(order_id.clone(), *quantity);
            }
            println!("{event}: {order_id} is accepted");
            Ok(Some(OrderAccepted { order_id: order_id.clone(), quantity: *quantity }))
        }
        OrderEvent::Cancelled(OrderCancelled { order_id, .. }) => {
            stock.left += stock.orders.remove(order_id).unwrap_or(0);
            println!("{event}: {order_id} is cancelled");
            Ok(None)
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = pico_args::Arguments::from_env();
    let file: Option<PathBuf> = args.opt_value_from_str("--config")?;
    let embedded = if file.is_none() { Some(EmbeddedKafka::start()?) } else { None };
    let config = match (&embedded, file) {
        (Some(embedded), _) => embedded.config(),
        (None, file) => KafkaConfig::from_properties_file(file.unwrap_or_default())?,
    };

    let producer = EventProducer::connect(&config).await?.with_source("/stock-service")?;
    let consumer = EventConsumer::<OrderEvent>::subscribe(&config.group(GROUP)).await?;
    let handle = consumer.handle();
    let runner = consumer
        .runner()
        .order(Order::Key)
        // Only orders with the same key wait for the retry of a failed one.
        .retry(Retry::park().attempts(5))
        .handler_timeout(Duration::from_secs(30))
        .on_tombstone(async |tombstone: Delivery<()>| println!("{tombstone}: the order is deleted"))
        .state(Arc::new(Mutex::new(Stock { left: 10, orders: BTreeMap::new() })))
        .publish_with(&producer);

    // The consumer ends before the producer that its handlers use.
    let mut app = App::new("stock-service").producer(&producer).consumer(runner, handle_order);
    if embedded.is_some() {
        let (app_handle, counts) = (app.handle(), handle.clone());
        app = app.task("demo", async move |_| {
            publish(&producer).await?;
            while counts.counts().done() < 3 || counts.counts().of(Outcome::Dead) < 1 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            app_handle.close();
            Ok(())
        });
    }
    app.run().await?;
    println!("{}", handle.counts());
    Ok(())
}

/// Publishes events as other services would: an order that exceeds the stock, and a tombstone, among them.
async fn publish(producer: &EventProducer) -> Result<(), SendError> {
    let order = |order_id: &str, quantity| OrderRequested { order_id: order_id.to_owned(), quantity };
    producer.send(&order("A-1", 7)).await?;
    producer.send(&order("A-2", 100)).await?;
    producer.send(&OrderCancelled { order_id: "A-1".to_owned(), quantity: 7 }).await?;
    producer.send_tombstone("orders", "A-0").await?;
    Ok(())
}
