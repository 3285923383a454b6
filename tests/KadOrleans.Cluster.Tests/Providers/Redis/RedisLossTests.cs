namespace KadOrleans.Cluster.Tests.Providers;

/// <summary>What silos do when a Redis has lost what it acknowledged of the table of members.</summary>
[Needs(Need.Redis | Need.PostgreSql)]
public sealed class RedisLossTests : FolderTests
{
    private const int ShardBits = 4;

    private static readonly string LostRow = "kad-server: The cluster's table of members has lost this silo's row: ";

    [Fact]
    public async Task A_silo_whose_joining_a_Redis_lost_ends_says_so_and_joins_again()
    {
        await using var cluster = await RedisCluster.StartAsync();
        await using var first = cluster.Silo(Folder);
        await first.StartAsync();
        cluster.Redis.KeepWrites();
        await using var second = cluster.Silo(Folder);
        await second.StartAsync();
        await using var edge = cluster.Edge(Folder);
        await edge.StartAsync();
        await using var load = new KilledProcesses(ShardBits, edge);
        await load.WholeAsync();

        await cluster.Redis.LoseLaterWritesAsync();
        Assert.Equal(ExitCode.Replaced, await second.ExitAsync());

        // Or "says that this silo is dead": the other one raised the table's version before this one read it twice.
        Assert.StartsWith("kad-server: The cluster's table of members ", LastLine(second), StringComparison.Ordinal);
        await second.RestartAsync();
        await load.WholeAsync();
        Assert.False(first.HasEnded);
        await load.AllAreThereAsync();
    }

    [Fact]
    public async Task A_silo_of_which_a_Redis_lost_that_it_is_active_writes_so_again()
    {
        await using var cluster = await RedisCluster.StartAsync();
        await using var first = cluster.Silo(Folder);
        await first.StartAsync();
        await using var second = cluster.Silo(Folder);
        await second.StartAsync();
        Assert.Equal([SiloStatus.Active, SiloStatus.Active], await cluster.StatusesAsync());

        // A silo reads the table once a minute where nobody tells it of a change.
        await cluster.LoseActiveAsync();
        await Eventually.ReadAsync(
            async () => string.Join(' ', await cluster.StatusesAsync()), static statuses => statuses == "Active Active", TimeSpan.FromMinutes(3));
        Assert.False(first.HasEnded || second.HasEnded);
    }

    [Fact]
    public async Task Silos_of_an_emptied_Redis_without_load_end_and_start_with_every_value_and_set_reminders_again()
    {
        await using var cluster = await RedisCluster.StartAsync();
        await using var first = cluster.Silo(Folder);
        await using var second = cluster.Silo(Folder);
        await first.StartAsync();
        await second.StartAsync();
        await using var edge = cluster.Edge(Folder);
        await edge.StartAsync();
        await using var load = new StoreLoad(edge.Address, ShardBits);
        await load.WholeAsync();
        var reminders = await Eventually.ReadAsync(() => cluster.CountAsync(RedisCluster.Reminders), count => count >= 1 << ShardBits);

        // Without an edge: shards that nobody asks for have reminders too. An edge that outlives the silos would wait for the lease of its name.
        await load.StopAsync();
        Assert.Equal(0, await edge.StopAsync());
        await cluster.Redis.EmptyAsync();
        var codes = await Task.WhenAll(first.ExitAsync(), second.ExitAsync());
        Assert.Equal([ExitCode.Replaced, ExitCode.Replaced], codes);
        Assert.All([first, second], silo => Assert.StartsWith(LostRow, LastLine(silo), StringComparison.Ordinal));
        await cluster.Redis.EmptyAsync();

        await first.RestartAsync();
        await second.RestartAsync();
        await Eventually.ReadAsync(() => cluster.CountAsync(RedisCluster.Reminders), count => count >= 1 << ShardBits);
        await edge.StartAsync();
        TestContext.Current.TestOutputHelper?.WriteLine($"{reminders} reminders before, {await cluster.CountAsync(RedisCluster.Reminders)} after.");
        Assert.Empty(await ValueReading.MissingAsync(edge.Address, load.Acknowledged));
    }

    private static string LastLine(RestartableServer server) => server.Errors.Trim().Split('\n')[^1];
}
