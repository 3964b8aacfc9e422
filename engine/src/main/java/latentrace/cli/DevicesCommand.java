package latentrace.cli;

import java.io.PrintWriter;
import java.util.Map;
import java.util.concurrent.Callable;
import latentrace.backend.Backend;
import latentrace.backend.BackendException;
import latentrace.backend.BackendProvider;
import latentrace.backend.Backends;
import latentrace.workload.OperationCheck;
import latentrace.workload.Workload;
import picocli.CommandLine;
import picocli.CommandLine.Command;

@Command(
    name = "devices",
    description =
        "Lists every backend, best first: which one 'auto' chooses, and why not the others.",
    mixinStandardHelpOptions = true)
final class DevicesCommand implements Callable<Integer> {
  private static final String REFERENCE = "ejml";

  @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

  @CommandLine.Option(
      names = "--verify",
      description =
          "computes every operation on each backend that runs here and compares it with the"
              + " reference: a line for each, with its relative error. The first thing to run on a"
              + " new GPU")
  private boolean verify;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    boolean chosen = false;
    boolean right = true;
    for (BackendProvider provider : Backends.providers()) {
      BackendProvider.Probe probe = provider.probe();
      String state = !probe.available() ? "no" : chosen ? "available" : "chosen";
      chosen |= probe.available();
      out.printf("%-6s %-10s %s%n", provider.name(), state, probe.detail());
      out.flush();
      if (verify && probe.available() && !provider.name().equals(REFERENCE)) {
        right &= verify(provider, out);
      }
    }
    return chosen && right ? Main.OK : Main.FAILURE;
  }

  /** Whether all operations are within the limit. */
  private static boolean verify(BackendProvider provider, PrintWriter out) {
    BackendProvider.Options options = BackendProvider.Options.defaults();
    Map<String, double[]> expected;
    try (Backend reference = Backends.open(REFERENCE, options)) {
      expected = OperationCheck.run(reference);
    }
    Map<String, double[]> actual;
    try (Backend backend = provider.open(options)) {
      actual = OperationCheck.run(backend);
    } catch (BackendException e) {
      out.printf("  WRONG: %s%n", e.getMessage());
      return false;
    }
    boolean right = true;
    for (Map.Entry<String, double[]> operation : expected.entrySet()) {
      double error = Workload.difference(operation.getValue(), actual.get(operation.getKey()));
      boolean within = error <= OperationCheck.LIMIT;
      out.printf("  %-40s %.1e%s%n", operation.getKey(), error, within ? "" : "  WRONG");
      right &= within;
    }
    out.printf(
        right ? "  %d operations agree with the reference%n" : "  %d operations, some WRONG%n",
        expected.size());
    return right;
  }
}
