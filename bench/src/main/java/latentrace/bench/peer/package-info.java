/**
 * The measured work by other libraries: what a user of the JVM would pick instead. Each is used in
 * its own idiomatic way, with its own random numbers; only for the comparison of the outcome does
 * it get the noise of the contract.
 */
package latentrace.bench.peer;
