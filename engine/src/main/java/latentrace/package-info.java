/**
 * The engine: which training samples made a model that was trained without labels. Data flows one
 * way: {@code data} → {@code model} → {@code train} → {@code checkpoint} → {@code influence} →
 * {@code report}; {@code cli} puts them together. Progress and metrics leave through {@link
 * latentrace.Listener}.
 */
package latentrace;
