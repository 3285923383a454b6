using System.Globalization;
using System.Text;
using KadOrleans.Core;
using KadOrleans.Core.Values;

namespace KadOrleans.Cli.Arguments;

/// <summary>Values as they are typed.</summary>
internal static class Values
{
    /// <summary>The types by the names of <c>--type</c>.</summary>
    public const string TypeNames = "string, int, float, bool or bytes";

    /// <summary>Makes a value of the named type.</summary>
    /// <exception cref="CommandException">The text is no such value, or too long to be stored anywhere.</exception>
    public static DhtValue Parse(string type, string text)
    {
        var value = type switch
        {
            "string" => ParseString(text),
            "int" => ParseInteger(text),
            "float" => ParseFloat(text),
            "bool" => ParseBoolean(text),
            "bytes" => ParseBytes(text),
            _ => throw CommandException.WrongUsage($"--type is '{type}'; {TypeNames} is allowed."),
        };
        return StoreRules.Check(value) == StoreResult.Stored
            ? value
            : throw CommandException.WrongUsage(
                $"VALUE is {value.ContentLength} bytes long; at most {StoreRules.MaxContentLength} bytes are allowed.");
    }

    private static DhtValue ParseString(string text) =>
        DhtValue.FromUtf8(Encoding.UTF8.GetBytes(text));

    private static DhtValue ParseInteger(string text) =>
        DhtValueText.TryParseInteger(text, out var value)
            ? value
            : throw Wrong(text, $"an int is a whole number from {DhtValue.MinInteger} to {DhtValue.MaxInteger}");

    // A finite number that is too large would be read as infinity; infinity itself has no digits.
    private static DhtValue ParseFloat(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            && !(double.IsInfinity(number) && text.Any(char.IsAsciiDigit))
            ? DhtValue.FromFloat(number)
            : throw Wrong(text, "a float is a decimal number such as 1.5 or -2e10, from -1.8e308 to 1.8e308, or NaN, Infinity, -Infinity");

    private static DhtValue ParseBoolean(string text) => text switch
    {
        "true" => DhtValue.FromBoolean(true),
        "false" => DhtValue.FromBoolean(false),
        _ => throw Wrong(text, "a bool is true or false"),
    };

    private static DhtValue ParseBytes(string text) =>
        DhtValueText.TryParseBytes(text, out var value)
            ? value
            : throw Wrong(text, "bytes are given in hexadecimal, two digits each");

    private static CommandException Wrong(string text, string allowed) =>
        CommandException.WrongUsage($"VALUE is '{VisibleText.Excerpt(text)}'; {allowed}.");
}
