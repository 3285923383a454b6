using KadOrleans.Cli.Commands;
using KadOrleans.Core;
using KadOrleans.Core.Values;

namespace KadOrleans.Cli.Arguments;

/// <summary>What a <c>set</c> is given: a key, and a value in the command line or in a file.</summary>
/// <param name="life">What <c>--life</c> does.</param>
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
        Description = $"The value's type: {Values.TypeNames}.",
        HelpName = "TYPE",
        DefaultValueFactory = _ => "string",
    };

    private readonly Option<string?> _file = new("--file")
    {
        Description = "Read the value from this file in place of VALUE; - is the standard input. With --type bytes the file's bytes as they are.",
        HelpName = "PATH",
    };

    private readonly Option<string?> _life = new("--life") { Description = life, HelpName = "SECONDS" };

    /// <summary>All of them, in the order of the help.</summary>
    public Symbol[] All => [_words, _digest, _type, _file, _life];

    /// <summary>Reads the key, the value and its life.</summary>
    /// <exception cref="CommandException">One of them is missing, given twice, or no such value.</exception>
    public async Task<(GivenKey Key, DhtValue Value, TimeSpan? Life)> ReadAsync(ParseResult parsed, CommandIo io, CancellationToken cancellationToken)
    {
        var type = parsed.GetValue(_type)!;
        var (key, text) = Split(parsed.GetValue(_words)!, parsed.GetValue(_digest), parsed.GetValue(_file));
        return (
            Keys.Choose(key, parsed.GetValue(_digest)),
            text is null ? await Values.ReadAsync(type, parsed.GetValue(_file)!, io.OpenInput, cancellationToken) : Values.Parse(type, text),
            parsed.GetValue(_life) is { } seconds ? TimeSpan.FromSeconds(Numbers.ParseWhole(_life.Name, seconds, 1, StoreRules.MaxLifeSeconds)) : null);
    }

    // VALUE is null where a file has it.
    private static (string? Key, string? Value) Split(string[] words, string? digest, string? file) => (words, digest, file) switch
    {
        ([var value], not null, null) => (null, value),
        ([var key, var value], null, null) => (key, value),
        ([], not null, not null) => (null, null),
        ([var key], null, not null) => (key, null),
        ([], null, _) => throw CommandException.WrongUsage("No key is given; KEY or --digest HEX is needed."),
        ([], not null, null) => throw CommandException.WrongUsage("No value is given; VALUE or --file PATH is needed."),
        ([var key], null, null) => throw CommandException.WrongUsage(
            $"The key '{VisibleText.Excerpt(key)}' has no VALUE; KEY VALUE, --digest HEX VALUE, or --file PATH, is needed."),
        ([_, var value], null, { } path) => throw CommandException.WrongUsage(
            $"Both VALUE '{VisibleText.Excerpt(value)}' and --file '{path}' are given; one of them is needed."),
        _ => throw CommandException.WrongUsage(
            $"Both the key '{VisibleText.Excerpt(words[0])}' and --digest '{digest}' are given; one of them is needed."),
    };
}
