package latentrace.tests.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import latentrace.backend.Backend;
import latentrace.backend.Backends;
import latentrace.checkpoint.Checkpoint;
import latentrace.checkpoint.ModelFile;
import latentrace.checkpoint.Safetensors;
import latentrace.checkpoint.WeightExport;
import latentrace.checkpoint.WeightImport;
import latentrace.checkpoint.WeightImport.Heads;
import latentrace.data.InputException;
import latentrace.data.NpyArray;
import latentrace.data.Npz;
import latentrace.model.Model;
import latentrace.model.ModelSpec;
import latentrace.model.Pretext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;

/** Weights from PyTorch's files and safetensors, and back. */
class WeightImportTest {
  static final List<String> FILES = WeightFixtures.FILES;

  @TempDir private Path folder;
  private final List<String> lines = new ArrayList<>();

  private ModelFile read(String model, Heads heads, Path... files) {
    lines.clear();
    return new WeightImport(WeightFixtures.settings(model, heads), lines::add)
        .run(List.of(files), folder.resolve("out"));
  }

  private InputException refused(String model, Path... files) {
    InputException e =
        assertThrows(InputException.class, () -> read(model, Heads.CONCATENATED, files));
    assertFalse(Files.exists(folder.resolve("out")), "nothing is written");
    return e;
  }

  /** The checkpoint holds the values of the .npz, bit for bit, and a model takes it. */
  private void check(ModelFile model, long iteration, Path expected) {
    Checkpoint checkpoint = Checkpoint.list(folder.resolve("out")).get(0);
    assertEquals(iteration, checkpoint.iteration());
    Map<String, Safetensors.Tensor> tensors = Safetensors.read(checkpoint.file()).tensors();
    Map<String, NpyArray> arrays = Npz.read(expected);
    assertEquals(arrays.keySet(), tensors.keySet());
    tensors.forEach(
        (name, tensor) ->
            assertArrayEquals(
                Objects.requireNonNull(arrays.get(name)).toFloats(), tensor.floats(), name));
    try (Backend backend = Backends.open("ejml");
        Model built = Model.create(backend, model.model())) {
      checkpoint.load(built);
    }
  }

  @ParameterizedTest
  @FieldSource("FILES")
  void linearLayersByTheirNames(String name) {
    ModelFile model =
        read(
            ModelSpec.MLP_VAE,
            Heads.CONCATENATED,
            WeightFixtures.resource("weights/" + name + ".pt"));
    long iteration =
        name.equals("mlp-nested")
            ? 1234567890123L
            : Long.parseLong(name.substring(name.lastIndexOf('-') + 1));
    check(model, iteration, WeightFixtures.resource("weights/" + name + ".npz"));
    assertEquals(List.of(6), model.model().sampleShape());
    assertEquals(List.of(5, 3), model.model().hidden());
    assertEquals(2, model.model().latent());
    assertEquals(1, lines.size());
    assertTrue(lines.get(0).contains("12 tensors by name"), lines.get(0));
  }

  @Test
  void convolutionalModels() throws Exception {
    WeightFixtures.python("all", folder.resolve("made"));
    Path made = folder.resolve("made");
    check(
        read(ModelSpec.CONV_VAE, Heads.CONCATENATED, made.resolve("conv-5.pt")),
        5,
        made.resolve("conv-5.npz"));
    delete();
    ModelFile denoising =
        read(ModelSpec.DENOISING_MNIST, Heads.CONCATENATED, made.resolve("denoising-1.pt"));
    check(denoising, 1, made.resolve("denoising-1.npz"));
    assertEquals(4, denoising.model().latent());
    delete();
    ModelFile burgess =
        read(ModelSpec.BURGESS_VAE, Heads.INTERLEAVED, made.resolve("burgess-11.pt"));
    check(burgess, 11, made.resolve("burgess-11.npz"));
    assertEquals(List.of(3, 32, 32), burgess.model().sampleShape());
    assertTrue(lines.get(0).endsWith("by order and shape, from state_dict"), lines.get(0));
    assertTrue(lines.contains("  encoder.4.bias is encoder.conv3.bias [32]"));
    assertEquals(25, lines.size());
    delete();
    ModelFile large =
        read(ModelSpec.BURGESS_VAE, Heads.INTERLEAVED, made.resolve("burgess64-12.pt"));
    check(large, 12, made.resolve("burgess64-12.npz"));
    assertEquals(List.of(1, 64, 64), large.model().sampleShape());
    delete();
    ModelFile simClr = read(ModelSpec.SIMCLR, Heads.CONCATENATED, made.resolve("simclr-3.pt"));
    check(simClr, 3, made.resolve("simclr-3.npz"));
    assertEquals(List.of(2), simClr.model().hidden());
    assertTrue(lines.get(0).contains("104 tensors by name"), lines.get(0));
    delete();
    lines.clear();
    ModelFile classifier =
        new WeightImport(
                WeightFixtures.settings(
                    ModelSpec.DENOISING_MNIST,
                    Heads.CONCATENATED,
                    Pretext.of(Pretext.Task.CLASSIFICATION)),
                lines::add)
            .run(List.of(made.resolve("classifier-2.pt")), folder.resolve("out"));
    check(classifier, 2, made.resolve("classifier-2.npz"));
    assertEquals(10, classifier.model().classes());
    assertTrue(lines.get(0).contains("16 tensors by name"), lines.get(0));
  }

  /** What recurrent.py saved, into which its values in recurrent.npz went. */
  @Test
  void recurrentModelByItsNames() throws IOException {
    ModelFile model =
        read(
            ModelSpec.RECURRENT_AUTOENCODER,
            Heads.CONCATENATED,
            WeightFixtures.resource("weights/recurrent-12.pt"));
    assertEquals(List.of(5, 2), model.model().sampleShape());
    assertEquals(3, model.model().latent());
    assertTrue(lines.get(0).contains("18 tensors by name"), lines.get(0));
    Map<String, NpyArray> arrays = Npz.read(WeightFixtures.resource("recurrent.npz"));
    Safetensors.read(folder.resolve("out/checkpoint-12.safetensors"))
        .tensors()
        .forEach(
            (name, tensor) ->
                assertArrayEquals(
                    Objects.requireNonNull(arrays.get("model." + name)).toFloats(),
                    tensor.floats(),
                    name));
  }

  private void delete() throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder.resolve("out"))) {
      for (Path file : files) {
        Files.delete(file);
      }
    }
    Files.delete(folder.resolve("out"));
  }

  /** Sorted by name and called otherwise, as a safetensors file may be. */
  @Test
  void safetensorsByOrderAndShape() throws IOException {
    Path source = WeightFixtures.resource("weights/mlp-7.pt");
    read(ModelSpec.MLP_VAE, Heads.CONCATENATED, source);
    Map<String, Safetensors.Tensor> tensors =
        Safetensors.read(folder.resolve("out/checkpoint-7.safetensors")).tensors();
    Map<String, Safetensors.Tensor> sorted = new TreeMap<>(Collections.reverseOrder());
    tensors.forEach(
        (name, tensor) -> sorted.put("net." + name.replaceFirst("\\.(\\d)", ".layer1$1"), tensor));
    sorted.put("net.encoder.num_batches_tracked", Safetensors.Tensor.of(List.of(), 3.0));
    Path file = folder.resolve("epoch2-step30.safetensors");
    Safetensors.write(file, new Safetensors.Contents(new LinkedHashMap<>(sorted), Map.of()));
    delete();
    check(
        read(ModelSpec.MLP_VAE, Heads.CONCATENATED, file),
        30,
        WeightFixtures.resource("weights/mlp-7.npz"));
    assertTrue(lines.contains("  decoder.1.bias is net.decoder.layer11.bias [5]"), lines + "");
  }

  @Test
  void theSameIterationTwice() throws IOException {
    Path source = WeightFixtures.resource("weights/mlp-7.pt");
    Path copy = Files.copy(source, folder.resolve("last-7.pt"));
    assertEquals(1, read(ModelSpec.MLP_VAE, Heads.CONCATENATED, source, copy).imported().size());
    assertEquals(copy + ": the same as " + source + ", left out", lines.get(1));
    delete();
    Path other =
        Files.copy(WeightFixtures.resource("weights/mlp-half-9.pt"), folder.resolve("half-7.pt"));
    assertTrue(
        refused(ModelSpec.MLP_VAE, source, other)
            .getMessage()
            .endsWith("are both of iteration 7, with other weights"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "conv-vae | no conv-vae: too few weights",
        "denoising-mnist | no denoising-mnist: found a weight of [3, 5], expected [any, 128]",
        "mlp-autoencoder | no mlp-autoencoder: a weight of [3, 2] after one of [4, 3], expected [any, 4]",
      })
  void anotherModel(String model, String expected) {
    Path file = WeightFixtures.resource("weights/mlp-7.pt");
    assertEquals(file + ": " + expected, refused(model, file).getMessage());
  }

  @Test
  void noIteration() throws IOException {
    Path file = Files.copy(WeightFixtures.resource("weights/mlp-7.pt"), folder.resolve("last.pt"));
    assertEquals(
        file + ": no iteration in it (iter) nor in its name, expected such as 50000.pt",
        refused(ModelSpec.MLP_VAE, file).getMessage());
  }

  /** Our export in PyTorch: load_state_dict takes every tensor, with its values. */
  @Test
  void loadStateDictTakesWhatIsExported() throws Exception {
    Path made = folder.resolve("made");
    WeightFixtures.python("all", made);
    for (List<String> model :
        List.of(
            List.of(ModelSpec.MLP_VAE, "mlp-7", "6", "2", "5", "3"),
            List.of(ModelSpec.CONV_VAE, "conv-5", "1", "3"),
            List.of(ModelSpec.DENOISING_MNIST, "denoising-1", "4"),
            List.of(ModelSpec.SIMCLR, "simclr-3", "2"),
            List.of(ModelSpec.RECURRENT_AUTOENCODER, "recurrent-12", "5", "2", "3"))) {
      Path file = made.resolve(model.get(1) + ".pt");
      if (!Files.exists(file)) {
        file = WeightFixtures.resource("weights/" + model.get(1) + ".pt");
      }
      read(model.get(0), Heads.CONCATENATED, file);
      Path exported = folder.resolve("exported.safetensors");
      WeightExport.run(Checkpoint.list(folder.resolve("out")).get(0), exported, true);
      List<Object> arguments = new ArrayList<>(List.of("load", exported, model.get(0)));
      arguments.addAll(model.subList(2, model.size()));
      List<String> printed = WeightFixtures.python(arguments.toArray()).lines().toList();
      assertEquals("<All keys matched successfully>", printed.get(0));
      double squares = 0;
      for (Map.Entry<String, Safetensors.Tensor> tensor :
          Safetensors.read(exported).tensors().entrySet()) {
        for (double value : tensor.getValue().toDoubles()) {
          squares += tensor.getKey().contains("running_") ? 0 : value * value;
        }
      }
      assertEquals(squares, Double.parseDouble(printed.get(1)), 1e-8 * squares);
      delete();
    }
  }
}
