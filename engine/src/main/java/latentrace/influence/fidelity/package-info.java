/**
 * How close cheaper scores come to dearer ones, and at what cost: draws (Kong &amp; Chaudhuri 2021,
 * theorem 1), checkpoints, parameters, low rank, nearest neighbours; and how close scores come to
 * the changes of loss that they stand for. Each class measures one, on a model of one's own.
 *
 * <p>Measured with them on MNIST (MLP VAE d = 16, 4,000 training samples, 4,000 iterations, 8
 * checkpoints, m = 16, 32 tests, one seed, Spearman with the scores that nothing was spared for):
 *
 * <ul>
 *   <li>the best single checkpoint 0.991, two 0.996, four 0.998;
 *   <li>decoder only 0.9998, last:4 0.9998, last:2 0.997, last:1 0.87, encoder only 0.10;
 *   <li>16 draws compressed to rank 1 0.9999 (8 tests, 300 samples, the last checkpoint; gradient
 *       error 3.4 %);
 *   <li>a prefilter by latent neighbours does not pay: the nearest 400 of 4,000 hold 63 % of the
 *       ten strongest proponents, and are together 90 % of the samples.
 * </ul>
 */
package latentrace.influence.fidelity;
