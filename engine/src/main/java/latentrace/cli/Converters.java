package latentrace.cli;

import java.util.Arrays;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import latentrace.backend.Names;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.TypeConversionException;

/** Options' values from what is typed. */
final class Converters {
  private Converters() {}

  /** Has all enumerations among a command's options and its subcommands' read by their names. */
  static void readNames(CommandLine command) {
    for (ArgSpec argument : command.getCommandSpec().args()) {
      readName(command, argument.type());
    }
    command.getSubcommands().values().forEach(Converters::readNames);
  }

  private static <T> void readName(CommandLine command, Class<T> type) {
    if (type.isEnum()) {
      command.registerConverter(type, text -> parse(type.getEnumConstants(), text));
    }
  }

  private static <T> T parse(T[] constants, String text) {
    for (T constant : constants) {
      if (id(constant).equals(text.toLowerCase(Locale.ROOT))) {
        return constant;
      }
    }
    throw new TypeConversionException(
        "found '%s', expected one of %s"
            .formatted(
                text, String.join(", ", Arrays.stream(constants).map(Converters::id).toList())));
  }

  private static String id(Object constant) {
    return Names.id((Enum<?>) constant);
  }

  /** 512M, 8G: binary units. */
  static final class ByteSize implements ITypeConverter<Long> {
    private static final Pattern SIZE = Pattern.compile("([1-9]\\d{0,8})([MG])");

    @Override
    public Long convert(String text) {
      Matcher size = SIZE.matcher(text);
      if (!size.matches()) {
        throw new TypeConversionException(
            "found '%s', expected a size such as 512M or 8G".formatted(text));
      }
      return Long.parseLong(size.group(1)) << (size.group(2).equals("M") ? 20 : 30);
    }
  }
}
