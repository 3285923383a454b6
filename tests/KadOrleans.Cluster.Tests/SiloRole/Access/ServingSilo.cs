namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>A silo process of a test that attacks it, and whether it serves honest callers afterwards.</summary>
internal static class ServingSilo
{
    private const int ShardBits = 2;

    // A stack that overflows is told in tens of thousands of lines, the first of which say where.
    private const int MostTold = 4_000;

    public static SiloServer Of(string folder, TestKeys keys, params string[] settings) =>
        new(folder, [SiloServer.ShardBits(ShardBits), .. keys.OfSilo, .. settings]);

    public static async Task<SiloServer> StartAsync(string folder, TestKeys keys, params string[] settings)
    {
        var silo = Of(folder, keys, settings);
        await silo.StartAsync();
        return silo;
    }

    /// <summary>Fails if it does not live, or does not answer over HTTP and to a client with the gateway's key.</summary>
    public static async Task ServesAsync(this SiloServer silo, TestKeys keys)
    {
        var outcome = await Record.ExceptionAsync(async () =>
        {
            using var http = new HttpClient();
            using var health = await http.GetAsync(new Uri(silo.Http, "/health/live"));
            Assert.Equal(HttpStatusCode.OK, health.StatusCode);
            await using var client = await keys.ConnectAsync(silo);
            Assert.Equal(ShardBits, (await client.Dht.GetStatusAsync()).Settings?.ShardBits);
        });
        silo.IsThere();
        Assert.Null(outcome);
    }

    /// <summary>Fails if a process has ended, and tells what it said.</summary>
    public static void IsThere(this RestartableServer server) =>
        Assert.False(server.HasEnded, server.Errors[..Math.Min(server.Errors.Length, MostTold)]);
}
