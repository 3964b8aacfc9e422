/** JMH suites. */
package latentrace.bench;
