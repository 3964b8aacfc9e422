/**
 * What training leaves on disk: {@code model.json}, one safetensors file per checkpoint, and the
 * state to resume from. Every file is written beside its place and then moved there.
 */
package latentrace.checkpoint;
