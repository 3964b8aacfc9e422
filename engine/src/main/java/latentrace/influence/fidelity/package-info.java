/**
 * How close cheaper scores come to dearer ones, and at what cost: draws (Kong &amp; Chaudhuri 2021,
 * theorem 1), checkpoints, parameters, low rank, nearest neighbours; and how close scores come to
 * the changes of loss that they stand for. Each class measures one, on a model of one's own.
 */
package latentrace.influence.fidelity;
