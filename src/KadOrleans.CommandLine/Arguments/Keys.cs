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

    /// <summary>The id of a key, which is given as text or as a digest.</summary>
    public static NodeId Choose(string? key, string? digest) => (key, digest) switch
    {
        ({ } text, null) => NodeId.FromKey(text),
        (null, { } hex) => ParseId("--digest", hex),
        (null, null) => throw CommandException.WrongUsage("No key is given; KEY or --digest HEX is needed."),
        _ => throw CommandException.WrongUsage(
            $"Both the key '{key}' and --digest '{digest}' are given; one of them is needed."),
    };
}
