namespace KadOrleans.Lab;

/// <summary>The options of one run, of which some depend on others.</summary>
public sealed class OptionReader(ParseResult parsed)
{
    /// <summary>A text, or null where the option is not given.</summary>
    public string? Text(string name) => parsed.GetValue<string?>(name);

    /// <summary>Whether an option without a value is given.</summary>
    public bool Flag(string name) => parsed.GetValue<bool>(name);

    public int Integer(string name, int missing, int least, int most) => Text(name) is { } text
        ? Numbers.ParseWhole(name, text, least, most)
        : missing;

    /// <summary>A number of seconds from 0 to a day.</summary>
    public TimeSpan Seconds(string name, double missing) => TimeSpan.FromSeconds(Text(name) is { } text
        ? Numbers.Parse(name, text, NumberStyles.AllowDecimalPoint, 0.0, 86_400, "a number of seconds")
        : missing);

    public T Choice<T>(string name, T missing)
        where T : struct, Enum
    {
        if (Text(name) is not { } text)
        {
            return missing;
        }

        return Enum.GetNames<T>().Contains(text, StringComparer.OrdinalIgnoreCase)
            ? Enum.Parse<T>(text, ignoreCase: true)
            : throw CommandException.WrongUsage(
                $"{name} is '{text}'; allowed are {string.Join(", ", Enum.GetNames<T>().Select(word => word.ToLowerInvariant()))}.");
    }
}
