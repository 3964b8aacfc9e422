/**
 * Layers with hand-written backward passes. A layer computes on {@code [rows, features]} through
 * the backend; what backward needs lies in a {@link latentrace.nn.Tape}, which doubles as the store
 * of gradient factors (layer inputs and gradients at pre-activations) that influence is made from.
 *
 * <p>Images are rows too, [C,H,W] flattened; what a convolution needs to know of them is in its
 * {@link latentrace.backend.ConvShape}. A {@link latentrace.nn.ParametricLayer} writes the
 * gradients of single samples as rows.
 *
 * <p>A row of a recurrent layer is a sequence [T,features], step after step. What its backward pass
 * needs beside input and output is in a {@link latentrace.nn.SavingLayer.Saved} of the tape's. So
 * are the tapes of the two branches of a {@link latentrace.nn.Residual}.
 *
 * <p>An activation after a linear or convolutional layer is fused into it ({@link
 * latentrace.nn.Sequential}): one pass over the result instead of two, and the gradient that
 * arrives at the layer becomes its factor δ in place.
 */
package latentrace.nn;
