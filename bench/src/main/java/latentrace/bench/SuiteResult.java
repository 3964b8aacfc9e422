package latentrace.bench;

import java.util.List;

/**
 * A file of bench/results.
 *
 * @param suite {@link SuiteSpec#id}
 * @param environment where and with what it was measured
 * @param entries in the order of measurement
 */
record SuiteResult(String suite, Environment environment, List<Entry> entries) {
  /**
   * One instance by one backend or peer.
   *
   * @param rounds the rate of each round
   */
  record Entry(
      String instance,
      String backend,
      int threads,
      String unit,
      List<Double> rounds,
      double median,
      double min,
      double max) {}
}
