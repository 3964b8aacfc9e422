/**
 * The work that is measured: one definition for {@code latentrace bench}, for the JMH suites and
 * for the programs timed beside them. Inputs are random and the same on every backend, so that
 * outcomes can be compared with the reference's.
 */
package latentrace.workload;
