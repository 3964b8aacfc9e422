package latentrace.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import latentrace.checkpoint.Checkpoint;
import latentrace.checkpoint.WeightExport;
import latentrace.data.InputException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "export",
    description = {
      "Writes a checkpoint's weights for other programs, as one safetensors file.",
      "In PyTorch: model.load_state_dict(safetensors.torch.load_file(\"FILE.safetensors\"))."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class ExportCommand implements Callable<Integer> {
  /** Whose names the tensors get. */
  enum NamesOf {
    TORCH,
    LATENTRACE
  }

  @Option(
      names = {"--checkpoints", "--from"},
      required = true,
      paramLabel = "DIR|FILE",
      description = "a checkpoint, or a folder of checkpoints: its last one")
  private Path from;

  @Option(names = "--to", required = true, paramLabel = "FILE", description = "NAME.safetensors")
  private Path to;

  @Option(
      names = "--names",
      paramLabel = "NAMES",
      defaultValue = "latentrace",
      description =
          "torch: as the PyTorch modules of the papers' code name them; latentrace: as the"
              + " checkpoints here. Default: ${DEFAULT-VALUE}")
  private NamesOf names;

  @Option(names = "--quiet", description = "print nothing")
  private boolean quiet;

  @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

  @Override
  public Integer call() {
    Outputs.requireFile("--to", to, ".safetensors");
    Checkpoint checkpoint = checkpoint();
    Outputs.requireOther("--to", to, List.of(checkpoint.file()));
    int tensors = WeightExport.run(checkpoint, to, names == NamesOf.TORCH);
    if (!quiet) {
      spec.commandLine()
          .getOut()
          .printf("%s: %d tensors of iteration %d%n", to, tensors, checkpoint.iteration());
    }
    return Main.OK;
  }

  private Checkpoint checkpoint() {
    if (!Files.isDirectory(from)) {
      return Checkpoint.of(from);
    }
    List<Checkpoint> list = Checkpoint.list(from);
    if (list.isEmpty()) {
      throw new InputException("--checkpoints: no checkpoint-<iteration>.safetensors in " + from);
    }
    return list.get(list.size() - 1);
  }
}
