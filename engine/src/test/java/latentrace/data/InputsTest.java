package latentrace.data;

import static latentrace.data.TestFiles.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class InputsTest {
  private static final Path FILE = Path.of("folder", "file.npy");

  @Test
  void saysHowMuchMemoryIsNeeded() {
    assertRefused(
        FILE,
        "needs 2147483640 MiB of memory, the JVM may use %d MiB in all: raise -Xmx"
            .formatted(Runtime.getRuntime().maxMemory() >> 20),
        () -> Inputs.allocate(FILE, Inputs.MAX_VALUES, 1 << 20, byte[]::new));
    assertRefused(
        FILE,
        "needs 1 MiB of memory, the JVM may use %d MiB in all: raise -Xmx"
            .formatted(Runtime.getRuntime().maxMemory() >> 20),
        () ->
            Inputs.allocate(
                FILE,
                10,
                1,
                count -> {
                  throw new OutOfMemoryError("as if the heap were full");
                }));
    assertRefused(
        FILE,
        "has 2147483640 values, more than the limit of 2147483639",
        () -> Inputs.allocate(FILE, Inputs.MAX_VALUES + 1L, 1, byte[]::new));
  }

  @Test
  void namesAndTextForMessages() {
    assertEquals("a?b", InputException.printable("a\nb"));
    assertEquals(60, InputException.printable("x".repeat(1000)).length());
    assertEquals("train.npy", Inputs.plainNameOf(Path.of("x", "Train.NPY.gz")));
  }
}
