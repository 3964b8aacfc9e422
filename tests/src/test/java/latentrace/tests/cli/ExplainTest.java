package latentrace.tests.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import latentrace.data.Npy;
import latentrace.data.NpyArray;
import latentrace.tests.cli.Cli.Outcome;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExplainTest {
  @TempDir private static Path folder;

  @BeforeAll
  static void trainModel() throws Exception {
    ok("data generate digits --count 90 --seed 5 --out digits.npz");
    ok(
        "train --data digits.npz --model denoising-mnist --latent 4 --batch 30 --lr 1e-2"
            + " --iterations 20 --checkpoints 2 --seed 9 --out run");
  }

  private static Outcome ok(String command) throws Exception {
    Outcome outcome = Cli.run(folder, command.split(" "));
    assertEquals(0, outcome.status(), () -> command + "\n" + outcome.err());
    return outcome;
  }

  /** Encoder-only TracIn over all checkpoints: what score says with the same parameters. */
  @Test
  void tracIn() throws Exception {
    ok(
        "explain examples --model run --train digits.npz --test digits.npz --test-limit 4"
            + " --method tracin --out t.npy");
    ok(
        "score --checkpoints run --train digits.npz --test digits.npz --test-limit 4"
            + " --parameters encoder --out s.npy");
    assertArrayEquals(
        Npy.read(folder.resolve("s.npy")).toFloats(), Npy.read(folder.resolve("t.npy")).toFloats());
    assertTrue(Files.readString(folder.resolve("t.json")).contains("\"checkpoints\" : [ 10, 20 ]"));
  }

  /** LiSSA of one iteration with a huge scale is the gradient itself; a small one diverges. */
  @Test
  void influence() throws Exception {
    String command =
        "explain examples --model run --train digits.npz --train-limit 20 --test digits.npz"
            + " --test-limit 2 --method influence --lissa-batch 10 --out i.npy";
    ok(command + " --lissa-scale 1e9 --lissa-depth 1");
    ok(
        "influence --method gradcos --checkpoints run --train digits.npz --train-limit 20"
            + " --test digits.npz --test-limit 2 --parameters encoder --out c.npy");
    float[] products = Npy.read(folder.resolve("i.npy")).toFloats();
    float[] cosines = Npy.read(folder.resolve("c.npy")).toFloats();
    for (int i = 0; i < products.length; i++) {
      assertEquals(Math.signum(cosines[i]), Math.signum(products[i]), "score " + i);
    }
    Outcome diverging = Cli.run(folder, (command + " --lissa-scale 1e-6").split(" "));
    assertEquals(2, diverging.status());
    assertTrue(
        diverging.err().contains("\nlatentrace explain examples: LiSSA diverges: norm "),
        diverging.err());
  }

  /** Of the samples' similarity to themselves nothing is left to rise; to a foil it falls. */
  @Test
  void corpusAndFoil() throws Exception {
    ok("data generate digits --count 20 --seed 6 --out others.npz");
    Outcome outcome =
        ok(
            "explain features --model run --data digits.npz --limit 5 --corpus digits.npz --foil"
                + " others.npz --out f.npy");
    assertTrue(outcome.out().contains("completeness: "), outcome.out());
    ok(
        "explain features --model run --data digits.npz --limit 5 --corpus others.npz --foil"
            + " digits.npz --out b.npy");
    float[] forth = Npy.read(folder.resolve("f.npy")).toFloats();
    float[] back = Npy.read(folder.resolve("b.npy")).toFloats();
    double sum = 0;
    for (int i = 0; i < forth.length; i++) {
      assertEquals(-forth[i], back[i], 1e-6);
      sum += Math.abs(forth[i]);
    }
    assertTrue(sum > 1e-4, "sum of " + sum);
  }

  @ParameterizedTest
  @CsvSource({"saliency", "gradient-shap", "occlusion"})
  void features(String method) throws Exception {
    ok("explain features --model run --data digits.npz --limit 7 --method " + method);
    NpyArray found = Npy.read(folder.resolve("attributions.npy"));
    assertArrayEquals(new int[] {7, 1, 28, 28}, found.shape());
    double sum = 0;
    for (float value : found.toFloats()) {
      assertTrue(Float.isFinite(value));
      sum += Math.abs(value);
    }
    assertTrue(sum > 0);
    assertTrue(Files.readString(folder.resolve("attributions.json")).contains(method));
  }

  @Test
  void pages() throws Exception {
    Outcome ig =
        ok(
            "explain features --model run --data digits.npz --limit 3 --target latent:2 --out a.html");
    assertTrue(ig.out().contains("completeness: "), ig.out());
    assertTrue(Files.readString(folder.resolve("a.html")).contains("latent:2 of denoising-mnist"));
    ok(
        "explain examples --model run --train digits.npz --test digits.npz --test-limit 2 --k 3 --out e.html");
    assertTrue(Files.readString(folder.resolve("e.html")).contains("data:image/png"));
  }

  /** A training sample is its own nearest neighbour, and SimplEx rebuilds it from itself. */
  @ParameterizedTest
  @CsvSource({"dknn", "simplex"})
  void examples(String method) throws Exception {
    ok(
        "explain examples --model run --train digits.npz --test digits.npz --test-limit 5 --out e.npy --method "
            + method);
    NpyArray found = Npy.read(folder.resolve("e.npy"));
    assertArrayEquals(new int[] {5, 90}, found.shape());
    float[] scores = found.toFloats();
    for (int t = 0; t < 5; t++) {
      float[] row = Arrays.copyOfRange(scores, t * 90, (t + 1) * 90);
      float largest = Float.NEGATIVE_INFINITY;
      for (float value : row) {
        largest = Math.max(largest, value);
      }
      assertEquals(largest, row[t], 1e-6, method);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--target latent:4 | --target: found 'latent:4', expected latent:0 to latent:3",
        "--target class:1 | --target: class:K is of a classifier, this is a denoising-mnist",
        "--foil digits.npz | --foil: needs a --corpus",
        "--corpus digits.npz --target latent:1 | --target: latent:1 is another target than --corpus",
        "--baseline grey | --baseline: found 'grey', expected zero, mean or a .npy file",
        "--out x.txt | --out: found x.txt, expected a name in .npy, .html",
      })
  void badUsage(String flags, String message) throws Exception {
    Outcome outcome =
        Cli.run(folder, ("explain features --model run --data digits.npz " + flags).split(" "));
    assertEquals(2, outcome.status(), outcome.err());
    assertEquals("latentrace explain features: " + message, outcome.err().strip());
  }
}
