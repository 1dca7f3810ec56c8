import java.nio.ByteBuffer;
import java.util.*;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;
import org.apache.kafka.common.serialization.*;
import org.apache.kafka.common.utils.Utils;

/**
 * Prints keys, the bytes that Java's serializers make of them, and the partitions that Java's producer
 * chooses: one JSON object a line. With the jars of Apache Kafka 4.3.1:
 *
 *   java -Dstdout.encoding=UTF-8 -cp 'kafka/libs/*' KeyVectors.java > keys.jsonl
 */
public class KeyVectors {
    static final int[] PARTITIONS = {1, 2, 3, 6, 7, 12, 100};

    public static void main(String[] args) {
        var strings = new ArrayList<String>(List.of(
            "", "a", "abc", "abcd", "A-1", "customer-7", "0", "-1", "ä", "Zoë/世界 🌍", "\u0000", "x".repeat(50)));
        for (int i = 0; i < 40; i++) strings.add("key-" + i);
        for (String key : strings) row("string", key, new StringSerializer().serialize("t", key));
        var uuids = List.of(
            "00000000-0000-0000-0000-000000000000", "6e8bc430-9c3a-11d9-9669-0800200c9a66",
            "01928374-aaaa-7bbb-8ccc-0123456789ab", "ffffffff-ffff-ffff-ffff-ffffffffffff");
        for (String key : uuids) row("uuid", key, new UUIDSerializer().serialize("t", UUID.fromString(key)));
        // Integers as text, which is what the library sends: Java's StringSerializer of their decimal form.
        for (long key : new long[] {0, 7, -7, 42, Integer.MAX_VALUE, Integer.MIN_VALUE, Long.MAX_VALUE, Long.MIN_VALUE})
            row("integer", Long.toString(key), new StringSerializer().serialize("t", Long.toString(key)));
        // Other bytes: Java's LongSerializer and IntegerSerializer, whose bytes are big-endian.
        for (long key : new long[] {0, 7, -7, Long.MAX_VALUE}) {
            row("bytes", null, new LongSerializer().serialize("t", key));
            row("bytes", null, new IntegerSerializer().serialize("t", (int) key));
        }
        var random = new Random(1);
        for (int i = 0; i < 40; i++) {
            byte[] bytes = new byte[i];
            random.nextBytes(bytes);
            row("bytes", null, bytes);
        }
    }

    static void row(String type, String key, byte[] bytes) {
        var partitions = new StringJoiner(",", "{", "}");
        for (int count : PARTITIONS)
            partitions.add("\"" + count + "\":" + BuiltInPartitioner.partitionForKey(bytes, count));
        var text = key == null ? "null" : quote(key);
        System.out.println("{\"type\":\"" + type + "\",\"key\":" + text + ",\"hex\":\""
            + HexFormat.of().formatHex(bytes) + "\",\"murmur2\":" + Utils.murmur2(bytes)
            + ",\"partitions\":" + partitions + "}");
    }

    static String quote(String text) {
        var quoted = new StringBuilder("\"");
        for (char c : text.toCharArray()) {
            if (c < 0x20 || c == '"' || c == '\\') quoted.append(String.format("\\u%04x", (int) c));
            else quoted.append(c);
        }
        return quoted.append('"').toString();
    }
}
