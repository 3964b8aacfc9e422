/**
 * The command line. Exit 0; 2 for bad usage or input (one line on stderr naming the flag or file,
 * what was found, what was expected); 1 for a failure.
 */
package latentrace.cli;
