/**
 * Influence in classical density estimators, where it can be had exactly: k nearest neighbours,
 * kernel density estimates and Gaussian mixtures (Kong &amp; Chaudhuri 2021, section 3, appendices
 * A.1 and B.1), each with the paper's closed form and the exact refit without a sample. In double;
 * a few thousand points.
 *
 * <p>The influence of x_i on z is log p(z; X) − log p(z; X∖i): positive if x_i made z likelier.
 *
 * <p>The paper's equations 4 and 5 miss a factor ‖x_i − μ‖²/d, as their units show: against exact
 * refits, their error times N² grows with N, where that of the equations used here stays. {@link
 * latentrace.density.SeparatedMixture#printedInfluence} has them as printed.
 */
package latentrace.density;
