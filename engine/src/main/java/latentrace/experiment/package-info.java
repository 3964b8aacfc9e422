/**
 * The papers' experiments, one class per table or figure (families of figures that are the same
 * plot of other data share one), published numbers beside ours.
 *
 * <p>Everything long is a {@link latentrace.experiment.Stage}: training, scores, self-influence,
 * latent means, losses. Stages are kept in folders named by a hash of everything they depend on and
 * shared between experiments; a run that is killed goes on where it was, and one that is repeated
 * only writes its report anew.
 *
 * <p>A {@link latentrace.experiment.Paper} has a lab ({@link latentrace.experiment.KongLab}, {@link
 * latentrace.experiment.PappLab}: its models and data) and a record of all numbers in which the
 * scales differ ({@link latentrace.experiment.KongScale}, {@link latentrace.experiment.PappScale}).
 *
 * <p>Design notes. Laptop settings were looked for on MNIST, d = 64, β = 4, batches of 64. Table
 * 8's AUC of self-influence at the last checkpoint: SGD with momentum 0.9, lr 1e-3 down to 0 along
 * a cosine, 8,000 iterations 0.70, 16,000 iterations 0.82 (squared error as attribution: 0.72);
 * Adam, lr 1e-3, 5,000 iterations 0.75. With momentum 0.9, lr 1.4e-3 and more end in a collapsed
 * posterior (loss 208 where others have 167), and yet give an AUC of 0.85 to 0.88: the AUC alone
 * says nothing about the model. At lr 1e-3 one seed of five collapsed all the same; at 7e-4 none,
 * but 16,000 iterations give 0.790 ± 0.010 and 24,000, as committed, 0.846 ± 0.013. The same
 * momentum fails Table 1: one checkpoint after 20,000 iterations finds 22 % of 128 images first
 * among 60,000 (53 % among 10,000 by squared errors, 47 % as trained), because a few samples with
 * large gradients are the strongest for many. So the clean models train by plain SGD, and slowly:
 * at lr 2e-3 20,000 iterations and four checkpoints find 95 to 97 %, 60,000 iterations 92 % (each
 * checkpoint alone 66 to 83 %, with 128 draws instead of 16 ten points more); at lr 5e-4, 40,000
 * iterations, a checkpoint alone 88 to 97 % and all ten 98 % among 5,235 images, the strongest
 * rivals with them; with eight, as committed, every one of 128 among all 60,000. CIFAR-10: SGD at
 * lr 1e-4 with momentum collapses to the mean image (loss 750); Adam reaches 374 in 600 iterations
 * and 242 in 4,000, and yet an image is its own strongest proponent in 3 to 6 % only: far from
 * converged, the few with the largest gradients are everybody's.
 *
 * <p>Papp et al. 2023, laptop, Table 1, MNIST. Wrongly paired gradient SHAP takes the correlation
 * of feature importances between encoders trained without labels from 0.66–0.74 to 0.43–0.58, and
 * with a classifier's from 0.21–0.24 to 0.09–0.10; bytes instead of [0,1] move that of example
 * importance from 0.48–0.56 to 0.40–0.49 (published: 0.06–0.10) and with a classifier's from
 * 0.07–0.11 to 0.17–0.19. ROAR without half of the pixels leaves no ink: chance for every method; a
 * tenth tells them apart. The published LiSSA (scale 1000, depth 100) is left out of the
 * experiments: it multiplies nearly every direction by 96, see {@link
 * latentrace.experiment.Likeness}.
 */
package latentrace.experiment;
