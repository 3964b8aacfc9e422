package latentrace.bench;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import latentrace.backend.Backend;
import latentrace.workload.InfluenceWorkload;
import latentrace.workload.PaperModels;
import latentrace.workload.Workload;
import org.openjdk.jmh.annotations.Param;

/**
 * How the cost of scores grows: the amount is N·C·|θ|, so that a rate that stays the same says
 * "linear in each". 64 tests, m = 16.
 */
public class ScalingBenchmark extends WorkloadBenchmark {
  private static final int TESTS = 64;
  private static final int DRAWS = 16;
  private static final Pattern FORM = Pattern.compile("d=(\\d+) N=(\\d+) C=(\\d+)");

  /** Latent size (widths 8d, 4d, 2d), training samples, checkpoints. */
  @Param({
    "d=64 N=128 C=1",
    "d=64 N=256 C=1",
    "d=64 N=512 C=1",
    "d=64 N=128 C=2",
    "d=64 N=128 C=4",
    "d=32 N=128 C=1",
    "d=128 N=128 C=1"
  })
  public String run;

  /** For JMH. */
  public ScalingBenchmark() {}

  @Override
  Workload onBackend(Backend on) {
    Matcher form = FORM.matcher(run);
    if (!form.matches()) {
      throw new IllegalArgumentException(run);
    }
    return new TimesParameters(
        new InfluenceWorkload(
            on, PaperModels.mlp(number(form, 1)), number(form, 2), TESTS, DRAWS, number(form, 3)));
  }

  private static int number(Matcher form, int group) {
    return Integer.parseInt(form.group(group));
  }

  @Override
  Workload compared(Backend on) {
    return new InfluenceWorkload(on, PaperModels.mlp(4), 8, 8, DRAWS, 2);
  }

  /** The same work, its amount times the number of parameters. */
  private record TimesParameters(InfluenceWorkload work) implements Workload {
    @Override
    public void run() {
      work.run();
    }

    @Override
    public double amount() {
      return work.amount() * work.parameters();
    }

    @Override
    public double[] outcome() {
      return work.outcome();
    }

    @Override
    public void close() {
      work.close();
    }
  }
}
