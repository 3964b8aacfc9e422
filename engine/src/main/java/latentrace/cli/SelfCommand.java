package latentrace.cli;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import latentrace.backend.Backend;
import latentrace.backend.Names;
import latentrace.data.Npy;
import latentrace.data.NpyArray;
import latentrace.influence.PartialRun;
import latentrace.influence.VaeTracIn;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "self",
    description = {
      "Self-influence and loss of every training sample.",
      "Samples of high self-influence are those the model had to learn one by one: hard, rare or"
          + " foreign. Writes float32 [training samples] each, and a .json with the settings beside.",
      "Cut off, the same command goes on where it was; until then FILE.partial holds what is done."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class SelfCommand implements Callable<Integer> {
  /** One set of draws on both sides, or one on each. */
  enum SelfNoise {
    SHARED,
    INDEPENDENT
  }

  @Mixin private ScoringOptions scoring;

  @Option(
      names = "--self-noise",
      paramLabel = "S",
      defaultValue = "shared",
      description =
          "shared: one set of draws on both sides, as the published code does; independent: one on"
              + " each, without its bias of 2-8 %%. Default: ${DEFAULT-VALUE}")
  private SelfNoise selfNoise;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      defaultValue = "self.npy",
      description = "Default: ${DEFAULT-VALUE}")
  private Path out;

  @Option(
      names = "--losses",
      paramLabel = "FILE",
      defaultValue = "losses.npy",
      description = "losses at the last checkpoint. Default: ${DEFAULT-VALUE}")
  private Path losses;

  @Mixin private CommonOptions common;

  @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

  @Override
  public Integer call() {
    scoring.requireOutput("--out", out);
    scoring.requireOutput("--losses", losses, out);
    ScoringOptions.Prepared run = scoring.prepare(selfNoise == SelfNoise.INDEPENDENT);
    int n = run.train().count();
    Map<String, Object> provenance = new LinkedHashMap<>();
    provenance.put("selfNoise", Names.id(selfNoise));
    provenance.putAll(run.provenance());
    try (Backend backend = common.open();
        PartialRun partial = scoring.partial(out, "self-influence", backend, provenance);
        VaeTracIn.Result result =
            run.on(backend, common.listener(List.of("backend " + backend.description())))
                .keeping(partial)
                .selfInfluence(run.train())) {
      Npy.write(out, NpyArray.ofFloats(result.selfInfluence(), n));
      Npy.write(losses, NpyArray.ofFloats(result.losses(), n));
      ScoringOptions.writeProvenance(
          out, "VAE-TracIn self-influence [training samples], float32", backend, provenance);
      ScoringOptions.writeProvenance(
          losses, "losses at the last checkpoint [training samples], float32", backend, provenance);
      partial.remove();
    }
    if (!common.quiet()) {
      spec.commandLine()
          .getOut()
          .printf("%s, %s: self-influence and losses [%d]%n", out, losses, n);
    }
    return Main.OK;
  }
}
