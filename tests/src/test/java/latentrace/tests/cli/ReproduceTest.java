package latentrace.tests.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import latentrace.tests.cli.Cli.Outcome;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code reproduce kong2021} from end to end, on built-in data. */
@Tag("one-jdk") // what it does is not the JVM's: .ci/run has it once
class ReproduceTest {
  private static final List<String> LIGHT = List.of("table7", "figure6");

  @TempDir private Path folder;

  private Outcome reproduce(String... more) throws Exception {
    String[] arguments =
        Stream.concat(
                Stream.of("reproduce", "kong2021", "--scale", "smoke", "--quiet"), Stream.of(more))
            .toArray(String[]::new);
    return Cli.run(folder, arguments);
  }

  private static int[] stages(Outcome outcome) {
    assertEquals(0, outcome.status(), outcome.err());
    Matcher line =
        Pattern.compile("(\\d+) stages done, (\\d+) found done: .*index\\.html\\R")
            .matcher(outcome.out());
    assertTrue(line.matches(), outcome.out());
    return new int[] {Integer.parseInt(line.group(1)), Integer.parseInt(line.group(2))};
  }

  private static List<String> names() {
    return Stream.concat(
            IntStream.rangeClosed(1, 10).mapToObj(i -> "table" + i),
            IntStream.rangeClosed(1, 33).mapToObj(i -> "figure" + i))
        .toList();
  }

  /** Everything, then again: nothing is done twice, and the page says the same. */
  @Test
  void everythingOnceAndThenNothing() throws Exception {
    int[] first = stages(reproduce("all", "--out", "all"));
    assertTrue(first[0] > 100, first[0] + " stages");
    Path out = folder.resolve("all");
    String page = Files.readString(out.resolve("index.html"));
    for (String name : names()) {
      assertTrue(page.contains("<section id=\"" + name + "\">"), name);
      assertTrue(Files.exists(out.resolve("results").resolve(name + ".json")), name);
    }
    Matcher links = Pattern.compile("(?:href|src)=\"((?:figures|tables)/[^\"]+)\"").matcher(page);
    int found = 0;
    while (links.find()) {
      Path file = out.resolve(links.group(1));
      assertTrue(Files.size(file) > 0, links.group(1));
      if (links.group(1).endsWith(".png")) {
        assertTrue(ImageIO.read(file.toFile()).getWidth() > 100, links.group(1));
      }
      found++;
    }
    assertTrue(found > 60, found + " links");
    String table = Files.readString(out.resolve("tables/table2.csv"));
    assertTrue(table.lines().count() == 16, table);
    assertFalse(table.contains("NaN"), table);

    int[] second = stages(reproduce("all", "--out", "all"));
    assertEquals(0, second[0]);
    assertEquals(page, Files.readString(out.resolve("index.html")));
  }

  /** Killed over and over, the command ends with the same numbers. */
  @Test
  void aKilledRunGoesOn() throws Exception {
    String[] whole = {LIGHT.get(0), LIGHT.get(1), "--out", "whole"};
    stages(reproduce(whole));
    Process process =
        Cli.start(
            folder,
            "reproduce",
            "kong2021",
            LIGHT.get(0),
            LIGHT.get(1),
            "--scale",
            "smoke",
            "--out",
            "cut");
    Path stages = folder.resolve("cut/stages");
    while (process.isAlive() && finished(stages) < 4) {
      TimeUnit.MILLISECONDS.sleep(5);
    }
    process.destroyForcibly().waitFor();
    int before = finished(stages);
    int[] rest = stages(reproduce(LIGHT.get(0), LIGHT.get(1), "--out", "cut"));
    assertTrue(before >= 4 && rest[0] > 0, before + " done before, then " + rest[0]);
    for (String file : List.of("tables/table7.csv", "tables/figure6.csv")) {
      assertArrayEquals(
          Files.readAllBytes(folder.resolve("whole").resolve(file)),
          Files.readAllBytes(folder.resolve("cut").resolve(file)),
          file);
    }
  }

  private static int finished(Path stages) throws Exception {
    if (!Files.isDirectory(stages)) {
      return 0;
    }
    try (Stream<Path> folders = Files.list(stages)) {
      return (int) folders.filter(stage -> Files.exists(stage.resolve("stage.json"))).count();
    }
  }

  @Test
  void mistypedNamesGetTheNearest() throws Exception {
    Outcome outcome = reproduce("tabel3");
    assertEquals(2, outcome.status());
    assertEquals(
        List.of("latentrace reproduce: kong2021: no experiment 'tabel3'; did you mean table3?"),
        outcome.errLines());
    assertEquals(
        List.of("latentrace reproduce: no paper 'kong'; did you mean kong2021?"),
        Cli.run(folder, "reproduce", "kong").errLines());
    assertEquals(
        List.of("latentrace reproduce: --scale: found 'huge', expected paper, laptop or smoke"),
        Cli.run(folder, "reproduce", "kong2021", "--scale", "huge").errLines());
    assertEquals(
        List.of("latentrace reproduce: --data: nowhere: no such folder"),
        reproduce("--data", "nowhere").errLines());
  }
}
