package latentrace.cli;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import latentrace.backend.BackendProvider;
import latentrace.backend.Backends;
import picocli.CommandLine;
import picocli.CommandLine.Command;

@Command(
    name = "devices",
    description =
        "Lists every backend, best first: which one 'auto' chooses, and why not the others.",
    mixinStandardHelpOptions = true)
final class DevicesCommand implements Callable<Integer> {
  @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    boolean chosen = false;
    for (BackendProvider provider : Backends.providers()) {
      BackendProvider.Probe probe = provider.probe();
      String state = !probe.available() ? "no" : chosen ? "available" : "chosen";
      chosen |= probe.available();
      out.printf("%-6s %-10s %s%n", provider.name(), state, probe.detail());
    }
    return chosen ? Main.OK : Main.FAILURE;
  }
}
