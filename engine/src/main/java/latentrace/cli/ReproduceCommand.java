package latentrace.cli;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import latentrace.Listener;
import latentrace.Version;
import latentrace.backend.Backend;
import latentrace.checkpoint.Checkpoint;
import latentrace.data.InputException;
import latentrace.experiment.Context;
import latentrace.experiment.Experiment;
import latentrace.experiment.ExperimentData;
import latentrace.experiment.Kong2021;
import latentrace.experiment.Report;
import latentrace.experiment.Result;
import latentrace.experiment.Scale;
import latentrace.experiment.Stages;
import latentrace.experiment.Table;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.TypeConversionException;

@Command(
    name = "reproduce",
    description = {
      "Runs a paper's experiments again: its tables and figures beside what was published, in one page.",
      "kong2021: Understanding Instance-based Interpretability of Variational Auto-encoders (NeurIPS 2021).",
      "What is done is kept: the same command goes on where it was cut off."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class ReproduceCommand implements Callable<Integer> {
  private static final String KONG = "kong2021";

  @Parameters(index = "0", paramLabel = "PAPER", description = "kong2021")
  private String paper;

  @Parameters(
      index = "1..*",
      paramLabel = "EXPERIMENT",
      description = "table1 to table10, figure1 to figure33, or all. Default: all")
  private List<String> names = new ArrayList<>();

  @Option(
      names = "--scale",
      paramLabel = "SCALE",
      defaultValue = "laptop",
      converter = ScaleName.class,
      description =
          "paper (the published protocol: for a GPU, or patience), laptop (90 minutes on two cores) or"
              + " smoke (minutes; shows that everything runs). Default: ${DEFAULT-VALUE}")
  private Scale scale;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description =
          "where MNIST, EMNIST and CIFAR-10 lie under their usual names, plain or gzip; generated"
              + " images stand in for what is missing. Default: none")
  private Path data;

  @Option(
      names = "--checkpoints",
      paramLabel = "DIR",
      description =
          "what 'latentrace import' made of the authors' CIFAR-airplane weights, in place of training")
  private Path checkpoints;

  @Option(
      names = "--as-published",
      description =
          "score by the published code's loss (squared error for every data set, divided by 12288 and"
              + " by the number of channels) and checkpoint weights")
  private boolean asPublished;

  @Option(
      names = "--seed",
      paramLabel = "S",
      defaultValue = "1",
      description = "of training and draws. Default: ${DEFAULT-VALUE}")
  private long seed;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      defaultValue = "kong2021",
      description = "where everything is kept and index.html is written. Default: ${DEFAULT-VALUE}")
  private Path out;

  @Mixin private CommonOptions common;

  @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

  /** A scale by its name. */
  static final class ScaleName implements ITypeConverter<Scale> {
    @Override
    public Scale convert(String text) {
      return Scale.ALL.stream()
          .filter(s -> s.name().equals(text))
          .findFirst()
          .orElseThrow(
              () ->
                  new TypeConversionException(
                      "found '%s', expected paper, laptop or smoke".formatted(text)));
    }
  }

  @Override
  public Integer call() {
    if (!paper.equals(KONG)) {
      throw new InputException("PAPER: found '%s', expected %s".formatted(paper, KONG));
    }
    List<Experiment> chosen = Kong2021.chosen(names);
    Outputs.requireFolder("--out", out);
    ExperimentData source = new ExperimentData(data);
    if (checkpoints != null
        && (!Files.isDirectory(checkpoints) || Checkpoint.list(checkpoints).isEmpty())) {
      throw new InputException(
          "--checkpoints: no checkpoint-<iteration>.safetensors in " + checkpoints);
    }
    PrintWriter console = spec.commandLine().getOut();
    try (Backend backend = common.open()) {
      Listener listener = common.listener(List.of("backend " + backend.description()));
      Context context =
          new Context(
              scale,
              source,
              new Stages(out.resolve("stages"), backend, listener),
              backend,
              listener,
              seed,
              checkpoints,
              asPublished);
      Report report =
          new Report(
              out,
              "Understanding Instance-based Interpretability of VAEs, again",
              "Kong & Chaudhuri, NeurIPS 2021. Scale %s, seed %d, %s%s; %s, Latentrace %s, Java %s."
                  .formatted(
                      scale.name(),
                      seed,
                      data == null ? "built-in data" : "data of " + data,
                      asPublished ? ", scored as published" : "",
                      backend.description(),
                      Version.CURRENT,
                      Runtime.version()));
      for (Experiment experiment : chosen) {
        Result result = experiment.run(context);
        report.add(experiment, result);
        if (!common.quiet()) {
          for (Table table : result.tables()) {
            console.println(table.markdown());
          }
          console.flush();
        }
      }
    }
    if (!common.quiet()) {
      console.printf("report: %s%n", out.resolve("index.html").toAbsolutePath());
    }
    return Main.OK;
  }
}
