using System.CommandLine;
using KadOrleans.Cli;
using KadOrleans.Tests.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Template;

namespace KadOrleans.Tests.Deployment;

/// <summary>Each command of <c>kad</c>, each path and each page of the console that a document names exists. Nothing is called.</summary>
public sealed class ManagementCallTests
{
    private static readonly Regex Word = new("""'[^']*'|"[^"]*"|\S+""");
    private static readonly Regex Page = new(@"the console's \*(?<page>[^*]+)\*");

    // What follows the command's name: in a shell, in a container, in a unit's ExecStart, or behind dotnet run.
    private static readonly Regex Command = new(@"^\s*(?:ExecStart=)?(?:\S*/kad|kad|docker run .*[ /]kad(?::\S+)?|dotnet run --project src/KadOrleans\.Cli --)\s+(?<arguments>[^|>#]*)");

    // As in GET /v1/admin/keys?prefix=00.
    private static readonly Regex Request = new(@"\b(?<method>GET|PUT|POST|DELETE) (?<path>/(?:v1|health)/[^\s`,]*)");

    private static readonly IReadOnlyList<(string Document, string Text)> Codes =
    [
        .. from file in Directory.EnumerateFiles(Repository.Path("docs"), "*.md", SearchOption.AllDirectories)
           let path = Path.GetRelativePath(Repository.Root, file).Replace('\\', '/')
           from code in new Document(path).Codes.Concat(Snippet.Of(path, "sh").SelectMany(Lines))
           select (path, code),
    ];

    [Fact]
    public void Each_command_of_kad_is_understood()
    {
        using var io = new CommandIo(() => Stream.Null, Stream.Null, TextWriter.Null);
        var (kad, asTyped) = (KadCommand.Create(io), new ParserConfiguration { ResponseFileTokenReplacer = null });
        var blocks = Snippet.OfAll("sh", "ini").Select(snippet => string.Join('\n', snippet.Lines).Replace("\\\n", " ", StringComparison.Ordinal));
        var lines = Codes.Select(code => code.Text).Where(code => code.StartsWith("kad admin ", StringComparison.Ordinal))
            .Concat(blocks.SelectMany(block => block.Split('\n')))
            .Select(line => Command.Match(line)).Where(line => line.Success).Select(line => line.Groups["arguments"].Value).ToList();

        Assert.True(lines.Count > 40, $"{lines.Count} command lines were found.");
        Assert.All(lines, line => Assert.Equal((line, null), (line, ParseMistakes.Find(kad.Parse(Words(line), asTyped)))));
    }

    [Fact]
    public async Task Each_path_is_served()
    {
        await using var api = await ApiHost.StartAsync();
        var served =
            from endpoint in api.Endpoints
            let path = endpoint.RoutePattern.RawText!
            where !path.Contains("**", StringComparison.Ordinal)
            let methods = endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"]
            select (Methods: methods, Path: new TemplateMatcher(TemplateParser.Parse(path), []));
        var named =
            from code in Codes
            from Match request in Request.Matches(code.Text)
            select (code.Document, Method: request.Groups["method"].Value, Path: request.Groups["path"].Value.Split('?')[0]);

        var requests = named.Where(request => !request.Path.EndsWith('*')).ToList();
        Assert.True(requests.Count > 60, $"{requests.Count} requests were found.");
        Assert.All(requests, request => Assert.Contains(
            served.ToList(), endpoint => endpoint.Methods.Contains(request.Method) && endpoint.Path.TryMatch(request.Path, [])));
    }

    [Fact]
    public void Each_page_of_the_console_has_its_heading()
    {
        var pages = Repository.Read("src/KadOrleans.Http/WebConsole/Pages/app.js");
        var named = Page.Matches(Repository.Read("docs/runbook.md").Replace('\n', ' ')).Select(match => match.Groups["page"].Value).ToHashSet();

        Assert.True(named.Count > 5, $"{named.Count} pages were found.");
        Assert.All(named, page => Assert.Contains($"'{page}'", pages, StringComparison.Ordinal));
    }

    private static string[] Words(string line) => [.. Word.Matches(line).Select(word => word.Value.Trim('"', '\''))];

    private static IEnumerable<string> Lines(Snippet snippet) => snippet.Lines.Select(line => line.Split('#', '|', '>')[0].Trim());
}
