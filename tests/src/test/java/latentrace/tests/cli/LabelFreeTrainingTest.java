package latentrace.tests.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import latentrace.data.Npy;
import latentrace.tests.cli.Cli.Outcome;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Paper 2's ways to train: pretext tasks, total correlation, SimCLR. */
class LabelFreeTrainingTest {
  private static final String QUICK = " --iterations 3 --checkpoints 1 --batch 10 --out ";

  @TempDir private static Path folder;

  @BeforeAll
  static void makeData() throws Exception {
    ok("data generate digits --count 30 --seed 5 --out digits.npz");
  }

  private static Outcome ok(String command) throws Exception {
    Outcome outcome = Cli.run(folder, command.split(" "));
    assertEquals(0, outcome.status(), () -> command + "\n" + outcome.err());
    return outcome;
  }

  private static void refused(String command, String message) throws Exception {
    Outcome outcome = Cli.run(folder, command.split(" "));
    assertEquals(2, outcome.status(), () -> command + "\n" + outcome.err());
    assertTrue(outcome.err().strip().endsWith(message), outcome.err());
  }

  @Test
  void pretextTasks() throws Exception {
    String train = "train --data digits.npz --model denoising-mnist --latent 4";
    ok(train + " --pretext inpainting --corruption 0.4" + QUICK + "inpainting");
    String model = Files.readString(folder.resolve("inpainting/model.json"));
    assertTrue(model.contains("\"task\" : \"inpainting\""), model);
    assertTrue(model.contains("\"strength\" : 0.4"), model);
    refused(
        train + " --pretext inpainting --resume" + QUICK + "inpainting",
        "cannot resume: model.pretext is {\"task\":\"inpainting\",\"strength\":0.4} there,"
            + " {\"task\":\"inpainting\",\"strength\":0.2} was asked for");
    ok(train + " --pretext classification" + QUICK + "classifier");
    ok(
        "explain features --model classifier --data digits.npz --limit 2 --target class:3 --method saliency");
    ok("export --from classifier/checkpoint-3.safetensors --names torch --to c-3.safetensors");
    ok(
        "import --from c-3.safetensors --model denoising-mnist --pretext classification --out again");
    assertArrayEquals(
        Files.readAllBytes(folder.resolve("classifier/checkpoint-3.safetensors")),
        Files.readAllBytes(folder.resolve("again/checkpoint-3.safetensors")));
  }

  @Test
  void totalCorrelation() throws Exception {
    ok("train --data digits.npz --latent 3 --objective tc --beta 5" + QUICK + "tc");
    refused(
        "score --checkpoints tc --train digits.npz --test digits.npz --out tc.npy",
        "objective TC is a loss of the batch, in which a sample has no influence of its own: score"
            + " by --beta F, reconstruction + F KL, instead");
    ok("self --checkpoints tc --train digits.npz --beta 5 --draws 2 --out tc.npy");
  }

  @Test
  void simClr() throws Exception {
    ok("train --data digits.npz --resize 16x16 --model simclr --width 1" + QUICK + "simclr");
    ok(
        "explain examples --model simclr --train digits.npz --test digits.npz --test-limit 2"
            + " --resize 16x16 --method cosine --out e.npy");
    assertArrayEquals(new int[] {2, 30}, Npy.read(folder.resolve("e.npy")).shape());
    refused(
        "score --checkpoints simclr --train digits.npz --test digits.npz --resize 16x16 --out s.npy",
        "NT-Xent, which a simclr is trained by, is a loss of the batch, in which a sample has no"
            + " influence of its own");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--pretext denoising | --pretext: a mlp-vae is trained for one task only",
        "--model denoising-mnist --pretext inpainting --corruption 1 | --corruption: found 1.0,"
            + " expected a probability in [0, 1)",
        "--width 8 | --width: of a simclr, this is a mlp-vae",
        "--objective tc --model mlp-autoencoder | --objective: found TC, expected H or B",
      })
  void badUsage(String flags, String message) throws Exception {
    refused("train --data digits.npz " + flags + QUICK + "bad", message);
  }
}
