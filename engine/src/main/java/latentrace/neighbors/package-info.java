/**
 * Which training samples a representation is explained by, from the codes alone (Crabbé &amp; van
 * der Schaar, ICML 2022, section 3.2): nearest neighbours and SimplEx. What depends on the
 * encoder's training is in {@link latentrace.influence}.
 */
package latentrace.neighbors;
