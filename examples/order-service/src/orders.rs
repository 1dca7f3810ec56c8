//! The table `orders`, and the handlers of messages.
//!
//! A handler's rows, the events that it returns and the fact that it has handled its message are committed together. The
//! statements work in PostgreSQL and in SQLite.

use event_schema::chrono::{DateTime, Utc};
use event_schema::kafka::Failure;
use event_schema::outbox::{Outbox, OutboxError, Tx};
use event_schema::prelude::*;
use event_schema::sqlx::any::AnyRow;
use event_schema::sqlx::{self, Any, AnyConnection, AnyPool, Row};

use crate::events::{DeliveryAnswered, DeliveryRequested, OrderRequested, OrderStatus, StoredOrder};

const TABLE: &str = "CREATE TABLE IF NOT EXISTS orders (
    order_id TEXT PRIMARY KEY,
    product_id TEXT NOT NULL,
    quantity BIGINT NOT NULL,
    delivered BIGINT NOT NULL DEFAULT 0,
    order_status TEXT NOT NULL,
    created_at BIGINT NOT NULL
)";

/// Creates the tables, unless they exist.
pub(crate) async fn migrate(outbox: &Outbox<Any>) -> Result<(), OutboxError> {
    outbox.migrate().await?;
    let mut tx = outbox.begin().await?;
    if tx.backend_name() == "PostgreSQL" {
        // `IF NOT EXISTS` fails if two processes do it at once.
        sqlx::query("SELECT pg_advisory_xact_lock(20261122)").execute(&mut *tx).await?;
    }
    sqlx::query(TABLE).execute(&mut *tx).await?;
    outbox.commit(tx).await
}

/// Stores the order of an HTTP request.
pub(crate) async fn insert(db: &mut AnyConnection, order: &OrderRequested) -> sqlx::Result<()> {
    let sql = "INSERT INTO orders (order_id, product_id, quantity, order_status, created_at)
        VALUES ($1, $2, $3, 'requested', $4)";
    write(db, sql, order).await.map(drop)
}

/// Handles `order-request`: stores the order, unless it came by HTTP and is stored, and requests its parcels.
pub(crate) async fn accept(order: OrderRequested, mut tx: Tx<Any>) -> Result<Vec<DeliveryRequested>, Failure> {
    let sql = "INSERT INTO orders (order_id, product_id, quantity, order_status, created_at)
        VALUES ($1, $2, $3, 'accepted', $4)
        ON CONFLICT (order_id) DO UPDATE SET order_status = 'accepted' WHERE orders.order_status = 'requested'";
    let OrderRequested { order_id, ref product_id, quantity } = order;
    // The inbox knows the events that came before by their ids. Those of clients that send no id come this far.
    if !write(&mut tx, sql, &order).await? {
        tracing::info!("order {order_id} came before: nothing changes");
        return Ok(Vec::new());
    }
    tracing::info!("order {order_id} is accepted");
    let parcel = |parcel| DeliveryRequested { order_id, product_id: product_id.clone(), parcel };
    Ok((1..=quantity).map(parcel).collect())
}

async fn write(db: &mut AnyConnection, sql: &str, order: &OrderRequested) -> sqlx::Result<bool> {
    let OrderRequested { order_id, product_id, quantity } = order;
    let query = sqlx::query(sql).bind(order_id.to_string()).bind(product_id).bind(i64::from(*quantity));
    Ok(query.bind(Utc::now().timestamp_millis()).execute(db).await?.rows_affected() > 0)
}

/// Handles `delivery-answer`: counts the parcels of an order, which arrive one after the other.
pub(crate) async fn answered(answer: DeliveryAnswered, mut tx: Tx<Any>) -> Result<(), Failure> {
    let DeliveryAnswered { order_id, parcel } = answer;
    let sql = "UPDATE orders SET delivered = $1,
        order_status = CASE WHEN quantity = $1 THEN 'delivered' ELSE 'accepted' END
        WHERE order_id = $2 AND delivered = $1 - 1 AND quantity >= $1";
    let changed = sqlx::query(sql).bind(i64::from(parcel)).bind(order_id.to_string()).execute(&mut *tx).await?;
    if changed.rows_affected() > 0 {
        tracing::info!("order {order_id}: parcel {parcel} is delivered");
        return Ok(());
    }
    match find(&mut tx, order_id).await? {
        None => Err(Failure::reject("a delivery answer names an order that does not exist")),
        Some(order) if order.delivered >= parcel => {
            tracing::info!("order {order_id}: the answer for parcel {parcel} came before: nothing changes");
            Ok(())
        }
        Some(_) => Err(Failure::reject("a delivery answer names a parcel that is not the next one of its order")),
    }
}

pub(crate) async fn get(pool: &AnyPool, order_id: Uuid) -> sqlx::Result<Option<StoredOrder>> {
    find(&mut *pool.acquire().await?, order_id).await
}

async fn find(db: &mut AnyConnection, order_id: Uuid) -> sqlx::Result<Option<StoredOrder>> {
    let sql = "SELECT product_id, quantity, delivered, order_status, created_at FROM orders WHERE order_id = $1";
    let row = sqlx::query(sql).bind(order_id.to_string()).fetch_optional(db).await?;
    row.map(|row| read(order_id, &row)).transpose()
}

fn read(order_id: Uuid, row: &AnyRow) -> sqlx::Result<StoredOrder> {
    let number =
        |column| u32::try_from(row.try_get::<i64, _>(column)?).map_err(|error| sqlx::Error::Decode(error.into()));
    let order_status = match row.try_get("order_status")? {
        "requested" => OrderStatus::Requested,
        "accepted" => OrderStatus::Accepted,
        "delivered" => OrderStatus::Delivered,
        _ => return Err(sqlx::Error::Decode("an unknown order_status".into())),
    };
    let created_at = DateTime::from_timestamp_millis(row.try_get("created_at")?);
    Ok(StoredOrder {
        order_id,
        product_id: row.try_get("product_id")?,
        quantity: number("quantity")?,
        delivered: number("delivered")?,
        order_status,
        created_at: created_at.ok_or_else(|| sqlx::Error::Decode("created_at is out of range".into()))?,
    })
}
