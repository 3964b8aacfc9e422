/**
 * The CUDA backend on a simulated device: stand-ins for libcuda, libcublas and libnvrtc ({@code
 * src/test/native}) under JCuda's real natives, running the project's own kernels compiled by g++.
 *
 * <p>A JVM that uses them is started with LD_LIBRARY_PATH; classes called {@code …Checks} hold the
 * tests that run in there.
 */
package latentrace.tests.device;
