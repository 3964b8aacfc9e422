/** JMH suites; {@code java -cp … org.openjdk.jmh.Main NAME}. */
package latentrace.bench;
