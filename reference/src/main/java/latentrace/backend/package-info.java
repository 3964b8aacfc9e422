/**
 * The contract between the engine and whatever computes for it. The Javadoc here is the
 * specification: formula, shapes, what is read, overwritten or accumulated. Everything is
 * row-major; sizes are {@code long} and multiplied exactly; randomness is an input (see {@link
 * latentrace.backend.Philox}).
 *
 * <p>Each operation family is an abstract class. Its public method checks the arguments and names
 * what does not fit; the backend's own protected method computes, unchecked.
 */
package latentrace.backend;
