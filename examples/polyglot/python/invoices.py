"""Issues an invoice for each order. The models are generated from the contracts of the Rust types."""

import os
import signal
import sys
import uuid

from confluent_kafka import Consumer, KafkaError, Producer
from invoice_issued import InvoiceIssued
from order_placed import OrderPlaced
from pydantic import ValidationError

brokers = sys.argv[1]
# Before the names of topics and groups, for instance that of a stage. The Rust program has `event.schema.topic.prefix` for it.
prefix = os.environ.get("TOPIC_PREFIX", "")
consumer = Consumer(
    {
        "bootstrap.servers": brokers,
        "group.id": f"{prefix}invoices",
        "auto.offset.reset": "earliest",
        # An order counts as handled when its invoice is acknowledged.
        "enable.auto.offset.store": False,
    }
)
producer = Producer({"bootstrap.servers": brokers, "enable.idempotence": True})


def invoice_for(order):
    return InvoiceIssued(
        order_id=order.order_id,
        number=f"2026-{order.order_id.hex[-8:]}",
        total=sum(line.quantity * line.unit_price for line in order.lines),
    )


def cause_of(message):
    """The source and the id of an event, or the place of a message that has none."""
    headers = dict(message.headers() or [])
    if "ce_id" in headers:
        return " ".join(headers.get(name, b"").decode(errors="replace") for name in ("ce_source", "ce_id"))
    return f"{message.topic()}/{message.partition()}@{message.offset()}"


def send(invoice, cause):
    # An order that comes again gives an invoice with the same id.
    event_id = uuid.uuid5(uuid.NAMESPACE_URL, f"invoice.issued {cause}")
    failures = []
    producer.produce(
        f"{prefix}invoices",
        key=str(invoice.order_id),
        value=invoice.model_dump_json(by_alias=True, exclude_none=True),
        headers={
            "ce_specversion": "1.0",
            "ce_id": str(event_id),
            "ce_source": "/polyglot/python",
            "ce_type": "invoice.issued.v1",
            "content-type": "application/json",
        },
        on_delivery=lambda error, _: error and failures.append(error),
    )
    if producer.flush(30) or failures:
        raise RuntimeError(f"the invoice was not acknowledged: {failures}")


def ends(*_):
    raise SystemExit


signal.signal(signal.SIGTERM, ends)
signal.signal(signal.SIGINT, ends)
consumer.subscribe([f"{prefix}orders"])
try:
    while True:
        message = consumer.poll(1.0)
        if message is None:
            continue
        if message.error():
            if message.error().code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
                continue
            raise RuntimeError(message.error())
        try:
            order = OrderPlaced.model_validate_json(message.value())
        except ValidationError as error:
            places = [".".join(map(str, fault["loc"])) for fault in error.errors()]
            print(f"python: refused offset {message.offset()}: {', '.join(places)}")
        else:
            invoice = invoice_for(order)
            send(invoice, cause_of(message))
            print(f"python: invoice {invoice.number} over {invoice.total / 100:.2f}")
        consumer.store_offsets(message)
finally:
    consumer.close()
