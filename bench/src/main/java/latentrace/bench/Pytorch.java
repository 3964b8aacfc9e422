package latentrace.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import latentrace.backend.BackendException;

/** PyTorch on the same model, by the script that lies beside: one JSON object per line. */
final class Pytorch {
  private static final JsonMapper MAPPER = new JsonMapper();

  private Pytorch() {}

  /**
   * A figure of the script.
   *
   * @param suite {@link SuiteSpec#id}
   * @param rate units per second
   * @param version PyTorch's
   */
  record Figure(String suite, String instance, String backend, double rate, String version) {}

  /**
   * Runs the script.
   *
   * @param python the interpreter
   * @param suites ids of those wanted
   * @throws BackendException if it fails: its last line
   */
  static List<Figure> run(
      String python, Path script, int threads, boolean quick, List<String> suites) {
    List<String> command = new ArrayList<>(List.of(python, script.toString()));
    command.addAll(List.of("--threads", Integer.toString(threads)));
    if (quick) {
      command.add("--quick");
    }
    command.add("--suites");
    command.addAll(suites);
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      List<String> lines =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
              .lines()
              .toList();
      if (process.waitFor() != 0) {
        throw new BackendException(
            "peer pytorch: %s %s: %s"
                .formatted(
                    python, script, lines.isEmpty() ? "no output" : lines.get(lines.size() - 1)));
      }
      List<Figure> figures = new ArrayList<>();
      for (String line : lines) {
        if (line.startsWith("{")) {
          figures.add(MAPPER.readValue(line, Figure.class));
        }
      }
      return figures;
    } catch (JsonProcessingException e) {
      throw new BackendException("peer pytorch: not usable: " + e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw new UncheckedIOException("peer pytorch: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BackendException("peer pytorch: interrupted", e);
    }
  }
}
