/**
 * Influence by the curvature of the loss at one set of parameters, ∇ℓ(z)ᵀC⁻¹∇ℓ(x): influence
 * functions with the exact Hessian, DataInf and EK-FAC, and the normalised variants GradCos and
 * RelatIF. Gradients are flat vectors; every model and layer goes through {@link
 * latentrace.influence.Gradients}.
 */
package latentrace.influence.curvature;
