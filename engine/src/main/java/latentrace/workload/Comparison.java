package latentrace.workload;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import latentrace.backend.Backend;

/** Times one piece of work on several backends in turns, and compares what they computed. */
public final class Comparison {
  private static final int WARM_UP = 8;

  private Comparison() {}

  /**
   * A backend's part of a comparison.
   *
   * @param backend its name
   * @param rate median units of work per second
   * @param ratio to the reference's rate
   * @param difference of the first run's outcome to the reference's, see {@link
   *     Workload#difference}
   */
  public record Line(String backend, double rate, double ratio, double difference) {}

  /**
   * Runs the work on every backend, {@code repeats} times in turns after a warm-up of {@value
   * #WARM_UP} times {@code seconds}, which the JIT needs.
   *
   * @param backends the reference first
   * @param work makes the work for a backend
   * @param seconds least time of one measurement; the work is done at least once
   * @param progressed called after each measurement, (1 + repeats) per backend
   */
  public static List<Line> run(
      List<Backend> backends,
      Function<Backend, Workload> work,
      double seconds,
      int repeats,
      Runnable progressed) {
    List<Workload> workloads = new ArrayList<>();
    try {
      double[] differences = new double[backends.size()];
      double[] expected = null;
      for (int b = 0; b < backends.size(); b++) {
        Workload workload = work.apply(backends.get(b));
        workloads.add(workload);
        workload.run(); // compared now: training goes on from where the last run left it
        double[] outcome = workload.outcome();
        expected = b == 0 ? outcome : expected;
        differences[b] = Workload.difference(expected, outcome);
      }
      double[][] rates = new double[backends.size()][repeats];
      for (int repeat = -1; repeat < repeats; repeat++) {
        for (int b = 0; b < backends.size(); b++) {
          double rate = rate(workloads.get(b), repeat < 0 ? WARM_UP * seconds : seconds);
          if (repeat >= 0) {
            rates[b][repeat] = rate;
          }
          progressed.run();
        }
      }
      double reference = median(rates[0]);
      List<Line> lines = new ArrayList<>();
      for (int b = 0; b < backends.size(); b++) {
        double rate = median(rates[b]);
        lines.add(new Line(backends.get(b).name(), rate, rate / reference, differences[b]));
      }
      return lines;
    } finally {
      workloads.forEach(Workload::close);
    }
  }

  private static double rate(Workload workload, double seconds) {
    double amount = 0;
    long start = System.nanoTime();
    double elapsed;
    do {
      workload.run();
      amount += workload.amount();
      elapsed = (System.nanoTime() - start) * 1e-9;
    } while (elapsed < seconds);
    return amount / elapsed;
  }

  /** The middle value, or the mean of the two in the middle; the array stays as it is. */
  public static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
