/**
 * The EJML implementation of the backend contract, in double precision: the fallback where nothing
 * faster runs, and the reference that everything faster is validated against. Written to be read
 * beside the contract's formulas; no speed trick lives here.
 *
 * <p>Every matrix product is EJML's row-reordered kernel on plainly laid-out operands, so that each
 * element is summed in the order k = 0, 1, …: results are the same bits for every batch size, tile
 * size and thread count. EJML's choice among its kernels by size is by-passed for that reason.
 */
package latentrace.reference;
