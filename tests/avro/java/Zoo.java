import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Collectors;
import org.apache.avro.Conversion;
import org.apache.avro.Conversions;
import org.apache.avro.Schema;
import org.apache.avro.data.TimeConversions;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericEnumSymbol;
import org.apache.avro.generic.GenericFixed;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.message.BinaryMessageDecoder;
import org.apache.avro.message.BinaryMessageEncoder;

/**
 * Writes and reads with Apache Avro. Each line of the input is a question in JSON, each line of the output its answer.
 *
 * <ul>
 *   <li>{@code write}: the sample of this number, as a datum of the schema and as a single object
 *   <li>{@code show}: the values of a datum, of a single object or of a message framed as Confluent does, field by field
 *   <li>{@code resolve}: the datum of a writer as one of the reader's schema
 * </ul>
 */
public class Zoo {
  /** With the types of Java for logical types. */
  static final GenericData TYPED = new GenericData();

  static {
    List<Conversion<?>> conversions = List.of(
        new Conversions.DecimalConversion(),
        new Conversions.UUIDConversion(),
        new TimeConversions.DateConversion(),
        new TimeConversions.TimeMillisConversion(),
        new TimeConversions.TimeMicrosConversion(),
        new TimeConversions.TimestampMillisConversion(),
        new TimeConversions.TimestampMicrosConversion(),
        new TimeConversions.TimestampNanosConversion(),
        new TimeConversions.LocalTimestampMillisConversion(),
        new TimeConversions.LocalTimestampMicrosConversion(),
        new TimeConversions.LocalTimestampNanosConversion());
    conversions.forEach(TYPED::addLogicalTypeConversion);
  }

  public static void main(String[] arguments) throws IOException {
    ObjectMapper json = new ObjectMapper();
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      JsonNode question = json.readTree(line);
      ObjectNode answer = json.createObjectNode();
      Schema writer = new Schema.Parser().parse(question.get("writer").asText());
      switch (question.get("do").asText()) {
        case "write" -> {
          Object sample = sample(question.get("sample").asInt(), writer);
          answer.put("datum", hex(write(TYPED, writer, sample)));
          ByteBuffer single = new BinaryMessageEncoder<Object>(TYPED, writer).encode(sample);
          byte[] bytes = new byte[single.remaining()];
          single.get(bytes);
          answer.put("single", hex(bytes));
        }
        case "show" -> {
          Object read = switch (question.get("framing").asText()) {
            case "datum" -> read(TYPED, writer, writer, bytes(question));
            case "single" -> new BinaryMessageDecoder<>(TYPED, writer).decode(bytes(question));
            default -> {
              ByteBuffer message = ByteBuffer.wrap(bytes(question));
              if (message.get() != 0) throw new IOException("not Confluent's framing");
              answer.put("id", message.getInt());
              byte[] datum = new byte[message.remaining()];
              message.get(datum);
              yield read(TYPED, writer, writer, datum);
            }
          };
          GenericRecord record = (GenericRecord) read;
          record.getSchema().getFields().forEach(field -> answer.put(field.name(), show(record.get(field.pos()))));
        }
        case "resolve" -> {
          Schema reader = new Schema.Parser().parse(question.get("reader").asText());
          // Without Java's types: those of decimals would check the precision.
          GenericData plain = GenericData.get();
          answer.put("datum", hex(write(plain, reader, read(plain, writer, reader, bytes(question)))));
        }
        default -> throw new IOException(line);
      }
      out.println(json.writeValueAsString(answer));
    }
    out.flush();
  }

  static byte[] write(GenericData model, Schema schema, Object value) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    var encoder = EncoderFactory.get().binaryEncoder(bytes, null);
    new GenericDatumWriter<>(schema, model).write(value, encoder);
    encoder.flush();
    return bytes.toByteArray();
  }

  static Object read(GenericData model, Schema writer, Schema reader, byte[] datum) throws IOException {
    var decoder = DecoderFactory.get().binaryDecoder(datum, null);
    Object value = new GenericDatumReader<>(writer, reader, model).read(null, decoder);
    if (!decoder.isEnd()) throw new IOException("bytes behind the datum");
    return value;
  }

  static byte[] bytes(JsonNode question) {
    return HexFormat.of().parseHex(question.get("bytes").asText());
  }

  static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }

  /** The class and the text of a value. */
  static String show(Object value) {
    if (value == null) return "null";
    if (value instanceof GenericRecord record) {
      return record.getSchema().getFields().stream()
          .map(field -> field.name() + " " + show(record.get(field.pos())))
          .collect(Collectors.joining(", ", record.getSchema().getName() + "{", "}"));
    }
    if (value instanceof GenericEnumSymbol<?> symbol) return symbol.getSchema().getName() + "." + symbol;
    if (value instanceof GenericFixed fixed) return "Fixed " + hex(fixed.bytes());
    if (value instanceof ByteBuffer buffer) return "bytes " + hex(buffer.array());
    if (value instanceof CharSequence text) return "\"" + text + "\"";
    if (value instanceof List<?> list) return list.stream().map(Zoo::show).collect(Collectors.joining(", ", "[", "]"));
    if (value instanceof Map<?, ?> map) {
      Map<String, String> sorted = new TreeMap<>();
      map.forEach((key, one) -> sorted.put(key.toString(), show(one)));
      return sorted.toString();
    }
    return value.getClass().getSimpleName() + " " + value;
  }

  /** A record with these values, in the order of the schema's fields. */
  static GenericRecord record(Schema schema, Object... values) {
    GenericRecord record = new GenericData.Record(schema);
    if (values.length != schema.getFields().size()) throw new IllegalArgumentException(schema.toString());
    for (int at = 0; at < values.length; at++) record.put(at, values[at]);
    return record;
  }

  /** The type of a field; of a union, its branch with this number. */
  static Schema of(Schema schema, String field, int branch) {
    Schema type = schema.getField(field).schema();
    return type.isUnion() ? type.getTypes().get(branch) : type;
  }

  static GenericData.EnumSymbol symbol(Schema schema, String field, String symbol) {
    return new GenericData.EnumSymbol(of(schema, field, 0), symbol);
  }

  static GenericData.Fixed duration(Schema zoo, int millis) {
    ByteBuffer bytes = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);
    return new GenericData.Fixed(of(zoo, "duration", 0), bytes.putInt(8, millis).array());
  }

  static ByteBuffer buffer(int... bytes) {
    ByteBuffer buffer = ByteBuffer.allocate(bytes.length);
    for (int one : bytes) buffer.put((byte) one);
    return buffer.flip();
  }

  static Object sample(int number, Schema zoo) {
    Schema line = of(zoo, "lines", 0).getElementType();
    switch (number) {
      case 0: {
        Schema tree = of(zoo, "tree", 1);
        GenericRecord leaf = record(tree, 2, List.of());
        return record(zoo,
            true, -7, Long.MAX_VALUE, 0.5f, -0.1, "Zoë \uD83D\uDC18", buffer(0, 255),
            "a note", null,
            UUID.fromString("3f2504e0-4f89-11d3-9a0c-0305e82c3301"),
            UUID.fromString("00000000-4f89-11d3-9a0c-0305e82c33ff"),
            Instant.parse("1969-12-31T23:59:59.000001Z"),
            Instant.parse("2024-02-29T12:00:00.123Z"),
            LocalDateTime.parse("2024-02-29T23:59:59.123456789"),
            LocalDate.parse("0001-01-01"),
            LocalTime.parse("23:59:59.999999"),
            LocalTime.parse("12:00:00.5"),
            new BigDecimal("-1234567890.50"),
            duration(zoo, 86_490_000),
            symbol(zoo, "way", "by_sea"),
            List.of(record(line, "A-1", 2L), record(line, "A-2", -2L)),
            Map.of("first", record(line, "A-3", 0L)),
            Map.of("b", List.of(1L, 2L), "a", List.of()),
            record(tree, 1, List.of(leaf, leaf)),
            record(of(zoo, "shape", 1), 2.5));
      }
      case 1: {
        Schema tree = of(zoo, "tree", 1);
        return record(zoo,
            false, Integer.MIN_VALUE, Long.MIN_VALUE, Float.MAX_VALUE, Double.MIN_VALUE, "", buffer(),
            null, 5L,
            new UUID(0, 0), new UUID(-1, -1),
            Instant.EPOCH, Instant.EPOCH,
            LocalDateTime.parse("1970-01-01T00:00:00"),
            LocalDate.EPOCH, LocalTime.MIDNIGHT, LocalTime.MIDNIGHT,
            new BigDecimal("0.00"),
            duration(zoo, 0),
            symbol(zoo, "way", "Unknown"),
            List.of(), Map.of(), Map.of(), null,
            record(of(zoo, "shape", 0)));
      }
      default: {
        // An earlier version: with a symbol and a field that are gone, in another order, and with narrower numbers.
        return record(zoo,
            symbol(zoo, "way", "Rail"),
            "gone",
            new BigDecimal("12.34"),
            7, 1.5f, 3,
            buffer('t', 'e', 'x', 't'),
            "blob",
            List.of(record(line, 3, "A-1")),
            Instant.parse("2024-02-29T12:00:00.123456Z"),
            UUID.fromString("3f2504e0-4f89-11d3-9a0c-0305e82c3301"),
            "before",
            duration(zoo, 90_000));
      }
    }
  }
}
