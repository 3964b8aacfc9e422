package latentrace.tests.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import latentrace.backend.Backends;
import latentrace.data.FileHash;
import latentrace.data.Npy;
import latentrace.data.NpyArray;
import latentrace.tests.cli.Cli.Outcome;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The command line end to end: every command, bad usage, and a kill in the middle. */
class CommandLineTest {
  @TempDir private static Path shared;

  @BeforeAll
  static void makeDataAndModel() throws Exception {
    ok("data", "generate", "digits", "--count", "150", "--seed", "5", "--out", "train.npz");
    ok("data", "generate", "digits", "--count", "6", "--seed", "6", "--out", "test.idx.gz");
    Outcome trained =
        ok(
            ("train --data train.npz --latent 3 --hidden 12,8 --beta 2 --lr 1e-3 --iterations 40"
                    + " --checkpoints 4 --seed 9 --out run")
                .split(" "));
    assertEquals("trained at iteration 40: run\n", trained.out());
  }

  private static Outcome ok(String... arguments) throws Exception {
    Outcome outcome = Cli.run(shared, arguments);
    assertEquals(0, outcome.status(), () -> Arrays.toString(arguments) + "\n" + outcome.err());
    return outcome;
  }

  private static void refused(String message, String... arguments) throws Exception {
    Outcome outcome = Cli.run(shared, arguments);
    assertEquals(2, outcome.status());
    assertEquals(List.of("latentrace %s: %s".formatted(arguments[0], message)), outcome.errLines());
  }

  @Test
  void helpSaysWhatThereIs() throws Exception {
    Outcome help = ok();
    for (String command :
        List.of(
            "demo",
            "data",
            "train",
            "score",
            "self",
            "influence",
            "top",
            "import",
            "export",
            "devices",
            "bench")) {
      assertTrue(help.out().contains("\n  " + command + " "), command);
      assertTrue(ok(command, "--help").out().startsWith("Usage: latentrace " + command), command);
    }
    assertTrue(ok("--version").out().startsWith("latentrace "));
    List<String> devices = ok("devices").out().lines().toList();
    assertEquals(3, devices.size());
    boolean gpu = hasGpu();
    assertTrue(
        devices.get(0).startsWith(gpu ? "cuda   chosen     " : "cuda   no         "),
        devices.get(0));
    String simd = "simd   %-10s Java Vector API, ".formatted(gpu ? "available" : "chosen");
    assertTrue(devices.get(1).startsWith(simd), devices.get(1));
    assertTrue(devices.get(2).startsWith("ejml   available  EJML"), devices.get(2));
  }

  @Test
  void saysWhatAGpuNeeds() throws Exception {
    assumeFalse(hasGpu(), "there is a GPU");
    Outcome outcome = Cli.run(shared, "train --data train.npz --out x --backend cuda".split(" "));
    assertEquals(2, outcome.status());
    assertEquals(
        List.of(
            "latentrace train: --backend: backend cuda does not run here: no NVIDIA driver:"
                + " libcuda.so.1 is not found; install one for CUDA 12 or newer"),
        outcome.errLines());
  }

  /** Weights of a model trained on Burgess' objective, whose loss is asked for with them. */
  @Test
  void importsTheOtherObjective() throws Exception {
    String command =
        "import --from run/checkpoint-40.safetensors --model mlp-vae --reconstruction bernoulli"
            + " --out burgess --gamma 100";
    refused("--gamma: --gamma and --capacity go together", command.split(" "));
    refused(
        "--capacity: found -1.0, expected a number >= 0", (command + " --capacity -1").split(" "));
    refused(
        "--beta: the loss with --gamma has none", (command + " --capacity 5 --beta 2").split(" "));
    ok((command + " --capacity 5").split(" "));
    JsonNode model = json("burgess/model.json").at("/model");
    assertEquals("B", model.at("/objective").asText());
    assertEquals(100, model.at("/gamma").asDouble());
    assertEquals(5, model.at("/capacity").asDouble());
    assertEquals(0, model.at("/capacityIterations").asInt());
  }

  /** What asking for a GPU costs where there is none: {@code --backend auto} does it every time. */
  @Test
  void lookingForAGpuIsQuick() {
    assumeFalse(hasGpu(), "there is a GPU");
    long best = Long.MAX_VALUE;
    for (int i = 0; i < 5; i++) {
      long start = System.nanoTime();
      assertFalse(hasGpu());
      best = Math.min(best, System.nanoTime() - start);
    }
    assertTrue(best < TimeUnit.MILLISECONDS.toNanos(100), best + " ns");
  }

  private static boolean hasGpu() {
    return Backends.providers().stream()
        .anyMatch(provider -> provider.name().equals("cuda") && provider.probe().available());
  }

  @Test
  void verifiesBackends() throws Exception {
    List<String> lines = ok("devices", "--verify").out().lines().toList();
    assertTrue(
        lines.contains("  49 operations agree with the reference"), String.join("\n", lines));
  }

  /** The convolutional model from data to scores, the same on both backends. */
  @Test
  void trainsAndScoresConvolutions() throws Exception {
    ok("data", "generate", "dsprites", "--count", "12", "--seed", "3", "--out", "sprites.npz");
    float[][] scores = new float[2][];
    for (int i = 0; i < 2; i++) {
      String backend = List.of("ejml", "simd").get(i);
      Outcome trained =
          ok(
              ("train --model conv-vae --data sprites.npz --latent 3 --batch 6 --iterations 3"
                      + " --checkpoints 1 --seed 9 --backend %s --out conv-%s")
                  .formatted(backend, backend)
                  .split(" "));
      assertEquals("trained at iteration 3: conv-" + backend + "\n", trained.out());
      ok(
          ("score --checkpoints conv-%s --train sprites.npz --test sprites.npz --draws 2 --backend"
                  + " %s --out conv-%s.npy")
              .formatted(backend, backend, backend)
              .split(" "));
      NpyArray array = Npy.read(shared.resolve("conv-" + backend + ".npy"));
      assertArrayEquals(new int[] {12, 12}, array.shape());
      scores[i] = array.toFloats();
    }
    double largest = 0;
    for (float score : scores[0]) {
      largest = Math.max(largest, Math.abs(score));
    }
    assertTrue(largest > 0);
    assertArrayEquals(scores[0], scores[1], (float) (1e-3 * largest));
  }

  /** The recurrent model from series to scores, the same on both backends; out and in again. */
  @Test
  void trainsAndScoresSeries() throws Exception {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 12; i++) {
      text.append(1 + i % 2);
      for (int t = 0; t < 9; t++) {
        text.append(' ').append(Math.sin(0.5 * t + i));
      }
      text.append('\n');
    }
    Files.writeString(shared.resolve("series.txt"), text);
    float[][] scores = new float[2][];
    for (int i = 0; i < 2; i++) {
      String backend = List.of("ejml", "simd").get(i);
      ok(
          ("train --model recurrent-autoencoder --data series.txt --latent 3 --batch 6 --optimizer"
                  + " adam --iterations 3 --checkpoints 1 --backend %s --out series-%s")
              .formatted(backend, backend)
              .split(" "));
      ok(
          ("score --checkpoints series-%s --train series.txt --test series.txt --backend %s --out"
                  + " series-%s.npy")
              .formatted(backend, backend, backend)
              .split(" "));
      scores[i] = Npy.read(shared.resolve("series-" + backend + ".npy")).toFloats();
    }
    assertEquals("l1", json("series-simd/model.json").at("/model/reconstruction").asText());
    double largest = 0;
    for (float score : scores[0]) {
      largest = Math.max(largest, Math.abs(score));
    }
    assertTrue(largest > 0);
    assertArrayEquals(scores[0], scores[1], (float) (1e-3 * largest));

    ok("export --from series-simd --names torch --to series-3.safetensors".split(" "));
    String[] command =
        "import --from series-3.safetensors --model recurrent-autoencoder --out series-in"
            .split(" ");
    refused(
        "--steps: a recurrent-autoencoder needs the time steps of a sample, its weights do not"
            + " tell",
        command);
    String[] withSteps = Arrays.copyOf(command, command.length + 2);
    withSteps[command.length] = "--steps";
    withSteps[command.length + 1] = "9";
    assertTrue(ok(withSteps).out().contains("18 tensors by name"));
    assertArrayEquals(
        Files.readAllBytes(shared.resolve("series-simd/checkpoint-3.safetensors")),
        Files.readAllBytes(shared.resolve("series-in/checkpoint-3.safetensors")));
    refused(
        "--activation: found RELU, expected tanh, its cells' own",
        "train --model recurrent-autoencoder --data series.txt --activation relu --out no"
            .split(" "));
  }

  @Test
  void trainLeavesEvenlySpacedCheckpoints() throws Exception {
    assertEquals(
        List.of(
            "checkpoint-10.safetensors",
            "checkpoint-20.safetensors",
            "checkpoint-30.safetensors",
            "checkpoint-40.safetensors",
            "metrics.csv",
            "model.json",
            "state.safetensors"),
        names(shared.resolve("run")));
    JsonNode model = json("run/model.json");
    assertEquals("mlp-vae", model.at("/model/model").asText());
    assertEquals("bernoulli", model.at("/model/reconstruction").asText());
    assertEquals(2, model.at("/model/beta").asDouble());
    assertEquals(64, model.at("/data/sha256").asText().length());
    assertEquals(9, model.at("/training/seed").asLong());
  }

  @Test
  void scoreSelfAndTop() throws Exception {
    ok("score --checkpoints run --train train.npz --test test.idx.gz --draws 3".split(" "));
    NpyArray scores = Npy.read(shared.resolve("scores.npy"));
    assertArrayEquals(new int[] {6, 150}, scores.shape());
    assertEquals(NpyArray.Type.F4, scores.type());
    JsonNode provenance = json("scores.json");
    assertEquals(4, provenance.at("/checkpoints").size());
    assertEquals(3, provenance.at("/draws").asInt());
    assertEquals(150, provenance.at("/train/count").asInt());

    ok(
        ("score --checkpoints run/checkpoint-20.safetensors,run/checkpoint-40.safetensors"
                + " --train train.npz --train-offset 100 --train-limit 20 --test test.idx.gz"
                + " --test-offset 2 --test-limit 3 --draws 3 --weights 1,0 --out part.npy --tile 7")
            .split(" "));
    ok(
        ("score --checkpoints run/checkpoint-20.safetensors --train train.npz --test test.idx.gz"
                + " --draws 3 --out one.npy")
            .split(" "));
    float[] part = Npy.read(shared.resolve("part.npy")).toFloats();
    float[] one = Npy.read(shared.resolve("one.npy")).toFloats();
    assertEquals(one[3 * 150 + 104], part[1 * 20 + 4], "ranges keep sample indices");

    ok(
        ("self --checkpoints run --train train.npz --draws 3 --out self.npy --losses losses.npy"
                + " --weights sgd --estimator score-function --parameters last:2"
                + " --attribution-loss gaussian --beta 1 --loss-scale 0.5")
            .split(" "));
    assertArrayEquals(new int[] {150}, Npy.read(shared.resolve("self.npy")).shape());
    assertArrayEquals(new int[] {150}, Npy.read(shared.resolve("losses.npy")).shape());
    assertEquals("score-function", json("self.json").at("/estimator").asText());
    assertEquals("gaussian", json("losses.json").at("/attributionLoss").asText());

    ok("top --scores scores.npy --k 2 --out top.csv".split(" "));
    List<String> lines = Files.readAllLines(shared.resolve("top.csv"));
    assertEquals("test,kind,rank,train,score", lines.get(0));
    assertEquals(1 + 6 * 2 * 2, lines.size());
    Outcome others =
        Cli.run(
            shared,
            "top --scores scores.npy --train train.npz --test train.npz --test-limit 6 --out t.html"
                .split(" "));
    assertEquals(2, others.status());
    assertEquals(
        "latentrace top: --test: train.npz is not what was scored: its samples, range or labels"
            + " differ from scores.json",
        others.err().strip());
    ok(
        "top --scores scores.npy --k 2 --train train.npz --test test.idx.gz --out top.html"
            .split(" "));
    assertTrue(Files.readString(shared.resolve("top.html")).contains("data:image/png;base64,"));
  }

  @Test
  void demoWritesItsReport() throws Exception {
    Outcome demo = ok("demo --out demo --samples 200 --iterations 30".split(" "));
    assertTrue(demo.out().contains("letters found by self-influence: AUC 0."), demo.out());
    assertTrue(demo.out().contains("report: "), demo.out());
    String report = Files.readString(shared.resolve("demo/report.html"));
    assertFalse(report.contains("http://") && report.contains("src=\"http"), "self-contained");
    ok("demo --out demo --samples 200 --iterations 30 --quiet".split(" "));
    Files.writeString(shared.resolve("demo/checkpoints/thesis.txt"), "precious");
    Files.createDirectories(shared.resolve("mine"));
    try (Stream<Path> run = Files.list(shared.resolve("run"))) {
      for (Path file : run.toList()) {
        Path copy = shared.resolve("mine/checkpoints").resolve(file.getFileName());
        Files.createDirectories(copy.getParent());
        Files.copy(file, copy);
      }
    }
    Outcome mine = Cli.run(shared, "demo", "--out", "mine");
    assertEquals(
        "latentrace demo: --out: mine/checkpoints holds something else than an earlier demo: a model"
            + " of other data",
        mine.err().strip());
    assertEquals(7, names(shared.resolve("mine/checkpoints")).size());
    Outcome refused = Cli.run(shared, "demo", "--out", "demo");
    assertEquals(2, refused.status());
    assertTrue(Files.exists(shared.resolve("demo/checkpoints/thesis.txt")));
  }

  @Test
  void benchTimesAndCompares() throws Exception {
    Outcome bench =
        ok("bench --quick --seconds 0.001 --latent 4 --threads 1 --json bench.json".split(" "));
    List<String> lines = bench.out().lines().toList();
    assertEquals(1 + 6 * 2, lines.size(), bench.out());
    assertTrue(
        lines.get(1).matches("matrix product NN:512x512x512 +ejml +\\d+\\.\\d+ +GFLOP/s +1\\.0 .*"),
        lines.get(1));
    JsonNode figures = json("bench.json").at("/figures");
    assertEquals(6 * 2, figures.size());
    for (JsonNode figure : figures) {
      assertTrue(figure.at("/rate").asDouble() > 0, figure::toString);
      assertTrue(figure.at("/difference").asDouble() <= 1e-4, figure::toString);
    }
    Outcome one = ok("bench --quick --seconds 0.001 --latent 4 --backend ejml --quiet".split(" "));
    assertEquals(1 + 6, one.out().lines().count());
    assertEquals("", one.err());
  }

  static Stream<Arguments> badUsage() {
    return Stream.of(
        Arguments.of(
            "bench --backend simd,smid",
            "latentrace bench: --backend: unknown backend 'smid': expected auto | cuda | simd | ejml"),
        Arguments.of(
            "bench --seconds 0",
            "latentrace bench: --seconds: found 0.0, expected a number above 0, at most 60"),
        Arguments.of(
            "bench --threads 0", "latentrace bench: --threads: found 0, expected at least 1"),
        Arguments.of(
            "scroe",
            "latentrace: Unmatched argument at index 0: 'scroe' (see 'latentrace --help')"),
        Arguments.of(
            "train --data train.npz",
            "latentrace train: Missing required option: '--out=DIR' (see 'latentrace train --help')"),
        Arguments.of("train --data none.npz --out x", "latentrace train: none.npz: no such file"),
        Arguments.of(
            "train --data train.npz --out x --latent 0",
            "latentrace train: --latent: found 0, expected a size of 1 to 65536"),
        Arguments.of(
            "train --data train.npz --out x --reconstruction binary",
            "latentrace train: Invalid value for option '--reconstruction': found 'binary',"
                + " expected one of bernoulli, gaussian, mse, l1 (see 'latentrace train --help')"),
        Arguments.of(
            "train --data train.npz --out x --schedule warm",
            "latentrace train: --schedule: found 'warm', expected constant, linear, cosine,"
                + " step:EVERY:FACTOR or exponential:FACTOR"),
        Arguments.of(
            "train --data train.npz --out x --batch 151",
            "latentrace train: train.npz: 150 samples do not fill one batch of 151"),
        Arguments.of(
            "train --data train.npz --out run",
            "latentrace train: run: there is a run already; use --resume to go on with it, or"
                + " another folder"),
        Arguments.of(
            "train --data train.npz --out run --resume --latent 4",
            "latentrace train: run/model.json: cannot resume: model.hidden is [12,8] there,"
                + " [32,16,8] was asked for"),
        Arguments.of(
            "train --data train.npz --out x --backend opencl",
            "latentrace train: --backend: unknown backend 'opencl': expected auto | cuda | simd | ejml"),
        Arguments.of(
            "train --data train.npz --out x --backend simd --math tf32",
            "latentrace train: --backend: backend simd has no tf32 products: only backend cuda has"),
        Arguments.of(
            "train --data train.npz --out x --math fp8",
            "latentrace train: Invalid value for option '--math': found 'fp8', expected one of fp32,"
                + " tf32 (see 'latentrace train --help')"),
        Arguments.of(
            "train --data train.npz --out x --backend simd --training-noise curand",
            "latentrace train: training noise: backend simd has no generator curand"),
        Arguments.of(
            "train --data train.npz --out x --training-noise dice",
            "latentrace train: --training-noise: found dice, expected contract or curand"),
        Arguments.of(
            "train --data train.npz --out x --lr 100 --iterations 50 --quiet",
            "latentrace train: training diverged"),
        Arguments.of(
            "train --data clusters.npz --out x --reconstruction bernoulli",
            "latentrace train: clusters.npz: value "),
        Arguments.of(
            "train --data train.npz --out x --hidden 60000,60000",
            "latentrace train: --hidden: found [60000, 60000], expected at most 2^31-1 weights"),
        Arguments.of(
            "train --data train.npz --out x --loss-scale -1",
            "latentrace train: --loss-scale: found -1.0, expected a number > 0"),
        Arguments.of("train --data train.npz --out train.npz", "latentrace train: --out: "),
        Arguments.of(
            "score --checkpoints run --train train.npz --test test.idx.gz --parameters head",
            "latentrace score: --parameters: found 'head'"),
        Arguments.of(
            "score --checkpoints run --train train.npz --test test.idx.gz --out run/model.npy",
            "latentrace score: --out: run/model.json would be overwritten"),
        Arguments.of(
            "score --checkpoints run/checkpoint-40.safetensors,run/checkpoint-20.safetensors --train"
                + " train.npz --test test.idx.gz",
            "latentrace score: --checkpoints: run/checkpoint-20.safetensors after"
                + " run/checkpoint-40.safetensors: list them by rising iteration, each once"),
        Arguments.of(
            "self --checkpoints run --train train.npz --out a.npy --losses ./a.npy",
            "latentrace self: --losses: ./a.npy is read by the same command"),
        Arguments.of(
            "self --checkpoints run --train train.npz --noise mean --self-noise independent",
            "latentrace self: --self-noise: independent needs a VAE and --noise contract"),
        Arguments.of(
            "self --checkpoints run --train train.npz --weights 1e300,1e300,1e300,1e300 --quiet",
            "latentrace self: self-influence of sample 0 is Infinity"),
        Arguments.of(
            "score --checkpoints run --train train.npz --test test.idx.gz --out /",
            "latentrace score: --out: found /, expected a name in .npy"),
        Arguments.of(
            "demo --out .. --samples 10 --backend nope",
            "latentrace demo: --backend: unknown backend 'nope'"),
        Arguments.of(
            "score --checkpoints nowhere --train train.npz --test test.idx.gz",
            "latentrace score: --checkpoints: nowhere: no such file or folder"),
        Arguments.of(
            "score --checkpoints run --train train.npz --test test.idx.gz --weights 1,2",
            "latentrace score: --weights: found 2 in '1,2', expected a finite number for each of 4"
                + " checkpoints"),
        Arguments.of(
            "score --checkpoints run --train train.npz --test test.idx.gz --noise red",
            "latentrace score: --noise: found 'red', expected contract, mean or a .npy file"),
        Arguments.of(
            "score --checkpoints run --train train.npz --test test.idx.gz --out scores.txt",
            "latentrace score: --out: found scores.txt, expected a name in .npy"),
        Arguments.of(
            "score --checkpoints run --train train.npz --test test.idx.gz --train-offset 150",
            "latentrace score: --train-offset: found 150, expected 0..149, the samples of train.npz"),
        Arguments.of(
            "self --checkpoints run --train clusters.npz",
            "latentrace self: clusters.npz: samples of [2], the model takes [1, 28, 28]"),
        Arguments.of(
            "self --checkpoints run --train train.npz --threads 0",
            "latentrace self: --threads: found 0, expected at least 1"),
        Arguments.of(
            "influence --method shapley --checkpoints run --train train.npz --test test.idx.gz",
            "latentrace influence: Invalid value for option '--method': found 'shapley', expected one"
                + " of leave-one-out, influence-functions, datainf, ekfac, gradcos, relatif"),
        Arguments.of(
            "influence --method influence-functions --checkpoints run --train train.npz --test"
                + " test.idx.gz --quiet",
            "latentrace influence: an explicit Hessian of "),
        Arguments.of(
            "influence --method relatif --solver lissa --checkpoints run --train train.npz --test"
                + " test.idx.gz --backend simd --quiet",
            "latentrace influence: products with the Hessian are differences of gradients and need"
                + " double precision: take backend ejml, not simd"),
        Arguments.of(
            "influence --method leave-one-out --checkpoints run --train train.npz --train-limit 9"
                + " --test test.idx.gz",
            "latentrace influence: --train: leave-one-out trains again and needs what the model was"
                + " trained on, 150 samples of train.npz; these are 9 others"),
        Arguments.of(
            "influence --method ekfac --checkpoints run --train train.npz --test test.idx.gz"
                + " --damping -1",
            "latentrace influence: --damping: found -1.0, expected a number >= 0"),
        Arguments.of(
            "influence --method gradcos --checkpoints run --train train.npz --test test.idx.gz"
                + " --weights sgd",
            "latentrace influence: --weights: this command looks at the end of training"),
        Arguments.of(
            "top --scores train.npz --out top.csv", "latentrace top: train.npz: not an .npy file"),
        Arguments.of(
            "data inspect out.log",
            "latentrace data inspect: out.log: unknown format, expected IDX"),
        Arguments.of(
            "data generate digits --count 3 --out x.png",
            "latentrace data generate: --out: found x.png, expected a name in .npz, .npy, .idx,"
                + " .idx.gz"));
  }

  @ParameterizedTest
  @MethodSource
  void badUsage(String arguments, String line) throws Exception {
    if (arguments.contains("clusters.npz")) {
      ok("data", "generate", "clusters", "--count", "20", "--out", "clusters.npz");
    }
    Map<String, String> before = hashes(shared);
    Outcome outcome = Cli.run(shared, arguments.split(" "));
    assertEquals(2, outcome.status(), outcome.err());
    List<String> lines = outcome.errLines().stream().filter(l -> !l.startsWith("[INFO]")).toList();
    assertEquals(1, lines.size(), outcome.err());
    assertTrue(lines.get(0).startsWith(line), lines.get(0));
    Map<String, String> after = hashes(shared);
    for (Map<String, String> files : List.of(before, after)) {
      // a run that starts leaves its model.json, metrics and, every so often, its state
      files.keySet().removeIf(name -> name.startsWith("x/") && !name.contains("checkpoint-"));
    }
    assertEquals(before, after, "nothing half-written is left");
  }

  @Test
  void influenceByEveryMethod() throws Exception {
    // at the other tests' rate, some samples are all that keeps training from diverging
    ok(
        ("train --data train.npz --latent 3 --hidden 12,8 --lr 1e-4 --iterations 20 --checkpoints 1"
                + " --backend ejml --out gentle --quiet")
            .split(" "));
    String common =
        "influence --checkpoints gentle --train train.npz --test test.idx.gz --test-limit 3 --draws 2"
            + " --quiet --backend ejml --out influence.npy --method ";
    for (String method :
        List.of(
            "leave-one-out",
            "influence-functions --parameters last:1 --damping 1000 --cg-tolerance 1e-3 --solver"
                + " conjugate-gradients",
            "datainf",
            "ekfac --curvature-samples 20",
            "relatif --solver datainf --relative loss",
            "gradcos")) {
      ok((common + method).split(" "));
      NpyArray scores = Npy.read(shared.resolve("influence.npy"));
      assertArrayEquals(new int[] {3, 150}, scores.shape(), method);
      float largest = 0;
      for (float score : scores.toFloats()) {
        assertTrue(Float.isFinite(score), method);
        largest = Math.max(largest, Math.abs(score));
      }
      assertTrue(largest > 0 && (!method.equals("gradcos") || largest <= 1), method);
      String provenance = Files.readString(shared.resolve("influence.json"));
      String name = method.replaceFirst(" .*", "");
      assertTrue(provenance.contains("\"method\" : \"" + name + "\""), provenance);
    }
    assertFalse(Files.exists(shared.resolve("influence.npy.partial")));
    Files.delete(shared.resolve("influence.npy"));
    Files.delete(shared.resolve("influence.json"));
  }

  /** SIGKILL in the middle of a score and of a self: the same commands end with the same bytes. */
  @Test
  void killedScoresGoOnToTheSameBytes() throws Exception {
    for (String arguments :
        List.of(
            "score --checkpoints run --train train.npz --test test.idx.gz --draws 400 --tile 5"
                + " --backend ejml --out ",
            "self --checkpoints run --train train.npz --draws 400 --tile 5 --backend ejml"
                + " --losses l.npy --out ")) {
      ok((arguments + "whole.npy").split(" "));
      Path partial = shared.resolve("killed.npy.partial");
      assertFalse(Files.exists(shared.resolve("whole.npy.partial")));

      Process process = Cli.start(shared, (arguments + "killed.npy").split(" "));
      await(partial.resolve("sums-1"), process);
      process.destroyForcibly();
      assertEquals(137, process.waitFor());
      assertFalse(Files.exists(shared.resolve("killed.npy")));

      Outcome other = Cli.run(shared, (arguments + "killed.npy --seed 3").split(" "));
      assertEquals(2, other.status());
      assertTrue(
          other
              .err()
              .contains(
                  "killed.npy.partial: cannot go on with this unfinished run: seed is 0 there, 3 was"
                      + " asked for; --restart begins anew"),
          other.err());
      Outcome outcome = ok((arguments + "killed.npy").split(" "));
      assertTrue(outcome.err().contains(": goes on at "), outcome.err());
      assertFalse(Files.exists(partial));
      assertEquals(
          FileHash.sha256(shared.resolve("whole.npy")),
          FileHash.sha256(shared.resolve("killed.npy")));
      Files.delete(shared.resolve("killed.npy"));
    }
  }

  @Test
  void killedAndResumedGivesTheSameBytes() throws Exception {
    String arguments =
        "train --data train.npz --latent 3 --hidden 24 --optimizer adam --iterations 600"
            + " --checkpoints 5 --seed 2 --out ";
    ok((arguments + "whole").split(" "));

    Process process = Cli.start(shared, (arguments + "killed").split(" "));
    await(shared.resolve("killed/checkpoint-120.safetensors"), process);
    process.destroyForcibly();
    process.waitFor();
    assertFalse(Files.exists(shared.resolve("killed/checkpoint-600.safetensors")), "too late");
    assertEquals(0, Cli.run(shared, (arguments + "killed --resume").split(" ")).status());
    assertEquals(hashes(shared.resolve("whole")), hashes(shared.resolve("killed")));

    Process polite = Cli.start(shared, (arguments + "stopped").split(" "));
    await(shared.resolve("stopped/checkpoint-120.safetensors"), polite);
    polite.destroy();
    polite.waitFor();
    assertFalse(Files.exists(shared.resolve("stopped/checkpoint-600.safetensors")), "too late");
    assertTrue(
        Files.readString(shared.resolve("out.log")).startsWith("interrupted, go on with --resume"));
    assertEquals(0, Cli.run(shared, (arguments + "stopped --resume").split(" ")).status());
    assertEquals(hashes(shared.resolve("whole")), hashes(shared.resolve("stopped")));
  }

  private static void await(Path file, Process process) throws InterruptedException {
    while (!Files.exists(file)) {
      assertTrue(process.isAlive(), "ended before " + file);
      TimeUnit.MILLISECONDS.sleep(5);
    }
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private static Map<String, String> hashes(Path folder) throws IOException {
    Map<String, String> hashes = new TreeMap<>();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String name = folder.relativize(file).toString();
        if (!name.endsWith(".log") && !name.startsWith(".")) {
          hashes.put(name, FileHash.sha256(file));
        }
      }
    }
    return hashes;
  }

  private static JsonNode json(String name) throws IOException {
    return new JsonMapper().readTree(Files.readAllBytes(shared.resolve(name)));
  }
}
