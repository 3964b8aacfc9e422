/**
 * What a person looks at: statistics of influence scores, charts, tables and the self-contained
 * HTML report.
 *
 * <p>Design notes. Charts are XChart's, as inline SVG; its encoder draws text as outlines, so a
 * page looks the same everywhere and needs no font of the reader's. XChart's PDF and GIF writers
 * are left out of the build (the command-line jar is 8.9 MB instead of 12.6). Pages are
 * XHTML-compatible HTML, so that a test can hold them to a strict XML parser. Drawing needs a JDK
 * with fonts (java.awt.headless is enough); a container without fontconfig has to install it.
 */
package latentrace.report;
