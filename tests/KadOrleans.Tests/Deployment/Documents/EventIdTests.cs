namespace KadOrleans.Tests.Deployment;

/// <summary>An event id means one log message in every process, and lies in the range that docs/telemetry.md gives its assembly.</summary>
public sealed class EventIdTests
{
    private const string Attribute = "[LoggerMessage(";

    private static readonly Regex Id = new(@"\[LoggerMessage\(\s*(?:EventId\s*=\s*)?(?<id>\d+)");
    private static readonly Regex Range = new(@"(?<from>\d+) to (?<to>\d+)");

    private static readonly IReadOnlyList<(string Assembly, string Text)> Sources =
    [
        .. Directory.EnumerateFiles(Repository.Path("src"), "*.cs", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Repository.Path("src"), file).Split(Path.DirectorySeparatorChar))
            .Where(parts => parts[1] is not ("obj" or "bin"))
            .Select(parts => (parts[0], File.ReadAllText(Repository.Path(Path.Combine(["src", .. parts]))))),
    ];

    private static readonly IReadOnlyList<(string Assembly, int Id)> Used =
        [.. from source in Sources from Match match in Id.Matches(source.Text) select (source.Assembly, Number(match, "id"))];

    // | `KadOrleans.Server` | 6200 to 6299 of edges, 7000 to 7099 of silos |
    private static readonly IReadOnlyList<(string Assembly, int From, int To)> Ranges =
    [
        .. from line in Repository.Read("docs/telemetry.md").Split("## Events")[1].Split("\n## ")[0].Split('\n')
            where line.StartsWith("| `", StringComparison.Ordinal)
            let cells = line.Split('|', StringSplitOptions.TrimEntries)
            from Match match in Range.Matches(cells[2])
            select (cells[1].Trim('`'), Number(match, "from"), Number(match, "to")),
    ];

    [Fact]
    public void Each_log_message_has_an_id() =>
        Assert.Equal(Sources.Sum(source => source.Text.Split(Attribute).Length - 1), Used.Count);

    [Fact]
    public void No_id_is_used_twice() =>
        Assert.Empty(Used.GroupBy(one => one.Id).Where(group => group.Count() > 1).Select(group => $"{group.Key}: {string.Join(", ", group.Select(one => one.Assembly))}"));

    [Fact]
    public void Each_id_is_in_the_range_of_its_assembly() => Assert.All(
        Used, one => Assert.Contains(Ranges, range => range.Assembly == one.Assembly && one.Id >= range.From && one.Id <= range.To));

    [Fact]
    public void No_two_ranges_overlap()
    {
        var ranges = Ranges.OrderBy(range => range.From).ToList();
        Assert.NotEmpty(ranges);
        Assert.All(ranges.Zip(ranges.Skip(1)), pair => Assert.True(pair.First.To < pair.Second.From, $"{pair.First} and {pair.Second} overlap."));
    }

    private static int Number(Match match, string group) => int.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);
}
