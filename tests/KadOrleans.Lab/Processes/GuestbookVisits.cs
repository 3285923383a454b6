namespace KadOrleans.Lab;

public static class GuestbookVisits
{
    /// <summary>
    /// Where a sample lies, without the extension. Beside a test it would run on the frameworks of the test, which are more.
    /// </summary>
    public static string PathOf(string sample)
    {
        // bin/CONFIGURATION/FRAMEWORK, as the test's own.
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        var build = Path.Combine("bin", folder.Parent!.Name, folder.Name);
        return Path.Combine(Repository.Root, "samples", sample, build, sample);
    }

    public static async Task<IReadOnlyList<string>> VisitTwiceAsync(string sample, string folder, params string[] args)
    {
        List<string> lines = [];
        foreach (var visitor in (string[])["Ada", "Bob"])
        {
            await using var visit = ChildProcess.Start(
                PathOf(sample), folder, [.. args, $"--Visitor={visitor}", "--Logging:LogLevel:Default=Warning"]);
            while (await visit.ReadLineAsync() is { } line)
            {
                lines.Add(line);
            }

            if (await visit.FinishAsync() is var code && code != 0)
            {
                throw new InvalidOperationException($"{sample} ended with {code}: {visit.Error.Text}");
            }
        }

        return lines;
    }

    public static async Task VisitClusterAsync(string folder, string sample, string way, string[] storage)
    {
        await using var silo = new SiloServer(folder, [.. storage, SiloServer.ShardBits(4)]);
        await silo.StartAsync();
        await using var edge = new EdgeServer(folder, "edge", storage);
        await edge.StartAsync();

        Assert.Equal(
            ["Nobody was here before.", "Ada signed.", "The last visitor was Ada.", "Bob signed."],
            await VisitTwiceAsync(sample, folder, way));
    }
}
