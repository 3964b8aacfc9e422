package latentrace.tests.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import latentrace.tests.cli.Cli.Outcome;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code reproduce papp2023} from end to end, on built-in data. */
@Tag("one-jdk") // what it does is not the JVM's: .ci/run has it once
class PappReproduceTest {
  private static final List<String> TABLES =
      List.of("figure1", "figure2", "table1", "table2", "table3", "figure3", "figure5");
  private static final List<String> FIGURES =
      List.of("figure1", "figure2", "figure3", "figure4", "figure5", "figure6");
  private static final List<String> CLAIMS = List.of("1.1", "1.2", "2.1", "2.2", "3");

  @TempDir private Path folder;

  private Outcome reproduce(String more) throws Exception {
    return Cli.run(folder, ("reproduce papp2023 --scale smoke --quiet " + more).split(" "));
  }

  /** Every file is there, every claim has a verdict; a second run does nothing. */
  @Test
  void everythingOnceAndThenNothing() throws Exception {
    Outcome first = reproduce("all --out all");
    assertEquals(0, first.status(), first.err());
    Path out = folder.resolve("all");
    String page = Files.readString(out.resolve("index.html"));
    for (String name : TABLES) {
      String table = Files.readString(out.resolve("tables").resolve(name + ".csv"));
      assertTrue(table.lines().count() > 3, table);
      assertFalse(table.contains("NaN"), table);
      assertTrue(
          Files.readString(out.resolve("tables").resolve(name + ".md"))
              .contains("| | published | as published, re-run | done right | n |"),
          name);
    }
    for (String name : FIGURES) {
      assertTrue(page.contains("<section id=\"" + name + "\">"), name);
      assertTrue(
          ImageIO.read(out.resolve("figures").resolve(name + ".png").toFile()).getWidth() > 100);
    }
    for (String claim : CLAIMS) {
      Matcher verdict =
          Pattern.compile("Claim " + Pattern.quote(claim) + "[^:]* (holds|does not hold): ")
              .matcher(page);
      assertTrue(verdict.find(), claim);
    }
    Outcome second = reproduce("all --out all");
    assertTrue(second.out().startsWith("0 stages done, "), second.out());
    assertEquals(page, Files.readString(out.resolve("index.html")));
  }

  /** CIFAR-100 has its rows where its files are. */
  @Test
  void aSecondSetOfColourImages() throws Exception {
    Path data = Files.createDirectory(folder.resolve("data"));
    for (String name : List.of("train.bin", "test.bin")) {
      byte[] records = new byte[24 * (2 + 3072)];
      new java.util.Random(1).nextBytes(records);
      for (int i = 0; i < 24; i++) {
        records[i * 3074] = (byte) (i % 20);
        records[i * 3074 + 1] = (byte) (99 - i);
      }
      Files.write(data.resolve(name), records);
    }
    Outcome outcome = reproduce("table2 --repeats 1 --data data --out colours");
    assertEquals(0, outcome.status(), outcome.err());
    String table = Files.readString(folder.resolve("colours/tables/table2.csv"));
    assertTrue(table.contains("CIFAR-100, example importance, recon.–denois."), table);
    String page = Files.readString(folder.resolve("colours/index.html"));
    assertFalse(page.contains("CIFAR-100 is left out"), page);
  }

  @Test
  void badUsage() throws Exception {
    assertEquals(
        List.of("latentrace reproduce: papp2023: no experiment 'figur4'; did you mean figure4?"),
        reproduce("figur4").errLines());
    assertEquals(
        List.of("latentrace reproduce: --draws: has no meaning for papp2023"),
        reproduce("--draws 3").errLines());
  }
}
