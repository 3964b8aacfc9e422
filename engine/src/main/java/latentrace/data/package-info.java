/**
 * Data sets: readers that check a file whole before use, and built-in sets that are deterministic
 * in (seed, sample index).
 */
package latentrace.data;
