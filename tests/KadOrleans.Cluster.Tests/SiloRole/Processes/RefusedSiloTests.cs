namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>Silos that a running cluster refuses at their start: what they say, and what is left of them in the table of members.</summary>
[Needs(Need.PostgreSql)]
public sealed class RefusedSiloTests(SharedPostgreSql postgres) : FolderTests
{
    private const int ShardBits = 4;

    [Fact]
    public async Task A_silo_with_a_wrong_setting_ends_with_its_name_and_code_2_and_says_so_in_the_table()
    {
        var keys = new TestKeys();
        var database = await postgres.CreateDatabaseAsync();
        string[] shared = [.. SharedPostgreSql.StorageIn(database), SiloServer.ShardBits(ShardBits)];
        await using var first = new SiloServer(Folder, [.. shared, .. keys.OfSilo]);
        await first.StartAsync();

        foreach (var (beginning, end, settings) in ((string, string, string[])[])[
            ("Kad:Cluster:SiloKey: The silo at ", "all silos need the same.", []),
            ("Kad:Cluster:SiloKey: The silo at ", "both need the same.", new TestKeys().OfSilo),
            ("Kad:Cluster:Kademlia:BucketSize is 10", string.Empty, [.. keys.OfSilo, "Kad:Cluster:Kademlia:BucketSize=10"])])
        {
            await using var refused = new SiloServer(Folder, [.. shared, .. settings]);
            refused.Launch();
            var code = await refused.ExitAsync();

            var last = refused.Errors.Trim().Split('\n')[^1];
            Assert.StartsWith($"kad-server: {beginning}", last, StringComparison.Ordinal);
            Assert.EndsWith(end, last, StringComparison.Ordinal);
            Assert.Equal(ExitCode.WrongUsage, code);

            // Who writes that a silo has ended is the last that suspects it.
            var by = await PostgreSqlStatements.ReadAsync(database, $"SELECT suspecttimes FROM orleansmembershiptable WHERE status = 6 AND port = {refused.Port}");
            Assert.StartsWith($"127.0.0.1:{refused.Port}@", Assert.IsType<string>(by).Split('|')[^1], StringComparison.Ordinal);
        }

        Assert.False(first.HasEnded);
    }
}
