using System.Globalization;

namespace KadOrleans.Faults;

/// <summary>Arguments <c>--name value</c>, each at most once; what nobody reads is refused.</summary>
internal sealed class OptionReader
{
    private readonly Dictionary<string, string> _given = new(StringComparer.Ordinal);

    public OptionReader(IReadOnlyList<string> args)
    {
        for (var i = 0; i < args.Count; i += 2)
        {
            if (!args[i].StartsWith("--", StringComparison.Ordinal) || i + 1 == args.Count)
            {
                throw new OptionException($"{args[i]} is not an option with a value; --name value is needed.");
            }

            if (!_given.TryAdd(args[i], args[i + 1]))
            {
                throw new OptionException($"{args[i]} is given twice; once is allowed.");
            }
        }
    }

    /// <summary>A text, or null where the option is not given.</summary>
    public string? Text(string name) => _given.Remove(name, out var text) ? text : null;

    public int Integer(string name, int missing, int least, int most)
    {
        if (Text(name) is not { } text)
        {
            return missing;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw new OptionException($"{name} is '{text}'; a whole number from {least} to {most} is allowed.");
    }

    /// <summary>A number of seconds from 0 to a day.</summary>
    public TimeSpan Seconds(string name, double missing)
    {
        if (Text(name) is not { } text)
        {
            return TimeSpan.FromSeconds(missing);
        }

        return double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && number is >= 0 and <= 86_400
            ? TimeSpan.FromSeconds(number)
            : throw new OptionException($"{name} is '{text}'; seconds from 0 to 86400 are allowed.");
    }

    public T Choice<T>(string name, T missing)
        where T : struct, Enum
    {
        if (Text(name) is not { } text)
        {
            return missing;
        }

        return Enum.GetNames<T>().Contains(text, StringComparer.OrdinalIgnoreCase)
            ? Enum.Parse<T>(text, ignoreCase: true)
            : throw new OptionException(
                $"{name} is '{text}'; allowed are {string.Join(", ", Enum.GetNames<T>().Select(word => word.ToLowerInvariant()))}.");
    }

    /// <summary>Refuses what was given and not read.</summary>
    public void RefuseOthers()
    {
        if (_given.Count > 0)
        {
            throw new OptionException($"{_given.Keys.First()} is not an option of this command.");
        }
    }
}

/// <summary>An argument is wrong; the message is a sentence that names it, its value and what is allowed.</summary>
internal sealed class OptionException(string message) : Exception(message);
