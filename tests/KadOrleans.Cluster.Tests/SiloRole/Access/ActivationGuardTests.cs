namespace KadOrleans.Cluster.Tests.SiloRole;

public sealed class ActivationGuardTests
{
    [Fact]
    public async Task A_call_of_a_made_up_grain_is_not_logged()
    {
        using var folder = new TemporaryFolder();
        await using var silo = await HostedSilo.StartAsync(folder.Path, SiloServer.ShardBits(0));
        var refused = await Assert.ThrowsAnyAsync<Exception>(() => silo.Grains.GetGrain<IAuditGrain>(1).ReadAsync(1, before: null).AsTask());
        Assert.Contains("does not exist: its kind has no such key", $"{refused}", StringComparison.Ordinal);
        await silo.StopAsync();
        Assert.DoesNotContain("no such key", silo.Log, StringComparison.Ordinal);
    }
}
