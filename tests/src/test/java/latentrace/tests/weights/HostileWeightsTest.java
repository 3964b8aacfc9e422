package latentrace.tests.weights;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.UnaryOperator;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import latentrace.checkpoint.Checkpoint;
import latentrace.checkpoint.WeightImport;
import latentrace.checkpoint.WeightImport.Heads;
import latentrace.data.InputException;
import latentrace.model.ModelSpec;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Damaged and hostile weights: read, or refused in one line; never run, nothing else happens. */
class HostileWeightsTest {
  private static final int ROUNDS = 2000;
  private static final String PICKLE = "mlp-7/data.pkl";

  @TempDir private Path folder;
  private Map<String, byte[]> entries;

  @BeforeEach
  void readAFileOfPyTorch() throws IOException {
    entries = new LinkedHashMap<>();
    try (ZipFile zip = new ZipFile(WeightFixtures.resource("weights/mlp-7.pt").toFile())) {
      for (ZipEntry entry : zip.stream().map(ZipEntry.class::cast).toList()) {
        entries.put(entry.getName(), zip.getInputStream(entry).readAllBytes());
      }
    }
    assertTrue(entries.containsKey(PICKLE), entries.keySet().toString());
  }

  private static byte[] zip(Map<String, byte[]> entries, boolean stored) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(out)) {
      for (Map.Entry<String, byte[]> content : entries.entrySet()) {
        ZipEntry entry = new ZipEntry(content.getKey());
        if (stored) {
          CRC32 crc = new CRC32();
          crc.update(content.getValue());
          entry.setMethod(ZipEntry.STORED);
          entry.setSize(content.getValue().length);
          entry.setCrc(crc.getValue());
        }
        zip.putNextEntry(entry);
        zip.write(content.getValue());
      }
    }
    return out.toByteArray();
  }

  private void read(Path file) {
    new WeightImport(WeightFixtures.settings(ModelSpec.MLP_VAE, Heads.CONCATENATED), line -> {})
        .run(List.of(file), folder.resolve("out"));
  }

  private String refused(byte[] content) throws IOException {
    Path file = Files.write(folder.resolve("a-1.pt"), content);
    InputException e =
        assertTimeoutPreemptively(
            Duration.ofSeconds(20), () -> assertThrows(InputException.class, () -> read(file)));
    assertTrue(e.getMessage().startsWith(file + ": "), e.getMessage());
    assertEquals(1, e.getMessage().lines().count());
    assertTrue(e.getMessage().length() < 400 + file.toString().length(), e.getMessage());
    assertFalse(Files.exists(folder.resolve("out")), "nothing is written");
    return e.getMessage().substring(file.toString().length() + 2);
  }

  private String refusedPickle(byte[] pickle) throws IOException {
    entries.put(PICKLE, pickle);
    return refused(zip(entries, false));
  }

  /** Bytes of a pickle after its PROTO: text as ISO 8859-1. */
  private static byte[] pickle(String... parts) {
    return ("\u0080\u0002" + String.join("", parts)).getBytes(StandardCharsets.ISO_8859_1);
  }

  private void fuzz(String name, int least, Round round) {
    int[] outcomes = new int[2];
    Random random = new Random(20261122);
    Path file = folder.resolve(name);
    assertTimeoutPreemptively(
        Duration.ofMinutes(2),
        () -> {
          for (int k = 0; k < ROUNDS; k++) {
            Files.write(file, round.content(k, random));
            try {
              read(file);
              outcomes[0]++;
            } catch (InputException e) {
              outcomes[1]++;
              assertTrue(e.getMessage().startsWith(folder.toString()), e.getMessage());
              assertEquals(1, e.getMessage().lines().count());
            } catch (RuntimeException | Error e) {
              throw new AssertionError(name + " in round " + k + ": " + e, e);
            }
          }
        });
    System.out.printf("%s: %d read, %d refused%n", name, outcomes[0], outcomes[1]);
    assertTrue(outcomes[1] > least, "hardly a file was refused");
  }

  /** What a round's file holds. */
  @FunctionalInterface
  private interface Round {
    byte[] content(int round, Random random) throws IOException;
  }

  private static byte[] mutate(byte[] original, Random random) {
    byte[] content = original.clone();
    switch (random.nextInt(6)) {
      case 0 -> content = Arrays.copyOf(content, random.nextInt(content.length));
      case 1 -> {
        for (int k = 1 + random.nextInt(4); k > 0; k--) {
          content[random.nextInt(content.length)] ^= (byte) (1 << random.nextInt(8));
        }
      }
      case 2 -> content[random.nextInt(content.length)] = (byte) random.nextInt();
      case 3 -> {
        int at = random.nextInt(content.length - 4);
        Arrays.fill(content, at, at + 4, (byte) (random.nextBoolean() ? 0xff : 0x7f));
      }
      case 4 -> {
        int at = random.nextInt(content.length);
        int from = random.nextInt(content.length);
        int length = random.nextInt(content.length - Math.max(at, from));
        System.arraycopy(content, from, content, at, length);
      }
      default -> {
        content = new byte[random.nextInt(200)];
        random.nextBytes(content);
      }
    }
    return content;
  }

  @Test
  void mutatedFiles() throws IOException {
    byte[] torch = Files.readAllBytes(WeightFixtures.resource("weights/mlp-nested.pt"));
    byte[] deflated = zip(entries, false);
    fuzz("a-1.pt", ROUNDS / 2, (k, random) -> mutate(k % 2 == 0 ? torch : deflated, random));
  }

  /** The checksums are right: what refuses is the pickle machine, and what comes after it. */
  @Test
  void mutatedPickles() {
    byte[] original = entries.get(PICKLE);
    fuzz(
        "b-1.pt",
        ROUNDS / 2,
        (k, random) -> {
          entries.put(PICKLE, mutate(original, random));
          return zip(entries, k % 2 == 0);
        });
  }

  @Test
  void mutatedSafetensors() throws IOException {
    read(WeightFixtures.resource("weights/mlp-7.pt"));
    byte[] original = Files.readAllBytes(Checkpoint.list(folder.resolve("out")).get(0).file());
    int header = 8 + (int) ByteBuffer.wrap(original).order(ByteOrder.LITTLE_ENDIAN).getLong();
    fuzz(
        "c-1.safetensors",
        ROUNDS / 10,
        (k, random) -> {
          if (k % 2 == 0) {
            return mutate(original, random);
          }
          byte[] content = original.clone(); // the header only
          content[random.nextInt(header)] ^= (byte) (1 << random.nextInt(8));
          return content;
        });
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "cos\\nsystem\\n(X\\004\\000\\000\\000hurttR. | class os.system is refused",
        "cbuiltins\\neval\\n(X\\001\\000\\000\\000xtR. | class builtins.eval is refused",
        "c__builtin__\\ngetattr\\n. | class __builtin__.getattr is refused",
        "ctorch._utils\\n_rebuild_tensor_v3\\n. | class torch._utils._rebuild_tensor_v3 is refused",
        "X\\002\\000\\000\\000osX\\006\\000\\000\\000system\\223. | class os.system is refused",
        "(cos\\nsystem\\no. | class os.system is refused",
        "(ios\\nsystem\\n. | opcode INST at byte 3",
        "ccollections\\nOrderedDict\\n)\\201. | opcode NEWOBJ at byte",
        "ccollections\\nOrderedDict\\n)}\\222. | opcode NEWOBJ_EX at byte",
        "\\202\\001. | opcode EXT1 at byte 2",
        "Pname\\n. | opcode PERSID at byte 2",
        "ctorch\\nFloatStorage\\n)R. | torch.FloatStorage is called",
        "]}b. | opcode BUILD would set up an object",
        "\\213\\377\\377\\377\\177. | LONG4 of 2147483647 bytes, expected at most 8",
        "\\213\\377\\377\\377\\377. | LONG4 of 4294967295 bytes, expected at most 8",
        "\\212\\377. | LONG1 of 255 bytes, expected at most 8",
        "X\\377\\377\\377\\377a. | damaged pickle: ends early at byte 2",
        "\\215\\377\\377\\377\\377\\377\\377\\377\\177. | damaged pickle: ends early",
        "\\200\\011. | pickle protocol 9, expected 2 to 5",
        "h\\005. | damaged pickle: memo 5 is empty",
        "a. | damaged pickle: nothing on the stack",
        "u. | damaged pickle: no mark on the stack",
        "((((((. | damaged pickle: nothing on the stack",
        "]q\\000h\\000a. | no dict of tensors in it",
        "}q\\000X\\001\\000\\000\\000ah\\000s. | no dict of tensors in it",
        "}]Ns. | a dict's key is neither text nor a number",
        "N. | no dict of tensors in it",
        "N | damaged pickle: ends early",
        "NN. | damaged pickle: STOP before the end",
        "\\000. | damaged pickle: byte 0x00 at 2 is no opcode",
      })
  void pickles(String program, String expected) throws IOException {
    String message = refusedPickle(pickle(program.translateEscapes()));
    assertTrue(message.startsWith(expected), message);
  }

  /** Programs that would take time, memory or stack without end. */
  @Test
  void bombs() throws IOException {
    assertTrue(refusedPickle(pickle("(".repeat(900_000), ".")).startsWith("damaged pickle"));
    assertTrue(
        refusedPickle(pickle("]".repeat(400_000), "a".repeat(399_999), "."))
            .startsWith("no dict of tensors"),
        "a list in a list in a list");
    StringBuilder dicts = new StringBuilder();
    for (int k = 0; k < 100_000; k++) {
      dicts.append("}X\u0001\0\0\0a");
    }
    assertTrue(
        refusedPickle(pickle(dicts + "N" + "s".repeat(100_000) + "."))
            .startsWith("no dict of tensors"));
    assertTrue(
        refusedPickle(pickle("}".repeat(1_100_000), "."))
            .startsWith("its pickle is too large: more than 1000000 steps"));
    // lists of two, of two, of two …
    StringBuilder doubling = new StringBuilder("]q\0");
    for (int k = 0; k < 200; k++) {
      doubling.append("](h").append((char) k).append("h").append((char) k).append("eq");
      doubling.append((char) (k + 1));
    }
    assertTrue(refusedPickle(pickle(doubling + "}X\u0001\0\0\0ah\u00c8s0.")).contains("POP"));
    // an OrderedDict of many pairs, many times
    String pairs = "](" + "X\u0001\0\0\0aN\u0086".repeat(50_000) + "eq\0";
    String calls = "ccollections\nOrderedDict\nq\u0001" + "h\u0001h\0\u0085R".repeat(50_000);
    assertTrue(refusedPickle(pickle(pairs, calls, ".")).startsWith("its pickle is too large"));
    // deflated zeros
    entries.put(PICKLE, new byte[64 << 20]);
    assertTrue(refused(zip(entries, false)).endsWith("expected at most 16777216"));
  }

  /** Our own pickle with other numbers in it. */
  private String refusedWith(UnaryOperator<String> change) throws IOException {
    String original = new String(entries.get(PICKLE), StandardCharsets.ISO_8859_1);
    String changed = change.apply(original);
    assertFalse(changed.equals(original), "it was changed");
    byte[] kept = entries.get(PICKLE);
    String message = refusedPickle(changed.getBytes(StandardCharsets.ISO_8859_1));
    entries.put(PICKLE, kept);
    return message;
  }

  @Test
  void sizesThatLie() throws IOException {
    // the first weight is [5,6] of 30 elements
    assertTrue(
        refusedWith(p -> p.replaceFirst("(?s)cpuq(.)K\u001e", "cpuq$1J\u00ff\u00ff\u00ff\u007f"))
            .startsWith("storage 0 of 2147483647 Float needs an entry of that size, found 120"));
    assertTrue(
        refusedWith(p -> p.replaceFirst("(?s)cpuq(.)K\u001e", "cpuq$1J\u00ff\u00ff\u00ff\u00ff"))
            .startsWith("damaged pickle: a storage of -1 elements"));
    assertTrue(
        refusedWith(
                p ->
                    p.replaceFirst(
                        "K\u0005K\u0006\u0086", "K\u0005J\u00ff\u00ff\u00ff\u007f\u0086"))
            .contains("does not fit a storage of 30"));
    // every element the first: more of them than the storage has
    assertTrue(
        refusedWith(
                p ->
                    p.replaceFirst(
                        "(?s)K\u0005K\u0006\u0086(q.)K\u0006K\u0001\u0086",
                        "K\u0007K\u0006\u0086$1K\0K\0\u0086"))
            .contains("[7, 6], strides [0, 0] and offset 0 does not fit a storage of 30"));
  }

  @Test
  void namesThatArePaths() throws IOException {
    byte[] pickle = entries.get(PICKLE);
    assertTrue(
        refusedWith(p -> p.replaceFirst("X\u0001\0\0\0000q", "X\u0009\0\0\0../../../q"))
            .startsWith("a storage's key is '../../../'"));
    entries.remove(PICKLE);
    entries.put("../../data.pkl", pickle);
    assertTrue(refused(zip(entries, false)).startsWith("storage 0 of 30 Float needs an entry"));
    entries.put("other/data.pkl", pickle);
    assertTrue(refused(zip(entries, false)).startsWith("holds 2 data.pkl, expected one"));
  }

  @Test
  void otherFiles() throws IOException {
    assertEquals(
        "PyTorch's format before 1.6, expected a zip: load it and torch.save it again",
        refused(pickle("\u008a\nl\u00fc\u009cF\u00f9 j\u00a8P\u0019.")));
    assertEquals(
        "not a PyTorch file: expected a zip, which begins with PK",
        refused(new byte[] {1, 2, 3, 4}));
    assertEquals("not a PyTorch file: expected a zip, which begins with PK", refused(new byte[0]));
    entries.put("mlp-7/byteorder", "big".getBytes(StandardCharsets.US_ASCII));
    assertEquals(
        "was saved on a big-endian machine, expected little-endian", refused(zip(entries, false)));
    // a byte of a tensor: only its checksum knows
    byte[] torch = Files.readAllBytes(WeightFixtures.resource("weights/mlp-7.pt"));
    int at = new String(torch, StandardCharsets.ISO_8859_1).indexOf("mlp-7/data/0");
    torch[at + 100] ^= 1;
    assertTrue(refused(torch).endsWith("mlp-7/data/0: the checksum does not match"));
  }
}
