package latentrace.tests.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import latentrace.tests.cli.Cli.Outcome;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A JVM without the Vector API's module: the command line starts one that has it. */
class RelaunchTest {
  private static final List<String> NO_OPTIONS = List.of();

  @TempDir private Path folder;

  private Outcome run(String arguments) throws Exception {
    return Cli.outcome(folder, Cli.start(folder, NO_OPTIONS, arguments.split(" ")));
  }

  @Test
  void theModuleIsAdded() throws Exception {
    assertTrue(run("devices").out().contains("\nsimd   chosen "));
    assertEquals(0, run("data generate digits --count 64 --out train.npz").status());
    Outcome good =
        run("train --data train.npz --hidden 8 --iterations 2 --checkpoints 1 --out run");
    assertEquals(0, good.status(), good.err());
    assertTrue(good.err().startsWith("backend Java Vector API"), good.err());
    Outcome bad = run("train --data none.npz --out x");
    assertEquals(2, bad.status());
    assertEquals(
        "latentrace train: none.npz: no such file\n", Files.readString(folder.resolve("err.log")));
  }

  @Test
  void itIsNotWhereNothingNeedsIt() throws Exception {
    for (String arguments :
        List.of(
            "--help",
            "train --help",
            "--version",
            "data generate digits --count 64 --out train.npz",
            "train --data train.npz --hidden 8 --iterations 2 --checkpoints 1 --out run --backend ejml")) {
      Outcome outcome = run(arguments);
      assertEquals(0, outcome.status(), arguments);
      assertFalse(outcome.err().contains("Vector API"), arguments);
    }
  }

  /** SIGTERM on the first JVM: the second saves, and both are gone. */
  @Test
  void signalsArePassedOn() throws Exception {
    assertEquals(0, run("data generate digits --count 64 --out train.npz").status());
    Process process = longTraining("stopped");
    ProcessHandle child = process.descendants().findFirst().orElseThrow();
    process.destroy();
    process.waitFor();
    assertFalse(child.isAlive());
    assertTrue(
        Files.readString(folder.resolve("out.log")).startsWith("interrupted, go on with --resume"));
    assertTrue(Files.exists(folder.resolve("stopped/state.safetensors")));
  }

  /** SIGKILL on the first JVM: the second saves and ends by itself. */
  @Test
  void noOrphanStays() throws Exception {
    assertEquals(0, run("data generate digits --count 64 --out train.npz").status());
    Process process = longTraining("killed");
    ProcessHandle child = process.descendants().findFirst().orElseThrow();
    process.destroyForcibly();
    child.onExit().get(60, TimeUnit.SECONDS);
    assertTrue(Files.exists(folder.resolve("killed/state.safetensors")));
  }

  private Process longTraining(String out) throws Exception {
    Process process =
        Cli.start(
            folder,
            NO_OPTIONS,
            ("train --data train.npz --hidden 8 --iterations 1000000 --checkpoints 100000 --out "
                    + out)
                .split(" "));
    while (!Files.exists(folder.resolve(out + "/checkpoint-10.safetensors"))) {
      assertTrue(process.isAlive(), "ended early");
      TimeUnit.MILLISECONDS.sleep(10);
    }
    return process;
  }
}
