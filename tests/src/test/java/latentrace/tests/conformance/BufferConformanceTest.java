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

  /** Rows out of order, twice, none; out of the source and into the target from an offset. */
  @ParameterizedTest(autoCloseArguments = false)
  @MethodSource(BACKENDS)
  void gather(Backend backend) {
    Random random = new Random(4);
    for (int size : new int[] {1, 3, 257}) {
      for (int count : new int[] {0, 1, 31, 1000}) {
        for (boolean offset : BOTH) {
          try (Arena arena = new Arena(backend, offset, 1)) {
            double[] values = random.doubles(41L * size + size / 2).map(v -> (float) v).toArray();
            Buffer source = backend.allocate(values.length);
            source.upload(values);
            int[] rows = random.ints(count + 2, 0, 41).toArray();
            Buffer out = arena.out("out", count * size);
            out.gather(source, size, rows, 2, count);
            double[] actual = out.toDoubles();
            for (int i = 0; i < actual.length; i++) {
              assertEquals(values[rows[2 + i / size] * size + i % size], actual[i]);
            }
            arena.verify("gather");
            int[] bad = {0, 41};
            assertThrows(
                IndexOutOfBoundsException.class, () -> out.gather(source, size, bad, 1, 1));
            assertThrows(
                IndexOutOfBoundsException.class,
                () -> out.gather(source, size, new int[count + 1], 0, count + 1));
            source.close();
          }
        }
      }
    }
  }

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
