using KadOrleans.Testing.Conditions;

namespace KadOrleans.Silo.Tests.Processes;

/// <summary>A database that is there and does not let the silo in.</summary>
public sealed class WrongAccountTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kad-account-").FullName;

    [Fact]
    [Needs(Need.PostgreSql)]
    public async Task A_user_or_a_database_that_is_not_there_is_named_with_the_setting()
    {
        await using var postgres = await PostgreSqlServer.StartAsync();
        foreach (var wrong in (string[])["Username=nobody-there", "Database=not-there"])
        {
            await using var silo = new SiloServer(
                _folder, "Kad:Storage=AdoNet", $"Kad:PostgreSql:ConnectionString={postgres.ConnectionString};{wrong}");
            silo.Launch();

            Assert.Equal(1, await silo.ExitAsync());
            var sentence = silo.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1];
            Assert.StartsWith("kad-silo: Kad:PostgreSql:ConnectionString: the cluster's database failed: ", sentence, StringComparison.Ordinal);
            Assert.Contains(wrong.Split('=')[1], sentence, StringComparison.Ordinal);
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
