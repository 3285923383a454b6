using KadOrleans.Cli.Commands;
using KadOrleans.Core;

namespace KadOrleans.Cli.Arguments;

/// <summary>Ids and keys as they are typed.</summary>
internal static class Keys
{
    /// <summary>40 hexadecimal digits.</summary>
    /// <param name="name">The option or argument, for the sentence.</param>
    /// <param name="text">The text as typed.</param>
    public static NodeId ParseId(string name, string text) => NodeId.TryParse(text, out var id)
        ? id
        : throw CommandException.WrongUsage($"{name} is '{text}'; {NodeId.Length * 2} hexadecimal digits are needed.");

    /// <summary>A key, which is given as text or as a digest.</summary>
    public static GivenKey Choose(string? key, string? digest) => (key, digest) switch
    {
        ({ } text, null) => new GivenKey(text, NodeId.FromKey(text)),
        (null, { } hex) => new GivenKey(null, ParseId("--digest", hex)),
        (null, null) => throw CommandException.WrongUsage("No key is given; KEY or --digest HEX is needed."),
        _ => throw CommandException.WrongUsage(
            $"Both the key '{key}' and --digest '{digest}' are given; one of them is needed."),
    };
}

/// <summary>A key.</summary>
/// <param name="Text">Its text; null if its digest was typed.</param>
/// <param name="Digest">Its id.</param>
internal readonly record struct GivenKey(string? Text, NodeId Digest)
{
    public override string ToString() => Text ?? Digest.ToString();
}

/// <summary>KEY, or <c>--digest</c> in its place.</summary>
internal sealed class KeyArgument
{
    public Argument<string?> Key { get; } = new("KEY") { Description = "The key.", Arity = ArgumentArity.ZeroOrOne };

    public Option<string?> Digest { get; } = CommonOptions.Digest();

    public bool IsGiven(ParseResult parsed) => parsed.GetValue(Key) is not null || parsed.GetValue(Digest) is not null;

    public GivenKey Read(ParseResult parsed) => Keys.Choose(parsed.GetValue(Key), parsed.GetValue(Digest));
}
