package latentrace.cli;

import java.io.PrintWriter;
import java.io.UncheckedIOException;
import latentrace.Version;
import latentrace.backend.BackendException;
import latentrace.data.InputException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** Entry point: {@code java -jar latentrace.jar COMMAND}. */
@Command(
    name = "latentrace",
    description =
        "Which training samples made a model that was trained without labels: trains VAEs and"
            + " auto-encoders and traces the likelihood of a sample back to the training data"
            + " (VAE-TracIn, Kong & Chaudhuri, NeurIPS 2021).",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    footer = {
      "",
      "'latentrace demo' shows the whole of it on built-in data; 'latentrace COMMAND --help' says more.",
      "Exit status: 0, 1 for a failure, 2 for bad usage or input."
    },
    subcommands = {
      DemoCommand.class,
      DataCommand.class,
      TrainCommand.class,
      ScoreCommand.class,
      SelfCommand.class,
      InfluenceCommand.class,
      TopCommand.class,
      ExplainCommand.class,
      ImportCommand.class,
      ExportCommand.class,
      DevicesCommand.class,
      BenchCommand.class,
      ReproduceCommand.class
    })
public final class Main implements Runnable {
  private static final String LOG_LEVEL = "org.slf4j.simpleLogger.defaultLogLevel";

  static final int OK = 0;
  static final int FAILURE = 1;
  static final int BAD_INPUT = 2;

  @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

  @CommandLine.Option(
      names = "--stacktrace",
      scope = CommandLine.ScopeType.INHERIT,
      description = "on an error, where in the program it happened")
  private boolean stackTrace;

  /** Made by picocli. */
  public Main() {}

  /**
   * Runs a command and ends the JVM with its exit status; in another JVM if this one lacks the
   * module that the backend asked for needs.
   */
  public static void main(String[] arguments) {
    System.exit(Relaunch.wanted(arguments) ? Relaunch.run(arguments) : run(arguments));
  }

  /** Runs a command; the exit status. */
  public static int run(String... arguments) {
    // the library's information goes to its users' logs; here the commands say what matters
    if (System.getProperty(LOG_LEVEL) == null) {
      System.setProperty(LOG_LEVEL, "warn");
    }
    CommandLine command = commandLine();
    int status;
    try {
      status = command.execute(arguments);
    } catch (OutOfMemoryError e) {
      command
          .getErr()
          .printf(
              "latentrace: out of memory at %d MiB: %s; give more with java -Xmx, or take less%n",
              Runtime.getRuntime().maxMemory() >> 20, oneLine(e.getMessage()));
      return FAILURE;
    }
    if (command.getOut().checkError()) {
      command.getErr().println("latentrace: standard output cannot be written");
      return FAILURE;
    }
    return status;
  }

  static CommandLine commandLine() {
    CommandLine commandLine = new CommandLine(new Main());
    setVersion(commandLine);
    Converters.readNames(commandLine);
    return commandLine
        .setUsageHelpAutoWidth(true)
        .setParameterExceptionHandler(Main::badUsage)
        .setExecutionExceptionHandler(Main::failed);
  }

  private static void setVersion(CommandLine commandLine) {
    commandLine.getCommandSpec().versionProvider(new VersionLine());
    commandLine.getSubcommands().values().forEach(Main::setVersion);
  }

  private static int badUsage(ParameterException e, String[] arguments) {
    CommandLine command = e.getCommandLine();
    command
        .getErr()
        .printf(
            "%s: %s (see '%s --help')%n",
            command.getCommandSpec().qualifiedName(),
            oneLine(e.getMessage()),
            command.getCommandSpec().qualifiedName());
    return BAD_INPUT;
  }

  private static int failed(Exception e, CommandLine command, ParseResult result) {
    PrintWriter err = command.getErr();
    String name = command.getCommandSpec().qualifiedName();
    boolean stackTrace = ((Main) command.getCommandSpec().root().userObject()).stackTrace;
    if (stackTrace) {
      e.printStackTrace(err);
    }
    if (e instanceof InputException) {
      err.printf("%s: %s%n", name, oneLine(e.getMessage()));
      return BAD_INPUT;
    }
    if (e instanceof BackendException || e instanceof UncheckedIOException) {
      err.printf("%s: %s%n", name, oneLine(e.getMessage()));
      return FAILURE;
    }
    err.printf(
        "%s: failed: %s%s%n",
        name, oneLine(e.toString()), stackTrace ? "" : " (--stacktrace says where)");
    return FAILURE;
  }

  private static String oneLine(String message) {
    return message == null ? "no message" : message.strip().replaceAll("\\s*\\R\\s*", " ");
  }

  @Override
  public void run() {
    spec.commandLine().usage(spec.commandLine().getOut());
  }

  /** What {@code --version} prints. */
  static final class VersionLine implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {
        "latentrace " + Version.CURRENT, "Java " + Runtime.version(),
      };
    }
  }
}
