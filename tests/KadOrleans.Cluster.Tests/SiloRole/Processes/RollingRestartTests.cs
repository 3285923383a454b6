namespace KadOrleans.Cluster.Tests.SiloRole;

[Trait("Tier", "Long")]
public sealed class RollingRestartTests(SharedPostgreSql postgres)
{
    [Fact]
    [Needs(Need.PostgreSql)]
    public async Task Silos_and_edges_are_replaced_one_after_the_other_under_load()
    {
        await using var cluster = new RollingRestart(silos: 2, await postgres.CreateStorageAsync());
        await cluster.StartAsync();

        await cluster.RollSilosAsync();
        await cluster.RollEdgesAsync();

        await cluster.AllAreThereAsync();
    }

    [Fact]
    public async Task A_silo_of_its_own_storage_is_restarted_under_load()
    {
        await using var cluster = new RollingRestart(silos: 1);
        await cluster.StartAsync();

        await cluster.RollSilosAsync();

        await cluster.AllAreThereAsync();
    }
}
