package latentrace.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import latentrace.backend.Reconstruction;
import latentrace.data.Dataset;
import latentrace.data.InputException;
import latentrace.model.ModelSpec;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** model.json: what is refused, and how it is said. */
class JsonTest {
  @TempDir private Path folder;
  private Path file;
  private String good;

  @BeforeEach
  void write() throws IOException {
    file = folder.resolve(ModelFile.NAME);
    Dataset data = Dataset.ofFloats("d.npy", new int[] {2}, new float[4], null);
    Json.write(
        file,
        new ModelFile(
            ModelFile.FORMAT,
            ModelSpec.mlpVae(List.of(2), 2, 1.5, Reconstruction.GAUSSIAN),
            TrainingSpec.adam(0.125, 1, 10, 2, -3),
            ModelFile.DataReference.of(data),
            null,
            Map.of("latentrace", "test")));
    good = Files.readString(file);
  }

  private String refused(String text) throws IOException {
    Files.writeString(file, text);
    String message = assertThrows(InputException.class, () -> ModelFile.read(folder)).getMessage();
    assertTrue(message.startsWith(file + ": "), message);
    assertFalse(message.chars().anyMatch(Character::isISOControl), message);
    return message.substring(file.toString().length() + 2);
  }

  private String replaced(String from, String to) {
    assertTrue(good.contains(from), good);
    return good.replace(from, to);
  }

  @Test
  void roundTrip() {
    ModelFile read = ModelFile.read(folder);
    assertEquals(good, Json.toString(read) + "\n");
    assertEquals(-3, read.training().seed());
    assertEquals(Reconstruction.GAUSSIAN, read.model().reconstruction());
  }

  /** Text to replace | replacement | what the message must contain. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "\"beta\" : 1.5 | \"betta\" : 1.5 | beta",
        "\"latent\" : 2, | | latent",
        "\"reconstruction\" : \"gaussian\" | \"reconstruction\" : \"poisson\" | expected one of [bernoulli, gaussian, mse, l1]",
        "\"reconstruction\" : \"gaussian\" | \"reconstruction\" : \"GAUSSIAN\" | expected one of [bernoulli, gaussian, mse, l1]",
        "\"activation\" : \"relu\" | \"activation\" : 3 | expected one of [identity, relu,",
        "\"latent\" : 2 | \"latent\" : 0 | latent: found 0, expected a positive size",
        "\"latent\" : 2 | \"latent\" : 2.5 | ~~",
        "\"latent\" : 2 | \"latent\" : \"2\" | ~~",
        "\"latent\" : 2 | \"latent\" : null | ~~",
        "\"latent\" : 2 | \"latent\" : 99999999999 | ~~",
        "\"beta\" : 1.5 | \"beta\" : null | ~~",
        "\"beta\" : 1.5 | \"beta\" : -1 | beta: found -1.0, expected a number >= 0",
        "\"beta\" : 1.5 | \"beta\" : \"NaN\" | beta",
        "\"nesterov\" : false | \"nesterov\" : null | ~~",
        "\"optimizer\" : \"adam\" | \"optimizer\" : \"adam\\nw\" | optimizer",
        "\"batch\" : 1 | \"batch\" : 1, \"batch\" : 1 | Duplicate",
        "latentrace-model-1 | latentrace-model-2 | format: found latentrace-model-2, expected latentrace-model-1",
        "\"model\" : \"mlp-vae\" | \"model\" : \"conv\" | model: found conv, expected one of mlp-vae, mlp-autoencoder, mlp-classifier, conv-vae, burgess-vae, denoising-mnist, denoising-cifar, recurrent-autoencoder, simclr",
        "\"versions\" : { | \"verse\" : { | vers",
      })
  void whatIsRefused(String from, String to, String part) throws IOException {
    String message = refused(replaced(from, to == null ? "" : to));
    assertTrue(message.contains(part == null ? "" : part), message);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "null", "[]", "{}", "3", "{", "{\"format\"", "\u0000"})
  void whatIsNoModelFile(String text) throws IOException {
    assertFalse(refused(text).isBlank());
  }

  @Test
  void truncatedAnywhere() throws IOException {
    for (int length = 0; length < good.length() - 2; length += 3) {
      assertFalse(refused(good.substring(0, length)).isBlank());
    }
    assertFalse(refused(good + "{}").isBlank());
  }

  @Test
  void missingFile() throws IOException {
    Files.delete(file);
    assertEquals(
        file + ": no such file",
        assertThrows(InputException.class, () -> ModelFile.read(folder)).getMessage());
  }

  /** Seeded mutations: read, or refused in one line. */
  @Test
  void fuzz() throws IOException {
    Random random = new Random(5);
    byte[] original = good.getBytes(StandardCharsets.UTF_8);
    String alphabet = "0123456789{}[],:\"\\-.eEnul \n\u0001\u007f";
    int refused = 0;
    for (int trial = 0; trial < 2000; trial++) {
      byte[] bytes = original.clone();
      for (int edits = 1 + random.nextInt(3); edits > 0; edits--) {
        int at = random.nextInt(bytes.length);
        bytes[at] =
            random.nextBoolean()
                ? (byte) alphabet.charAt(random.nextInt(alphabet.length()))
                : (byte) (bytes[at] ^ 1 << random.nextInt(8));
      }
      Files.write(file, bytes);
      try {
        ModelFile.read(folder);
      } catch (InputException e) {
        refused++;
        assertTrue(e.getMessage().startsWith(file + ": "), e.getMessage());
        assertFalse(e.getMessage().chars().anyMatch(Character::isISOControl), e.getMessage());
      } catch (RuntimeException | Error e) {
        throw new AssertionError("mutation " + trial + " gives " + e, e);
      }
    }
    assertTrue(refused > 500 && refused < 2000, "refused: " + refused);
  }
}
