// Spring Kafka at both ends of a dead letter topic, for `tests/kafka/spring.rs`:
//
//     java -cp 'libs/*' DeadLetters.java refuse SERVERS TOPIC COUNT
//         a listener that fails on each record, so that Spring's own recoverer publishes COUNT dead letters
//     java -cp 'libs/*' DeadLetters.java retry SERVERS TOPIC COUNT
//         a @RetryableTopic that fails on each record, twice, and publishes COUNT dead letters
//     java -cp 'libs/*' DeadLetters.java read SERVERS TOPIC COUNT
//         prints the headers of COUNT dead letters as a listener of Spring's sees them

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.BackOff;
import org.springframework.kafka.annotation.DltHandler;
import org.springframework.kafka.annotation.EnableKafkaRetryTopic;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.annotation.RetryableTopic;
import org.springframework.kafka.config.ConcurrentKafkaListenerContainerFactory;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.core.DefaultKafkaProducerFactory;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.DeadLetterPublishingRecoverer;
import org.springframework.kafka.listener.DefaultErrorHandler;
import org.springframework.kafka.listener.KafkaMessageListenerContainer;
import org.springframework.kafka.listener.MessageListener;
import org.springframework.kafka.listener.RetryListener;
import org.springframework.kafka.support.SimpleKafkaHeaderMapper;
import org.springframework.kafka.support.KafkaHeaders;
import org.springframework.messaging.MessageHeaders;
import org.springframework.scheduling.TaskScheduler;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;
import org.springframework.util.backoff.FixedBackOff;

class DeadLetters {
    static final String GROUP = "spring-billing";

    public static void main(String[] args) throws Exception {
        String servers = args[1];
        String topic = args[2];
        CountDownLatch left = new CountDownLatch(Integer.parseInt(args[3]));
        if (args[0].equals("retry")) {
            Retrying.servers = servers;
            Retrying.topic = topic;
            Retrying.left = left;
            var context = new AnnotationConfigApplicationContext(Retrying.class);
            boolean all = left.await(60, TimeUnit.SECONDS);
            context.close();
            System.exit(all ? 0 : 1);
        }
        var container = switch (args[0]) {
            case "refuse" -> refusing(servers, topic, left);
            case "read" -> reading(servers, topic, left);
            default -> throw new IllegalArgumentException(args[0]);
        };
        container.start();
        boolean all = left.await(60, TimeUnit.SECONDS);
        container.stop();
        System.out.flush();
        System.exit(all ? 0 : 1);
    }

    static KafkaMessageListenerContainer<byte[], byte[]> refusing(String servers, String topic, CountDownLatch left) {
        MessageListener<byte[], byte[]> listener = record -> {
            throw new IllegalStateException("out of stock");
        };
        var container = container(servers, topic, GROUP, listener);
        Map<String, Object> settings = new HashMap<>();
        settings.put("bootstrap.servers", servers);
        var factory = new DefaultKafkaProducerFactory<>(settings, new ByteArraySerializer(), new ByteArraySerializer());
        var recoverer = new DeadLetterPublishingRecoverer(new KafkaTemplate<>(factory));
        var handler = new DefaultErrorHandler(recoverer, new FixedBackOff(0, 0));
        handler.setRetryListeners(new RetryListener() {
            @Override
            public void failedDelivery(ConsumerRecord<?, ?> record, Exception exception, int attempt) {
            }

            @Override
            public void recovered(ConsumerRecord<?, ?> record, Exception exception) {
                left.countDown();
            }
        });
        container.setCommonErrorHandler(handler);
        return container;
    }

    static KafkaMessageListenerContainer<byte[], byte[]> reading(String servers, String topic, CountDownLatch left) {
        var mapper = new SimpleKafkaHeaderMapper();
        MessageListener<byte[], byte[]> listener = record -> {
            Map<String, Object> headers = new HashMap<>();
            mapper.toHeaders(record.headers(), headers);
            print(record, new MessageHeaders(headers));
            left.countDown();
        };
        return container(servers, topic, "spring-reader-" + System.nanoTime(), listener);
    }

    /** One line for each header that Spring has a constant for, then the rest by name, then the value. */
    static void print(ConsumerRecord<byte[], byte[]> record, MessageHeaders headers) {
        Map<String, String> seen = new TreeMap<>();
        for (String name : headers.keySet()) {
            if (!(headers.get(name) instanceof byte[] bytes)) {
                if (!name.equals(MessageHeaders.ID) && !name.equals(MessageHeaders.TIMESTAMP)) {
                    seen.put(name, String.valueOf(headers.get(name)));
                }
                continue;
            }
            seen.put(name, switch (name) {
                case KafkaHeaders.DLT_ORIGINAL_PARTITION -> String.valueOf(ByteBuffer.wrap(bytes).getInt());
                case KafkaHeaders.DLT_ORIGINAL_OFFSET, KafkaHeaders.DLT_ORIGINAL_TIMESTAMP ->
                        String.valueOf(ByteBuffer.wrap(bytes).getLong());
                default -> new String(bytes, StandardCharsets.UTF_8).lines().findFirst().orElse("");
            });
        }
        seen.forEach((name, value) -> System.out.println("header\t" + name + "\t" + value));
        System.out.println("key\t" + (record.key() == null ? "null" : new String(record.key(), StandardCharsets.UTF_8)));
        System.out.println("value\t" + (record.value() == null ? "null" : new String(record.value(), StandardCharsets.UTF_8)));
    }

    static KafkaMessageListenerContainer<byte[], byte[]> container(
            String servers, String topic, String group, MessageListener<byte[], byte[]> listener) {
        Map<String, Object> settings = new HashMap<>();
        settings.put("bootstrap.servers", servers);
        settings.put("group.id", group);
        settings.put("auto.offset.reset", "earliest");
        var factory = new DefaultKafkaConsumerFactory<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        var properties = new ContainerProperties(topic);
        properties.setMessageListener(listener);
        return new KafkaMessageListenerContainer<>(factory, properties);
    }

    @Configuration
    @EnableKafkaRetryTopic
    static class Retrying {
        static String servers;
        static String topic;
        static CountDownLatch left;

        @Bean
        String topic() {
            return topic;
        }

        @Bean
        TaskScheduler scheduler() {
            return new ThreadPoolTaskScheduler();
        }

        @Bean
        KafkaTemplate<byte[], byte[]> defaultRetryTopicKafkaTemplate() {
            Map<String, Object> settings = new HashMap<>();
            settings.put("bootstrap.servers", servers);
            return new KafkaTemplate<>(
                    new DefaultKafkaProducerFactory<>(settings, new ByteArraySerializer(), new ByteArraySerializer()));
        }

        @Bean
        ConcurrentKafkaListenerContainerFactory<byte[], byte[]> kafkaListenerContainerFactory() {
            Map<String, Object> settings = new HashMap<>();
            settings.put("bootstrap.servers", servers);
            settings.put("auto.offset.reset", "earliest");
            var factory = new ConcurrentKafkaListenerContainerFactory<byte[], byte[]>();
            factory.setConsumerFactory(
                    new DefaultKafkaConsumerFactory<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer()));
            return factory;
        }

        @RetryableTopic(attempts = "2", backOff = @BackOff(10), autoCreateTopics = "false")
        @KafkaListener(topics = "#{topic}", groupId = GROUP)
        void listen(ConsumerRecord<byte[], byte[]> record) {
            throw new IllegalStateException("out of stock");
        }

        @DltHandler
        void dead(ConsumerRecord<byte[], byte[]> record) {
            left.countDown();
        }
    }
}
