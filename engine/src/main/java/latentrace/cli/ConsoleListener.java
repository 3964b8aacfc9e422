package latentrace.cli;

import java.io.Console;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import latentrace.Listener;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Progress for people, on stderr: a bar on a terminal, plain lines now and then otherwise. */
final class ConsoleListener implements Listener {
  private static final long PLAIN_EVERY_NANOS = Duration.ofSeconds(10).toNanos();

  private final PrintStream out;
  private final boolean terminal;
  private final List<String> header;
  private String plan;
  private String task;
  private String message = "";
  private long total;
  private long begun;
  private long startedAt;
  private long printedAt;
  private long lastDone;
  private ProgressBar bar;

  ConsoleListener(PrintStream out, List<String> header) {
    this.out = out;
    this.header = header;
    this.terminal = isTerminal();
  }

  /** Since JDK 22 there is a Console without a terminal too, and a method that tells them apart. */
  @SuppressWarnings("SystemConsoleNull")
  private static boolean isTerminal() {
    Console console = System.console();
    if (console == null) {
      return false;
    }
    try {
      return (boolean) Console.class.getMethod("isTerminal").invoke(console);
    } catch (ReflectiveOperationException e) {
      return true;
    }
  }

  @Override
  public void planned(String what) {
    plan = what;
  }

  @Override
  public void started(String newTask, long newTotal, long done) {
    if (task == null) {
      header.forEach(out::println);
    }
    if (plan != null) {
      out.println(plan);
      plan = null;
    }
    task = newTask;
    total = newTotal;
    begun = done;
    lastDone = done;
    message = "";
    startedAt = System.nanoTime();
    printedAt = startedAt;
    if (terminal) {
      bar =
          new ProgressBarBuilder()
              .setTaskName(newTask)
              .setInitialMax(newTotal)
              .startsFrom(done, Duration.ZERO)
              .setStyle(ProgressBarStyle.ASCII)
              .setUpdateIntervalMillis(250)
              .build();
    } else if (done > 0) {
      out.printf("%s: goes on at %d of %d%n", newTask, done, newTotal);
    }
  }

  @Override
  public void progressed(long done) {
    lastDone = done;
    if (bar != null) {
      bar.stepTo(done);
      return;
    }
    long now = System.nanoTime();
    if (now - printedAt >= PLAIN_EVERY_NANOS) {
      printedAt = now;
      double seconds = (now - startedAt) * 1e-9;
      double left = seconds / Math.max(1, done - begun) * (total - done);
      out.printf(
          "%s: %d of %d (%d %%), about %s left%s%n",
          task, done, total, 100 * done / total, duration(left), message);
    }
  }

  @Override
  public void finished() {
    if (bar != null) {
      bar.close();
      bar = null;
    } else {
      out.printf(
          "%s: %s%d of %d in %s%s%n",
          task,
          lastDone < total ? "stopped at " : "",
          lastDone,
          total,
          duration((System.nanoTime() - startedAt) * 1e-9),
          message);
    }
  }

  @Override
  public void metrics(long iteration, Map<String, Double> values) {
    message = String.format(Locale.ROOT, ", loss %.4g", values.get("loss"));
    if (bar != null) {
      bar.setExtraMessage(message.substring(1));
    }
  }

  @Override
  public void saved(Path file) {
    if (bar == null) {
      out.printf("%s: saved %s%n", task, file);
    }
  }

  private static String duration(double seconds) {
    long whole = Math.round(seconds);
    return whole < 60
        ? whole + " s"
        : whole < 3600
            ? "%d min %02d s".formatted(whole / 60, whole % 60)
            : "%d h %02d min".formatted(whole / 3600, whole % 3600 / 60);
  }
}
