package latentrace.cli;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import latentrace.backend.Backend;
import latentrace.data.Dataset;
import latentrace.influence.PartialRun;
import latentrace.influence.VaeTracIn;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "score",
    description = {
      "Scores every training sample for every test sample with VAE-TracIn.",
      "Writes float32 [tests, training samples] and a .json with the settings beside it. High:"
          + " proponent; low: opponent.",
      "Cut off, the same command goes on where it was; until then FILE.partial holds what is done."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class ScoreCommand implements Callable<Integer> {
  @Mixin private ScoringOptions scoring;

  @Option(names = "--test", required = true, paramLabel = "FILE", description = "test samples")
  private Path test;

  @Option(
      names = "--test-labels",
      paramLabel = "FILE",
      description = "their labels, if not in the file (for a classifier)")
  private Path testLabels;

  @Mixin private TestData range;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      defaultValue = "scores.npy",
      description = "Default: ${DEFAULT-VALUE}")
  private Path out;

  @Mixin private CommonOptions common;

  @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

  @Override
  public Integer call() {
    scoring.requireOutput("--out", out, test, testLabels);
    ScoringOptions.Prepared run = scoring.prepare(false);
    Dataset tests = range.read(test, testLabels, scoring.imageSize());
    Map<String, Object> provenance = new LinkedHashMap<>();
    provenance.put("test", ScoringOptions.describe(test, tests));
    provenance.putAll(run.provenance());
    try (Backend backend = common.open();
        PartialRun partial = scoring.partial(out, "scores", backend, provenance);
        VaeTracIn.Result result =
            run.on(backend, common.listener(List.of("backend " + backend.description())))
                .keeping(partial)
                .scores(run.train(), tests)) {
      result.scores().write(out);
      ScoringOptions.writeProvenance(
          out, "VAE-TracIn scores [tests, training samples], float32", backend, provenance);
      partial.remove();
    }
    if (!common.quiet()) {
      spec.commandLine()
          .getOut()
          .printf("%s: scores [%d, %d]%n", out, tests.count(), run.train().count());
    }
    return Main.OK;
  }
}
