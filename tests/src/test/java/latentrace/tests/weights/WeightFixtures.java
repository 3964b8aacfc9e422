package latentrace.tests.weights;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import latentrace.backend.Activation;
import latentrace.backend.Reconstruction;
import latentrace.checkpoint.WeightImport;
import latentrace.model.ModelSpec;
import latentrace.model.Pretext;

/** Files that {@code src/test/fixtures/weights.py} made, and PyTorch where it is there. */
final class WeightFixtures {
  /** The models of linear layers, all VAEs of 6 → 5 → 3 → 2. */
  static final List<String> FILES =
      List.of("mlp-7", "mlp-nested", "mlp-views-3", "mlp-half-9", "mlp-bfloat16-9");

  private WeightFixtures() {}

  static Path resource(String name) {
    try {
      return Path.of(
          Objects.requireNonNull(WeightFixtures.class.getResource("/fixtures/" + name), name)
              .toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  static WeightImport.Settings settings(String model, WeightImport.Heads heads) {
    return settings(model, heads, null);
  }

  static WeightImport.Settings settings(String model, WeightImport.Heads heads, Pretext pretext) {
    return new WeightImport.Settings(
        model,
        heads,
        null,
        Activation.RELU,
        Activation.IDENTITY,
        Reconstruction.MSE,
        model.endsWith("vae") ? 2 : 0,
        null,
        1,
        model.equals(ModelSpec.RECURRENT_AUTOENCODER) ? 5 : 0,
        pretext);
  }

  /** Runs weights.py; what it printed. Skips, and says so, where there is no PyTorch. */
  static String python(Object... arguments) throws IOException, InterruptedException {
    boolean there = status("import torch, numpy") == 0;
    if (!there) {
      System.out.println("skipped: python3 with torch and numpy is not there");
    }
    assumeTrue(there, "python3 with torch and numpy");
    List<String> command = new ArrayList<>(List.of("python3", "src/test/fixtures/weights.py"));
    Arrays.stream(arguments).map(Object::toString).forEach(command::add);
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new AssertionError(printed);
    }
    return printed;
  }

  private static int status(String program) throws InterruptedException {
    try {
      return new ProcessBuilder("python3", "-c", program)
          .redirectError(ProcessBuilder.Redirect.DISCARD)
          .start()
          .waitFor();
    } catch (IOException e) {
      return -1;
    }
  }
}
