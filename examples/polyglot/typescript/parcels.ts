// Packs each order. The types are generated from the contracts of the Rust types, and ajv checks messages by the same contract.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { type EachMessagePayload, Kafka, logLevel } from "kafkajs";
import type { OrderPlaced } from "./order_placed.js";
import type { ParcelPacked } from "./parcel_packed.js";

// Before the names of topics and groups, for instance that of a stage. The Rust program has `event.schema.topic.prefix` for it.
const prefix = process.env.TOPIC_PREFIX ?? "";
const kafka = new Kafka({ brokers: [process.argv[2]], logLevel: logLevel.ERROR });
const consumer = kafka.consumer({ groupId: `${prefix}parcels` });
const producer = kafka.producer();

const ajv = new Ajv2020({ keywords: ["x-event-schema"], allErrors: true });
formats.default(ajv);
const isOrder = ajv.compile<OrderPlaced>(JSON.parse(readFileSync(new URL("order_placed.json", import.meta.url), "utf8")));

function pack(order: OrderPlaced): ParcelPacked {
  const pieces = order.lines.reduce((sum, line) => sum + line.quantity, 0);
  return {
    orderId: order.orderId,
    size: order.delivery.kind === "parcel" && order.delivery.express ? "large" : "small",
    weightInGrams: Math.min(31_500, 12 * pieces),
  };
}

/** The source and the id of an event, or the place of a message that has none. */
function causeOf({ topic, partition, message }: EachMessagePayload): string {
  const { ce_source: source, ce_id: id } = message.headers ?? {};
  return id === undefined ? `${topic}/${partition}@${message.offset}` : `${source ?? ""} ${id}`;
}

/** An order that comes again gives a parcel with the same id. */
function derivedId(cause: string): string {
  return createHash("sha256").update(`parcel.packed ${cause}`).digest("hex").slice(0, 32);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

await producer.connect();
await consumer.connect();
await consumer.subscribe({ topics: [`${prefix}orders`], fromBeginning: true });
await consumer.run({
  eachMessage: async (payload) => {
    const { message } = payload;
    const order = parsed(message.value?.toString() ?? "");
    if (!isOrder(order)) {
      const places = isOrder.errors?.map(({ instancePath, keyword }) => `${instancePath} ${keyword}`);
      console.log(`typescript: refused offset ${message.offset}: ${places?.join(", ")}`);
      return;
    }
    const parcel = pack(order);
    await producer.send({
      topic: `${prefix}parcels`,
      messages: [
        {
          key: parcel.orderId,
          value: JSON.stringify(parcel),
          headers: {
            ce_specversion: "1.0",
            ce_id: derivedId(causeOf(payload)),
            ce_source: "/polyglot/typescript",
            ce_type: "parcel.packed.v1",
            "content-type": "application/json",
          },
        },
      ],
    });
    console.log(`typescript: a ${parcel.size} parcel of ${parcel.weightInGrams} g`);
  },
});

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, async () => {
    // librdkafka's mock cluster answers a member that leaves with less than kafkajs expects.
    kafka.logger().setLogLevel(logLevel.NOTHING);
    await consumer.disconnect();
    await producer.disconnect();
  });
}
