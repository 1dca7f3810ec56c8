// Reads a topic until a message of a trace comes, by OpenTelemetry's propagator, for `tests/sight/languages.rs`:
//
//     java -cp 'libs/*' Consume.java SERVERS TOPIC TRACE
//
// Prints the trace and the span that the message names as the parent of the work on it.

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

class Consume {
    static final TextMapGetter<ConsumerRecord<byte[], byte[]>> HEADERS = new TextMapGetter<>() {
        @Override
        public Iterable<String> keys(ConsumerRecord<byte[], byte[]> record) {
            List<String> keys = new ArrayList<>();
            record.headers().forEach(header -> keys.add(header.key()));
            return keys;
        }

        @Override
        public String get(ConsumerRecord<byte[], byte[]> record, String key) {
            Header header = record.headers().lastHeader(key);
            return header == null ? null : new String(header.value(), StandardCharsets.UTF_8);
        }
    };

    public static void main(String[] args) {
        Map<String, Object> settings = Map.of(
            "bootstrap.servers", args[0],
            "group.id", "sight-" + System.nanoTime(),
            "auto.offset.reset", "earliest");
        var deserializer = new ByteArrayDeserializer();
        long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        try (var consumer = new KafkaConsumer<>(settings, deserializer, deserializer)) {
            consumer.subscribe(List.of(args[1]));
            while (System.nanoTime() < end) {
                for (var record : consumer.poll(Duration.ofSeconds(1))) {
                    Context context = W3CTraceContextPropagator.getInstance().extract(Context.root(), record, HEADERS);
                    SpanContext span = Span.fromContext(context).getSpanContext();
                    if (span.isRemote() && span.getTraceId().equals(args[2])) {
                        System.out.println(span.getTraceId() + " " + span.getSpanId());
                        return;
                    }
                }
            }
        }
        System.exit(1);
    }
}
