package latentrace.cli;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import latentrace.Listener;
import latentrace.Version;
import latentrace.backend.Backend;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;

/** What the commands that explain a representation share: its model, and a result of theirs. */
final class Explanation {
  @Mixin private TrainedModel trained;

  @Mixin private ImageSize size;

  @Mixin private CommonOptions common;

  @CommandLine.Spec(CommandLine.Spec.Target.MIXEE)
  private CommandLine.Model.CommandSpec spec;

  TrainedModel trained() {
    return trained;
  }

  ImageSize size() {
    return size;
  }

  CommonOptions common() {
    return common;
  }

  Listener listener(Backend backend) {
    return common.listener(List.of("backend " + backend.description()));
  }

  /** Refuses a result that cannot be written or would destroy an input, before any work. */
  static void requireOutput(Path out, Path... inputs) {
    Outputs.requireFile("--out", out, ".npy", ".html");
    Outputs.requireProvenance("--out", out);
    Outputs.requireOther("--out", out, Arrays.asList(inputs));
  }

  /** Writes what made a result beside it. */
  void writeProvenance(Path out, String what, Backend backend, Map<String, Object> own) {
    Map<String, Object> provenance = new LinkedHashMap<>();
    provenance.put("checkpoint", trained.describe());
    provenance.put("resize", size.describe());
    provenance.putAll(own);
    provenance.put("latentrace", Version.CURRENT);
    provenance.put("java", Runtime.version().toString());
    ScoringOptions.writeProvenance(out, what, backend, provenance);
  }

  /** A line on stdout, unless quiet. */
  void say(String format, Object... values) {
    if (!common.quiet()) {
      spec.commandLine().getOut().printf(Locale.ROOT, format + "%n", values);
    }
  }
}
