/**
 * JMH suites over {@link latentrace.workload.Workload}, the program that runs them in rounds beside
 * other libraries ({@link latentrace.bench.Suite}), and the one that makes tables of the results
 * ({@link latentrace.bench.Tables}).
 */
package latentrace.bench;
