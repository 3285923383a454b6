namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>A database that is there and does not let the silo in.</summary>
public sealed class WrongAccountTests(SharedPostgreSql postgres) : FolderTests
{
    [Fact]
    [Needs(Need.PostgreSql)]
    public async Task A_user_or_a_database_that_is_not_there_is_named_with_the_setting()
    {
        var database = await postgres.CreateDatabaseAsync();
        foreach (var wrong in (string[])["Username=nobody-there", "Database=not-there"])
        {
            var silo = await EndedRun.OfSiloAsync(Folder, "Kad:Storage=AdoNet", $"Kad:PostgreSql:ConnectionString={database};{wrong}");

            Assert.Equal(1, silo.Code);
            Assert.StartsWith("kad-silo: Kad:PostgreSql:ConnectionString: the cluster's database failed: ", silo.Lines[^1], StringComparison.Ordinal);
            Assert.Contains(wrong.Split('=')[1], silo.Lines[^1], StringComparison.Ordinal);
        }
    }
}
