package latentrace.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import latentrace.checkpoint.Json;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TablesTest {
  @TempDir private Path folder;

  private Path page(String suite) throws Exception {
    Environment environment =
        new Environment(
            "2026-01-02",
            "A CPU",
            2,
            1024,
            "Linux",
            "17",
            "abc",
            Map.of("simd", "256-bit vectors"),
            Map.of("jmh", "1"));
    Json.write(
        folder.resolve("results/" + suite + ".json"),
        new SuiteResult(
            suite,
            environment,
            List.of(
                entry("ejml", 1, 2),
                entry("simd", 1, 10),
                entry("simd", 2, 18),
                entry("openblas", 2, 24))));
    Path readme = folder.resolve("README.md");
    Files.writeString(
        readme,
        "# T\n\n<!-- table: "
            + suite
            + " -->\n<!-- end -->\ntext\n<!-- table: philox -->\n<!-- end -->\n");
    Tables.main(new String[] {folder.toString()});
    return readme;
  }

  private static SuiteResult.Entry entry(String backend, int threads, double median) {
    return new SuiteResult.Entry(
        "NN:1x1x1", backend, threads, "GFLOP/s", List.of(median), median, median, median);
  }

  @Test
  void rendersTheBestThreadCountAndRatios() throws Exception {
    assertEquals(
        """
        # T

        <!-- table: train-step -->
        | GFLOP/s | ejml | simd | openblas | simd ÷ ejml | simd ÷ best peer |
        | --- | ---: | ---: | ---: | ---: | ---: |
        | `NN:1x1x1` | 2.0 (1) | 18.0 (2) | 24.0 (2) | 9.00 | 0.75 |

        [results/train-step.json](results/train-step.json): medians of 1 rounds, 2026-01-02, A CPU, 2 processors, Java 17; 256-bit vectors; jmh 1.
        <!-- end -->
        text
        <!-- table: philox -->
        Not measured yet.
        <!-- end -->
        """,
        Files.readString(page("train-step")));
  }

  @Test
  void comparesProductsAtEqualThreads() throws Exception {
    String page = Files.readString(page("gemm"));
    assertTrue(page.contains("| `NN:1x1x1` | 2.0 (1) | 10.0 (1) |  | 5.00 |  |\n"), page);
    assertTrue(page.contains("| `NN:1x1x1` |  | 18.0 (2) | 24.0 (2) |  | 0.75 |\n"), page);
  }

  @Test
  void noticesATamperedFigure() throws Exception {
    Path readme = page("gemm");
    Path results = folder.resolve("results");
    assertTrue(Tables.isUpToDate(readme, results));
    String text = Files.readString(readme);
    Files.writeString(readme, text.replace("18.0 (2)", "28.0 (2)"));
    assertFalse(Tables.isUpToDate(readme, results));
    Files.writeString(readme, text);
    Path file = results.resolve("gemm.json");
    Files.writeString(file, Files.readString(file).replace("24.0", "34.0"));
    assertFalse(Tables.isUpToDate(readme, results));
  }

  @Test
  void theProjectsPageIsUpToDate() throws Exception {
    Path readme = Path.of("README.md");
    assertTrue(
        Tables.isUpToDate(readme, Path.of("results")), "run latentrace.bench.Tables in the root");
    assertEquals(
        List.of(SuiteSpec.values()).stream().map(SuiteSpec::id).toList(),
        Pattern.compile("<!-- table: ([a-z-]+) -->")
            .matcher(Files.readString(readme))
            .results()
            .map((MatchResult table) -> table.group(1))
            .toList());
  }
}
