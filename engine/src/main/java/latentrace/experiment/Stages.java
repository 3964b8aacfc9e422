package latentrace.experiment;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import latentrace.Listener;
import latentrace.backend.Backend;
import latentrace.checkpoint.Checkpoint;
import latentrace.checkpoint.Json;
import latentrace.checkpoint.TrainingSpec;
import latentrace.data.AtomicFiles;
import latentrace.data.Dataset;
import latentrace.data.FileHash;
import latentrace.data.InputException;
import latentrace.data.Npy;
import latentrace.data.NpyArray;
import latentrace.influence.CheckpointWeights;
import latentrace.influence.PartialRun;
import latentrace.influence.VaeTracIn;
import latentrace.model.ModelSpec;
import latentrace.train.Trainer;

/**
 * What takes long, kept on disk: a stage's name is a hash of all that its result depends on, its
 * manifest says what that is, and a stage that was cut off goes on where it was.
 */
public final class Stages {
  /** Changes when a stage's meaning does. */
  private static final int VERSION = 1;

  private static final int NAME_LENGTH = 12;

  private final Path folder;
  private final Backend backend;
  private final Listener listener;

  /** Stages kept in a folder. */
  public Stages(Path folder, Backend backend, Listener listener) {
    this.folder = folder;
    this.backend = backend;
    this.listener = listener;
  }

  /**
   * A path for a stage's result, and its manifest beside it.
   *
   * @throws InputException naming the field, if a manifest of that name says something else
   */
  private Path place(String kind, Map<String, Object> identity, String ending) {
    identity.put("version", VERSION);
    String text = Json.toString(identity);
    String name = kind + "-" + hash(text).substring(0, NAME_LENGTH);
    Path manifest = folder.resolve(name + ".json");
    if (Files.exists(manifest)) {
      Map<?, ?> kept = Json.read(manifest, Map.class);
      for (String field : identity.keySet()) {
        if (!Json.tree(kept.get(field)).equals(Json.tree(identity.get(field)))) {
          throw new InputException(
              "%s: %s is of another run: delete it to do it anew".formatted(manifest, field));
        }
      }
    } else {
      AtomicFiles.writeString(manifest, text);
    }
    return folder.resolve(name + ending);
  }

  private static String hash(String text) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Trains a model; the checkpoints. */
  public List<Checkpoint> train(ModelSpec model, TrainingSpec training, Dataset data) {
    Map<String, Object> identity = new LinkedHashMap<>();
    identity.put("model", model);
    identity.put("training", training);
    identity.put("data", data.hash());
    identity.put("backend", backend.name());
    Path run = place("train", identity, "");
    Path last = run.resolve("checkpoint-%d.safetensors".formatted(training.iterations()));
    if (!Files.exists(last)) {
      createFolder(run);
      try (Trainer trainer = new Trainer(backend, model, training, data, null, run, listener)) {
        trainer.resume();
      }
    }
    return Checkpoint.list(run);
  }

  private static void createFolder(Path path) {
    try {
      Files.createDirectories(path);
    } catch (IOException e) {
      throw new UncheckedIOException(path + ": " + AtomicFiles.reason(e), e);
    }
  }

  private Map<String, Object> identity(
      ModelSpec model,
      List<Checkpoint> checkpoints,
      double[] weights,
      VaeTracIn.Settings settings,
      Dataset train) {
    Map<String, Object> identity = new LinkedHashMap<>();
    identity.put("model", model);
    identity.put("checkpoints", checkpoints.stream().map(c -> FileHash.sha256(c.file())).toList());
    identity.put("weights", Arrays.stream(weights).boxed().toList());
    identity.put("draws", settings.draws());
    identity.put("noise", settings.noise().describe());
    identity.put("attribution", settings.attribution().toString());
    identity.put("train", train.hash());
    identity.put("backend", backend.name());
    return identity;
  }

  /** Scores [T][N] of training samples for test samples. */
  public float[][] scores(
      ModelSpec model,
      List<Checkpoint> checkpoints,
      double[] weights,
      VaeTracIn.Settings settings,
      Dataset train,
      Dataset test) {
    Map<String, Object> identity = identity(model, checkpoints, weights, settings, train);
    identity.put("test", test.hash());
    Path file = place("scores", identity, ".npy");
    if (!Files.exists(file)) {
      try (PartialRun partial =
              PartialRun.in(file.resolveSibling(file.getFileName() + ".partial"), identity, false);
          VaeTracIn.Result result =
              new VaeTracIn(backend, model, checkpoints, weights, settings, listener)
                  .keeping(partial)
                  .scores(train, test)) {
        result.scores().write(file);
        partial.remove();
      }
    }
    float[] values = Npy.read(file).toFloats();
    float[][] scores = new float[test.count()][];
    for (int t = 0; t < scores.length; t++) {
      scores[t] = Arrays.copyOfRange(values, t * train.count(), (t + 1) * train.count());
    }
    return scores;
  }

  /**
   * Self-influence and losses.
   *
   * @param self [N]
   * @param losses [N], at the last checkpoint
   */
  @SuppressWarnings("ArrayRecordComponent") // a carrier of bulk results, never compared
  public record SelfInfluence(float[] self, float[] losses) {}

  /** Self-influence and losses of training samples. */
  public SelfInfluence selfInfluence(
      ModelSpec model, List<Checkpoint> checkpoints, VaeTracIn.Settings settings, Dataset train) {
    double[] weights = CheckpointWeights.uniform(checkpoints.size());
    Map<String, Object> identity = identity(model, checkpoints, weights, settings, train);
    Path file = place("self", identity, ".npy");
    if (!Files.exists(file)) {
      try (PartialRun partial =
              PartialRun.in(file.resolveSibling(file.getFileName() + ".partial"), identity, false);
          VaeTracIn.Result result =
              new VaeTracIn(backend, model, checkpoints, weights, settings, listener)
                  .keeping(partial)
                  .selfInfluence(train)) {
        float[] both = Arrays.copyOf(result.selfInfluence(), 2 * train.count());
        System.arraycopy(result.losses(), 0, both, train.count(), train.count());
        Npy.write(file, NpyArray.ofFloats(both, 2, train.count()));
        partial.remove();
      }
    }
    float[] both = Npy.read(file).toFloats();
    int n = train.count();
    return new SelfInfluence(Arrays.copyOf(both, n), Arrays.copyOfRange(both, n, 2 * n));
  }
}
