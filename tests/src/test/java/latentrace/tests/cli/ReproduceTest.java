package latentrace.tests.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import latentrace.tests.cli.Cli.Outcome;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** 'reproduce' at scale smoke, on built-in data. */
class ReproduceTest {
  @TempDir private Path folder;

  private static Map<String, FileTime> stages(Path out) throws IOException {
    Map<String, FileTime> times = new TreeMap<>();
    try (Stream<Path> files = Files.walk(out.resolve("stages"))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        times.put(file.toString(), Files.getLastModifiedTime(file));
      }
    }
    return times;
  }

  /** Every experiment; then once more, with nothing trained or scored again. */
  @Test
  void kong2021() throws Exception {
    String[] command = {"reproduce", "kong2021", "all", "--scale", "smoke", "--out", "kong"};
    Outcome first = Cli.run(folder, command);
    assertEquals(0, first.status(), first.err());
    Path out = folder.resolve("kong");
    String page = Files.readString(out.resolve("index.html"));
    for (int table : List.of(1, 2, 3, 4, 5, 6, 8, 9)) {
      assertTrue(page.contains("table" + table + ".csv"), "table " + table);
      assertTrue(
          Files.readString(out.resolve("table%d.csv".formatted(table)))
              .startsWith("quantity,published,ours,n\n"));
    }
    try (Stream<Path> files = Files.list(out)) {
      List<Path> pictures = files.filter(f -> f.toString().endsWith(".png")).toList();
      assertTrue(pictures.size() > 30, pictures.toString());
      for (Path picture : pictures) {
        String name = picture.getFileName().toString();
        assertTrue(page.contains(name), name);
        assertTrue(Files.size(picture) > 500, name);
        assertTrue(
            Files.readString(out.resolve(name.replace(".png", ".svg"))).startsWith("<svg"), name);
      }
    }
    Map<String, FileTime> before = stages(out);
    Outcome second = Cli.run(folder, command);
    assertEquals(0, second.status(), second.err());
    assertEquals(before, stages(out));
    assertEquals(first.out(), second.out());
  }

  @Test
  void oneTableAndBadNames() throws Exception {
    Outcome clusters =
        Cli.run(folder, "reproduce", "kong2021", "figure6", "--scale", "smoke", "--out", "one");
    assertEquals(0, clusters.status(), clusters.err());
    assertTrue(clusters.out().contains("| KDE | – | "), clusters.out());
    assertTrue(Files.exists(folder.resolve("one/figure7-gmm.svg")));
    Outcome mistyped = Cli.run(folder, "reproduce", "kong2021", "tabel8");
    assertEquals(2, mistyped.status());
    assertEquals(
        "latentrace reproduce: 'tabel8' is none of the paper's; did you mean table8?",
        mistyped.err().strip());
    Outcome nowhere = Cli.run(folder, "reproduce", "kong2021", "--data", "nowhere");
    assertEquals(2, nowhere.status());
    assertEquals("latentrace reproduce: --data: nowhere: no such folder", nowhere.err().strip());
  }
}
