/**
 * The suite every backend must pass: each operation against naive loops written from the Javadoc
 * formulas, on odd sizes, between guard bands. Run over every backend that {@link
 * latentrace.backend.Backends} finds and that runs here.
 */
package latentrace.tests.conformance;
