namespace KadOrleans.Tests.Cli;

/// <summary>
/// Files that the build e74618e5 exported: what it held is held here after an import, with its times, its author, and what is kept for its owner.
/// Each has a text, two numbers, a truth, bytes, and three signed items, one of them kept.
/// </summary>
public sealed partial class EarlierExportTests(OperatedNode node) : FolderTests, IClassFixture<OperatedNode>
{
    [Theory]
    [InlineData("running-node.json")]
    [InlineData("stopped-node.json")]
    public async Task A_stopped_node_takes_all_of_it_and_writes_the_same(string export)
    {
        var (file, again, data) = (Write(export), Path.Combine(Folder, "again.json"), Path.Combine(Folder, "data"));

        await KadRun.DoneAsync("state", "import", file, "--data", data);
        await KadRun.DoneAsync("state", "export", again, "--data", data);

        AssertSame(file, again);
    }

    [Theory]
    [InlineData("running-node.json")]
    [InlineData("stopped-node.json")]
    public async Task A_running_node_takes_all_of_it_and_writes_the_same(string export)
    {
        var (file, again) = (Write(export), Path.Combine(Folder, "again.json"));

        await node.DoneAsync("import", file);
        await node.DoneAsync("export", again);

        AssertSame(file, again);
        foreach (var key in ValuesOf(file).Keys)
        {
            await node.DoneAsync("delete", "--digest", key);
        }
    }

    private static void AssertSame(string file, string again)
    {
        var (expected, actual) = (ValuesOf(file), ValuesOf(again));
        Assert.Equal(8, expected.Count);
        Assert.All(JsonNode.Parse(File.ReadAllText(again))!["values"]!.AsArray(), value => Assert.InRange((long)value!["version"]!, 1, long.MaxValue));
        Assert.Equal(expected.OrderBy(value => value.Key), actual.OrderBy(value => value.Key));
    }

    private static Dictionary<string, string> ValuesOf(string file) => JsonNode.Parse(File.ReadAllText(file))!["values"]!.AsArray()
        .ToDictionary(value => (string)value!["key"]!, WithoutVersion);

    // That build had none, and the store gives one.
    private static string WithoutVersion(JsonNode? value)
    {
        value!.AsObject().Remove("version");
        return value.ToJsonString();
    }

    [GeneratedRegex("(?<=\"(stored|expires)At\":\")[^\"]+")]
    private static partial Regex Times();

    // As if it had been exported just now: its values live for a week. An item is kept until a whole second.
    private string Write(string export)
    {
        var text = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Exports", export));
        var last = Times().Matches(text).Where(time => time.Groups[1].Value == "stored").Max(time => At(time.Value));
        var shift = TimeSpan.FromSeconds(Math.Floor((DateTimeOffset.UtcNow - last).TotalSeconds));
        var file = Path.Combine(Folder, export);
        File.WriteAllText(file, Times().Replace(
            text, time => (At(time.Value) + shift).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture)));
        return file;

        static DateTimeOffset At(string time) => DateTimeOffset.Parse(time, CultureInfo.InvariantCulture);
    }
}
