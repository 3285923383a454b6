namespace KadOrleans.Tests.Core;

/// <summary>
/// A switch over kinds of messages, records or results names each of them. A discard or default that means one of them would take the
/// next kind, or a number that is none, for that one, and the compiler would warn of neither.
/// </summary>
public sealed class SwitchTests
{
    // Read from bytes that a stranger or a disk gives: what is no type of these is malformed, and says so.
    private static readonly string[] Read = [nameof(MessagePackType), nameof(ContentType)];

    private static readonly Regex Enumeration = new(@"\benum (\w+)");
    private static readonly Regex Hierarchy = new(@"\babstract (?:record|class) (\w+)");
    private static readonly Regex Derived = new(@"\b(?:record|class) (\w+)(?:\([^{;]*\))?\s*:\s*(\w+)");
    private static readonly Regex Beginning = new(@"\bswitch\b(?:\s*\((?<on>[^{]*)\))?\s*\{");
    private static readonly Regex Default = new(@"(?<![\w.])(?:_ =>|default:)\s*(?<does>\w+|\S)");

    private static readonly IReadOnlyList<(string Path, string Text)> Sources =
    [
        .. Directory.EnumerateFiles(Repository.Path("src"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Split(Path.DirectorySeparatorChar).Any(part => part is "obj" or "bin"))
            .Select(file => (Path.GetRelativePath(Repository.Root, file), File.ReadAllText(file))),
    ];

    private static readonly IReadOnlyList<Regex> Arms = [.. FindArms()];

    [Fact]
    public void No_switch_over_kinds_has_a_default_that_means_one_of_them()
    {
        var silent =
            from source in Sources
            from beginning in Beginning.Matches(source.Text)
            let arms = Body(source.Text, beginning.Index + beginning.Length)
            where Arms.Any(arm => arm.IsMatch(arms))
            from other in Default.Matches(arms)
            where other.Groups["does"].Value != "throw"
            select $"{source.Path}:{source.Text.AsSpan(0, beginning.Index).Count('\n') + 1}: {other.Value}";

        Assert.Equal(string.Empty, string.Join('\n', silent));
    }

    [Fact]
    public void Switches_over_kinds_are_found() => Assert.All(
        [nameof(RequestKind), nameof(StoreResult), nameof(PutKind)],
        kind => Assert.Contains(Sources, source => Beginning.Matches(source.Text)
            .Any(beginning => Body(source.Text, beginning.Index + beginning.Length).Contains($"{kind}.", StringComparison.Ordinal))));

    // 'case RequestKind.Ping:', 'RequestKind.Ping or RequestKind.Stun => ...', '{ State: CandidateState.Failed } => ...',
    // 'MaintenanceTask.Walk => ...', 'RejoinWork => ...'.
    private static IEnumerable<Regex> FindArms()
    {
        var all = string.Join('\n', Sources.Select(source => source.Text));
        var bases = Hierarchy.Matches(all).Select(match => match.Groups[1].Value).ToHashSet();
        var derived = Derived.Matches(all).Where(match => bases.Contains(match.Groups[2].Value)).Select(match => match.Groups[1].Value);
        var kinds = Enumeration.Matches(all).Select(match => match.Groups[1].Value).Except(Read).Select(name => $@"\b{name}\.\w+");
        return kinds.Concat(derived.Select(name => $@"(?:\b\w+\.)?\b{name}\b"))
            .Select(name => new Regex($@"^\s*(?:case\s)?[^=;?]*{name}[^=;?]*(?:=>|:)", RegexOptions.Multiline));
    }

    // What stands between the braces, without that of inner ones, which are switches or blocks of their own.
    private static string Body(string text, int from)
    {
        var (body, depth) = (new StringBuilder(), 1);
        for (var at = from; at < text.Length && depth > 0; at++)
        {
            depth += text[at] is '{' ? 1 : text[at] is '}' ? -1 : 0;
            if (depth == 1 || (depth == 2 && IsPattern(text, at)))
            {
                body.Append(text[at]);
            }
        }

        return body.ToString();
    }

    // The braces of a property pattern open and close within a line.
    private static bool IsPattern(string text, int at)
    {
        var line = text.AsSpan(text.LastIndexOf('\n', at) + 1);
        line = line[..Math.Max(0, line.IndexOf('\n'))];
        return line.Contains('{') && line.Contains('}');
    }
}
