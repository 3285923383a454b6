using System.Text.Json;
using System.Text.Unicode;

namespace KadOrleans.Cli;

/// <summary>What a <c>set</c> is given: a key, and a value in the command line or in a file.</summary>
internal sealed class ValueArguments(string life)
{
    private readonly Argument<string[]> _words = new("KEY VALUE")
    {
        Description = "The key and its value; with --digest the value alone, with --file the key alone. Bytes in hexadecimal.",
        Arity = new ArgumentArity(0, 2),
    };

    private readonly Option<string?> _digest = CommonOptions.Digest();

    private readonly Option<string> _type = new("--type")
    {
        Description = $"The value's type: {ValueJson.Types}.",
        HelpName = "TYPE",
        DefaultValueFactory = _ => "string",
    };

    private readonly Option<string?> _file = CommonOptions.Text(
        "--file",
        "PATH",
        "Read the value from this file in place of VALUE; - is the standard input. A string has the last line break too. With --type bytes the file's "
        + "bytes as they are.");

    private readonly Option<string?> _life = new("--life") { Description = life, HelpName = "SECONDS" };

    public Symbol[] All => [_words, _digest, _type, _file, _life];

    public async Task<(RequestedKey Key, DhtValue Value, TimeSpan? Life)> ReadAsync(ParseResult parsed, CommandIo io, CancellationToken cancellationToken)
    {
        var type = parsed.GetValue(_type)!;
        var (key, text) = Split(parsed.GetValue(_words)!, parsed.GetValue(_digest), parsed.GetValue(_file));
        return (
            Keys.Choose(key, parsed.GetValue(_digest)),
            text is null ? await Values.ReadAsync(type, parsed.GetValue(_file)!, io.OpenInput, cancellationToken) : Values.Parse(type, text),
            parsed.GetValue(_life) is { } seconds ? Numbers.ParseSeconds(_life.Name, seconds, 1, StoreRules.MaxLifeSeconds) : null);
    }

    // VALUE is null where a file has it. A missing key, or one beside a digest, is refused by those who choose between both.
    private static (string? Key, string? Value) Split(string[] words, string? digest, string? file) => (words, digest, file) switch
    {
        ([], not null, null) => throw CommandException.WrongUsage("No value is given; VALUE or --file PATH is needed."),
        ([var key], null, null) => throw CommandException.WrongUsage(
            $"The key '{VisibleText.Excerpt(key)}' has no VALUE; KEY VALUE, --digest HEX VALUE, or --file PATH, is needed."),
        ([_, var value], null, { } path) => throw CommandException.WrongUsage(
            $"Both VALUE '{VisibleText.Excerpt(value)}' and --file '{path}' are given; one of them is needed."),
        ([var value], not null, null) => (null, value),
        _ => (words.ElementAtOrDefault(0), words.ElementAtOrDefault(1)),
    };
}

internal static class Values
{
    public static DhtValue Parse(string type, string text)
    {
        // NaN and the infinities in any case, as .NET reads them.
        if (type == "float" && !text.Any(char.IsAsciiDigit) && double.TryParse(text, CultureInfo.InvariantCulture, out var number))
        {
            text = number.ToString(CultureInfo.InvariantCulture);
        }

        var json = JsonSerializer.SerializeToElement<object>(type == "bool" && text is "true" or "false" ? text == "true" : text);
        if (!DhtValueText.TryRead(type, json, out var value))
        {
            throw CommandException.WrongUsage(ValueJson.AllowedOf(type) is { } allowed
                ? $"VALUE is '{VisibleText.Excerpt(text)}'; {allowed}."
                : $"--type is '{type}'; {ValueJson.Types} is allowed.");
        }

        return StoreRules.FindRefusal(value) is null
            ? value
            : throw CommandException.WrongUsage(
                $"VALUE is {value.ContentLength} bytes long; at most {StoreRules.MaxContentLength} bytes are allowed.");
    }

    /// <summary>Reads a value from a file, or from standard input for <c>-</c>: bytes as they are, text as UTF-8, all else as it is typed.</summary>
    public static async Task<DhtValue> ReadAsync(
        string type, string path, Func<Stream> openInput, CancellationToken cancellationToken)
    {
        var content = await ReadBytesAsync(path, openInput, cancellationToken);
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
    public static async Task<byte[]> ReadBytesAsync(string path, Func<Stream> openInput, CancellationToken cancellationToken)
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
            throw CommandException.WrongUsage($"--file: '{path}' cannot be read: {Phrases.OfFile(path, e)}.", e);
        }
    }
}
