namespace KadOrleans.Cluster.Tests.SiloRole;

[Trait("Tier", "Long")]
public sealed class RollingUpgradeTests(SharedPostgreSql postgres)
{
    private const string ThisBuild = "";

    private static readonly string HeldBack = $"Kad:Cluster:StateVersion={NextBuild.Older}";

    [Fact]
    [Needs(Need.PostgreSql)]
    public async Task Silos_and_edges_are_replaced_by_the_next_build_under_load_and_the_schema_rises_at_the_end()
    {
        using var next = new NextBuild();
        await using var cluster = new RollingUpgrade(ThisBuild, silos: 2, await postgres.CreateStorageAsync());
        await cluster.StartAsync();

        // The first new silo writes as the old one beside it; the schema rises when the second is new too.
        await cluster.RollSilosAsync(next.Folder);
        await cluster.RollEdgesAsync(next.Folder);
        await cluster.WritesAsync(NextBuild.Newer);

        var refusal = await cluster.RefusalAsync(ThisBuild);
        Assert.Contains($"kad-cluster has schema version {NextBuild.Newer}, and this release knows versions up to {NextBuild.Older}", refusal, StringComparison.Ordinal);
        await cluster.AllAreThereAsync();
    }

    [Fact]
    [Needs(Need.PostgreSql)]
    public async Task The_build_before_is_brought_back_under_load_while_the_schema_is_held_back()
    {
        using var next = new NextBuild();
        await using var cluster = new RollingUpgrade(ThisBuild, silos: 2, await postgres.CreateStorageAsync());
        await cluster.StartAsync();

        await cluster.RollSilosAsync(next.Folder, HeldBack);
        await cluster.RollEdgesAsync(next.Folder);
        await cluster.StillWritesAsync(NextBuild.Older);
        await cluster.RollEdgesAsync(ThisBuild);
        await cluster.RollSilosAsync(ThisBuild);

        await cluster.AllAreThereAsync();
    }

    [Fact]
    public async Task A_silo_of_its_own_storage_goes_forward_and_back_until_the_schema_may_rise()
    {
        using var next = new NextBuild();
        await using var cluster = new RollingUpgrade(ThisBuild, silos: 1);
        await cluster.StartAsync();

        await cluster.RollSilosAsync(next.Folder, HeldBack);
        await cluster.StillWritesAsync(NextBuild.Older);
        await cluster.RollSilosAsync(ThisBuild);
        await cluster.RollSilosAsync(next.Folder);
        await cluster.WritesAsync(NextBuild.Newer);
        var refusal = await cluster.RefusalAsync(next.Folder, HeldBack);
        Assert.Contains($"Kad:Cluster:StateVersion is {NextBuild.Older}, but this cluster writes version {NextBuild.Newer} already", refusal, StringComparison.Ordinal);
        refusal = await cluster.RefusalAsync(ThisBuild);
        Assert.Contains($"kad-cluster has schema version {NextBuild.Newer}", refusal, StringComparison.Ordinal);
        await cluster.StartLastAsync(next.Folder);

        await cluster.AllAreThereAsync();
    }
}
