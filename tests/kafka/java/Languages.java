// Users in a topic, written and read with Apache Avro for Java, for `tests/kafka/languages.rs`:
//
//     java -cp 'avro/*:kafka/*' Languages.java SERVERS REGISTRY TOPIC write
//         writes a user of the second version, with its schema's id as Confluent's serializers write it
//     java -cp 'avro/*:kafka/*' Languages.java SERVERS REGISTRY TOPIC read COUNT
//         prints the values of COUNT messages, a line of JSON each

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.generic.GenericRecordBuilder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

public class Languages {
  static final String SECOND = """
      {"type": "record", "name": "UserRegistered", "fields": [
        {"name": "id", "type": "string"}, {"name": "first", "type": "string"}, {"name": "last", "type": "string"}
      ]}""";
  static final ObjectMapper JSON = new ObjectMapper();
  static final HttpClient HTTP = HttpClient.newHttpClient();

  public static void main(String[] args) throws Exception {
    String servers = args[0];
    String registry = args[1];
    String topic = args[2];
    if (args[3].equals("write")) {
      write(servers, registry, topic);
    } else {
      read(servers, registry, topic, Integer.parseInt(args[4]));
    }
  }

  static JsonNode ask(HttpRequest.Builder request) throws Exception {
    HttpResponse<String> answer = HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
    if (answer.statusCode() != 200) {
      throw new IllegalStateException(answer.statusCode() + " " + answer.body());
    }
    return JSON.readTree(answer.body());
  }

  static void write(String servers, String registry, String topic) throws Exception {
    String body = JSON.writeValueAsString(Map.of("schema", SECOND));
    int id = ask(HttpRequest.newBuilder(URI.create(registry + "/subjects/" + topic + "-value/versions"))
        .header("Content-Type", "application/vnd.schemaregistry.v1+json")
        .POST(HttpRequest.BodyPublishers.ofString(body))).get("id").intValue();
    Schema schema = new Schema.Parser().parse(SECOND);
    GenericRecord user = new GenericRecordBuilder(schema)
        .set("id", "java-2").set("first", "Ada").set("last", "Lovelace").build();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream header = new DataOutputStream(bytes);
    header.writeByte(0);
    header.writeInt(id);
    new GenericDatumWriter<GenericRecord>(schema).write(user, EncoderFactory.get().directBinaryEncoder(bytes, null));
    try (var producer = new KafkaProducer<>(
        Map.of("bootstrap.servers", servers), new ByteArraySerializer(), new ByteArraySerializer())) {
      byte[] key = "java-2".getBytes(StandardCharsets.UTF_8);
      producer.send(new ProducerRecord<>(topic, key, bytes.toByteArray())).get();
    }
  }

  static void read(String servers, String registry, String topic, int count) throws Exception {
    try (var consumer = new KafkaConsumer<>(
        Map.of("bootstrap.servers", servers), new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      TopicPartition partition = new TopicPartition(topic, 0);
      consumer.assign(List.of(partition));
      consumer.seekToBeginning(List.of(partition));
      while (count > 0) {
        var records = consumer.poll(Duration.ofSeconds(60));
        if (records.isEmpty()) {
          throw new IllegalStateException("no message");
        }
        for (ConsumerRecord<byte[], byte[]> record : records) {
          System.out.println(show(registry, ByteBuffer.wrap(record.value())));
          count--;
        }
      }
    }
  }

  static String show(String registry, ByteBuffer message) throws Exception {
    if (message.get() != 0) {
      throw new IllegalStateException("not framed");
    }
    int id = message.getInt();
    // No Avro datum of a user begins so.
    if (message.get(message.position()) == '{') {
      return StandardCharsets.UTF_8.decode(message).toString();
    }
    String text = ask(HttpRequest.newBuilder(URI.create(registry + "/schemas/ids/" + id))).get("schema").textValue();
    var reader = new GenericDatumReader<GenericRecord>(new Schema.Parser().parse(text));
    byte[] datum = new byte[message.remaining()];
    message.get(datum);
    var decoder = DecoderFactory.get().binaryDecoder(datum, null);
    String shown = reader.read(null, decoder).toString();
    if (!decoder.isEnd()) {
      throw new IllegalStateException("more bytes than the schema describes");
    }
    return shown;
  }
}
