package latentrace.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.lang.management.ManagementFactory;
import java.lang.module.ModuleFinder;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import latentrace.backend.Backends;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/**
 * The same command once more in a JVM with the Vector API's module, which a JVM can only be given
 * at its start, and with huge pages where the system gives them to who asks: scoring conv-vae takes
 * a tenth to a fifth less time, and its first tile half, for there are fewer pages to fault in and
 * to look up. The other JVM has this one's java, options, class path, input and output (without the
 * JVM's own line about the module); it is told to end when this one is, and ends when this one is
 * killed.
 */
final class Relaunch {
  private static final String MODULE = "jdk.incubator.vector";

  private static final String MODULE_WARNING = "WARNING: Using incubator modules: " + MODULE;

  private static final int NATIVE_ACCESS_ASKED_FROM = 24;

  /** Set in the second JVM: the process it belongs to. */
  private static final String PARENT = "latentrace.relaunched.by";

  private static final Path HUGE_PAGES = Path.of("/sys/kernel/mm/transparent_hugepage/enabled");

  private static final Set<String> NEEDS_MODULE = Set.of(Backends.AUTO, "simd");

  private Relaunch() {}

  /** Whether the command would use the module, and this JVM lacks it, and the JDK has it. */
  static boolean wanted(String... arguments) {
    String parent = System.getProperty(PARENT);
    if (parent != null) {
      endWith(Long.parseLong(parent));
      return false;
    }
    return ModuleLayer.boot().findModule(MODULE).isEmpty()
        && ModuleFinder.ofSystem().find(MODULE).isPresent()
        && usesModule(arguments);
  }

  /** Whether the command lists or compares backends, or opens one that needs the module. */
  static boolean usesModule(String... arguments) {
    try {
      ParseResult result = Main.commandLine().parseArgs(arguments);
      while (result.hasSubcommand()) {
        result = result.subcommand();
      }
      if (result.isUsageHelpRequested() || result.isVersionHelpRequested()) {
        return false;
      }
      Object command = result.commandSpec().userObject();
      if (command instanceof DevicesCommand || command instanceof BenchCommand) {
        return true;
      }
      OptionSpec backend = result.commandSpec().findOption(CommonOptions.BACKEND);
      return backend != null && NEEDS_MODULE.contains(backend.<String>getValue());
    } catch (ParameterException e) {
      return false; // this JVM can say so as well
    }
  }

  /** Runs the command in another JVM; its exit status. */
  static int run(String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    if (hasHugePages()) {
      command.add("-XX:+UseTransparentHugePages");
    }
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(List.of("--add-modules", MODULE));
    if (Runtime.version().feature() >= NATIVE_ACCESS_ASKED_FROM) {
      command.add("--enable-native-access=ALL-UNNAMED"); // as the jar's manifest says
    }
    command.add("-D%s=%d".formatted(PARENT, ProcessHandle.current().pid()));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
    command.addAll(List.of(arguments));
    CompletableFuture<Process> started = new CompletableFuture<>();
    Thread hook = new Thread(() -> endChild(started), "latentrace-relaunch");
    Runtime.getRuntime().addShutdownHook(hook);
    try {
      Process child = new ProcessBuilder(command).inheritIO().redirectError(Redirect.PIPE).start();
      started.complete(child);
      forward(child.getErrorStream(), System.err);
      int status = child.waitFor();
      Runtime.getRuntime().removeShutdownHook(hook);
      return status;
    } catch (IOException e) {
      started.cancel(false);
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Main.FAILURE;
    } catch (IllegalStateException e) {
      return Main.FAILURE; // this JVM is ending by a signal, whose status the caller sees
    }
  }

  /** Linux says which of "always madvise never" holds by brackets around it. */
  private static boolean hasHugePages() {
    try {
      return Files.isReadable(HUGE_PAGES) && !Files.readString(HUGE_PAGES).contains("[never]");
    } catch (IOException e) {
      return false;
    }
  }

  /** Copies the other JVM's stderr as it comes, but for the JVM's own line about the module. */
  private static void forward(InputStream from, PrintStream to) throws IOException {
    ByteArrayOutputStream first = new ByteArrayOutputStream();
    int next = from.read();
    while (next >= 0 && next != '\n' && first.size() < MODULE_WARNING.length() + 1) {
      first.write(next);
      next = from.read();
    }
    if (!first.toString(Charset.defaultCharset()).strip().equals(MODULE_WARNING)) {
      to.write(first.toByteArray());
      if (next >= 0) {
        to.write(next);
      }
    }
    byte[] chunk = new byte[1 << 12];
    for (int read = from.read(chunk); read >= 0; read = from.read(chunk)) {
      to.write(chunk, 0, read);
      to.flush();
    }
  }

  /**
   * Asks the other JVM to end and waits, so that what it saves is there when this one has ended.
   */
  private static void endChild(CompletableFuture<Process> started) {
    if (started.isDone() && !started.isCancelled()) {
      Process child = started.join();
      child.destroy();
      try {
        child.waitFor();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Ends this JVM, as by a signal, when the process does. */
  private static void endWith(long pid) {
    Optional<ProcessHandle> parent = ProcessHandle.of(pid);
    if (parent.isEmpty()) {
      System.exit(Main.FAILURE);
    }
    Thread watch =
        new Thread(
            () -> {
              parent.get().onExit().join();
              System.exit(Main.FAILURE);
            },
            "latentrace-parent");
    watch.setDaemon(true);
    watch.start();
  }
}
