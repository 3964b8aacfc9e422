/** The EJML implementation of the backend contract. */
package latentrace.reference;
