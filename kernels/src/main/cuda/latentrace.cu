// The one translation unit that is compiled for a device: every operation family.
#include "activations.cu"
#include "bytes.cu"
#include "columns.cu"
#include "gradients.cu"
#include "latents.cu"
#include "losses.cu"
#include "optimizers.cu"
#include "random.cu"
