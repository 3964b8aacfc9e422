package latentrace.influence;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import latentrace.Listener;
import latentrace.backend.Backend;
import latentrace.backend.BackendProvider.Options;
import latentrace.backend.Backends;
import latentrace.backend.Philox;
import latentrace.backend.PhiloxRandom;
import latentrace.backend.Reconstruction;
import latentrace.checkpoint.Checkpoint;
import latentrace.data.Dataset;
import latentrace.data.InputException;
import latentrace.influence.VaeTracIn.Settings;
import latentrace.model.Model;
import latentrace.model.ModelSpec;
import latentrace.nn.Initialisation;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A scoring run that ends at any tile goes on to the same bytes. */
class PartialRunTest {
  private static final ModelSpec SPEC =
      ModelSpec.mlpVae(List.of(6), 2, 1.5, Reconstruction.MSE).withHidden(List.of(5));
  private static final Dataset TRAIN = noise("train", 11, 1);
  private static final Dataset TEST = noise("test", 5, 2);
  private static final double[] WEIGHTS = {0.75, 1.5, 1.25};
  private static final Map<String, Object> IDENTITY =
      Map.of("train", Map.of("sha256", "abc", "count", 11), "weights", List.of(1L, 2.5));

  /** Training tiles of 4 in 11 samples, three checkpoints; all tests at a time. */
  private static final int TILES = 9;

  @TempDir private Path folder;
  private Path state;
  private Backend backend;
  private final List<Checkpoint> checkpoints = new ArrayList<>();

  @BeforeEach
  void open() {
    state = folder.resolve("scores.npy.partial");
    backend = Backends.open("ejml", new Options(1));
    for (int c = 0; c < WEIGHTS.length; c++) {
      try (Model model = Model.create(backend, SPEC)) {
        model.parameters().initialise(Initialisation.PYTORCH_DEFAULT, 10 + c);
        checkpoints.add(Checkpoint.save(model, folder.resolve("run"), 100L * (c + 1)));
      }
    }
  }

  @AfterEach
  void close() {
    backend.close();
  }

  private static Dataset noise(String name, int count, int seed) {
    PhiloxRandom random = new PhiloxRandom(seed, Philox.ROLE_DATA, 0);
    float[] values = new float[count * 6];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextDouble();
    }
    return Dataset.ofFloats(name, new int[] {6}, values, null);
  }

  /** Stops the run, as a fault would, after so many tiles; counts tiles, and where it began. */
  private static final class Fault implements Listener {
    private int tiles;
    private long begun = -1;

    Fault(int tiles) {
      this.tiles = tiles;
    }

    @Override
    public void started(String task, long total, long done) {
      assertEquals(33, total);
      begun = done;
    }

    @Override
    public void progressed(long done) {
      if (--tiles == 0) {
        throw new IllegalStateException("fault");
      }
    }
  }

  private VaeTracIn tracIn(Listener listener) {
    return new VaeTracIn(
        backend,
        SPEC,
        checkpoints,
        WEIGHTS,
        Settings.defaults(3).withDraws(2).withTile(4),
        listener);
  }

  /** Scores, self-influence, losses. */
  private List<float[]> run(Listener listener, boolean kept) {
    VaeTracIn tracIn = tracIn(listener);
    if (kept) {
      tracIn.keeping(PartialRun.in(state, IDENTITY, false));
    }
    try (VaeTracIn.Result result = tracIn.scoresAndSelfInfluence(TRAIN, TEST)) {
      List<float[]> all = new ArrayList<>(Arrays.asList(result.scores().toFloats()));
      all.add(result.selfInfluence());
      all.add(result.losses());
      return all;
    }
  }

  private static void assertSame(List<float[]> expected, List<float[]> actual) {
    assertEquals(TEST.count() + 2, actual.size());
    for (int r = 0; r < actual.size(); r++) {
      assertArrayEquals(expected.get(r), actual.get(r));
    }
  }

  @Test
  void faultAtEveryTile() {
    List<float[]> whole = run(Listener.SILENT, false);
    for (int tile = 1; tile <= TILES; tile++) {
      int at = tile;
      assertThrows(IllegalStateException.class, () -> run(new Fault(at), true));
      Fault counter = new Fault(TILES + 1);
      assertSame(whole, run(counter, true));
      assertEquals(tile / 3 * 11 + tile % 3 * 4, counter.begun, "goes on after tile " + tile);
      assertEquals(1 + tile, counter.tiles, "nothing is done twice");
      PartialRun.in(state, IDENTITY, false).remove();
      assertFalse(Files.exists(state));
    }
  }

  @Test
  void faultAfterFault() {
    List<float[]> whole = run(Listener.SILENT, false);
    for (int tile = 0; tile < TILES; tile++) {
      assertThrows(IllegalStateException.class, () -> run(new Fault(1), true));
    }
    assertSame(whole, run(new Fault(1), true));
  }

  /** A kill in the middle of a write: the record is not whole, or not what was written. */
  @Test
  void tornRecords() throws IOException {
    List<float[]> whole = run(Listener.SILENT, false);
    assertThrows(IllegalStateException.class, () -> run(new Fault(5), true));
    Path journal = state.resolve("tiles-1");
    byte[] content = Files.readAllBytes(journal);
    for (int cut : new int[] {1, 7, 8, 9, 100, content.length - 1}) {
      Files.write(journal, Arrays.copyOf(content, content.length - cut));
      Fault counter = new Fault(TILES);
      assertSame(whole, run(counter, true));
      assertTrue(counter.begun == 11 + 4 || counter.begun == 11, cut + ": " + counter.begun);
      restore(journal, content);
    }
    byte[] damaged = content.clone();
    damaged[20] ^= 1;
    restore(journal, damaged);
    assertSame(whole, run(Listener.SILENT, true));
    restore(journal, content);
    Files.write(journal, new byte[] {0, 0, 0, 2, 127, -1, -1, -1}, StandardOpenOption.APPEND);
    assertSame(whole, run(Listener.SILENT, true));
  }

  /** The state as the fault left it. */
  private void restore(Path journal, byte[] content) throws IOException {
    PartialRun.in(state, IDENTITY, true);
    assertThrows(IllegalStateException.class, () -> run(new Fault(5), true));
    Files.write(journal, content);
  }

  @Test
  void damagedSums() throws IOException {
    assertThrows(IllegalStateException.class, () -> run(new Fault(4), true));
    Path sums = state.resolve("sums-1");
    byte[] content = Files.readAllBytes(sums);
    content[30] ^= 1;
    Files.write(sums, content);
    InputException e = assertThrows(InputException.class, () -> run(Listener.SILENT, true));
    assertEquals(sums + ": damaged; --restart begins anew", e.getMessage());
    Files.write(sums, new byte[10]);
    e = assertThrows(InputException.class, () -> run(Listener.SILENT, true));
    assertEquals(sums + ": ends early; --restart begins anew", e.getMessage());
  }

  @Test
  void anotherRunIsRefusedByField() throws IOException {
    assertThrows(IllegalStateException.class, () -> run(new Fault(4), true));
    Map<String, Object> other =
        Map.of("train", Map.of("sha256", "abd", "count", 11), "weights", List.of(1L, 2.5));
    InputException e = assertThrows(InputException.class, () -> PartialRun.in(state, other, false));
    assertEquals(
        state
            + ": cannot go on with this unfinished run: train.sha256 is \"abc\" there, \"abd\" was"
            + " asked for; --restart begins anew",
        e.getMessage());
    Map<String, Object> weights =
        Map.of("train", Map.of("sha256", "abc", "count", 11), "weights", List.of(1L, 2.25));
    e = assertThrows(InputException.class, () -> PartialRun.in(state, weights, false));
    assertTrue(e.getMessage().contains("weights[1] is 2.5 there, 2.25 was"), e.getMessage());
    PartialRun.in(state, other, true);
    try (var files = Files.list(state)) {
      assertEquals(0, files.count(), "begun anew");
    }
    Path mine = Files.writeString(Files.createDirectories(folder.resolve("a")).resolve("b"), "c");
    assertThrows(InputException.class, () -> PartialRun.in(mine.getParent(), IDENTITY, false));
    assertTrue(Files.exists(mine));
  }
}
