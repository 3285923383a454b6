using System.Text.Unicode;
using KadOrleans.Core.Items;

namespace KadOrleans.Cli;

/// <summary><c>--salt</c> or <c>--salt-hex</c>: what tells items of one owner apart.</summary>
internal sealed class SaltOptions
{
    private readonly Option<string?> _text = CommonOptions.Text(
        "--salt", "TEXT", $"What tells the owner's items apart, at most {Item.MaxSaltLength} bytes. [default: none]");

    private readonly Option<string?> _hex = CommonOptions.Text("--salt-hex", "HEX", "The same in hexadecimal.");

    private readonly ItemIdText _names;

    public SaltOptions() => _names = new ItemIdText("OWNER", _text.Name, _hex.Name);

    public Symbol[] All => [_text, _hex];

    public bool IsGiven(ParseResult parsed) => parsed.GetValue(_text) is not null || parsed.GetValue(_hex) is not null;

    public ReadOnlyMemory<byte> Read(ParseResult parsed) =>
        _names.FindSaltProblem(parsed.GetValue(_text), parsed.GetValue(_hex), out var salt) is { } problem ? throw CommandException.WrongUsage(problem) : salt;

    /// <summary>The key that OWNER means with this salt: a public key, which a salt may go with, or the key of any item.</summary>
    public NodeId ReadKey(string owner, ParseResult parsed) =>
        _names.FindProblem(owner, parsed.GetValue(_text), parsed.GetValue(_hex), out var key) is { } problem ? throw CommandException.WrongUsage(problem) : key;
}

/// <summary>VALUE, or <c>--file</c> in its place, as a value in bencode.</summary>
internal sealed class ItemValueArguments
{
    private const string Types = "string, int, bytes or bencode";

    private readonly Argument<string?> _value = new("VALUE")
    {
        Description = "The value. Bytes, and bencode, in hexadecimal.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string> _type = new("--type")
    {
        Description = $"The value's type: {Types}.",
        HelpName = "TYPE",
        DefaultValueFactory = _ => "string",
    };

    private readonly Option<string?> _file = CommonOptions.Text(
        "--file", "PATH", "Read the value from this file in place of VALUE, its bytes as they are; - is the standard input.");

    public Symbol[] All => [_value, _type, _file];

    public bool IsGiven(ParseResult parsed) => parsed.GetValue(_value) is not null || parsed.GetValue(_file) is not null;

    /// <summary>The value in canonical bencode, of a length that an item may have.</summary>
    public async Task<ReadOnlyMemory<byte>> ReadAsync(ParseResult parsed, CommandIo io, CancellationToken cancellationToken)
    {
        var type = parsed.GetValue(_type)!;
        var encoded = (parsed.GetValue(_value), parsed.GetValue(_file)) switch
        {
            (null, null) => throw CommandException.WrongUsage("No value is given; VALUE or --file PATH is needed."),
            ({ } text, { } path) => throw CommandException.WrongUsage(
                $"Both VALUE '{VisibleText.Excerpt(text)}' and --file '{path}' are given; one of them is needed."),
            (null, { } path) => Encode(type, await Values.ReadBytesAsync(path, io.OpenInput, cancellationToken)),
            ({ } text, null) => Encode(type, text),
        };
        return encoded.AsSpan().SequenceEqual(Item.EndValue)
            ? throw CommandException.WrongUsage("VALUE is empty, which would end the item; 'kad item end' does that.")
            : new ItemParts { Value = encoded }.FindError() is { IsNone: false } wrong ? throw CommandException.WrongUsage($"VALUE: {wrong}")
            : encoded;
    }

    private static byte[] Encode(string type, string text) => type switch
    {
        "string" => Item.EncodeBytes(Encoding.UTF8.GetBytes(text)),
        "bytes" => Item.EncodeBytes(ItemTexts.ParseHex("VALUE", text)),
        "bencode" => ItemTexts.ParseHex("VALUE", text),
        "int" when new BencodeReader(Encoding.Latin1.GetBytes($"i{text}e")).TryReadNumber(out var digits) && digits.Length == text.Length =>
            Encoding.ASCII.GetBytes($"i{text}e"),
        "int" => throw CommandException.WrongUsage($"VALUE is '{VisibleText.Excerpt(text)}'; an int is a whole number without zeros before it."),
        _ => throw UnknownType(type),
    };

    private static byte[] Encode(string type, byte[] content) => type switch
    {
        "string" when !Utf8.IsValid(content) => throw CommandException.WrongUsage("--file: the value is not UTF-8 text; put it with --type bytes."),
        "string" or "bytes" => Item.EncodeBytes(content),
        "bencode" => content,
        "int" => Encode(type, Encoding.Latin1.GetString(content).Trim()),
        _ => throw UnknownType(type),
    };

    private static CommandException UnknownType(string type) => CommandException.WrongUsage($"--type is '{type}'; {Types} is allowed.");
}

internal static class ItemTexts
{
    public static byte[] ParseHex(string name, string hex) =>
        HexText.FindProblem(name, hex, out var bytes) is { } problem ? throw CommandException.WrongUsage(problem) : bytes;

    /// <summary>A sequence number of an option; null without one.</summary>
    public static long? ParseSeq(string name, string? text) => text is null
        ? null
        : Numbers.Parse(name, text, NumberStyles.None, 0L, long.MaxValue, "a whole number");
}
