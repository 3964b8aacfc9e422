/** JMH suites. None yet: they begin with the first backend that is worth timing against another. */
package latentrace.bench;
