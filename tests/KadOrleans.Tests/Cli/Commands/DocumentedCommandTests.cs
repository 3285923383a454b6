using System.CommandLine;
using System.Text.RegularExpressions;
using KadOrleans.Cli;

namespace KadOrleans.Tests.Cli;

/// <summary>Each <c>kad</c> of the documents has a command, options and values that kad knows. Nothing is run.</summary>
public sealed partial class DocumentedCommandTests
{
    [Fact]
    public void Each_command_line_of_the_documents_is_understood()
    {
        var lines = Snippet.OfAll("sh", "ini").SelectMany(CommandLines).ToList();

        using var io = new CommandIo(() => Stream.Null, Stream.Null, TextWriter.Null);
        var kad = KadCommand.Create(io);
        var asTyped = new ParserConfiguration { ResponseFileTokenReplacer = null };

        Assert.True(lines.Count > 8, $"{lines.Count} command lines were found.");
        Assert.All(lines, line => Assert.Null(ParseMistakes.Find(kad.Parse(Words(line), asTyped))));
    }

    /// <summary>What follows the command's name: in a shell, in a container, in a unit's ExecStart, or behind <c>dotnet run</c>.</summary>
    private static IEnumerable<string> CommandLines(Snippet snippet) =>
        from line in string.Join('\n', snippet.Lines).Replace("\\\n", " ", StringComparison.Ordinal).Split('\n')
        let command = Command().Match(line)
        where command.Success
        select command.Groups["arguments"].Value;

    private static string[] Words(string line) => [.. Word().Matches(line).Select(word => word.Value.Trim('"', '\''))];

    [GeneratedRegex(@"^\s*(?:ExecStart=)?(?:\S*/kad|kad|docker run .* kad|dotnet run --project src/KadOrleans\.Cli --)\s+(?<arguments>[^|>#]*)")]
    private static partial Regex Command();

    [GeneratedRegex("""'[^']*'|"[^"]*"|\S+""")]
    private static partial Regex Word();
}
