package latentrace.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import latentrace.backend.Backend;
import latentrace.experiment.Reproduction;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "reproduce",
    description = {
      "Runs a paper's experiments: published numbers beside ours, figures, and index.html.",
      "kong2021 is Kong & Chaudhuri, \"Understanding Instance-based Interpretability of Variational"
          + " Auto-encoders\", NeurIPS 2021: table1 to table10, figure1 to figure33.",
      "papp2023 is Papp et al., \"Reproducibility study of Label-Free Explainability for Unsupervised"
          + " Models\", ReScience C 2023: table1 to table3, figure1 to figure6; each claim as published,"
          + " as published and re-run, and done right.",
      "Cut off, the same command goes on where it was; done, it only writes its report anew."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class ReproduceCommand implements Callable<Integer> {
  @Parameters(index = "0", paramLabel = "PAPER", description = "kong2021 or papp2023")
  private String paper;

  @Parameters(
      index = "1..*",
      arity = "0..*",
      paramLabel = "EXPERIMENT",
      description = "table1, figure20, ... or all. Default: all")
  private List<String> experiments = new ArrayList<>();

  @Option(
      names = "--scale",
      paramLabel = "S",
      defaultValue = "laptop",
      description =
          "paper (the published protocol), laptop (an hour or an hour and a half on two cores) or"
              + " smoke (does everything run?). Default: ${DEFAULT-VALUE}")
  private String scale;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description =
          "folder with train-images-idx3-ubyte, data_batch_1.bin, emnist-letters-...,"
              + " ECG5000_TRAIN.txt, ... (plain or .gz)."
              + " Default: built-in generated data stand in")
  private Path data;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      defaultValue = "latentrace-reproduction",
      description = "output folder. Default: ${DEFAULT-VALUE}")
  private Path out;

  @Option(
      names = "--checkpoints",
      paramLabel = "DIR",
      description = "the published CIFAR-airplane weights (.pt), instead of training them")
  private Path checkpoints;

  @Option(
      names = "--as-published",
      description =
          "kong2021: score as the published code does: loss (SSE/channels + beta KL)/12288,"
              + " checkpoints weighed by lr * batch * iterations / N (default: as the paper's eq. 10)."
              + " papp2023: draw the published way's figures; its tables always have both")
  private boolean asPublished;

  @Option(
      names = "--seed",
      paramLabel = "S",
      defaultValue = "1",
      description = "of everything random. Default: ${DEFAULT-VALUE}")
  private long seed;

  @Option(names = "--draws", paramLabel = "M", description = "latent draws. Default: the scale's")
  private Integer draws;

  @Option(
      names = "--repeats",
      paramLabel = "R",
      description =
          "of what is repeated (table8; papp2023: models of a kind). Default: the scale's")
  private Integer repeats;

  @Option(
      names = "--tests",
      paramLabel = "T",
      description = "samples traced back, at most. Default: the scale's")
  private Integer tests;

  @Mixin private CommonOptions common;

  @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

  @Override
  public Integer call() {
    Outputs.requireFolder("--out", out);
    Reproduction reproduction =
        new Reproduction(
            new Reproduction.Settings(
                paper,
                experiments,
                scale,
                seed,
                out,
                data,
                checkpoints,
                asPublished,
                draws,
                repeats,
                tests));
    Consumer<String> say = common.quiet() ? line -> {} : System.err::println;
    Reproduction.Outcome outcome;
    try (Backend backend = common.open()) {
      outcome =
          reproduction.run(
              backend, common.listener(List.of("backend " + backend.description())), say);
    }
    spec.commandLine()
        .getOut()
        .printf(
            "%d stages done, %d found done: %s%n",
            outcome.made(), outcome.reused(), outcome.index());
    return Main.OK;
  }
}
