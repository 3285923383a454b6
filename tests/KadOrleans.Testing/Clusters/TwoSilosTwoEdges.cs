namespace KadOrleans.Testing.Clusters;

/// <summary>Two silos and two edges as processes on storage that they share, each killed in turn under load.</summary>
internal static class TwoSilosTwoEdges
{
    /// <summary>Fails if an acknowledged value is lost, or an edge comes back with another id.</summary>
    /// <param name="storage">The settings of the storage.</param>
    public static async Task SurviveKillsAsync(params string[] storage)
    {
        var folder = Directory.CreateTempSubdirectory("kad-two-").FullName;
        try
        {
            await SurviveKillsAsync(folder, storage);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task SurviveKillsAsync(string folder, string[] storage)
    {
        await using var firstSilo = new SiloServer(folder, [.. storage, "Kad:Cluster:ShardBits=6"]);
        await using var secondSilo = new SiloServer(folder, [.. storage, "Kad:Cluster:ShardBits=6"]);
        await firstSilo.StartAsync();
        await secondSilo.StartAsync();
        await using var firstEdge = new EdgeServer(folder, "first", storage);
        await using var secondEdge = new EdgeServer(folder, "second", [.. storage, $"Kad:Edge:Bootstrap={firstEdge.Address}"]);
        await Task.WhenAll(firstEdge.StartAsync(), secondEdge.StartAsync());
        string[] ids = [firstEdge.Id, secondEdge.Id];
        await using var killed = new KilledProcesses(firstEdge, secondEdge);
        await killed.WholeAsync();

        await killed.KillAsync("first silo, not restarted", firstSilo.KillAsync);
        await firstSilo.StartAsync();
        await killed.WholeAsync();
        await killed.KillAsync("second silo, restarted at once", () => RestartAsync(secondSilo.KillAsync, secondSilo.StartAsync));
        await killed.KillAsync("first edge, restarted at once", () => RestartAsync(firstEdge.KillAsync, firstEdge.StartAsync));
        await killed.KillAsync("second edge, restarted at once", () => RestartAsync(secondEdge.KillAsync, secondEdge.StartAsync));

        await killed.AllAreThereAsync();
        Assert.Equal(ids, new[] { firstEdge.Id, secondEdge.Id });
    }

    private static async Task RestartAsync(Func<Task> kill, Func<Task> start)
    {
        await kill();
        await start();
    }
}
