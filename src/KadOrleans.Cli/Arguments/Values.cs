using System.Globalization;
using System.Text;
using System.Text.Unicode;
using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.StateFiles;

namespace KadOrleans.Cli.Arguments;

/// <summary>Values as they are typed.</summary>
internal static class Values
{
    /// <summary>The types by the names of <c>--type</c>.</summary>
    public const string TypeNames = "string, int, float, bool or bytes";

    /// <summary>Creates a value of the named type.</summary>
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
        return StoreRules.FindRefusal(value) is null
            ? value
            : throw CommandException.WrongUsage(
                $"VALUE is {value.ContentLength} bytes long; at most {StoreRules.MaxContentLength} bytes are allowed.");
    }

    /// <summary>Reads a value of the named type from a file: bytes as they are, text as UTF-8, all else as it is typed.</summary>
    /// <param name="type">One of <see cref="TypeNames"/>.</param>
    /// <param name="path">The file; <c>-</c> is the standard input.</param>
    /// <param name="openInput">Opens the standard input.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="CommandException">The file cannot be read, is too long, or holds no such value.</exception>
    public static async Task<DhtValue> ReadAsync(
        string type, string path, Func<Stream> openInput, CancellationToken cancellationToken)
    {
        var content = await ReadAsync(path, openInput, cancellationToken);
        if (type == "bytes")
        {
            return DhtValue.FromBytes(content);
        }

        if (!Utf8.IsValid(content))
        {
            throw CommandException.WrongUsage($"--file: '{path}' is not UTF-8 text; store it with --type bytes.");
        }

        var text = Encoding.UTF8.GetString(content);
        return Parse(type, type == "string" ? text : text.Trim());
    }

    // One byte more than a value may have shows that a file is too long.
    private static async Task<byte[]> ReadAsync(string path, Func<Stream> openInput, CancellationToken cancellationToken)
    {
        var buffer = new byte[StoreRules.MaxContentLength + 1];
        try
        {
            await using var stream = path == StateFile.Standard ? openInput() : File.OpenRead(path);
            var length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
            return length < buffer.Length
                ? buffer[..length]
                : throw CommandException.WrongUsage($"--file: '{path}' is longer than {StoreRules.MaxContentLength} bytes, which a value may have at most.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CommandException.WrongUsage($"--file: '{path}' cannot be read: {e.Message}", e);
        }
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
