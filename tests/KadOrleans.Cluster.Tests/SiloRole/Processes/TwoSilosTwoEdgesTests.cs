namespace KadOrleans.Cluster.Tests.SiloRole;

public sealed class TwoSilosTwoEdgesTests(SharedPostgreSql postgres)
{
    [Fact]
    [Trait("Tier", "Long")]
    [Needs(Need.PostgreSql)]
    public async Task Each_process_may_be_killed_under_load_and_no_acknowledged_value_is_lost() =>
        await TwoSilosTwoEdges.SurviveKillsAsync(await postgres.CreateStorageAsync());
}
