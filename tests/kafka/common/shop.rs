//! An embedded broker with the topics of a shop.

use event_schema::kafka::{EmbeddedKafka, EventProducer};

pub struct Shop {
    pub kafka: EmbeddedKafka,
    pub producer: EventProducer,
}

impl Shop {
    pub async fn open() -> Self {
        let kafka = EmbeddedKafka::start().unwrap();
        for topic in ["orders", "accepted", "packed"] {
            kafka.create_topic(topic, 1).unwrap();
        }
        let producer = EventProducer::connect(&kafka.config()).await.unwrap().with_source("/shop").unwrap();
        Self { kafka, producer }
    }
}
