package latentrace.tests.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Random;
import latentrace.backend.Backend;
import latentrace.backend.Buffer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Copies between Java arrays and buffers. */
class BufferConformanceTest {
  private static final String BACKENDS = "latentrace.tests.conformance.Subjects#backends";
  private static final boolean[] BOTH = {false, true};

  /** Bytes over 255 are the same floats everywhere: of every byte, at the length of every piece. */
  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource(BACKENDS)
  void bytes(Backend backend) {
    for (int length : new int[] {1, 3, 256, 257, (1 << 20) - 1, (5 << 20) + 77}) {
      for (boolean offset : BOTH) {
        try (Arena arena = new Arena(backend, offset, 1)) {
          byte[] source = new byte[length + 5];
          new Random(length).nextBytes(source);
          for (int i = 0; i < Math.min(length, 256); i++) {
            source[5 + i] = (byte) i;
          }
          Buffer out = arena.out("out", length + 2);
          out.slice(0, 2).fill(7);
          out.upload(source, 5, 2, length);
          double[] actual = out.toDoubles();
          assertEquals(7, actual[1]);
          for (int i = 0; i < length; i++) {
            assertEquals((source[5 + i] & 0xff) / 255f, (float) actual[2 + i]);
          }
          arena.verify("upload");
          assertThrows(IndexOutOfBoundsException.class, () -> out.upload(source, 6, 0, length));
          assertThrows(IndexOutOfBoundsException.class, () -> out.upload(source, 0, 3, length));
        }
      }
    }
  }
}
