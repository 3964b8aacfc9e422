package latentrace.tests.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.ToolProvider;
import latentrace.tests.cli.Cli.Outcome;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What README.md shows works as it stands there. */
class ReadmeTest {
  private static final Path ROOT = Path.of("").toAbsolutePath().getParent();

  @TempDir private Path folder;

  private static List<String> blocks(String language) throws Exception {
    Matcher matcher =
        Pattern.compile("```" + language + "\n(.*?)```", Pattern.DOTALL)
            .matcher(Files.readString(ROOT.resolve("README.md")));
    List<String> blocks = new ArrayList<>();
    while (matcher.find()) {
      blocks.add(matcher.group(1));
    }
    return blocks;
  }

  @Test
  void theLibraryExampleCompilesAndRuns() throws Exception {
    List<String> sources = blocks("java");
    assertEquals(1, sources.size());
    Path source = Files.writeString(folder.resolve("Example.java"), sources.get(0));
    String classPath = Cli.classPath();
    int status =
        ToolProvider.getSystemJavaCompiler()
            .run(
                null,
                null,
                null,
                "--release",
                "17",
                "-proc:none",
                "-cp",
                classPath,
                "-d",
                folder.toString(),
                source.toString());
    assertEquals(0, status, "it compiles");
    Outcome outcome = Cli.runMain(folder, "Example", folder.resolve("run").toString());
    assertEquals(0, outcome.status(), outcome.err());
    assertTrue(
        outcome.out().matches("proponents of the first: \\[\\d+(, \\d+){4}]\\R"), outcome.out());
  }

  @Test
  void theCommandsRunAsTheyStandThere() throws Exception {
    String commands = blocks("").get(2);
    int run = 0;
    for (String line : commands.lines().toList()) {
      String command = line.replaceFirst("   +.*", "").strip();
      assertTrue(command.startsWith("latentrace "), line);
      if (!command.equals("latentrace demo")) {
        // less work than a reader would want, the rest as it stands
        String arguments =
            command
                .substring("latentrace ".length())
                .replaceFirst("--iterations \\d+", "--iterations 50")
                .replaceFirst("bench --quick", "bench --quick --seconds 0.01 --latent 4");
        Outcome outcome = Cli.run(folder, arguments.split(" +"));
        assertEquals(0, outcome.status(), command + "\n" + outcome.err());
        run++;
      }
    }
    assertEquals(9, run);
    assertTrue(Files.exists(folder.resolve("top.html")));
  }

  @Test
  void itsPathsExist() throws Exception {
    Matcher links =
        Pattern.compile("]\\(([^)#]+)\\)").matcher(Files.readString(ROOT.resolve("README.md")));
    int found = 0;
    while (links.find()) {
      String target = links.group(1);
      if (!target.startsWith("http")) {
        assertTrue(Files.exists(ROOT.resolve(target)), target);
        found++;
      }
    }
    assertFalse(found == 0);
  }
}
