package latentrace.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import latentrace.Listener;
import latentrace.backend.Backend;
import latentrace.backend.BackendException;
import latentrace.backend.BackendProvider.Options;
import latentrace.backend.Backends;
import latentrace.backend.Reconstruction;
import latentrace.checkpoint.Checkpoint;
import latentrace.checkpoint.TrainingSpec;
import latentrace.data.ColourGenerator;
import latentrace.data.Dataset;
import latentrace.data.DigitsGenerator;
import latentrace.data.InputException;
import latentrace.influence.CheckpointWeights;
import latentrace.influence.Noise;
import latentrace.influence.ParameterSelection;
import latentrace.influence.VaeTracIn;
import latentrace.model.Estimator;
import latentrace.model.ModelSpec;
import latentrace.train.Trainer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What whole runs take of the device's memory, and that they give it back however they end. */
class EngineMemoryChecks {
  private static final Path CONTROL = Path.of(System.getenv("SIMCUDA_CONTROL"));
  private static final Options OPTIONS = new Options(1);
  private static final Dataset TRAIN = DigitsGenerator.digits(40, 1);
  private static final Dataset TEST = DigitsGenerator.digits(9, 2);
  private static final ModelSpec SPEC =
      ModelSpec.mlpVae(List.of(1, 28, 28), 6, 2, Reconstruction.BERNOULLI)
          .withHidden(List.of(48, 24));

  /** For what is run again and again. */
  private static final ModelSpec SMALL =
      ModelSpec.mlpVae(List.of(1, 28, 28), 3, 2, Reconstruction.BERNOULLI).withHidden(List.of(5));

  private static final double FORECAST_WITHIN = 0.1;

  /** Only the n-th call fails. */
  private static final int NEVER_AGAIN = 1_000_000_000;

  @TempDir private Path folder;

  private List<Checkpoint> trained(ModelSpec model) {
    return trained(model, TRAIN);
  }

  private List<Checkpoint> trained(ModelSpec model, Dataset data) {
    int batch = Math.min(8, data.count());
    try (Backend backend = Backends.open("ejml", OPTIONS)) {
      train(backend, model, data, folder.resolve("run"), TrainingSpec.sgd(1e-3, batch, 4, 1, 5));
    }
    return Checkpoint.list(folder.resolve("run"));
  }

  @AfterEach
  void noMoreFailures() throws IOException {
    Files.deleteIfExists(CONTROL);
  }

  private static double[] train(
      Backend backend, ModelSpec model, Dataset data, Path run, TrainingSpec spec) {
    try (Trainer trainer = new Trainer(backend, model, spec, data, null, run, Listener.SILENT)) {
      trainer.run();
      return trainer.model().parameters().values().toDoubles();
    }
  }

  private static VaeTracIn tracIn(
      Backend backend,
      ModelSpec model,
      List<Checkpoint> checkpoints,
      int draws,
      int tile,
      boolean independent) {
    VaeTracIn.Settings settings =
        new VaeTracIn.Settings(
            draws,
            Noise.contract(3),
            Estimator.PATHWISE,
            ParameterSelection.ALL,
            VaeTracIn.Attribution.AS_TRAINED,
            independent,
            tile);
    return new VaeTracIn(
        backend, model, checkpoints, CheckpointWeights.uniform(1), settings, Listener.SILENT);
  }

  /** What a run is said to take beforehand is what it takes. */
  @ParameterizedTest
  @CsvSource({
    "1, 1, false",
    "1, 40, true",
    "4, 16, false",
    "16, 40, true",
    "16, 0, false",
    "40, 13, true",
  })
  void theForecastHolds(int draws, int tile, boolean independent) {
    assertForecast(SPEC, TRAIN, TEST, draws, tile, independent);
  }

  /** The same of convolutions, whose rows and operation memory are other ones. */
  @ParameterizedTest
  @CsvSource({"1, 3, false", "2, 0, true"})
  void theForecastHoldsForConvolutions(int draws, int tile, boolean independent) {
    assertForecast(
        ModelSpec.burgessVae(3, 32, 3, 2, Reconstruction.GAUSSIAN),
        ColourGenerator.digits(3, 1),
        ColourGenerator.digits(2, 2),
        draws,
        tile,
        independent);
  }

  private void assertForecast(
      ModelSpec spec, Dataset train, Dataset test, int draws, int tile, boolean independent) {
    List<Checkpoint> checkpoints = trained(spec, train);
    for (int kind = 0; kind < 3; kind++) {
      try (CudaBackend backend = new CudaBackend(OPTIONS)) {
        VaeTracIn tracIn = tracIn(backend, spec, checkpoints, draws, tile, independent);
        long before = backend.memory().inUse();
        Dataset tests = kind == 1 ? null : test;
        VaeTracIn.Plan plan = tracIn.plan(train, tests, kind > 0);
        (kind == 0
                ? tracIn.scores(train, test)
                : kind == 1
                    ? tracIn.selfInfluence(train)
                    : tracIn.scoresAndSelfInfluence(train, test))
            .close();
        double ratio = (double) (backend.memory().peak() - before) / plan.bytes();
        System.out.printf("%s: taken %.3f of the forecast%n", plan.describe(), ratio);
        assertEquals(1, ratio, FORECAST_WITHIN, plan.describe());
        assertEquals(before, backend.memory().inUse());
      }
    }
  }

  /** Less memory: fewer samples at a time, the same scores; too little: refused in one line. */
  @Test
  void tilesFollowTheMemory() {
    List<Checkpoint> checkpoints = trained(SPEC);
    float[][] expected = null;
    int last = Integer.MAX_VALUE;
    for (long limit : new long[] {512 << 20, 12 << 20, 6 << 20}) {
      try (Backend backend = Backends.open("cuda", OPTIONS.withDeviceMemory(limit))) {
        VaeTracIn tracIn =
            tracIn(backend, SPEC, checkpoints, 16, VaeTracIn.Settings.AUTOMATIC, false);
        VaeTracIn.Plan plan = tracIn.plan(TRAIN, TEST, true);
        System.out.println(plan.describe());
        assertTrue(plan.tile() < last && plan.bytes() <= plan.budget(), plan.describe());
        last = plan.tile();
        try (VaeTracIn.Result result = tracIn.scoresAndSelfInfluence(TRAIN, TEST)) {
          float[][] scores = result.scores().toFloats();
          for (int t = 0; expected != null && t < scores.length; t++) {
            assertArrayEquals(expected[t], scores[t], 1e-3f * Math.abs(expected[t][0]));
          }
          expected = scores;
        }
      }
    }
    try (Backend backend = Backends.open("cuda", OPTIONS.withDeviceMemory((4 << 20) + 100_000))) {
      assertRefused(
          "1 training and 1 test samples at a time: \\S+ MiB of 0.1 MiB; backend cuda has no more:"
              + " take fewer draws, or give it more memory",
          () ->
              tracIn(backend, SPEC, checkpoints, 16, VaeTracIn.Settings.AUTOMATIC, false)
                  .scores(TRAIN, TEST));
      assertRefused(
          "40 training samples at a time: \\S+ MiB of 0.1 MiB; backend cuda has no more:"
              + " take a smaller tile, fewer draws, or give it more memory",
          () -> tracIn(backend, SPEC, checkpoints, 16, 40, false).selfInfluence(TRAIN));
    }
  }

  private static void assertRefused(String message, Supplier<VaeTracIn.Result> run) {
    InputException refused = assertThrows(InputException.class, run::get);
    assertTrue(refused.getMessage().matches(message), refused.getMessage());
  }

  /** The n-th call fails, for every n: a clear error, nothing kept, and the next run is right. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "cuMemAlloc_v2 2 cuMemAlloc",
        "cuLaunchKernel 719 cuLaunchKernel",
        "cuMemsetD32Async 719 cuMemsetD32Async",
        "cuMemcpyHtoDAsync_v2 719 cuMemcpyHtoDAsync",
        "cuMemcpyDtoHAsync_v2 719 cuMemcpyDtoHAsync",
        "cuMemcpyDtoDAsync_v2 719 cuMemcpyDtoDAsync",
        "cuStreamWaitEvent 719 cuStreamWaitEvent",
        "cuEventRecord 719 cuEventRecord",
        "cuEventSynchronize 719 cuEventSynchronize",
        "cublasSgemm_v2 13 cublasSgemm",
        "cublasSgemmStridedBatched 13 cublasSgemmStridedBatched",
        "curandGenerateNormal 201 curandGenerateNormal",
      })
  void everyCallFailsOnce(String failure) throws IOException {
    String[] words = failure.split(" ");
    List<Checkpoint> checkpoints = trained(SMALL);
    try (CudaBackend backend = new CudaBackend(OPTIONS)) {
      int[] runs = {0};
      int failures =
          sweep(
              backend,
              words,
              () -> {
                try (VaeTracIn.Result result =
                    tracIn(backend, SMALL, checkpoints, 3, 24, true)
                        .scoresAndSelfInfluence(TRAIN, TEST)) {
                  return result.selfInfluence()[39] + (double) result.scores().toFloats()[8][39];
                }
              });
      failures +=
          sweep(
              backend,
              words,
              () ->
                  Arrays.stream(
                          train(
                              backend,
                              SMALL,
                              TRAIN,
                              folder.resolve("again" + runs[0]++),
                              TrainingSpec.adam(1e-3, 8, 2, 1, 5).withNoise(TrainingSpec.CURAND)))
                      .sum());
      assertTrue(failures > 0, "no such call");
    }
  }

  /** How many calls there are to fail. */
  private static int sweep(CudaBackend backend, String[] failure, Supplier<Double> work)
      throws IOException {
    final double expected = work.get();
    final long before = backend.memory().inUse();
    int failures = 0;
    while (true) {
      if (failure[0].startsWith("cuMemAlloc")) {
        backend.memory().releaseKept(); // or nothing is asked of the driver any more
      }
      Files.writeString(
          CONTROL, "%s %d %s %d\n".formatted(failure[0], failures + 1, failure[1], NEVER_AGAIN));
      try {
        assertEquals(expected, work.get());
        return failures;
      } catch (BackendException e) {
        boolean memory = failure[0].startsWith("cuMemAlloc");
        String message = memory ? "cuda: out of memory: asked for " : "cuda: " + failure[2];
        assertTrue(e.getMessage().startsWith(message), e.getMessage());
        assertEquals(before, backend.memory().inUse());
        failures++;
      } finally {
        Files.deleteIfExists(CONTROL);
      }
    }
  }
}
