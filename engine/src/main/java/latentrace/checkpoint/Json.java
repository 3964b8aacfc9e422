package latentrace.checkpoint;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.deser.std.StdDeserializer;
import com.fasterxml.jackson.databind.exc.ValueInstantiationException;
import com.fasterxml.jackson.databind.introspect.AnnotatedMember;
import com.fasterxml.jackson.databind.introspect.JacksonAnnotationIntrospector;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.StdSerializer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import latentrace.backend.Activation;
import latentrace.backend.Names;
import latentrace.backend.Reconstruction;
import latentrace.data.AtomicFiles;
import latentrace.data.InputException;
import latentrace.model.Pretext;
import latentrace.nn.Initialisation;

/**
 * JSON as the project writes it: indented, keys in order, enumerations in lower case with dashes.
 */
public final class Json {
  private static final long MAX_BYTES = 16 << 20;

  /** Jackson's words for a field that is not there. */
  private static final Pattern MISSING =
      Pattern.compile("^(?:Missing|Null value for) (?:required )?creator property '([^']+)'");

  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(SerializationFeature.INDENT_OUTPUT)
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .annotationIntrospector(new Complete())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
          .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
          .addModule(
              module(
                  new SimpleModule(),
                  Activation.class,
                  Reconstruction.class,
                  Initialisation.class,
                  Pretext.Task.class))
          .build();

  /** Fields must be there, but for those that may be left out in writing ({@code NON_NULL}). */
  private static final class Complete extends JacksonAnnotationIntrospector {
    private static final long serialVersionUID = 1L;

    @Override
    public Boolean hasRequiredMarker(AnnotatedMember member) {
      return !member.hasAnnotation(JsonInclude.class);
    }
  }

  private Json() {}

  /** The mapper, for reading fragments. */
  static JsonMapper mapper() {
    return MAPPER;
  }

  /** Writes {@code value} to a file, whole or not at all. */
  public static void write(Path file, Object value) {
    AtomicFiles.writeString(file, toString(value) + "\n");
  }

  /** {@code value} as it would be read back. */
  public static JsonNode tree(Object value) {
    try {
      return MAPPER.readTree(toString(value));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /** {@code value} as indented JSON. */
  public static String toString(Object value) {
    try {
      return MAPPER.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * Reads a file.
   *
   * @throws InputException naming the file, the place and what is wrong
   */
  public static <T> T read(Path file, Class<T> type) {
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw new InputException(
            "%s: %d bytes, expected at most %d of JSON"
                .formatted(file, Files.size(file), MAX_BYTES));
      }
      T value = MAPPER.readValue(Files.readAllBytes(file), type);
      if (value == null) {
        throw new InputException(file + ": not usable: found null, expected an object");
      }
      return value;
    } catch (ValueInstantiationException e) {
      throw new InputException(file + ": " + firstLine(e.getCause().getMessage()), e);
    } catch (JsonProcessingException e) {
      Matcher missing = MISSING.matcher(e.getOriginalMessage());
      if (missing.find()) {
        throw new InputException(file + ": field " + missing.group(1) + " is missing", e);
      }
      throw new InputException(file + ": not usable: " + firstLine(e.getOriginalMessage()), e);
    } catch (IOException e) {
      throw new InputException(file + ": " + AtomicFiles.reason(e), e);
    }
  }

  static String firstLine(String message) {
    return message == null ? "unknown" : message.lines().findFirst().orElse("unknown");
  }

  @SafeVarargs
  private static SimpleModule module(SimpleModule module, Class<? extends Enum<?>>... types) {
    for (Class<? extends Enum<?>> type : types) {
      add(module, type);
    }
    return module;
  }

  private static <E extends Enum<?>> void add(SimpleModule module, Class<E> type) {
    module.addSerializer(
        type,
        new StdSerializer<E>(type) {
          private static final long serialVersionUID = 1L;

          @Override
          public void serialize(E value, JsonGenerator out, SerializerProvider provider)
              throws IOException {
            out.writeString(Names.id(value));
          }
        });
    module.addDeserializer(
        type,
        new StdDeserializer<E>(type) {
          private static final long serialVersionUID = 1L;

          @Override
          public E deserialize(JsonParser in, DeserializationContext context) throws IOException {
            String text = in.getValueAsString("");
            for (E constant : type.getEnumConstants()) {
              if (Names.id(constant).equals(text)) {
                return constant;
              }
            }
            throw context.weirdStringException(
                text,
                type,
                "expected one of "
                    + Arrays.stream(type.getEnumConstants()).map(Names::id).toList());
          }
        });
  }
}
