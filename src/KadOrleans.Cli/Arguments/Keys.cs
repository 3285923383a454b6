namespace KadOrleans.Cli;

internal static class Keys
{
    public static NodeId ParseId(string name, string text) => NodeId.TryParse(text, out var id)
        ? id
        : throw CommandException.WrongUsage($"{name} is '{text}'; {NodeId.Length * 2} hexadecimal digits are needed.");

    /// <summary>The id of a text key. An empty one is commonly a variable that is not set.</summary>
    public static NodeId IdOf(string name, string text) => TextKey.FindProblem(text) is { } problem
        ? throw CommandException.WrongUsage($"{name} is '{VisibleText.Excerpt(text)}'. {problem}")
        : NodeId.FromKey(text);

    /// <summary>For a key that was not found: that its text is what an id looks like. Null if it is not.</summary>
    public static string? HintOf(RequestedKey key) =>
        key.Text is { } text && NodeId.TryParse(text, out _) ? $"The key was taken as a text; the id is --digest {text}." : null;

    public static RequestedKey Choose(string? key, string? digest) => (key, digest) switch
    {
        ({ } text, null) => new RequestedKey(IdOf("KEY", text), text),
        (null, { } hex) => new RequestedKey(ParseId("--digest", hex), null),
        (null, null) => throw CommandException.WrongUsage("No key is given; KEY or --digest HEX is needed."),
        _ => throw CommandException.WrongUsage(
            $"Both the key '{key}' and --digest '{digest}' are given; one of them is needed."),
    };
}

/// <summary>KEY, or <c>--digest</c> in its place.</summary>
internal sealed class KeyArgument
{
    public Argument<string?> Key { get; } = new("KEY") { Description = "The key.", Arity = ArgumentArity.ZeroOrOne };

    public Option<string?> Digest { get; } = CommonOptions.Digest();

    public bool IsGiven(ParseResult parsed) => parsed.GetValue(Key) is not null || parsed.GetValue(Digest) is not null;

    public RequestedKey Read(ParseResult parsed) => Keys.Choose(parsed.GetValue(Key), parsed.GetValue(Digest));
}
