package latentrace.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;

@Command(
    name = "explain",
    description =
        "What the representation of a sample rests on, without labels (Crabbé & van der Schaar, ICML 2022):"
            + " its own features, or training samples.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {ExplainFeaturesCommand.class, ExplainExamplesCommand.class})
final class ExplainCommand implements Runnable {
  @CommandLine.Spec private CommandSpec spec;

  @Override
  public void run() {
    spec.commandLine().usage(spec.commandLine().getOut());
  }
}
