/** What makes the engine fast and can be tested without a clock. */
package latentrace.tests.performance;
